"""Correlations of one family in blocks, and false discovery rates over all of its tests."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from omicsfuse.imaging.maps.scattered import scattered_correlations, scattered_ranks
from omicsfuse.stats.arrays import Array
from omicsfuse.stats.correlations import missing_patterns, p_value, rank_coefficients

#: Targets correlated at a time. It bounds memory, and no result depends on it.
BLOCK = 1024
#: Fewest patients of an association; below it the pair is not tested.
MINIMUM_PATIENTS = 10
#: Pairs of columns lacking different patients up to which each pair is ranked by itself.
MOST_PATTERNS = 2000
#: Places of the ordered p-values that are kept for a plot, evenly spaced in logarithm.
KEPT_PLACES = 300

Index = npt.NDArray[np.intp]


class Family(NamedTuple):
    """All pairs of one family: correlations and p-values (NaN: not tested), patients, covariates.

    ``n`` and ``given`` are one number where all pairs have the same, which saves two large arrays.
    """

    correlation: Array
    p: Array
    n: npt.NDArray[np.int32]
    given: npt.NDArray[np.int32]

    def pairs(self, rows: Index, columns: Index) -> tuple[Array, Array, Index, Index]:
        """Correlation, p, n and covariates given of some pairs."""
        shape = self.correlation.shape
        n, given = np.broadcast_to(self.n, shape), np.broadcast_to(self.given, shape)
        place = (rows, columns)
        return (
            self.correlation[place],
            self.p[place],
            n[place].astype(np.intp),
            given[place].astype(np.intp),
        )


def correlate_family(
    features: Array, targets: Array, covariates: Array | None = None, block: int = BLOCK
) -> Family:
    """Correlate all features with all targets, some targets at a time; covariates (n, k).

    Where columns lack values of different patients, each is ranked once (`scattered_correlations`).
    """
    shape = (features.shape[1], targets.shape[1])
    r, p = np.empty(shape), np.empty(shape)
    n, given = np.empty(shape, np.int32), np.empty(shape, np.int32)
    scattered = lacks_many_patients(features, targets)
    first = scattered_ranks(features, covariates) if scattered else None
    for start in range(0, shape[1], block):
        here = slice(start, start + block)
        if first is None:
            part = rank_coefficients(features, targets[:, here], covariates)
        else:
            second = scattered_ranks(targets[:, here], covariates)
            part = scattered_correlations(first, second)
        few = part.n < MINIMUM_PATIENTS
        r[:, here] = np.where(few, np.nan, part.correlation)
        p[:, here] = p_value(r[:, here], part.n, part.given, part.shape)
        n[:, here], given[:, here] = part.n, part.given
    return Family(r, p, _shrunk(n), _shrunk(given))


def lacks_many_patients(features: Array, targets: Array) -> bool:
    """Whether so many columns lack values of different patients that each is ranked only once."""
    first = sum(1 for _ in missing_patterns(features))
    return first * sum(1 for _ in missing_patterns(targets)) > MOST_PATTERNS


def _shrunk(counts: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """One number in place of many equal ones."""
    if counts.size and counts.min() == counts.max():
        return counts[:1, :1].copy()
    return counts


class FalseDiscoveryRates:
    """Rates (Benjamini and Hochberg 1995, J R Stat Soc B 57:289-300) read off sorted p-values."""

    def __init__(self, p: Array) -> None:
        self._sorted = np.sort(p, axis=None)  # missing ones last
        self.tests = int(np.searchsorted(self._sorted, np.inf))
        self._sorted = self._sorted[: self.tests]
        rates = self._sorted * self.tests
        rates /= np.arange(1, self.tests + 1)
        np.minimum.accumulate(rates[::-1], out=rates[::-1])
        self._rates = np.minimum(rates, 1.0, out=rates)

    def of(self, p: Array) -> Array:
        """Rates of some of the p-values of the family."""
        rates = np.full(np.shape(p), np.nan)
        present = np.isfinite(p)
        place = np.searchsorted(self._sorted, p[present], side="right") - 1
        rates[present] = self._rates[place]
        return rates

    def largest_p(self, fdr: float) -> float:
        """Largest p-value whose rate is at most ``fdr``; -1 where there is none."""
        count = int(np.searchsorted(self._rates, fdr, side="right"))
        return float(self._sorted[count - 1]) if count else -1.0

    def smallest(self) -> tuple[float, float]:
        """Smallest p-value and its rate; NaN without tests."""
        if not self.tests:
            return float("nan"), float("nan")
        return float(self._sorted[0]), float(self._rates[0])

    def quantiles(self) -> pd.DataFrame:
        """Some of the ordered p-values: columns ``place`` (from 1), ``tests`` and ``p``."""
        last = np.log10(max(self.tests, 1))
        place = np.unique(np.round(np.logspace(0, last, KEPT_PLACES)).astype(np.int64))
        place = place[place <= self.tests]
        return pd.DataFrame({"place": place, "tests": self.tests, "p": self._sorted[place - 1]})


def strongest_pairs(
    family: Family, marked: npt.NDArray[np.bool_], most: int
) -> tuple[Index, Index]:
    """Pairs by p-value, of those marked: at most so many, equal ones in the order of the names."""
    place = np.flatnonzero(marked)
    p = family.p.ravel()[place]
    if len(place) > most:
        # Only the smallest are sorted; those equal to the last stay until the order is known.
        limit = np.partition(p, most - 1)[most - 1] if most else -1.0
        place, p = place[p <= limit], p[p <= limit]
    strength = -np.abs(family.correlation.ravel()[place])
    order = np.lexsort((place, strength, p))[:most]
    rows, columns = np.unravel_index(place[order], marked.shape)
    return rows, columns
