"""The one road that every continuous layer takes, after its own change of scale."""

from typing import ClassVar

import numpy as np

from omicsfuse.preprocessing._base import FixedForm, LayerPreprocessor
from omicsfuse.preprocessing.filters import FeatureSummary, largest, summarise
from omicsfuse.preprocessing.impute import impute_nearest
from omicsfuse.preprocessing.winsorise import robust_scale


class ContinuousPipeline(LayerPreprocessor):
    """Filter, impute, winsorise, select and standardise; subclasses give the analysis scale."""

    #: Number of features that ``n_features="auto"`` stands for, by analysis scale; else all.
    _automatic: ClassVar[dict[str, int]] = {}

    def __init__(
        self, max_missing: float, max_identical: float, n_neighbors: int, limit: float
    ) -> None:
        self.max_missing = max_missing
        self.max_identical = max_identical
        self.n_neighbors = n_neighbors
        self.limit = limit

    def _check_parameters(self) -> None:
        self._check_range("max_missing", 0, 1)
        self._check_range("max_identical", 0, 1)
        self._check_range("n_neighbors", 1, np.inf)
        self._check_range("limit", 0.1, np.inf)
        if hasattr(self, "n_features"):
            self._check_n_features()

    def _fit_scale(self, X: np.ndarray) -> None:
        """Learn what the change of scale needs; most scales need nothing."""

    def _filtered_values(self, X: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Values on which missing and constant features are judged."""
        return values

    def _redundant(self, X: np.ndarray) -> tuple[np.ndarray, str]:
        """Mark usable features that repeat another one, and say by which rule."""
        return np.zeros(X.shape[1], dtype=bool), ""

    def _fit(self, X: np.ndarray) -> None:
        self._fit_scale(X)
        values = self._to_analysis_scale(X)
        self.usable_ = self._usable(summarise(self._filtered_values(X, values)))
        self._require(self.usable_)
        repeated, reason = self._redundant(X[:, self.usable_])
        self.candidates_ = self._drop(self.usable_, repeated, reason)

        values = values[:, self.candidates_]
        summary = summarise(values)
        scale = robust_scale(values, summary)
        self.centre_, self.spread_ = scale.centre, scale.spread
        self.limits_ = np.where(scale.robust, float(self.limit), np.inf)
        scores = scale.apply(values)
        self.reference_ = np.clip(scores, -self.limit, self.limit)
        everything = np.arange(len(self.candidates_))
        limited = self._complete(scores, everything)

        # Sums over sorted values do not depend on the order of patients, to the last bit.
        ordered = np.sort(limited, axis=0)
        mean, sd = ordered.mean(axis=0), ordered.std(axis=0, ddof=1)
        keep = largest(self._variability(sd, ordered), self._n_selected())
        self._drop(self.candidates_, ~keep, f"not among the {keep.sum()} most variable")
        self.selected_ = np.flatnonzero(keep)
        self.kept_ = self.candidates_[keep]
        self.mean_ = mean[keep]
        self.sd_ = np.where(sd[keep] > 0, sd[keep], 1.0)
        standardised = (limited[:, keep] - self.mean_) / self.sd_
        beyond = np.abs(scores[:, keep]) > self.limits_[keep]
        beyond |= np.abs(standardised) > self.limit
        present = ~np.isnan(scores[:, keep])
        self.n_imputed_ = np.sum(~present, axis=0)
        self.n_limited_ = np.sum(beyond & present, axis=0)

    def _usable(self, summary: FeatureSummary) -> np.ndarray:
        """Columns that are neither mostly missing nor (nearly) constant."""
        left = self._not_missing(summary.observed, summary.missing)
        left = self._drop(left, summary.constant[left], "the same value in every patient")
        return self._drop(
            left,
            summary.identical[left] > self.max_identical,
            f"the same value in more than {self.max_identical:.0%} of patients",
        )

    def _complete(self, scores: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Impute and limit the robust scores of some of the candidate columns."""
        clipped = np.clip(scores, -self.limit, self.limit)
        filled = impute_nearest(
            clipped,
            self.reference_,
            np.zeros(scores.shape[1]),
            n_neighbors=int(self.n_neighbors),
            columns=columns,
        )
        of_columns = scores[:, columns]
        limits = self.limits_[columns]
        return np.where(np.isnan(of_columns), filled, np.clip(of_columns, -limits, limits))

    def _n_selected(self) -> int | None:
        """Translate ``n_features`` to a number, None for all."""
        n = getattr(self, "n_features", None)
        return self._automatic.get(self.analysis_scale) if n == "auto" else n

    def _variability(self, sd: np.ndarray, ordered: np.ndarray) -> np.ndarray:
        """Variance on a logarithmic scale; median absolute deviation on any other."""
        if self.analysis_scale in ("log2", "m_value"):
            return (sd * self.spread_) ** 2
        return np.median(np.abs(ordered - np.median(ordered, axis=0)), axis=0) * self.spread_

    def fixed_form(self) -> FixedForm:
        """What it does to the features it keeps: missing values become the fitted median."""
        centre, spread = self.centre_[self.selected_], self.spread_[self.selected_]
        limits = self.limits_[self.selected_]
        return FixedForm(
            centre, centre, spread, limits, self.mean_, self.sd_, limit=float(self.limit)
        )

    def _transform(self, X: np.ndarray) -> np.ndarray:
        values = self._to_analysis_scale(X)[:, self.candidates_]
        with np.errstate(over="ignore"):
            scores = (values - self.centre_) / self.spread_
        completed = self._complete(scores, self.selected_)
        return np.clip((completed - self.mean_) / self.sd_, -self.limit, self.limit)
