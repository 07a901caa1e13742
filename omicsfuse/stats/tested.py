"""What a test of many features at once hands on, whichever test it is."""

from typing import NamedTuple

import numpy as np

from omicsfuse.stats.arrays import Array, Counts


class Tested(NamedTuple):
    """Two groups of patients compared, feature by feature; all arrays (p,), without p NaN.

    ``effect`` is positive where the first group is higher; ``n`` counts both groups' patients.
    """

    effect: Array
    low: Array
    high: Array
    p: Array
    n: Counts
    effect_name: str
    test: np.ndarray
    note: np.ndarray


def as_tested(
    effect: Array,
    low: Array,
    high: Array,
    p: Array,
    n: Counts,
    effect_name: str,
    test: str | np.ndarray,
    note: str | np.ndarray = "",
) -> Tested:
    """Make a `Tested`, without effect or interval where there is no p-value."""
    without = np.isnan(p)
    effect, low, high = (np.where(without, np.nan, part) for part in (effect, low, high))
    return Tested(
        effect,
        low,
        high,
        np.asarray(p, dtype=float),
        np.asarray(n, dtype=np.int64),
        effect_name,
        np.broadcast_to(np.asarray(test, dtype=object), p.shape),
        np.broadcast_to(np.asarray(note, dtype=object), p.shape),
    )
