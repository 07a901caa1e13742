"""One layer's classifier of subtypes, a scikit-learn estimator."""

from functools import cache
from typing import Any, Literal

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data
from threadpoolctl import ThreadpoolController

from omicsfuse.assignment.discriminant import Array, Discriminant, by_row
from omicsfuse.stats.moments import moments

#: Least shrinkage of the covariance: without any it has no inverse where features outnumber
#: patients.
LEAST_SHRINKAGE = 1e-3
#: Least mean within-class variance of a standardised feature.
LEAST_VARIANCE = 1e-3


class SubtypeClassifier(ClassifierMixin, BaseEstimator):
    """Shrunken linear discriminant analysis of the features that differ most between classes.

    The ``n_features`` features of the largest F statistic (one-way analysis of variance) are
    standardised. All classes share one covariance matrix, that of the patients about the means of
    their classes, shrunk towards a multiple of the identity, ``(1 - a) S + a tr(S) / p I``, with
    the share a of Ledoit and Wolf (2004). The order of the training patients has no influence.
    Patients are classified one at a time: a result does not depend on the other patients.

    Parameters
    ----------
    n_features : int
        Maximum number of features; default 200.
    shrinkage : "auto" or float
        The share a, above 0 and at most 1; ``"auto"`` is that of Ledoit and Wolf.
    n_components : int
        Maximum number of principal components for the distance to the training patients; default
        10, at most a fifth of the patients.

    Attributes
    ----------
    classes_ : ndarray
        Labels, sorted.
    selected_ : ndarray of int
        Columns that are used, in rising order.
    shrinkage_ : float
        The share a that was used.
    model_ : Discriminant
        The fitted parameters.

    References
    ----------
    Ledoit O, Wolf M (2004). A well-conditioned estimator for large-dimensional covariance matrices.
    J Multivariate Analysis 88:365-411.
    Friedman JH (1989). Regularized discriminant analysis. J Am Stat Assoc 84:165-175.

    Examples
    --------
    >>> import numpy as np
    >>> from omicsfuse.assignment import SubtypeClassifier
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["S1", "S2"], 20)
    >>> x = rng.normal(size=(40, 30)) + 2 * np.outer(y == "S2", np.arange(30) < 3)
    >>> classifier = SubtypeClassifier(n_features=3).fit(x, y)
    >>> classifier.selected_.tolist(), float(classifier.score(x, y))
    ([0, 1, 2], 0.95)
    """

    def __init__(
        self,
        n_features: int = 200,
        shrinkage: float | Literal["auto"] = "auto",
        n_components: int = 10,
    ) -> None:
        self.n_features = n_features
        self.shrinkage = shrinkage
        self.n_components = n_components

    def fit(self, X: Any, y: Any) -> "SubtypeClassifier":
        """Select features and fit the discriminant.

        Parameters
        ----------
        X : array-like or DataFrame, shape (n_patients, n_features)
            Complete and finite.
        y : array-like, shape (n_patients,)
            Class of each patient; two classes at least.

        Returns
        -------
        SubtypeClassifier
            Itself, fitted.

        Raises
        ------
        ValueError
            If there is one class only, values are missing, or a parameter is out of range.
        """
        self._check_parameters()
        X, y = validate_data(self, X, y, dtype=np.float64, ensure_min_samples=2)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"SubtypeClassifier: y has one class ({self.classes_[0]}); at least two are needed."
            )
        f = f_statistics(X, codes)
        best = np.argsort(-f, kind="stable")[: self.n_features]
        self.selected_ = np.sort(best)
        values = X[:, self.selected_]
        # In one order whatever the order given, so that sums come out the same to the last bit.
        order = np.lexsort([*values.T[::-1], codes])
        with _thread_controller().limit(limits=1):
            self._learn(np.ascontiguousarray(values[order]), codes[order])
        return self

    def predict_proba(self, X: Any) -> Array:
        """Probability of each class, with the training shares as prior.

        Parameters
        ----------
        X : array-like or DataFrame, shape (n_patients, n_features)
            The features of the fit, in the same order.

        Returns
        -------
        ndarray, shape (n_patients, n_classes)
            Rows sum to 1. They are not calibrated.
        """
        values = self._selected(X)
        evidence = self.model_.evidence(values)
        p = by_row(np.exp, evidence + np.log(self.model_.prior))
        return p / p.sum(axis=1, keepdims=True)

    def predict(self, X: Any) -> np.ndarray:
        """Most probable class of each patient.

        Parameters
        ----------
        X : array-like or DataFrame, shape (n_patients, n_features)
            The features of the fit, in the same order.

        Returns
        -------
        ndarray, shape (n_patients,)
        """
        probable = np.argmax(self.predict_proba(X), axis=1)
        return self.classes_[probable]

    def distances(self, X: Any) -> Array:
        """Two distances to the training patients, see ``Discriminant.distances``."""
        values = self._selected(X)
        return self.model_.distances(values)

    def _selected(self, X: Any) -> Array:
        check_is_fitted(self, "model_")
        values: Array = validate_data(self, X, reset=False, dtype=np.float64)
        return values[:, self.selected_]

    def _learn(self, values: Array, codes: np.ndarray) -> None:
        moment = moments(values)
        mean, sd = moment.mean, np.where(moment.variance > 0, moment.sd, 1.0)
        z = (values - mean) / sd
        n, p = z.shape
        counts = np.bincount(codes, minlength=len(self.classes_))
        means = np.array([z[codes == code].mean(axis=0) for code in range(len(counts))])
        within = z - means[codes]
        _, singular, axes = np.linalg.svd(within, full_matrices=False)
        variance = max(float((singular**2).sum()) / (n * p), LEAST_VARIANCE)
        if self.shrinkage == "auto":
            # Imported where it is needed: linear models and metrics come with it.
            from sklearn.covariance import ledoit_wolf_shrinkage

            share = float(ledoit_wolf_shrinkage(within, assume_centered=True))
            self.shrinkage_ = min(max(share, LEAST_SHRINKAGE), 1.0)
        else:
            self.shrinkage_ = float(self.shrinkage)
        floor = self.shrinkage_ * variance
        eigenvalues = (1 - self.shrinkage_) * singular**2 / n + floor
        along = means @ axes.T
        weights = means / floor + (along * (1 / eigenvalues - 1 / floor)) @ axes
        _, spread, components = np.linalg.svd(z, full_matrices=False)
        variances = spread**2 / (n - 1)
        most = max(min(self.n_components, n // 5, int((variances > 1e-9).sum())), 1)
        residual = float(variances[most:].sum())
        self.model_ = Discriminant(
            classes=tuple(str(name) for name in self.classes_),
            prior=counts / n,
            mean=mean,
            sd=sd,
            weights=np.ascontiguousarray(weights),
            offsets=-0.5 * (weights * means).sum(axis=1),
            components=np.ascontiguousarray(components[:most]),
            variances=np.maximum(variances[:most], 1e-9),
            residual=max(residual, 1e-9),
        )

    def _check_parameters(self) -> None:
        for name in ("n_features", "n_components"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
                raise ValueError(
                    f"SubtypeClassifier: {name} is {value!r}; give a whole number of 1 or more."
                )
        share = self.shrinkage
        if share != "auto" and not (isinstance(share, int | float) and 0 < share <= 1):
            raise ValueError(
                f"SubtypeClassifier: shrinkage is {share!r}; give 'auto' or a number above 0 and "
                "at most 1."
            )


@cache
def _thread_controller() -> ThreadpoolController:
    """Look for the libraries of linear algebra once: that takes longer than a fit."""
    return ThreadpoolController()


def f_statistics(values: Array, codes: np.ndarray) -> Array:
    """F statistic of one-way analysis of variance for each feature.

    ``values`` (n_patients, n_features): complete; ``codes`` (n_patients,): class of each patient,
    from 0. Gives (n_features,): 0 for features that do not vary; infinite for those that vary
    between classes only.
    """
    n, k = len(values), int(codes.max()) + 1
    whole = moments(values)
    between = np.zeros(values.shape[1])
    within = np.zeros(values.shape[1])
    for code in range(k):
        inside = moments(values[codes == code])
        between += inside.n * (inside.mean - whole.mean) ** 2
        within += np.where(inside.n > 1, (inside.n - 1) * np.nan_to_num(inside.variance), 0.0)
    between[whole.variance == 0] = 0.0
    if n <= k:
        return between
    with np.errstate(divide="ignore", invalid="ignore"):
        f = (between / (k - 1)) / (within / (n - k))
    return np.where(np.isnan(f), 0.0, f)
