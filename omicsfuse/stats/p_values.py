"""P-values written, and p-values of permutations."""

import numpy as np


def p_text(p: float) -> str:
    """Write a p-value without its name: two digits, three decimals at most below 0.1."""
    if p is None or not np.isfinite(p):
        return ""
    if p < 0.001:
        return "< 0.001"
    return f"{p:.3f}" if p < 0.0995 else f"{p:.2f}"


def permutation_p(reached: int, drawn: int) -> float:
    """P of a statistic that ``reached`` of ``drawn`` and itself attain (Phipson and Smyth 2010)."""
    return (1 + int(reached)) / (1 + int(drawn))
