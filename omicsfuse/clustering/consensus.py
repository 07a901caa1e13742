"""Consensus of clusterings of resamples, and prediction strength: on arrays alone."""

from collections.abc import Sequence

import numpy as np

from omicsfuse.core.errors import StudyError

#: Consensus values at which the distribution is given: hundredths, exact as quotients.
CONSENSUS_GRID = np.arange(101) / 100

#: Resamples that are counted at once.
_AT_ONCE = 100


def consensus_matrix(
    labels: Sequence[np.ndarray], rows: Sequence[np.ndarray], n: int
) -> np.ndarray:
    """Share (n, n) of resamples with both patients in which they were in one group, or NaN.

    Monti et al. 2003, Machine Learning 52:91-118, section 3.1.
    """
    if len(labels) != len(rows):
        raise StudyError(f"found labels of {len(labels)} resamples and rows of {len(rows)}.")
    together = np.zeros((n, n))
    both = np.zeros((n, n))
    for start in range(0, len(rows), _AT_ONCE):
        part = range(start, min(start + _AT_ONCE, len(rows)))
        member, drawn = [], np.zeros((n, len(part)), dtype=np.float32)
        for column, r in enumerate(part):
            if len(labels[r]) != len(rows[r]):
                raise StudyError(
                    f"resample {r} has {len(rows[r])} patients and {len(labels[r])} labels."
                )
            drawn[rows[r], column] = 1
            groups = np.zeros((n, int(labels[r].max(initial=-1)) + 1), dtype=np.float32)
            groups[rows[r], labels[r]] = 1
            member.append(groups)
        # Counts are whole numbers far below 2^24: exact in single precision, on any threads.
        whole = np.hstack(member)
        together += whole @ whole.T
        both += drawn @ drawn.T
    return np.divide(together, both, out=np.full((n, n), np.nan), where=both > 0)


def consensus_cdf(consensus: np.ndarray) -> np.ndarray:
    """Share (101,) of pairs with a consensus up to each hundredth (Monti et al. 2003, 3.3.1)."""
    pairs = _pairs(consensus)
    if not len(pairs):
        return np.full(len(CONSENSUS_GRID), np.nan)
    return np.searchsorted(np.sort(pairs), CONSENSUS_GRID, side="right") / len(pairs)


def area_under_cdf(cdf: np.ndarray) -> float:
    """Area under ``consensus_cdf``, as ConsensusClusterPlus (Wilkerson and Hayes 2010) has it."""
    return float(np.mean(cdf[1:]))


def proportion_ambiguous(consensus: np.ndarray, low: float = 0.1, high: float = 0.9) -> float:
    """Share of the pairs with a consensus above ``low`` and up to ``high``; smallest at the best k.

    It also falls with k in data without groups. Senbabaoglu et al. 2014, Scientific Reports 4:6207.
    """
    pairs = _pairs(consensus)
    return float(((pairs > low) & (pairs <= high)).mean()) if len(pairs) else float("nan")


def prediction_strength(test_labels: np.ndarray, assigned: np.ndarray) -> float:
    """Smallest share, over test groups, of pairs that the training groups put together too.

    A group of one patient counts 0: groups that break into single patients must not look strong.
    Tibshirani and Walther 2005, J Comput Graph Stat 14:511-528, equation 2.1.
    """
    if not len(test_labels):
        return float("nan")
    test_codes = np.unique(test_labels, return_inverse=True)[1]
    training = np.unique(assigned, return_inverse=True)[1]
    counts = np.zeros((test_codes.max() + 1, training.max() + 1))
    np.add.at(counts, (test_codes, training), 1)
    sizes = counts.sum(axis=1)
    same = (counts * (counts - 1)).sum(axis=1)
    pairs = sizes * (sizes - 1)
    return float(np.divide(same, pairs, out=np.zeros_like(same), where=pairs > 0).min())


def _pairs(consensus: np.ndarray) -> np.ndarray:
    """Consensus of each pair that was ever in one resample."""
    above = consensus[np.triu_indices(len(consensus), 1)]
    return above[~np.isnan(above)]
