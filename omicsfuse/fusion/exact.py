"""The exact fusion: both published variants of similarity network fusion, in their full form."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from omicsfuse.core.checks.arguments import positive_number, require, whole_number
from omicsfuse.core.errors import StudyError
from omicsfuse.fusion.affinity import checked_square, usable_neighbors
from omicsfuse.fusion.threads import Each, Share, threads, usable_threads

VARIANTS = ("paper", "snfpy")

#: Neighbours that even a small layer has.
_FEWEST_NEIGHBORS = 3

#: Bytes from which numpy asks the system for large pages.
_LARGE = 2**22

#: Bytes of a line of the processor's cache.
_LINE = 64

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

    so that similarities which several layers support grow, and those of one layer alone fade. As S
    has only ``n_neighbors`` entries a row, this takes n^2 x ``n_neighbors`` steps and not n^3.

    Two variants exist. ``"paper"`` follows the publication and current SNFtool: P has 1/2 on its
    diagonal, off-diagonal entries divided by twice their row sum, is symmetrised, and is
    normalised so again after each iteration and once more at the end; S holds exactly
    ``n_neighbors`` entries a row, ties broken towards later patients. ``"snfpy"`` follows the older
    line that snfpy keeps: rows divided by their sum, ``alpha`` times the identity added after each
    iteration instead of normalising, and S holding every entry tied with the last neighbour. Their
    networks agree in rank but can be clustered differently, so every result names its variant.

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
    layer_weights : sequence of float, optional
        Positive weight of each layer in every mean over layers; all equal by default. Only their
        ratios count.
    alpha : float, optional
        Weight of the identity in variant ``"snfpy"``, 1 by default; the other variant has none.
    dtype : {"float64", "float32"}
        Precision. ``"float32"`` takes half the memory and about half the time; the entries then
        agree to about 1e-6 of themselves.
    n_threads : int, optional
        Threads to use, as many as there are processors by default. The result is the same to the
        last bit whatever their number.

    Returns
    -------
    array of shape (n, n)
        Fused network, symmetric, of type ``dtype``. ``"paper"``: diagonal 1/2, sum n.
        ``"snfpy"``: sum 1.5 n. A single layer is diffused through itself: the mean of the other
        layers is taken to be its own P.

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

    Where layers cover different patients, each layer's P and S are those of its own patients, S
    with K in proportion to them (``layer_neighbors``); then every layer is widened to all patients.
    A pair that a layer does not see starts from the mean of the layers that see it, entries made
    comparable by each layer's share of the patients; one that no layer sees starts at 0. A patient
    without the layer keeps, in that layer's diffusion, to themselves (their row of S is that of the
    identity). Clustering then weights each pair by ``Fusion.evidence``, so that subtypes do not
    follow what is missing. The change of an iteration is the Frobenius norm of the difference as a
    share of that of the sum.
    """
    with threads(n_threads) as share:
        diffusion = _Diffusion(
            networks, members, n, k, variant, weights, alpha, np.dtype(dtype), share, n_threads
        )
        changes = [diffusion.iterate() for _ in range(n_iterations)]
        return Fused(diffusion.network(), np.array(changes))


