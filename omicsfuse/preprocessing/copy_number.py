"""Copy number: GISTIC levels, or log2 ratios of segments."""

from typing import Literal

import numpy as np

from omicsfuse.preprocessing._base import FixedForm, LayerPreprocessor
from omicsfuse.preprocessing._pipeline import ContinuousPipeline
from omicsfuse.preprocessing.filters import identical_profiles, largest, summarise
from omicsfuse.preprocessing.impute import impute_nearest


class CopyNumberPreprocessor(ContinuousPipeline):
    """Preprocess copy number per gene or arm, each profile once.

    Neighbouring genes share their copy number, and a long segment would count once for each gene.
    The first of several genes with identical values in all patients represents them.

    ``"gistic"`` levels (-2 deep loss to 2 high gain) stay levels: dropped are genes missing in
    more than ``max_missing`` of the patients and constant ones; a missing level becomes the median
    level of the ``n_neighbors`` nearest patients (root mean squared difference of levels; halfway
    between two levels, the one nearer to zero); nothing is limited or standardised, as one step
    means the same in every gene; and the ``n_features`` of the largest variance are kept.

    ``"log2"`` ratios take the steps of :class:`ContinuousPreprocessor`, identical profiles
    collapsed after step 2.

    Parameters
    ----------
    scale : {"gistic", "log2"}
        Scale of the input.
    n_features : int, None or "auto"
        How many features to keep, by variance; None and ``"auto"`` keep all.
    max_missing : float
        Largest share of patients that may lack a feature; default 0.5.
    max_identical : float
        Largest share of patients that may have the same log2 ratio; default 0.95. Not used for
        levels, where most patients are at 0.
    n_neighbors : int
        Patients that a missing value is learned from; default 10.
    limit : float
        Winsorising limit for log2 ratios in robust standard deviations; default 5.

    Attributes
    ----------
    fallback_ : ndarray
        Median level of each candidate column, for a patient without any (``"gistic"``).
    usable_, candidates_, kept_, reference_, dropped_, n_imputed_, n_limited_
        As for :class:`ContinuousPreprocessor`, like the rest of the fitted state for ``"log2"``.

    Examples
    --------
    >>> import numpy as np
    >>> from omicsfuse.preprocessing import CopyNumberPreprocessor
    >>> levels = np.array([[0, 0, 1, 0], [2, 2, 1, 0], [-1, -1, np.nan, 0], [0, 0, 0, 0]])
    >>> transformer = CopyNumberPreprocessor().fit(levels)
    >>> transformer.transform(levels).tolist()
    [[0.0, 1.0], [2.0, 1.0], [-1.0, 1.0], [0.0, 0.0]]
    >>> sorted(transformer.dropped_)
    ['identical to a kept feature in every patient', 'the same value in every patient']
    """

    def __init__(
        self,
        scale: str = "gistic",
        n_features: int | Literal["auto"] | None = "auto",
        max_missing: float = 0.5,
        max_identical: float = 0.95,
        n_neighbors: int = 10,
        limit: float = 5.0,
    ) -> None:
        super().__init__(max_missing, max_identical, n_neighbors, limit)
        self.scale = scale
        self.n_features = n_features

    @property
    def analysis_scale(self) -> str:
        """Name of the scale that ``analysis_values`` returns: ``"gistic"`` or ``"log2"``."""
        return self.scale

    def _check_parameters(self) -> None:
        super()._check_parameters()
        self._check_choice("scale", ("gistic", "log2"))

    def _to_analysis_scale(self, X: np.ndarray) -> np.ndarray:
        return X

    def _redundant(self, X: np.ndarray) -> tuple[np.ndarray, str]:
        return identical_profiles(X), "identical to a kept feature in every patient"

    def _fit(self, X: np.ndarray) -> None:
        if self.scale == "log2":
            super()._fit(X)
            return
        summary = summarise(X)
        left = self._not_missing(summary.observed, summary.missing)
        left = self._drop(left, summary.constant[left], "the same value in every patient")
        self._require(left)
        self.usable_ = left
        self.candidates_ = self._drop(left, *self._redundant(X[:, left]))
        self.reference_ = X[:, self.candidates_]
        self.fallback_ = np.trunc(summary.median[self.candidates_])
        levels = self._levels(self.reference_, np.arange(len(self.candidates_)))
        keep = largest(np.sort(levels, axis=0).var(axis=0, ddof=1), self._n_selected())
        self._drop(self.candidates_, ~keep, f"not among the {keep.sum()} most variable")
        self.selected_ = np.flatnonzero(keep)
        self.kept_ = self.candidates_[keep]
        self.n_imputed_ = np.sum(np.isnan(X[:, self.kept_]), axis=0)
        self.n_limited_ = np.zeros(len(self.kept_), dtype=int)

    def fixed_form(self) -> FixedForm:
        """What it does to the features it keeps: missing levels become the fitted median level."""
        if self.scale == "log2":
            return super().fixed_form()
        levels = LayerPreprocessor.fixed_form(self)
        return levels._replace(fill=self.fallback_[self.selected_])

    def _levels(self, levels: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Impute some of the candidate columns."""
        return impute_nearest(
            levels,
            self.reference_,
            self.fallback_,
            n_neighbors=int(self.n_neighbors),
            columns=columns,
            combine="median_level",
        )

    def _transform(self, X: np.ndarray) -> np.ndarray:
        if self.scale == "log2":
            return super()._transform(X)
        return self._levels(X[:, self.candidates_], self.selected_)
