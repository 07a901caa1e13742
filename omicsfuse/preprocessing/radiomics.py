"""Radiomic features: skewed, many orders of magnitude apart, and often the same thing twice."""

from typing import ClassVar

import numpy as np

from omicsfuse.core.errors import ClassifierError
from omicsfuse.preprocessing._base import FixedForm
from omicsfuse.preprocessing._pipeline import ContinuousPipeline
from omicsfuse.preprocessing.filters import near_duplicates, summarise
from omicsfuse.preprocessing.winsorise import robust_scale
from omicsfuse.stats.ranks import blom

#: Robust standard deviations at which values are limited before a power transform.
POWER_LIMIT = 100.0


class RadiomicsPreprocessor(ContinuousPipeline):
    """Preprocess radiomic features, as normal scores, without near-duplicates.

    To the analysis scale, by ``method``:

    - ``"rank"``: normal scores of Blom (1958), q((r - 3/8) / (n + 1/4)) with r the rank of the
      patient among the n patients who have the feature (tied values share their mean rank) and q
      the quantile function of the normal distribution. Units, skew and orders of magnitude have no
      influence. A new patient's score is interpolated linearly between neighbouring fitted values;
      beyond them it is that of the outermost fitted patient.
    - ``"power"``: each feature in robust standard deviations, limited to plus or minus 100, then
      Yeo and Johnson's (2000) power transform with the exponent of largest likelihood. Unlike ranks
      it preserves distances between patients.

    Features missing in more than ``max_missing`` of the patients, constant ones and those with the
    same value in more than ``max_identical`` of the patients are dropped, judged on the values as
    given. Then near-duplicates: features are visited in the order of fewest missing values, then of
    the columns. A remaining feature is kept, and all later features with an absolute Spearman
    correlation with it above ``max_correlation`` are excluded from the distances. The other steps
    are those of :class:`ContinuousPreprocessor`. There is no selection by variance: normal scores
    all have the same.

    Parameters
    ----------
    method : {"rank", "power"}
        Transformation of features.
    max_correlation : float
        Largest absolute Spearman correlation between two kept features; default 0.95, and 1
        keeps all.
    max_missing, max_identical, n_neighbors, limit
        As for :class:`ContinuousPreprocessor`; defaults 0.5, 0.95, 10 and 5.

    Attributes
    ----------
    quantile_values_, quantile_scores_ : list of ndarray
        For each input feature (``method="rank"``), the distinct fitted values and their scores.
    power_ : PowerTransformer
        The fitted exponents (``method="power"``).
    usable_, kept_, dropped_, n_imputed_, n_limited_
        As for :class:`ContinuousPreprocessor`, like all the rest of the fitted state.

    References
    ----------
    Blom G (1958). Statistical Estimates and Transformed Beta-Variables. Wiley, New York.
    Yeo I-K, Johnson RA (2000). A new family of power transformations to improve normality or
    symmetry. Biometrika 87:954-959.

    Examples
    --------
    >>> import numpy as np
    >>> from omicsfuse.preprocessing import RadiomicsPreprocessor
    >>> x = np.array([[3.0], [1e14], [1.0], [2.0], [2.0]])
    >>> transformer = RadiomicsPreprocessor().fit(x)
    >>> transformer.analysis_values(x).round(4).ravel().tolist()
    [0.4972, 1.1798, -1.1798, -0.241, -0.241]
    >>> transformer.analysis_values([[2.5], [-70.0]]).round(4).ravel().tolist()
    [0.1281, -1.1798]
    """

    without_n_features: ClassVar[str] = "normal scores have equal variance; use max_correlation"

    def __init__(
        self,
        method: str = "rank",
        max_correlation: float = 0.95,
        max_missing: float = 0.5,
        max_identical: float = 0.95,
        n_neighbors: int = 10,
        limit: float = 5.0,
    ) -> None:
        super().__init__(max_missing, max_identical, n_neighbors, limit)
        self.method = method
        self.max_correlation = max_correlation

    @property
    def analysis_scale(self) -> str:
        """Name of the scale that ``analysis_values`` returns: ``"normal_score"``."""
        return "normal_score"

    def _check_parameters(self) -> None:
        super()._check_parameters()
        self._check_choice("method", ("rank", "power"))
        self._check_range("max_correlation", 0, 1)

    def _filtered_values(self, X: np.ndarray, values: np.ndarray) -> np.ndarray:
        # Ranks would blow up the rounding noise of a constant feature to a full normal.
        return X

    def _redundant(self, X: np.ndarray) -> tuple[np.ndarray, str]:
        reason = f"near-duplicate of a kept feature (|Spearman| > {self.max_correlation:g})"
        return near_duplicates(X, self.max_correlation), reason

    def fixed_form(self) -> FixedForm:
        """What it does to the features it keeps, with the points its scores lie between."""
        if self.method != "rank":
            raise ClassifierError(
                "radiomics by power transforms cannot be saved; use method='rank' for the "
                "classifier."
            )
        knots = tuple(self.quantile_values_[j] for j in self.kept_)
        scores = tuple(self.quantile_scores_[j] for j in self.kept_)
        return super().fixed_form()._replace(knots=knots, scores=scores)

    def _fit_scale(self, X: np.ndarray) -> None:
        if self.method == "rank":
            fitted = _normal_scores_of_columns(X)
            self.quantile_values_ = [values for values, _ in fitted]
            self.quantile_scores_ = [scores for _, scores in fitted]
            return
        # Imported where it is needed: it takes longer to load than the whole module.
        from sklearn.preprocessing import PowerTransformer

        summary = summarise(X)
        self.varying_ = np.flatnonzero(~summary.constant)
        if len(self.varying_):
            varying = X[:, self.varying_]
            scale = robust_scale(varying, summarise(varying))
            self.power_centre_, self.power_spread_ = scale.centre, scale.spread
            # Sorted, so that the order of patients cannot change the exponents.
            bounded = np.sort(self._bounded(varying), axis=0)
            self.power_ = PowerTransformer(method="yeo-johnson").fit(bounded)

    def _bounded(self, X: np.ndarray) -> np.ndarray:
        """Robust scores that no power can make overflow."""
        with np.errstate(over="ignore"):
            scores = (X - self.power_centre_) / self.power_spread_
        return np.clip(scores, -POWER_LIMIT, POWER_LIMIT)

    def _to_analysis_scale(self, X: np.ndarray) -> np.ndarray:
        values = np.where(np.isnan(X), np.nan, 0.0)
        if self.method == "power":
            if len(self.varying_):
                values[:, self.varying_] = self.power_.transform(self._bounded(X[:, self.varying_]))
            return values
        for j, (knots, scores) in enumerate(
            zip(self.quantile_values_, self.quantile_scores_, strict=True)
        ):
            present = ~np.isnan(X[:, j])
            # A feature that no fitted patient has says nothing about a new one.
            values[present, j] = np.interp(X[present, j], knots, scores) if len(knots) else np.nan
        return values


def _normal_scores_of_columns(X: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Give the normal scores of each column; those without ties, most of them, share theirs."""
    # Missing values are sorted to the end.
    rising = np.sort(X, axis=0)
    plain = (rising[1:] > rising[:-1]).all(axis=0) & ~np.isnan(rising[-1])
    everyone = blom(np.arange(1.0, len(X) + 1), len(X))
    return [
        (rising[:, j].copy(), everyone) if plain[j] else _normal_scores(X[~np.isnan(X[:, j]), j])
        for j in range(X.shape[1])
    ]


def _normal_scores(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct values in rising order, and Blom's normal score of each."""
    # With the index asked for, of equal values the first is taken: 0 and -0 are two in a file.
    distinct, _, counts = np.unique(values, return_index=True, return_counts=True)
    return distinct, blom(np.cumsum(counts) - (counts - 1) / 2, len(values))
