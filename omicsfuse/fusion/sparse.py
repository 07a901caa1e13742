"""Similarity network fusion of large cohorts, in time near-linear in the number of patients."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy import sparse

from omicsfuse.core.checks.arguments import positive_number, seed, whole_number
from omicsfuse.core.errors import StudyError
from omicsfuse.fusion.affinity import layer_neighbors, usable_neighbors
from omicsfuse.fusion.exact import check_settings
from omicsfuse.fusion.neighbors import EXACT_BELOW, checked_metric
from omicsfuse.fusion.sparse_network import (
    NetworkOperator,
    SplitNetwork,
    from_rows,
    reordered,
    symmetrised,
)
from omicsfuse.fusion.sparse_order import similar_first
from omicsfuse.fusion.sparse_start import StartSettings, extended, layer_network, normalised
from omicsfuse.stats.one_thread import one_thread

#: Layers that can be fused: who brought which is held in the bits of a number.
_MOST_LAYERS = 16

#: Vectors of random signs by which the change of an iteration is estimated.
_PROBES = 16


@dataclass(frozen=True, eq=False)
class SparseFusion:
    """The fused network (n, n) of a large cohort: kept pairs, and ``smooth``, which is the whole.

    ``per_layer`` (n_v, n_v) is each layer before fusion; ``changes`` (n_iterations,) of the sum
    over layers, by Frobenius norm, are estimated from random vectors.
    """

    network: sparse.csr_array
    smooth: NetworkOperator
    per_layer: list[sparse.csr_array]
    changes: np.ndarray
    params: dict[str, Any] = field(default_factory=dict)


def fuse_sparse(
    tables: Sequence[np.ndarray],
    members: Sequence[np.ndarray],
    n: int,
    metrics: Sequence[str],
    *,
    n_neighbors: int = 20,
    n_kept: int = 60,
    mu: float = 0.5,
    n_iterations: int = 20,
    variant: str = "paper",
    layer_weights: Sequence[float] | None = None,
    rank: int = 30,
    n_landmarks: int = 1000,
    exact_below: int = EXACT_BELOW,
    random_state: int = 0,
    n_threads: int = 1,
) -> SparseFusion:
    """Fuse layers by similarity network fusion without any patients x patients matrix.

    As ``fuse_affinities``, with each P in two parts: its ``n_kept`` strongest pairs a patient, and
    a smooth rest B C B' of low rank, fitted to affinities to a sample of patients. Most of the
    weight of many features lies in that rest; S of truncated rows would diffuse far more. Both
    parts are diffused, and what is dropped goes into the rest. Missing layers are treated as in
    `fuse_networks`.
    """
    n = whole_number(n, "n", 3)
    rows = _checked_layers(tables, members, n, metrics)
    check_settings(n_iterations, variant)
    k = usable_neighbors(n_neighbors, n)
    n_kept = whole_number(n_kept, "n_kept")
    if n_kept < k:
        raise StudyError(
            f"n_kept is {n_kept}, fewer than the {k} neighbours; keep at least this number, "
            "and three times it for networks close to the exact engine."
        )
    weights = _checked_weights(layer_weights, len(tables))
    start = StartSettings(
        n_kept=n_kept,
        mu=positive_number(mu, "mu"),
        variant=variant,
        rank=whole_number(rank, "rank", 0),
        n_landmarks=whole_number(n_landmarks, "n_landmarks"),
        exact_below=whole_number(exact_below, "exact_below", 0),
        random_state=seed(random_state),
    )
    n_threads = whole_number(n_threads, "n_threads")
    neighbors = [layer_neighbors(k, len(places), n) for places in rows]

    # One thread in each product: the last bits must not depend on how many there are.
    with one_thread(), ThreadPoolExecutor(min(n_threads, len(rows))) as pool:
        order = _order(tables, rows, n, metrics, start)
        place = np.argsort(order)
        # Where each layer's patients stand then, and how to bring its rows there.
        turned = [np.argsort(place[places]) for places in rows]
        rows = [np.sort(place[places]) for places in rows]

        def begin(v: int) -> tuple[SplitNetwork, sparse.csr_array, sparse.csr_array]:
            chance = [start.random_state, v]
            table = np.asarray(tables[v])[turned[v]] if n > exact_below else tables[v]
            try:
                return layer_network(table, metrics[v], neighbors[v], start, chance)
            except StudyError as error:
                raise StudyError(f"layer {v + 1}: {error}") from error

        begun = list(pool.map(begin, range(len(rows))))
        networks, local = extended(
            [b[0] for b in begun], [b[1] for b in begun], rows, n, weights, start.rank
        )
        per_layer = [reordered(b[2], np.argsort(t)) for b, t in zip(begun, turned, strict=True)]
        del begun
        fused, changes = _iterate(
            networks, local, rows, weights, n_kept, n_iterations, variant, start.random_state, pool
        )
        fused = fused.reordered(place)
    params = {
        "n_neighbors": neighbors,
        "n_kept": n_kept,
        "rank": fused.core.shape[0],
        "n_landmarks": start.n_landmarks,
        "neighbors": ["exact" if len(places) <= exact_below else "NN-descent" for places in rows],
        "random_state": start.random_state,
    }
    return SparseFusion(fused.whole(), NetworkOperator(fused), per_layer, changes, params)


def sparse_memory(n: int, layers: int, features: int, n_kept: int = 60) -> int:
    """Estimate the bytes that ``fuse_sparse`` takes at its peak, tables included."""
    entry = 12  # a double and a 32-bit position
    # Networks, their affinities before fusion, the new ones, and copies while they are made.
    kept = n * n_kept * entry * (5 * layers + 12)
    landmarks = n * 1000 * 4 * 2
    smooth = n * 30 * 8 * 8 * layers
    return n * features * 12 + kept + landmarks + smooth + 300 * 2**20


def _order(
    tables: Sequence[np.ndarray],
    members: list[np.ndarray],
    n: int,
    metrics: Sequence[str],
    start: StartSettings,
) -> np.ndarray:
    """Order in which patients are worked on: similar ones together where there are many."""
    if n <= start.exact_below:
        return np.arange(n)
    return similar_first(tables, members, n, metrics, start.random_state)


def _iterate(
    networks: list[SplitNetwork],
    local: list[sparse.csr_array],
    members: list[np.ndarray],
    weights: np.ndarray,
    n_kept: int,
    n_iterations: int,
    variant: str,
    random_state: int,
    pool: ThreadPoolExecutor,
) -> tuple[SplitNetwork, np.ndarray]:
    """Fuse: the mean of the networks after all iterations, and the changes on the way."""
    n = len(networks[0].diagonal)
    has = [np.isin(np.arange(n), rows).astype(np.float64) for rows in members]
    signs = np.random.default_rng(random_state).choice([-1.0, 1.0], (n, _PROBES))
    before = _probed(networks, weights, signs)
    changes = []
    for _ in range(n_iterations):
        stack = _Stack.of(networks)
        current = networks

        def update(v: int, stack: "_Stack" = stack, current: list[SplitNetwork] = current) -> Any:
            others = np.where(np.arange(len(weights)) == v, 0.0, weights)
            # A single layer is diffused through itself.
            others = others / others.sum() if others.any() else np.ones(1)
            return _diffused(current, stack, others, local[v], v, has[v], n_kept, variant)

        networks = list(pool.map(update, range(len(networks))))
        after = _probed(networks, weights, signs)
        changes.append(float(np.linalg.norm(after - before) / np.linalg.norm(before)))
        before = after
    return _mean(networks, weights / weights.sum(), variant), np.array(changes)


@dataclass(frozen=True, eq=False)
class _Stack:
    """Kept entries of all layers in one array, row starts of each, and diagonals beyond smooth."""

    start: np.ndarray
    column: np.ndarray
    value: np.ndarray
    diagonal: np.ndarray

    @classmethod
    def of(cls, networks: list[SplitNetwork]) -> "_Stack":
        sizes = np.cumsum([0] + [p.kept.nnz for p in networks])
        return cls(
            np.stack([p.kept.indptr + size for p, size in zip(networks, sizes[:-1], strict=True)]),
            np.concatenate([p.kept.indices for p in networks]),
            np.concatenate([p.kept.data for p in networks]),
            np.stack([p.diagonal - p.smooth_diagonal() for p in networks]),
        )


def _diffused(
    networks: list[SplitNetwork],
    stack: _Stack,
    weights: np.ndarray,
    s: sparse.csr_array,
    v: int,
    has: np.ndarray,
    n_kept: int,
    variant: str,
) -> SplitNetwork:
    """S Q S' for one layer, Q the weighted mean of the others, in two parts again."""
    from omicsfuse.fusion.sparse_kernels import diffuse_rows, weighted_sum_rows

    n = len(stack.diagonal[0])
    m = min(n_kept, n - 1)
    column, value = np.zeros((n, m), dtype=np.int32), np.zeros((n, m))
    count, diagonal = np.zeros(n, dtype=np.int64), np.zeros(n)
    self_weights = weights @ stack.diagonal
    weighted_sum_rows(stack.start, stack.column, stack.value, weights, m, column, value, count)
    q = sparse.csr_array(from_rows(column, value, count) + sparse.diags_array(self_weights))
    t = sparse.csr_array(s.T.tocsr())
    diffuse_rows(
        *(s.indptr, s.indices, s.data, t.indptr, t.indices, t.data, q.indptr, q.indices, q.data),
        *(m, m + 1, column, value, count, diagonal),
    )
    del q
    kept = symmetrised(from_rows(column, value, count))
    del column, value
    old = networks[v].factor
    factor, core = old, networks[v].core
    if old.shape[1]:
        used = [(w, p) for w, p in zip(weights, networks, strict=True) if w]

        def smooth(right: np.ndarray) -> np.ndarray:
            inner = t @ right
            return np.asarray(s @ sum(w * p.smooth_product(inner) for w, p in used))

        def beyond(right: np.ndarray) -> np.ndarray:
            inner = t @ right
            entries = sum(w * (p.kept @ inner) for w, p in used) + self_weights[:, None] * inner
            return np.asarray(s @ entries - kept @ right - diagonal[:, None] * right)

        orthonormal = np.linalg.qr(old)[0]
        factor = np.linalg.qr(smooth(orthonormal) + beyond(orthonormal))[0]
        core = factor.T @ (smooth(factor) + beyond(factor))
        core = (core + core.T) / 2
    result = SplitNetwork(kept, diagonal, factor, core)
    result = replace(result, diagonal=diagonal + result.smooth_diagonal())
    if variant == "paper":
        return normalised(result, variant)
    # Raised for those who have the layer; the others' only neighbour in it is themselves anyway.
    return replace(result, diagonal=result.diagonal + has)


