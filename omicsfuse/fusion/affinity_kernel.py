"""Compiled inner loops from distances to affinities, shared out over threads as in ``kernel``."""

from math import pi, sqrt
from typing import Any

import numpy as np

from omicsfuse.stats.compiled import compiled

#: Side of the blocks in which mirrored entries are read and written.
BLOCK = 32

_EPSILON = float(np.finfo(np.float64).eps)


@compiled
def inspect(worker: int, workers: int, matrix: Any, summaries: Any) -> None:
    """Whether rows are finite, whether they are their columns, and the smallest entry."""
    n = len(matrix)
    finite, symmetric, lowest = True, True, np.inf
    for top in range(worker * BLOCK, n, workers * BLOCK):
        for left in range(0, top + 1, BLOCK):
            for i in range(top, min(top + BLOCK, n)):
                for j in range(left, min(left + BLOCK, n)):
                    above, below = matrix[i, j], matrix[j, i]
                    finite = finite and np.isfinite(above) and np.isfinite(below)
                    symmetric = symmetric and above == below
                    lowest = min(lowest, above, below)
    summaries[worker, 0], summaries[worker, 1], summaries[worker, 2] = finite, symmetric, lowest


@compiled
def nearest_mean(worker: int, workers: int, distances: Any, k: int, means: Any) -> None:
    """Mean distance of each patient to the k nearest others."""
    n = len(distances)
    best = np.empty(k + 1, np.float64)
    for i in range(worker, n, workers):
        filled = 0
        worst = np.inf
        for j in range(n):
            value = distances[i, j] if i != j else 0.0
            if filled <= k or value < worst:
                at = min(filled, k)
                while at > 0 and best[at - 1] > value:
                    best[at] = best[at - 1]
                    at -= 1
                best[at] = value
                filled = min(filled + 1, k + 1)
                if filled == k + 1:
                    worst = best[k]
        total = 0.0
        # The smallest is the patient itself, at distance 0.
        for at in range(1, k + 1):
            total += best[at]
        means[i] = total / k


@compiled
def exponents(distances: Any, local: Any, mu: float, top: int, bottom: int, room: Any) -> None:
    """Exponents of the normal densities of some rows, left of and on the diagonal."""
    for r in range(bottom - top):
        i = top + r
        for j in range(bottom):
            relative = distances[i, j] / (
                mu * ((local[i] + local[j] + distances[i, j]) / 3 + _EPSILON)
            )
            room[r, j] = -0.5 * relative * relative


@compiled
def densities(
    distances: Any, local: Any, mu: float, top: int, bottom: int, powers: Any, affinity: Any
) -> None:
    """Normal densities from their powers of e, written into both triangles."""
    root = sqrt(2 * pi)
    for left in range(0, bottom, BLOCK):
        right = min(left + BLOCK, bottom)
        for i in range(top, bottom):
            for j in range(left, min(right, i + 1)):
                distance = distances[i, j] if i != j else 0.0
                power = powers[i - top, j] if i != j else 1.0
                scale = mu * ((local[i] + local[j] + distance) / 3 + _EPSILON)
                affinity[i, j] = power / (root * scale)
        for j in range(left, right):
            for i in range(max(top, j), bottom):
                affinity[j, i] = affinity[i, j]
