"""Scores and classes of imaging models: read from a table, and met with a cohort's patients."""

import re
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from pandas.api import types

from omicsfuse.core.checks.tables import count, did_you_mean, listed
from omicsfuse.core.cohort import MINIMUM_PATIENTS, Exclusion
from omicsfuse.core.errors import CohortError, OmicsfuseWarning, StudyError
from omicsfuse.core.identifiers import is_barcode, patient_of
from omicsfuse.io.tables import read_table

#: Fewest patients of a class.
MINIMUM_CLASS = 3
#: More classes than this are no classes: identifiers or free text.
MOST_CLASSES = 20
#: Whole numbers with at most so many different values may be codes of classes.
FEW_NUMBERS = 5
SCORE, CLASS = "score", "class"

_DATE = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([T ].*)?|\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d{2})"
    r"|\d{1,2}-(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*(-\d{2,4})?",
    re.IGNORECASE,
)
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")
_TRUTH = {"true": "true", "false": "false"}


class Matched(NamedTuple):
    """Scores of patients of a cohort, their kind, and who was left out."""

    scores: pd.Series
    kind: str
    exclusions: tuple[Exclusion, ...]


def read_scores(path: str | Path, columns: Sequence[str] | None = None) -> dict[str, pd.Series]:
    r"""Read what imaging models say of each patient: one column a model, numbers or classes.

    Parameters
    ----------
    path : str or Path
        TSV or CSV (also ``.gz``) or Parquet; the first column is the patient.
    columns : sequence of str, optional
        Columns to take; all of them otherwise.

    Returns
    -------
    dict of str to pandas.Series
        Column -> patient -> float (a score), or text (a class). Missing cells are missing. A column
        of true and false is a class, and so is one of two different numbers; text with numbers in
        every cell is numbers.

    Raises
    ------
    CohortError
        If the table cannot be read (see ``io.tables.read_table``), a patient occurs twice, a
        column is not there, or cells are dates, or text among numbers.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "scores.tsv"
    ...     _ = file.write_text("patient\trisk\tgroup\nP1\t0.2\thigh\nP2\t0.7\tlow\nP3\t0.1\tlow\n")
    ...     scores = read_scores(file)
    >>> {name: values.tolist() for name, values in scores.items()}
    {'risk': [0.2, 0.7, 0.1], 'group': ['high', 'low', 'low']}
    """
    path = Path(path)
    table = read_table(path)
    names = list(table.columns) if columns is None else list(dict.fromkeys(columns))
    for name in names:
        if name not in table.columns:
            raise CohortError(
                f'{path.name}: there is no column "{name}"; {did_you_mean(name, table.columns)}.'
            )
    return {name: read_column(table[name], f"{path.name}: column {name}") for name in names}


def read_column(column: pd.Series, where: str) -> pd.Series:
    """Read one column as numbers or as classes.

    ``column``: patient -> cell. Gives floats, or text; missing where the cell is.
    """
    if types.is_datetime64_any_dtype(column):
        raise CohortError(f"{where} holds dates; expected a score (a number) or a class (text).")
    if types.is_numeric_dtype(column) and not types.is_bool_dtype(column):
        numbers = column.astype("float64")
        return _numbers(numbers, where)
    present = column.dropna()
    cells = present.map(lambda cell: _TRUTH.get(str(cell).strip().lower(), str(cell).strip()))
    cells = cells[cells != ""]
    if cells.empty:
        raise CohortError(f"{where} is empty; expected a score (a number) or a class (text).")
    dates = cells[cells.map(lambda cell: _DATE.fullmatch(cell) is not None)]
    if len(dates):
        raise CohortError(
            f"{where} holds dates ({_shown(dates)}); expected a score (a number) or a class "
            "(text). Name another column, or restore the numbers that a spreadsheet changed "
            "to dates."
        )
    numbers = pd.to_numeric(cells, errors="coerce")
    text = cells[numbers.isna()]
    if text.empty:
        return _numbers(numbers.astype("float64").reindex(column.index), where)
    if len(text) < len(cells):
        comma = text[text.map(lambda cell: _DECIMAL_COMMA.fullmatch(cell) is not None)]
        advice = (
            "Write numbers with a decimal point."
            if len(comma) == len(text)
            else "Leave cells without a score empty, or write every class as text."
        )
        raise CohortError(
            f"{where}: {count(len(numbers) - len(text), 'cell')} are numbers and "
            f"{len(text)} are not ({_shown(text)}). {advice}"
        )
    return cells.astype(object).reindex(column.index)


def _numbers(numbers: pd.Series, where: str) -> pd.Series:
    infinite = numbers[np.isinf(numbers)]
    if len(infinite):
        raise CohortError(
            f"{where}: {count(len(infinite), 'score')} are infinite ({_shown(infinite)}); "
            "leave these cells empty, or give finite numbers."
        )
    return numbers


