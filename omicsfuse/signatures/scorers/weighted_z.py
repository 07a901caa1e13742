"""Weighted mean of standardised values."""

import numpy as np

from omicsfuse.signatures.scorers.base import ScaledScorer
from omicsfuse.stats.arrays import Array
from omicsfuse.stats.single_sample.sums import Positions, member_sums


class WeightedZ(ScaledScorer):
    """Combined z-score: sum_g w(g) z(g) / sum_g |w(g)| (Lee et al. 2008, PLoS Comput Biol 4)."""

    def score_many(self, members: Positions, weights: Array) -> Array:
        """Score every patient on many sets of genes; see `Scorer`."""
        weights = np.asarray(weights, dtype=float)
        with np.errstate(invalid="ignore", divide="ignore"):
            scores: Array = member_sums(self._z, np.asarray(members), weights) / np.abs(
                weights
            ).sum(axis=0)
        return scores


def weighted_scores(z: Array, weights: Array) -> Array:
    """Combined z-scores (n, k) of z (n, m) and weights (m, k); NaN for a score without weight."""
    z = np.ascontiguousarray(z, dtype=float)
    weights = np.ascontiguousarray(weights.T, dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        scores: Array = np.einsum("ig,kg->ik", z, weights) / np.abs(weights).sum(axis=1)
    return scores
