"""A user's reference matrix of cell types: read, and refused where it cannot be one."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from omicsfuse.core.checks.arguments import require
from omicsfuse.core.checks.tables import listed
from omicsfuse.core.errors import CohortError, OmicsfuseWarning, StudyError


def read_reference(matrix: str | Path | pd.DataFrame) -> pd.DataFrame:
    """Read and check a reference matrix: expression of genes in pure cell types, linear scale.

    Genes (first column, or index) x cell types, complete.
    """
    require(matrix, (str, Path, pd.DataFrame), "signature_matrix", "genes x cell types")
    if isinstance(matrix, pd.DataFrame):
        table, where = matrix, "the reference matrix"
    else:
        from omicsfuse.io.tables import read_table

        where = f"the reference matrix {Path(matrix).name}"
        try:
            table = read_table(matrix, duplicates="keep")
        except CohortError as fault:
            raise StudyError(f"deconvolve: {where}: {fault}") from None
    table = table.set_axis(table.index.astype(str), axis=0).set_axis(
        table.columns.astype(str), axis=1
    )
    if table.shape[1] < 2 or not len(table):
        raise StudyError(
            f"deconvolve: {where} has {len(table)} genes and {table.shape[1]} cell types; expected "
            "genes in rows and at least two cell types in columns."
        )
    for labels, noun in ((table.index, "genes"), (table.columns, "cell types")):
        if labels.has_duplicates:
            twice = labels[labels.duplicated()].unique()
            raise StudyError(
                f"deconvolve: {where} has {noun} more than once: {listed(twice)}. Keep one row or "
                "column of each."
            )
    numbers = table.apply(pd.to_numeric, errors="coerce").astype(float)
    values = numbers.to_numpy()
    wrong = ~np.isfinite(values)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise StudyError(
            f"deconvolve: {where} has {int(wrong.sum())} cells that are missing or not "
            f"numbers, the first for gene {table.index[row]!r} and cell type "
            f"{table.columns[column]!r} ({table.iat[row, column]!r}). Remove columns other "
            "than cell types."
        )
    if (values < 0).any():
        raise StudyError(
            f"deconvolve: {where} has values below 0 (the smallest is {values.min():g}): it "
            "is on a log or z-score scale. Give values on the linear scale."
        )
    flat = table.columns[values.std(axis=0) == 0]
    if len(flat):
        raise StudyError(
            f"deconvolve: {where}: cell types with the same value for all genes: {listed(flat)}."
        )
    if table.shape[1] > len(table):
        raise StudyError(
            f"deconvolve: {where} has {len(table)} rows and {table.shape[1]} columns; "
            "expected genes in rows, and more genes than cell types. The table may be "
            "transposed."
        )
    if values.max() < 50:
        warnings.warn(
            f"deconvolve: the largest value of {where} is {values.max():g}, in the range of "
            "log2 values; the matrix is read as linear. If values are log2(x), give 2**x.",
            OmicsfuseWarning,
            stacklevel=3,
        )
    return numbers
