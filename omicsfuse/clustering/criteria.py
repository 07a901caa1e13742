"""Criteria for the number of subtypes, each from its own source."""

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import LinearOperator

from omicsfuse.clustering.spectral import Network


def eigengap(values: np.ndarray, k: int) -> float:
    """Gap after the k-th smallest eigenvalue of the normalised Laplacian, large after k groups."""
    return float(values[k] - values[k - 1])


def affinity_silhouettes(affinity: Network, labels: np.ndarray) -> np.ndarray:
    """Silhouette (n,) from affinities: (a - b) / max(a, b), a of the own group, b the best other.

    0 for a patient alone, NaN with one group (Rousseeuw 1987, section 2, with similarities).
    """
    means = mean_affinity_to_groups(affinity, labels)
    if means.shape[1] < 2:
        return np.full(len(labels), np.nan)
    rows = np.arange(len(labels))
    within = means[rows, labels]
    others = means.copy()
    others[rows, labels] = -np.inf
    nearest = others.max(axis=1)
    larger = np.maximum(within, nearest)
    with np.errstate(invalid="ignore"):
        silhouettes = np.where(larger > 0, (within - nearest) / larger, 0.0)
    return np.where(np.isnan(within), 0.0, silhouettes)


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

    NaN where lambda_k+1 is 1 or more, where snfpy's own value is infinite or negative.
    """
    if values[k] >= 1:
        return float("nan")
    return eigengap(values, k) * float((1 - values[k - 1]) / (1 - values[k]))


def normalised_cut(network: Network, labels: np.ndarray) -> float:
    """Share of the groups' affinity that goes to other groups, summed over the groups: 0 to k.

    Spectral clustering minimises a relaxation of it (Shi and Malik 2000, IEEE TPAMI 22:888-905).
    """
    member = np.eye(int(labels.max()) + 1)[labels]
    linked = member.T @ (network @ member)
    if not isinstance(network, LinearOperator):
        linked -= np.diag(network.diagonal() @ member)
    volume = linked.sum(axis=1)
    cut = volume - np.diagonal(linked)
    # With a single group, rounding must not leave a cut below 0.
    return float(np.divide(cut, volume, out=np.zeros_like(cut), where=volume > 0).clip(0).sum())
