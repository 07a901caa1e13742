"""Intervals of confidence that several rooms share."""

import numpy as np
from scipy import stats
from scipy.special import betaincinv

from omicsfuse.stats.levels import CONFIDENCE


def wilson_interval(share: float, n: float, level: float = CONFIDENCE) -> tuple[float, float]:
    """Wilson's score interval of a share of n patients; of nobody the limits are NaN.

    The share may be a mean over repeats. Source: Wilson 1927, J Am Stat Assoc 22:209-212.

    >>> [round(bound, 4) for bound in wilson_interval(0.5, 10)]
    [0.2366, 0.7634]
    """
    if n <= 0:
        return float("nan"), float("nan")
    z = float(stats.norm.ppf(0.5 + level / 2))
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def clopper_pearson(successes: int, n: int, level: float = CONFIDENCE) -> tuple[float, float]:
    """Exact interval of a proportion of n.

    Source: Clopper and Pearson 1934, Biometrika 26:404-413.

    >>> [round(limit, 4) for limit in clopper_pearson(5, 100)]
    [0.0164, 0.1128]
    """
    tail = (1 - level) / 2
    low = float(betaincinv(successes, n - successes + 1, tail)) if successes else 0.0
    high = float(betaincinv(successes + 1, n - successes, 1 - tail)) if successes < n else 1.0
    return low, high
