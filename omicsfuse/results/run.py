"""Everything that one run produced."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from omicsfuse.cohort import Cohort, Loss
from omicsfuse.results.elsewhere import Signature, Verification
from omicsfuse.results.groups import Assessment, Subtypes
from omicsfuse.results.networks import Fusion, Prepared
from omicsfuse.results.outcomes import SurvivalComparison


@dataclass(frozen=True, eq=False)
class RunResults:
    """Everything one run produced: what the result files and the report are made of.

    Attributes
    ----------
    name : str
        Name of the study.
    settings : mapping of str to object
        The whole study as parsed, defaults included.
    cohort, prepared, fusion, subtypes, assessment
        Results of the stages.
    embedding : pandas.DataFrame
        Index patient; columns ``x``, ``y``: the 2-D map of the fused network.
    survival : mapping of str to SurvivalComparison
        By endpoint; empty where the cohort has none.
    clinical : pandas.DataFrame
        Clinical columns against subtype: index ``variable``; columns ``test``, ``n``, ``missing``,
        ``statistic``, ``p``, ``fdr``, ``effect``, ``effect_name``, ``adjusted_rand_index``,
        ``normalised_mutual_information`` (the last two for known labels only), ``note``.
    markers : pandas.DataFrame
        Columns ``layer``, ``feature``, ``subtype``, ``effect``, ``effect_name``, ``test``, ``n``,
        ``p``, ``fdr``.
    enrichment : pandas.DataFrame
        Columns ``subtype``, ``gene_set``, ``nes``, ``p``, ``fdr``, ``size``, ``leading_edge``,
        ``note``.
    signature : Signature or None
    verification : Verification or None
    losses : tuple of Loss
        All losses, in the order they happened.
    warnings : tuple of str
    provenance : mapping of str to object
        Versions, seed, SHA-256 of every input, seconds a stage.
    """

    name: str
    settings: Mapping[str, Any]
    cohort: Cohort
    prepared: Prepared
    fusion: Fusion
    subtypes: Subtypes
    assessment: Assessment
    embedding: pd.DataFrame
    survival: Mapping[str, SurvivalComparison]
    clinical: pd.DataFrame
    markers: pd.DataFrame
    enrichment: pd.DataFrame
    signature: Signature | None = None
    verification: Verification | None = None
    losses: tuple[Loss, ...] = ()
    warnings: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
