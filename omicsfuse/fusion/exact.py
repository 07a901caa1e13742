"""The exact fusion: both published variants of similarity network fusion, in their full form."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from omicsfuse.core.checks.arguments import positive_number, require, whole_number
from omicsfuse.core.errors import StudyError
from omicsfuse.core.faults import Faults
from omicsfuse.fusion.affinity import checked_square, usable_neighbors
from omicsfuse.fusion.threads import threads, usable_threads

VARIANTS = ("paper", "snfpy")

#: Precisions that a fusion can be computed in.
DTYPES = ("float64", "float32")


class Fused(NamedTuple):
    """A fused network, and how much it still changed in each iteration."""

    network: np.ndarray
    changes: np.ndarray


def fuse_affinities(
    affinities: Sequence[np.ndarray],
    n_neighbors: int = 20,
    n_iterations: int = 20,
    variant: str = "paper",
    *,
    layer_weights: Sequence[float] | None = None,
    alpha: float | None = None,
    dtype: str = "float64",
    n_threads: int | None = None,
) -> np.ndarray:
    r"""Fuse affinity matrices of the same patients into one by similarity network fusion.

    Each layer keeps a full matrix P, scaled to unit rows, and a sparse one S of its strongest
    neighbours. In every iteration each P becomes the mean of the other layers' P, diffused
    through its own S, all layers at once:

    .. math::
        P^{(v)} \leftarrow S^{(v)} \Bigl( \tfrac{1}{m - 1} \sum_{u \ne v} P^{(u)} \Bigr) S^{(v)\top}

    so that similarities of several layers become stronger, and similarities of one layer weaker. S
    has ``n_neighbors`` entries a row, so an iteration takes n^2 x ``n_neighbors`` steps in place of
    n^3.

    Two variants exist. ``"paper"`` follows the publication and current SNFtool: P has 1/2 on its
    diagonal and off-diagonal entries divided by twice their row sum, is symmetrised, and is
    normalised again after each iteration and at the end; S has exactly ``n_neighbors`` entries a
    row, with ties broken towards later patients. ``"snfpy"`` follows the older line, kept by snfpy:
    rows are divided by their sum, ``alpha`` times the identity is added after each iteration in
    place of the normalisation, and S has every entry tied with the last neighbour. Their networks
    have similar ranks but may be clustered differently, so every result names its variant.

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
        Normalisation, as above.
    layer_weights : sequence of float, optional
        Positive weight of each layer in every mean over layers; equal by default. Only ratios
        matter.
    alpha : float, optional
        Weight of the identity in variant ``"snfpy"``, 1 by default.
    dtype : {"float64", "float32"}
        Precision. ``"float32"`` takes half the memory and about half the time, with a relative
        error of about 1e-6.
    n_threads : int, optional
        Threads; by default the number of processors. The result does not depend on them, to the
        last bit.

    Returns
    -------
    array of shape (n, n)
        Fused network, symmetric, of type ``dtype``. ``"paper"``: diagonal 1/2, sum n. ``"snfpy"``:
        sum 1.5 n. A single layer is diffused through itself: its own P replaces the mean of the
        other layers.

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
    check_settings(n_iterations, variant, alpha, dtype)
    n_iterations = int(n_iterations)
    n_threads = usable_threads(n_threads)
    networks = checked_affinities(affinities, n_threads)
    k = usable_neighbors(n_neighbors, len(networks[0]))
    weights = checked_weights(layer_weights, len(networks))
    return fuse_networks(
        networks, k, n_iterations, variant, weights, alpha, dtype, n_threads
    ).network


def fuse_networks(
    networks: Sequence[np.ndarray],
    k: int,
    n_iterations: int,
    variant: str,
    weights: np.ndarray,
    alpha: float | None = None,
    dtype: str = "float64",
    n_threads: int = 1,
    members: Sequence[np.ndarray] | None = None,
    n: int | None = None,
) -> Fused:
    """Fuse checked affinities (n_v, n_v), of the same patients or of different ones (``members``).

    Each layer's P and S are those of its own patients, K in proportion, then widened to all. A pair
    that a layer does not see starts from the mean of those that do, at 0 if none; a patient without
    the layer keeps to themselves in it. Clustering weights pairs by ``Fusion.evidence``, so that
    subtypes do not follow what is missing. The change of an iteration is a share of the sum.
    """
    from omicsfuse.fusion.diffusion import Diffusion

    with threads(n_threads) as share:
        diffusion = Diffusion(
            networks, members, n, k, variant, weights, alpha, np.dtype(dtype), share, n_threads
        )
        changes = [diffusion.iterate() for _ in range(n_iterations)]
        return Fused(diffusion.network(), np.array(changes))


