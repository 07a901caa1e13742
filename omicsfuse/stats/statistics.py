"""Statistics that several rooms share: moments, Welch's t, winsorising, false discovery rates.

All of it works column by column on patients x features, leaves missing values (NaN) out, and does
not depend on the order of the patients, to the last bit: sums are taken over sorted values.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

Array = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

#: Fewest observed patients in each of two groups; below it there is no t and no p-value.
MINIMUM_GROUP = 3
#: A feature whose standard deviation is at most this share of its mean does not vary: rounding
#: leaves such a trace in a constant one.
CONSTANT = 1e-9


class Moments(NamedTuple):
    """Observed patients, mean and variance (n - 1) of each feature; NaN where there are too few."""

    n: Counts
    mean: Array
    variance: Array

    @property
    def sd(self) -> Array:
        """Standard deviation of each feature."""
        return np.sqrt(self.variance)


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


def moments(values: Array) -> Moments:
    """Count, mean and variance of each column over what is observed.

    Parameters
    ----------
    values : ndarray of float, shape (n, p)
        Patients x features, NaN where missing.

    Returns
    -------
    Moments
        The variance of a feature that does not vary (see ``CONSTANT``) is exactly 0.

    Examples
    --------
    >>> import numpy as np
    >>> found = moments(np.array([[1.0, 0.3], [np.nan, 0.3], [3.0, 0.1 + 0.2]]))
    >>> found.n.tolist(), found.mean.round(3).tolist(), found.variance.tolist()
    ([2, 3], [2.0, 0.3], [2.0, 0.0])
    """
    # In one layout as well as in one order, since numpy adds up each layout in its own way.
    ordered = np.sort(np.ascontiguousarray(values, dtype=float), axis=0)
    observed = ~np.isnan(ordered)
    n = observed.sum(axis=0).astype(np.int64)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(observed, ordered, 0.0).sum(axis=0) / n
        variance = np.where(observed, (ordered - mean) ** 2, 0.0).sum(axis=0) / (n - 1)
    variance = np.where(n < 2, np.nan, variance)
    constant = (n >= 2) & ~varies(mean, np.sqrt(variance))
    return Moments(n, mean, np.where(constant, 0.0, variance))


def varies(mean: Array, sd: Array) -> npt.NDArray[np.bool_]:
    """Say which features vary by more than rounding, from their means and standard deviations.

    Parameters
    ----------
    mean, sd : ndarray of float, shape (p,)
        Of each feature; NaN where nothing is observed.

    Returns
    -------
    ndarray of bool, shape (p,)

    Examples
    --------
    >>> import numpy as np
    >>> varies(np.array([5.0, 5.0, 0.0]), np.array([1.0, 1e-15, 0.0])).tolist()
    [True, False, False]
    """
    found: npt.NDArray[np.bool_] = sd > CONSTANT * np.maximum(np.abs(mean), 1e-300)
    return found


def welch_t(first: Moments, second: Moments) -> tuple[Array, Array]:
    """Welch's t and its two-sided p-value for each feature of two groups.

    Parameters
    ----------
    first, second : Moments
        Of the same features in either group.

    Returns
    -------
    t, p : ndarray of float, shape (p,)
        t is positive where the first group is higher. Both are NaN for features that are constant
        in both groups or observed in fewer than ``MINIMUM_GROUP`` patients of one.

    References
    ----------
    Welch 1947, Biometrika 34:28-35.

    Examples
    --------
    >>> import numpy as np
    >>> t, p = welch_t(
    ...     moments(np.array([[1.0], [2.0], [3.0]])),
    ...     moments(np.array([[3.0], [5.0], [7.0], [9.0]])),
    ... )
    >>> t.round(4).tolist(), p.round(4).tolist()
    ([-2.8284], [0.0464])
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        t, p = stats.ttest_ind_from_stats(
            first.mean, first.sd, first.n, second.mean, second.sd, second.n, equal_var=False
        )
        usable = (first.n >= MINIMUM_GROUP) & (second.n >= MINIMUM_GROUP)
        usable &= first.variance + second.variance > 0
    return np.where(usable, t, np.nan), np.where(usable, p, np.nan)


