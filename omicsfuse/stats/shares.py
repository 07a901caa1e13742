"""Shares of patients compared: Fisher's exact test of two or more groups, and the difference."""

from math import comb

import numpy as np
from scipy.special import gammaln

from omicsfuse.stats.arrays import Array
from omicsfuse.stats.intervals import wilson_limits
from omicsfuse.stats.levels import MINIMUM_GROUP
from omicsfuse.stats.tested import Tested, as_tested

#: Probabilities that differ by less than this share are equal, as in R's ``fisher.test``.
RELATIVE_TOLERANCE = 1e-7
TEST = "Fisher exact"
EFFECT_NAME = "difference in mutated share"


def mutated_share(inside: Array, outside: Array) -> Tested:
    """Compare two groups (a, p) and (b, p) on features that are there (1) or not (0).

    Fisher's test (1922, J R Stat Soc 85:87-94); the difference in share with Newcombe's interval
    (1998, Stat Med 17:873-890, method 10), which may leave 0 out where p is just above 0.05. NaN
    below 3 patients, or where all are alike.
    """
    n1, n2 = ((~np.isnan(group)).sum(axis=0) for group in (inside, outside))
    ones1, ones2 = (np.nansum(group, axis=0).astype(np.int64) for group in (inside, outside))
    # Most features share their table with others: each different table is computed once.
    tables, place = np.unique(np.column_stack([ones1, ones2, n1, n2]), axis=0, return_inverse=True)
    p = np.array([fisher_groups((a, b), (m, n)) for a, b, m, n in tables.tolist()])[place.ravel()]
    usable = (n1 >= MINIMUM_GROUP) & (n2 >= MINIMUM_GROUP) & (ones1 + ones2 > 0)
    usable &= ones1 + ones2 < n1 + n2
    with np.errstate(divide="ignore", invalid="ignore"):
        share1, share2 = ones1 / n1, ones2 / n2
        (low1, high1), (low2, high2) = wilson_limits(share1, n1), wilson_limits(share2, n2)
    effect = share1 - share2
    return as_tested(
        effect,
        effect - np.sqrt((share1 - low1) ** 2 + (high2 - share2) ** 2),
        effect + np.sqrt((high1 - share1) ** 2 + (share2 - low2) ** 2),
        np.where(usable, p, np.nan),
        n1 + n2,
        EFFECT_NAME,
        TEST,
    )


def n_tables(n_altered: int, n: int, groups: int) -> int:
    """Upper bound of the number of 2 x k tables with these margins."""
    fewer = min(n_altered, n - n_altered)
    return comb(fewer + groups - 1, groups - 1)


def fisher_groups(altered: tuple[int, ...], sizes: tuple[int, ...]) -> float:
    """Fisher's exact test of k groups, all tables enumerated (Freeman and Halton 1951)."""
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
    logarithm: np.ndarray = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return logarithm
