"""Distances between patients that fit what a layer holds."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from omicsfuse.core.checks.arguments import whole_number
from omicsfuse.core.checks.tables import count
from omicsfuse.core.errors import StudyError
from omicsfuse.fusion import distances_blocks as blocks
from omicsfuse.fusion.distances_choice import (
    Metric,
    check_metric,
    metric_name,
)
from omicsfuse.fusion.distances_given import checked_distances


def patient_distances(table: np.ndarray, metric: Metric, *, n_jobs: int = 1) -> np.ndarray:
    r"""Compute the distances between all patients.

    The distances by name are those of ``METRICS``. In formulas, for patients x and y:

    - ``"gower"``: :math:`\tfrac{1}{p} \sum_f |x_f - y_f| / r_f` with the range :math:`r_f` of
      feature f over the patients given; for a feature with two values this is 0 or 1, simple
      matching. Constant features are not counted in p.
    - ``"chi_square"``: :math:`\sqrt{\sum_f (x_f / x_+ - y_f / y_+)^2 / c_f}` with the total
      :math:`x_+` of a patient and the share :math:`c_f` of feature f in the total of the table;
      features with a total of 0 are ignored. (``chiDist2`` of SNFtool returns the square.)

    Both depend on the other patients of the table; other distances do not.

    Parameters
    ----------
    table : array of shape (n patients, p features)
        Complete and finite.
    metric : str or callable
        One of ``METRICS``, or a function from the table to (n, n) distances, which are checked. For
        ``"jaccard"`` any value other than 0 is present, and two patients without present features
        have distance 0.
    n_jobs : int
        Threads; the result does not depend on them, to the last bit.

    Returns
    -------
    array of shape (n, n)
        Symmetric distances with a zero diagonal, float64; equal patients have distance 0 exactly.

    Raises
    ------
    StudyError
        If the table is not complete, the metric is unknown or undefined for a patient (a
        correlation of equal values, a cosine or chi-square profile of zeros), chi-square has
        negative values, or a function does not return distances.

    References
    ----------
    Gower JC. A general coefficient of similarity and some of its properties. Biometrics
    1971;27:857-871. Greenacre M. Correspondence Analysis in Practice, 3rd ed. 2017, chapter 4.

    Examples
    --------
    >>> from omicsfuse.fusion import patient_distances
    >>> import numpy as np
    >>> patient_distances(np.array([[0.0, 0.0], [3.0, 4.0]]), "euclidean")
    array([[0., 5.],
           [5., 0.]])
    """
    if isinstance(metric, pd.DataFrame):
        raise StudyError("metric is a table of distances; pass it through precomputed_distances.")
    check_metric(metric, "the table")
    values = _checked_table(table)
    n_jobs = whole_number(n_jobs, "n_jobs")
    if not isinstance(metric, str):
        return _from_function(values, metric)
    with np.errstate(over="ignore", invalid="ignore"):
        distances = _BY_NAME[metric](values, n_jobs)
    if not np.isfinite(distances).all():
        raise StudyError(
            f"the {metric} distance overflows: values reach {np.abs(values).max():g}. "
            "Standardise the features, or take logarithms."
        )
    return distances


def _checked_table(table: np.ndarray) -> np.ndarray:
    """Refuse a table without patients or features, or with missing or infinite values."""
    values = np.ascontiguousarray(table, dtype=np.float64)
    if values.ndim != 2 or 0 in values.shape:
        raise StudyError(
            f"distances need a table of patients x features, found shape {values.shape}."
        )
    if not np.isfinite(values).all():
        rows = np.flatnonzero(~np.isfinite(values).all(axis=1))
        raise StudyError(
            f"distances need complete, finite values, found missing or infinite ones in "
            f"{count(len(rows), 'patient')} (first at row {rows[0]}); impute them first, as "
            "of.preprocess does."
        )
    return values


def _from_function(values: np.ndarray, function: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Call a user's function on a copy, and check what it returns."""
    metric = f"metric {metric_name(function)}"
    try:
        given = function(values.copy())
    except StudyError:
        raise
    except Exception as error:
        raise StudyError(
            f"{metric} failed on an array of {values.shape[0]} patients x {values.shape[1]} "
            f"features: {type(error).__name__}: {error}"
        ) from error
    return checked_distances(given, len(values), metric)


def _refuse_undefined(undefined: np.ndarray, metric: str, why: str) -> None:
    """Refuse patients for whom a distance has no meaning."""
    rows = np.flatnonzero(undefined)
    if len(rows):
        raise StudyError(
            f"the {metric} distance is undefined for {count(len(rows), 'patient')} (first at row "
            f"{rows[0]}), {why}; choose another metric for this layer."
        )


def _correlation(values: np.ndarray, n_jobs: int, metric: str = "correlation") -> np.ndarray:
    still = np.ptp(values, axis=1) == 0
    _refuse_undefined(still, metric, "whose values are constant")
    # Centred at a value of its own first: a mean of large numbers is rounded.
    shifted = values - values[:, :1]
    shifted -= shifted.mean(axis=1, keepdims=True)
    return blocks.angles(shifted, n_jobs)


def _spearman(values: np.ndarray, n_jobs: int) -> np.ndarray:
    return _correlation(rankdata(values, axis=1), n_jobs, "spearman")


def _cosine(values: np.ndarray, n_jobs: int) -> np.ndarray:
    _refuse_undefined(np.abs(values).max(axis=1) == 0, "cosine", "whose values are all 0")
    return blocks.angles(values, n_jobs)


def _gower(values: np.ndarray, n_jobs: int) -> np.ndarray:
    low = values.min(axis=0)
    spread = values.max(axis=0) - low
    varying = spread > 0
    if not varying.any():
        return np.zeros((len(values), len(values)))
    shares = (values[:, varying] - low[varying]) / spread[varying]
    total = blocks.manhattan(shares, n_jobs)
    total /= varying.sum()
    return total


def _chi_square(values: np.ndarray, n_jobs: int) -> np.ndarray:
    negative = (values < 0).any(axis=1)
    if negative.any():
        raise StudyError(
            "the chi_square distance needs counts or other values that are not negative, "
            f"found {values.min():g} among {count(int(negative.sum()), 'patient')} with "
            f"negative values (first at row {int(np.argmax(negative))}). Give amounts without "
            "standardisation, or choose another metric for this layer."
        )
    totals = values.sum(axis=1)
    _refuse_undefined(np.asarray(totals == 0), "chi_square", "whose values are all 0")
    shares = values.sum(axis=0) / totals.sum()
    profiles = (values[:, shares > 0] / totals[:, None]) / np.sqrt(shares[shares > 0])
    return blocks.squared_euclidean(profiles, n_jobs, root=True)


_BY_NAME: Mapping[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "euclidean": lambda values, n_jobs: blocks.squared_euclidean(values, n_jobs, root=True),
    "squared_euclidean": blocks.squared_euclidean,
    "correlation": _correlation,
    "spearman": _spearman,
    "cosine": _cosine,
    "manhattan": blocks.manhattan,
    "jaccard": blocks.jaccard,
    "hamming": blocks.hamming,
    "gower": _gower,
    "chi_square": _chi_square,
}
