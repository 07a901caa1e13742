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
