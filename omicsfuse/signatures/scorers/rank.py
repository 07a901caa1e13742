"""Rank score of one patient alone, after singscore."""

import numpy as np
import pandas as pd

from omicsfuse.signatures.scorers.base import Scorer
from omicsfuse.stats.arrays import Array
from omicsfuse.stats.single_sample.ranks import up_and_down, within_patient_ranks
from omicsfuse.stats.single_sample.sums import Positions, member_sums


class RankScore(Scorer):
    """Mean rank of the genes within the patient, between its theoretical extremes (singscore).

    With N genes, of which n of positive weight have mean rank S: (S - (n + 1) / 2) / (N - n) - 1 /
    2; those of negative weight, ranked from the highest, add the same. No other patient counts, to
    the last bit, nor a monotone transform. Foroutan et al. 2018, BMC Bioinformatics 19:404.
    """

    def __init__(self, table: pd.DataFrame) -> None:
        self._ranked = within_patient_ranks(table)
        self.patients: pd.Index = table.index
        self.genes: pd.Index = self._ranked.genes

    def score_many(self, members: Positions, weights: Array) -> Array:
        """Score every patient on many sets of genes; see `Scorer`."""
        ranked, members, weights = self._ranked, np.asarray(members), np.asarray(weights, float)
        every = ranked.n_genes[None, :, None]
        scores = np.zeros((len(members), len(self.patients), weights.shape[1]))
        for sign, used in up_and_down(weights):
            wanted = used.any(axis=0)
            n = ranked.counts(members, used)
            with np.errstate(invalid="ignore", divide="ignore"):
                mean = member_sums(ranked.ranks, members, used) / n
                if sign < 0:
                    mean = every + 1 - mean
                part = (mean - (n + 1) / 2) / (every - n) - 0.5
            scores += np.where(wanted, part, 0.0)
        scores[..., ~(weights != 0).any(axis=0)] = np.nan
        return scores
