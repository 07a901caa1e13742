"""Compiled loops of the sparse engine: row by row, each row by one thread in a fixed order.

Imported only when the sparse engine runs, because numba takes a second to load.
"""

import numpy as np

from omicsfuse.stats.compiled import compiled


@compiled
def strongest(
    positions: np.ndarray, values: np.ndarray, count: int, m: int, skip: int
) -> np.ndarray:
    """Places of the m largest of the first ``count`` values, ties to the earlier, by a heap."""
    heap = np.empty(m, np.int64)
    size = 0
    weakest = -np.inf
    for a in range(count):
        value = values[a]
        if size == m and value < weakest:
            continue
        if positions[a] == skip:
            continue
        if size < m:
            heap[size] = a
            child = size
            size += 1
            while child > 0:
                parent = (child - 1) // 2
                x, y = heap[child], heap[parent]
                if values[x] < values[y] or (
                    values[x] == values[y] and positions[x] > positions[y]
                ):
                    heap[child], heap[parent] = y, x
                    child = parent
                else:
                    break
        else:
            if value == weakest and positions[a] > positions[heap[0]]:
                continue
            heap[0] = a
            parent = 0
            while True:
                child = 2 * parent + 1
                if child >= size:
                    break
                x = heap[child]
                if child + 1 < size:
                    y = heap[child + 1]
                    if values[y] < values[x] or (
                        values[y] == values[x] and positions[y] > positions[x]
                    ):
                        child += 1
                        x = y
                y = heap[parent]
                if values[x] < values[y] or (
                    values[x] == values[y] and positions[x] > positions[y]
                ):
                    heap[parent], heap[child] = x, y
                    parent = child
                else:
                    break
        weakest = values[heap[0]]
    return heap[:size]


@compiled
def weighted_sum_rows(
    start: np.ndarray,
    column: np.ndarray,
    value: np.ndarray,
    weight: np.ndarray,
    m: int,
    out_column: np.ndarray,
    out_value: np.ndarray,
    out_count: np.ndarray,
) -> None:
    """Strongest entries of each row of a weighted sum of sparse matrices.

    ``start[u]`` points into the rows of matrix u, all matrices in one array.
    """
    n = start.shape[1] - 1
    total = np.zeros(n)
    seen = np.zeros(n, np.bool_)
    touched = np.empty(n, np.int32)
    touched_value = np.empty(n)
    for i in range(n):
        count = 0
        for u in range(len(weight)):
            if weight[u] == 0.0:
                continue
            for b in range(start[u, i], start[u, i + 1]):
                j = column[b]
                if not seen[j]:
                    seen[j] = True
                    touched[count] = j
                    count += 1
                total[j] += weight[u] * value[b]
        for a in range(count):
            touched_value[a] = total[touched[a]]
        kept = strongest(touched, touched_value, count, m, i)
        for a in range(len(kept)):
            out_column[i, a] = touched[kept[a]]
            out_value[i, a] = touched_value[kept[a]]
        out_count[i] = len(kept)
        for a in range(count):
            seen[touched[a]] = False
            total[touched[a]] = 0.0


@compiled
def diffuse_rows(
    s_start: np.ndarray,
    s_column: np.ndarray,
    s_value: np.ndarray,
    t_start: np.ndarray,
    t_column: np.ndarray,
    t_value: np.ndarray,
    q_start: np.ndarray,
    q_column: np.ndarray,
    q_value: np.ndarray,
    m: int,
    m_between: int,
    out_column: np.ndarray,
    out_value: np.ndarray,
    out_count: np.ndarray,
    out_diagonal: np.ndarray,
) -> None:
    """Rows of S Q S', the m strongest entries of each, ``m_between`` kept after S Q.

    ``s`` is S by rows and ``t`` is S by columns.
    """
    n = len(out_count)
    total = np.zeros(n)
    seen = np.zeros(n, np.bool_)
    touched = np.empty(n, np.int32)
    touched_value = np.empty(n)
    between = np.empty(m_between, np.int32)
    between_value = np.empty(m_between)
    for i in range(n):
        count = 0
        for a in range(s_start[i], s_start[i + 1]):
            k = s_column[a]
            weight = s_value[a]
            for b in range(q_start[k], q_start[k + 1]):
                j = q_column[b]
                if not seen[j]:
                    seen[j] = True
                    touched[count] = j
                    count += 1
                total[j] += weight * q_value[b]
        for a in range(count):
            touched_value[a] = total[touched[a]]
        kept = strongest(touched, touched_value, count, m_between, -1)
        n_between = len(kept)
        for a in range(n_between):
            between[a] = touched[kept[a]]
            between_value[a] = touched_value[kept[a]]
        for a in range(count):
            seen[touched[a]] = False
            total[touched[a]] = 0.0
        count = 0
        for a in range(n_between):
            k = between[a]
            weight = between_value[a]
            for b in range(t_start[k], t_start[k + 1]):
                j = t_column[b]
                if not seen[j]:
                    seen[j] = True
                    touched[count] = j
                    count += 1
                total[j] += weight * t_value[b]
        out_diagonal[i] = total[i]
        for a in range(count):
            j = touched[a]
            touched_value[a] = total[j]
            seen[j] = False
            total[j] = 0.0
        kept = strongest(touched, touched_value, count, m, i)
        positions = np.empty(len(kept), np.int64)
        for a in range(len(kept)):
            positions[a] = touched[kept[a]]
        order = np.argsort(positions)
        for a in range(len(kept)):
            out_column[i, a] = positions[order[a]]
            out_value[i, a] = touched_value[kept[order[a]]]
        out_count[i] = len(kept)


