"""Rank correlations where many columns lack values, each of other patients."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from omicsfuse.stats.arrays import Array
from omicsfuse.stats.correlations import (
    DECIMALS,
    Coefficients,
    kurtosis,
    missing_patterns,
    ranks_given,
)


@dataclass(frozen=True, eq=False)
class Scattered:
    """Ranks (n, p) of columns less covariates, 0 where not ``seen``; kurtosis, ``given`` (p,)."""

    ranks: Array
    seen: Array
    kurtosis: Array
    given: npt.NDArray[np.int64]

    def shuffled(self, order: npt.NDArray[np.intp]) -> "Scattered":
        """The same columns with the patients in another order."""
        return Scattered(self.ranks[order], self.seen[order], self.kurtosis, self.given)

    def some(self, columns: slice) -> "Scattered":
        """Some of the columns."""
        return Scattered(
            self.ranks[:, columns],
            self.seen[:, columns],
            self.kurtosis[columns],
            self.given[columns],
        )


def scattered_ranks(values: Array, covariates: Array | None = None) -> Scattered:
    """Rank each column among the patients who have it.

    ``values`` (n, p): NaN where missing; ``covariates`` (n, k).
    """
    n, p = values.shape
    lacking = np.zeros(n) if covariates is None else np.isnan(covariates).sum(axis=1)
    known = lacking == 0
    ranks, seen = np.zeros((n, p)), np.zeros((n, p))
    shape, given = np.zeros(p), np.zeros(p, dtype=np.int64)
    for patients, columns in missing_patterns(values):
        rows = patients & known
        if rows.sum() < 4:
            continue
        part, k = ranks_given(
            values[np.ix_(rows, columns)], None if covariates is None else covariates[rows]
        )
        given[columns] = k
        shape[columns] = kurtosis(np.nan_to_num(part))
        ranks[np.ix_(rows, columns)] = np.nan_to_num(part)
        seen[np.ix_(rows, columns)] = np.isfinite(part)
    return Scattered(ranks, seen, shape, given)


def scattered_correlations(x: Scattered, y: Scattered) -> Coefficients:
    """Correlate ranks, those of a whole column, over the patients whom both columns have.

    Ranking anew for each pair, as ``rank_correlations`` does, takes hours; they hardly differ.
    """
    n = x.seen.T @ y.seen
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_x, mean_y = (x.ranks.T @ y.seen) / n, (x.seen.T @ y.ranks) / n
        both = x.ranks.T @ y.ranks - n * mean_x * mean_y
        squares_x = (x.ranks**2).T @ y.seen - n * mean_x**2
        squares_y = x.seen.T @ (y.ranks**2) - n * mean_y**2
        # Rounding leaves next to nothing of a column that does not vary among these patients.
        varies = (squares_x > 1e-9) & (squares_y > 1e-9)
        r = np.where(varies, np.clip(both / np.sqrt(squares_x * squares_y), -1.0, 1.0), np.nan)
    # The last bits would show the order of the patients.
    r = np.asarray(np.round(r, DECIMALS), dtype=np.float64)
    given = np.maximum(x.given[:, None], y.given)
    return Coefficients(
        r, n.astype(np.int64), np.broadcast_to(given, r.shape), x.kurtosis[:, None] * y.kurtosis
    )
