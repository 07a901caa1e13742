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


def permutation_p(reached: int, drawn: int) -> float:
    """P-value of a statistic that ``reached`` of ``drawn`` permutations attain.

    The statistic found counts as one of them, so that p is never 0. Source: Phipson and Smyth 2010,
    Stat Appl Genet Mol Biol 9:39.

    >>> permutation_p(4, 99)
    0.05
    """
    return (1 + int(reached)) / (1 + int(drawn))
