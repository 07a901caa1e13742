"""P-values of many tests corrected together."""

import numpy as np
import numpy.typing as npt
from scipy import stats

from omicsfuse.stats.arrays import Array


def benjamini_hochberg(p: npt.ArrayLike) -> Array:
    """False discovery rates of one family of p-values (Benjamini and Hochberg 1995); NaN stays."""
    values = np.asarray(p, dtype=float)
    adjusted = np.full(values.shape, np.nan)
    present = np.isfinite(values)
    if present.any():
        adjusted[present] = stats.false_discovery_control(values[present], method="bh")
    return adjusted


def holm(p: Array) -> Array:
    """Adjust p-values (n,) by Holm (1979, Scand J Stat 6:65-70); missing ones do not count."""
    adjusted = np.full(len(p), np.nan)
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known], kind="stable")]
    factors = len(order) - np.arange(len(order))
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * factors))
    return adjusted
