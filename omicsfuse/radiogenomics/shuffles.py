"""What a family would find if images and genes belonged to different patients."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from omicsfuse.correlations import doubled_ranks, kurtosis, p_value, smallest_correlation
from omicsfuse.radiogenomics.associations import BLOCK, MINIMUM_PATIENTS, Family
from omicsfuse.statistics import Array

#: Products (patients x features x targets x shuffles) a family may take: minutes at most.
MOST_PRODUCTS = 3e11
#: Shuffles below which there is no p-value to speak of: so many are made all the same.
FEWEST = 20
#: False discovery rates are looked at up to this p-value, or up to the largest p-value found.
SMALL = 0.01


class Shuffled(NamedTuple):
    """What shuffling the patients showed.

    Attributes
    ----------
    n : int
        Shuffles made.
    p : float
        Share of shuffles, the data as they are counted as one, whose smallest false discovery rate
        is as small as that of the family: a test of whether it holds anything at all.
    found : float
        Mean number of pairs with a p-value as small as those found: so many findings are expected
        by chance. NaN where nothing was found.
    """

    n: int
    p: float
    found: float


def shuffle_patients(
    x: Array, y: Array, family: Family, largest_p: float, n_permutations: int, random_state: int
) -> Shuffled:
    """Shuffle the patients of the images against those of the targets, over and over.

    Features stay correlated with each other as they are, and so do targets: unlike Benjamini and
    Hochberg's procedure, this leans on no assumption about how.

    Parameters
    ----------
    x, y : ndarray of float, shapes (n, p) and (n, q)
        Features and targets of the same patients.
    family : Family
        Their correlations.
    largest_p : float
        Largest p-value found; below 0 where nothing was.
    n_permutations : int
        Shuffles wanted; fewer are made of a large family (``MOST_PRODUCTS``).
    random_state : int
        Seed.

    Returns
    -------
    Shuffled

    Examples
    --------
    >>> x = np.arange(20.0)[:, None]
    >>> from omicsfuse.radiogenomics.associations import correlate_family
    >>> shuffle_patients(x, x, correlate_family(x, x), 0.05, 99, 0)[:2]
    (99, 0.01)
    """
    tested = np.isfinite(family.p)
    if not n_permutations or not tested.any():
        return Shuffled(0, float("nan"), float("nan"))
    size = float(x.shape[0]) * x.shape[1] * y.shape[1]
    n = min(n_permutations, max(FEWEST, int(MOST_PRODUCTS / size)))
    rng = np.random.default_rng(random_state)
    limit = max(SMALL, largest_p)
    shuffles = _Shuffles(x, y, limit)
    # What shuffles are held against is computed as they are.
    own = _smallest_rate(shuffles.p(np.arange(len(x))), limit)
    as_small, counts = 0, []
    for _ in range(n):
        p = shuffles.p(rng.permutation(len(x)))
        as_small += _smallest_rate(p, limit) <= own * (1 + 1e-9)
        counts.append(int((p <= largest_p * (1 + 1e-9)).sum()))
    expected = float(np.mean(counts)) if largest_p >= 0 else float("nan")
    return Shuffled(n, (1 + as_small) / (1 + n), expected)


def _smallest_rate(p: Array, limit: float) -> float:
    """Smallest false discovery rate of p-values up to a limit, divided by the number of tests."""
    ordered = np.sort(p[p <= limit])
    if not len(ordered):
        return float("inf")
    return float((ordered / np.arange(1, len(ordered) + 1)).min())


class _Shuffles:
    """P-values of shuffled patients, at least all of those up to a limit.

    With all values there, ranks stay as they are, and only pairs whose correlation is strong enough
    for the limit by the t distribution, whose small p-values are the smallest, need one at all.
    With values missing, each pair has patients of its own; ranking them anew for each pair and
    shuffle would take hours, so ranks among all patients of a column are kept and correlated over
    those of the pair, which is a matter of a few products of matrices.
    """

    def __init__(self, x: Array, y: Array, limit: float) -> None:
        self._whole = not (np.isnan(x).any() or np.isnan(y).any())
        left, right = _ranks(x), _ranks(y)
        self._kurtosis = _kurtosis(left), _kurtosis(right)
        if self._whole:
            self._x, self._y = _unit(left), _unit(right)
            self._enough = 0.98 * smallest_correlation(limit, len(x), shape=0.0)
        else:
            self._x, self._y = left, right

    def p(self, order: npt.NDArray[np.intp]) -> Array:
        """P-values with the patients of x in another order."""
        x = self._x[order]
        found = []
        for start in range(0, self._y.shape[1], BLOCK):
            y = self._y[:, start : start + BLOCK]
            if self._whole:
                r = x.T @ y
                rows, columns = np.nonzero(np.abs(r) >= self._enough)
                n = np.full(len(rows), len(x))
            else:
                r, shared = _over_shared(x, y)
                rows, columns = np.nonzero((shared >= MINIMUM_PATIENTS) & np.isfinite(r))
                n = shared[rows, columns]
            shape = self._kurtosis[0][rows] * self._kurtosis[1][start + columns]
            found.append(p_value(np.clip(r[rows, columns], -1.0, 1.0), n, 0, shape))
        return np.concatenate(found)


def _ranks(values: Array) -> Array:
    """Doubled, centred ranks of each column among those who have it; NaN for the others.

    Examples
    --------
    >>> _ranks(np.array([[3.0], [np.nan], [1.0]])).ravel().tolist()
    [1.0, nan, -1.0]
    """
    ranks = np.full(values.shape, np.nan)
    present = ~np.isnan(values)
    whole = present.all(axis=0)
    ranks[:, whole] = doubled_ranks(values[:, whole])
    for j in np.flatnonzero(~whole):
        rows = present[:, j]
        ranks[rows, j] = doubled_ranks(values[rows, j][:, None])[:, 0]
    return ranks


def _kurtosis(ranks: Array) -> Array:
    """Excess kurtosis of the ranks of each column, of those there are."""
    found = np.zeros(ranks.shape[1])
    present = ~np.isnan(ranks)
    whole = present.all(axis=0)
    found[whole] = kurtosis(ranks[:, whole])
    for j in np.flatnonzero(~whole):
        rows = present[:, j]
        found[j] = kurtosis(ranks[rows, j][:, None])[0] if rows.sum() > 3 else 0.0
    return found


def _over_shared(x: Array, y: Array) -> tuple[Array, npt.NDArray[np.int64]]:
    """Correlate columns over the patients who have both, and count these.

    Examples
    --------
    >>> x = np.array([[1.0], [2.0], [4.0], [np.nan]])
    >>> r, n = _over_shared(x, np.array([[2.0], [4.0], [8.0], [1.0]]))
    >>> round(r.item(), 12), n.item()
    (1.0, 3)
    """
    in_x, in_y = (~np.isnan(x)).astype(float), (~np.isnan(y)).astype(float)
    x, y = np.nan_to_num(x), np.nan_to_num(y)
    n = in_x.T @ in_y
    with np.errstate(divide="ignore", invalid="ignore"):
        sum_x, sum_y = x.T @ in_y, in_x.T @ y
        spread_x = (x**2).T @ in_y - sum_x**2 / n
        spread_y = in_x.T @ y**2 - sum_y**2 / n
        r = (x.T @ y - sum_x * sum_y / n) / np.sqrt(spread_x * spread_y)
    # Ranks are whole numbers: below 1/n, what is left of a constant column is rounding.
    flat = (spread_x < 0.5 / len(x)) | (spread_y < 0.5 / len(x))
    return np.where(flat, np.nan, r), n.astype(np.int64)


def _unit(ranks: Array) -> Array:
    """Columns of length 1."""
    length = np.sqrt((ranks**2).sum(axis=0))
    scaled: Array = ranks / np.where(length > 0, length, np.inf)
    return scaled
