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

    Parameters
    ----------
    table : pandas.DataFrame
        Patients x genes, on a logarithmic or z-score scale.
    scaling : {"cohort", "reference"}
        As for `omicsfuse.signatures.scaling.scaled_genes`.
    signature : Signature, optional
        Source of the reference.

    Attributes
    ----------
    patients : pandas.Index
        Patients, in the order of the table.
    genes : pandas.Index
        Genes that vary and that half of the patients have, sorted.

    References
    ----------
    Lee et al. 2008, PLoS Comput Biol 4:e1000217 (combined z-score of a set of genes).

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> table = pd.DataFrame({"A": np.arange(10.0), "B": -np.arange(10.0)})
    >>> scorer = WeightedZ(table, "cohort")
    >>> scores = scorer.score(np.array([0, 1]), np.array([[1.0], [-1.0]]))
    >>> bool(np.isclose(scores[0, 0], -1.45, atol=0.01))
    True
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
