"""Compiled inner loops of the exact fusion, one function a step, shared out over threads.

The product S Q S' is done in two sweeps, each over tiles of ``TILE`` columns that are packed side
by side so that they stay in the processor's cache while every patient's few neighbours are read
from them: T = S Q, then S T', of which only one triangle is computed, as the product is symmetric.
Each number is summed by one thread in a fixed order, so results do not depend on how many threads
there are. This module alone imports numba, and is itself imported only when something is fused.

Functions that take the number of a thread and how many there are write only to that thread's share
of the rows, blocks or tiles.
"""

from collections.abc import Callable
from math import exp, pi, sqrt
from typing import Any

import numpy as np
from numba import njit

#: Columns of a tile; a tile of 4,000 patients takes 2 MB.
TILE = 64
#: Side of the blocks in which mirrored entries are written.
BLOCK = 32
#: Side of the blocks that are transposed at once: a line of the processor's cache each way.
LINE = 8

_EPSILON = float(np.finfo(np.float64).eps)


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function once for each machine; where no cache can be written, in each process."""
    # Fused multiply-add is the only liberty taken: it rounds once where two steps round twice.
    options: dict[str, Any] = {"nogil": True, "fastmath": {"contract"}}
    try:
        return njit(cache=True, **options)(function)
    except RuntimeError:
        return njit(**options)(function)


@compiled
def inspect(matrix: Any) -> tuple[bool, bool, float]:
    """Whether all entries are finite, whether the matrix is symmetric, and the smallest entry."""
    n = len(matrix)
    finite, symmetric, lowest = True, True, np.inf
    for top in range(0, n, BLOCK):
        for left in range(0, top + 1, BLOCK):
            for i in range(top, min(top + BLOCK, n)):
                for j in range(left, min(left + BLOCK, i + 1)):
                    one, other = matrix[i, j], matrix[j, i]
                    finite = finite and np.isfinite(one) and np.isfinite(other)
                    symmetric = symmetric and one == other
                    lowest = min(lowest, one, other)
    return finite, symmetric, lowest


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
def density(
    worker: int, workers: int, distances: Any, local: Any, mu: float, affinity: Any
) -> None:
    """Normal density of each distance, as wide as the neighbourhoods of both patients."""
    n = len(distances)
    root = sqrt(2 * pi)
    for top in range(worker * BLOCK, n, workers * BLOCK):
        for left in range(0, top + 1, BLOCK):
            for i in range(top, min(top + BLOCK, n)):
                for j in range(left, min(left + BLOCK, i + 1)):
                    distance = distances[i, j] if i != j else 0.0
                    sigma = (local[i] + local[j] + distance) / 3 + _EPSILON
                    scale = mu * sigma
                    relative = distance / scale
                    value = exp(-0.5 * relative * relative) / (root * scale)
                    affinity[i, j] = value
                    affinity[j, i] = value


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
    share: float,
    offsets: Any,
    n: int,
    tiles: Any,
) -> None:
    """P of a layer's own patients, each put in its place among all patients.

    Entries between two patients are multiplied with ``share``, the layer's share of the patients.
    """
    for number in range(worker, len(offsets), workers):
        left = number * TILE
        base = offsets[number] - left
        first = np.searchsorted(members, left)
        last = np.searchsorted(members, min(left + TILE, n))
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
    for number in range(worker, len(offsets), workers):
        left = number * TILE
        base = offsets[number] - left
        for i in range(left, n):
            for j in range(left, min(left + TILE, n)):
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


@compiled
def pack_mean_of_others(
    total: Any, own: Any, weight: float, factor: float, n: int, offsets: Any, number: int, tile: Any
) -> None:
    """Pack a tile of Q, the mean of the other layers: their sum less the layer itself."""
    left = number * TILE
    # Rows above the tile are the columns of the tiles before it.
    for above in range(number):
        base = offsets[above] - above * TILE + left
        top = above * TILE
        for side in range(0, TILE, LINE):
            for begin in range(0, TILE, LINE):
                for c in range(LINE):
                    for r in range(LINE):
                        mean = total[base + side + c, begin + r]
                        mean = (mean - weight * own[base + side + c, begin + r]) * factor
                        tile[top + begin + r, side + c] = mean
    base = offsets[number] - left
    for i in range(left, n):
        for c in range(TILE):
            tile[i, c] = (total[base + i, c] - weight * own[base + i, c]) * factor


@compiled
def spread(
    worker: int,
    workers: int,
    total: Any,
    own: Any,
    weight: float,
    factor: float,
    n: int,
    offsets: Any,
    starts: Any,
    columns: Any,
    values: Any,
    incoming: Any,
    tile: Any,
    half: Any,
    rest_parts: Any,
) -> None:
    """T = S Q, tile by tile, and each tile's part of the row sums of S Q S' off its diagonal."""
    sums = np.empty(TILE, half.dtype)
    reached = starts[:-1].copy()
    for number in range(worker, len(offsets), workers):
        left = number * TILE
        right = min(left + TILE, n)
        pack_mean_of_others(total, own, weight, factor, n, offsets, number, tile)
        for i in range(n):
            _weighted_rows(tile, columns, values, starts[i], starts[i + 1], sums)
            part = _dot(sums, incoming, left)
            at = reached[i]
            while at < starts[i + 1] and columns[at] < right:
                if columns[at] >= left:
                    part -= values[at] * sums[columns[at] - left]
                at += 1
            reached[i] = at
            rest_parts[number, i] = part
            for c in range(TILE):
                half[number * n + i, c] = sums[c]


@njit(inline="always", fastmath={"contract"})
def _weighted_rows(tile: Any, columns: Any, values: Any, start: int, stop: int, sums: Any) -> None:
    """Sum of some rows of a tile, each with its weight; four rows at a time."""
    for c in range(TILE):
        sums[c] = 0.0
    whole = stop - (stop - start) % 4
    for at in range(start, whole, 4):
        # Unsigned positions spare the check for positions counted from the end.
        one, two = np.uint32(columns[at]), np.uint32(columns[at + 1])
        three, four = np.uint32(columns[at + 2]), np.uint32(columns[at + 3])
        a, b, d, e = values[at], values[at + 1], values[at + 2], values[at + 3]
        for c in range(TILE):
            sums[c] += a * tile[one, c] + b * tile[two, c] + d * tile[three, c] + e * tile[four, c]
    for at in range(whole, stop):
        last, f = np.uint32(columns[at]), values[at]
        for c in range(TILE):
            sums[c] += f * tile[last, c]


@njit(nogil=True, fastmath={"contract", "reassoc"})
def _dot(sums: Any, incoming: Any, left: int) -> Any:
    """Product of a tile's row with the column sums of S."""
    total = 0.0
    for c in range(TILE):
        total += sums[c] * incoming[left + c]
    return total


