"""Criteria for the number of subtypes, each from its own source."""

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import LinearOperator

from omicsfuse.clustering.spectral import Network


def eigengap(values: np.ndarray, k: int) -> float:
    """Gap after the k-th smallest eigenvalue of the normalised Laplacian, large after k groups."""
    return float(values[k] - values[k - 1])


def affinity_silhouettes(affinity: Network, labels: np.ndarray) -> np.ndarray:
    """Silhouette of each patient (n,), from affinities in place of distances.

    With a the mean affinity to the other members of the own group and b the largest mean affinity
    to another group, it is (a - b) / max(a, b); 0 for a patient alone in a group, NaN for all where
    there is one group (Rousseeuw 1987, section 2, with similarities).
    """
    means = mean_affinity_to_groups(affinity, labels)
    if means.shape[1] < 2:
        return np.full(len(labels), np.nan)
    rows = np.arange(len(labels))
    own = means[rows, labels]
    others = means.copy()
    others[rows, labels] = -np.inf
    nearest = others.max(axis=1)
    larger = np.maximum(own, nearest)
    with np.errstate(invalid="ignore"):
        silhouettes = np.where(larger > 0, (own - nearest) / larger, 0.0)
    return np.where(np.isnan(own), 0.0, silhouettes)


def mean_affinity_to_groups(affinity: Network, labels: np.ndarray) -> np.ndarray:
    """Mean affinity of each patient to the other members of each group (n, k).

    NaN for a patient alone in its own group.
    """
    k = int(labels.max()) + 1
    member = np.eye(k)[labels]
    if isinstance(affinity, LinearOperator):
        sums = affinity @ member
    elif sparse.issparse(affinity):
        sums = affinity @ member - affinity.diagonal()[:, None] * member
    else:
        sums = (affinity - np.diag(np.diagonal(affinity))) @ member
    counts = member.sum(axis=0)[None, :] - member
    return np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)


def eigengap_ratio(values: np.ndarray, k: int) -> float:
    """Gap after the k-th eigenvalue times (1 - lambda_k) / (1 - lambda_k+1), as snfpy ranks k.

    1 - lambda is an eigenvalue of the normalised affinity itself, so that a gap counts for more
    where little structure is left after it. NaN where lambda_k+1 is 1 or more, where snfpy's own
    value (``get_n_clusters``) is infinite or negative.
    """
    if values[k] >= 1:
        return float("nan")
    return eigengap(values, k) * float((1 - values[k - 1]) / (1 - values[k]))


def normalised_cut(network: Network, labels: np.ndarray) -> float:
    """Share of the groups' affinity that goes to other groups, summed over the groups: 0 to k.

    Spectral clustering minimises a relaxation of it, whose lower bound is the sum of the first k
    eigenvalues of the normalised Laplacian (Shi and Malik 2000, IEEE TPAMI 22:888-905, section 2).
    A group whose members have no affinity to anyone adds 0.
    """
    member = np.eye(int(labels.max()) + 1)[labels]
    linked = member.T @ (network @ member)
    if not isinstance(network, LinearOperator):
        linked -= np.diag(network.diagonal() @ member)
    volume = linked.sum(axis=1)
    cut = volume - np.diagonal(linked)
    # With a single group, rounding must not leave a cut below 0.
    return float(np.divide(cut, volume, out=np.zeros_like(cut), where=volume > 0).clip(0).sum())