def winsorise(values: Array, share: float) -> Array:
    """Set the lowest and the highest values of each column to the quantiles there.

    Parameters
    ----------
    values : ndarray of float, shape (n, p)
        Patients x features, NaN where missing.
    share : float
        Share of the observed values at either end.

    Returns
    -------
    ndarray of float, shape (n, p)
        Missing values stay missing.

    Examples
    --------
    >>> import numpy as np
    >>> winsorise(np.array([[0.0], [1.0], [2.0], [3.0], [100.0]]), 0.25).ravel().tolist()
    [1.0, 1.0, 2.0, 3.0, 3.0]
    """
    if not len(values):
        return values
    ordered = np.sort(values, axis=0)  # missing values last
    n = (~np.isnan(values)).sum(axis=0)
    last, column = np.maximum(n - 1, 0), np.arange(values.shape[1])
    ends = []
    for quantile in (share, 1 - share):
        place = last * quantile
        below = np.floor(place).astype(int)
        above = np.minimum(below + 1, last)
        low, high = ordered[below, column], ordered[above, column]
        ends.append(low + (place - below) * (high - low))
    limited: Array = np.clip(values, ends[0], ends[1])
    return limited


def wilson_interval(share: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a share.

    Parameters
    ----------
    share : float
        Observed share, 0 to 1; it may be a mean over repeats.
    n : float
        Patients; of nobody the limits are NaN.
    level : float
        Level of confidence.

    Returns
    -------
    low, high : float

    References
    ----------
    Wilson EB (1927). Probable inference, the law of succession, and statistical inference. J Am
    Stat Assoc 22:209-212.

    Examples
    --------
    >>> [round(bound, 4) for bound in wilson_interval(0.5, 10)]
    [0.2366, 0.7634]
    """
    if n <= 0:
        return float("nan"), float("nan")
    z = float(stats.norm.ppf(0.5 + level / 2))
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def p_text(p: float) -> str:
    """Write a p-value without its name: two digits, three decimals at most below 0.1.

    Examples
    --------
    >>> from omicsfuse.stats.statistics import p_text
    >>> [p_text(value) for value in (0.00009, 0.0042, 0.0496, 0.25, 0.999)]
    ['< 0.001', '0.004', '0.050', '0.25', '1.00']
    """
    if p is None or not np.isfinite(p):
        return ""
    if p < 0.001:
        return "< 0.001"
    return f"{p:.3f}" if p < 0.0995 else f"{p:.2f}"


def normal_scores(values: Array) -> Array:
    """Give each value the normal quantile of its rank, with mean 0 and standard deviation 1.

    What is said of a score then does not depend on its scale (a probability, its logit, a risk in
    days), nor on a few patients with extreme values.

    Parameters
    ----------
    values : ndarray of float, shape (n,)
        NaN where missing; ties share their mean rank.

    Returns
    -------
    ndarray of float, shape (n,)
        All NaN where fewer than two different values are there.

    References
    ----------
    Blom 1958, Statistical Estimates and Transformed Beta-Variables: quantile (r - 3/8) / (n + 1/4).

    Examples
    --------
    >>> import numpy as np
    >>> normal_scores(np.array([1.0, 1000.0, 10.0, np.nan])).round(3).tolist()
    [-1.0, 1.0, 0.0, nan]
    """
    found = np.full(len(values), np.nan)
    there = np.isfinite(values)
    n = int(there.sum())
    if n < 2 or np.ptp(values[there]) == 0:
        return found
    quantiles = stats.norm.ppf((stats.rankdata(values[there]) - 0.375) / (n + 0.25))
    # Ties are symmetric nowhere, so the mean need not be 0 by itself.
    quantiles -= np.sort(quantiles).mean()
    found[there] = quantiles / np.sqrt(np.sort(quantiles**2).sum() / (n - 1))
    return found
