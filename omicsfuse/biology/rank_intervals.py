"""Interval of the rank-biserial correlation, whatever the spread of either group."""

import numpy as np
from scipy import stats

from omicsfuse.stats.arrays import Array, Counts
from omicsfuse.stats.levels import TAILS, Z

#: Standard normal quantile of 95% intervals.
#: Halvings of an interval of length 1: what is left is below the precision of a double.
_HALVINGS = 60


def rank_biserial_interval(inside: Array, outside: Array) -> tuple[Array, Array]:
    """Interval of the rank-biserial correlation of each feature, 95%.

    With theta = (effect + 1) / 2, the probability that a patient of the one group is higher than
    one of the other (ties count half), the interval is that of log(theta / (1 - theta)) by the t
    distribution, with the variance and the degrees of freedom of Brunner and Munzel: no equal
    spread is assumed. Where the groups do not overlap, or hardly, that variance is zero; there the
    interval is `newcombe_interval`.

    Parameters
    ----------
    inside, outside : ndarray of float, shapes (m, p) and (n, p)
        The two groups; missing values are NaN and left out feature by feature.

    Returns
    -------
    low, high : ndarray of float, shape (p,)
        From -1 to 1; NaN where a group has fewer than two patients.

    References
    ----------
    Brunner and Munzel 2000, Biom J 42:17-25 (variance and degrees of freedom); Pauly, Asendorf and
    Konietschke 2016, Biom J 58:1319-1337 (on the scale of the logit); Newcombe 2006.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> low, high = rank_biserial_interval(rng.normal(1, 2, (40, 1)), rng.normal(0, 1, (60, 1)))
    >>> bool(-1 < low[0] < 2 * 0.673 - 1 < high[0] < 1)
    True
    """
    values = np.vstack([inside, outside])
    observed = ~np.isnan(values)
    first, second = observed[: len(inside)], observed[len(inside) :]
    m, n = first.sum(axis=0), second.sum(axis=0)
    # Missing values are ranked last, which leaves the ranks of the others as they are.
    filled = np.where(observed, values, np.inf)
    both = stats.rankdata(filled, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        above = (both[: len(inside)] - stats.rankdata(filled[: len(inside)], axis=0)) / n
        below = (both[len(inside) :] - stats.rankdata(filled[len(inside) :], axis=0)) / m
        theta = np.where(first, above, 0.0).sum(axis=0) / m
        spread = [
            (np.where(own, (share - own_mean) ** 2, 0.0).sum(axis=0)) / (size - 1) / size
            for own, share, own_mean, size in (
                (first, above, theta, m),
                (second, below, 1 - theta, n),
            )
        ]
        variance = spread[0] + spread[1]
        freedom = variance**2 / (spread[0] ** 2 / (m - 1) + spread[1] ** 2 / (n - 1))
        logit = np.log(theta / (1 - theta))
        half = stats.t.ppf(TAILS[1], freedom) * np.sqrt(variance) / (theta * (1 - theta))
        low, high = (2 / (1 + np.exp(-(logit + sign * half))) - 1 for sign in (-1, 1))
    usable = (variance > 1e-12) & np.isfinite(low) & np.isfinite(high)
    other = newcombe_interval(2 * theta - 1, m, n)
    enough = (m >= 2) & (n >= 2)
    return (
        np.where(enough, np.where(usable, low, other[0]), np.nan),
        np.where(enough, np.where(usable, high, other[1]), np.nan),
    )


def newcombe_interval(effect: Array, first: Counts, second: Counts) -> tuple[Array, Array]:
    """Interval of the rank-biserial correlation where the groups do not overlap, 95%.

    The limits are the theta = (effect + 1) / 2 at which the distance to the estimate is 1.96
    standard errors, the standard error being that at the limit::

        theta (1 - theta) / (m n) * (1 + s (1 - theta) / (2 - theta) + s theta / (1 + theta))

    with s = (m + n) / 2 - 1.

    Parameters
    ----------
    effect : ndarray of float, shape (p,)
        Rank-biserial correlations; NaN where there is none.
    first, second : ndarray of int, shape (p,)
        Patients m and n of either group.

    Returns
    -------
    low, high : ndarray of float, shape (p,)

    References
    ----------
    Newcombe 2006, Stat Med 25:559-573, method 5.

    Examples
    --------
    >>> low, high = newcombe_interval(np.array([1.0]), np.array([5]), np.array([9]))
    >>> low.round(3).tolist(), high.tolist()
    ([0.415], [1.0])
    """
    theta = (np.asarray(effect, dtype=float) + 1) / 2
    spare = (first + second) / 2 - 1
    limits = []
    for end in (0.0, 1.0):
        far, near = np.full(theta.shape, end), theta.copy()
        for _ in range(_HALVINGS):
            middle = (far + near) / 2
            spread = 1 + spare * (1 - middle) / (2 - middle) + spare * middle / (1 + middle)
            with np.errstate(invalid="ignore", divide="ignore"):
                squared = middle * (1 - middle) * spread / (first * second)
            outside = (theta - middle) ** 2 > Z**2 * squared
            far, near = np.where(outside, middle, far), np.where(outside, near, middle)
        limits.append(np.where(np.isnan(theta), np.nan, 2 * near - 1))
    return limits[0], limits[1]
