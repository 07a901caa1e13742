"""Intervals of effect sizes, from the noncentral chi-square distribution."""

import numpy as np
from scipy import optimize, stats

from omicsfuse.stats.levels import CONFIDENCE


def noncentrality_interval(statistic: float, freedom: int) -> tuple[float, float]:
    """Interval of the noncentrality parameter behind a chi-square statistic: 95%, from 0.

    The lower limit is the noncentrality under which so large a statistic, or a larger one, has
    probability 2.5%; the upper limit that under which so small a one has; 0 where even that makes
    the statistic small enough. Smithson 2003, Confidence Intervals, Sage, chapter 4. Checked
    against R's ``pchisq(..., ncp)`` in ``tests/reference/clinical.R``.
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

    The noncentrality of Pearson's statistic is ``n (min(rows, columns) - 1) V^2`` (Smithson 2003,
    section 4.3). The interval is of the value in the population: the V of a sample is biased
    upwards where there are many categories for few patients, and may then lie above its own
    interval. Close where no expected count is small; where V is near 1 it is wider than it need be
    (``docs/clinical.md``).
    """
    low, high = noncentrality_interval(statistic, (rows - 1) * (columns - 1))
    most = n * (min(rows, columns) - 1)
    return min(1.0, float(np.sqrt(low / most))), min(1.0, float(np.sqrt(high / most)))


def epsilon_interval(statistic: float, n: int, groups: int) -> tuple[float, float]:
    """Interval (95%) of epsilon squared, the share of the variance of the ranks between the groups.

    Kruskal and Wallis's H is taken for noncentral chi-square with ``groups - 1`` degrees of freedom
    and noncentrality ``(n - 1) epsilon^2``: the approximation near the null (Andrews 1954, Ann Math
    Stat 25:724-736). With strong differences the interval is wider than it need be, as H then
    varies less (``docs/clinical.md`` has its coverage).
    """
    low, high = noncentrality_interval(statistic, groups - 1)
    return min(1.0, low / (n - 1)), min(1.0, high / (n - 1))