@compiled
def row_scales(worker: int, workers: int, rest_parts: Any, scale: Any) -> None:
    """1 / (4 r), r the row sums of S Q S' off its diagonal."""
    n = rest_parts.shape[1]
    for i in range(worker, n, workers):
        rest = 0.0
        for number in range(len(rest_parts)):
            rest += rest_parts[number, i]
        # A patient without any similarity to others keeps none, whatever rounding left over.
        scale[i] = 0.25 / rest if rest > 1e-13 else 0.25


@compiled
def gather(
    worker: int,
    workers: int,
    half: Any,
    n: int,
    offsets: Any,
    starts: Any,
    columns: Any,
    values: Any,
    scale: Any,
    paper: bool,
    raised: Any,
    weight: float,
    first: bool,
    tile: Any,
    own: Any,
    total: Any,
) -> None:
    """P = S T', its lower triangle, added with the layer's weight to the next sum.

    In variant "paper" it is scaled and has 1/2 on its diagonal; in variant "snfpy" ``raised`` is
    added to the diagonal.
    """
    sums = np.empty(TILE, half.dtype)
    for number in range(worker, len(offsets), workers):
        left = number * TILE
        width = min(TILE, n - left)
        base = offsets[number] - left
        _pack_transposed(half, n, left, width, tile)
        for i in range(left, n):
            _weighted_rows(tile, columns, values, starts[i], starts[i + 1], sums)
            if paper:
                for c in range(TILE):
                    own[base + i, c] = sums[c] * (scale[i] + scale[left + c])
                if i < left + width:
                    own[base + i, i - left] = 0.5
            else:
                for c in range(TILE):
                    own[base + i, c] = sums[c]
                if i < left + width:
                    own[base + i, i - left] += raised[i]
        # Both triangles of the block on the diagonal were computed; rounding may tell them apart.
        for r in range(width):
            for c in range(r):
                own[base + left + c, r] = own[base + left + r, c]
        for i in range(left, n):
            if first:
                for c in range(TILE):
                    total[base + i, c] = weight * own[base + i, c]
            else:
                for c in range(TILE):
                    total[base + i, c] += weight * own[base + i, c]


@compiled
def _pack_transposed(half: Any, n: int, left: int, width: int, tile: Any) -> None:
    """Rows ``left`` to ``left + width`` of a matrix as the columns of a tile."""
    for number in range((n + TILE - 1) // TILE):
        base = number * n + left
        top = number * TILE
        for side in range(0, TILE, LINE):
            for begin in range(0, TILE, LINE):
                for c in range(LINE):
                    for r in range(LINE):
                        tile[top + begin + r, side + c] = half[base + side + c, begin + r]


@compiled
def squared_change(
    worker: int, workers: int, new: Any, old: Any, n: int, offsets: Any, parts: Any
) -> None:
    """Sums of squares of the difference and of the new matrix, tile by tile."""
    for number in range(worker, len(offsets), workers):
        left = number * TILE
        width = min(TILE, n - left)
        base = offsets[number] - left
        difference, size = 0.0, 0.0
        for i in range(left, n):
            # A pair off the diagonal block is kept once and counts twice.
            twice = 1.0 if i < left + width else 2.0
            for c in range(width):
                step = new[base + i, c] - old[base + i, c]
                difference += twice * step * step
                size += twice * new[base + i, c] * new[base + i, c]
        parts[0, number] = difference
        parts[1, number] = size


@compiled
def untile(worker: int, workers: int, tiles: Any, offsets: Any, matrix: Any) -> None:
    """Write a matrix out of its tiles, both triangles."""
    n = len(matrix)
    for number in range(worker, len(offsets), workers):
        left = number * TILE
        width = min(TILE, n - left)
        base = offsets[number] - left
        for top in range(left, n, BLOCK):
            for i in range(top, min(top + BLOCK, n)):
                for c in range(width):
                    matrix[i, left + c] = tiles[base + i, c]
            for c in range(width):
                for i in range(top, min(top + BLOCK, n)):
                    matrix[left + c, i] = tiles[base + i, c]


@compiled
def rescale(worker: int, workers: int, matrix: Any, scale: Any, diagonal: float) -> None:
    """Multiply each entry with the sum of its row's and its column's scale; raise the diagonal."""
    n = len(matrix)
    for i in range(worker, n, workers):
        for j in range(n):
            value = matrix[i, j] * (scale[i] + scale[j])
            if i == j:
                value += diagonal
            matrix[i, j] = value
