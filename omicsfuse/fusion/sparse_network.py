"""A network held as its strongest entries and a smooth rest of low rank."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import LinearOperator


@dataclass(frozen=True, eq=False)
class SplitNetwork:
    """Network (n, n): ``kept`` pairs on top of ``factor @ core @ factor.T``, off the diagonal."""

    kept: sparse.csr_array
    diagonal: np.ndarray
    factor: np.ndarray
    core: np.ndarray

    def reordered(self, order: np.ndarray) -> "SplitNetwork":
        """Give the same network with its patients in another order."""
        kept = reordered(self.kept, order)
        return SplitNetwork(kept, self.diagonal[order], self.factor[order], self.core)

    def smooth_diagonal(self) -> np.ndarray:
        """Diagonal of the smooth part, which is not the network's."""
        return np.asarray(np.einsum("ij,ij->i", self.factor @ self.core, self.factor))

    def smooth_product(self, right: np.ndarray) -> np.ndarray:
        """Smooth part times a vector or matrix."""
        return np.asarray(self.factor @ (self.core @ (self.factor.T @ right)))

    def row_sums(self) -> np.ndarray:
        """Sums of the rows without the diagonal."""
        smooth = self.smooth_product(np.ones(len(self.factor))) - self.smooth_diagonal()
        return np.asarray(self.kept.sum(axis=1) + smooth)

    def values(self) -> np.ndarray:
        """Entries of the whole network at the kept places, in their order."""
        return np.asarray(self.kept.data + _smooth_at(self.kept, self.factor, self.core))

    def whole(self) -> sparse.csr_array:
        """Kept places with the values of the whole network, and the diagonal."""
        kept = with_values(self.kept, self.values())
        whole = sparse.csr_array(kept + sparse.diags_array(self.diagonal))
        whole.sort_indices()
        return whole

    def scaled(self, factors: np.ndarray) -> "SplitNetwork":
        """Multiply entries by the mean of both factors, of the smooth part by the geometric one."""
        rows = np.repeat(np.arange(len(factors)), np.diff(self.kept.indptr))
        means = (factors[rows] + factors[self.kept.indices]) / 2
        kept = with_values(self.kept, self.kept.data * means)
        return replace(self, kept=kept, factor=self.factor * np.sqrt(factors)[:, None])


class NetworkOperator(LinearOperator):
    """A whole network without its diagonal, as an operator that multiplies by it."""

    def __init__(self, network: SplitNetwork) -> None:
        super().__init__(np.dtype(np.float64), network.kept.shape)
        self.network = network
        self._smooth_diagonal = network.smooth_diagonal()

    def _matvec(self, x: np.ndarray) -> np.ndarray:
        return self._matmat(np.reshape(x, (-1, 1))).ravel()

    def _matmat(self, x: np.ndarray) -> np.ndarray:
        x = np.asarray(x, dtype=np.float64)
        smooth = self.network.smooth_product(x)
        return np.asarray(self.network.kept @ x + smooth - self._smooth_diagonal[:, None] * x)

    def _adjoint(self) -> "NetworkOperator":
        return self


def with_values(pattern: sparse.csr_array, values: np.ndarray) -> sparse.csr_array:
    """Sparse array of the same places, with other values."""
    return sparse.csr_array((values, pattern.indices, pattern.indptr), shape=pattern.shape)


def split(
    whole: sparse.csr_array, diagonal: np.ndarray, factor: np.ndarray, core: np.ndarray
) -> SplitNetwork:
    """Take the smooth part off a network's entries."""
    values = whole.data - _smooth_at(whole, factor, core)
    return SplitNetwork(with_values(whole, values), diagonal, factor, core)


def from_rows(column: np.ndarray, value: np.ndarray, count: np.ndarray) -> sparse.csr_array:
    """Square sparse array from tables of each row's entries, the first ``count`` of each."""
    n, width = column.shape
    filled = np.arange(width)[None, :] < count[:, None]
    starts = np.concatenate([[0], np.cumsum(count)])
    return sparse.csr_array((value[filled], column[filled], starts), shape=(n, n))


def reordered(network: sparse.csr_array, order: np.ndarray) -> sparse.csr_array:
    """Rows and columns of a network in another order, its columns sorted."""
    if (order == np.arange(len(order))).all():
        return network
    place = np.empty(len(order), dtype=network.indices.dtype)
    place[order] = np.arange(len(order))
    rows = sparse.csr_array(network[order])
    result = sparse.csr_array((rows.data, place[rows.indices], rows.indptr), shape=network.shape)
    result.sort_indices()
    return result


def symmetrised(matrix: sparse.csr_array) -> sparse.csr_array:
    """Keep a pair if either row keeps it: the mean of both entries, or the one there is."""
    from omicsfuse.fusion.sparse_kernels import union_rows

    a = matrix.copy()
    a.sort_indices()
    b = sparse.csr_array(a.T.tocsr())
    parts = (a.indptr, a.indices, a.data, b.indptr, b.indices, b.data)
    start = np.zeros(a.shape[0] + 1, dtype=np.int64)
    union_rows(*parts, start, a.indices[:0], a.data[:0])
    column = np.empty(start[-1], dtype=a.indices.dtype)
    value = np.empty(start[-1])
    union_rows(*parts, start, column, value)
    return sparse.csr_array((value, column, start.astype(a.indptr.dtype)), shape=a.shape)


def _smooth_at(pattern: sparse.csr_array, factor: np.ndarray, core: np.ndarray) -> np.ndarray:
    """Entries of the smooth part at the places of a sparse array."""
    from omicsfuse.fusion.sparse_kernels import products_at

    values = np.zeros(pattern.nnz)
    if core.size:
        left = np.ascontiguousarray(factor @ core)
        products_at(pattern.indptr, pattern.indices, left, np.ascontiguousarray(factor), values)
    return values
