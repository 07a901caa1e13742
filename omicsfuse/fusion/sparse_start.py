"""Where the sparse fusion starts: each layer's network P, extended to all patients, and its S."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from omicsfuse.core.errors import StudyError
from omicsfuse.fusion.neighbors import nearest_neighbors, prepared_table
from omicsfuse.fusion.sparse_background import (
    Patterns,
    blockwise_product,
    kernel_values,
    smooth_part,
)
from omicsfuse.fusion.sparse_network import SplitNetwork, from_rows, split, symmetrised, with_values


@dataclass(frozen=True)
class StartSettings:
    """Settings of the first step of the sparse fusion, see ``fuse_sparse``."""

    n_kept: int
    mu: float
    variant: str
    rank: int
    n_landmarks: int
    exact_below: int
    random_state: int


def layer_network(
    table: np.ndarray, metric: str, n_neighbors: int, settings: StartSettings, chance: list[int]
) -> tuple[SplitNetwork, sparse.csr_array, sparse.csr_array]:
    """Build P, S and the affinities between neighbours of one layer, on its own patients."""
    n = len(table)
    m = min(settings.n_kept, n - 1)
    indices, distances = nearest_neighbors(
        table,
        m,
        metric,
        exact_below=settings.exact_below,
        random_state=settings.random_state,
    )
    local = distances[:, :n_neighbors].mean(axis=1) + np.finfo(np.float64).eps
    values = kernel_values(distances, local[:, None] + local[indices], settings.mu)
    alone = np.flatnonzero(~(values.sum(axis=1) > 0))
    if len(alone):
        raise StudyError(
            f"{len(alone)} patients have no affinity to any other patient: they are too far "
            "from all others. Check the layer for extreme values, or raise mu."
        )
    affinity = symmetrised(from_rows(indices, values, np.full(n, m)))
    self_affinity = kernel_values(np.zeros(n), 2 * local, settings.mu)
    # Where every pair is kept there is no rest for a smooth part to stand for.
    if settings.rank == 0 or m == n - 1:
        factor, core = np.zeros((n, 0)), np.zeros((0, 0))
    else:
        factor, core = smooth_part(
            prepared_table(table, metric),
            metric,
            local,
            settings.mu,
            settings.rank,
            settings.n_landmarks,
            np.random.default_rng(chance),
        )
    network = normalised(split(affinity, self_affinity, factor, core), settings.variant)
    whole = sparse.csr_array(affinity + sparse.diags_array(self_affinity))
    whole.sort_indices()
    return network, _local(network, n_neighbors), whole


def normalised(network: SplitNetwork, variant: str) -> SplitNetwork:
    """Normalise rows, ``"paper"`` with half the weight on the patient, and symmetrise."""
    rest = network.row_sums()
    if variant == "paper":
        half = 1 / (2 * np.where(rest > 0, rest, 1.0))
        return replace(network.scaled(half), diagonal=np.full(len(rest), 0.5))
    total = rest + network.diagonal
    inverse = 1 / np.where(total > 0, total, 1.0)
    return replace(network.scaled(inverse), diagonal=network.diagonal * inverse)


def _local(network: SplitNetwork, k: int) -> sparse.csr_array:
    """S: the k strongest entries of each row, the patient itself included, scaled to sum to 1."""
    from omicsfuse.fusion.sparse_kernels import strongest_rows

    whole = network.whole()
    n = whole.shape[0]
    column = np.zeros((n, k), dtype=np.int32)
    value = np.zeros((n, k))
    count = np.zeros(n, dtype=np.int64)
    strongest_rows(whole.indptr, whole.indices, whole.data, k, column, value, count)
    value = np.maximum(value, 0.0)
    return from_rows(column, value / value.sum(axis=1, keepdims=True), count)


def extended(
    networks: Sequence[SplitNetwork],
    local: Sequence[sparse.csr_array],
    members: Sequence[np.ndarray],
    n: int,
    weights: np.ndarray,
    rank: int,
) -> tuple[list[SplitNetwork], list[sparse.csr_array]]:
    """Extend each layer's P and S to all patients, missing pairs as `fuse_networks` has them."""
    if all(len(rows) == n for rows in members):
        return list(networks), list(local)
    masks = np.zeros(n, dtype=np.int64)
    for v, rows in enumerate(members):
        masks[rows] |= 1 << v
    patterns = [(int(p), np.flatnonzero(masks == p)) for p in np.unique(masks)]
    sets = np.arange(1 << len(members))
    weight_of_set = ((sets[:, None] >> np.arange(len(members))) & 1) @ weights
    share = np.divide(1.0, weight_of_set, out=np.zeros(len(sets)), where=sets > 0)
    placed = [_placed(network, rows, n) for network, rows in zip(networks, members, strict=True)]
    diagonal = sum(w * p.diagonal for w, p in zip(weights, placed, strict=True)) * share[masks]
    total = sparse.csr_array(placed[0].kept * weights[0])
    for w, p in zip(weights[1:], placed[1:], strict=True):
        total = sparse.csr_array(total + w * p.kept)
    total.sort_indices()
    row = np.repeat(np.arange(n), np.diff(total.indptr))
    common = masks[row] & masks[total.indices]
    mean = with_values(total, total.data * share[common])
    result, rows_of_s = [], []
    for v, p in enumerate(placed):
        # The sum leaves out the zeros of what this layer sees itself.
        elsewhere = with_values(mean, np.where((common >> v) & 1 == 0, mean.data, 0.0))
        kept = sparse.csr_array(p.kept + elsewhere)
        kept.sort_indices()
        has = (masks >> v) & 1 == 1
        factor, core = _extended_smooth(v, placed, patterns, weights, share, rank)
        result.append(SplitNetwork(kept, np.where(has, p.diagonal, diagonal), factor, core))
        s = sparse.csr_array(
            _at(local[v], members[v], n) + sparse.diags_array(np.where(has, 0.0, 1.0))
        )
        s.eliminate_zeros()
        s.sort_indices()
        rows_of_s.append(s)
    return result, rows_of_s


