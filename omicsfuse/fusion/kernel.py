"""Compiled inner loops of the exact fusion, one function a step, shared out over threads.

S Q S' is done in two sweeps over tiles of ``TILE`` columns that stay in the processor's cache: T =
S Q, then one triangle of S T'. With the last layer of a tile each becomes the mean of the others,
so that no matrix is fetched more often than needed. One thread sums each number in a fixed order,
so results do not depend on their number; each writes only its share.
"""

from typing import Any

import numpy as np
from numba import njit

from omicsfuse.stats.compiled import compiled

#: Columns of a tile; a tile of 4,000 patients takes 2 MB.
TILE = 64
#: Side of the blocks in which mirrored entries are written.
BLOCK = 32
#: Side of the blocks that are transposed at once: a line of the processor's cache each way.
LINE = 8


@compiled
def means_of_others(
    worker: int,
    workers: int,
    weights: Any,
    factors: Any,
    n: int,
    offsets: Any,
    full: Any,
    total: Any,
    change: Any,
) -> None:
    """Sum the layers' P, and turn each P into Q, the mean of the others."""
    for number in range(worker, len(offsets), workers):
        base = offsets[number] - number * TILE
        _turn_tile(weights, factors, n, number, base, full, total, change)


@njit(nogil=True, fastmath={"contract"})
def _turn_tile(
    weights: Any,
    factors: Any,
    n: int,
    number: int,
    base: int,
    full: Any,
    total: Any,
    change: Any,
) -> None:
    """One tile of ``means_of_others``, with the squares of its change and of itself."""
    left = number * TILE
    width = min(TILE, n - left)
    layers = len(weights)
    differences, sizes = np.empty(TILE), np.empty(TILE)
    for c in range(TILE):
        differences[c] = sizes[c] = 0.0
    own = np.empty((layers, TILE), total.dtype)
    summed = np.empty(TILE, total.dtype)
    for row in range(base + left, base + n):
        for c in range(TILE):
            summed[c] = 0.0
        for v in range(layers):
            for c in range(TILE):
                own[v, c] = weights[v] * full[v, row, c]
                summed[c] += own[v, c]
        # A pair off the diagonal block is kept once and counts twice.
        twice = 1.0 if row < base + left + width else 2.0
        for c in range(TILE):
            step = summed[c] - total[row, c]
            differences[c] += twice * step * step
            sizes[c] += twice * summed[c] * summed[c]
            total[row, c] = summed[c]
        if layers == 1:
            # A single layer is diffused through itself.
            continue
        # The others are added up anew: their sum less a heavy layer would be rounding error.
        for v in range(layers):
            for c in range(TILE):
                summed[c] = 0.0
            for u in range(layers):
                if u != v:
                    for c in range(TILE):
                        summed[c] += own[u, c]
            for c in range(TILE):
                full[v, row, c] = summed[c] * factors[v]
    change[0, number] = change[1, number] = 0.0
    for c in range(width):
        change[0, number] += differences[c]
        change[1, number] += sizes[c]


@compiled
def spread(
    worker: int,
    workers: int,
    v: int,
    full: Any,
    n: int,
    offsets: Any,
    starts: Any,
    columns: Any,
    values: Any,
    by_column: Any,
    column_starts: Any,
    rows: Any,
    everyone: Any,
    incoming: Any,
    tile: Any,
    half: Any,
    reached: Any,
    back: Any,
) -> None:
    """T = S Q of a layer, tile by tile, and what the row sums of S Q S' are made of."""
    sums = np.empty((1, TILE), np.float64)
    start = starts[v]
    # A constant would have the function compiled once more for it.
    first = np.int64(0)
    for number in range(worker, len(offsets), workers):
        left = number * TILE
        right = min(left + TILE, n)
        _pack_symmetric(full[v], n, offsets, number, tile)
        base = number * n
        for i in range(n):
            _weighted_rows(tile, columns, values, start[i], start[i + 1], half, base + i)
        _weighted_rows(tile, everyone, incoming[v], first, n, sums, first)
        for c in range(right - left):
            reached[c + left] = sums[0, c]
        for order in range(column_starts[v, left], column_starts[v, right]):
            at = by_column[order]
            back[at] = values[at] * half[base + rows[at], columns[at] - left]


@compiled
def _pack_symmetric(matrix: Any, n: int, offsets: Any, number: int, tile: Any) -> None:
    """Pack a tile of a matrix of which the lower triangle is kept, in all its rows."""
    left = number * TILE
    block = np.empty((TILE, TILE), tile.dtype)
    # Rows above the tile are the columns of the tiles before it.
    for above in range(number):
        _transposed(matrix, offsets[above] + left - above * TILE, block, tile, above * TILE)
    base = offsets[number] - left
    for i in range(left, n):
        for c in range(TILE):
            tile[i, c] = matrix[base + i, c]


