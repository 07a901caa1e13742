"""Two groups of patients compared on many features at once, and the correction for doing so."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

Array = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

#: Fewest observed patients in each of the two groups; below it there is no p-value.
MINIMUM_GROUP = 3


class Comparison(NamedTuple):
    """One number a feature: the statistic, its effect size, its p-value and the patients used."""

    statistic: Array
    effect: Array
    p: Array
    n: Counts


def benjamini_hochberg(p: npt.ArrayLike) -> Array:
    """Turn the p-values of one family into false discovery rates; missing ones do not count.

    Parameters
    ----------
    p : array_like of float, shape (n,)
        P-values; NaN where there is none.

    Returns
    -------
    ndarray of float, shape (n,)
        Adjusted p-values, ``min over j >= i of p_(j) * m / j`` for the m p-values present.

    References
    ----------
    Benjamini and Hochberg 1995, J R Stat Soc B 57:289-300.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, float("nan"), 0.03]).round(3).tolist()
    [0.03, 0.04, nan, 0.04]
    """
    values = np.asarray(p, dtype=float)
    adjusted = np.full(values.shape, np.nan)
    present = np.isfinite(values)
    if present.any():
        adjusted[present] = stats.false_discovery_control(values[present], method="bh")
    return adjusted


def welch(inside: Array, outside: Array) -> Comparison:
    """Welch's t-test of each feature, with the standardised mean difference.

    Parameters
    ----------
    inside, outside : ndarray of float, shapes (a, p) and (b, p)
        The two groups; missing values are NaN and left out feature by feature.

    Returns
    -------
    Comparison
        ``statistic`` is t (positive: higher inside); ``effect`` is the difference of means divided
        by the pooled standard deviation (Cohen's d). Features that are constant in both groups, or
        observed in fewer than ``MINIMUM_GROUP`` patients of one, have no p-value.

    References
    ----------
    Welch 1947, Biometrika 34:28-35. Cohen 1988, Statistical Power Analysis, 2nd ed., eq. 2.5.1.

    Examples
    --------
    >>> import numpy as np
    >>> result = welch(np.array([[1.0], [2.0], [3.0]]), np.array([[3.0], [5.0], [7.0], [9.0]]))
    >>> result.statistic.round(4).tolist(), result.p.round(4).tolist()
    ([-2.8284], [0.0464])
    """
    n1, mean1, variance1 = _moments(inside)
    n2, mean2, variance2 = _moments(outside)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic, p = stats.ttest_ind_from_stats(
            mean1, np.sqrt(variance1), n1, mean2, np.sqrt(variance2), n2, equal_var=False
        )
        pooled = ((n1 - 1) * variance1 + (n2 - 1) * variance2) / (n1 + n2 - 2)
        effect = (mean1 - mean2) / np.sqrt(pooled)
    usable = (n1 >= MINIMUM_GROUP) & (n2 >= MINIMUM_GROUP) & (variance1 + variance2 > 0)
    return Comparison(
        np.where(usable, statistic, np.nan),
        np.where(usable, effect, np.nan),
        np.where(usable, p, np.nan),
        n1 + n2,
    )


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


def _moments(values: Array) -> tuple[Counts, Array, Array]:
    """Observed patients, mean and variance (n - 1) of each feature."""
    observed = ~np.isnan(values)
    n = observed.sum(axis=0).astype(np.int64)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(observed, values, 0.0).sum(axis=0) / n
        variance = np.where(observed, (values - mean) ** 2, 0.0).sum(axis=0) / (n - 1)
    # Rounding leaves a trace of variance in a constant feature: it must not become an infinite t.
    variance = np.where(variance <= (1e-12 * np.abs(mean)) ** 2, 0.0, variance)
    return n, mean, variance
