"""Two groups compared on features that are there or not, such as mutations."""

import numpy as np

from omicsfuse.biology.tested import Tested, as_tested
from omicsfuse.biology.two_groups import fisher_exact
from omicsfuse.stats.arrays import Array
from omicsfuse.stats.levels import Z

TEST = "Fisher exact"
EFFECT_NAME = "difference in mutated share"


def mutated_share(inside: Array, outside: Array) -> Tested:
    """Fisher's exact test of each 0/1 feature, with the difference in share and its interval.

    The interval is Newcombe's, made of Wilson's interval of either share; it is not the test's,
    so that it may leave 0 out where p is just above 0.05, and the reverse.

    Parameters
    ----------
    inside, outside : ndarray of float, shapes (a, p) and (b, p)
        The two groups, 0 or 1; missing values are NaN and left out feature by feature.

    Returns
    -------
    Tested
        NaN where a group has fewer than 3 observed patients, or all are alike.

    References
    ----------
    Fisher 1922, J R Stat Soc 85:87-94. Newcombe 1998, Stat Med 17:873-890, method 10.

    Examples
    --------
    Newcombe's first example, 56 of 70 against 48 of 80:

    >>> found = mutated_share(np.repeat([1.0, 0], [56, 14])[:, None],
    ...                       np.repeat([1.0, 0], [48, 32])[:, None])
    >>> found.effect.round(4).tolist(), found.low.round(4).tolist(), found.high.round(4).tolist()
    ([0.2], [0.0524], [0.3339])
    """
    found = fisher_exact(inside, outside)
    shares, ends = [], []
    for group in (inside, outside):
        n = (~np.isnan(group)).sum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.nansum(group, axis=0) / n
            middle = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
            half = Z / (1 + Z**2 / n) * np.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
        shares.append(share)
        ends.append((np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)))
    (low1, high1), (low2, high2) = ends
    effect = shares[0] - shares[1]
    low = effect - np.sqrt((shares[0] - low1) ** 2 + (high2 - shares[1]) ** 2)
    high = effect + np.sqrt((high1 - shares[0]) ** 2 + (shares[1] - low2) ** 2)
    return as_tested(effect, low, high, found.p, found.n, EFFECT_NAME, TEST)
