"""Which features are worth keeping: rules on single features and on pairs of them."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from omicsfuse.stats.one_thread import one_thread

#: A feature whose range is below this share of its largest absolute value is constant.
CONSTANT_TOLERANCE = 1e-10

_BLOCK = 256  # features compared with all others at once


@dataclass(frozen=True, eq=False)
class FeatureSummary:
    """Order statistics of each feature (n_features,); patient order cannot change them.

    ``identical`` is the share of the commonest observed value where above one half, else lower.
    """

    observed: np.ndarray
    missing: np.ndarray
    low: np.ndarray
    median: np.ndarray
    high: np.ndarray
    constant: np.ndarray
    identical: np.ndarray


def summarise(values: np.ndarray) -> FeatureSummary:
    """Summarise each feature of patients x features, missing values aside.

    ``values`` (n_patients, n_features): NaN where missing.
    """
    ordered = np.sort(values, axis=0)  # NaN last
    observed = np.sum(~np.isnan(values), axis=0)
    columns = np.arange(values.shape[1])
    last = np.maximum(observed - 1, 0)
    largest = ordered[last, columns]
    magnitude = np.maximum(np.abs(ordered[0]), np.abs(largest))
    spread = largest - ordered[0]
    # A value that more than half of the patients share is necessarily the lower median.
    same = np.sum(values == ordered[last // 2, columns], axis=0)
    return FeatureSummary(
        observed=observed,
        missing=1 - observed / len(values),
        low=_quantile(ordered, observed, 0.25),
        median=_quantile(ordered, observed, 0.5),
        high=_quantile(ordered, observed, 0.75),
        constant=(observed < 2) | ~(spread > CONSTANT_TOLERANCE * magnitude),
        identical=same / np.maximum(observed, 1),
    )


def _quantile(ordered: np.ndarray, observed: np.ndarray, q: float) -> np.ndarray:
    """Quantile of the observed part of each sorted column, as ``numpy.quantile`` interpolates."""
    columns = np.arange(ordered.shape[1])
    last = np.maximum(observed - 1, 0)
    position = q * last
    below = np.floor(position).astype(int)
    lower, upper = ordered[below, columns], ordered[np.minimum(below + 1, last), columns]
    return lower + (position - below) * (upper - lower)


def near_duplicates(values: np.ndarray, threshold: float) -> np.ndarray:
    """Mark features (n_features,) whose Spearman correlation with an earlier kept one is too high.

    Fewest missing values come first; pairs that share fewer than half of all patients stay.
    """
    n, p = values.shape
    if threshold >= 1:  # no correlation exceeds 1
        return np.zeros(p, dtype=bool)
    present = ~np.isnan(values)
    ranks = _centred_ranks(values, present)
    order = np.argsort(-present.sum(axis=0), kind="stable")
    place = np.empty(p, dtype=int)
    place[order] = np.arange(p)
    marked = np.zeros(p, dtype=bool)
    # One thread: the same sums, and so the same decisions, on any machine setting.
    with one_thread():
        for start in range(0, p, _BLOCK):
            block = order[start : start + _BLOCK]
            block = block[~marked[block]]
            strength, shared = _correlations(ranks, present, block)
            repeats = (strength > threshold + 1e-12) & (2 * shared >= n)
            for i, row in zip(block, repeats, strict=True):
                if not marked[i]:
                    marked |= row & (place > place[i])
    return marked


def _centred_ranks(values: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Ranks among each feature's own patients, ties averaged, about 0; 0 where missing."""
    complete = present.all(axis=0)
    ranks = np.zeros_like(values)
    ranks[:, complete] = rankdata(values[:, complete], axis=0) - (len(values) + 1) / 2
    for j in np.flatnonzero(~complete):
        there = present[:, j]
        ranks[there, j] = rankdata(values[there, j]) - (there.sum() + 1) / 2
    return ranks


def _correlations(
    ranks: np.ndarray, present: np.ndarray, block: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Absolute correlation of some features with all, over shared patients, and their number."""
    weights = present.astype(float)
    rank_block, present_block = ranks[:, block].T, weights[:, block].T
    shared = present_block @ weights
    count = np.maximum(shared, 1)
    sum_one, sum_all = rank_block @ weights, present_block @ ranks
    covariance = rank_block @ ranks - sum_one * sum_all / count
    variance_one = rank_block**2 @ weights - sum_one**2 / count
    variance_all = present_block @ ranks**2 - sum_all**2 / count
    product = np.maximum(variance_one, 0) * np.maximum(variance_all, 0)
    strength = np.abs(covariance) / np.sqrt(np.where(product > 0, product, np.inf))
    return np.minimum(strength, 1.0), shared


def identical_profiles(values: np.ndarray) -> np.ndarray:
    """Mark features that equal an earlier one in every patient, missing values included."""
    columns = np.ascontiguousarray((values + 0.0).T)  # + 0.0: the two zeros of IEEE become one
    columns[np.isnan(columns)] = np.nan
    seen: set[bytes] = set()
    repeated = np.zeros(len(columns), dtype=bool)
    for i, column in enumerate(columns):
        key = column.tobytes()
        repeated[i] = key in seen
        seen.add(key)
    return repeated


def largest(criterion: np.ndarray, n: int | None) -> np.ndarray:
    """Mark the ``n`` features with the largest criterion; ties go to the earlier column."""
    chosen = np.zeros(len(criterion), dtype=bool)
    chosen[np.argsort(-criterion, kind="stable")[:n]] = True
    return chosen
