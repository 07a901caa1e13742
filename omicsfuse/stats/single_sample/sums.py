"""Weighted sums over the genes of many sets at once, the same to the last bit whoever is beside."""

from typing import Any

import numpy as np
import numpy.typing as npt

from omicsfuse.stats.arrays import Array

#: Positions of genes.
Positions = npt.NDArray[np.integer[Any]]

#: Numbers that one step works on: few enough for a processor's cache.
_BLOCK = 400_000


def member_sums(values: Array, members: Positions, weights: Array) -> Array:
    """Sum the weighted values (p, n) of the members (r, m) of each of many sets: (r, n, k).

    Each sum is made gene by gene in the order of the members, by operations on whole rows and
    without BLAS: neither the other patients, nor the other sets, nor the number of threads can
    change a bit of it.

    >>> values = np.array([[1.0, 2.0], [10.0, 20.0], [100.0, 200.0]])
    >>> member_sums(values, np.array([[0, 2], [1, 2]]), np.array([[1.0], [-1.0]])).tolist()
    [[[-99.0], [-198.0]], [[-90.0], [-180.0]]]
    """
    (r, m), n, k = members.shape, values.shape[1], weights.shape[1]
    sums = np.zeros((k, r, n))
    step = max(1, _BLOCK // max(n, 1))
    for start in range(0, r, step):
        block = slice(start, start + step)
        for j in range(m):
            used = np.flatnonzero(weights[j])
            if not len(used):
                continue
            rows = values[members[block, j]]
            for column in used:
                # Multiplied and added apart: the result is that of plain arithmetic.
                weight = weights[j, column]
                sums[column, block] += rows if weight == 1 else weight * rows
    return np.moveaxis(sums, 0, 2)
