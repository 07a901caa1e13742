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
    """Weighted sums (r, n, k) of values (p, n) of members (r, m) of many sets.

    Gene by gene on whole rows, without BLAS: nothing beside can change a bit of a patient's sum.
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
