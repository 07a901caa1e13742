"""Two groups compared by rank: Wilcoxon's test, Brunner and Munzel's, and the effect behind both.

All functions take the groups as inside (a, p) and outside (b, p), patients x features; missing
values are NaN and left out feature by feature.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy import special, stats

from omicsfuse.stats.arrays import Array, Counts, Mask
from omicsfuse.stats.levels import MINIMUM_GROUP, TAILS, Z
from omicsfuse.stats.tested import Tested, as_tested

#: Fewest patients in the smaller group; below it the variance from so few is not leaned on.
SMALLEST_GROUP = 10
#: Fewest patients of a group off its most common value; below it neither is that from them.
FEWEST_OFF = 3
EFFECT_NAME = "rank-biserial correlation"
TEST = "Brunner-Munzel, logit"
WILCOXON = "Wilcoxon rank-sum"


class RankSum(NamedTuple):
    """U of the group inside, the rank-biserial correlation, p, and patients; all (p,)."""

    statistic: Array
    effect: Array
    p: Array
    n: Counts


def rank_sum(inside: Array, outside: Array) -> RankSum:
    """Wilcoxon's rank-sum test of each feature, with the rank-biserial correlation.

    Normal approximation with tie and continuity correction, as R has it (Mann and Whitney 1947, Ann
    Math Stat 18:50-60); ``2 U / (a b) - 1`` (Kerby 2014, Compr Psychol 3:11.IT.3.1).
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
    return RankSum(
        u,
        np.where(usable, effect, np.nan),
        np.where(usable, np.minimum(p, 1.0), np.nan),
        n.astype(np.int64),
    )


class RankBiserial(NamedTuple):
    """Rank-biserial correlation 2 P - 1, its 95% interval, and t and df of logit P; all (p,).

    ``few`` says where the variance of P is not leaned on, and the interval is Newcombe's.
    """

    effect: Array
    low: Array
    high: Array
    t: Array
    df: Array
    few: Mask
    n: Counts


def rank_biserial(inside: Array, outside: Array) -> RankBiserial:
    """Rank-biserial correlation of each feature, with the one interval that it has everywhere.

    On the logit of P (Konietschke, Hothorn and Brunner 2012, Electron J Stat 6:738-759) with
    Brunner and Munzel's variance and degrees of freedom (2000, Biom J 42:17-25). Below 10 patients,
    3 off the most common value, or without overlap, Newcombe's (2006, Stat Med 25:559-573, method
    5), which leans on no variance of few. Coverage: ``benchmarks/markers.py intervals``.
    """
    share, error, df, n1, n2 = placements(inside, outside)
    with np.errstate(divide="ignore", invalid="ignore"):
        logit = special.logit(share)
        spread = error / (share * (1 - share))
        t = logit / spread
        half = stats.t.ppf(TAILS[1], df) * spread
        low, high = 2 * special.expit(logit - half) - 1, 2 * special.expit(logit + half) - 1
    few = (np.minimum(n1, n2) < SMALLEST_GROUP) | ~(error > 0) | ~np.isfinite(t)
    few |= np.minimum(_off_most_common(inside), _off_most_common(outside)) < FEWEST_OFF
    low[few], high[few] = newcombe(share[few], n1[few], n2[few])
    return RankBiserial(2 * share - 1, low, high, t, df, few, n1 + n2)


def brunner_munzel(inside: Array, outside: Array) -> Tested:
    """Test each feature by Brunner and Munzel's test of P = 1/2 on the scale of the logit.

    Without the logit p below 0.0001 is up to sixteen times too often in groups of 10
    (``docs/markers.md``). Where the interval does not lean on the variance, p is Wilcoxon's. NaN
    below 3 patients, or constant.
    """
    difference, wilcoxon = rank_biserial(inside, outside), rank_sum(inside, outside)
    p = 2 * stats.t.sf(np.abs(difference.t), difference.df)
    return as_tested(
        difference.effect,
        difference.low,
        difference.high,
        np.where(np.isnan(wilcoxon.p) | difference.few, wilcoxon.p, p),
        difference.n,
        EFFECT_NAME,
        np.where(difference.few, WILCOXON, TEST),
    )


def placements(inside: Array, outside: Array) -> tuple[Array, Array, Array, Counts, Counts]:
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


def newcombe(share: Array, n1: Counts, n2: Counts) -> tuple[Array, Array]:
    """Score interval of P, as limits of 2 P - 1, with the variance of exponential variables."""
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
