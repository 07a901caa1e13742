"""Spearman correlations of many columns with many, plain and given covariates, with intervals.

Twice a mean rank less n + 1 is a whole number, so that the sums behind a plain correlation are
exact: they depend neither on the order of the patients nor on the number of threads. Partial
correlations, which are not, are rounded to ``DECIMALS``.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from omicsfuse.core.errors import StudyError
from omicsfuse.stats.arrays import Array, Counts
from omicsfuse.stats.levels import Z

#: Fewest patients of a correlation; below it there is none.
MINIMUM_PATIENTS = 5
#: Product of the excess kurtosis of two columns of ranks without ties.
UNTIED = 1.44
#: Decimals that partial correlations are rounded to, well within what rounding leaves exact.
DECIMALS = 12
#: A column of which covariates leave at most this share of the variance of its ranks is one of
#: them in other words, and has no correlation given them.
EXPLAINED = 1e-9
#: Up to so many columns are ranked quicker one by one than by scipy's function for many.
FEW = 10

Mask = npt.NDArray[np.bool_]


class Correlations(NamedTuple):
    """Spearman's or partial correlations (p, q), their 95% intervals, numbers of patients."""

    correlation: Array
    low: Array
    high: Array
    p: Array
    n: Counts


class Coefficients(NamedTuple):
    """Correlations (p, q) without p; ``shape``: product of excess kurtosis, 1.44 untied."""

    correlation: Array
    n: Counts
    given: Counts
    shape: Array


def rank_correlations(x: Array, y: Array, covariates: Array | None = None) -> Correlations:
    """Spearman's correlation of x (n, p) with y (n, q), or the partial one given covariates (n, k).

    Each pair is ranked over the patients who have all; given covariates, ranks are residuals on
    their ranks (Kendall 1942, Biometrika 32:277-283). The interval is ``tanh(atanh(r) +- 1.96
    sqrt((1 + r^2 / 2) / (n - 3 - k)))`` (Bonett and Wright 2000, Psychometrika 65:23-28). NaN below
    ``MINIMUM_PATIENTS``, for constant columns, and for those covariates explain.
    """
    r, n, given, shape = rank_coefficients(x, y, covariates)
    low, high = interval(r, n, given)
    return Correlations(r, low, high, p_value(r, n, given, shape), n)


def rank_coefficients(x: Array, y: Array, covariates: Array | None = None) -> Coefficients:
    """Correlations as `rank_correlations` has them, without p-values and intervals."""
    itself = x is y and covariates is None
    x, y, covariates = _checked(x, y, covariates)
    if covariates is not None:
        whole = ~np.isnan(covariates).any(axis=1)
        x, y, covariates = x[whole], y[whole], covariates[whole]
    size = (x.shape[1], y.shape[1])
    r, shape = np.full(size, np.nan), np.zeros(size)
    n, given = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    firsts = [(*part, _Ranks(x, *part)) for part in missing_patterns(x)]
    for number, (seen_y, columns_y) in enumerate(missing_patterns(y), start=1):
        second = _Ranks(y, seen_y, columns_y)
        for seen_x, columns_x, first in firsts[:number] if itself else firsts:
            rows = seen_x & seen_y
            # The whole table at once, where all columns have the same patients, is much quicker.
            whole_table = (len(columns_x), len(columns_y)) == size
            place = (slice(None), slice(None)) if whole_table else np.ix_(columns_x, columns_y)
            n[place] = int(rows.sum())
            if rows.sum() < MINIMUM_PATIENTS:
                continue
            basis = None if covariates is None else _basis(covariates[rows])
            k = 0 if basis is None else basis.shape[1]
            given[place] = k
            if rows.sum() - 2 - k >= 1:
                r[place], shape[place] = _correlate(first.of(rows), second.of(rows), basis)
    if itself:
        # The sums are exact, so that one triangle is the other to the last bit.
        r, shape, n = (np.where(n > 0, table, table.T) for table in (r, shape, n))
    return Coefficients(r, n, given, shape)


