"""From distances between patients to affinities: the scaled exponential kernel of SNF."""

import warnings

import numpy as np

from omicsfuse.core.checks.arguments import positive_number, whole_number
from omicsfuse.core.errors import OmicsfuseWarning, StudyError
from omicsfuse.fusion.threads import threads, usable_threads

#: Rows whose densities are computed at a time.
_ROWS = 16

#: Neighbours that even a small layer has.
_FEWEST_NEIGHBORS = 3
_EPSILON = np.finfo(np.float64).eps


def affinity_matrix(
    distances: np.ndarray,
    n_neighbors: int = 20,
    mu: float = 0.5,
    *,
    n_threads: int | None = None,
) -> np.ndarray:
    r"""Convert distances between patients to affinities, scaled to each neighbourhood.

    The affinity of patients i and j is a Gaussian density of their distance. Its width depends on
    the mean distance of each to its nearest neighbours, so that dense and sparse regions are
    treated alike:

    .. math::
        W_{ij} = \varphi(d_{ij}; 0, \mu \sigma_{ij}), \qquad
        \sigma_{ij} = \tfrac{1}{3} (\bar d_i + \bar d_j + d_{ij})

    where :math:`\varphi` is the normal density and :math:`\bar d_i` the mean distance of patient i
    to its ``n_neighbors`` nearest neighbours.

    Parameters
    ----------
    distances : array of shape (n, n)
        Symmetric, non-negative distances with a zero diagonal.
    n_neighbors : int
        Neighbours that set the local scale (K of the paper).
    mu : float
        Width of the kernel relative to the local scale, usually 0.3 to 0.8.
    n_threads : int, optional
        Threads; by default the number of processors. The result does not depend on them, to the
        last bit.

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
    n_threads = usable_threads(n_threads)
    matrix, lowest = checked_square(distances, "distances", n_threads)
    if lowest < 0:
        raise StudyError(f"distances must not be negative, found {lowest:g}.")
    mu = positive_number(mu, "mu")
    k = usable_neighbors(n_neighbors, len(matrix))
    return affinities_of(matrix, k, mu, n_threads)


def affinities_of(distances: np.ndarray, k: int, mu: float, n_threads: int = 1) -> np.ndarray:
    """Turn checked distances (n, n) into affinities (n, n); see ``affinity_matrix``."""
    from omicsfuse.fusion import affinity_kernel as kernel

    local = np.empty(len(distances))
    affinity = np.empty(distances.shape)
    with threads(n_threads) as share:
        share(kernel.nearest_mean, distances, k, local)
        local += _EPSILON
        share(_densities, distances, local, mu, affinity)
    return affinity


def _densities(
    worker: int,
    workers: int,
    distances: np.ndarray,
    local: np.ndarray,
    mu: float,
    affinity: np.ndarray,
) -> None:
    """Write a thread's share of the rows, with numpy's exponential, which is many times as fast."""
    from omicsfuse.fusion import affinity_kernel as kernel

    n = len(distances)
    room = np.empty((_ROWS, n))
    for top in range(worker * _ROWS, n, workers * _ROWS):
        bottom = min(top + _ROWS, n)
        kernel.exponents(distances, local, mu, top, bottom, room)
        powers = room[: bottom - top, :bottom]
        np.exp(powers, out=powers)
        kernel.densities(distances, local, mu, top, bottom, room, affinity)


def usable_neighbors(n_neighbors: int, n: int) -> int:
    """Neighbours that n patients can have: ``n_neighbors``, or n - 1 with a warning."""
    n_neighbors = whole_number(n_neighbors, "n_neighbors")
    if n_neighbors <= n - 1:
        return n_neighbors
    warnings.warn(
        f"n_neighbors is {n_neighbors}, but with {n} patients each has only {n - 1} others: "
        f"{n - 1} is used. Set n_neighbors to a tenth to a third of the patients.",
        OmicsfuseWarning,
        stacklevel=3,
    )
    return n - 1


def layer_neighbors(n_neighbors: int, n_members: int, n: int) -> int:
    """Neighbours in a layer: K in proportion to the patients it covers, at least 3 (or K)."""
    fewest = min(_FEWEST_NEIGHBORS, n_neighbors)
    return min(max(fewest, -(-n_neighbors * n_members // n)), n_members - 1)


def checked_square(matrix: np.ndarray, name: str, n_threads: int = 1) -> tuple[np.ndarray, float]:
    """Check a square, finite matrix of at least two patients, and find its smallest entry.

    It comes back as float64 and symmetrised: the one that was given if it was both already.
    """
    from omicsfuse.fusion import affinity_kernel as kernel

    try:
        numbers = np.asarray(matrix)
        if np.iscomplexobj(numbers):
            raise TypeError("complex")
        numbers = numbers.astype(np.float64, copy=False)
    except (TypeError, ValueError):
        raise StudyError(
            f"{name} must be a square matrix of numbers, found {type(matrix).__name__}."
        ) from None
    if numbers.ndim != 2 or numbers.shape[0] != numbers.shape[1]:
        raise StudyError(
            f"{name} must be a square matrix of patients, found shape {numbers.shape}."
        )
    if len(numbers) < 2:
        raise StudyError(f"{name} must hold at least two patients, found {len(numbers)}.")
    summaries = np.empty((n_threads, 3))
    with threads(n_threads) as share:
        share(kernel.inspect, numbers, summaries)
    finite, symmetric, lowest = summaries.min(axis=0)
    if not finite:
        rows = np.flatnonzero(~np.isfinite(numbers).all(axis=1))
        raise StudyError(
            f"{name} must be finite, found missing or infinite values in {len(rows)} rows, "
            f"first at row {rows[0]}."
        )
    return numbers if symmetric else (numbers + numbers.T) / 2, float(lowest)
