"""Criteria for the number of subtypes, each from its own source."""

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import LinearOperator

from omicsfuse.clustering.spectral import Network


def eigengap(values: np.ndarray, k: int) -> float:
    """Gap after the k-th smallest eigenvalue of the normalised Laplacian.

    A network of k separate groups has k eigenvalues at 0 and a gap after them (von Luxburg 2007,
    A tutorial on spectral clustering, section 8.3).

    Parameters
    ----------
    values : array
        Eigenvalues in rising order, at least k + 1 of them.
    k : int
        Number of groups.

    Returns
    -------
    float
        Difference of eigenvalues k + 1 and k.

    Examples
    --------
    >>> import numpy as np
    >>> eigengap(np.array([0.0, 0.25, 0.75]), 2)
    0.5
    """
    return float(values[k] - values[k - 1])


def affinity_silhouettes(affinity: Network, labels: np.ndarray) -> np.ndarray:
    r"""Silhouette of each patient, from affinities in place of distances.

    With :math:`a_i` the mean affinity of patient i to the other members of its own group and
    :math:`b_i` the largest mean affinity to another group, :math:`s_i = (a_i - b_i) / \max(a_i,
    b_i)`: near 1 where a patient is much closer to its own group, 0 on the border, negative where
    it sits in the wrong one. Alone in its group it has silhouette 0 (Rousseeuw 1987, section 2,
    with similarities).

    Parameters
    ----------
    affinity : array, csr_array or LinearOperator of shape (n, n)
        Symmetric affinities; the diagonal is not used, and must be 0 in an operator. Entries that
        a sparse network does not hold count as 0.
    labels : array of shape (n,)
        Groups 0 to k - 1.

    Returns
    -------
    array of shape (n,)
        Silhouettes between -1 and 1; NaN for every patient if there is only one group.

    Examples
    --------
    >>> import numpy as np
    >>> network = np.kron(np.diag([1.0, 1.0]), np.ones((2, 2))) + 0.5
    >>> affinity_silhouettes(network, np.array([0, 0, 1, 1])).round(3)
    array([0.667, 0.667, 0.667, 0.667])
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
    """Mean affinity of each patient to the other members of each group.

    Parameters
    ----------
    affinity : array, csr_array or LinearOperator of shape (n, n)
        Symmetric affinities; the diagonal is not used, and must be 0 in an operator. Entries that
        a sparse network does not hold count as 0.
    labels : array of shape (n,)
        Groups 0 to k - 1.

    Returns
    -------
    array of shape (n, k)
        Means; NaN where a patient is alone in its own group.

    Examples
    --------
    >>> import numpy as np
    >>> mean_affinity_to_groups(np.ones((3, 3)), np.array([0, 0, 1]))
    array([[ 1.,  1.],
           [ 1.,  1.],
           [ 1., nan]])
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
    r"""Gap after the k-th eigenvalue, scaled by how close both eigenvalues are to 1.

    :math:`(\lambda_{k+1} - \lambda_k) (1 - \lambda_k) / (1 - \lambda_{k+1})`: the form by which
    ``get_n_clusters`` of snfpy ranks the numbers of groups. :math:`1 - \lambda` is an eigenvalue
    of the normalised affinity itself, so that a gap counts for more where little structure is left
    after it.

    Parameters
    ----------
    values : array
        Eigenvalues of the normalised Laplacian in rising order, at least k + 1 of them.
    k : int
        Number of groups.

    Returns
    -------
    float
        Scaled gap, at least as large as the gap; NaN where eigenvalue k + 1 is 1 or more: nothing
        is left to scale by. (There snfpy's own value is infinite or negative.)

    References
    ----------
    Markello RD, snfpy: similarity network fusion in Python, ``snf.compute.get_n_clusters``.

    Examples
    --------
    >>> import numpy as np
    >>> eigengap_ratio(np.array([0.0, 0.25, 0.75]), 2)
    1.5
    """
    if values[k] >= 1:
        return float("nan")
    return eigengap(values, k) * float((1 - values[k - 1]) / (1 - values[k]))


def normalised_cut(network: Network, labels: np.ndarray) -> float:
    r"""Share of the groups' affinity that goes to other groups, summed over the groups.

    :math:`\sum_g \mathrm{cut}(g) / \mathrm{vol}(g)`: the affinity between members of g and everyone
    else, over the affinity between members of g and everyone (Shi and Malik 2000, section 2, for k
    groups). Spectral clustering minimises a relaxation of it: the sum of the first k eigenvalues of
    the normalised Laplacian is its lower bound.

    Parameters
    ----------
    network : array, csr_array or LinearOperator of shape (n, n)
        Symmetric affinities; the diagonal is not used, and must be 0 in an operator.
    labels : array of shape (n,)
        Groups 0 to k - 1.

    Returns
    -------
    float
        0 where no affinity goes from one group to another, as with a single group; at most k. A
        group whose members have no affinity to anyone adds 0.

    References
    ----------
    Shi J, Malik J. Normalized cuts and image segmentation. IEEE Transactions on Pattern Analysis
    and Machine Intelligence 2000;22:888-905.

    Examples
    --------
    >>> import numpy as np
    >>> network = np.array([[0, 3, 1, 0], [3, 0, 0, 1], [1, 0, 0, 3], [0, 1, 3, 0]])
    >>> normalised_cut(network, np.array([0, 0, 1, 1]))
    0.5
    """
    member = np.eye(int(labels.max()) + 1)[labels]
    linked = member.T @ (network @ member)
    if not isinstance(network, LinearOperator):
        linked -= np.diag(network.diagonal() @ member)
    volume = linked.sum(axis=1)
    cut = volume - np.diagonal(linked)
    # With a single group, rounding must not leave a cut below 0.
    return float(np.divide(cut, volume, out=np.zeros_like(cut), where=volume > 0).clip(0).sum())
