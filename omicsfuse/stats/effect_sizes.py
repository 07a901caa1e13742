"""Intervals of effect sizes, from the noncentral chi-square distribution."""

import numpy as np
from scipy import optimize, stats

from omicsfuse.stats.levels import CONFIDENCE


def noncentrality_interval(statistic: float, freedom: int) -> tuple[float, float]:
    """95% interval, from 0, of the noncentrality behind a chi-square statistic.

    Smithson 2003, Confidence Intervals, chapter 4; checked in ``tests/reference/clinical.R``.
    """
    tail = (1 - CONFIDENCE) / 2
    limits = []
    for probability in (1 - tail, tail):
        if statistic <= 0 or stats.chi2.cdf(statistic, freedom) <= probability:
            limits.append(0.0)
            continue

        def excess(noncentrality: float, probability: float = probability) -> float:
            return float(stats.ncx2.cdf(statistic, freedom, noncentrality)) - probability

        far = statistic + 10 * np.sqrt(statistic) + 30
        limits.append(float(optimize.brentq(excess, 0.0, far, xtol=1e-9, rtol=1e-12)))
    return limits[0], limits[1]


def cramer_interval(statistic: float, n: int, rows: int, columns: int) -> tuple[float, float]:
    """Interval (95%) of Cramer's V, by inverting the noncentral chi-square distribution.

    Noncentrality is ``n (min(rows, columns) - 1) V^2`` (Smithson 2003, section 4.3). The sample's V
    is biased upwards and may lie above it; near 1 it is too wide (``docs/clinical.md``).
    """
    low, high = noncentrality_interval(statistic, (rows - 1) * (columns - 1))
    most = n * (min(rows, columns) - 1)
    return min(1.0, float(np.sqrt(low / most))), min(1.0, float(np.sqrt(high / most)))


def epsilon_interval(statistic: float, n: int, groups: int) -> tuple[float, float]:
    """Interval (95%) of epsilon squared, the share of the variance of the ranks between the groups.

    H as noncentral chi-square with noncentrality ``(n - 1) epsilon^2`` (Andrews 1954, Ann Math Stat
    25:724-736); too wide with strong differences (``docs/clinical.md``).
    """
    low, high = noncentrality_interval(statistic, groups - 1)
    return min(1.0, low / (n - 1)), min(1.0, high / (n - 1))
