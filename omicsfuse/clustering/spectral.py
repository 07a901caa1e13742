"""Spectral clustering of a network of patients, without randomness that a user could notice."""

import numpy as np
from scipy.linalg import eigh
from threadpoolctl import threadpool_limits


def laplacian_spectrum(affinity: np.ndarray, n_values: int) -> tuple[np.ndarray, np.ndarray]:
    """Compute the smallest eigenvalues and eigenvectors of the normalised Laplacian.

    The Laplacian is I - D^(-1/2) W D^(-1/2), W the affinity without its diagonal and D its row
    sums (Ng, Jordan and Weiss 2002). A small gap before an eigenvalue and a large one after it
    speak for as many groups as there are values before the gap.

    Parameters
    ----------
    affinity : array of shape (n, n)
        Symmetric and non-negative; every row has a positive entry off the diagonal.
    n_values : int
        How many, at most n.

    Returns
    -------
    values : array of shape (n_values,)
        Eigenvalues in rising order, between 0 and 2; the first is 0.
    vectors : array of shape (n, n_values)
        Eigenvectors in columns, each with its largest entry positive.

    Examples
    --------
    >>> import numpy as np
    >>> two_pairs = np.kron(np.eye(2), np.ones((2, 2)))
    >>> laplacian_spectrum(two_pairs, 3)[0].round(6)
    array([0., 0., 2.])
    """
    network = np.array(affinity, dtype=np.float64)
    np.fill_diagonal(network, 0.0)
    root = np.sqrt(network.sum(axis=1))
    laplacian = np.eye(len(network)) - network / root[:, None] / root[None, :]
    # One thread: the last bits of an eigenvector must not depend on how many there are.
    with threadpool_limits(limits=1):
        values, vectors = eigh(laplacian, subset_by_index=[0, min(n_values, len(network)) - 1])
    largest = vectors[np.abs(vectors).argmax(axis=0), np.arange(vectors.shape[1])]
    return np.clip(values, 0.0, 2.0), vectors * np.where(largest < 0, -1.0, 1.0)


def spectral_labels(vectors: np.ndarray, k: int, random_state: int = 0) -> np.ndarray:
    """Cut a network into k groups: k-means on the rows of its first k eigenvectors.

    Rows are scaled to unit length (Ng, Jordan and Weiss 2002); k-means is started fifty times from
    seeded centres and the tightest result is taken.

    Parameters
    ----------
    vectors : array of shape (n, at least k)
        Eigenvectors from ``laplacian_spectrum``.
    k : int
        Number of groups, 1 to n.
    random_state : int
        Seed.

    Returns
    -------
    array of shape (n,)
        Group 0 to k - 1 of each patient, ordered by size, ties by first patient. Fewer than k
        groups come back where patients coincide.

    Examples
    --------
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
    with threadpool_limits(limits=1):
        raw = KMeans(k, n_init=50, random_state=random_state).fit_predict(embedding)
    return ordered_by_size(raw)


def ordered_by_size(raw: np.ndarray) -> np.ndarray:
    """Renumber groups 0, 1, ... from largest to smallest, ties by first patient.

    Parameters
    ----------
    raw : array of shape (n,)
        Any group labels.

    Returns
    -------
    array of shape (n,)
        Group numbers.

    Examples
    --------
    >>> import numpy as np
    >>> ordered_by_size(np.array([5, 2, 2, 5, 7]))
    array([0, 1, 1, 0, 2])
    """
    groups, first, inverse, counts = np.unique(
        raw, return_index=True, return_inverse=True, return_counts=True
    )
    rank = np.empty(len(groups), dtype=int)
    rank[np.lexsort((first, -counts))] = np.arange(len(groups))
    return rank[inverse]
