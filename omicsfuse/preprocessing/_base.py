"""What all layer preprocessors share: input checks, feature names, the two output forms."""

from abc import ABCMeta, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from omicsfuse.core.errors import CohortError, StudyError


class PreprocessError(CohortError, ValueError):
    """A layer cannot be preprocessed; also a ``ValueError``, as scikit-learn requires."""


class NothingUsableError(PreprocessError):
    """No feature of a layer can be used."""


class FixedForm(NamedTuple):
    """A fitted preprocessor in numbers, one a kept feature, without the patients it learned from.

    (value or fill - centre) / spread within ``limits``, then (that - mean) / sd within ``limit``.
    """

    fill: np.ndarray
    centre: np.ndarray
    spread: np.ndarray
    limits: np.ndarray
    mean: np.ndarray
    sd: np.ndarray
    limit: float = np.inf
    #: Values of each feature and their scores, where the analysis scale lies between such points.
    knots: tuple[np.ndarray, ...] = ()
    scores: tuple[np.ndarray, ...] = ()


class LayerPreprocessor(TransformerMixin, BaseEstimator, metaclass=ABCMeta):
    """Base of the preprocessors: one omics layer in, a complete matrix for distances out.

    ``fit`` selects and scales features, without any outcome. ``transform`` applies the same steps
    to other patients.

    Attributes
    ----------
    usable_ : ndarray of int
        Columns fit for analysis: neither mostly missing, constant, nor (mutations) too rare.
    kept_ : ndarray of int
        Columns of the output of ``transform``, a subset of ``usable_``.
    dropped_ : dict of str to ndarray of int
        Columns not in ``kept_``, by reason in plain words.
    n_imputed_, n_limited_ : ndarray of int
        For each kept column, the number of values imputed, and of values beyond the limits and set
        to them, in fitting.
    """

    #: What to do when no usable feature is left.
    _remedy: ClassVar[str] = "Check the table and its declared kind and scale, or remove the layer."

    #: Why it has no ``n_features``, where it has none.
    without_n_features: ClassVar[str] = "all features are used"

    max_missing: float

    @property
    @abstractmethod
    def analysis_scale(self) -> str:
        """Name of the scale that ``analysis_values`` returns."""

    @abstractmethod
    def _check_parameters(self) -> None:
        """Refuse parameters out of range."""

    @abstractmethod
    def _fit(self, X: np.ndarray) -> None:
        """Learn everything from checked values."""

    @abstractmethod
    def _to_analysis_scale(self, X: np.ndarray) -> np.ndarray:
        """Bring checked values to the analysis scale; NaN stays NaN."""

    @abstractmethod
    def _transform(self, X: np.ndarray) -> np.ndarray:
        """Complete matrix of kept features from checked values."""

    def fit(self, X: Any, y: Any = None) -> "LayerPreprocessor":
        """Learn filters, imputation reference, limits and scaling from patients x features.

        Parameters
        ----------
        X : array-like or DataFrame, shape (n_patients, n_features)
            The layer's values on its declared scale; NaN where missing.
        y : None
            Ignored: no outcome is ever used.

        Returns
        -------
        LayerPreprocessor
            Itself, fitted.

        Raises
        ------
        PreprocessError
            If no usable feature is left, or values contradict the scale.
        StudyError
            If a parameter is out of range.
        """
        self._check_parameters()
        values = self._checked(X, reset=True)
        self.dropped_: dict[str, np.ndarray] = {}
        self._fit(values)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Complete, finite matrix of the kept features, for distances between patients.

        Parameters
        ----------
        X : array-like or DataFrame, shape (n_patients, n_features)
            The fitted patients or others, with the same features in the same order.

        Returns
        -------
        ndarray, shape (n_patients, n_kept)
            Without missing values; a DataFrame after ``set_output(transform="pandas")``.
        """
        check_is_fitted(self, "kept_")
        return self._transform(self._checked(X, reset=False))

    def analysis_values(self, X: Any) -> Any:
        """All input features on the analysis scale, missing values kept as NaN.

        Parameters
        ----------
        X : array-like or DataFrame, shape (n_patients, n_features)
            The fitted patients or others, with the same features in the same order.

        Returns
        -------
        ndarray or DataFrame, shape (n_patients, n_features)
            A DataFrame, with the same index and columns, where a DataFrame was given.
        """
        check_is_fitted(self, "kept_")
        values = self._to_analysis_scale(self._checked(X, reset=False))
        return pd.DataFrame(values, X.index, X.columns) if isinstance(X, pd.DataFrame) else values

    def get_feature_names_out(self, input_features: Sequence[str] | None = None) -> np.ndarray:
        """Names of the columns that ``transform`` returns.

        Parameters
        ----------
        input_features : sequence of str, optional
            Names of the input features where the transformer was fitted on an array.

        Returns
        -------
        ndarray of str
        """
        check_is_fitted(self, "kept_")
        fitted = getattr(self, "feature_names_in_", None)
        if input_features is None:
            names = fitted
            if names is None:
                names = np.array([f"x{i}" for i in range(self.n_features_in_)], dtype=object)
        else:
            names = np.asarray(input_features, dtype=object)
            if fitted is not None and not np.array_equal(fitted, names):
                raise ValueError("input_features is not equal to feature_names_in_")
            if len(names) != self.n_features_in_:
                raise ValueError(
                    "input_features should have length equal to number of features "
                    f"({self.n_features_in_}), got {len(names)}"
                )
        return names[self.kept_]

    def without_data(self, X: np.ndarray) -> np.ndarray:
        """Which patients have nothing in this layer to go on: bool, shape (n_patients,)."""
        return np.isnan(X).all(axis=1)

    def fixed_form(self) -> FixedForm:
        """What it does to the features it keeps, in fixed numbers: here, nothing."""
        check_is_fitted(self, "kept_")
        zeros = np.zeros(len(self.kept_))
        ones, endless = np.ones_like(zeros), np.full_like(zeros, np.inf)
        return FixedForm(zeros, zeros, ones, endless, zeros, ones)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _checked(self, X: Any, *, reset: bool) -> np.ndarray:
        """Float64 values with NaN allowed, after scikit-learn's own checks of shape and names."""
        checks: dict[str, Any] = {
            "dtype": np.float64,
            "ensure_all_finite": "allow-nan",
            "ensure_min_samples": 2 if reset else 1,
        }
        if isinstance(X, pd.DataFrame) and X.size and (X.dtypes == np.float64).all():
            # Of a table scikit-learn looks at each column's type by itself, as long as a fit takes.
            validate_data(self, X, reset=reset, skip_check_array=True)
            return check_array(X.to_numpy(), estimator=self, input_name="X", **checks)
        return validate_data(self, X, reset=reset, **checks)

    def _drop(self, columns: np.ndarray, drop: np.ndarray, reason: str) -> np.ndarray:
        """Note the columns that go (``drop`` is parallel to ``columns``) and return the others."""
        if drop.any():
            self.dropped_[reason] = columns[drop]
        return columns[~drop]

    def _not_missing(self, observed: np.ndarray, missing: np.ndarray) -> np.ndarray:
        """Columns that enough patients have: ``observed`` counts them, ``missing`` is a share."""
        drop = (missing > self.max_missing) | (observed == 0)
        reason = f"missing in more than {self.max_missing:.0%} of patients"
        return self._drop(np.arange(len(drop)), drop, reason)

    def _require(self, columns: np.ndarray) -> None:
        """Refuse to go on without a usable feature."""
        if len(columns) == 0:
            reasons = "; ".join(f"{len(v)} {reason}" for reason, v in self.dropped_.items())
            raise NothingUsableError(
                f"no usable feature remains (n_features={self.n_features_in_}): {reasons}. "
                f"{self._remedy}"
            )

    def _check_choice(self, name: str, choices: Sequence[str]) -> None:
        value = getattr(self, name)
        if value not in choices:
            raise StudyError(
                f"{type(self).__name__}: {name} is {value!r}; choose from {', '.join(choices)}."
            )

    def _check_range(self, name: str, low: float, high: float) -> None:
        value = getattr(self, name)
        number = isinstance(value, int | float | np.integer | np.floating)
        if not number or isinstance(value, bool) or not low <= value <= high:
            raise StudyError(
                f"{type(self).__name__}: {name} is {value!r}; it must be a number "
                f"from {low:g} to {high:g}."
            )

    def _check_n_features(self) -> None:
        value = getattr(self, "n_features")  # noqa: B009 - only some subclasses have it
        if value is None or (isinstance(value, str) and value == "auto"):
            return
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
            raise StudyError(
                f"{type(self).__name__}: n_features is {value!r}; give a whole number of 1 or "
                "more, None to keep all, or 'auto'."
            )
