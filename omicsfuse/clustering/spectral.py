"""Spectral clustering of a network of patients, without randomness that a user could notice."""

from contextlib import AbstractContextManager
from functools import cache
from typing import TypeAlias

import numpy as np
from scipy import sparse
from scipy.linalg import eigh
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import LinearOperator, eigsh
from threadpoolctl import ThreadpoolController

#: A network of patients: dense, sparse, or an operator that multiplies by it (diagonal 0).
Network: TypeAlias = np.ndarray | sparse.csr_array | LinearOperator

#: Below this many patients a sparse network is solved as a dense one.
_DENSE_BELOW = 500

#: Above this many patients k-means starts fewer times: its result hardly depends on the start.
_MANY = 20_000


def laplacian_spectrum(affinity: Network, n_values: int) -> tuple[np.ndarray, np.ndarray]:
    """Compute the smallest eigenvalues and eigenvectors of the normalised Laplacian.

    The Laplacian is I - D^(-1/2) W D^(-1/2), W the affinity without its diagonal and D its row sums
    (Ng, Jordan and Weiss 2002). A large gap after the k-th eigenvalue suggests k groups.

    A dense network is solved directly. A sparse one, or an operator, is solved by the implicitly
    restarted Lanczos method from a fixed start, separately for each connected part of a sparse
    network, because Lanczos can miss copies of a repeated eigenvalue. A patient without connections
    is a part.

    Parameters
    ----------
    affinity : array, csr_array or LinearOperator of shape (n, n)
        Symmetric and non-negative; every row has a positive entry off the diagonal. The diagonal
        of an operator must be 0.
    n_values : int
        Number of eigenvalues, at most n.

    Returns
    -------
    values : array of shape (n_values,)
        Eigenvalues in rising order, between 0 and 2; the first is 0.
    vectors : array of shape (n, n_values)
        Eigenvectors in columns, each with its largest entry positive.

    Examples
    --------
    >>> from omicsfuse.clustering import laplacian_spectrum
    >>> import numpy as np
    >>> two_pairs = np.kron(np.eye(2), np.ones((2, 2)))
    >>> laplacian_spectrum(two_pairs, 3)[0].round(6)
    array([0., 0., 2.])
    """
    # One thread: the last bits of an eigenvector must not depend on how many there are.
    with one_thread():
        if sparse.issparse(affinity):
            values, vectors = _by_parts(sparse.csr_array(affinity, dtype=np.float64), n_values)
        elif isinstance(affinity, LinearOperator):
            values, vectors = _of_operator(affinity, n_values)
        else:
            values, vectors = _of_dense(affinity, n_values)
    largest = vectors[np.abs(vectors).argmax(axis=0), np.arange(vectors.shape[1])]
    return np.clip(values, 0.0, 2.0), vectors * np.where(largest < 0, -1.0, 1.0)


def one_thread() -> AbstractContextManager[object]:
    """Keep linear algebra and k-means on one thread while this is entered."""
    return _thread_pools().limit(limits=1)


@cache
def _thread_pools() -> ThreadpoolController:
    """Thread pools of the loaded libraries: to look for them takes longer than a small network."""
    import sklearn.cluster  # noqa: F401 - brings its own pool

    return ThreadpoolController()


def _of_dense(affinity: np.ndarray, n_values: int) -> tuple[np.ndarray, np.ndarray]:
    """Smallest eigenpairs by a direct solver."""
    network = np.array(affinity, dtype=np.float64)
    np.fill_diagonal(network, 0.0)
    root = np.sqrt(network.sum(axis=1))
    laplacian = np.eye(len(network)) - network / root[:, None] / root[None, :]
    values, vectors = eigh(laplacian, subset_by_index=[0, min(n_values, len(network)) - 1])
    return values, vectors


def _of_operator(affinity: LinearOperator, n_values: int) -> tuple[np.ndarray, np.ndarray]:
    """Smallest eigenpairs by Lanczos, as the largest of D^(-1/2) W D^(-1/2)."""
    n = affinity.shape[0]
    if n < max(_DENSE_BELOW, 4 * n_values):
        return _of_dense(affinity @ np.eye(n), n_values)
    sums = affinity @ np.ones(n)
    inverse = 1 / np.sqrt(np.maximum(sums, 1e-12 * sums.mean()))

    def product(x: np.ndarray) -> np.ndarray:
        return np.asarray(inverse * (affinity @ (inverse * x.ravel())))

    # The roots of the sums are an eigenvector themselves: the start must hold a part of each.
    start = np.random.default_rng(0).normal(size=n)
    values, vectors = eigsh(
        LinearOperator((n, n), matvec=product, dtype=np.float64),
        n_values,
        which="LA",
        v0=start,
        ncv=min(n - 1, max(2 * n_values + 10, 40)),
        tol=1e-10,
    )
    order = np.argsort(-values, kind="stable")
    return 1 - values[order], vectors[:, order]


