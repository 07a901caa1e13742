"""Intervals of confidence that several rooms share."""

import numpy as np
from scipy import stats
from scipy.special import betaincinv

from omicsfuse.stats.arrays import Array, Counts
from omicsfuse.stats.levels import CONFIDENCE, TAILS


def wilson_limits(
    share: Array, n: Array | Counts, level: float = CONFIDENCE
) -> tuple[Array, Array]:
    """Wilson's score interval of shares of n patients each, arrays of one shape.

    Source: Wilson 1927, J Am Stat Assoc 22:209-212.
    """
    z = float(stats.norm.ppf(0.5 + level / 2))
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)


def wilson_interval(share: float, n: float) -> tuple[float, float]:
    """Wilson's interval of one share, which may be a mean over repeats; of nobody it is NaN."""
    if n <= 0:
        return float("nan"), float("nan")
    low, high = wilson_limits(np.array([share]), np.array([n], dtype=float), CONFIDENCE)
    return float(low[0]), float(high[0])


def clopper_pearson(successes: int, n: int, level: float = CONFIDENCE) -> tuple[float, float]:
    """Exact interval of a proportion of n (Clopper and Pearson 1934, Biometrika 26:404-413)."""
    tail = (1 - level) / 2
    low = float(betaincinv(successes, n - successes + 1, tail)) if successes else 0.0
    high = float(betaincinv(successes + 1, n - successes, 1 - tail)) if successes < n else 1.0
    return low, high


def percentile_interval(values: Array) -> tuple[float, float]:
    """Percentile interval of what resamples (b,) gave; NaN where fewer than half gave any."""
    finite = values[np.isfinite(values)]
    if not len(finite) or len(finite) < len(values) / 2:
        return float("nan"), float("nan")
    low, high = np.quantile(finite, TAILS)
    return float(low), float(high)
