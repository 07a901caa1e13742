"""Compiled inner loop of restricted mean survival times and their permutations.

Imported only when survival is compared.
"""

from typing import Any

import numpy as np

from omicsfuse.stats.compiled import compiled


@compiled
def restricted_mean(time: Any, event: Any, inside: Any, tau: float) -> tuple[float, float]:
    """Area under the Kaplan-Meier curve up to ``tau`` and its variance; times ascending."""
    n = len(time)
    at_risk = 0
    for i in range(n):
        if inside[i]:
            at_risk += 1
    starts, survivals, factors = np.empty(n), np.empty(n), np.empty(n)
    steps, survival, i = 0, 1.0, 0
    area, previous = 0.0, 0.0
    while i < n and time[i] <= tau:
        now = time[i]
        deaths, leaving = 0, 0
        while i < n and time[i] == now:
            if inside[i]:
                leaving += 1
                if event[i]:
                    deaths += 1
            i += 1
        if deaths > 0:
            area += survival * (now - previous)
            previous = now
            survival *= 1.0 - deaths / at_risk
            starts[steps], survivals[steps] = now, survival
            left = at_risk - deaths
            factors[steps] = deaths / (at_risk * left) if left > 0 else 0.0
            steps += 1
        at_risk -= leaving
    area += survival * (tau - previous)
    variance, rest, until = 0.0, 0.0, tau
    for j in range(steps - 1, -1, -1):
        rest += survivals[j] * (until - starts[j])
        until = starts[j]
        variance += rest * rest * factors[j]
    return area, variance


@compiled
def count_extreme_differences(
    time: Any, event: Any, codes: Any, tau: float, threshold: float, n: int, seed: int
) -> int:
    """Shuffles of two groups (codes 0 and 1) whose studentised difference reaches a threshold."""
    np.random.seed(seed)  # noqa: NPY002 - numba's own generator, seeded for each block
    shuffled = codes.copy()
    extreme = 0
    for _ in range(n):
        np.random.shuffle(shuffled)  # noqa: NPY002
        first, first_variance = restricted_mean(time, event, shuffled == 0, tau)
        second, second_variance = restricted_mean(time, event, shuffled == 1, tau)
        variance = first_variance + second_variance
        difference = second - first
        if variance <= 0.0:
            extreme += 1 if difference != 0.0 or threshold <= 0.0 else 0
        elif difference * difference / variance >= threshold:
            extreme += 1
    return extreme