def layer_neighbors(n_neighbors: int, n_members: int, n: int) -> int:
    """Neighbours in a layer: K in proportion to the patients it covers, at least 3 (or K)."""
    fewest = min(_FEWEST_NEIGHBORS, n_neighbors)
    return min(max(fewest, -(-n_neighbors * n_members // n)), n_members - 1)


class _Neighbours(NamedTuple):
    """S of one layer, row by row: where each row starts, its columns in order, their weights."""

    starts: np.ndarray
    columns: np.ndarray
    weights: np.ndarray


class _Diffusion:
    """The layers' P and S in the form the kernel works on, and room to work in.

    P is symmetric: of each only the lower triangle is kept, in tiles of columns, and between two
    iterations it stands as Q, the mean of the other layers' P. About layers / 2 + 1.5 matrices of
    n x n exist at a time, the result included.
    """

    def __init__(
        self,
        networks: Sequence[np.ndarray],
        members: Sequence[np.ndarray] | None,
        n: int | None,
        k: int,
        variant: str,
        weights: np.ndarray,
        alpha: float | None,
        dtype: np.dtype[Any],
        share: Share,
        n_threads: int,
    ) -> None:
        from omicsfuse.fusion import kernel

        self._kernel, self._share, self._dtype = kernel, share, dtype
        self._paper = variant == "paper"
        self._weights = weights.astype(dtype)
        n = self._n = len(networks[0]) if n is None else n
        everyone = np.arange(n)
        members = [everyone] * len(networks) if members is None else members
        self._has = np.zeros((len(networks), n), dtype=bool)
        for has, own in zip(self._has, members, strict=True):
            has[own] = True
        self._raised = self._has * dtype.type(1.0 if alpha is None else alpha)
        tile = kernel.TILE
        self._n_tiles = -(-n // tile)
        heights = n - tile * np.arange(self._n_tiles)
        self._offsets = np.concatenate([[0], np.cumsum(heights)[:-1]])
        self._shape = (int(heights.sum()) + tile, tile)
        m = len(networks)
        self._full = _zeros((m, *self._shape), dtype)
        local = [
            self._start(network, own, layer_neighbors(k, len(own), n), full)
            for network, own, full in zip(networks, members, self._full, strict=True)
        ]
        ends = np.cumsum([0] + [len(s.columns) for s in local])
        self._starts = np.stack([s.starts + e for s, e in zip(local, ends[:-1], strict=True)])
        self._columns = np.concatenate([s.columns for s in local])
        self._values = np.concatenate([s.weights for s in local]).astype(dtype)
        self._incoming = np.stack([np.bincount(s.columns, s.weights, n) for s in local])
        # The same entries of S by column: which, and in which row.
        by_column = [np.argsort(s.columns, kind="stable") for s in local]
        self._by_column = np.concatenate([o + e for o, e in zip(by_column, ends[:-1], strict=True)])
        counts = np.stack([np.bincount(s.columns, minlength=n) for s in local])
        self._column_starts = np.zeros((m, n + 1), np.int64)
        np.cumsum(counts, axis=1, out=self._column_starts[:, 1:])
        self._column_starts += ends[:-1, None]
        self._rows = np.concatenate([np.repeat(np.arange(n), np.diff(s.starts)) for s in local])
        self._half = _zeros((self._n_tiles * n + tile, tile), dtype)
        self._tile = Each(_zeros((self._n_tiles * tile, tile), dtype) for _ in range(n_threads))
        self._reached, self._back = np.empty(n), np.empty(len(self._values))
        self._scale = np.zeros(self._n_tiles * tile, dtype)
        others = [np.delete(weights, v).sum() if m > 1 else 1.0 for v in range(m)]
        self._means = (self._weights, (1 / np.array(others)).astype(dtype))
        self._total = _zeros(self._shape, dtype)
        self._change = np.empty((2, self._n_tiles))
        self._fill_unseen()
        share(
            kernel.means_of_others, *self._means, n, self._offsets, self._full, self._total,
            self._change,
        )  # fmt: skip

    def _fill_unseen(self) -> None:
        """Let pairs that a layer does not see start from the mean of the layers that do."""
        if self._has.all():
            return
        total = np.zeros(self._shape, self._dtype)
        for weight, full in zip(self._weights, self._full, strict=True):
            total += full * weight
        for v, full in enumerate(self._full):
            self._share(
                self._kernel.fill_unseen, v, total, self._has, self._weights, self._offsets, full
            )

    def _start(
        self, network: np.ndarray, members: np.ndarray, k: int, full: np.ndarray
    ) -> _Neighbours:
        """S of one layer, among all patients; its P is written into ``full``."""
        kernel, share, n, own = self._kernel, self._share, self._n, len(network)
        divisor = np.empty(own)
        if self._paper:
            share(kernel.rests, network, divisor)
            divisor *= 2
        else:
            network.sum(axis=1, out=divisor)
        share(
            kernel.first_network, network, divisor, self._paper, members, own / n, self._offsets, n,
            full,
        )  # fmt: skip
        n_best = k if self._paper else min(k + 1, own)
        columns = np.empty((own, n_best), np.int32)
        weights = np.empty((own, n_best))
        share(kernel.strongest, network, divisor, self._paper, columns, weights)
        if self._paper:
            order = np.argsort(columns, axis=1)
            columns = np.take_along_axis(columns, order, axis=1)
            weights = np.take_along_axis(weights, order, axis=1)
            starts = np.arange(0, own * k + 1, k)
        else:
            cutoff = _percentile_of_largest(weights, 100 - 100 * k / own, own)
            starts = np.zeros(own + 1, np.int64)
            share(kernel.count_at_least, network, divisor, cutoff, starts)
            np.cumsum(starts, out=starts)
            columns = np.empty(starts[-1], np.int32)
            weights = np.empty(starts[-1])
            share(kernel.take_at_least, network, divisor, cutoff, starts, columns, weights)
        kept = weights.ravel()
        kept /= np.repeat(np.add.reduceat(kept, starts[:-1]), np.diff(starts))
        # A patient without the layer has one neighbour in it: themselves.
        counts = np.ones(n, np.int64)
        counts[members] = np.diff(starts)
        everywhere = np.concatenate([[0], np.cumsum(counts)])
        there = np.zeros(n, dtype=bool)
        there[members] = True
        seen = np.repeat(there, counts)
        targets = np.repeat(np.arange(n, dtype=np.int32), counts)
        targets[seen] = members[columns.ravel()]
        strengths = np.ones(len(targets))
        strengths[seen] = kept
        return _Neighbours(everywhere, targets, strengths)

    def iterate(self) -> float:
        """Diffuse every layer once, and return the relative change of their sum."""
        kernel, share, n, offsets = self._kernel, self._share, self._n, self._offsets
        s = (self._starts, self._columns, self._values)
        for v in range(len(self._full)):
            share(
                kernel.spread, v, self._full, n, offsets, *s, self._by_column,
                self._column_starts, self._rows, self._incoming, self._tile, self._half,
                self._reached, self._back,
            )  # fmt: skip
            if self._paper:
                share(kernel.row_scales, v, *s, self._reached, self._back, self._scale)
            share(
                kernel.gather, v, self._half, n, offsets, *s, self._scale, self._paper,
                self._raised, self._tile, self._full, *self._means, self._total, self._change,
            )  # fmt: skip
        difference, size = self._change.sum(axis=1)
        return float(np.sqrt(difference / size))

    def network(self) -> np.ndarray:
        """Mean of the layers, normalised as the variant has it; nothing can follow it."""
        kernel, share = self._kernel, self._share
        self._full = self._half = self._scale[:0]
        fused = np.empty((self._n, self._n), self._dtype)
        share(kernel.untile, self._total, self._offsets, fused)
        sums = np.empty(self._n)
        if self._paper:
            share(kernel.rests, fused, sums)
            scale = 0.25 / np.where(sums > 0, sums, 1.0)
            np.einsum("ii->i", fused)[:] = 0.0
        else:
            scale = 0.5 / fused.sum(axis=1, dtype=np.float64)
        share(kernel.rescale, fused, scale.astype(self._dtype), self._dtype.type(0.5))
        return fused


def _zeros(shape: tuple[int, ...], dtype: np.dtype[Any]) -> np.ndarray:
    """Zeros whose rows start at a line of the processor's cache, in large pages.

    A small array gets a room large enough for numpy to ask for large pages, which spare the
    processor many look-ups; what of it is not touched takes no memory.
    """
    size = int(np.prod(shape))
    room = np.zeros(max(size * dtype.itemsize, _LARGE) + _LINE, np.uint8)
    first = -room.ctypes.data % _LINE
    return room[first : first + size * dtype.itemsize].view(dtype).reshape(shape)


def _percentile_of_largest(largest: np.ndarray, percent: float, n: int) -> np.ndarray:
    """Percentile of each row of n values, by linear interpolation, from its largest values.

    snfpy keeps what is not below ``numpy.percentile``; the two agree to the last bit.
    """
    position = (n - 1) * (percent / 100)
    below = int(np.floor(position))
    share = position - below
    low = largest[:, n - 1 - below]
    high = largest[:, max(n - 2 - below, 0)]
    gap = high - low
    return low + gap * share if share < 0.5 else high - gap * (1 - share)


def check_settings(
    n_iterations: int, variant: str, alpha: float | None = None, dtype: str = "float64"
) -> None:
    """Refuse an unknown variant or precision, and numbers that are out of range."""
    if not isinstance(variant, str) or variant not in VARIANTS:
        raise StudyError(f"variant is {variant!r}; choose from {', '.join(VARIANTS)}.")
    if dtype not in DTYPES:
        raise StudyError(f"dtype is {dtype!r}; choose from {', '.join(DTYPES)}.")
    whole_number(n_iterations, "n_iterations")
    if alpha is None:
        return
    if variant == "paper":
        raise StudyError(
            'alpha belongs to variant "snfpy"; variant "paper" puts 1/2 on the diagonal. Leave '
            "alpha out, or set the variant."
        )
    positive_number(alpha, "alpha")


def checked_weights(layer_weights: Sequence[float] | None, n_layers: int) -> np.ndarray:
    """Weights of the layers, one each and positive, brought to a mean of 1; or refuse them."""
    if layer_weights is None:
        return np.ones(n_layers)
    require(layer_weights, (list, tuple, np.ndarray), "layer_weights", "a list of numbers")
    if len(layer_weights) != n_layers:
        raise StudyError(
            f"layer_weights has {len(layer_weights)} numbers for {n_layers} layers; give one each."
        )
    weights = np.array([positive_number(weight, "layer_weights") for weight in layer_weights])
    return weights / weights.mean()


def checked_affinities(affinities: Sequence[np.ndarray], n_threads: int = 1) -> list[np.ndarray]:
    """Symmetrise the layers' affinities, copying only what is not, and refuse what cannot fuse."""
    require(affinities, (list, tuple, np.ndarray), "affinities", "a list of square matrices")
    _refuse_other_patients(affinities)
    if len(affinities) == 0:
        raise StudyError("there is nothing to fuse: give at least one affinity matrix.")
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
    from omicsfuse.fusion import kernel

    rest = np.empty(len(network))
    with threads(n_threads) as share:
        share(kernel.rests, network, rest)
    alone = np.flatnonzero(rest <= 0)
    if len(alone):
        first = f"first at row {alone[0]}" if patients is None else f"first {patients[alone[0]]}"
        raise StudyError(
            f"{name}: {len(alone)} patients have no affinity to any other ({first}); they are too "
            "far from everyone. Check that layer for extreme values, or raise mu."
        )


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
