"""How well eigenvectors tell groups once they are turned the best way (Zelnik-Manor and Perona)."""

import numpy as np
from scipy.optimize import minimize

from omicsfuse.stats.one_thread import one_thread

#: Rotations to start from, how often each is brought nearest to its groups, and how many go on.
_STARTS, _ROUNDS, _POLISHED = 48, 12, 4

#: Starts are sought on so many patients, evenly spaced, where there are more; all are polished on.
_SEARCHED = 1000


def rotation_cost(vectors: np.ndarray, k: int) -> float:
    """Cost of aligning the first k eigenvectors with k groups, by the best rotation: 0 to k - 1.

    Mean over patients of sum_j Z_ij^2 / max_j Z_ij^2, less 1 (Zelnik-Manor and Perona, NIPS 2004,
    equation 3). Of many local minima, from fixed starts brought nearest to the groups they tell,
    the best few are polished by L-BFGS; a few percent above the smallest at worst.
    """
    length = np.linalg.norm(vectors[:, :k], axis=1)
    # The cost of a row does not depend on its length.
    rows = vectors[length > 0, :k] / length[length > 0, None]
    silent = (k - 1.0) * (len(vectors) - len(rows)) / len(vectors)
    if k == 1 or not len(rows):
        return silent
    with one_thread():
        starts = _promising_rotations(rows[:: -(-len(rows) // _SEARCHED)])
        best = min(_polished(rows @ start) for start in starts)
    return float(best * len(rows) / len(vectors) + silent)


def rotation_cost_discrete(values: np.ndarray, k: int, n: int) -> float:
    r"""Compute the rotation cost as in SNFtool: a scaled ratio of two eigenvalues.

    ``estimateNumberOfClustersGivenGraph`` of SNFtool names its second criterion after the rotation
    cost, but takes the *discretised* eigenvectors: each patient has a single 1, in the column of
    its group, and 0 elsewhere. So every :math:`\max_j Z_{ij}^2` is 1, every row sums to 1, the
    double sum is always n, and the factor before it remains:

    .. math:: n \, \frac{1 - \lambda_{k+1}}{1 - \lambda_k}.

    It is a scaled eigengap and no rotation cost; see ``rotation_cost`` for that.

    Parameters
    ----------
    values : array
        Eigenvalues of the normalised Laplacian in rising order, at least k + 1 of them.
    k : int
        Number of groups.
    n : int
        Number of patients.

    Returns
    -------
    float
        Small values suggest k groups; n if the eigenvalues k and k + 1 are equal, NaN if eigenvalue
        k is 1 or more.

    References
    ----------
    Wang B, and others. SNFtool: similarity network fusion, function
    ``estimateNumberOfClustersGivenGraph``.

    Examples
    --------
    >>> from omicsfuse.clustering import rotation_cost_discrete
    >>> import numpy as np
    >>> rotation_cost_discrete(np.array([0.0, 0.2, 0.8]), 2, 100).__round__(6)
    25.0
    """
    if values[k - 1] >= 1:
        return float("nan")
    return float(n * (1 - values[k]) / (1 - values[k - 1]))


def _promising_rotations(rows: np.ndarray) -> np.ndarray:
    """Best rotations of many, each of which was brought near a minimum (few, k, k)."""
    k = rows.shape[1]
    turns = np.linalg.qr(np.random.default_rng(0).normal(size=(_STARTS, k, k)))[0]
    turns[0] = np.eye(k)
    for _ in range(_ROUNDS):
        z = rows @ turns
        largest = np.abs(z).argmax(axis=-1)[..., None]
        target = np.zeros_like(z)
        np.put_along_axis(target, largest, np.take_along_axis(z, largest, -1) ** -3.0, -1)
        left, _, right = np.linalg.svd(rows.T @ target)
        turns = left @ right
    costs = (1 / ((rows @ turns) ** 2).max(axis=-1)).mean(axis=-1)
    return turns[np.argsort(costs, kind="stable")[:_POLISHED]]


def _polished(rows: np.ndarray) -> float:
    """Local minimum of the cost near rows of unit length, in Cayley coordinates of rotations."""
    k = rows.shape[1]
    above = np.triu_indices(k, 1)
    which = np.arange(len(rows))
    identity = np.eye(k)

    def cost(angles: np.ndarray) -> tuple[float, np.ndarray]:
        """Mean of 1 / max_j Z_ij^2 less 1, and its gradient; Q = (I - A/2)^-1 (I + A/2)."""
        skew = np.zeros((k, k))
        skew[above] = angles / 2
        skew -= skew.T
        inverse = np.linalg.inv(identity - skew)
        turned = inverse @ (identity + skew)
        z = rows @ turned
        largest = np.abs(z).argmax(axis=1)
        top = z[which, largest]
        slope = np.zeros_like(z)
        slope[which, largest] = -2 / top**3 / len(rows)
        change = (turned + identity) @ (slope.T @ rows) @ inverse / 2
        return float((1 / top**2).mean() - 1), (change.T - change)[above]

    optimum = minimize(cost, np.zeros(len(above[0])), jac=True, method="L-BFGS-B")
    return max(float(optimum.fun), 0.0)
