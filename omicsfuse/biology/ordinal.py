"""Two groups compared on ordered levels: the proportional-odds model of each feature."""

from typing import NamedTuple

import numpy as np
from scipy import special, stats

from omicsfuse.stats.arrays import Array
from omicsfuse.stats.levels import MINIMUM_GROUP, Z
from omicsfuse.stats.tested import Tested, as_tested

TEST = "proportional odds, likelihood ratio"
EFFECT_NAME = "log odds ratio of a higher level"
INFINITE = "near-complete separation: the odds ratio is estimated as infinite"
_MOST_STEPS = 200
_CONVERGED = 1e-10


class _Likelihood(NamedTuple):
    """Log-likelihood of each table, its gradient, and its curvature (negative Hessian)."""

    value: Array
    gradient: Array
    curvature: Array


def proportional_odds(inside: Array, outside: Array) -> Tested:
    """Compare two groups on features with few ordered levels, such as copy-number levels.

    The effect is the log odds ratio of a level above any j (McCullagh 1980, J R Stat Soc B
    42:109-142), with the profile likelihood's interval (Venzon and Moolgavkar 1988, Appl Stat
    37:87-94) and likelihood-ratio p: the score test, Wilcoxon's, is too often below 0.001 in small
    groups (``docs/markers.md``). Infinite where groups do not overlap; NaN below 3 patients.
    """
    levels = np.unique(np.concatenate([inside.ravel(), outside.ravel()]))
    levels = levels[~np.isnan(levels)]
    tables = np.stack(
        [
            np.stack([(group == level).sum(axis=0) for level in levels], axis=1)
            if len(levels)
            else np.zeros((inside.shape[1], 0))
            for group in (outside, inside)
        ],
        axis=1,
    ).astype(float)
    # Many features share their table with others: each different table is fitted once.
    different, place = np.unique(
        tables.reshape(len(tables), 2 * len(levels)), axis=0, return_inverse=True
    )
    fitted = _fit_all(different.reshape(len(different), 2, len(levels)))[:, place.ravel()]
    effect, low, high, deviance = fitted
    note = np.where(np.isinf(effect), INFINITE, "")
    n = tables.sum(axis=(1, 2)).astype(np.int64)
    p = stats.chi2.sf(np.maximum(deviance, 0.0), 1)
    return as_tested(effect, low, high, p, n, EFFECT_NAME, TEST, note)


def _fit_all(tables: Array) -> Array:
    """Effect, ends of its interval and deviance, (4, m), of tables (m, 2, levels)."""
    fitted = np.full((4, len(tables)), np.nan)
    there = tables.sum(axis=1) > 0
    enough = (tables.sum(axis=2) >= MINIMUM_GROUP).all(axis=1) & (there.sum(axis=1) > 1)
    # Only the order of levels counts: tables with as many levels are fitted together.
    filled = np.argsort(~there, axis=1, kind="stable")
    tables = np.take_along_axis(tables, filled[:, None, :], axis=2)
    for n_levels in np.unique(there[enough].sum(axis=1)):
        rows = enough & (there.sum(axis=1) == n_levels)
        fitted[:, rows] = _fit(tables[rows][:, :, :n_levels])
    return fitted


