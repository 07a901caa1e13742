"""Single-sample gene set enrichment, of one patient alone."""

import numpy as np
import pandas as pd

from omicsfuse.stats.arrays import Array
from omicsfuse.stats.single_sample.ranks import up_and_down, within_patient_ranks
from omicsfuse.stats.single_sample.sums import Positions, member_sums

#: Exponent of the ranks.
ALPHA = 0.25


class SingleSampleEnrichment:
    """Sum of the running sum over a patient's ranking, genes inside against outside (ssGSEA).

    With N genes of ranks r, and n in the set, ``sum_in r^0.25 r / sum_in r^0.25 - sum_out r / (N -
    n)``, divided by N; times N it is gseapy's ``ES`` and GSVA's ``ssgsea`` (Barbie et al. 2009,
    Nature 462:108-112; Haenzelmann et al. 2013, BMC Bioinformatics 14:7). Negative weights are
    scored apart and subtracted. ``table``: patients x all genes measured.
    """

    def __init__(self, table: pd.DataFrame) -> None:
        self._ranked = within_patient_ranks(table)
        self._weight = self._ranked.ranks**ALPHA
        self._product = self._weight * self._ranked.ranks
        self.patients: pd.Index = table.index
        self.genes: pd.Index = self._ranked.genes

    def score(self, members: Positions, weights: Array) -> Array:
        """Score every patient on one set of genes, as `Scorer.score` says."""
        scores: Array = self.score_many(np.asarray(members)[None, :], weights)[0]
        return scores

    def score_many(self, members: Positions, weights: Array) -> Array:
        """Score every patient on many sets of genes, as `Scorer.score_many` says."""
        ranked, members, weights = self._ranked, np.asarray(members), np.asarray(weights, float)
        every = ranked.n_genes[None, :, None]
        scores = np.zeros((len(members), len(self.patients), weights.shape[1]))
        for sign, used in up_and_down(weights):
            wanted = used.any(axis=0)
            n = ranked.counts(members, used)
            inside = member_sums(ranked.ranks, members, used)
            with np.errstate(invalid="ignore", divide="ignore"):
                part = member_sums(self._product, members, used)
                part /= member_sums(self._weight, members, used)
                part -= (every * (every + 1) / 2 - inside) / (every - n)
                part /= every
            scores += np.where(wanted, sign * part, 0.0)
        scores[..., ~(weights != 0).any(axis=0)] = np.nan
        return scores
