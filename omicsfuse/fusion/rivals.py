"""Other ways to join layers that cover different patients, for comparison with fusion."""

from collections.abc import Sequence

import numpy as np

from omicsfuse.core.checks.arguments import require, whole_number
from omicsfuse.core.errors import StudyError

#: NEMO's number of neighbours where none is given: patients of the layer divided by this.
NEMO_PATIENTS_PER_NEIGHBOR = 6


def nemo_network(
    affinities: Sequence[np.ndarray],
    members: Sequence[np.ndarray],
    n_patients: int,
    n_neighbors: int | None = None,
) -> np.ndarray:
    r"""Average the relative similarities of layers that cover different patients (NEMO).

    Within a layer, the similarity of two patients is taken relative to each one's similarity to its
    nearest neighbours, and only neighbours count:

    .. math::
        R^{(v)}_{ij} = \frac{W^{(v)}_{ij} [j \in N_i]}{\sum_{r \in N_i} W^{(v)}_{ir}}
            + \frac{W^{(v)}_{ij} [i \in N_j]}{\sum_{r \in N_j} W^{(v)}_{rj}}

    with :math:`N_i` the nearest other patients of i in layer v. The network is the mean of
    :math:`R^{(v)}_{ij}` over the layers in which both patients are seen. There is no iteration, and
    a pair that no layer sees has similarity 0 (the paper asks that every pair share a layer).

    Parameters
    ----------
    affinities : sequence of arrays of shape (n_v, n_v)
        Symmetric, non-negative affinities of each layer's own patients, such as
        ``affinity_matrix`` gives; the diagonal is not used.
    members : sequence of integer arrays of shape (n_v,)
        Which patients each layer covers: positions 0 to ``n_patients - 1``, in the order of the
        rows of its affinities.
    n_patients : int
        Patients in all. Each is in at least one layer.
    n_neighbors : int, optional
        Nearest neighbours in each layer, at most n_v - 1; by default n_v / 6, rounded, and at
        least 1, as the paper proposes where the number of groups is not known.

    Returns
    -------
    array of shape (n_patients, n_patients)
        Symmetric, non-negative network with a zero diagonal.

    Raises
    ------
    StudyError
        If the lists differ in length, a matrix is not square, finite and non-negative, members do
        not fit it, a patient is in no layer, or has no affinity to any other in a layer.

    References
    ----------
    Rappoport N, Shamir R. NEMO: cancer subtyping by integration of partial multi-omic data.
    Bioinformatics 2019;35:3348-3356, section 2.1.

    Examples
    --------
    Patients 0, 1 and 2 have the first layer, 1, 2 and 3 the second.

    >>> import numpy as np
    >>> from omicsfuse.fusion.rivals import nemo_network
    >>> first = np.array([[0.0, 3.0, 1.0], [3.0, 0.0, 1.0], [1.0, 1.0, 0.0]])
    >>> second = np.array([[0.0, 1.0, 2.0], [1.0, 0.0, 4.0], [2.0, 4.0, 0.0]])
    >>> nemo_network([first, second], [[0, 1, 2], [1, 2, 3]], 4, n_neighbors=1)
    array([[0. , 2. , 0. , 0. ],
           [2. , 0. , 0.5, 1. ],
           [0. , 0.5, 0. , 2. ],
           [0. , 1. , 2. , 0. ]])
    """
    n_patients = whole_number(n_patients, "n_patients", 2)
    if n_neighbors is not None:
        n_neighbors = whole_number(n_neighbors, "n_neighbors")
    networks, positions = _checked(affinities, members, n_patients)
    total = np.zeros((n_patients, n_patients))
    seen = np.zeros((n_patients, n_patients), dtype=np.int64)
    for network, inside in zip(networks, positions, strict=True):
        asked = n_neighbors or max(1, round(len(inside) / NEMO_PATIENTS_PER_NEIGHBOR))
        block = np.ix_(inside, inside)
        total[block] += _relative_similarity(network, min(asked, len(inside) - 1))
        seen[block] += 1
    return np.divide(total, seen, out=np.zeros_like(total), where=seen > 0)


def _relative_similarity(network: np.ndarray, k: int) -> np.ndarray:
    """Similarity relative to the k nearest neighbours of both patients; the later of tied ones."""
    order = np.argsort(network, axis=1, kind="stable")[:, -k:]
    near = np.zeros_like(network)
    np.put_along_axis(near, order, np.take_along_axis(network, order, axis=1), axis=1)
    near[np.diag_indices_from(near)] = 0.0
    near /= near.sum(axis=1, keepdims=True)
    return near + near.T


def _checked(
    affinities: Sequence[np.ndarray], members: Sequence[np.ndarray], n_patients: int
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Copies of the affinities without their diagonal, and positions, or a refusal."""
    require(affinities, (list, tuple), "affinities", "a list of square matrices")
    require(members, (list, tuple), "members", "a list of positions of patients, one per layer")
    if not affinities or len(affinities) != len(members):
        raise StudyError(
            f"affinities are of {len(affinities)} layers and members of {len(members)}; give one "
            "of each per layer, and at least one layer."
        )
    networks, positions = [], []
    for v, (matrix, inside) in enumerate(zip(affinities, members, strict=True), start=1):
        network = _checked_network(matrix, v)
        where = _checked_members(inside, v, len(network), n_patients)
        np.fill_diagonal(network, 0.0)
        alone = np.flatnonzero(network.sum(axis=1) <= 0)
        if len(alone):
            raise StudyError(
                f"affinity matrix {v}: {len(alone)} patients have no affinity to any other (first "
                f"at row {alone[0]}); leave them out of that layer."
            )
        networks.append(network)
        positions.append(where)
    absent = np.setdiff1d(np.arange(n_patients), np.concatenate(positions))
    if len(absent):
        raise StudyError(
            f"{len(absent)} of {n_patients} patients are in no layer (first at position "
            f"{absent[0]}); leave them out."
        )
    return networks, positions


def _checked_network(matrix: np.ndarray, v: int) -> np.ndarray:
    """A symmetric float64 copy of a layer's affinities, or a refusal."""
    try:
        network = np.array(matrix, dtype=np.float64)
    except (TypeError, ValueError):
        raise StudyError(f"affinity matrix {v} must be a square matrix of numbers.") from None
    if network.ndim != 2 or network.shape[0] != network.shape[1] or len(network) < 2:
        raise StudyError(
            f"affinity matrix {v} must be a square matrix of at least two patients, found shape "
            f"{network.shape}."
        )
    if not np.isfinite(network).all():
        raise StudyError(f"affinity matrix {v} must be finite; it has missing or infinite values.")
    if network.min() < 0:
        raise StudyError(f"affinity matrix {v} has a negative entry, {network.min():g}.")
    return (network + network.T) / 2


def _checked_members(inside: np.ndarray, v: int, n_rows: int, n_patients: int) -> np.ndarray:
    """Positions of a layer's patients, or a refusal."""
    where = np.asarray(inside)
    if where.ndim != 1 or not np.issubdtype(where.dtype, np.integer):
        raise StudyError(f"members of layer {v} must be a list of whole numbers (positions).")
    if len(where) != n_rows:
        raise StudyError(
            f"layer {v} has {n_rows} rows of affinities but {len(where)} members; give one "
            "position per row."
        )
    if where.min() < 0 or where.max() >= n_patients:
        raise StudyError(
            f"members of layer {v} must lie between 0 and {n_patients - 1}, found "
            f"{where.min()} to {where.max()}."
        )
    if len(np.unique(where)) < len(where):
        raise StudyError(f"members of layer {v} name a patient more than once.")
    return where