@compiled
def union_rows(
    a_start: np.ndarray,
    a_column: np.ndarray,
    a_value: np.ndarray,
    b_start: np.ndarray,
    b_column: np.ndarray,
    b_value: np.ndarray,
    start: np.ndarray,
    column: np.ndarray,
    value: np.ndarray,
) -> None:
    """Merge a matrix and its transpose: the mean where both have an entry, else the one there is.

    With empty ``column`` only the row starts are filled, which says how much room is needed.
    """
    fill = len(column) > 0
    place = 0
    start[0] = 0
    for i in range(len(start) - 1):
        a, b = a_start[i], b_start[i]
        while a < a_start[i + 1] or b < b_start[i + 1]:
            in_a = b >= b_start[i + 1] or (a < a_start[i + 1] and a_column[a] <= b_column[b])
            in_b = a >= a_start[i + 1] or (b < b_start[i + 1] and b_column[b] <= a_column[a])
            if fill:
                column[place] = a_column[a] if in_a else b_column[b]
                if in_a and in_b:
                    value[place] = (a_value[a] + b_value[b]) / 2
                else:
                    value[place] = a_value[a] if in_a else b_value[b]
            a += in_a
            b += in_b
            place += 1
        start[i + 1] = place


@compiled
def products_at(
    start: np.ndarray, column: np.ndarray, left: np.ndarray, right: np.ndarray, out: np.ndarray
) -> None:
    """Entries of left @ right.T at the stored places of a sparse matrix."""
    rank = left.shape[1]
    for i in range(len(start) - 1):
        for a in range(start[i], start[i + 1]):
            j = column[a]
            total = 0.0
            for c in range(rank):
                total += left[i, c] * right[j, c]
            out[a] = total


@compiled
def strongest_rows(
    start: np.ndarray,
    column: np.ndarray,
    value: np.ndarray,
    k: int,
    out_column: np.ndarray,
    out_value: np.ndarray,
    out_count: np.ndarray,
) -> None:
    """The k strongest entries of each row, ties to the later position, columns in order."""
    for i in range(len(start) - 1):
        first, last = start[i], start[i + 1]
        # Negated positions turn "earlier" into "later" among the tied.
        kept = strongest(-column[first:last], value[first:last], last - first, k, 1)
        positions = np.empty(len(kept), np.int64)
        for a in range(len(kept)):
            positions[a] = column[first + kept[a]]
        order = np.argsort(positions)
        for a in range(len(kept)):
            out_column[i, a] = positions[order[a]]
            out_value[i, a] = value[first + kept[order[a]]]
        out_count[i] = len(kept)


@compiled
def distances_at(table: np.ndarray, indices: np.ndarray, kind: int, out: np.ndarray) -> None:
    """Distances to given neighbours in double precision.

    ``kind``: 0 squared Euclidean, 1 one minus the product, 2 Manhattan, 3 Jaccard, 4 Hamming.
    """
    for i in range(indices.shape[0]):
        for a in range(indices.shape[1]):
            j = indices[i, a]
            first = 0.0
            second = 0.0
            if kind == 0:
                for c in range(table.shape[1]):
                    difference = np.float64(table[i, c]) - np.float64(table[j, c])
                    first += difference * difference
            elif kind == 1:
                for c in range(table.shape[1]):
                    first += np.float64(table[i, c]) * np.float64(table[j, c])
                first = max(1.0 - first, 0.0)
            elif kind == 2:
                for c in range(table.shape[1]):
                    first += abs(np.float64(table[i, c]) - np.float64(table[j, c]))
            elif kind == 3:
                for c in range(table.shape[1]):
                    first += min(table[i, c], table[j, c])
                    second += max(table[i, c], table[j, c])
                first = 1.0 - first / second if second > 0.0 else 0.0
            else:
                for c in range(table.shape[1]):
                    first += table[i, c] != table[j, c]
                first /= table.shape[1]
            out[i, a] = first