def p_value(
    r: Array, n: Counts | int, given: Counts | int = 0, shape: Array | float = UNTIED
) -> Array:
    """Two-sided p-value of rank correlations, from their first four moments under permutation.

    Mean 0, variance ``1 / (n - 1)`` and, with excess kurtoses g and h (k-statistics), fourth moment
    ``3 / (n^2 - 1) (1 + (n - 2) (n - 3) / (3 n (n - 1)^2) g h)`` (Pitman 1937, J R Stat Soc Suppl
    4:225-232), of a symmetric beta distribution on -c to c. With g h = 0, the least taken, it is
    Student's t; for ranks it is 1.44 and tails are heavier. Partial: n less the covariates.
    """
    df, limit = _beta(n, given, shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.minimum(np.abs(r) / limit, 1.0)
        t = share * np.sqrt(df / ((1 - share) * (1 + share)))
    p: Array = 2 * special.stdtr(df, -t)
    return p


def t_p_value(r: Array, df: Array | float) -> Array:
    """Two-sided p of correlations by Student's t = r sqrt(df / (1 - r^2)); NaN without freedom."""
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.abs(r) * np.sqrt(np.where(np.asarray(df) > 0, df, np.nan) / (1 - r**2))
        p: Array = 2 * stats.t.sf(t, df)
    return p


def smallest_correlation(p: float, n: int, given: int = 0, shape: float = UNTIED) -> float:
    """Absolute correlation that has a p-value; 1 where even that has a larger one."""
    df, limit = (float(part) for part in _beta(n, given, shape))
    t = float(stats.t.isf(p / 2, df))
    return min(1.0, limit * t / float(np.sqrt(t**2 + df)))


def _beta(n: Counts | int, given: Counts | int, shape: Array | float) -> tuple[Array, Array]:
    """Degrees of freedom and end of the beta distribution with the moments of `p_value`."""
    m = np.maximum(np.asarray(n, dtype=float) - given, 4.0)
    heavier = (m - 2) * (m - 3) / (3 * m * (m - 1) ** 2) * np.maximum(shape, 0.0)
    excess = 3 * (m - 1) / (m + 1) * (1 + heavier) - 3
    # Next to no excess is a normal distribution; the same beta in all but rounding.
    df = -6 / np.minimum(excess, -1e-4) - 3
    return df, np.sqrt((df + 1) / (m - 1))


def interval(r: Array, n: Counts, given: Counts | int = 0) -> tuple[Array, Array]:
    """95% interval of Spearman correlations (Bonett and Wright 2000); NaN at -1, 1 or small n."""
    freedom = np.asarray(n) - 3.0 - given
    sure = (freedom > 0) & (np.abs(r) < 1)
    z = np.arctanh(np.where(sure, r, np.nan))
    half = Z * np.sqrt((1 + r**2 / 2) / np.where(freedom > 0, freedom, np.nan))
    return np.tanh(z - half), np.tanh(z + half)


class _Ranks:
    """Doubled, centred ranks of some columns, kept for the patients that all of them have."""

    def __init__(self, values: Array, seen: Mask, columns: npt.NDArray[np.intp]) -> None:
        self._values, self._seen, self._columns = values, seen, columns
        self._kept: Array | None = None

    def of(self, rows: Mask) -> Array:
        """Ranks among these patients: rows x columns, whole numbers that add up to 0."""
        if not np.array_equal(rows, self._seen):
            return doubled_ranks(self._values[np.ix_(rows, self._columns)])
        if self._kept is None:
            self._kept = doubled_ranks(self._values[np.ix_(rows, self._columns)])
        return self._kept


def spearman(first: Array, second: Array) -> Array:
    """Spearman's correlation of each row (b, n) of one with that of the other; NaN if constant."""
    x, y = stats.rankdata(first, axis=1), stats.rankdata(second, axis=1)
    x, y = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
    lengths = np.sqrt(np.einsum("bi,bi->b", x, x) * np.einsum("bi,bi->b", y, y))
    along = np.einsum("bi,bi->b", x, y)
    return np.divide(along, lengths, out=np.full(len(x), np.nan), where=lengths > 0)


def doubled_ranks(values: Array) -> Array:
    """Twice the mean rank less n + 1, of each column: whole numbers that add up to 0."""
    if values.shape[1] > FEW:
        ranks: Array = 2 * stats.rankdata(values, axis=0) - (len(values) + 1)
        return ranks
    # As many as lie below, less as many as lie above.
    few = np.empty(values.shape)
    for column, out in zip(values.T, few.T, strict=True):
        ordered = np.sort(column)
        out[:] = ordered.searchsorted(column) + ordered.searchsorted(column, "right") - len(column)
    return few


def _checked(x: Array, y: Array, covariates: Array | None) -> tuple[Array, Array, Array | None]:
    tables = [np.asarray(x, dtype=float), np.asarray(y, dtype=float)]
    if covariates is not None:
        tables.append(np.asarray(covariates, dtype=float))
    shapes = [table.shape for table in tables]
    if any(len(shape) != 2 for shape in shapes) or len({shape[0] for shape in shapes}) != 1:
        raise StudyError(
            "correlations need arrays of patients x columns with the same patients; their shapes "
            f"are {', '.join(map(str, shapes))}. A single column is values[:, None]."
        )
    return tables[0], tables[1], tables[2] if covariates is not None else None


def missing_patterns(values: Array) -> Iterator[tuple[Mask, npt.NDArray[np.intp]]]:
    """Gather columns by the patients that have them: who these are, and which columns."""
    seen = ~np.isnan(values)
    if seen.all():
        if values.shape[1]:
            yield np.ones(len(values), dtype=bool), np.arange(values.shape[1])
        return
    packed = np.ascontiguousarray(np.packbits(seen, axis=0).T)
    columns_of: dict[bytes, list[int]] = {}
    for j, row in enumerate(packed):
        columns_of.setdefault(row.tobytes(), []).append(j)
    for columns in columns_of.values():
        yield seen[:, columns[0]], np.array(columns, dtype=np.intp)


def _basis(covariates: Array) -> Array:
    """Orthonormal columns that span the ranked covariates; fewer where some say the same."""
    ranks = doubled_ranks(covariates)
    length = np.sqrt((ranks**2).sum(axis=0))
    ranks = ranks[:, length > 0] / length[length > 0]
    if not ranks.shape[1]:
        return ranks
    left, singular, _ = np.linalg.svd(ranks, full_matrices=False)
    basis: Array = left[:, singular > 1e-7 * singular[0]]
    return basis


def ranks_given(values: Array, covariates: Array | None) -> tuple[Array, int]:
    """Rank complete columns (n, p), less what the ranks of covariates explain; and their number."""
    ranks = doubled_ranks(values)
    if covariates is None:
        return ranks, 0
    basis = _basis(covariates)
    return _left_over(ranks, basis), basis.shape[1]


def _correlate(x: Array, y: Array, basis: Array | None) -> tuple[Array, Array]:
    """Correlate centred columns, without what the basis explains of them; product of kurtoses."""
    if basis is None:
        with np.errstate(divide="ignore", invalid="ignore"):
            scale = np.sqrt((x**2).sum(axis=0)[:, None] * (y**2).sum(axis=0))
            r: Array = (x.T @ y) / scale
    else:
        x, y = _left_over(x, basis), _left_over(y, basis)
        np.round(x.T @ y, DECIMALS, out=(r := np.empty((x.shape[1], y.shape[1]))))
    return np.clip(r, -1.0, 1.0), kurtosis(x)[:, None] * kurtosis(y)


def kurtosis(centred: Array) -> Array:
    """Excess kurtosis of each column by k-statistics; 0 where it does not vary."""
    n = len(centred)
    squared = centred**2
    second, fourth = squared.mean(axis=0), (squared**2).mean(axis=0)
    k4 = n**2 * ((n + 1) * fourth - 3 * (n - 1) * second**2) / ((n - 1) * (n - 2) * (n - 3))
    k2 = second * n / (n - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        excess = np.asarray(np.where(k2 > 0, k4 / k2**2, 0.0), dtype=float)
    return np.round(excess, DECIMALS)


def _left_over(ranks: Array, basis: Array) -> Array:
    """Columns of length 1 along what the basis leaves; NaN where it leaves nothing."""
    before = (ranks**2).sum(axis=0)
    rest = ranks - basis @ (basis.T @ ranks)
    after = (rest**2).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        length = np.where(after > EXPLAINED * before, np.sqrt(after), np.nan)
        scaled: Array = rest / length
    return scaled