def _mean(networks: list[SplitNetwork], weights: np.ndarray, variant: str) -> SplitNetwork:
    """Weighted mean of the networks, finished as the variant has it."""
    kept = sparse.csr_array(networks[0].kept * weights[0])
    for w, p in zip(weights[1:], networks[1:], strict=True):
        kept = sparse.csr_array(kept + p.kept * w)
    kept.sort_indices()
    diagonal = sum(w * p.diagonal for w, p in zip(weights, networks, strict=True))
    factor = np.hstack([p.factor for p in networks])
    core = np.zeros((factor.shape[1], factor.shape[1]))
    place = 0
    for w, p in zip(weights, networks, strict=True):
        here = slice(place, place + p.core.shape[0])
        core[here, here] = w * p.core
        place = here.stop
    return _finished(SplitNetwork(kept, np.asarray(diagonal), factor, core), variant)


def _finished(network: SplitNetwork, variant: str) -> SplitNetwork:
    """Last normalisation of a fused network."""
    network = normalised(network, variant)
    if variant == "paper":
        return network
    return replace(network, diagonal=network.diagonal + 0.5)


def _probed(networks: list[SplitNetwork], weights: np.ndarray, signs: np.ndarray) -> np.ndarray:
    """The summed network times random signs: their mean square is its squared Frobenius norm."""
    total = np.zeros_like(signs)
    for w, p in zip(weights, networks, strict=True):
        self_weights = p.diagonal - p.smooth_diagonal()
        total += w * (p.kept @ signs + p.smooth_product(signs) + self_weights[:, None] * signs)
    return total


