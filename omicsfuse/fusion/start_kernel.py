"""Compiled inner loops from affinities to P and S, shared out over threads as in ``kernel``."""

from typing import Any

import numpy as np
from numba import njit

from omicsfuse.stats.compiled import compiled


@compiled
def rests(worker: int, workers: int, matrix: Any, rest: Any) -> None:
    """Sum of each row without its diagonal, correctly rounded, so that equal rows stay equal."""
    n = len(matrix)
    for i in range(worker, n, workers):
        total, lost = 0.0, 0.0
        for j in range(n):
            if j == i:
                continue
            value = np.float64(matrix[i, j])
            summed = total + value
            # Neumaier's compensated sum: what the larger of the two summands swallowed is kept.
            if abs(total) >= abs(value):
                lost += (total - summed) + value
            else:
                lost += (value - summed) + total
            total = summed
        rest[i] = total + lost


@njit(inline="always")
def _normalised(matrix: Any, divisor: Any, i: int, j: int) -> Any:
    """Entry of P: divided by its row's divisor and by its column's, and the mean of the two."""
    return (matrix[i, j] / divisor[i] + matrix[i, j] / divisor[j]) / 2


@compiled
def first_network(
    worker: int,
    workers: int,
    matrix: Any,
    divisor: Any,
    paper: bool,
    members: Any,
    bounds: Any,
    share: float,
    offsets: Any,
    tiles: Any,
) -> None:
    """P of a layer's own patients, in place among all, times ``share``; ``bounds`` of its tiles."""
    width = tiles.shape[1]
    for number in range(worker, len(offsets), workers):
        left = number * width
        base = offsets[number] - left
        first, last = bounds[number], bounds[number + 1]
        for i in range(first, len(members)):
            for j in range(first, last):
                value = _normalised(matrix, divisor, i, j) * share
                tiles[base + members[i], members[j] - left] = value
            if i < last:
                value = 0.5 if paper else _normalised(matrix, divisor, i, i)
                tiles[base + members[i], members[i] - left] = value


@compiled
def fill_unseen(
    worker: int,
    workers: int,
    layer: int,
    total: Any,
    has: Any,
    weights: Any,
    offsets: Any,
    tiles: Any,
) -> None:
    """Let pairs that a layer does not see start from the mean of the layers that do."""
    n_layers, n = has.shape
    width = tiles.shape[1]
    for number in range(worker, len(offsets), workers):
        left = number * width
        base = offsets[number] - left
        for i in range(left, n):
            for j in range(left, min(left + width, n)):
                if has[layer, i] and has[layer, j]:
                    continue
                weight = 0.0
                for other in range(n_layers):
                    if has[other, i] and has[other, j]:
                        weight += weights[other]
                if weight > 0:
                    tiles[base + i, j - left] = total[base + i, j - left] / weight


@compiled
def strongest(
    worker: int, workers: int, matrix: Any, divisor: Any, paper: bool, columns: Any, values: Any
) -> None:
    """The largest entries of each row of P, largest first; of equals the later comes first."""
    n = len(matrix)
    k = values.shape[1]
    for i in range(worker, n, workers):
        filled = 0
        for at in range(n):
            j = n - 1 - at
            value = 0.5 if paper and i == j else _normalised(matrix, divisor, i, j)
            if filled < k or value > values[i, k - 1]:
                place = min(filled, k - 1)
                while place > 0 and values[i, place - 1] < value:
                    values[i, place] = values[i, place - 1]
                    columns[i, place] = columns[i, place - 1]
                    place -= 1
                values[i, place] = value
                columns[i, place] = j
                filled = min(filled + 1, k)


@compiled
def count_at_least(
    worker: int, workers: int, matrix: Any, divisor: Any, cutoff: Any, starts: Any
) -> None:
    """How many entries of each row of P are not below its cutoff, one place further on."""
    n = len(matrix)
    for i in range(worker, n, workers):
        count = 0
        for j in range(n):
            count += _normalised(matrix, divisor, i, j) >= cutoff[i]
        starts[i + 1] = count


@compiled
def take_at_least(
    worker: int,
    workers: int,
    matrix: Any,
    divisor: Any,
    cutoff: Any,
    starts: Any,
    columns: Any,
    values: Any,
) -> None:
    """The entries of each row of P that are not below its cutoff, in order of position."""
    n = len(matrix)
    for i in range(worker, n, workers):
        at = starts[i]
        for j in range(n):
            value = _normalised(matrix, divisor, i, j)
            if value >= cutoff[i]:
                columns[at] = j
                values[at] = value
                at += 1
