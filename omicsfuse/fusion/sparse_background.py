"""The smooth part of a layer's affinities, from its affinities to a sample of patients.

In data of many features most of the weight of an affinity matrix lies outside the nearest
neighbours, in small affinities that differ a little between groups. A sparse matrix cannot hold
them; a matrix of low rank can, because they vary smoothly from patient to patient.
"""

from collections.abc import Callable, Sequence

import numpy as np

from omicsfuse.fusion.neighbors import cross_distances

_BLOCK_ENTRIES = 8_000_000


def kernel_values(distances: np.ndarray, scale: np.ndarray, mu: float) -> np.ndarray:
    """Affinities of SNF from distances and the sum of both patients' local scales."""
    epsilon = np.finfo(np.float64).eps
    width = mu * ((distances + scale) / 3 + epsilon)
    return np.exp(-0.5 * np.square(distances / width)) / (np.sqrt(2 * np.pi) * width)


def smooth_part(
    table: np.ndarray,
    metric: str,
    local: np.ndarray,
    mu: float,
    rank: int,
    n_landmarks: int,
    generator: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Fit affinities by B C B', of low rank, from the columns of some patients: B (n, rank), C.

    B are the strongest directions, C fits by least squares (Drineas and Mahoney 2005, J Mach Learn
    Res 6:2153-2175). ``table`` is from ``prepared_table``.
    """
    n = len(table)
    landmarks = np.sort(generator.choice(n, min(n_landmarks, n), replace=False))
    columns = np.empty((n, len(landmarks)), dtype=np.float32)
    step = max(1, _BLOCK_ENTRIES // len(landmarks))
    for start in range(0, n, step):
        rows = slice(start, min(start + step, n))
        distances = cross_distances(table[rows], table[landmarks], metric)
        scale = local[rows, None] + local[None, landmarks]
        columns[rows] = kernel_values(distances, scale, mu)
    # A patient's affinity to itself is a spike that is no part of the smooth matrix.
    numbers = np.arange(len(landmarks))
    columns[landmarks, numbers] = 0.0
    columns[landmarks, numbers] = columns[landmarks].sum(axis=1) / max(len(landmarks) - 1, 1)
    gram = np.zeros((len(landmarks), len(landmarks)))
    for start in range(0, n, step):
        block = columns[start : start + step].astype(np.float64)
        gram += block.T @ block
    values, vectors = np.linalg.eigh(gram)
    # Directions at the rounding error of float32 are none.
    kept = np.flatnonzero(values > 1e-6 * values[-1])[::-1][:rank]
    root = np.sqrt(values[kept])
    factor = oriented(columns @ (vectors[:, kept] / root).astype(np.float32)).astype(np.float64)
    at_landmarks = factor[landmarks]
    core = np.linalg.lstsq(at_landmarks, (factor.T @ columns).T.astype(np.float64), rcond=1e-8)[0]
    return factor, (core + core.T) / 2


def oriented(vectors: np.ndarray) -> np.ndarray:
    """Columns with their sums not negative, so that signs do not depend on a library's build."""
    return vectors * np.where(vectors.sum(axis=0) < 0, -1.0, 1.0).astype(vectors.dtype)


#: Rows of patients who brought the same layers, and these layers in bits.
Patterns = Sequence[tuple[int, np.ndarray]]


def blockwise_product(
    patterns: Patterns,
    factors: Sequence[np.ndarray],
    cores: Sequence[np.ndarray],
    weight: Callable[[int, int, int], float],
    right: np.ndarray,
) -> np.ndarray:
    """Multiply a sum of low-rank matrices, weighted by who brought which layers, by a matrix.

    The entry of patients i and j is the sum over u of ``weight(u, pattern of i, pattern of j)``
    times their entry of ``factors[u] @ cores[u] @ factors[u].T``; it is never formed.
    """
    result = np.zeros((len(right), right.shape[1]))
    for u, (factor, core) in enumerate(zip(factors, cores, strict=True)):
        # What no pair of patterns uses costs nothing.
        sums = [factor[rows].T @ right[rows] for _, rows in patterns]
        for p, rows in patterns:
            mixed = np.zeros((factor.shape[1], right.shape[1]))
            used = False
            for (q, _), part in zip(patterns, sums, strict=True):
                w = weight(u, p, q)
                if w != 0.0:
                    mixed += w * part
                    used = True
            if used:
                result[rows] += factor[rows] @ (core @ mixed)
    return result