def _extended_smooth(
    v: int,
    placed: Sequence[SplitNetwork],
    patterns: Patterns,
    weights: np.ndarray,
    share: np.ndarray,
    rank: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Smooth part of a layer, where it does not see a pair that of the layers that do."""
    n = len(placed[0].diagonal)
    if not any(p.core.size for p in placed):
        return np.zeros((n, 0)), np.zeros((0, 0))
    factors = [p.factor for p in placed]
    cores = [p.core for p in placed]

    def weight(u: int, p: int, q: int) -> float:
        common = p & q
        if (common >> v) & 1:
            return 1.0 if u == v else 0.0
        return float(weights[u] * share[common]) if (common >> u) & 1 else 0.0

    def product(right: np.ndarray) -> np.ndarray:
        return blockwise_product(patterns, factors, cores, weight, right)

    basis = np.linalg.qr(np.hstack(factors))[0]
    basis = np.linalg.qr(product(basis))[0]
    core = basis.T @ product(basis)
    values, vectors = np.linalg.eigh((core + core.T) / 2)
    strongest = np.argsort(-np.abs(values), kind="stable")[: 2 * rank]
    return basis @ vectors[:, strongest], np.diag(values[strongest])


def _placed(network: SplitNetwork, rows: np.ndarray, n: int) -> SplitNetwork:
    """A layer's network among all patients, its entries scaled to a cohort of that size."""
    scale = len(rows) / n
    diagonal = np.zeros(n)
    diagonal[rows] = network.diagonal
    factor = np.zeros((n, network.factor.shape[1]))
    factor[rows] = network.factor
    kept = _at(network.kept, rows, n)
    return SplitNetwork(
        with_values(kept, kept.data * scale), diagonal, factor, network.core * scale
    )


def _at(matrix: sparse.csr_array, rows: np.ndarray, n: int) -> sparse.csr_array:
    """Entries among some patients, placed among all."""
    counts = np.zeros(n, dtype=np.int64)
    counts[rows] = np.diff(matrix.indptr)
    starts = np.concatenate([[0], np.cumsum(counts)])
    columns = np.asarray(rows)[matrix.indices].astype(np.int32)
    return sparse.csr_array((matrix.data, columns, starts), shape=(n, n))
