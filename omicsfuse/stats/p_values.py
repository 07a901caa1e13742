"""P-values written, and p-values of permutations."""

import numpy as np

from omicsfuse.stats.levels import SIGNIFICANCE


def p_text(p: float) -> str:
    """Write a p-value without its name: two digits, three decimals at most below 0.1.

    Just above the level of significance there are more: 0.0503 is not written as 0.050.
    """
    if p is None or not np.isfinite(p):
        return ""
    if p < 0.001:
        return "< 0.001"
    return on_its_side(p, SIGNIFICANCE, 3, at_most=True) if p < 0.0995 else f"{p:.2f}"


def on_its_side(value: float, threshold: float, digits: int = 2, *, at_most: bool = False) -> str:
    """Write a number with so many decimals, more where rounding would contradict a rule.

    The rule holds from the threshold on, or up to it (``at_most``): 0.498 is not written as 0.50
    where 0.5 is enough, nor 0.0503 as 0.050 where 0.05 is the most.
    """
    sign = -1 if at_most else 1
    for decimals in range(digits, digits + 6):
        text = f"{value:.{decimals}f}"
        if (sign * float(text) >= sign * threshold) == (sign * value >= sign * threshold):
            break
    return text


def permutation_p(reached: int, drawn: int) -> float:
    """P of a statistic that ``reached`` of ``drawn`` and itself attain (Phipson and Smyth 2010)."""
    return (1 + int(reached)) / (1 + int(drawn))
