"""An order in which similar patients stand side by side, so that their rows are near in memory.

The sparse engine reads the rows of each patient's neighbours; far apart, they cost most of the
time. Results do not rest on the order, except that it breaks ties of equally near patients.
"""

import warnings
from collections.abc import Sequence

import numpy as np

from omicsfuse.fusion.neighbors import prepared_table

#: Patients on whom directions and groups are found.
_SAMPLE = 4000

#: Principal directions of each layer.
_DIRECTIONS = 10

#: Patients of a group, about; and most groups.
_GROUP, _MOST_GROUPS = 200, 128


def similar_first(
    tables: Sequence[np.ndarray],
    members: Sequence[np.ndarray],
    n: int,
    metrics: Sequence[str],
    random_state: int,
) -> np.ndarray:
    """Order patients by groups of similar ones (k-means on the layers' principal directions)."""
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    chance = np.random.default_rng(random_state)
    places = []
    for table, rows, metric in zip(tables, members, metrics, strict=True):
        # Patients without the layer stand in its middle.
        place = np.zeros((n, _DIRECTIONS), dtype=np.float32)
        place[rows] = _positions(prepared_table(table, metric), chance)
        places.append(place)
    place = np.hstack(places)
    sample = np.sort(chance.choice(n, min(n, _SAMPLE), replace=False))
    groups = min(max(2, n // _GROUP), _MOST_GROUPS, len(sample))
    with warnings.catch_warnings():
        # Fewer different patients than groups are no trouble here.
        warnings.simplefilter("ignore", ConvergenceWarning)
        fit = KMeans(groups, n_init=1, random_state=random_state, max_iter=20).fit(place[sample])
    # Groups stand in the order of the first direction that tells them apart most.
    centres = fit.cluster_centers_
    along = centres[:, np.argmax(centres.var(axis=0))]
    rank = np.argsort(np.argsort(along, kind="stable"), kind="stable")
    return np.argsort(rank[fit.predict(place)], kind="stable")


def _positions(table: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Patients along the principal directions of a sample, as wide as the first one."""
    sample = table[np.sort(chance.choice(len(table), min(len(table), _SAMPLE), replace=False))]
    middle = sample.mean(axis=0)
    centred = (sample - middle).astype(np.float64)
    values, vectors = np.linalg.eigh(centred.T @ centred)
    vectors = vectors[:, ::-1][:, :_DIRECTIONS].astype(np.float32)
    placed = (table - middle) @ vectors
    width = np.sqrt(max(values[-1], 0.0) / len(sample))
    full = np.zeros((len(table), _DIRECTIONS), dtype=np.float32)
    full[:, : placed.shape[1]] = placed / (width if width > 0 else 1.0)
    return full
