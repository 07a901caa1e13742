"""Fisher's exact test of altered against not, in two or more groups."""

from math import comb

import numpy as np
from scipy.special import gammaln

#: Probabilities that differ by less than this share are equal, as in R's ``fisher.test``.
RELATIVE_TOLERANCE = 1e-7


def n_tables(n_altered: int, n: int, groups: int) -> int:
    """Upper bound of the number of 2 x k tables with these margins.

    Examples
    --------
    >>> n_tables(3, 40, 2), n_tables(5, 40, 4)
    (4, 56)
    """
    fewer = min(n_altered, n - n_altered)
    return comb(fewer + groups - 1, groups - 1)


def fisher_groups(altered: tuple[int, ...], sizes: tuple[int, ...]) -> float:
    """Fisher's exact test of a 2 x k table, all tables enumerated (Freeman and Halton).

    Parameters
    ----------
    altered : tuple of int
        Altered patients of each group.
    sizes : tuple of int
        Patients of each group.

    Returns
    -------
    float
        Probability, given the margins, of all tables that are as improbable as this one or more.

    References
    ----------
    Freeman and Halton 1951, Biometrika 38:141-149. R: ``fisher.test(rbind(altered, sizes -
    altered))``.

    Examples
    --------
    >>> round(fisher_groups((6, 1), (7, 7)), 4), round(fisher_groups((5, 1, 0), (8, 9, 7)), 4)
    (0.0291, 0.0102)
    """
    counts, limits = np.asarray(altered), np.asarray(sizes)
    if 2 * counts.sum() > limits.sum():
        counts = limits - counts
    total = int(counts.sum())
    rest = np.concatenate([np.cumsum(limits[::-1])[::-1][1:], [0]])
    left, weight = np.array([total]), np.array([0.0])
    for size, after in zip(limits[:-1], rest[:-1], strict=True):
        # Every number of altered patients this group can have, for every number still to be placed.
        low, high = np.maximum(0, left - after), np.minimum(size, left)
        ways = high - low + 1
        start = np.repeat(np.cumsum(ways) - ways, ways)
        here = np.arange(ways.sum()) - start + np.repeat(low, ways)
        left = np.repeat(left, ways) - here
        weight = np.repeat(weight, ways) + _log_choose(size, here)
    weight = weight + _log_choose(limits[-1], left)
    observed = _log_choose(limits, counts).sum()
    chosen = np.exp(weight[weight <= observed + RELATIVE_TOLERANCE] - weight.max())
    return float(min(1.0, chosen.sum() / np.exp(weight - weight.max()).sum()))


def _log_choose(n: np.ndarray, k: np.ndarray) -> np.ndarray:
    found: np.ndarray = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return found
