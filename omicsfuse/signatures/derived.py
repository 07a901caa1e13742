"""What every method of deriving a gene set takes and gives back."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import pandas as pd

from omicsfuse.core.results import Target


class Derived(NamedTuple):
    """Genes that a method chose for a target, and what it looked at.

    ``weights``: chosen genes (index, sorted) x scores (columns): weight of each gene in each score;
    ``genes``: one row a gene and score that was looked at, chosen or not: columns ``score``,
    ``gene``, ``weight`` (0 where not chosen), then the method's own, such as ``effect``, ``p``,
    ``fdr``; ``settings``: all settings of the method, in plain types; ``details``: further tables,
    by name.
    """

    weights: pd.DataFrame
    genes: pd.DataFrame
    settings: Mapping[str, Any]
    details: Mapping[str, pd.DataFrame] = {}


class Method(Protocol):
    """A way to choose genes for a target."""

    def __call__(
        self,
        values: pd.DataFrame,
        target: Target,
        *,
        covariates: pd.DataFrame | None = None,
        n_genes: int = 50,
        random_state: int = 0,
        **options: Any,
    ) -> Derived:
        """Choose genes.

        ``values``: patients x genes, log2 or z-scores within +-10, already winsorised;
        ``covariates``: numeric and complete, same patients in the same order: what associations are
        adjusted for.
        """
