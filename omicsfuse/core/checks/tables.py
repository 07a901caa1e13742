"""What any table must be: named, unique, the right way round, numbers; else refused plainly.

Private helpers of the gate in ``cohort.py``; ``where`` names the table and its file at the head of
every message.
"""

import difflib
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from omicsfuse.core.errors import CohortError


def did_you_mean(word: str, options: Iterable[str]) -> str:
    """Say, as part of a sentence, which option is nearest to a word, and list them all when few."""
    names = [str(option) for option in options]
    lowered = {name.lower(): name for name in reversed(names)}
    near = difflib.get_close_matches(str(word).lower(), list(lowered), n=1, cutoff=0.5)
    question = f'did you mean "{lowered[near[0]]}"? ' if near else ""
    if not names:
        return question.strip()
    first = 25 if len(names) <= 25 else 8
    shown = ", ".join(names[:first]) + (
        f" and {len(names) - first:,} more" if names[first:] else ""
    )
    return f"{question}Valid: {shown}"


def listed(items: Iterable[object], n: int = 5) -> str:
    """Quote the first few of many, and say how many more there are."""
    names = [f'"{item}"' for item in items]
    return ", ".join(names[:n]) + (f" and {len(names) - n} more" if len(names) > n else "")


def count(n: int, noun: str) -> str:
    """Write a number with its noun, in the plural where it is not one."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def _more(n: int) -> str:
    """Say how many are not shown."""
    return f" and {n:,} more" if n > 0 else ""


def name_fault(name: object) -> str:
    """Say what is wrong with a layer's name, which stands in messages and files; else empty."""
    expected = 'expected a short name such as "expression"'
    if not isinstance(name, str):
        return f"a layer is named {name!r}, which is of type {type(name).__name__}; {expected}"
    if not name.strip():
        return f"a layer has an empty name; {expected}"
    if "/" in name or "\\" in name:
        return f'a layer is named "{name}"; expected a name without slashes'
    if name != name.strip() or not name.isprintable():
        return f"a layer is named {name!r}, with space around it or line breaks in it; {expected}"
    return ""


def named_axes(table: pd.DataFrame, where: str) -> pd.DataFrame:
    """Name patients and features by str, refusing blank names."""
    if not isinstance(table, pd.DataFrame):
        raise CohortError(
            f"{where}: found a {type(table).__name__}; expected a pandas.DataFrame with patients "
            "in rows and features in columns"
            + (
                ": for a single feature, column.to_frame()."
                if isinstance(table, pd.Series)
                else "."
            )
        )
    for labels, noun, plural in (
        (table.index, "patient", "rows"),
        (table.columns, "feature", "columns"),
    ):
        if labels.nlevels > 1:
            raise CohortError(f"{where}: {plural} have several levels of names; expected one.")
        blank = [i + 1 for i, name in enumerate(labels) if pd.isna(name) or not str(name).strip()]
        if blank:
            raise CohortError(
                f"{where}: {plural} {', '.join(map(str, blank[:5]))} (of {len(labels)}) have no "
                f"{noun} name. Give each {noun} a name, or remove the {plural}."
            )
    result = table.set_axis(pd.Index([_text(name) for name in table.index], name="patient"))
    return result.set_axis(pd.Index([_text(name) for name in table.columns]), axis=1)


def _text(name: object) -> str:
    """A name as text; whole numbers that a missing one among them made floats lose their point."""
    return str(int(name)) if isinstance(name, float) and name.is_integer() else str(name)


def names_as_text(names: Iterable[object]) -> pd.Index:
    """Identifiers as text, as every table of a cohort has them: 101 and 101.0 are ``"101"``."""
    return pd.Index([_text(name) for name in names], dtype=object)


def in_canonical_order(table: pd.DataFrame) -> pd.DataFrame:
    """Sort patients by the code points of their identifiers, whatever order they came in."""
    return table if table.index.is_monotonic_increasing else table.sort_index()


def refuse_empty(table: pd.DataFrame, where: str) -> None:
    """Refuse a table without patients or without features."""
    for size, noun, axis in ((len(table), "patient", "row"), (table.shape[1], "feature", "column")):
        if not size:
            raise CohortError(
                f"{where}: the table is empty: it has no {axis}s ({table.shape[0]} patients x "
                f"{table.shape[1]} features). Expected at least one {noun}."
            )


def refuse_duplicates(labels: pd.Index, noun: str, where: str) -> None:
    """Refuse names that occur twice, telling where."""
    if labels.is_unique:
        return
    repeated = list(dict.fromkeys(labels[labels.duplicated()]))
    axis = "row" if noun == "patient" else "column"
    places = "; ".join(
        f'"{name}" in {axis}s ' + ", ".join(str(i + 1) for i in np.flatnonzero(labels == name)[:4])
        for name in repeated[:3]
    )
    rule = (
        'in a manifest, duplicates = "mean" (or median, sum, max_variance, first)'
        if noun == "feature"
        else "or average them, and report this in your methods"
    )
    raise CohortError(
        f"{where}: {count(len(repeated), f'duplicate {noun}')}: {places}"
        f"{_more(len(repeated) - 3)} (counted without the header). Each {noun} may "
        f"occur once: keep one {axis} of each, {rule}."
    )


def refuse_transposed(
    table: pd.DataFrame, others: Sequence[pd.Index], of_whom: str, where: str
) -> None:
    """Refuse a table that has the patients in its columns."""
    patients = transposed_against(table.index, table.columns, others)
    if patients is not None:
        named = table.columns[table.columns.isin(patients)]
        raise CohortError(
            f"{where}: rows are not patients: {len(named)} of {table.shape[1]} columns are "
            f"patients of {of_whom} (e.g. {listed(named, 3)}), but only "
            f"{int(table.index.isin(patients).sum())} of {len(table)} rows are (first rows: "
            f"{listed(table.index, 3)}). Patients go in rows: pass table.T."
        )


def transposed_against(
    rows: pd.Index, columns: pd.Index, others: Sequence[pd.Index]
) -> pd.Index | None:
    """Patients that are in the columns instead of the rows, by the vote of most others; or None."""
    against = []
    for patients in others:
        in_columns = int(columns.isin(patients).sum())
        if in_columns >= 2 and in_columns > int(rows.isin(patients).sum()):
            against.append(patients)
    if 2 * len(against) <= len(others):
        return None
    return pd.Index(list(dict.fromkeys(name for patients in against for name in patients)))


def cells(table: pd.DataFrame, wrong: np.ndarray) -> str:
    """Count and examples of cells: column, patient, row and value."""
    rows, columns = np.nonzero(wrong)
    examples = "; ".join(
        f'column "{table.columns[j]}", patient "{table.index[i]}" (row {i + 1}): '
        f"{float(table.to_numpy()[i, j]):,.8g}"
        for i, j in list(zip(rows.tolist(), columns.tolist(), strict=True))[:3]
    )
    return f"{count(len(rows), 'cell')}, {examples}{_more(len(rows) - 3)}"
