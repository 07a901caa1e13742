"""P-values of many tests corrected together."""

import numpy as np
import numpy.typing as npt
from scipy import stats

from omicsfuse.stats.arrays import Array


def benjamini_hochberg(p: npt.ArrayLike) -> Array:
    """Turn the p-values of one family into false discovery rates; missing ones do not count.

    Source: Benjamini and Hochberg 1995, J R Stat Soc B 57:289-300.

    >>> benjamini_hochberg([0.01, 0.04, float("nan"), 0.03]).round(3).tolist()
    [0.03, 0.04, nan, 0.04]
    """
    values = np.asarray(p, dtype=float)
    adjusted = np.full(values.shape, np.nan)
    present = np.isfinite(values)
    if present.any():
        adjusted[present] = stats.false_discovery_control(values[present], method="bh")
    return adjusted


def holm(p: Array) -> Array:
    """Adjust the p-values (n,) of one family by Holm's method; missing ones do not count.

    Source: Holm 1979, Scand J Stat 6:65-70.

    >>> holm(np.array([0.01, 0.04, np.nan, 0.03])).round(3).tolist()
    [0.03, 0.06, nan, 0.06]
    """
    adjusted = np.full(len(p), np.nan)
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known], kind="stable")]
    factors = len(order) - np.arange(len(order))
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * factors))
    return adjusted
