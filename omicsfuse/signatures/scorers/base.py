"""What all ways of scoring have in common: a cohort made ready, sets of its genes scored."""

from typing import Literal, Protocol

import numpy as np
import pandas as pd

from omicsfuse.core.results import Signature
from omicsfuse.signatures.scaling import scaled_genes
from omicsfuse.stats.arrays import Array
from omicsfuse.stats.single_sample.sums import Positions


class Scorer(Protocol):
    """Expression of one cohort, ready to be scored with sets of positions in ``genes``."""

    patients: pd.Index
    genes: pd.Index

    def score(self, members: Positions, weights: Array) -> Array:
        """Score every patient (n, k) by members (m,) with weights (m, k); NaN where impossible."""
        scores: Array = self.score_many(np.asarray(members)[None, :], weights)[0]
        return scores

    def score_many(self, members: Positions, weights: Array) -> Array:
        """Score every patient on many sets of genes that have the same weights.

        ``members`` (r, m): positions in ``genes`` of each of r sets. Gives (r, n_patients, k).
        """


class ScaledScorer(Scorer):
    """Scores of genes that vary and that half of the patients have; a missing value is the mean."""

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
