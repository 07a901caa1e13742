"""Compiled sums over pairs of patients; imported only where a concordance is computed."""

from typing import Any

import numpy as np

from omicsfuse.stats.compiled import compiled


@compiled
def add_pairs(
    ranks: Any, order: Any, key: Any, counts: Any, weight: Any, won: Any, total: Any
) -> None:
    """For each patient who counts, sum the weights (n, k) of those with a larger key.

    ``won`` gets those of lower rank and half of those of equal one, mean over repeats, ``total``
    all: n log n steps by a Fenwick tree over ``ranks`` (r, n), ``order`` (n,) from the largest key.
    """
    repeats, n = ranks.shape
    columns = weight.shape[1]
    tree, equal = np.empty((n + 1, columns)), np.empty((n + 1, columns))
    taken = np.empty(columns)
    for repeat in range(repeats):
        rank = ranks[repeat]
        level = 0
        for i in range(n):
            level = max(level, rank[i])
        for k in range(columns):
            taken[k] = 0.0
            for node in range(level + 1):
                tree[node, k] = equal[node, k] = 0.0
        start = 0
        while start < n:
            stop = start
            while stop < n and key[order[stop]] == key[order[start]]:
                stop += 1
            for place in range(start, stop):
                i = order[place]
                if not counts[i]:
                    continue
                for k in range(columns):
                    won[i, k] += 0.5 * equal[rank[i], k]
                    if repeat == 0:
                        total[i, k] = taken[k]
                node = rank[i] - 1
                while node > 0:
                    for k in range(columns):
                        won[i, k] += tree[node, k]
                    node -= node & -node
            for place in range(start, stop):
                i = order[place]
                for k in range(columns):
                    equal[rank[i], k] += weight[i, k]
                    taken[k] += weight[i, k]
                node = rank[i]
                while node <= level:
                    for k in range(columns):
                        tree[node, k] += weight[i, k]
                    node += node & -node
            start = stop
    for i in range(n):
        for k in range(columns):
            won[i, k] /= repeats
