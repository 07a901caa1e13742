"""Fusion of patients who lack layers, entry by entry from its description: slow and plain.

The fast kernel is held against it. Nothing here is shared with the library, so that a mistake would
have to be made twice to go unseen.
"""

from collections.abc import Sequence
from math import fsum

import numpy as np

FEWEST_NEIGHBORS = 3


def neighbors_of_layer(n_neighbors: int, n_members: int, n: int) -> int:
    """K in proportion to the patients of the layer, at least 3 (or K), at most all others."""
    share = -(-n_neighbors * n_members // n)
    return min(max(min(FEWEST_NEIGHBORS, n_neighbors), share), n_members - 1)


def half_diagonal(w: np.ndarray) -> np.ndarray:
    """1/2 on the diagonal, off-diagonal entries divided by twice their row sum; symmetrised."""
    n = len(w)
    p = np.zeros((n, n))
    for i in range(n):
        # Correctly rounded, so that patients with equal values stay tied.
        rest = fsum(w[i, j] for j in range(n) if j != i)
        for j in range(n):
            p[i, j] = 0.5 if i == j else w[i, j] / (2 * rest)
    return (p + p.T) / 2


def unit_rows(w: np.ndarray) -> np.ndarray:
    """Rows divided by their sum; symmetrised."""
    p = w / w.sum(axis=1, keepdims=True)
    return (p + p.T) / 2


def strongest_neighbors(p: np.ndarray, k: int, keep_ties: bool) -> np.ndarray:
    """The k strongest entries of each row, scaled to sum to one."""
    n = len(p)
    kept = np.zeros((n, n))
    for i in range(n):
        if keep_ties:
            cutoff = np.percentile(p[i], 100 - 100 * k / n)
            chosen = [j for j in range(n) if p[i, j] >= cutoff]
        else:
            # Of equals, the later position wins.
            chosen = sorted(range(n), key=lambda j: (p[i, j], j), reverse=True)[:k]
        for j in chosen:
            kept[i, j] = p[i, j]
    return kept / kept.sum(axis=1, keepdims=True)


def partial_fusion(
    affinities: Sequence[np.ndarray],
    members: Sequence[np.ndarray],
    n: int,
    n_neighbors: int,
    n_iterations: int,
    variant: str,
    layer_weights: Sequence[float] | None = None,
) -> np.ndarray:
    """Fuse layers that cover different patients.

    ``affinities[v]`` holds the affinities of the patients ``members[v]`` (positions 0 to n - 1,
    rising), made with ``neighbors_of_layer`` neighbours.
    """
    m = len(affinities)
    weights = np.ones(m) if layer_weights is None else np.asarray(layer_weights, dtype=float)
    has = np.zeros((m, n), dtype=bool)
    for v in range(m):
        has[v, members[v]] = True

    # 1. Each layer on its own patients.
    own, start, diffuser = [], [], []
    for v in range(m):
        p = half_diagonal(affinities[v]) if variant == "paper" else unit_rows(affinities[v])
        k = neighbors_of_layer(n_neighbors, len(members[v]), n)
        s = strongest_neighbors(p, k, keep_ties=variant == "snfpy")
        wide_p, wide_s = np.zeros((n, n)), np.eye(n)
        wide_p[np.ix_(members[v], members[v])] = p
        wide_s[np.ix_(members[v], members[v])] = s
        own.append(wide_p)
        diffuser.append(wide_s)

    # 2. Each layer on all patients: a pair that it does not see starts from the layers that do.
    for v in range(m):
        p = np.zeros((n, n))
        for i in range(n):
            for j in range(n):
                seeing = [u for u in range(m) if has[u, i] and has[u, j]]
                if i == j:
                    told = [own[u][i, i] for u in seeing]
                else:
                    told = [own[u][i, j] * len(members[u]) / n for u in seeing]
                if v in seeing:
                    p[i, j] = told[seeing.index(v)]
                elif seeing:
                    w = weights[seeing]
                    p[i, j] = (w * told).sum() / w.sum()
        start.append(p)

    # 3. Diffusion, as with complete data.
    full = start
    for _ in range(n_iterations):
        updated = []
        for v in range(m):
            others = [u for u in range(m) if u != v] or [v]
            q = sum(weights[u] * full[u] for u in others) / sum(weights[u] for u in others)
            p = diffuser[v] @ q @ diffuser[v].T
            if variant == "paper":
                updated.append(half_diagonal(p))
            else:
                # A patient whom the layer does not see was not mixed with others: nothing to raise.
                updated.append((p + p.T) / 2 + np.diag(has[v].astype(float)))
        full = updated

    # 4. The mean of all layers.
    mean = sum(weights[v] * full[v] for v in range(m)) / weights.sum()
    if variant == "paper":
        return half_diagonal(mean)
    rows = mean / mean.sum(axis=1, keepdims=True)
    return (rows + rows.T + np.eye(n)) / 2


def evidence_on_patients(
    members: Sequence[np.ndarray], n: int, layer_weights: Sequence[float] | None = None
) -> np.ndarray:
    """Share of the layers, by weight, that each patient brought.

    Clustering multiplies each pair of the network with the evidence on both.
    """
    weights = [1.0] * len(members) if layer_weights is None else layer_weights
    return np.array(
        [
            sum(w for w, own in zip(weights, members, strict=True) if i in own) / sum(weights)
            for i in range(n)
        ]
    )