@compiled
def _weighted_rows(
    tile: Any, columns: Any, values: Any, start: int, stop: int, out: Any, row: int
) -> None:
    """Write the sum of some rows of a tile, each with its weight, into a row; five at a time."""
    for c in range(TILE):
        out[row, c] = 0.0
    fives = stop - (stop - start) % 5
    for at in range(start, fives, 5):
        # Unsigned positions spare the check for positions counted from the end.
        one, two = np.uint32(columns[at]), np.uint32(columns[at + 1])
        three, four = np.uint32(columns[at + 2]), np.uint32(columns[at + 3])
        five = np.uint32(columns[at + 4])
        w1, w2, w3 = values[at], values[at + 1], values[at + 2]
        w4, w5 = values[at + 3], values[at + 4]
        for c in range(TILE):
            first = w1 * tile[one, c] + w2 * tile[two, c] + w3 * tile[three, c]
            out[row, c] += first + w4 * tile[four, c] + w5 * tile[five, c]
    for at in range(fives, stop):
        last, w = np.uint32(columns[at]), values[at]
        for c in range(TILE):
            out[row, c] += w * tile[last, c]


@compiled
def row_scales(
    worker: int,
    workers: int,
    v: int,
    starts: Any,
    columns: Any,
    values: Any,
    reached: Any,
    back: Any,
    scale: Any,
) -> None:
    """1 / (4 r), r the row sums of S Q S' off its diagonal, from what ``spread`` left."""
    for i in range(worker, len(reached), workers):
        rest = 0.0
        for at in range(starts[v, i], starts[v, i + 1]):
            rest += values[at] * reached[columns[at]] - back[at]
        # A patient without any similarity to others keeps none, whatever rounding left over.
        scale[i] = 0.25 / rest if rest > 1e-13 else 0.25


@compiled
def gather(
    worker: int,
    workers: int,
    v: int,
    half: Any,
    n: int,
    offsets: Any,
    starts: Any,
    columns: Any,
    values: Any,
    scale: Any,
    paper: bool,
    raised: Any,
    tile: Any,
    full: Any,
    weights: Any,
    factors: Any,
    total: Any,
    change: Any,
) -> None:
    """P = S T' of a layer, its lower triangle; with the last layer, ``means_of_others``."""
    network, start = full[v], starts[v]
    for turn in range((len(offsets) + workers - 1) // workers):
        # Tiles get shorter from left to right: who has the longer one takes the shorter one next.
        number = turn * workers + (worker if turn % 2 == 0 else workers - 1 - worker)
        if number >= len(offsets):
            continue
        left = number * TILE
        width = min(TILE, n - left)
        base = offsets[number] - left
        _pack_transposed(half, n, left, tile)
        for i in range(left, n):
            _weighted_rows(tile, columns, values, start[i], start[i + 1], network, base + i)
            if paper:
                for c in range(TILE):
                    network[base + i, c] *= scale[i] + scale[left + c]
                if i < left + width:
                    network[base + i, i - left] = 0.5
            elif i < left + width:
                network[base + i, i - left] += raised[v, i]
        # Both triangles of the block on the diagonal were computed; rounding may tell them apart.
        for r in range(width):
            for c in range(r):
                network[base + left + c, r] = network[base + left + r, c]
        if v == len(full) - 1:
            _turn_tile(weights, factors, n, number, base, full, total, change)


@compiled
def _pack_transposed(half: Any, n: int, left: int, tile: Any) -> None:
    """Rows ``left`` to ``left + TILE`` of a matrix as the columns of a tile."""
    block = np.empty((TILE, TILE), tile.dtype)
    for number in range((n + TILE - 1) // TILE):
        _transposed(half, number * n + left, block, tile, number * TILE)


@njit(nogil=True)
def _transposed(matrix: Any, row: int, block: Any, tile: Any, top: int) -> None:
    """Write the square that starts at a row of a matrix into a tile, rows as columns.

    It is fetched as it lies in memory, and turned where it is at hand.
    """
    for r in range(TILE):
        for c in range(TILE):
            block[r, c] = matrix[row + r, c]
    for side in range(0, TILE, LINE):
        for begin in range(0, TILE, LINE):
            for c in range(LINE):
                for r in range(LINE):
                    tile[top + begin + r, side + c] = block[side + c, begin + r]


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
