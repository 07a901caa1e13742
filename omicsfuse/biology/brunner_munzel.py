"""Two groups compared by rank, without taking their spread to be the same."""

from itertools import pairwise

import numpy as np
from scipy import special, stats

from omicsfuse.biology.tested import Tested, as_tested
from omicsfuse.biology.two_groups import rank_sum
from omicsfuse.stats.arrays import Array, Counts
from omicsfuse.stats.levels import TAILS, Z

#: Fewest patients in the smaller group; below it the test is Wilcoxon's.
SMALLEST_GROUP = 10
#: Fewest patients of a group off its most common value; below it the test is Wilcoxon's as well.
FEWEST_OFF = 3
EFFECT_NAME = "rank-biserial correlation"
TEST = "Brunner-Munzel, logit"
SMALL_GROUP_TEST = "Wilcoxon rank-sum"


def brunner_munzel(inside: Array, outside: Array) -> Tested:
    """Compare two groups by the probability that one of the first is higher than one of the other.

    With P = P(X > Y) + P(X = Y) / 2, the effect is the rank-biserial correlation 2 P - 1. Brunner
    and Munzel's variance of P does not take the two distributions to be equal in spread or shape;
    interval and test are those of log(P / (1 - P)), by the delta method, with their degrees of
    freedom, so that limits stay between -1 and 1 and p < 0.05 where the interval leaves 0 out. The
    statistic (P - 1/2) / sd(P) itself gives p-values below 0.0001 up to sixteen times too often in
    groups of 10 (``docs/markers.md``), which no correction for many features survives.

    Where the smaller group has fewer than 10 patients, where fewer than 3 patients of a group are
    off its most common value (a group of zeros has no variance of its own, and the other group's
    says nothing of it), or where the groups do not overlap, p is of Wilcoxon's rank-sum test
    (normal approximation with correction for ties and continuity), whose null hypothesis is that
    both distributions are the same; the interval is then Newcombe's, which does not lean on a
    variance from few patients.

    Parameters
    ----------
    inside, outside : ndarray of float, shapes (a, p) and (b, p)
        The two groups; missing values are NaN and left out feature by feature.

    Returns
    -------
    Tested
        NaN where a group has fewer than 3 observed patients, or the feature does not vary.

    References
    ----------
    Brunner and Munzel 2000, Biom J 42:17-25 (variance and degrees of freedom). Konietschke,
    Hothorn and Brunner 2012, Electron J Stat 6:738-759 (logit). Newcombe 2006, Stat Med
    25:559-573, method 5 (interval in small groups).

    Examples
    --------
    >>> first, second = np.arange(6.0, 18)[:, None], np.arange(0.0, 12)[:, None]
    >>> found = brunner_munzel(first, second)
    >>> found.effect.round(3).tolist(), found.low.round(3).tolist(), found.high.round(3).tolist()
    ([0.75], [0.313], [0.925])
    >>> found.p.round(4).tolist(), found.test.tolist()
    ([0.0051], ['Brunner-Munzel, logit'])
    """
    share, error, df, n1, n2 = _placements(inside, outside)
    with np.errstate(divide="ignore", invalid="ignore"):
        logit = special.logit(share)
        spread = error / (share * (1 - share))
        t = logit / spread
        half = stats.t.ppf(TAILS[1], df) * spread
        p = 2 * stats.t.sf(np.abs(t), df)
        low, high = 2 * special.expit(logit - half) - 1, 2 * special.expit(logit + half) - 1
    wilcoxon = rank_sum(inside, outside)
    by_rank = (np.minimum(n1, n2) < SMALLEST_GROUP) | ~(error > 0) | ~np.isfinite(t)
    by_rank |= np.minimum(_off_most_common(inside), _off_most_common(outside)) < FEWEST_OFF
    low[by_rank], high[by_rank] = _newcombe(share[by_rank], n1[by_rank], n2[by_rank])
    p = np.where(np.isnan(wilcoxon.p) | by_rank, wilcoxon.p, p)
    return as_tested(
        2 * share - 1,
        low,
        high,
        p,
        n1 + n2,
        EFFECT_NAME,
        np.where(by_rank, SMALL_GROUP_TEST, TEST),
    )


def _placements(inside: Array, outside: Array) -> tuple[Array, Array, Array, Counts, Counts]:
    """P, its standard error, degrees of freedom, and the observed patients of each group."""
    seen1, seen2 = ~np.isnan(inside), ~np.isnan(outside)
    n1, n2 = seen1.sum(axis=0), seen2.sum(axis=0)
    # Missing values are ranked last, which leaves the ranks of the others as they are.
    first, second = np.where(seen1, inside, np.inf), np.where(seen2, outside, np.inf)
    ranks = stats.rankdata(np.vstack([first, second]), axis=0)
    # How many of the other group a patient is above, ties counted by half.
    above1 = ranks[: len(inside)] - (stats.rankdata(first, axis=0) if len(first) else 0.0)
    above2 = ranks[len(inside) :] - (stats.rankdata(second, axis=0) if len(second) else 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean1 = np.where(seen1, above1, 0.0).sum(axis=0) / n1
        mean2 = np.where(seen2, above2, 0.0).sum(axis=0) / n2
        part1 = n1 * np.where(seen1, (above1 - mean1) ** 2, 0.0).sum(axis=0) / (n1 - 1)
        part2 = n2 * np.where(seen2, (above2 - mean2) ** 2, 0.0).sum(axis=0) / (n2 - 1)
        error = np.sqrt(part1 + part2) / (n1 * n2)
        df = (part1 + part2) ** 2 / (part1**2 / (n1 - 1) + part2**2 / (n2 - 1))
        share = mean1 / n2
    return share, error, df, n1, n2


def _off_most_common(values: Array) -> Counts:
    """Patients of each column who do not have its most common value."""
    ordered = np.sort(values, axis=0)
    run = np.minimum(len(values), np.ones(values.shape[1], dtype=np.int64))
    longest = run.copy()
    for before, after in pairwise(ordered):
        run = np.where(after == before, run + 1, 1)  # A missing value equals none.
        longest = np.maximum(longest, run)
    off: Counts = (~np.isnan(values)).sum(axis=0) - longest
    return off


def _newcombe(share: Array, n1: Counts, n2: Counts) -> tuple[Array, Array]:
    """Score interval of P, as limits of 2 P - 1.

    A limit is the P whose own variance, that of two exponential distributions, puts the observed
    one Z standard deviations away.
    """
    half = (n1 + n2) / 2.0
    limits = []
    for end in (0.0, 1.0):
        near, far = share.astype(float), np.full(len(share), end)
        for _ in range(60):
            middle = (near + far) / 2
            with np.errstate(divide="ignore", invalid="ignore"):
                variance = middle * (1 - middle) / (n1 * n2)
                variance *= 1 + (half - 1) * ((1 - middle) / (2 - middle) + middle / (1 + middle))
                inner = (share - middle) ** 2 <= Z**2 * variance
            near, far = np.where(inner, middle, near), np.where(inner, far, middle)
        limits.append(2 * near - 1)
    return limits[0], limits[1]
