"""How many patients of a cohort each subtype has, beside its share in the discovery cohort."""

import numpy as np
import pandas as pd

from omicsfuse.results import Signature
from omicsfuse.verification.endpoint import locked_cut_point
from omicsfuse.verification.scored import ScoredCohort, score_names

Z95 = 1.959963984540054

PROPORTION_COLUMNS = [
    "cohort", "signature", "subtype", "n", "share", "share_ci_low", "share_ci_high",
    "discovery_share",
]  # fmt: skip


def wilson(count: int, n: int) -> tuple[float, float]:
    """95% interval of a share, by Wilson's score.

    Parameters
    ----------
    count, n : int
        How many of how many.

    Returns
    -------
    tuple of float
        Limits; NaN of nobody.

    References
    ----------
    Wilson EB. J Am Stat Assoc 1927;22:209-212.

    Examples
    --------
    >>> low, high = wilson(0, 20)
    >>> round(low, 3), round(high, 3)
    (0.0, 0.161)
    """
    if not n:
        return float("nan"), float("nan")
    share, z2 = count / n, Z95**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 * np.sqrt(share * (1 - share) / n + z2 / (4 * n**2)) / (1 + z2 / n)
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def proportions(signature: Signature, scored: ScoredCohort) -> pd.DataFrame:
    """Count the patients of each subtype, or above and below the cut-point of a single score.

    Parameters
    ----------
    signature : Signature
        Locked.
    scored : ScoredCohort
        The cohort; all its scored patients count, with an endpoint or not.

    Returns
    -------
    pandas.DataFrame
        Columns as ``Verification.proportions``; ``"none"`` are those that nothing was assigned to.
    """
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
        low, high_limit = wilson(count, n)
        known_share = sizes.get(group, 0) / everyone if everyone and group != "none" else np.nan
        share = count / n if n else np.nan
        rows.append(
            (scored.cohort.name, signature.name, group, count, share, low, high_limit, known_share)
        )
    return pd.DataFrame(rows, columns=PROPORTION_COLUMNS)
