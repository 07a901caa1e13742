"""Missing values of a patient, filled from the patients most like them."""

from typing import Literal

import numpy as np

from omicsfuse.stats.one_thread import one_thread

_BLOCK = 2048  # missing features filled at once: bounds memory at patients x _BLOCK


def impute_nearest(
    values: np.ndarray,
    reference: np.ndarray,
    fallback: np.ndarray,
    *,
    n_neighbors: int,
    columns: np.ndarray,
    combine: Literal["mean", "median_level"] = "mean",
) -> np.ndarray:
    """Fill missing values (n_patients, columns) from the nearest reference patients that have them.

    Distance is the root mean squared difference over shared features; ties with the last neighbour
    are all in, and nobody gives ``fallback`` (n_features,). After KNNimpute (Troyanskaya et al.
    2001, Bioinformatics 17:520), by patients and unweighted.
    """
    filled = values[:, columns]
    holes = np.isnan(filled)
    rows = np.flatnonzero(holes.any(axis=1))
    if len(rows) == 0:
        return filled
    distances = _shared_distances(values[rows], reference)
    donors = reference[:, columns]
    for row, distance in zip(rows, distances, strict=True):
        order = np.argsort(distance, kind="stable")
        order = order[np.isfinite(distance[order])]
        missing = np.flatnonzero(holes[row])
        for start in range(0, len(missing), _BLOCK):
            block = missing[start : start + _BLOCK]
            filled[row, block] = _from_nearest(
                donors, order, distance[order], block, fallback[columns], n_neighbors, combine
            )
    return filled


def _from_nearest(
    donors: np.ndarray,
    order: np.ndarray,
    distance: np.ndarray,
    features: np.ndarray,
    fallback: np.ndarray,
    n_neighbors: int,
    combine: str,
) -> np.ndarray:
    """Look among ever more of the nearest donors, until each feature has found its own."""
    estimates = fallback[features]
    open_ = np.arange(len(features))
    depth = min(4 * n_neighbors, len(order))
    while len(open_) and len(order):
        estimate, reach = _from_neighbours(
            donors[np.ix_(order[:depth], features[open_])],
            distance[:depth],
            fallback[features[open_]],
            n_neighbors,
            combine,
        )
        done = np.full(len(open_), True) if depth == len(order) else reach < distance[depth]
        estimates[open_[done]] = estimate[done]
        open_ = open_[~done]
        depth = min(4 * depth, len(order))
    return estimates


def _shared_distances(values: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Root mean squared difference over shared features; infinite where none is shared."""
    present, known = ~np.isnan(values), ~np.isnan(reference)
    x, y = np.where(present, values, 0.0), np.where(known, reference, 0.0)
    a, b = present.astype(float), known.astype(float)
    # One thread: the same sums, and so the same neighbours, on any machine setting.
    with one_thread():
        shared = a @ b.T
        squared = (x**2) @ b.T + a @ (y**2).T - 2 * (x @ y.T)
    mean = np.maximum(squared, 0.0) / np.maximum(shared, 1)
    return np.where(shared > 0, np.sqrt(mean), np.inf)


def _from_neighbours(
    donors: np.ndarray,
    distance: np.ndarray,
    fallback: np.ndarray,
    n_neighbors: int,
    combine: str,
) -> tuple[np.ndarray, np.ndarray]:
    """Combine the nearest donors of each feature, and say up to which distance they lie.

    Donors come sorted by distance; the reach is infinite where they were too few.
    """
    has = ~np.isnan(donors)
    first = has & (np.cumsum(has, axis=0) <= n_neighbors)
    furthest = np.max(np.where(first, distance[:, None], 0.0), axis=0)
    # The margin makes equal distances equal in spite of rounding.
    reach = furthest * (1 + 1e-9) + 1e-7
    chosen = has & (distance[:, None] <= reach)
    count = chosen.sum(axis=0)
    if combine == "mean":
        estimate = np.where(chosen, donors, 0.0).sum(axis=0) / np.maximum(count, 1)
    else:
        ordered = np.sort(np.where(chosen, donors, np.nan), axis=0)
        at = np.arange(donors.shape[1])
        middle = np.maximum(count - 1, 0)
        estimate = np.trunc((ordered[middle // 2, at] + ordered[(middle + 1) // 2, at]) / 2)
    enough = first.sum(axis=0) >= n_neighbors
    return np.where(count > 0, estimate, fallback), np.where(enough, reach, np.inf)
