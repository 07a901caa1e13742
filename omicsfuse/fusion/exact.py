"""The exact fusion kernel: both published variants of similarity network fusion."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import sparse

from omicsfuse.checks.arguments import require, whole_number
from omicsfuse.errors import StudyError
from omicsfuse.fusion.affinity import checked_square, usable_neighbors

VARIANTS = ("paper", "snfpy")


def fuse_affinities(
    affinities: Sequence[np.ndarray],
    n_neighbors: int = 20,
    n_iterations: int = 20,
    variant: str = "paper",
) -> np.ndarray:
    r"""Fuse affinity matrices of the same patients into one by similarity network fusion.

    Each layer keeps a full matrix P, scaled to unit rows, and a sparse one S of its strongest
    neighbours. In every iteration each P becomes the mean of the other layers' P, diffused
    through its own S, all layers at once:

    .. math::
        P^{(v)} \leftarrow S^{(v)} \Bigl( \tfrac{1}{m - 1} \sum_{u \ne v} P^{(u)} \Bigr) S^{(v)\top}

    so that similarities which several layers support grow, and those of one layer alone fade.

    Two variants exist. ``"paper"`` follows the publication and current SNFtool: P has 1/2 on its
    diagonal, off-diagonal entries divided by twice their row sum, is symmetrised, and is
    normalised so again after each iteration and once more at the end; S holds exactly
    ``n_neighbors`` entries a row, ties broken towards later patients. ``"snfpy"`` follows the older
    line that snfpy keeps: rows divided by their sum, the identity added after each iteration
    instead of normalising, and S holding every entry tied with the last neighbour. Their networks
    agree in rank but can be clustered differently, so every result names its variant.

    Parameters
    ----------
    affinities : sequence of arrays of shape (n, n)
        Symmetric, positive affinities of each layer, the same patients in the same order. They
        are not modified.
    n_neighbors : int
        Neighbours kept in S, the patient itself included (K of the paper).
    n_iterations : int
        Iterations (t of the paper); 10 to 20 suffice.
    variant : {"paper", "snfpy"}
        Which normalisation, as above.

    Returns
    -------
    array of shape (n, n)
        Fused network, symmetric, float64. ``"paper"``: diagonal 1/2, sum n. A single layer is
        diffused through itself: the mean of the other layers is taken to be its own P.

    Raises
    ------
    StudyError
        If no matrix is given, shapes differ, a matrix is not square, finite and non-negative, a
        patient has no affinity to any other, or a setting is out of range.

    References
    ----------
    Wang B et al. Similarity network fusion for aggregating data types on a genomic scale.
    Nature Methods 2014;11:333-337, equations 4 to 7.

    Examples
    --------
    >>> import numpy as np
    >>> import omicsfuse as of
    >>> points = np.repeat([0.0, 5.0], 6)[:, None] + np.linspace(0, 1, 12)[:, None]
    >>> affinity = of.affinity_matrix(np.abs(points - points.T), n_neighbors=4)
    >>> fused = of.fuse_affinities([affinity, affinity], n_neighbors=4)
    >>> float(round(fused.sum(), 9))
    12.0
    """
    check_settings(n_iterations, variant)
    networks = checked_affinities(affinities)
    k = usable_neighbors(n_neighbors, len(networks[0]))
    normalise = _unit_half_diagonal if variant == "paper" else _unit_rows
    full = [normalise(network) for network in networks]
    local = [_strongest(p, k, keep_ties=variant == "snfpy") for p in full]
    others = max(len(full) - 1, 1)
    for _ in range(n_iterations):
        total = _sum(full)
        updated = []
        for p, s in zip(full, local, strict=True):
            mean_of_others = (total - p) / others if len(full) > 1 else p
            diffused = _diffuse(s, mean_of_others)
            updated.append(normalise(diffused) if variant == "paper" else _raise_diagonal(diffused))
        full = updated
    mean = _sum(full) / len(full)
    if variant == "paper":
        return _unit_half_diagonal(mean)
    rows = mean / mean.sum(axis=1, keepdims=True)
    return (rows + rows.T + np.eye(len(rows))) / 2


def check_settings(n_iterations: int, variant: str) -> None:
    """Refuse an unknown variant or a number of iterations that is not a positive whole number."""
    if variant not in VARIANTS:
        raise StudyError(f"variant is {variant!r}; choose from {', '.join(VARIANTS)}.")
    whole_number(n_iterations, "n_iterations")


def checked_affinities(affinities: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Copy and symmetrise the layers' affinities, refusing what cannot be fused."""
    require(affinities, (list, tuple, np.ndarray), "affinities", "a list of square matrices")
    _refuse_other_patients(affinities)
    if len(affinities) == 0:
        raise StudyError("there is nothing to fuse: give at least one affinity matrix.")
    networks = [checked_square(w, f"affinity matrix {i + 1}") for i, w in enumerate(affinities)]
    shapes = {network.shape for network in networks}
    if len(shapes) > 1:
        raise StudyError(
            "affinity matrices must cover the same patients, found shapes "
            f"{[network.shape for network in networks]}."
        )
    for i, network in enumerate(networks):
        if network.min() < 0:
            raise StudyError(f"affinity matrix {i + 1} has a negative entry, {network.min():g}.")
        networks[i] = (network + network.T) / 2
        alone = np.flatnonzero(networks[i].sum(axis=1) - networks[i].diagonal() <= 0)
        if len(alone):
            raise StudyError(
                f"affinity matrix {i + 1}: {len(alone)} patients have no affinity to any other "
                f"(first at row {alone[0]}); they are too far from everyone. Check that layer for "
                "extreme values, or raise mu."
            )
    return networks


