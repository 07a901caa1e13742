"""How many patients of a cohort each subtype has, beside its share in the discovery cohort."""

import numpy as np
import pandas as pd

from omicsfuse.core.results import Signature
from omicsfuse.stats.intervals import wilson_interval
from omicsfuse.verification.endpoint import locked_cut_point
from omicsfuse.verification.scored import ScoredCohort, score_names

PROPORTION_COLUMNS = [
    "cohort", "signature", "subtype", "n", "share", "share_ci_low", "share_ci_high",
    "discovery_share",
]  # fmt: skip


def proportions(signature: Signature, scored: ScoredCohort) -> pd.DataFrame:
    """Count the patients of each subtype, of ``"none"``, or above and below the cut-point."""
    names = score_names(scored.assigned)
    sizes: dict[str, int] = {}
    if len(names) > 1:
        labels = scored.assigned["subtype"]
        groups = names
        known = signature.trained_on.get("subtype_sizes", {})
        sizes = {str(name): int(size) for name, size in dict(known).items()}
    else:
        cut = locked_cut_point(signature, names[0], scored.scorer, scored.scaling)
        if cut is None:
            return pd.DataFrame(columns=PROPORTION_COLUMNS)
        score = scored.assigned[f"score_{names[0]}"]
        high = np.where(score > cut, "high", "low")
        labels = pd.Series(high, score.index, dtype=object).where(score.notna())
        groups = ["high", "low"]
    n, everyone = len(labels), sum(sizes.values())
    rows = []
    for group in [*groups, "none"]:
        count = int(labels.isna().sum() if group == "none" else (labels == group).sum())
        if group == "none" and not count:
            continue
        low, high_limit = wilson_interval(count / n if n else 0.0, n)
        known_share = sizes.get(group, 0) / everyone if everyone and group != "none" else np.nan
        share = count / n if n else np.nan
        rows.append(
            (scored.cohort.name, signature.name, group, count, share, low, high_limit, known_share)
        )
    return pd.DataFrame(rows, columns=PROPORTION_COLUMNS)
