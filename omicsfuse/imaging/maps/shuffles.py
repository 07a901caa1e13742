"""What a family would find if images and genes belonged to different patients."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from omicsfuse.imaging.maps.associations import (
    BLOCK,
    MINIMUM_PATIENTS,
    Family,
)
from omicsfuse.imaging.maps.scattered import scattered_correlations, scattered_ranks
from omicsfuse.stats.arrays import Array
from omicsfuse.stats.correlations import doubled_ranks, kurtosis, p_value, smallest_correlation
from omicsfuse.stats.p_values import permutation_p

#: Products (patients x features x targets x shuffles) a family may take: minutes at most.
MOST_PRODUCTS = 3e11
#: Shuffles below which there is no p-value to speak of: so many are made all the same.
FEWEST = 20
#: False discovery rates are looked at up to this p-value, or up to the largest p-value found.
SMALL = 0.01


class Shuffled(NamedTuple):
    """Number of shuffles, p of the family's smallest FDR, mean number of pairs found by chance."""

    n: int
    p: float
    by_chance: float


def shuffle_patients(
    x: Array, y: Array, family: Family, largest_p: float, n_permutations: int, random_state: int
) -> Shuffled:
    """Shuffle the patients of the images against the targets: correlations within both are kept."""
    tested = np.isfinite(family.p)
    if not n_permutations or not tested.any():
        return Shuffled(0, float("nan"), float("nan"))
    size = float(x.shape[0]) * x.shape[1] * y.shape[1]
    n = min(n_permutations, max(FEWEST, int(MOST_PRODUCTS / size)))
    rng = np.random.default_rng(random_state)
    limit = max(SMALL, largest_p)
    shuffles = _Shuffles(x, y, limit)
    # With missing values, shuffled patients are ranked once a column, and so are the patients.
    p = family.p[tested] if shuffles.exact else shuffles.p(np.arange(len(x)))
    rate = _smallest_rate(p, limit)
    as_small, counts = 0, []
    for _ in range(n):
        p = shuffles.p(rng.permutation(len(x)))
        as_small += _smallest_rate(p, limit) <= rate * (1 + 1e-9)
        counts.append(int((p <= largest_p * (1 + 1e-9)).sum()))
    expected = float(np.mean(counts)) if largest_p >= 0 else float("nan")
    return Shuffled(n, permutation_p(as_small, n), expected)


def _smallest_rate(p: Array, limit: float) -> float:
    """Smallest false discovery rate of p-values up to a limit, divided by the number of tests."""
    ordered = np.sort(p[p <= limit])
    if not len(ordered):
        return float("inf")
    return float((ordered / np.arange(1, len(ordered) + 1)).min())


class _Shuffles:
    """P-values of shuffled patients up to a limit, of pairs whose correlation can reach it."""

    def __init__(self, x: Array, y: Array, limit: float) -> None:
        self.exact = not (np.isnan(x).any() or np.isnan(y).any())
        self._enough = 0.98 * smallest_correlation(limit, len(x), shape=0.0)
        if self.exact:
            left, right = doubled_ranks(x), doubled_ranks(y)
            self._kurtosis = kurtosis(left), kurtosis(right)
            self._x, self._y = _unit(left), _unit(right)
        else:
            self._left, self._right = scattered_ranks(x), scattered_ranks(y)

    def p(self, order: npt.NDArray[np.intp]) -> Array:
        """P-values with the patients of x in another order."""
        parts = []
        if not self.exact:
            left = self._left.shuffled(order)
            for start in range(0, len(self._right.kurtosis), BLOCK):
                drawn = scattered_correlations(left, self._right.some(slice(start, start + BLOCK)))
                strong = (np.abs(drawn.correlation) >= self._enough) & (drawn.n >= MINIMUM_PATIENTS)
                r, n = drawn.correlation[strong], drawn.n[strong]
                parts.append(p_value(r, n, 0, drawn.shape[strong]))
            return np.concatenate(parts)
        x = self._x[order]
        for start in range(0, self._y.shape[1], BLOCK):
            r = x.T @ self._y[:, start : start + BLOCK]
            rows, columns = np.nonzero(np.abs(r) >= self._enough)
            shape = self._kurtosis[0][rows] * self._kurtosis[1][start + columns]
            parts.append(p_value(np.clip(r[rows, columns], -1.0, 1.0), len(x), 0, shape))
        return np.concatenate(parts)


def _unit(ranks: Array) -> Array:
    """Columns of length 1."""
    length = np.sqrt((ranks**2).sum(axis=0))
    scaled: Array = ranks / np.where(length > 0, length, np.inf)
    return scaled
