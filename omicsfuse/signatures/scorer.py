"""What all ways of scoring have in common: a cohort made ready, sets of its genes scored."""

from typing import Protocol

import pandas as pd

from omicsfuse.statistics import Array


class Scorer(Protocol):
    """Expression of one cohort, ready to be scored with any set of its genes.

    Attributes
    ----------
    patients : pandas.Index
        Patients, in the order of the scores.
    genes : pandas.Index
        Genes that can be scored, in the order that positions refer to.
    """

    patients: pd.Index
    genes: pd.Index

    def score(self, members: Array, weights: Array) -> Array:
        """Score every patient on one set of genes.

        Parameters
        ----------
        members : ndarray of int, shape (m,)
            Positions in ``genes``, each once.
        weights : ndarray of float, shape (m, k)
            Weight of each of them in each of k scores.

        Returns
        -------
        ndarray of float, shape (n_patients, k)
            NaN for a patient who cannot be scored.
        """

    def score_many(self, members: Array, weights: Array) -> Array:
        """Score every patient on many sets of genes that have the same weights.

        Parameters
        ----------
        members : ndarray of int, shape (r, m)
            Positions in ``genes`` of each of r sets.
        weights : ndarray of float, shape (m, k)
            Weights, the same for all sets.

        Returns
        -------
        ndarray of float, shape (r, n_patients, k)
        """
