"""Distances between patients that fit what a layer holds."""

from collections.abc import Mapping

import numpy as np
from scipy.spatial.distance import pdist, squareform

from omicsfuse.errors import StudyError
from omicsfuse.results import PreparedLayer

#: Distances by name, with the name SciPy knows each by.
METRICS: Mapping[str, str] = {
    "euclidean": "euclidean",
    "squared_euclidean": "sqeuclidean",
    "correlation": "correlation",
    "cosine": "cosine",
    "manhattan": "cityblock",
    "jaccard": "jaccard",
    "hamming": "hamming",
}


def default_metric(layer: PreparedLayer) -> str:
    """Name the distance used for a layer where the user names none.

    Continuous layers have standardised features and take the Euclidean distance. Mutations take
    the Jaccard distance, which ignores genes that are wild type in both patients. Copy-number
    levels are ordered steps of equal meaning and take the Manhattan distance: the number of levels
    by which two patients differ, summed over genes.

    Parameters
    ----------
    layer : PreparedLayer
        The layer.

    Returns
    -------
    str
        One of ``METRICS``.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.results import PreparedLayer
    >>> table = pd.DataFrame([[0.0, 1.0]])
    >>> default_metric(PreparedLayer("mutation", table, table, "binary", None))
    'jaccard'
    """
    if layer.scale == "binary":
        return "jaccard"
    if layer.scale == "gistic":
        return "manhattan"
    return "euclidean"


def patient_distances(table: np.ndarray, metric: str) -> np.ndarray:
    """Compute all distances between patients.

    Parameters
    ----------
    table : array of shape (n patients, p features)
        Complete and finite.
    metric : str
        One of ``METRICS``. For ``"jaccard"`` any value other than 0 counts as present, and two
        patients with nothing present are at distance 0.

    Returns
    -------
    array of shape (n, n)
        Symmetric distances with a zero diagonal.

    Raises
    ------
    StudyError
        If the metric is unknown, or is undefined for a patient (a correlation with a patient whose
        values are all equal).

    Examples
    --------
    >>> import numpy as np
    >>> patient_distances(np.array([[0.0, 0.0], [3.0, 4.0]]), "euclidean")
    array([[0., 5.],
           [5., 0.]])
    """
    if metric not in METRICS:
        raise StudyError(f"metric is {metric!r}; choose from {', '.join(METRICS)}.")
    data = table != 0 if metric == "jaccard" else table
    distances = squareform(pdist(data, METRICS[metric]), checks=False)
    undefined = np.flatnonzero(np.isnan(distances).any(axis=1))
    if len(undefined):
        raise StudyError(
            f"the {metric} distance is undefined for {len(undefined)} patients (first at row "
            f"{undefined[0]}), whose values do not vary; choose another metric for this layer."
        )
    return distances