def _refuse_other_patients(affinities: Sequence[np.ndarray | pd.DataFrame]) -> None:
    """Refuse labelled matrices whose patients differ, or stand in another order."""
    labelled = [(i, w) for i, w in enumerate(affinities) if isinstance(w, pd.DataFrame)]
    for i, frame in labelled:
        first, reference = labelled[0]
        if not (frame.index.equals(reference.index) and frame.columns.equals(reference.index)):
            raise StudyError(
                f"affinity matrix {i + 1} does not name the same patients in the same order as "
                f"matrix {first + 1}, in rows and columns; bring them to one order first, for "
                "example w.loc[patients, patients]."
            )


def _sum(matrices: Sequence[np.ndarray]) -> np.ndarray:
    """Sum in a fixed order, so that rounding is the same whatever the number of threads."""
    total = matrices[0].copy()
    for matrix in matrices[1:]:
        total += matrix
    return total


def _unit_half_diagonal(matrix: np.ndarray) -> np.ndarray:
    """Half the weight on the patient itself, half spread over the others; then symmetrised."""
    rest = matrix.sum(axis=1) - matrix.diagonal()
    rest[rest == 0] = 1.0
    scaled = matrix / (2 * rest[:, None])
    np.fill_diagonal(scaled, 0.5)
    return (scaled + scaled.T) / 2


def _unit_rows(matrix: np.ndarray) -> np.ndarray:
    """Rows that sum to one, symmetrised."""
    scaled = matrix / matrix.sum(axis=1, keepdims=True)
    return (scaled + scaled.T) / 2


def _raise_diagonal(matrix: np.ndarray) -> np.ndarray:
    """Keep the patient itself its own nearest neighbour, symmetrised."""
    symmetric = (matrix + matrix.T) / 2
    symmetric[np.diag_indices_from(symmetric)] += 1.0
    return symmetric


def _strongest(matrix: np.ndarray, k: int, keep_ties: bool) -> sparse.csr_array:
    """The strongest entries of each row, scaled to sum to one."""
    n = len(matrix)
    if keep_ties:
        cutoff = np.percentile(matrix, 100 - 100 * k / n, axis=1, keepdims=True)
        kept = np.where(matrix < cutoff, 0.0, matrix)
    else:
        # A stable ascending sort keeps the later of tied patients, as R's sort does.
        order = np.argsort(matrix, axis=1, kind="stable")[:, n - k :]
        kept = np.zeros_like(matrix)
        np.put_along_axis(kept, order, np.take_along_axis(matrix, order, axis=1), axis=1)
    return sparse.csr_array(kept / kept.sum(axis=1, keepdims=True))


def _diffuse(s: sparse.csr_array, q: np.ndarray) -> np.ndarray:
    """S Q S' with S sparse and Q symmetric: n^2 k operations instead of n^3."""
    half = s @ q
    return s @ np.ascontiguousarray(half.T)
