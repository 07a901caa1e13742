"""Covariates as columns of a linear model."""

import numpy as np
import pandas as pd

from omicsfuse.core.errors import StudyError
from omicsfuse.stats.arrays import Array

#: What the name of a test ends with where covariates were adjusted for.
ADJUSTED = ", adjusted"


def checked_covariates(covariates: pd.DataFrame | None, who: str) -> pd.DataFrame | None:
    """Check a table of covariates: one row a patient, numbers or categories, nothing infinite.

    Parameters
    ----------
    covariates : pandas.DataFrame or None
        Patients x columns.
    who : str
        What needs them, to begin messages with.

    Returns
    -------
    pandas.DataFrame or None
        None also where there is no column.

    Raises
    ------
    StudyError
        If it is no table, a patient or column is there twice, or a number is infinite.

    Examples
    --------
    >>> checked_covariates(pd.DataFrame({"purity": [0.5, 0.7]}, ["P1", "P1"]), "markers")
    Traceback (most recent call last):
    ...
    omicsfuse.StudyError: markers: the covariates have more than one row for 1 patient (P1); give each patient one row.
    """  # noqa: E501
    if covariates is None:
        return None
    if not isinstance(covariates, pd.DataFrame):
        raise StudyError(
            f"{who}: covariates is of type {type(covariates).__name__}; expected a DataFrame of "
            "patients x columns."
        )
    if not covariates.shape[1]:
        return None
    axes = ((covariates.index, "row", "patient"), (covariates.columns, "column", "name"))
    for index, what, each in axes:
        twice = index[index.duplicated()].unique()
        if len(twice):
            named = ", ".join(str(one) for one in twice[:5])
            raise StudyError(
                f"{who}: the covariates have more than one {what} for {len(twice)} "
                f"{each}{'s' if len(twice) > 1 else ''} ({named}); give each {each} one {what}."
            )
    numbers = covariates.select_dtypes("number").to_numpy(dtype=float)
    if np.isinf(numbers).any():
        columns = covariates.select_dtypes("number").columns[np.isinf(numbers).any(axis=0)]
        raise StudyError(
            f"{who}: covariate {columns[0]!r} has an infinite value; give a number, or leave the "
            "cell empty."
        )
    return covariates


def encoded(covariates: pd.DataFrame, patients: pd.Index, who: str) -> tuple[pd.Index, Array]:
    """Patients who have every covariate, and their covariates as columns of numbers.

    Numbers are taken as they are; a category becomes a column for each of its values but the
    first in alphabetical order.

    Parameters
    ----------
    covariates : pandas.DataFrame
        Patients x columns, numbers or categories; missing cells allowed.
    patients : pandas.Index
        Patients wanted.
    who : str
        What needs them, to begin messages with.

    Returns
    -------
    patients : pandas.Index
        Those of ``patients`` without a missing covariate, in the order given.
    columns : ndarray of float, shape (patients, q)

    Raises
    ------
    StudyError
        If there are so many categories that half of the patients would be needed to tell them.

    Examples
    --------
    >>> table = pd.DataFrame({"purity": [0.5, 0.7, None, 0.1, 0.2], "site": list("ABABA")})
    >>> kept, columns = encoded(table, table.index, "markers")
    >>> kept.tolist(), columns.tolist()
    ([0, 1, 3, 4], [[0.5, 0.0], [0.7, 1.0], [0.1, 1.0], [0.2, 0.0]])
    """
    rows = covariates.reindex(patients).dropna()
    parts = [np.empty((len(rows), 0))]
    for name in rows.columns:
        column = rows[name]
        if pd.api.types.is_numeric_dtype(column):
            parts.append(column.to_numpy(dtype=float)[:, None])
            continue
        texts = column.astype(str).to_numpy(dtype=object)
        values = sorted(set(texts))
        if 2 * len(values) > max(len(rows), 4):
            raise StudyError(
                f"{who}: covariate {name!r} has {len(values)} different values in {len(rows)} "
                "patients; a category needs several patients for each value. Leave it out, or, if "
                "these are numbers, give them as numbers."
            )
        which = np.array([texts == value for value in values[1:]], dtype=float)
        parts.append(which.reshape(-1, len(rows)).T)
    return rows.index, np.column_stack(parts)


def independent(columns: Array) -> Array:
    """Leave out every column that those before it already say.

    Examples
    --------
    >>> independent(np.array([[1.0, 2.0, 0.0], [1.0, 2.0, 1.0]])).tolist()
    [[1.0, 0.0], [1.0, 1.0]]
    """
    kept: list[int] = []
    for j in range(columns.shape[1]):
        if np.linalg.matrix_rank(unit_columns(columns[:, [*kept, j]])) == len(kept) + 1:
            kept.append(j)
    return columns[:, kept]


def unit_columns(columns: Array) -> Array:
    """Columns of length 1, so that rank does not hang on units.

    Examples
    --------
    >>> unit_columns(np.array([[3.0, 0.0], [4.0, 0.0]])).tolist()
    [[0.6, 0.0], [0.8, 0.0]]
    """
    length = np.sqrt((columns**2).sum(axis=0))
    return columns / np.where(length > 0, length, 1.0)
