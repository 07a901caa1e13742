"""P-values written, and p-values of permutations."""

import numpy as np


def p_text(p: float) -> str:
    """Write a p-value without its name: two digits, three decimals at most below 0.1.

    >>> [p_text(value) for value in (0.00009, 0.0042, 0.0496, 0.25, 0.999)]
    ['< 0.001', '0.004', '0.050', '0.25', '1.00']
    """
    if p is None or not np.isfinite(p):
        return ""
    if p < 0.001:
        return "< 0.001"
    return f"{p:.3f}" if p < 0.0995 else f"{p:.2f}"
