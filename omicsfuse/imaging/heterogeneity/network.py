"""The fused network of the heterogeneity index, the coordinate along it, and its stability."""

from typing import Any

import numpy as np
import pandas as pd

from omicsfuse.clustering import laplacian_spectrum
from omicsfuse.clustering.cluster import cut
from omicsfuse.core.results import Fusion, Prepared, PreparedLayer
from omicsfuse.fusion import fuse
from omicsfuse.imaging.heterogeneity.measured import Measured
from omicsfuse.stats.correlations import spearman
from omicsfuse.stats.tasks import Runner

#: Patients of a resample at most: bounded time, and harder on the index, not easier.
MOST_RESAMPLED = 1000
#: Coordinates of the fused network among which the one that follows disorder is taken.
N_COORDINATES = 3
#: Share of the patients in each resample.
RESAMPLE_SHARE = 0.8


def default_neighbors(n: int) -> int:
    """Neighbours of each of n patients: a fifth of them, 5 to 20."""
    return min(20, max(5, round(n / 5)))


def fused_blocks(measured: Measured, n_neighbors: int, n_threads: int | None = None) -> Fusion:
    """Fuse the networks of both blocks, as ``omicsfuse.fuse`` does with layers."""
    layers = {
        name: PreparedLayer("radiomics", block, block, "normal_score", None)
        for name, block in measured.blocks.items()
    }
    prepared = Prepared("heterogeneity", layers)
    return fuse(prepared, n_neighbors=n_neighbors, engine="exact", n_threads=n_threads)


def network_coordinate(fusion: Fusion, disorder: pd.Series) -> tuple[pd.Series, int, float]:
    """Coordinate along the network that follows disorder most closely, from 0 to 1."""
    network = np.array(fusion.network(), dtype=float)
    np.fill_diagonal(network, 0.0)
    _, vectors = laplacian_spectrum(network, N_COORDINATES + 1)
    walk = vectors / np.sqrt(network.sum(axis=1))[:, None]
    ordered = disorder.reindex(fusion.patients).to_numpy()
    coordinates = np.round(walk[:, 1:].T, 12)
    follows = np.nan_to_num(spearman(coordinates, np.tile(ordered, (len(coordinates), 1))))
    best = int(np.argmax(np.abs(follows).round(9)))
    values = walk[:, best + 1] * (-1.0 if follows[best] < 0 else 1.0)
    values = (values - values.min()) / (values.max() - values.min())
    index = pd.Series(np.round(values, 12), fusion.patients, name="index")
    return index, best + 1, float(abs(follows[best]))


def index_stability(
    measured: Measured,
    index: pd.Series,
    group: pd.Series,
    n_neighbors: int,
    n_resamples: int,
    random_state: int,
    n_jobs: int = 1,
) -> dict[str, Any]:
    """How much of the index, and of the groups, is left in resamples of the patients."""
    rng = np.random.default_rng(random_state)
    n = len(index)
    size = min(round(RESAMPLE_SHARE * n), MOST_RESAMPLED)
    neighbors = max(3, min(size - 1, round(size / n * n_neighbors)))
    if not n_resamples:
        return {"n_resamples": 0}
    drawn = [np.sort(rng.choice(n, size, replace=False)) for _ in range(n_resamples)]
    shared = (measured, index, group, neighbors, random_state)
    resamples = Runner(n_jobs).map(_one_resample, drawn, *shared, label="resamples of the index")
    correlations, agreements = np.array(resamples).T
    low, middle, high = np.quantile(correlations, [0.05, 0.5, 0.95])
    return {
        "n_resamples": n_resamples,
        "share": size / n if size == MOST_RESAMPLED else RESAMPLE_SHARE,
        "rank_correlation": float(middle),
        "low": float(low),
        "high": float(high),
        "group_agreement": float(np.median(agreements)),
    }


def _one_resample(
    measured: Measured,
    index: pd.Series,
    group: pd.Series,
    n_neighbors: int,
    random_state: int,
    rows: np.ndarray,
) -> tuple[float, float]:
    """Rank correlation of the index, and agreement of the groups, made again of some patients."""
    from sklearn.metrics import adjusted_rand_score

    part = Measured(
        {name: block.iloc[rows] for name, block in measured.blocks.items()},
        measured.disorder.iloc[rows],
    )
    fusion = fused_blocks(part, n_neighbors, n_threads=1)
    coordinate, _, _ = network_coordinate(fusion, part.disorder)
    patients = coordinate.index
    before = index.loc[patients].to_numpy(dtype=float)
    again = coordinate.to_numpy(dtype=float)
    labels = cut(fusion, int(group.nunique()), random_state=random_state).labels
    agreement = adjusted_rand_score(group.loc[patients], labels.loc[patients])
    return float(spearman(again[None], before[None])[0]), float(agreement)