def _checked_layers(
    tables: Sequence[np.ndarray], members: Sequence[np.ndarray], n: int, metrics: Sequence[str]
) -> list[np.ndarray]:
    """Rows of the patients of each layer, or a refusal of what does not fit together."""
    if not 1 <= len(tables) <= _MOST_LAYERS:
        raise StudyError(f"1 to {_MOST_LAYERS} layers can be fused, found {len(tables)}.")
    if not len(tables) == len(members) == len(metrics):
        raise StudyError(
            f"each layer needs a table, its patients and a metric, found {len(tables)} tables, "
            f"{len(members)} lists of patients and {len(metrics)} metrics."
        )
    rows = [np.asarray(places, dtype=np.int64) for places in members]
    for v, (table, places) in enumerate(zip(tables, rows, strict=True)):
        checked_metric(metrics[v])
        if len(table) != len(places):
            raise StudyError(
                f"layer {v + 1} has {len(table)} rows for {len(places)} patients; they must agree."
            )
        if len(places) < 3:
            raise StudyError(f"layer {v + 1} has {len(places)} patients; at least 3 are needed.")
        if places[0] < 0 or places[-1] >= n or (np.diff(places) <= 0).any():
            raise StudyError(
                f"the patients of layer {v + 1} must be rows 0 to {n - 1}, each once, in rising "
                "order."
            )
    absent = np.setdiff1d(np.arange(n), np.concatenate(rows))
    if len(absent):
        raise StudyError(f"{len(absent)} patients are in no layer (first at row {absent[0]}).")
    return rows


def _checked_weights(layer_weights: Sequence[float] | None, n_layers: int) -> np.ndarray:
    """Weight of each layer, positive and finite."""
    if layer_weights is None:
        return np.ones(n_layers)
    if len(layer_weights) != n_layers:
        raise StudyError(
            f"layer_weights has {len(layer_weights)} weights for {n_layers} layers; give one "
            "per layer."
        )
    return np.array([positive_number(w, "a weight of layer_weights") for w in layer_weights])
