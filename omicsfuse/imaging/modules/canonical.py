"""First canonical correlation of two blocks of features in held-out patients, many pairs at once.

Each block is reduced to a few principal components in the training patients; the leading canonical
pair is found there; the held-out patients are projected on both variates. Patients are permuted
within cells of which every training set is a union, so that training sets hold the same patients
of either side in every permutation: the components need not be fitted again, and the permutations
form a group, which makes the test exact.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from omicsfuse.stats.arrays import Array
from omicsfuse.stats.one_thread import one_thread

Mask = npt.NDArray[np.bool_]
Whole = npt.NDArray[np.int64]

#: Fewest patients of a cell where folds are made of two cells each, to be paired in several ways.
CELL = 8
#: Permutations done at a time between looks at which pairs are decided.
_CHUNK = 50
#: Orders x splits x pairs that are worked on at a time.
_AT_ONCE = 32768
#: Permutations whose mean says what chance gives.
_FOR_MEAN = 100
#: The leading eigenvector is taken from the power 2 ** _SQUARINGS of the matrix.
_SQUARINGS = 8
#: Correlations that differ by less are ties, whatever the rounding.
_TIE = 1e-12


@dataclass(frozen=True, eq=False)
class Splits:
    """Held-out patients of each fold of each repeat.

    ``cells`` (n,): cell of each patient; each fold is a union of cells; ``held_out`` (n_splits, n):
    folds of the first repeat, then of the second, and so on; ``n_repeats``: repeats.
    """

    cells: Whole
    held_out: Mask
    n_repeats: int


class PairTests(NamedTuple):
    """Tests of all pairs of blocks: arrays of shape (first blocks, second blocks)."""

    correlation: Array
    null_mean: Array
    p: Array
    n_permutations: Whole


def make_splits(n: int, n_folds: int, n_repeats: int, random_state: int) -> Splits:
    """Split patients into folds, in several ways where there are enough of them."""
    repeated = n_repeats > 1 and n >= 2 * n_folds * CELL
    n_cells = 2 * n_folds if repeated else n_folds
    shuffled = np.random.default_rng(random_state).permutation(n)
    cells = np.empty(n, dtype=np.int64)
    cells[shuffled] = np.arange(n) % n_cells
    if not repeated:
        return Splits(cells, np.arange(n_cells)[:, None] == cells[None, :], 1)
    repeats = min(n_repeats, n_cells - 1)
    held_out = [np.isin(cells, pair) for r in range(repeats) for pair in _round_robin(n_cells, r)]
    return Splits(cells, np.array(held_out), repeats)


def _round_robin(n: int, turn: int) -> list[tuple[int, int]]:
    """Pairs of an even number of cells; no pair occurs in two of the n - 1 turns."""
    others = [(turn + i) % (n - 1) for i in range(n - 1)]
    pairs = [(n - 1, others[0])]
    return pairs + [(others[i], others[n - 1 - i]) for i in range(1, n // 2)]


def block_components(
    values: Array, train: Mask, n_components: int, *, above_average: bool = True
) -> Array:
    """Principal components of a block, fitted in the training patients and given for all.

    ``values`` (n, p): patients x features, NaN where missing; ``train`` (n,). Gives (n,
    n_components): scores with mean 0 and variance 1 in the training patients; columns of 0 where
    there are fewer components.
    """
    scores = np.zeros((len(values), n_components))
    with np.errstate(invalid="ignore", divide="ignore"):
        known = ~np.isnan(values[train])
        count = np.maximum(known.sum(axis=0), 1)
        mean = np.where(known, values[train], 0.0).sum(axis=0) / count
        away = np.where(np.isnan(values), 0.0, values - mean)
        sd = np.sqrt((away[train] ** 2).sum(axis=0) / count)
    varies = sd > 1e-9 * np.maximum(np.abs(mean), 1e-300)
    if not varies.any():
        return scores
    z = away[:, varies] / sd[varies]
    fitted = z[train]
    # The smaller of the two cross-product matrices has all there is.
    wide = fitted.shape[1] > fitted.shape[0]
    gram = fitted @ fitted.T if wide else fitted.T @ fitted
    roots, vectors = np.linalg.eigh(gram)
    roots, vectors = roots[::-1], vectors[:, ::-1]
    average = gram.trace() / fitted.shape[1]
    usable = roots > max(1e-8 * roots[0], 1e-12)
    if above_average:
        usable &= roots > average * (1 + 1e-9)
        usable[0] = True
    k = min(n_components, int(usable.sum()))
    loadings = fitted.T @ vectors[:, :k] if wide else vectors[:, :k]
    projected = z @ loadings
    length = np.sqrt((projected[train] ** 2).mean(axis=0))
    scores[:, :k] = projected / length
    return scores


def leading_pair(cross: Array) -> tuple[Array, Array, Array]:
    """Leading singular vectors and value of many small matrices.

    ``cross`` (k, k, m): m matrices. Gives ``left, right`` (k, m): unit vectors; 0 where the matrix
    is 0; ``value`` (m,).
    """
    k = len(cross)
    power = {
        (i, j): sum(cross[u, i] * cross[u, j] for u in range(k))
        for i in range(k)
        for j in range(i, k)
    }
    for _ in range(_SQUARINGS):
        trace = sum(power[i, i] for i in range(k))
        scale = 1 / np.where(trace > 0, trace, 1.0)
        power = {key: entry * scale for key, entry in power.items()}
        power = {
            (i, j): sum(power[min(i, u), max(i, u)] * power[min(u, j), max(u, j)] for u in range(k))
            for i, j in power
        }
    # All columns are multiples of the vector; the one with the largest diagonal is the safest.
    best = np.argmax(np.array([power[i, i] for i in range(k)]), axis=0)
    columns = np.array([[power[min(i, j), max(i, j)] for i in range(k)] for j in range(k)])
    right = np.take_along_axis(columns, best[None, None, :], axis=0)[0]
    right = _unit(right)
    turned = np.array([sum(cross[i, j] * right[j] for j in range(k)) for i in range(k)])
    return _unit(turned), right, np.sqrt((turned**2).sum(axis=0))


def _unit(vectors: Array) -> Array:
    length = np.sqrt((vectors**2).sum(axis=0))
    scaled: Array = vectors / np.where(length > 0, length, 1.0)
    return scaled


def canonical_correlation(first: Array, second: Array) -> float:
    """First canonical correlation of two sets of uncorrelated scores of variance 1.

    ``first``, ``second`` (n, k).

    Reference: Hotelling 1936, Biometrika 28:321-377.
    """
    cross = np.einsum("ni,nj->ij", first, second) / len(first)
    return float(min(1.0, leading_pair(cross[:, :, None])[2][0]))


class _Side(NamedTuple):
    """Scores of all blocks of one side: by split, (patients, components x blocks), and squares."""

    scores: list[Array]
    squares: Array  # (n_splits, k, k, blocks): cross products of the held-out patients


def correlate_pairs(
    first: Sequence[Array],
    second: Sequence[Array],
    splits: Splits,
    *,
    n_components: int = 3,
    n_permutations: int = 9999,
    enough: int = 20,
    random_state: int = 0,
    n_jobs: int = 1,
) -> PairTests:
    """Correlate every block of one side with every block of the other in held-out patients.

    In each split the leading canonical pair (Hotelling 1936, Biometrika 28:321-377) of the training
    patients is applied to those held out; variates are correlated over all folds together, and
    averaged over repeats. p is the share of permutations of patients within cells, the same for all
    pairs, with as large a correlation; a pair with ``enough`` of them after l is decided: p =
    ``enough`` / l (Besag and Clifford 1991, Biometrika 78:301-304).

    ``first``, ``second`` (n, p of the block): blocks of the same patients, NaN where missing;
    ``n_jobs``: threads, on which nothing depends.
    """
    with one_thread(), ThreadPoolExecutor(n_jobs) as pool:
        one = _side(first, splits, n_components)
        two = _side(second, splits, n_components)
        n = len(splits.cells)
        everything = np.ones((len(first), len(second)), dtype=bool)
        observed = _statistics(pool, one, two, splits, np.arange(n)[None, :], everything)[0]
        observed = observed.reshape(everything.shape)
        rng = np.random.default_rng(random_state)
        reached, done = np.zeros((2, *observed.shape), dtype=np.int64)
        total, drawn_so_far = np.zeros(observed.shape), 0
        open_ = everything.copy()
        while drawn_so_far < n_permutations and open_.any():
            # The first ones are drawn for all pairs, decided or not: their mean is that of chance.
            chance = drawn_so_far < _FOR_MEAN
            look = everything if chance else open_
            # Once few pairs are left, more permutations of them are done in one go.
            few = 0 if chance else _AT_ONCE // (len(splits.held_out) * int(look.sum()))
            n_drawn = min(n_permutations - drawn_so_far, max(_CHUNK, min(few, 10 * _CHUNK)))
            orders = np.array([_within(splits.cells, rng) for _ in range(n_drawn)])
            drawn = _statistics(pool, one, two, splits, orders, look)
            if chance:
                for values in drawn:
                    total += values.reshape(total.shape)
            drawn_so_far += n_drawn
            extreme = np.cumsum(drawn >= observed[look] - _TIE, axis=0) + reached[look]
            # A pair is decided by the first permutation that makes it enough.
            before = (extreme < enough).sum(axis=0)
            steps = np.where(open_[look], np.minimum(before + 1, n_drawn), 0)
            done[look] += steps
            last = np.take_along_axis(extreme, np.maximum(steps - 1, 0)[None, :], axis=0)[0]
            reached[look] = np.where(steps > 0, last, reached[look])
            open_ &= reached < enough
    p = np.where(open_, (1 + reached) / (1 + done), enough / np.maximum(done, 1))
    null_mean = total / max(1, min(drawn_so_far, _FOR_MEAN))
    return PairTests(observed, null_mean, np.minimum(p, 1.0), done)


def _side(blocks: Sequence[Array], splits: Splits, k: int) -> _Side:
    """Components of each block in each split."""
    scores, squares = [], []
    for held_out in splits.held_out:
        variates = [block_components(block, ~held_out, k) for block in blocks]
        scores.append(np.ascontiguousarray(np.stack(variates, axis=2).reshape(len(held_out), -1)))
        inside = np.stack([block[held_out] for block in variates])
        squares.append(np.einsum("bni,bnj->ijb", inside, inside))
    return _Side(scores, np.array(squares))


def _within(cells: Whole, rng: np.random.Generator) -> Whole:
    """A random order of patients in which each stays in its cell."""
    order = np.empty(len(cells), dtype=np.int64)
    order[np.lexsort((np.arange(len(cells)), cells))] = np.lexsort((rng.random(len(cells)), cells))
    return order


def _statistics(
    pool: ThreadPoolExecutor,
    one: _Side,
    two: _Side,
    splits: Splits,
    orders: Whole,
    wanted: Mask,
) -> Array:
    """Held-out correlations, the second side's patients reordered: (orders, pairs wanted)."""
    rows, columns = np.nonzero(wanted)
    # A few orders at a time: all that they need stays in the processor's cache.
    few = max(1, _AT_ONCE // (len(splits.held_out) * len(rows)))
    parts = [orders[start : start + few] for start in range(0, len(orders), few)]
    return np.concatenate(
        list(pool.map(lambda part: _of_few(one, two, splits, part, rows, columns), parts))
    )


def _of_few(
    one: _Side, two: _Side, splits: Splits, orders: Whole, rows: Whole, columns: Whole
) -> Array:
    k, shape = one.squares.shape[1], (len(orders), len(rows))
    some, row = np.unique(rows, return_inverse=True)
    others, column = np.unique(columns, return_inverse=True)
    train, test = np.empty((2, k, k, len(splits.held_out), *shape))
    for s, held_out in enumerate(splits.held_out):
        here, there = _of_blocks(one, s, some), _of_blocks(two, s, others)
        for into, chosen in ((train, ~held_out), (test, held_out)):
            side = there[orders.T[chosen]].reshape(chosen.sum(), -1)
            cross = (here[chosen].T @ side).reshape(k, len(some), len(orders), k, len(others))
            into[:, :, s] = cross.transpose(0, 3, 2, 1, 4)[:, :, :, row, column]
    left, right, _ = leading_pair(train.reshape(k, k, -1))
    left, right = left.reshape(test.shape[1:]), right.reshape(test.shape[1:])
    # Squares are symmetric and follow the patients: a permutation within cells leaves them.
    squares_one = one.squares[..., rows].transpose(1, 2, 0, 3)[:, :, :, None, :]
    squares_two = two.squares[..., columns].transpose(1, 2, 0, 3)[:, :, :, None, :]
    by_repeat = (splits.n_repeats, -1, *shape)
    product, x, y = (
        part.reshape(by_repeat).sum(axis=1)
        for part in (
            _quadratic(left, test, right),
            _quadratic(left, squares_one, left),
            _quadratic(right, squares_two, right),
        )
    )
    scale = np.sqrt(x * y)
    correlations: Array = (product / np.where(scale > 0, scale, 1.0)).mean(axis=0)
    return correlations


def _of_blocks(side: _Side, split: int, blocks: Whole) -> Array:
    """Scores of some blocks in a split: (patients, components x blocks)."""
    k, n_blocks = side.squares.shape[1], side.squares.shape[3]
    columns = (np.arange(k)[:, None] * n_blocks + blocks).ravel()
    return np.ascontiguousarray(side.scores[split][:, columns])


def _quadratic(left: Array, matrix: Array, right: Array) -> Array:
    k = len(left)
    form: Array = sum(left[i] * matrix[i, j] * right[j] for i in range(k) for j in range(k))
    return form