def check_settings(
    n_iterations: int, variant: str, alpha: float | None = None, dtype: str = "float64"
) -> None:
    """Refuse an unknown variant or precision, and numbers that are out of range."""
    with Faults() as faults:
        for name, value, known in (("variant", variant, VARIANTS), ("dtype", dtype, DTYPES)):
            with faults.gathered():
                if not isinstance(value, str) or value not in known:
                    raise StudyError(f"{name} is {value!r}; choose from {', '.join(known)}.")
        with faults.gathered():
            whole_number(n_iterations, "n_iterations")
        with faults.gathered():
            if alpha is not None and variant == "paper":
                raise StudyError(
                    'alpha belongs to variant "snfpy"; variant "paper" puts 1/2 on the '
                    "diagonal. Remove alpha, or set the variant."
                )
            if alpha is not None:
                positive_number(alpha, "alpha")


def checked_weights(layer_weights: Sequence[float] | None, n_layers: int) -> np.ndarray:
    """Weights of the layers, one each and positive, brought to a mean of 1; or refuse them."""
    if layer_weights is None:
        return np.ones(n_layers)
    require(layer_weights, (list, tuple, np.ndarray), "layer_weights", "a list of numbers")
    if len(layer_weights) != n_layers:
        raise StudyError(
            f"layer_weights has {len(layer_weights)} numbers for {n_layers} layers; give one "
            "per layer."
        )
    weights = np.array([positive_number(weight, "layer_weights") for weight in layer_weights])
    return weights / weights.mean()


def checked_affinities(affinities: Sequence[np.ndarray], n_threads: int = 1) -> list[np.ndarray]:
    """Symmetrise the layers' affinities, copying only what is not, and refuse what cannot fuse."""
    require(affinities, (list, tuple, np.ndarray), "affinities", "a list of square matrices")
    _refuse_other_patients(affinities)
    if len(affinities) == 0:
        raise StudyError("no affinity matrix: give at least one.")
    networks = []
    for i, affinity in enumerate(affinities):
        network, lowest = checked_square(affinity, f"affinity matrix {i + 1}", n_threads)
        if lowest < 0:
            raise StudyError(f"affinity matrix {i + 1} has a negative entry, {lowest:g}.")
        networks.append(network)
    if len({network.shape for network in networks}) > 1:
        raise StudyError(
            "affinity matrices must cover the same patients, found shapes "
            f"{[network.shape for network in networks]}."
        )
    for i, network in enumerate(networks):
        refuse_isolated(network, f"affinity matrix {i + 1}", n_threads)
    return networks


def refuse_isolated(
    network: np.ndarray, name: str, n_threads: int = 1, patients: Sequence[str] | None = None
) -> None:
    """Refuse affinities in which a patient is similar to no other."""
    from omicsfuse.fusion.start_kernel import rests

    rest = np.empty(len(network))
    with threads(n_threads) as share:
        share(rests, network, rest)
    alone = np.flatnonzero(rest <= 0)
    if len(alone):
        first = f"first at row {alone[0]}" if patients is None else f"first {patients[alone[0]]}"
        raise StudyError(
            f"{name}: {len(alone)} patients have no affinity to any other ({first}): they are "
            "too far from all others. Check the layer for extreme values, or raise mu."
        )


def _refuse_other_patients(affinities: Sequence[np.ndarray | pd.DataFrame]) -> None:
    """Refuse labelled matrices whose patients differ, or stand in another order."""
    labelled = [(i, w) for i, w in enumerate(affinities) if isinstance(w, pd.DataFrame)]
    for i, frame in labelled:
        first, reference = labelled[0]
        if not (frame.index.equals(reference.index) and frame.columns.equals(reference.index)):
            raise StudyError(
                f"affinity matrix {i + 1} has other patients, or another order, in rows or "
                f"columns than matrix {first + 1}; reorder first, for example w.loc[patients, "
                "patients]."
            )
