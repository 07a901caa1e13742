"""What a family of tests can find: the correlation that is needed, and the one it will see."""

import numpy as np
from scipy import optimize, stats

from omicsfuse.stats.correlations import smallest_correlation
from omicsfuse.stats.levels import FDR, POWER


def needed_correlation(n: int, tests: int, fdr: float = FDR, given: int = 0) -> float:
    """Smallest absolute correlation that would be found alone among so many tests of n patients.

    It has the p-value ``fdr / tests``, the first step of Benjamini and Hochberg; where many are
    found, smaller ones are found with them. ``given``: covariates. NaN without tests or degrees of
    freedom.

    >>> round(needed_correlation(44, 1_000_000), 3), round(needed_correlation(44, 1), 3)
    (0.739, 0.298)
    """
    if n - 3 - given < 1 or tests < 1:
        return float("nan")
    return smallest_correlation(fdr / tests, n, given)


def detectable_correlation(n: int, tests: int, fdr: float = FDR, given: int = 0) -> float:
    """Smallest correlation that is found with a power of 80%, alone among so many tests.

    In so many samples it reaches `needed_correlation`: by Fisher's transformation with the variance
    of Bonett and Wright 2000, Psychometrika 65:23-28. NaN where there is none.

    >>> [round(detectable_correlation(n, 1000), 2) for n in (44, 106, 500)]
    [0.67, 0.46, 0.22]
    """
    needed = needed_correlation(n, tests, fdr, given)
    freedom = n - 3 - given
    if not np.isfinite(needed) or freedom < 1 or needed >= 1 - 1e-12:
        return float("nan")
    quantile = float(stats.norm.ppf(POWER))

    def short(rho: float) -> float:
        spread = np.sqrt((1 + rho**2 / 2) / freedom)
        return float(np.arctanh(rho) - quantile * spread - np.arctanh(needed))

    return float(optimize.brentq(short, needed, 1 - 1e-15))
