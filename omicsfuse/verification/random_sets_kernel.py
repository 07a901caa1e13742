"""Compiled choice of random genes; imported only where random sets are drawn."""

from typing import Any

from omicsfuse.stats.compiled import compiled


@compiled
def take_free(neighbours: Any, gene: Any, wanted: Any, used: Any, sets: Any) -> None:
    """Put the ``wanted``-th free neighbour of ``gene`` (r,) into each set (r, m) and ``used``."""
    for i in range(len(gene)):
        left, candidate = wanted[i], -1
        for j in range(neighbours.shape[1]):
            candidate = neighbours[gene[i], j]
            if not used[i, candidate]:
                left -= 1
                if left == 0:
                    break
        used[i, candidate] = True
        sets[i, gene[i]] = candidate
