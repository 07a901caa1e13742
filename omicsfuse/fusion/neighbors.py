"""Nearest neighbours of each patient: exactly in small cohorts, by NN-descent in large ones."""

import threading
import warnings

import numpy as np
from scipy.spatial.distance import cdist

from omicsfuse.core.checks.arguments import seed, whole_number
from omicsfuse.core.errors import StudyError
from omicsfuse.fusion.affinity import usable_neighbors
from omicsfuse.stats.one_thread import one_thread

#: Distances of this module, with the name pynndescent knows each by.
SPARSE_METRICS = {
    "euclidean": "euclidean",
    "squared_euclidean": "euclidean",
    "correlation": "correlation",
    "cosine": "cosine",
    "manhattan": "manhattan",
    "jaccard": "jaccard",
    "hamming": "hamming",
}

#: Patients up to whom neighbours are found exactly.
EXACT_BELOW = 10_000

_BLOCK_ENTRIES = 8_000_000

#: pynndescent's parallel loops must not be entered by two threads at once.
_ONE_AT_A_TIME = threading.Lock()


def nearest_neighbors(
    table: np.ndarray,
    n_neighbors: int,
    metric: str = "euclidean",
    *,
    exact_below: int = EXACT_BELOW,
    random_state: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the nearest others of each patient of a table (n, p), and distances.

    Ties by position. Above ``exact_below`` patients by NN-descent (Dong, Moses and Li, WWW
    2011:577-586), near-linear, on one thread, since its result depends on their number.
    """
    metric = checked_metric(metric)
    table = prepared_table(table, metric)
    k = usable_neighbors(n_neighbors, len(table))
    exact_below = whole_number(exact_below, "exact_below", 0)
    random_state = seed(random_state)
    # One thread: the last bits of a matrix product must not depend on how many there are.
    with one_thread():
        if len(table) <= max(exact_below, k + 1):
            indices = _exact(table, k, metric)
        else:
            indices = _descent(table, k, metric, random_state)
        distances = _distances_of(table, indices, metric)
    # Two sorts, the later stable: by distance, ties by position.
    by_position = np.argsort(indices, axis=1, kind="stable")
    indices = np.take_along_axis(indices, by_position, axis=1)
    distances = np.take_along_axis(distances, by_position, axis=1)
    order = np.argsort(distances, axis=1, kind="stable")
    indices = np.take_along_axis(indices, order, axis=1)
    return indices.astype(np.int32), np.take_along_axis(distances, order, axis=1)


def checked_metric(metric: object) -> str:
    """Refuse a distance that the sparse engine does not have."""
    if not isinstance(metric, str) or metric not in SPARSE_METRICS:
        shown = repr(metric) if isinstance(metric, str) else f"of type {type(metric).__name__}"
        raise StudyError(
            f'metric is {shown}, not available in engine "sparse"; choose from '
            f'{", ".join(SPARSE_METRICS)}, or use engine "exact".'
        )
    return metric


def prepared_table(table: np.ndarray, metric: str) -> np.ndarray:
    """Bring a table to the form in which a distance is cheapest: float32, binary, or centred."""
    table = np.asarray(table)
    if table.ndim != 2 or min(table.shape) < 1 or len(table) < 2:
        raise StudyError(
            f"a layer must be a table of at least two patients and one feature, found shape "
            f"{table.shape}."
        )
    if not np.isfinite(table).all():
        raise StudyError("a layer must be complete and finite, found missing or infinite values.")
    if metric == "jaccard":
        return (table != 0).astype(np.float32)
    if metric not in ("correlation", "cosine"):
        return np.ascontiguousarray(table, dtype=np.float32)
    rows = np.array(table, dtype=np.float32)
    if metric == "correlation":
        rows -= rows.mean(axis=1, keepdims=True)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    undefined = np.flatnonzero(length.ravel() <= 1e-6 * (1 + np.abs(table).max(axis=1)))
    if len(undefined):
        raise StudyError(
            f"the {metric} distance is undefined for {len(undefined)} patients (first at row "
            f"{undefined[0]}), whose values are constant; choose another metric for this "
            "layer."
        )
    return rows / length


def cross_distances(rows: np.ndarray, others: np.ndarray, metric: str) -> np.ndarray:
    """Distances between each of some patients and each of others, from prepared tables."""
    if metric in ("manhattan", "hamming"):
        name = "cityblock" if metric == "manhattan" else "hamming"
        return cdist(rows, others, name).astype(np.float32)
    products = rows @ others.T
    if metric in ("correlation", "cosine"):
        return np.maximum(1.0 - products, 0.0)
    if metric == "jaccard":
        union = rows.sum(axis=1)[:, None] + others.sum(axis=1)[None, :] - products
        return 1.0 - np.divide(products, union, out=np.ones_like(products), where=union > 0)
    products *= -2.0
    products += np.einsum("ij,ij->i", rows, rows)[:, None]
    products += np.einsum("ij,ij->i", others, others)[None, :]
    np.maximum(products, 0.0, out=products)
    return products if metric == "squared_euclidean" else np.sqrt(products, out=products)


def _exact(table: np.ndarray, k: int, metric: str) -> np.ndarray:
    """All distances in blocks of rows, the k smallest of each row kept."""
    n = len(table)
    nearest = np.empty((n, k), dtype=np.int32)
    step = max(1, _BLOCK_ENTRIES // n)
    for start in range(0, n, step):
        rows = np.arange(start, min(start + step, n))
        distances = cross_distances(table[rows], table, metric)
        distances[rows - start, rows] = np.inf
        nearest[rows] = _smallest(distances, k)
    return nearest


def _smallest(distances: np.ndarray, k: int) -> np.ndarray:
    """Columns of the k smallest entries of each row; at the border, the first of those tied."""
    chosen = np.argpartition(distances, k - 1, axis=1)[:, :k]
    last = np.take_along_axis(distances, chosen, axis=1).max(axis=1, keepdims=True)
    # Only where more than k reach the border does it matter which of them are taken.
    for row in np.flatnonzero((distances <= last).sum(axis=1) > k):
        order = np.argsort(distances[row], kind="stable")
        chosen[row] = order[:k]
    return chosen


def _descent(table: np.ndarray, k: int, metric: str, random_state: int) -> np.ndarray:
    """Neighbours by NN-descent on one thread; what it leaves open is filled by position."""
    import pynndescent

    with _ONE_AT_A_TIME, warnings.catch_warnings():
        # It warns where a row has fewer neighbours than asked for: these rows are filled below.
        warnings.simplefilter("ignore")
        index = pynndescent.NNDescent(
            table,
            metric="cosine" if metric == "correlation" else SPARSE_METRICS[metric],
            n_neighbors=k + 1,
            random_state=random_state,
            max_candidates=30,
            n_jobs=1,
            compressed=False,
        )
        raw = index.neighbor_graph[0]
    return _without_self(raw, k)


def _without_self(raw: np.ndarray, k: int) -> np.ndarray:
    """Drop the patient itself, and fill rows in which neighbours are missing."""
    n = len(raw)
    # Among duplicates the patient itself may stand anywhere, or not at all.
    is_other = (raw != np.arange(n)[:, None]) & (raw >= 0)
    order = np.argsort(~is_other, axis=1, kind="stable")[:, :k]
    nearest = np.take_along_axis(raw, order, axis=1).astype(np.int32)
    short = np.flatnonzero(~np.take_along_axis(is_other, order, axis=1).all(axis=1))
    for i in short:
        others = nearest[i][np.take_along_axis(is_other, order, axis=1)[i]]
        spare = (i + 1 + np.arange(min(n - 1, 2 * k + 1))) % n
        spare = spare[~np.isin(spare, others) & (spare != i)]
        nearest[i] = np.concatenate([others, spare])[:k]
    return nearest


def _distances_of(table: np.ndarray, indices: np.ndarray, metric: str) -> np.ndarray:
    """Distances to given neighbours, in double precision."""
    from omicsfuse.fusion.sparse_kernels import distances_at

    distances = np.empty(indices.shape)
    distances_at(table, indices, _KINDS[metric], distances)
    return np.sqrt(distances) if metric == "euclidean" else distances


_KINDS = {
    "euclidean": 0,
    "squared_euclidean": 0,
    "correlation": 1,
    "cosine": 1,
    "manhattan": 2,
    "jaccard": 3,
    "hamming": 4,
}
