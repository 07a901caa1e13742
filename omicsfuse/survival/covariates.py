"""Clinical columns made into numeric terms of a regression model, by stated rules."""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from omicsfuse.core.checks.tables import did_you_mean
from omicsfuse.core.errors import CohortError, StudyError

#: Fewest patients of a category that has a term of its own.
MINIMUM_LEVEL = 5

# Share of the known values that must read as a stage for the column to be taken as one.
_STAGE_SHARE = 0.9

_STAGE = re.compile(r"^(?:stage)?[\s_]*(0|iv|iii|ii|i)[\s_]*[abcs]?[0-9]?$")
_STEPS = {"0": 0.0, "i": 1.0, "ii": 2.0, "iii": 3.0, "iv": 4.0}
_UNKNOWN = {
    "",
    "-",
    "na",
    "n/a",
    "nan",
    "none",
    "unknown",
    "[unknown]",
    "not reported",
    "not available",
    "[not available]",
    "not evaluated",
    "[not evaluated]",
    "not applicable",
    "[not applicable]",
    "discrepancy",
    "[discrepancy]",
    "stage x",
    "gx",
}


def encode_covariates(
    clinical: pd.DataFrame, names: Sequence[str]
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Turn clinical columns into numeric terms.

    - Numbers (and text that is all numbers) stay as they are, true/false become 1/0; the term has
      the column's name.
    - Tumour stage (``Stage I``, ``stage IIIb``, ``IVA``; at least 90% of the known values) becomes
      a number from 0 to 4 with substages merged, in one term ``"stage (per step)"``: a hazard
      ratio per stage.
    - Other categories become one 0/1 term each against the most frequent one (ties: the first in
      sorted order), ``"gender: FEMALE vs MALE"``; categories of fewer than 5 patients, if
      there are several, are pooled as ``other``.
    - Words for unknown (``unknown``, ``not reported``, ``[Discrepancy]``, ``Stage X`` ...) become
      missing. Missing values stay NaN.
    - A column without two different values is dropped, with a note.

    Parameters
    ----------
    clinical : pandas.DataFrame
        Patients x clinical columns.
    names : sequence of str
        Columns to encode.

    Returns
    -------
    terms : pandas.DataFrame
        Patients x terms, float64.
    notes : dict of str to str
        What was dropped, pooled or taken as missing, by column.

    Raises
    ------
    StudyError
        If a name is not a column.
    CohortError
        If a column holds infinite values.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.survival import encode_covariates
    >>> clinical = pd.DataFrame({
    ...     "age": [61, 72, 55, 49, 66, 58],
    ...     "stage": ["Stage I", "Stage IVA", "stage iiib", "Stage II", None, "Stage X"],
    ...     "site": ["lung"] * 6,
    ... })
    >>> terms, notes = encode_covariates(clinical, ["age", "stage", "site"])
    >>> terms["stage (per step)"].tolist()
    [1.0, 4.0, 3.0, 2.0, nan, nan]
    >>> notes["site"]
    'left out: the same value in all patients'
    """
    terms: dict[str, pd.Series] = {}
    notes: dict[str, str] = {}
    for name in dict.fromkeys(names):
        if name not in clinical.columns:
            raise StudyError(
                f'covariate "{name}" is not a column of the clinical table; '
                f"{did_you_mean(name, map(str, clinical.columns))}."
            )
        encoded, note = _encode(clinical[name], name)
        terms.update(encoded)
        if note:
            notes[name] = note
    return pd.DataFrame(terms, index=clinical.index, dtype=float), notes


def combined_strata(clinical: pd.DataFrame, names: Sequence[str]) -> pd.Series:
    """Combine clinical columns into one stratum a patient.

    Words for unknown are missing, as in `encode_covariates`; whoever lacks a value is in the
    stratum ``not known`` of the column, so that nobody is left out. Combinations of fewer than 5
    patients are pooled as ``other``.

    Parameters
    ----------
    clinical : pandas.DataFrame
        Patients x clinical columns.
    names : sequence of str
        Columns to combine.

    Returns
    -------
    pandas.Series
        Patient -> stratum, called by the names of the columns.

    Raises
    ------
    StudyError
        If a name is not a column.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.survival import combined_strata
    >>> clinical = pd.DataFrame({"site": ["a"] * 5 + ["b"] * 2 + ["unknown"]})
    >>> combined_strata(clinical, ["site"]).tolist()
    ['a', 'a', 'a', 'a', 'a', 'other', 'other', 'other']
    """
    columns = []
    for name in dict.fromkeys(names):
        if name not in clinical.columns:
            raise StudyError(
                f'stratum "{name}" is not a column of the clinical table; '
                f"{did_you_mean(name, map(str, clinical.columns))}."
            )
        column, _ = _without_unknown(clinical[name])
        columns.append(column.astype(object).where(column.notna(), "not known").astype(str))
    joined = columns[0]
    for column in columns[1:]:
        joined = joined + ", " + column
    counts = joined.value_counts()
    rare = counts.index[counts < MINIMUM_LEVEL]
    return joined.where(~joined.isin(rare), "other").rename(", ".join(dict.fromkeys(names)))


def _encode(column: pd.Series, name: str) -> tuple[dict[str, pd.Series], str]:
    """Terms of one column by name, and a note on what was changed."""
    notes = []
    if not pd.api.types.is_numeric_dtype(column):
        column, unknown = _without_unknown(column)
        if unknown:
            notes.append(f"{unknown} unknown values taken as missing")
        numbers = pd.to_numeric(column, errors="coerce")
        if numbers.notna().sum() == column.notna().sum():
            column = numbers
    if column.nunique() < 2:
        which = "the same value in all patients" if column.notna().any() else "no known value"
        return {}, "; ".join([*notes, f"left out: {which}"])
    if pd.api.types.is_numeric_dtype(column):
        values = pd.Series(column.to_numpy(dtype=float, na_value=np.nan), index=column.index)
        if np.isinf(values).any():
            patients = ", ".join(str(patient) for patient in column.index[np.isinf(values)][:5])
            raise CohortError(
                f"clinical column {name!r} holds infinite values ({patients}): mend them or leave "
                "the column out of the covariates"
            )
        return {name: values}, "; ".join(notes)
    stages = _stages(column)
    if stages is not None:
        unread = sorted(column[column.notna() & stages.isna()].unique())
        if unread:
            notes.append(f"not a stage, taken as missing: {', '.join(unread[:5])}")
        if stages.nunique() < 2:
            return {}, "; ".join([*notes, "left out: the same stage in all patients"])
        return {f"{name} (per step)": stages}, "; ".join(notes)
    return _indicators(column, name, notes)


def _without_unknown(column: pd.Series) -> tuple[pd.Series, int]:
    """Text without words for unknown, and how many of those there were."""
    text = [
        None if missing else str(value).strip()
        for value, missing in zip(column, column.isna(), strict=True)
    ]
    unknown = [value is not None and value.lower() in _UNKNOWN for value in text]
    kept = [None if drop else value for value, drop in zip(text, unknown, strict=True)]
    return pd.Series(kept, index=column.index, dtype=object), sum(unknown)


def _stages(column: pd.Series) -> pd.Series | None:
    """Stage of each patient, or None if the column is not one of stages."""

    def read(value: object) -> float:
        match = _STAGE.match(str(value).lower()) if value is not None else None
        return _STEPS[match.group(1)] if match else np.nan

    stages = column.map(read).astype(float)
    enough = stages.notna().sum() >= _STAGE_SHARE * column.notna().sum()
    return stages if enough else None


def _indicators(column: pd.Series, name: str, notes: list[str]) -> tuple[dict[str, pd.Series], str]:
    counts = column.value_counts()
    rare = sorted(str(level) for level in counts.index[counts < MINIMUM_LEVEL])
    if len(rare) > 1:
        pooled = column.where(~column.isin(rare), "other")
        notes.append(
            f"{len(rare)} categories of fewer than {MINIMUM_LEVEL} patients pooled as other: "
            + ", ".join(rare[:5])
            + (" ..." if len(rare) > 5 else "")
        )
        counts = pooled.value_counts()
    else:
        pooled = column
    levels = sorted(str(level) for level in counts.index)
    if len(levels) < 2:
        return {}, "; ".join([*notes, "left out: no category has enough patients"])
    reference = max(levels, key=lambda level: (counts[level], -levels.index(level)))
    known = pooled.notna()
    terms = {
        f"{name}: {level} vs {reference}": (pooled == level).astype(float).where(known)
        for level in levels
        if level != reference
    }
    return terms, "; ".join(notes)
