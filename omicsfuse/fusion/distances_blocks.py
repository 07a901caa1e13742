"""Square tables of distances, made tile by tile: the arithmetic behind ``patient_distances``.

A tile is all pairs of two runs of patients. Tiles are the same whatever the number of threads, and
each is computed on one, so that a table has the same bytes for any number of threads.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy.spatial.distance import cdist

from omicsfuse.stats.one_thread import one_thread

#: Patients on each side of a tile: large enough for a fast matrix product, small enough for caches.
TILE = 256

#: Squared distances below this share of the squared lengths are computed again from differences:
#: subtracting nearly equal numbers of length 1 leaves errors of about 1e-15, 1e-12 of this.
_NEAR = 1e-3

#: Share of a tile's values above which the whole tile is computed again, which is then faster.
_MANY_NEAR = 0.02

#: Whole numbers up to this sum are exact in float32, and in float64.
_EXACT_32 = 2**24
_EXACT_64 = 2**53

Pairs = Callable[[slice, slice], np.ndarray]


def by_tiles(n: int, pairs: Pairs, n_jobs: int = 1) -> np.ndarray:
    """Fill a symmetric table (n, n) of distances from a function of two runs of patients."""
    table = np.empty((n, n))
    runs = [slice(start, min(start + TILE, n)) for start in range(0, n, TILE)]

    def fill(rows: slice, columns: slice) -> None:
        # The caller refuses what overflows; threads do not inherit how warnings are treated.
        with np.errstate(over="ignore", invalid="ignore"):
            tile = pairs(rows, columns)
        if rows == columns:
            # A matrix product need not be symmetric to the last bit.
            lower = np.tril(tile, -1)
            tile = lower + lower.T
        else:
            table[columns, rows] = tile.T
        table[rows, columns] = tile

    tiles = [(rows, columns) for i, rows in enumerate(runs) for columns in runs[: i + 1]]
    # The products run on one thread each: their last bits must not depend on how many there are.
    with one_thread():
        if n_jobs == 1 or len(tiles) == 1:
            for tile in tiles:
                fill(*tile)
        else:
            with ThreadPoolExecutor(n_jobs) as pool:
                list(pool.map(lambda tile: fill(*tile), tiles))
    return table


def squared_euclidean(table: np.ndarray, n_jobs: int = 1, *, root: bool = False) -> np.ndarray:
    """Squared differences summed (n, n) of all pairs of rows (n, p), by matrix products.

    ``|x|^2 + |y|^2 - 2 x.y`` of centred columns loses digits for close pairs, which are computed
    again: a relative error of 1e-12 at most. Whole numbers are exact, so that ties stay ties.
    """
    exact = _whole(table) and 4 * np.square(table).sum(axis=1).max() < _EXACT_64
    rows = table if exact else table - table.mean(axis=0)
    length = np.einsum("ij,ij->i", rows, rows)

    def pairs(i: slice, j: slice) -> np.ndarray:
        tile = rows[i] @ rows[j].T
        tile *= -2.0
        both = length[i, None] + length[None, j]
        tile += both
        if not exact:
            both *= _NEAR
            near = tile < both
            if i == j:
                np.fill_diagonal(near, False)
            _again(tile, near, table[i], table[j])
        # On the diagonal rounding may leave less than nothing.
        np.maximum(tile, 0.0, out=tile)
        return np.sqrt(tile, out=tile) if root else tile

    return by_tiles(len(table), pairs, n_jobs)


def _again(tile: np.ndarray, near: np.ndarray, left: np.ndarray, right: np.ndarray) -> None:
    """Replace the marked values of a tile by sums of squared differences."""
    a, b = np.nonzero(near)
    if len(a) > _MANY_NEAR * near.size:
        tile[:] = cdist(left, right, "sqeuclidean")
        return
    step = max(1, 2**18 // left.shape[1])
    for start in range(0, len(a), step):
        part = slice(start, start + step)
        difference = left[a[part]] - right[b[part]]
        tile[a[part], b[part]] = np.einsum("ij,ij->i", difference, difference)


def angles(table: np.ndarray, n_jobs: int = 1) -> np.ndarray:
    """One minus the cosine between all pairs of rows, none all zero: exact ties stay ties."""
    squares = np.square(table).sum(axis=1)
    if _whole(table) and squares.max() ** 2 < _EXACT_64:

        def pairs(i: slice, j: slice) -> np.ndarray:
            tile = table[i] @ table[j].T
            tile /= np.sqrt(squares[i, None] * squares[None, j])
            return np.clip(1.0 - tile, 0.0, 2.0)

        return by_tiles(len(table), pairs, n_jobs)
    # Dividing by the largest entry first keeps squares from overflowing.
    unit = table / np.abs(table).max(axis=1, keepdims=True)
    unit /= np.sqrt(np.einsum("ij,ij->i", unit, unit))[:, None]
    half = squared_euclidean(unit, n_jobs)
    half /= 2.0
    return np.minimum(half, 2.0, out=half)


def manhattan(table: np.ndarray, n_jobs: int = 1) -> np.ndarray:
    """Sum of absolute differences of all pairs of rows; few whole levels by one exact product."""
    steps = _steps(table)
    if steps is not None:
        return _mismatches(steps, n_jobs)
    return by_tiles(len(table), lambda i, j: cdist(table[i], table[j], "cityblock"), n_jobs)


def hamming(table: np.ndarray, n_jobs: int = 1) -> np.ndarray:
    """Share of features that differ, for all pairs of rows."""
    low, high = table.min(axis=0), table.max(axis=0)
    if ((table == low) | (table == high)).all():
        upper = ((table == high) & (high > low)).astype(np.float32)
        if upper.shape[1] < _EXACT_32 // 4:
            differ = _mismatches(upper, n_jobs)
            differ /= table.shape[1]
            return differ
    return by_tiles(len(table), lambda i, j: cdist(table[i], table[j], "hamming"), n_jobs)


def jaccard(table: np.ndarray, n_jobs: int = 1) -> np.ndarray:
    """Share of the features (not 0) of either row that are not of both; 0 where there is none."""
    dtype = np.float32 if table.shape[1] < _EXACT_32 // 4 else np.float64
    present = (table != 0).astype(dtype)
    count = present.sum(axis=1, dtype=np.float64)

    def pairs(i: slice, j: slice) -> np.ndarray:
        shared = (present[i] @ present[j].T).astype(np.float64)
        either = count[i, None] + count[None, j] - shared
        return (either - shared) / np.where(either > 0, either, 1.0)

    return by_tiles(len(table), pairs, n_jobs)


def _mismatches(codes: np.ndarray, n_jobs: int) -> np.ndarray:
    """Number of 0/1 codes that differ between rows."""
    count = codes.sum(axis=1, dtype=np.float64)

    def pairs(i: slice, j: slice) -> np.ndarray:
        tile = (codes[i] @ codes[j].T).astype(np.float64)
        tile *= -2.0
        tile += count[i, None]
        tile += count[None, j]
        return tile

    return by_tiles(len(codes), pairs, n_jobs)


def _steps(table: np.ndarray) -> np.ndarray | None:
    """Code levels by the steps they have reached; None where there are too many or no levels."""
    if not _whole(table):
        return None
    low, high = table.min(axis=0), table.max(axis=0)
    most = (high - low).max(initial=0.0)
    # Beyond a handful of levels the product costs more than the differences.
    if not 1 <= most <= 8 or most * table.shape[1] >= _EXACT_32 // 4:
        return None
    reached = [
        (table[:, high > low + step] > (low + step)[high > low + step]).astype(np.float32)
        for step in range(int(most))
    ]
    return np.ascontiguousarray(np.concatenate(reached, axis=1))


def _whole(table: np.ndarray) -> bool:
    """Whether all values are whole numbers; the first rows tell most tables apart."""
    return bool((table[:4] == np.rint(table[:4])).all()) and bool((table == np.rint(table)).all())