def _fit(tables: Array) -> Array:
    """Effect, ends of its profile interval and deviance of tables without an empty level."""
    _, _, n_levels = tables.shape
    place = np.arange(n_levels)
    lowest = np.where(tables > 0, place, n_levels).min(axis=2)
    highest = np.where(tables > 0, place, -1).max(axis=2)
    above, below = highest[:, 0] <= lowest[:, 1], highest[:, 1] <= lowest[:, 0]
    apart = above | below
    effect = np.where(above, np.inf, np.where(below, -np.inf, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = tables / tables.sum(axis=2, keepdims=True)
        # Where the groups are apart each has a multinomial of its own in the limit.
        best = np.where(tables > 0, tables * np.log(share), 0.0).sum(axis=(1, 2))
    common = tables.sum(axis=1)
    without = (common * np.log(common / common.sum(axis=1, keepdims=True))).sum(axis=1)
    cumulated = np.cumsum(common, axis=1)
    start = special.logit(cumulated[:, :-1] / cumulated[:, -1:])
    theta = np.column_stack([start, np.zeros(len(tables))])
    error = np.ones(len(tables))
    if not apart.all():
        theta[~apart] = _maximise(tables[~apart], theta[~apart], n_levels)
        at = _likelihood(tables[~apart], theta[~apart])
        effect[~apart], best[~apart] = theta[~apart, -1], at.value
        error[~apart] = np.sqrt(np.linalg.inv(at.curvature)[:, -1, -1])
    ends = []
    for side, unbounded in ((-1.0, below), (1.0, above)):
        end = np.full(len(tables), side * np.inf)
        rows = ~unbounded
        first = theta[rows].copy()
        first[:, -1] = np.where(apart[rows], 0.0, theta[rows, -1] + side * Z * error[rows])
        end[rows] = _profile_end(tables[rows], first, best[rows])
        ends.append(end)
    return np.stack([effect, *ends, 2 * (best - without)])


def _profile_end(tables: Array, theta: Array, best: Array) -> Array:
    """Beta where the profile log-likelihood is half the chi-square quantile below its maximum.

    The deviance is convex: Newton's steps from the far side come nearer without passing the end.
    """
    if not len(tables):
        return np.empty(0)
    n_thresholds = tables.shape[2] - 1
    theta = theta.copy()
    going = np.arange(len(tables))
    for _ in range(60):
        theta[going] = _maximise(tables[going], theta[going], n_thresholds)
        at = _likelihood(tables[going], theta[going])
        with np.errstate(divide="ignore", invalid="ignore"):
            step = (best[going] - at.value - Z**2 / 2) / at.gradient[:, -1]
        # A step is at most two odds ratios of e wide where the slope says little.
        step = np.clip(np.nan_to_num(step), -5.0, 5.0)
        theta[going, -1] += step
        going = going[np.abs(step) > 1e-9]
        if not len(going):
            break
    return theta[:, -1]


def _maximise(tables: Array, theta: Array, free: int) -> Array:
    """Newton's steps in the first ``free`` parameters; the log-likelihood is concave in them."""
    theta = theta.copy()
    going = np.arange(len(tables))
    now = _likelihood(tables, theta)
    for _ in range(_MOST_STEPS):
        slope, bend = now.gradient[:, :free], now.curvature[:, :free, :free]
        step = np.linalg.solve(bend, slope[:, :, None])[:, :, 0]
        promise = np.einsum("mk,mk->m", slope, step)
        more = promise > _CONVERGED
        if not more.any():
            break
        going, step = going[more], step[more]
        value = now.value[more]
        factor = np.ones(len(going))
        for _ in range(40):
            trial = theta[going]
            trial[:, :free] += factor[:, None] * step
            after = _likelihood(tables[going], trial)
            worse = ~(after.value >= value - 1e-12 * np.abs(value))
            if not worse.any():
                break
            factor[worse] /= 2
        theta[going], now = trial, after
    return theta


def _likelihood(tables: Array, theta: Array) -> _Likelihood:
    """Log-likelihood in thresholds and beta; -inf where thresholds are out of order."""
    m, _, n_levels = tables.shape
    k = n_levels - 1
    inside = np.array([0.0, 1.0])
    shifted = theta[:, None, :k] - inside[:, None] * theta[:, None, k:]
    edge = np.full((m, 2, 1), np.inf)
    upper, lower = np.concatenate([shifted, edge], 2), np.concatenate([-edge, shifted], 2)
    with np.errstate(all="ignore"):
        gap = upper - lower
        value = (
            tables
            * (special.log_expit(upper) + special.log_expit(-lower) + np.log(-np.expm1(-gap)))
        ).sum(axis=(1, 2))
        rest = 1 / np.expm1(gap)
        mixed = tables / (4 * np.sinh(gap / 2) ** 2)
        at_upper = tables * (special.expit(-upper) + rest)
        at_lower = -tables * (special.expit(lower) + rest)
        # Negative second derivatives by upper twice and by lower twice; mixed is by both.
        upper_twice = tables * special.expit(upper) * special.expit(-upper) + mixed
        lower_twice = tables * special.expit(lower) * special.expit(-lower) + mixed
    gradient = np.empty((m, k + 1))
    gradient[:, :k] = (at_upper[:, :, :k] + at_lower[:, :, 1:]).sum(axis=1)
    gradient[:, k] = -(at_upper[:, 1] + at_lower[:, 1]).sum(axis=1)
    curvature = np.zeros((m, k + 1, k + 1))
    diagonal = upper_twice[:, :, :k] + lower_twice[:, :, 1:]
    place = np.arange(k)
    curvature[:, place, place] = diagonal.sum(axis=1)
    between = mixed[:, :, 1:k]
    curvature[:, place[1:], place[:-1]] = curvature[:, place[:-1], place[1:]] = -between.sum(axis=1)
    across = -(diagonal[:, 1] - mixed[:, 1, :k] - mixed[:, 1, 1:])
    curvature[:, :k, k] = curvature[:, k, :k] = across
    curvature[:, k, k] = (upper_twice[:, 1] + lower_twice[:, 1] - 2 * mixed[:, 1]).sum(axis=1)
    value = np.where(np.isnan(value), -np.inf, value)
    return _Likelihood(value, gradient, curvature)
