"""Two groups of patients compared on many features at once."""

from typing import NamedTuple

import numpy as np
from scipy import stats

from omicsfuse.stats.arrays import Array, Counts
from omicsfuse.stats.levels import MINIMUM_GROUP


class Comparison(NamedTuple):
    """One number a feature: the statistic, its effect size, its p-value and the patients used."""

    statistic: Array
    effect: Array
    p: Array
    n: Counts


def rank_sum(inside: Array, outside: Array) -> Comparison:
    """Wilcoxon's rank-sum test of each feature, with the rank-biserial correlation.

    Parameters
    ----------
    inside, outside : ndarray of float, shapes (a, p) and (b, p)
        The two groups; missing values are NaN and left out feature by feature.

    Returns
    -------
    Comparison
        ``statistic`` is U of the inside group; ``p`` is the normal approximation with tie and
        continuity correction (R: ``wilcox.test(x, y, exact = FALSE)``); ``effect`` is
        ``2 U / (a b) - 1``, from -1 to 1, positive when the inside group is higher.

    References
    ----------
    Mann and Whitney 1947, Ann Math Stat 18:50-60. Kerby 2014, Compr Psychol 3:11.IT.3.1.

    Examples
    --------
    >>> import numpy as np
    >>> result = rank_sum(np.array([[1.0], [2.0], [3.0]]), np.array([[4.0], [5.0], [6.0]]))
    >>> result.statistic.tolist(), result.effect.tolist(), result.p.round(4).tolist()
    ([0.0], [-1.0], [0.0809])
    """
    values = np.vstack([inside, outside])
    observed = ~np.isnan(values)
    n1 = observed[: len(inside)].sum(axis=0)
    n2 = observed[len(inside) :].sum(axis=0)
    n = n1 + n2
    # Missing values are ranked last, which leaves the ranks of the others as they are.
    ranks = stats.rankdata(np.where(observed, values, np.inf), axis=0)
    ranks = np.where(observed, ranks, 0.0)
    u = ranks[: len(inside)].sum(axis=0) - n1 * (n1 + 1) / 2
    # With average ranks, what the squares of the ranks lack is the tie term sum(t^3 - t) / 12.
    ties = 12 * (n * (n + 1.0) * (2 * n + 1) / 6 - (ranks**2).sum(axis=0))
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = n1 * n2 / 12 * (n + 1 - ties / (n * (n - 1.0)))
        distance = np.maximum(np.abs(u - n1 * n2 / 2) - 0.5, 0)
        p = 2 * stats.norm.sf(distance / np.sqrt(variance))
        effect = 2 * u / (n1 * n2) - 1
    usable = (n1 >= MINIMUM_GROUP) & (n2 >= MINIMUM_GROUP) & (variance > 1e-9)
    return Comparison(
        u,
        np.where(usable, effect, np.nan),
        np.where(usable, np.minimum(p, 1.0), np.nan),
        n.astype(np.int64),
    )


def fisher_exact(inside: Array, outside: Array) -> Comparison:
    """Fisher's exact test of each 0/1 feature, two-sided, with the difference in share.

    Parameters
    ----------
    inside, outside : ndarray of float, shapes (a, p) and (b, p)
        The two groups, 0 or 1; missing values are NaN and left out feature by feature.

    Returns
    -------
    Comparison
        ``statistic`` is the number of ones inside; ``p`` adds up the tables that are as improbable
        as the observed one or more (R: ``fisher.test``, with its relative tolerance of 1e-7);
        ``effect`` is the share of ones inside less the share outside.

    References
    ----------
    Fisher 1922, J R Stat Soc 85:87-94.

    Examples
    --------
    >>> import numpy as np
    >>> result = fisher_exact(np.array([[1.0], [1.0], [1.0]]), np.array([[0.0], [0.0], [0.0]]))
    >>> result.effect.tolist(), result.p.round(4).tolist()
    ([1.0], [0.1])
    """
    n1 = (~np.isnan(inside)).sum(axis=0)
    n2 = (~np.isnan(outside)).sum(axis=0)
    ones1 = np.nansum(inside, axis=0).astype(np.int64)
    ones2 = np.nansum(outside, axis=0).astype(np.int64)
    # Most features share their table with others: each different table is computed once.
    tables, place = np.unique(
        np.column_stack([ones1, ones1 + ones2, n1, n1 + n2]), axis=0, return_inverse=True
    )
    p = np.array([_fisher_p(*(int(x) for x in table)) for table in tables])[place.ravel()]
    usable = (n1 >= MINIMUM_GROUP) & (n2 >= MINIMUM_GROUP) & (ones1 + ones2 > 0)
    usable &= ones1 + ones2 < n1 + n2
    with np.errstate(divide="ignore", invalid="ignore"):
        effect = ones1 / n1 - ones2 / n2
    return Comparison(
        ones1.astype(float),
        np.where(usable, effect, np.nan),
        np.where(usable, p, np.nan),
        (n1 + n2).astype(np.int64),
    )


def _fisher_p(ones_inside: int, ones: int, n_inside: int, n: int) -> float:
    support = np.arange(max(0, n_inside + ones - n), min(n_inside, ones) + 1)
    probability = stats.hypergeom.pmf(support, n, ones, n_inside)
    observed = probability[ones_inside - support[0]]
    return float(min(1.0, probability[probability <= observed * (1 + 1e-7)].sum()))
