"""What any table must be: named, unique, the right way round, numbers; else refused plainly.

Private helpers of the gate in ``cohort.py``; ``where`` names the table and its file at the head of
every message.
"""

import difflib
import re
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
    raise CohortError(
        f"{where}: {count(len(repeated), f'duplicate {noun}')}: "
        f"{places}{_more(len(repeated) - 3)} (counted without the header). Each {noun} may "
        f"occur once: keep one {axis} of each or average them, and report this in your "
        "methods."
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


def to_float(table: pd.DataFrame, where: str, *, binary: bool = False) -> pd.DataFrame:
    """Make a table float64, refusing infinities and all words, but true and false if binary."""
    if all(dtype == np.float64 for dtype in table.dtypes):
        numbers = table
    else:
        numbers = pd.DataFrame(
            _matrix(table, where, binary), index=table.index, columns=table.columns
        )
    values = numbers.to_numpy()
    if np.isinf(values).any():
        raise CohortError(
            f"{where}: {cells(numbers, np.isinf(values))}: infinite values. Expected finite "
            "numbers: correct them (a logarithm of 0 or a division by 0?) or leave the cells empty."
        )
    return numbers


def _matrix(table: pd.DataFrame, where: str, binary: bool) -> np.ndarray:
    """Values of a table with columns of several types, as float64."""
    plain = [
        pd.api.types.is_numeric_dtype(dtype)
        and not pd.api.types.is_complex_dtype(dtype)
        and (binary or not pd.api.types.is_bool_dtype(dtype))
        for dtype in table.dtypes
    ]
    if all(plain):
        return table.to_numpy(dtype=np.float64, na_value=np.nan)
    values = np.empty(table.shape, dtype=np.float64)
    bad: list[tuple[int, int]] = []
    for j, is_plain in enumerate(plain):
        column = table.iloc[:, j]
        if is_plain:
            values[:, j] = column.to_numpy(dtype=np.float64, na_value=np.nan)
            continue
        parsed = _parsed(column)
        if binary:
            words = column.astype(str).str.strip().str.lower()
            parsed = parsed.mask(words.eq("true"), 1.0).mask(words.eq("false"), 0.0)
        wrong = (parsed.isna() & column.notna()).to_numpy()
        bad += [(int(i), j) for i in np.flatnonzero(wrong)]
        values[:, j] = parsed.to_numpy()
    if bad:
        _refuse_text(table, bad, where)
    return values


def _parsed(column: pd.Series) -> pd.Series:
    """Numbers of a column of mixed type; what is not a number becomes missing."""
    types = pd.api.types
    if any(
        test(column)
        for test in (types.is_datetime64_any_dtype, types.is_bool_dtype, types.is_complex_dtype)
    ):
        return pd.Series(np.nan, index=column.index)
    # A lone bool among text would pass for a number; it is a word here.
    objects = column.astype(object)
    words = objects.map(lambda cell: np.nan if isinstance(cell, (bool, np.bool_)) else cell)
    return pd.to_numeric(words, errors="coerce").astype(np.float64)


def _refuse_text(table: pd.DataFrame, bad: Sequence[tuple[int, int]], where: str) -> None:
    """Refuse cells that are not numbers, with examples and the likely cause."""
    cells = [str(table.iat[i, j]) for i, j in bad]
    examples = "; ".join(
        f'column "{table.columns[j]}", patient "{table.index[i]}" (row {i + 1}): "{cell}"'
        for (i, j), cell in list(zip(bad, cells, strict=True))[:3]
    )
    columns = len({j for _, j in bad})
    if any(re.fullmatch(r"\s*[+-]?\d+,\d+\s*", cell) for cell in cells):
        advice = "A comma looks like a decimal comma: write 12.5 for 12,5, and no thousands commas."
    elif all(cell.lower() in ("true", "false") for cell in cells):
        advice = "Only a mutation layer may hold true/false: write 1 and 0, or remove the column."
    else:
        advice = "Correct the cells, leave missing cells empty (or NA), or remove a column of text."
    raise CohortError(
        f"{where}: {count(len(bad), 'cell')} in {count(columns, 'column')} "
        f"{'is not a number' if len(bad) == 1 else 'are not numbers'}: {examples}"
        f"{_more(len(bad) - 3)}. {advice}"
    )


def cells(table: pd.DataFrame, wrong: np.ndarray) -> str:
    """Count and examples of cells: column, patient, row and value."""
    rows, columns = np.nonzero(wrong)
    examples = "; ".join(
        f'column "{table.columns[j]}", patient "{table.index[i]}" (row {i + 1}): '
        f"{float(table.to_numpy()[i, j]):,.8g}"
        for i, j in list(zip(rows.tolist(), columns.tolist(), strict=True))[:3]
    )
    return f"{count(len(rows), 'cell')}, {examples}{_more(len(rows) - 3)}"
