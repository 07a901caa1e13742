"""The ways of scoring by name, and the scalings that each knows."""

from typing import Literal, cast

import pandas as pd

from omicsfuse.core.errors import SignatureError
from omicsfuse.core.results import Signature
from omicsfuse.signatures.scorers.base import Scorer
from omicsfuse.signatures.scorers.gsva import SetVariation
from omicsfuse.signatures.scorers.nearest_template import NearestTemplate
from omicsfuse.signatures.scorers.rank import RankScore
from omicsfuse.signatures.scorers.weighted_z import WeightedZ
from omicsfuse.stats.single_sample.ssgsea import SingleSampleEnrichment

#: Scalings that each scorer knows, the usual one first.
SCALINGS_OF = {
    "nearest_template": ("cohort", "reference"),
    "weighted_z": ("cohort", "reference"),
    "rank": ("none",),
    "ssgsea": ("none",),
    "gsva": ("cohort",),
}


def make_scorer(
    scorer: str,
    table: pd.DataFrame,
    *,
    scaling: str,
    signature: Signature | None = None,
) -> Scorer:
    """Make a cohort (patients x genes, logarithmic or z-score) ready to be scored, genes sorted."""
    check_scaling(scorer, scaling)
    if not table.columns.is_unique:
        twice = table.columns[table.columns.duplicated()][0]
        raise SignatureError(f"gene {twice!r} occurs twice in the table; keep one of its columns.")
    if scorer == "rank":
        return RankScore(table)
    if scorer == "ssgsea":
        return SingleSampleEnrichment(table)
    if scorer == "gsva":
        return SetVariation(table)
    kind = NearestTemplate if scorer == "nearest_template" else WeightedZ
    return kind(table, cast(Literal["cohort", "reference"], scaling), signature)


def check_scaling(scorer: str, scaling: str) -> None:
    """Refuse a scorer that is unknown, or a scaling that it does not know."""
    if scorer not in SCALINGS_OF:
        raise SignatureError(f"scorer is {scorer!r}; it must be one of {', '.join(SCALINGS_OF)}.")
    if scaling not in SCALINGS_OF[scorer]:
        valid = "; ".join(f"{name}: {', '.join(known)}" for name, known in SCALINGS_OF.items())
        raise SignatureError(
            f"scaling is {scaling!r}, which scorer {scorer!r} does not support. Scorers and their "
            f"scalings: {valid}."
        )
