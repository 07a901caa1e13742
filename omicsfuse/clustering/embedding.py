"""A 2-D map of the fused network; the only module that imports umap."""

import warnings

import numpy as np
import pandas as pd

from omicsfuse.checks.arguments import require, seed
from omicsfuse.results import Fusion


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

    network = fusion.affinity.to_numpy(copy=True)
    np.fill_diagonal(network, 0.0)
    distances = 1 - network / network.max()
    np.fill_diagonal(distances, 0.0)
    n = len(network)
    with warnings.catch_warnings():
        # umap announces that a seed means one thread, and that a precomputed metric has no inverse.
        warnings.simplefilter("ignore", UserWarning)
        layout = UMAP(
            n_neighbors=min(15, n - 1),
            metric="precomputed",
            # The spectral start fails below a handful of patients and for disconnected graphs.
            init="random" if n < 20 else "spectral",
            random_state=random_state,
            n_jobs=1,
        ).fit_transform(distances)
    return pd.DataFrame(
        np.asarray(layout, dtype=np.float64), fusion.affinity.index, columns=["x", "y"]
    )
