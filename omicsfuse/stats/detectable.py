"""What a family of tests can find: the correlation that is needed, and the one it will see."""

import numpy as np
from scipy import optimize, stats

from omicsfuse.stats.correlations import smallest_correlation
from omicsfuse.stats.levels import FDR, POWER


def needed_correlation(n: int, tests: int, fdr: float = FDR, given: int = 0) -> float:
    """Smallest correlation with p of ``fdr / tests``: found alone among tests of n patients."""
    if n - 3 - given < 1 or tests < 1:
        return float("nan")
    return smallest_correlation(fdr / tests, n, given)


def detectable_correlation(n: int, tests: int, fdr: float = FDR, given: int = 0) -> float:
    """Smallest correlation that reaches `needed_correlation` with a power of 80%, or NaN.

    Fisher's transformation, variance of Bonett and Wright 2000, Psychometrika 65:23-28.
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
