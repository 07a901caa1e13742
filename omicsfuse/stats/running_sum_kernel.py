"""Compiled walk along a ranking; imported only where a gene set is scored."""

from typing import Any

from omicsfuse.stats.compiled import compiled


@compiled
def walk(weight: Any, places: Any, ends: Any, before: Any, after: Any) -> None:
    """Running sum before and after each gene: arguments as of ``running_sums``."""
    n = len(weight)
    for s in range(len(ends) - 1):
        start, size = ends[s], ends[s + 1] - ends[s]
        total = 0.0
        for m in range(size):
            total += weight[places[start + m]]
        hits = 0.0
        for m in range(size):
            place = places[start + m]
            missed = (place - m) / (n - size)
            if total > 0.0:
                before[start + m] = hits / total - missed
                hits += weight[place]
                after[start + m] = hits / total - missed
            else:
                before[start + m] = m / size - missed
                after[start + m] = (m + 1) / size - missed
