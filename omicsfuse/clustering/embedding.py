"""A 2-D map of the fused network; the only module that imports umap."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from omicsfuse.core.checks.arguments import require, seed
from omicsfuse.core.results import Fusion


def embed(fusion: Fusion, *, random_state: int = 0) -> pd.DataFrame:
    """Lay the patients of a fused network out in two dimensions by UMAP.

    Distances are 1 - W / max(W) off the diagonal. The map is for looking at: distances between far
    groups mean little in it, and no result is computed from it.

    Parameters
    ----------
    fusion : Fusion
        What ``fuse`` returned.
    random_state : int
        Seed; with it the map is the same on every run.

    Returns
    -------
    pandas.DataFrame
        Index patient; columns ``x``, ``y`` without units.

    References
    ----------
    McInnes L, Healy J, Melville J. UMAP: uniform manifold approximation and projection.
    arXiv:1802.03426, 2018.

    Examples
    --------
    >>> import omicsfuse as of
    >>> cohort = of.simulate_cohort(30, n_external=0).discovery
    >>> of.embed(of.fuse(of.preprocess(cohort), n_neighbors=6)).shape
    (30, 2)
    """
    require(fusion, Fusion, "fusion", "what of.fuse returns")
    random_state = seed(random_state)
    # Importing umap warns of optional packages (TensorFlow) that are not needed here.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from umap import UMAP

    n = len(fusion.patients)
    neighbors = min(15, n - 1)
    network = fusion.affinity
    settings: dict[str, Any] = {}
    if isinstance(network, pd.DataFrame):
        dense = network.to_numpy()
        distances = 1 - dense / _largest_off_diagonal(dense)
        np.fill_diagonal(distances, 0.0)
        settings["metric"] = "precomputed"
    else:
        # The sparse network names each patient's neighbours already; the data are not used then.
        distances = np.zeros((n, 1))
        settings["precomputed_knn"] = _nearest_in(network, neighbors)
    with warnings.catch_warnings():
        # umap announces that a seed means one thread, and that a precomputed metric has no inverse.
        warnings.simplefilter("ignore", UserWarning)
        layout = UMAP(
            n_neighbors=neighbors,
            # The spectral start fails below a handful of patients and for disconnected graphs.
            init="random" if n < 20 else "spectral",
            random_state=random_state,
            n_jobs=1,
            **settings,
        ).fit_transform(distances)
    return pd.DataFrame(np.asarray(layout, dtype=np.float64), fusion.patients, columns=["x", "y"])


def _largest_off_diagonal(network: np.ndarray) -> float:
    """Largest affinity between two patients."""
    off = network.copy()
    np.fill_diagonal(off, 0.0)
    return float(off.max())


def _nearest_in(network: sparse.csr_array, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Each patient and its k - 1 strongest neighbours in a sparse network, with distances.

    A patient with fewer neighbours than that has distance 1 to the patients that fill its row.
    """
    n = network.shape[0]
    off = sparse.csr_array(network - sparse.diags_array(network.diagonal()))
    off.eliminate_zeros()
    largest = off.max()
    indices = (np.arange(n)[:, None] + np.arange(k)[None, :]) % n
    distances = np.ones((n, k), dtype=np.float32)
    distances[:, 0] = 0.0
    for i in range(n):
        row = slice(off.indptr[i], off.indptr[i + 1])
        order = np.argsort(-off.data[row], kind="stable")[: k - 1]
        indices[i, 1 : len(order) + 1] = off.indices[row][order]
        distances[i, 1 : len(order) + 1] = 1 - off.data[row][order] / largest
    return indices, distances
