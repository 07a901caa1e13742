"""Means and variances of many features at once, and Welch's t.

Missing values (NaN) are left out, and nothing depends on the order of the patients, to the last
bit: sums are taken over sorted values.
"""

from typing import NamedTuple

import numpy as np
from scipy import stats

from omicsfuse.stats.arrays import Array, Counts, Mask
from omicsfuse.stats.levels import MINIMUM_GROUP

#: A feature whose standard deviation is at most this share of its mean does not vary: rounding
#: leaves such a trace in a constant one.
CONSTANT = 1e-9


class Moments(NamedTuple):
    """Observed patients, mean and variance (n - 1) of each feature; NaN where there are too few."""

    n: Counts
    mean: Array
    variance: Array

    @property
    def sd(self) -> Array:
        """Standard deviation of each feature."""
        return np.sqrt(self.variance)


def moments(values: Array) -> Moments:
    """Count, mean and variance of columns (n, p) over what is observed; exactly 0 if constant."""
    # In one layout as well as in one order, since numpy adds up each layout in its own way.
    ordered = np.sort(np.ascontiguousarray(values, dtype=float), axis=0)
    observed = ~np.isnan(ordered)
    n = observed.sum(axis=0).astype(np.int64)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(observed, ordered, 0.0).sum(axis=0) / n
        variance = np.where(observed, (ordered - mean) ** 2, 0.0).sum(axis=0) / (n - 1)
    variance = np.where(n < 2, np.nan, variance)
    constant = (n >= 2) & ~varies(mean, np.sqrt(variance))
    return Moments(n, mean, np.where(constant, 0.0, variance))


def varies(mean: Array, sd: Array) -> Mask:
    """Say which features vary by more than rounding, from their means and standard deviations."""
    varying: Mask = sd > CONSTANT * np.maximum(np.abs(mean), 1e-300)
    return varying


def welch_t(first: Moments, second: Moments) -> tuple[Array, Array]:
    """Welch's t and its two-sided p of each feature, positive where the first group is higher.

    NaN where constant in both groups or below ``MINIMUM_GROUP`` (Welch 1947, Biometrika 34:28-35).
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        t, p = stats.ttest_ind_from_stats(
            first.mean, first.sd, first.n, second.mean, second.sd, second.n, equal_var=False
        )
        usable = (first.n >= MINIMUM_GROUP) & (second.n >= MINIMUM_GROUP)
        usable &= first.variance + second.variance > 0
    return np.where(usable, t, np.nan), np.where(usable, p, np.nan)
