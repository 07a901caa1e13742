"""Compiled sums over pairs of patients; imported only where a concordance is computed."""

from typing import Any

import numpy as np

from omicsfuse.stats.compiled import compiled


@compiled
def add_pairs(scores: Any, key: Any, counts: Any, weight: Any, won: Any, total: Any) -> None:
    """For each patient who counts, sum the weights of those with a larger key.

    ``scores`` (r, n), ``key`` and ``counts`` (n,), ``weight``, ``won`` and ``total`` (n, k).
    ``won`` gets those with a lower score and half of those with an equal one, as a mean over the
    repeats; ``total`` gets all. Patients are taken from the largest key down; a Fenwick tree over
    the ranks of the scores holds the weights of those taken: n log n steps do for n^2 pairs.
    """
    repeats, n = scores.shape
    columns = weight.shape[1]
    order = np.argsort(-key)
    rank = np.empty(n, np.int64)
    for repeat in range(repeats):
        by_score = np.argsort(scores[repeat])
        level = 0
        for place in range(n):
            i = by_score[place]
            if place == 0 or scores[repeat, i] != scores[repeat, by_score[place - 1]]:
                level += 1
            rank[i] = level
        tree = np.zeros((level + 1, columns))
        equal = np.zeros((level + 1, columns))
        taken = np.zeros(columns)
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
    won /= repeats
