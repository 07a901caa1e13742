"""Somatic mutations: a gene is mutated or it is not."""

from typing import ClassVar

import numpy as np

from omicsfuse.preprocessing._base import LayerPreprocessor


class MutationPreprocessor(LayerPreprocessor):
    """Preprocess mutations, as 0 and 1, without rare genes.

    Values stay 0 and 1 (any value above 0, such as a number of mutations, counts as mutated).
    Dropped are genes without a call in more than ``max_missing`` of the patients, genes mutated in
    fewer than ``min_patients`` patients or in less than ``min_prevalence`` of the patients,
    whichever asks for more, and genes mutated in every patient with a call, which tell no patient
    from another. All other genes are kept: prevalence does not measure information.

    For distances, a missing call is 0 and is counted in ``n_imputed_``; ``analysis_values`` keeps
    it missing. A patient who was not sequenced would look like a patient without mutations, and
    must be excluded from the layer, as in :func:`preprocess`.

    Parameters
    ----------
    min_patients : int
        Fewest patients with a mutation in a gene; default 2.
    min_prevalence : float
        Smallest share of patients with a mutation in a gene; default 0.02.
    max_missing : float
        Largest share of patients without a call in a gene; default 0.5.

    Attributes
    ----------
    usable_, kept_ : ndarray of int
        Columns that pass; here the two are the same.
    dropped_ : dict of str to ndarray of int
        Columns excluded, by reason.
    n_imputed_, n_limited_ : ndarray of int
        For each kept column, missing calls counted as 0; and zeros, as nothing is limited.

    Examples
    --------
    >>> import numpy as np
    >>> from omicsfuse.preprocessing import MutationPreprocessor
    >>> calls = np.array([[1, 0, 1], [1, 0, np.nan], [0, 1, 0], [0, 0, 1]])
    >>> transformer = MutationPreprocessor().fit(calls)
    >>> transformer.transform(calls).tolist()
    [[1.0, 1.0], [1.0, 0.0], [0.0, 0.0], [0.0, 1.0]]
    >>> {reason: columns.tolist() for reason, columns in transformer.dropped_.items()}
    {'mutated in fewer than 2 patients': [1]}
    """

    _remedy: ClassVar[str] = (
        "Genes mutated in very few or in all patients cannot separate patients: remove the "
        "layer, add genes that are mutated more often, or lower min_patients and "
        "min_prevalence."
    )

    without_n_features: ClassVar[str] = "min_patients and min_prevalence choose the genes"

    def __init__(
        self, min_patients: int = 2, min_prevalence: float = 0.02, max_missing: float = 0.5
    ) -> None:
        self.min_patients = min_patients
        self.min_prevalence = min_prevalence
        self.max_missing = max_missing

    @property
    def analysis_scale(self) -> str:
        """Name of the scale that ``analysis_values`` returns: ``"binary"``."""
        return "binary"

    def _check_parameters(self) -> None:
        self._check_range("min_patients", 1, np.inf)
        self._check_range("min_prevalence", 0, 1)
        self._check_range("max_missing", 0, 1)

    def _fit(self, X: np.ndarray) -> None:
        calls = self._to_analysis_scale(X)
        observed = np.sum(~np.isnan(calls), axis=0)
        mutated = np.nansum(calls, axis=0)
        # The tolerance keeps 2% of 150 patients at 3, not at 4.
        needed = int(np.ceil(max(self.min_patients, self.min_prevalence * len(X) - 1e-9)))
        left = self._not_missing(observed, 1 - observed / len(X))
        left = self._drop(left, mutated[left] < needed, f"mutated in fewer than {needed} patients")
        same = mutated[left] == observed[left]
        left = self._drop(left, same, "the same value in every patient")
        self._require(left)
        self.usable_ = self.kept_ = left
        self.n_imputed_ = len(X) - observed[left]
        self.n_limited_ = np.zeros(len(left), dtype=int)

    def _to_analysis_scale(self, X: np.ndarray) -> np.ndarray:
        return np.where(np.isnan(X), np.nan, (X > 0).astype(float))

    def _transform(self, X: np.ndarray) -> np.ndarray:
        return (X[:, self.kept_] > 0).astype(float)
