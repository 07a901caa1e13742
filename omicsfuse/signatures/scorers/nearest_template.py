"""Nearest template prediction: cosine with each template, and its p-value in each patient."""

import functools

import numpy as np

from omicsfuse.signatures.scorers.base import ScaledScorer
from omicsfuse.stats.arrays import Array
from omicsfuse.stats.single_sample.sums import Positions, member_sums

#: Resamples of genes for the p-value of a patient.
N_RESAMPLES = 1000
#: Cosines that differ by less are equal: they differ by rounding only.
_TIE = 1e-12


class NearestTemplate(ScaledScorer):
    """Cosine of a patient's standardised values z with a template w, from -1 to 1.

    Over the genes of all scores together; Hoshida's distance is 1 - score (2010, PLoS ONE
    5:e15543).
    """

    @functools.cached_property
    def _squares(self) -> Array:
        squares: Array = self._z**2
        return squares

    def score_many(self, members: Positions, weights: Array) -> Array:
        """Score every patient on many sets of genes; see `Scorer`."""
        members, weights = np.asarray(members), np.asarray(weights, dtype=float)
        ones = np.ones((len(weights), 1))
        lengths = np.sqrt(member_sums(self._squares, members, ones))
        with np.errstate(invalid="ignore", divide="ignore"):
            scores: Array = member_sums(self._z, members, weights) / (
                lengths * np.sqrt((weights**2).sum(axis=0))
            )
        return scores

    def resampled_p(
        self,
        members: Positions,
        weights: Array,
        *,
        pool: Positions | None = None,
        n_resamples: int = N_RESAMPLES,
        random_state: int = 0,
    ) -> Array:
        """P-value of each patient's cosine with the nearest template: (b + 1) / (B + 1).

        Templates are laid on random genes, draws shared by all patients. Genes of a template vary
        together: p is small too often, and no proof of resemblance. Hoshida 2010, PLoS ONE
        5:e15543; Phipson and Smyth 2010, Stat Appl Genet Mol Biol 9:39.
        """
        members = np.asarray(members)
        pool = np.arange(len(self.genes)) if pool is None else np.sort(np.asarray(pool))
        rng = np.random.default_rng(random_state)
        drawn = np.array(
            [rng.choice(pool, len(members), replace=False) for _ in range(n_resamples)]
        )
        observed = self.score(members, weights).max(axis=1)
        reached = np.zeros(len(observed))
        for start in range(0, n_resamples, 250):
            random = self.score_many(drawn[start : start + 250], weights).max(axis=2)
            # A draw in which a patient has no value that differs from the mean says nothing.
            reached += (np.nan_to_num(random, nan=-np.inf) >= observed - _TIE).sum(axis=0)
        p: Array = np.where(np.isnan(observed), np.nan, (reached + 1) / (n_resamples + 1))
        return p


def template_scores(z: Array, weights: Array) -> Array:
    """Cosine (n, k) of patients (n, m) with templates (m, k); NaN where all values are 0."""
    # Without BLAS, and in one layout: a patient's score has the same bits for any number of
    # threads and whatever rows stand beside it.
    z = np.ascontiguousarray(z, dtype=float)
    weights = np.ascontiguousarray(weights.T, dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        lengths = np.sqrt((z**2).sum(axis=1))[:, None] * np.sqrt((weights**2).sum(axis=1))
        scores: Array = np.einsum("ig,kg->ik", z, weights) / lengths
    return scores