def _shown(cells: pd.Series) -> str:
    """First three cells with their patients."""
    shown = ", ".join(f'"{cell}" of {patient}' for patient, cell in cells.head(3).items())
    return shown + (f" and {len(cells) - 3} more" if len(cells) > 3 else "")


def match_scores(scores: pd.Series, patients: pd.Index, name: str = "score") -> Matched:
    """Meet a model's scores with patients: sorted values, score or class, and exclusions."""
    if not isinstance(scores, pd.Series):
        raise StudyError(
            f"scores of {name} are of type {type(scores).__name__}; expected a pandas.Series with "
            "patients as its index."
        )
    scores = scores.set_axis([str(patient).strip() for patient in scores.index])
    twice = scores.index[scores.index.duplicated()]
    if len(twice):
        raise CohortError(
            f"{name}: {count(len(set(twice)), 'patient')} have more than one score, e.g. "
            f"{listed(sorted(set(twice)), 3)}. Give one row per patient."
        )
    scores = read_column(scores, f"scores of {name}")
    shared = scores[scores.index.isin(patients)].sort_index(kind="stable")
    present = shared.dropna()
    if len(present) < MINIMUM_PATIENTS:
        _refuse_few(name, scores, patients, shared, present)
    exclusions = _exclusions(name, scores, patients, shared)
    kind = SCORE if types.is_float_dtype(present) else CLASS
    different = present.unique()
    if len(different) < 2:
        raise CohortError(
            f"{name}: all {len(present)} patients of the cohort have the same {kind}, "
            f'"{different[0]}"; no comparison is possible.'
        )
    if kind == SCORE and len(different) == 2:
        present, kind = present.map(lambda value: f"{value:g}").astype(object), CLASS
    elif kind == SCORE and len(different) <= FEW_NUMBERS and (present % 1 == 0).all():
        warnings.warn(
            f"{name} holds {len(different)} different whole numbers and is read as a score. "
            "If these are codes of classes, write them as text (c1, c2, ...).",
            OmicsfuseWarning,
            stacklevel=2,
        )
    if kind == CLASS:
        _check_classes(name, present)
    return Matched(present.rename(name), kind, exclusions)


def _exclusions(
    name: str, scores: pd.Series, patients: pd.Index, shared: pd.Series
) -> tuple[Exclusion, ...]:
    strangers = sorted(scores.index[~scores.index.isin(patients)])
    without = [str(patient) for patient in patients if patient not in shared.index]
    missing = [str(patient) for patient in shared.index[shared.isna()]]
    return tuple(
        Exclusion("interpret", name, "patients", len(left_out), reason, tuple(left_out[:5]))
        for left_out, reason in (
            (strangers, "with a score, but not in the cohort"),
            (sorted(without), "in the cohort, but not in the table of scores"),
            (missing, "in the table of scores, without a score"),
        )
        if left_out
    )


def _refuse_few(
    name: str, scores: pd.Series, patients: pd.Index, shared: pd.Series, present: pd.Series
) -> None:
    """Say how many patients are shared, and why it may be so few."""
    advice = "Check that both use the same identifiers."
    cut = {patient_of(patient) for patient in scores.index if is_barcode(patient)}
    known = {patient_of(str(patient)) for patient in patients}
    if len(cut & known) >= MINIMUM_PATIENTS:
        advice = (
            f"Shortened to the patient (TCGA-XX-YYYY), {len(cut & known)} of the barcodes "
            "match the cohort: shorten them, with one row per patient."
        )
    elif len(shared) > len(present):
        advice = f"{count(len(shared) - len(present), 'shared patient')} have no score."
    raise CohortError(
        f"{name}: {count(len(present), 'patient')} of the cohort have a score; at least "
        f"{MINIMUM_PATIENTS} are needed. Scores: {count(len(scores), 'patient')}, e.g. "
        f"{listed(sorted(scores.index)[:3])}; cohort: {len(patients)}, e.g. "
        f"{listed(list(patients[:3]))}. {advice}"
    )


def _check_classes(name: str, classes: pd.Series) -> None:
    sizes = classes.value_counts().sort_index()
    if len(sizes) > MOST_CLASSES:
        raise CohortError(
            f"{name} holds {len(sizes)} different texts in {len(classes)} patients, e.g. "
            f"{listed(sizes.index[:3])}; at most {MOST_CLASSES} classes are allowed. Name a "
            "column with a score or with classes."
        )
    small = sizes[sizes < MINIMUM_CLASS]
    if len(small):
        counted = ", ".join(f'"{key}" {n}' for key, n in small.items())
        raise CohortError(
            f"{name}: classes need at least {MINIMUM_CLASS} patients of the cohort; there are "
            f"fewer in {counted}. Leave those cells empty, or merge the classes."
        )
