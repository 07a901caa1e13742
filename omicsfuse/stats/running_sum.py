"""The running sum of gene sets along a ranking, whose largest excursion is the enrichment score.

It rises by ``|t| / sum of |t|`` at each gene of the set and falls by ``1 / (N - size)`` at every
other (Subramanian et al. 2005, PNAS 102:15545-15550, appendix).
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from omicsfuse.stats.arrays import Array

#: Places of genes in a ranking, from 0.
Places = npt.NDArray[np.integer[Any]]


def running_sums(statistic: Array, places: Places, start: Places) -> tuple[Array, Array]:
    """Running sums of many sets just before, and just after, each of their genes.

    ``statistic`` (N,): t of all ranked genes, decreasing; ``places``: those of the genes of all
    sets, set after set and ascending within each; ``start`` (s,): where each set starts. No set is
    empty or of all genes; where no gene of a set has any weight, all count alike.

    >>> t = np.array([5.0, 4, 3, 2, 1, -1, -2, -3, -4, -5])
    >>> before, after = running_sums(t, np.array([0, 1, 4]), np.array([0]))
    >>> before.round(3).tolist(), after.round(3).tolist()
    ([0.0, 0.5, 0.614], [0.5, 0.9, 0.714])
    """
    from omicsfuse.stats.running_sum_kernel import walk

    before, after = np.empty(len(places)), np.empty(len(places))
    weight = np.abs(np.ascontiguousarray(statistic, dtype=float))
    ends = np.append(start, len(places)).astype(np.int64)
    walk(weight, np.ascontiguousarray(places, dtype=np.int64), ends, before, after)
    return before, after


def enrichment_scores(statistic: Array, places: Places, start: Places) -> Array:
    """Largest excursion of the running sum of each set, from -1 to 1; as `running_sums`."""
    before, after = running_sums(statistic, places, start)
    highest, lowest = np.maximum.reduceat(after, start), np.minimum.reduceat(before, start)
    return np.where(highest >= -lowest, highest, lowest)
