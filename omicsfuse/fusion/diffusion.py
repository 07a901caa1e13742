"""One exact fusion at work: the layers' P and S, iterated by the compiled loops.

Imported only when something is fused, as the loops are.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from omicsfuse.fusion import kernel, start_kernel
from omicsfuse.fusion.affinity import layer_neighbors
from omicsfuse.fusion.threads import Each, Share

#: Bytes from which numpy asks the system for large pages.
_LARGE = 2**22

#: Bytes of a line of the processor's cache.
_LINE = 64


class _Neighbours(NamedTuple):
    """S of one layer, row by row: where each row starts, its columns in order, their weights."""

    starts: np.ndarray
    columns: np.ndarray
    weights: np.ndarray


class Diffusion:
    """The layers' P and S in the form the kernel works on, and room to work in.

    Of the symmetric P only the lower triangle is kept, in tiles of columns; between iterations it
    stands as Q, the mean of the others' P. About layers / 2 + 1.5 matrices of n x n exist at a
    time.
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
        self._share, self._dtype = share, dtype
        self._paper = variant == "paper"
        self._weights = weights.astype(dtype)
        n = self._n = len(networks[0]) if n is None else n
        everyone = np.arange(n)
        self._everyone = everyone.astype(np.int32)
        members = [everyone] * len(networks) if members is None else members
        self._has = np.zeros((len(networks), n), dtype=bool)
        for has, rows in zip(self._has, members, strict=True):
            has[rows] = True
        self._raised = self._has * dtype.type(1.0 if alpha is None else alpha)
        tile = kernel.TILE
        self._n_tiles = -(-n // tile)
        heights = n - tile * np.arange(self._n_tiles)
        self._offsets = np.concatenate([[0], np.cumsum(heights)[:-1]])
        self._shape = (int(heights.sum()) + tile, tile)
        m = len(networks)
        self._full = _zeros((m, *self._shape), dtype)
        local = [
            self._start(network, rows, layer_neighbors(k, len(rows), n), full)
            for network, rows, full in zip(networks, members, self._full, strict=True)
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
            silent = (self._has, self._weights, self._offsets, full)
            self._share(start_kernel.fill_unseen, v, total, *silent)

    def _start(
        self, network: np.ndarray, members: np.ndarray, k: int, full: np.ndarray
    ) -> _Neighbours:
        """S of one layer, among all patients; its P is written into ``full``."""
        share, n, size = self._share, self._n, len(network)
        divisor = np.empty(size)
        if self._paper:
            share(start_kernel.rests, network, divisor)
            divisor *= 2
        else:
            network.sum(axis=1, out=divisor)
        bounds = np.searchsorted(members, kernel.TILE * np.arange(self._n_tiles + 1))
        share(
            start_kernel.first_network, network, divisor, self._paper, members, bounds, size / n,
            self._offsets, full,
        )  # fmt: skip
        n_best = k if self._paper else min(k + 1, size)
        columns = np.empty((size, n_best), np.int32)
        weights = np.empty((size, n_best))
        share(start_kernel.strongest, network, divisor, self._paper, columns, weights)
        if self._paper:
            order = np.argsort(columns, axis=1)
            columns = np.take_along_axis(columns, order, axis=1)
            weights = np.take_along_axis(weights, order, axis=1)
            starts = np.arange(0, size * k + 1, k)
        else:
            cutoff = _percentile_of_largest(weights, 100 - 100 * k / size, size)
            starts = np.zeros(size + 1, np.int64)
            share(start_kernel.count_at_least, network, divisor, cutoff, starts)
            np.cumsum(starts, out=starts)
            columns = np.empty(starts[-1], np.int32)
            weights = np.empty(starts[-1])
            share(start_kernel.take_at_least, network, divisor, cutoff, starts, columns, weights)
        shares = weights.ravel()
        shares /= np.repeat(np.add.reduceat(shares, starts[:-1]), np.diff(starts))
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
        strengths[seen] = shares
        return _Neighbours(everywhere, targets, strengths)

    def iterate(self) -> float:
        """Diffuse every layer once, and return the relative change of their sum."""
        share, n, offsets = self._share, self._n, self._offsets
        s = (self._starts, self._columns, self._values)
        for v in range(len(self._full)):
            share(
                kernel.spread, v, self._full, n, offsets, *s, self._by_column,
                self._column_starts, self._rows, self._everyone, self._incoming, self._tile,
                self._half, self._reached, self._back,
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
        share = self._share
        self._full = self._half = self._scale[:0]
        fused = np.empty((self._n, self._n), self._dtype)
        share(kernel.untile, self._total, self._offsets, fused)
        sums = np.empty(self._n)
        if self._paper:
            share(start_kernel.rests, fused, sums)
            scale = 0.25 / np.where(sums > 0, sums, 1.0)
            np.einsum("ii->i", fused)[:] = 0.0
        else:
            scale = 0.5 / fused.sum(axis=1, dtype=np.float64)
        share(kernel.rescale, fused, scale.astype(self._dtype), self._dtype.type(0.5))
        return fused


def _zeros(shape: tuple[int, ...], dtype: np.dtype[Any]) -> np.ndarray:
    """Zeros whose rows start at a cache line, in large pages: small arrays get room for one."""
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
