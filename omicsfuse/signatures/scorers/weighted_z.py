"""Weighted mean of standardised values."""

from typing import Literal

import numpy as np
import pandas as pd

from omicsfuse.core.results import Signature
from omicsfuse.signatures.scaling import scaled_genes
from omicsfuse.stats.arrays import Array
from omicsfuse.stats.single_sample.sums import Positions, member_sums


class WeightedZ:
    """Weighted mean of z-scores: sum_g w(g) z(g) / sum_g |w(g)|.

    The plain combined z-score: with equal weights the mean of the standardised genes. A missing
    value counts as the gene's mean.

    ``table``: patients x genes, on a logarithmic or z-score scale; ``scaling``: as for
    `omicsfuse.signatures.scaling.scaled_genes`; ``signature``: source of the reference.

    ``patients``: patients, in the order of the table; ``genes``: genes that vary and that half of
    the patients have, sorted.

    Reference: Lee et al. 2008, PLoS Comput Biol 4:e1000217 (combined z-score of a set of genes).
    """

    def __init__(
        self,
        table: pd.DataFrame,
        scaling: Literal["cohort", "reference"] = "cohort",
        signature: Signature | None = None,
    ) -> None:
        z = scaled_genes(signature, table, scaling)
        self.patients: pd.Index = z.index
        self.genes: pd.Index = z.columns
        self._z = np.ascontiguousarray(z.to_numpy(dtype=float).T)

    def score(self, members: Positions, weights: Array) -> Array:
        """Score every patient on one set of genes, as `Scorer.score` says."""
        scores: Array = self.score_many(np.asarray(members)[None, :], weights)[0]
        return scores

    def score_many(self, members: Positions, weights: Array) -> Array:
        """Score every patient on many sets of genes, as `Scorer.score_many` says."""
        weights = np.asarray(weights, dtype=float)
        with np.errstate(invalid="ignore", divide="ignore"):
            scores: Array = member_sums(self._z, np.asarray(members), weights) / np.abs(
                weights
            ).sum(axis=0)
        return scores


def weighted_scores(z: Array, weights: Array) -> Array:
    """Weighted mean of standardised values: sum_g w(g) z(g) / sum_g |w(g)|.

    ``z`` (n, m): standardised values, patients x genes; ``weights`` (m, k): weights, genes x
    scores. Gives (n, k): NaN for a score without any weight.
    """
    z = np.ascontiguousarray(z, dtype=float)
    weights = np.ascontiguousarray(weights.T, dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        scores: Array = np.einsum("ig,kg->ik", z, weights) / np.abs(weights).sum(axis=1)
    return scores
