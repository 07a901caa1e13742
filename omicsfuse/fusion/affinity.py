"""From distances between patients to affinities: the scaled exponential kernel of SNF."""

import warnings

import numpy as np

from omicsfuse.checks.arguments import positive_number, whole_number
from omicsfuse.errors import OmicsfuseWarning, StudyError

_EPSILON = np.finfo(np.float64).eps


def affinity_matrix(distances: np.ndarray, n_neighbors: int = 20, mu: float = 0.5) -> np.ndarray:
    r"""Turn distances between patients into affinities, scaled to each neighbourhood.

    The affinity of patients i and j is a Gaussian density of their distance whose width follows
    the mean distance of each to its nearest neighbours, so that dense and sparse regions of
    patients are treated alike:

    .. math::
        W_{ij} = \varphi(d_{ij}; 0, \mu \sigma_{ij}), \qquad
        \sigma_{ij} = \tfrac{1}{3} (\bar d_i + \bar d_j + d_{ij})

    where :math:`\varphi` is the normal density and :math:`\bar d_i` the mean distance of patient i
    to its ``n_neighbors`` nearest others.

    Parameters
    ----------
    distances : array of shape (n, n)
        Symmetric, non-negative distances with a zero diagonal.
    n_neighbors : int
        Neighbours that set the local scale (K of the paper).
    mu : float
        Width of the kernel relative to the local scale, usually 0.3 to 0.8.

    Returns
    -------
    array of shape (n, n)
        Symmetric affinities, float64.

    Raises
    ------
    StudyError
        If the array is not square, has a non-finite or negative entry, or a setting is out of
        range.

    References
    ----------
    Wang B et al. Similarity network fusion for aggregating data types on a genomic scale.
    Nature Methods 2014;11:333-337, equations 1 and 2.

    Examples
    --------
    >>> import numpy as np
    >>> import omicsfuse as of
    >>> points = np.arange(12.0)[:, None]
    >>> affinity = of.affinity_matrix(np.abs(points - points.T), n_neighbors=3)
    >>> bool(affinity[0, 1] > affinity[0, 11])
    True
    """
    distances = checked_square(distances, "distances")
    if distances.min() < 0:
        raise StudyError(f"distances must not be negative, found {distances.min():g}.")
    mu = positive_number(mu, "mu")
    k = usable_neighbors(n_neighbors, len(distances))
    symmetric = (distances + distances.T) / 2
    np.fill_diagonal(symmetric, 0.0)
    # The nearest of each row is the patient itself, at distance 0, so it takes k + 1 to have k.
    nearest = np.partition(symmetric, k, axis=1)[:, : k + 1]
    nearest.sort(axis=1)
    local = nearest[:, 1:].mean(axis=1) + _EPSILON
    sigma = (local[:, None] + local[None, :] + symmetric) / 3 + _EPSILON
    scale = mu * np.maximum(sigma, _EPSILON)
    density = np.exp(-0.5 * np.square(symmetric / scale)) / (np.sqrt(2 * np.pi) * scale)
    return (density + density.T) / 2


def usable_neighbors(n_neighbors: int, n: int) -> int:
    """Neighbours that n patients can have: ``n_neighbors``, or n - 1 with a warning."""
    n_neighbors = whole_number(n_neighbors, "n_neighbors")
    if n_neighbors <= n - 1:
        return n_neighbors
    warnings.warn(
        f"n_neighbors is {n_neighbors}, but with {n} patients each has only {n - 1} others: "
        f"{n - 1} is used. Set n_neighbors to about a tenth to a third of the patients.",
        OmicsfuseWarning,
        stacklevel=3,
    )
    return n - 1


def checked_square(matrix: np.ndarray, name: str) -> np.ndarray:
    """Return a float64 copy of a square, finite matrix of at least two patients, or refuse it."""
    try:
        numbers = np.array(matrix)
        if np.iscomplexobj(numbers):
            raise TypeError("complex")
        matrix = numbers.astype(np.float64)
    except (TypeError, ValueError):
        raise StudyError(
            f"{name} must be a square matrix of numbers, found {type(matrix).__name__}."
        ) from None
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise StudyError(f"{name} must be a square matrix of patients, found shape {matrix.shape}.")
    if len(matrix) < 2:
        raise StudyError(f"{name} must hold at least two patients, found {len(matrix)}.")
    if not np.isfinite(matrix).all():
        rows = np.flatnonzero(~np.isfinite(matrix).all(axis=1))
        raise StudyError(
            f"{name} must be finite, found missing or infinite values in {len(rows)} rows, "
            f"first at row {rows[0]}."
        )
    return matrix