def _by_parts(affinity: sparse.csr_array, n_values: int) -> tuple[np.ndarray, np.ndarray]:
    """Smallest eigenpairs of a sparse network, from those of each connected part."""
    n = affinity.shape[0]
    n_values = min(n_values, n)
    network = sparse.csr_array(affinity - sparse.diags_array(affinity.diagonal()))
    network.eliminate_zeros()
    n_parts, part = connected_components(network, directed=False)
    part = ordered_by_size(part)
    values, columns = [], []
    # Each part has one eigenvalue 0: with enough parts, the largest of them are all there is.
    for p in range(min(n_parts, n_values)):
        rows = np.flatnonzero(part == p)
        wanted = 1 if n_parts >= n_values else min(n_values, len(rows))
        if wanted == 1:
            root = np.sqrt(network[rows].sum(axis=1))
            eigenvalues = np.zeros(1)
            vectors = (root / np.linalg.norm(root) if root.any() else np.ones(1))[:, None]
        else:
            block = network if n_parts == 1 else sparse.csr_array(network[rows][:, rows])
            eigenvalues, vectors = _of_operator(block, wanted)
        whole = np.zeros((n, vectors.shape[1]))
        whole[rows] = vectors
        values.append(eigenvalues)
        columns.append(whole)
    every = np.concatenate(values)
    order = np.argsort(every, kind="stable")[:n_values]
    return every[order], np.hstack(columns)[:, order]


def spectral_labels(
    vectors: np.ndarray, k: int, random_state: int = 0, n_starts: int | None = None
) -> np.ndarray:
    """Cut a network into k groups: k-means on the rows of its first k eigenvectors.

    Rows are scaled to unit length (Ng, Jordan and Weiss 2002). k-means has fifty seeded starts, ten
    above 20,000 patients; the result with the smallest within-group sum of squares is kept.

    Parameters
    ----------
    vectors : array of shape (n, at least k)
        Eigenvectors from ``laplacian_spectrum``.
    k : int
        Number of groups, 1 to n.
    random_state : int
        Seed.
    n_starts : int, optional
        Starts of k-means, in place of fifty or ten.

    Returns
    -------
    array of shape (n,)
        Group 0 to k - 1 of each patient, ordered by size, ties by first patient. Identical patients
        may give fewer than k groups.

    Examples
    --------
    >>> from omicsfuse.clustering import laplacian_spectrum, spectral_labels
    >>> import numpy as np
    >>> network = np.kron(np.diag([1.0, 1.0]), np.ones((3, 3))) + 0.01
    >>> spectral_labels(laplacian_spectrum(network, 2)[1], 2)
    array([0, 0, 0, 1, 1, 1])
    """
    from sklearn.cluster import KMeans

    if k == 1:
        return np.zeros(len(vectors), dtype=int)
    embedding = vectors[:, :k]
    length = np.linalg.norm(embedding, axis=1, keepdims=True)
    embedding = embedding / np.where(length > 0, length, 1.0)
    with one_thread():
        starts = n_starts or (50 if len(embedding) <= _MANY else 10)
        raw = KMeans(k, n_init=starts, random_state=random_state).fit_predict(embedding)
    return ordered_by_size(raw)


def ordered_by_size(raw: np.ndarray) -> np.ndarray:
    """Renumber groups (n,) 0, 1, ... from largest to smallest, ties by first patient."""
    groups, first, inverse, counts = np.unique(
        raw, return_index=True, return_inverse=True, return_counts=True
    )
    rank = np.empty(len(groups), dtype=int)
    rank[np.lexsort((first, -counts))] = np.arange(len(groups))
    return rank[inverse]


def weighted_by_evidence(network: Network, evidence: np.ndarray) -> Network:
    """Multiply affinities (n, n) with the evidence (n,) on both of their patients."""
    if (evidence == evidence[0]).all():
        return network
    if isinstance(network, np.ndarray):
        return network * evidence[:, None] * evidence[None, :]
    if isinstance(network, LinearOperator):
        whole, column = network, evidence[:, None]
        return LinearOperator(
            network.shape,
            matvec=lambda x: evidence * (whole @ (evidence * x.ravel())),
            matmat=lambda x: column * (whole @ (column * x)),
            dtype=np.dtype(np.float64),
        )
    scale = sparse.diags_array(evidence)
    return sparse.csr_array(scale @ network @ scale)
