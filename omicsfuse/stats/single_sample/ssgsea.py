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

    Among the N genes that a patient has, gene g has rank r(g), 1 for the lowest. Walking down from
    the highest, the share of the r(g)^0.25 of the set that was met less the share of the other
    genes that were met is summed over all N steps. Each gene counts in as many steps as its rank
    says, so that for a set of n genes the sum needs no walk::

        sum_in r^0.25 r / sum_in r^0.25 - sum_out r / (N - n)

    It is divided by N here, so that patients and cohorts with more genes do not score higher; it is
    not normalised across patients. The score is that of the genes with a positive weight less that
    of the genes with a negative one; only the signs of weights matter. Where values are tied, genes
    share their mean rank. Times N, it equals gseapy's ``ES`` and GSVA's ``ssgsea`` without
    normalisation.

    Parameters
    ----------
    table : pandas.DataFrame
        Patients x genes, all that were measured: the ranking is among them. A gene without a value
        in a patient takes no part in that patient's ranking.

    Attributes
    ----------
    patients : pandas.Index
        Patients, in the order of the table.
    genes : pandas.Index
        All genes, sorted.

    References
    ----------
    Barbie et al. 2009, Nature 462:108-112; Haenzelmann, Castelo and Guinney 2013, BMC
    Bioinformatics 14:7 (the sum over the walk).

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> scorer = SingleSampleEnrichment(pd.DataFrame([[9.0, 7.0, 3.0, 1.0]], ["P1"], list("ABCD")))
    >>> scorer.score(np.array([0, 1]), np.array([[1.0], [1.0]])).round(4).tolist()
    [[0.5045]]
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
