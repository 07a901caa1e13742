"""A 2-D map of the fused network; the only module that imports umap."""

import warnings
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import sparse

from omicsfuse.core.checks.arguments import require, seed
from omicsfuse.core.errors import StudyError
from omicsfuse.core.results import Fusion
from omicsfuse.stats.one_thread import one_thread

#: Steps of t-SNE: twice as many change what is near what by less than a hundredth.
_STEPS = 500
#: Neighbours that t-SNE weighs (perplexity), and UMAP counts.
_NEIGHBOURS = 15


def embed(
    fusion: Fusion, *, method: Literal["umap", "tsne"] = "umap", random_state: int = 0
) -> pd.DataFrame:
    """Map the patients of a fused network in two dimensions.

    Distances are 1 - W / max(W) off the diagonal. The map is for display: large distances in it
    have little meaning, and no result is computed from it.

    Parameters
    ----------
    fusion : Fusion
        Result of ``fuse``.
    method : {"umap", "tsne"}
        UMAP, which compiles in each process (10 seconds); or t-SNE from a spectral start, which
        takes less than a second for hundreds of patients and needs a network with all pairs (exact
        engine).
    random_state : int
        Seed; the map does not depend on the number of threads.

    Returns
    -------
    pandas.DataFrame
        Index patient; columns ``x``, ``y`` without units, and ``method``.

    Raises
    ------
    StudyError
        If the method is unknown, or t-SNE is used with a sparse network.

    References
    ----------
    McInnes L, Healy J, Melville J. UMAP: uniform manifold approximation and projection.
    arXiv:1802.03426, 2018.

    van der Maaten L, Hinton G. Visualizing data using t-SNE. J Mach Learn Res 2008;9:2579-2605.

    Examples
    --------
    >>> import omicsfuse as of
    >>> cohort = of.simulate_cohort(30, n_external=0).discovery
    >>> of.embed(of.fuse(of.preprocess(cohort), n_neighbors=6), method="tsne").shape
    (30, 3)
    """
    require(fusion, Fusion, "fusion", "from of.fuse")
    random_state = seed(random_state)
    if method == "umap":
        layout = _umap(fusion.affinity, random_state)
    elif method != "tsne":
        raise StudyError(f'method is {method!r}; choose "umap" or "tsne".')
    elif isinstance(fusion.affinity, pd.DataFrame):
        layout = _tsne(fusion.affinity.to_numpy(), random_state)
    else:
        raise StudyError(
            't-SNE needs a dense network, and this network is sparse; choose method="umap".'
        )
    placed = pd.DataFrame(np.asarray(layout, dtype=np.float64), fusion.patients, ["x", "y"])
    return placed.assign(method=method)


def _tsne(network: np.ndarray, random_state: int) -> np.ndarray:
    """Lay out by t-SNE on one thread, as the sums in it depend on how many share the work."""
    from sklearn.manifold import TSNE

    with one_thread():
        layout: np.ndarray = TSNE(
            metric="precomputed",
            init=1e-4 * _spectral_start(network),
            perplexity=min(_NEIGHBOURS, (len(network) - 1) / 3),
            max_iter=_STEPS,
            random_state=random_state,
        ).fit_transform(_distances(network))
    return layout


def _spectral_start(network: np.ndarray) -> np.ndarray:
    """Second and third eigenvector of the normalised network, with a fixed sign and variance 1."""
    off = network.copy()
    np.fill_diagonal(off, 0.0)
    scale = 1 / np.sqrt(off.sum(axis=1))
    vectors = np.linalg.eigh(off * scale[:, None] * scale)[1][:, [-2, -3]] * scale[:, None]
    vectors *= np.sign(vectors[np.abs(vectors).argmax(axis=0), [0, 1]])
    start: np.ndarray = vectors / vectors.std(axis=0)
    return start


def _umap(network: pd.DataFrame | sparse.csr_array, random_state: int) -> np.ndarray:
    # Importing umap warns of optional packages (TensorFlow) that are not needed here.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from umap import UMAP

    n = network.shape[0]
    neighbors = min(_NEIGHBOURS, n - 1)
    settings: dict[str, Any] = {}
    if isinstance(network, pd.DataFrame):
        distances = _distances(network.to_numpy())
        settings["metric"] = "precomputed"
    else:
        # The sparse network names each patient's neighbours already; the data are not used then.
        distances = np.zeros((n, 1))
        settings["precomputed_knn"] = _nearest_in(network, neighbors)
    with warnings.catch_warnings():
        # umap announces that a seed means one thread, and that a precomputed metric has no inverse.
        warnings.simplefilter("ignore", UserWarning)
        layout: np.ndarray = UMAP(
            n_neighbors=neighbors,
            # The spectral start fails below a handful of patients and for disconnected graphs.
            init="random" if n < 20 else "spectral",
            random_state=random_state,
            n_jobs=1,
            **settings,
        ).fit_transform(distances)
    return layout


def _distances(network: np.ndarray) -> np.ndarray:
    """1 - W / max(W) between patients, 0 to oneself."""
    off = network.copy()
    np.fill_diagonal(off, 0.0)
    distances: np.ndarray = 1 - network / off.max()
    np.fill_diagonal(distances, 0.0)
    return distances


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
