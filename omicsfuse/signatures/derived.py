"""What every method of deriving a gene set takes and gives back."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import pandas as pd

from omicsfuse.core.results import Target


class Derived(NamedTuple):
    """Genes that a method chose for a target, and what it looked at.

    ``weights``: genes (sorted) x scores; ``genes``: a row a gene and score looked at, with the
    method's own columns; ``settings``, in plain types; ``details``: further tables.
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
        """Choose genes from winsorised patients x genes, adjusted for complete covariates."""
