"""Which clinical columns are numbers, which have an order, which are categories: decided once."""

import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from omicsfuse.core.errors import OmicsfuseWarning
from omicsfuse.core.missing import AMBIGUOUS, as_number, folded, level_text, without_missing
from omicsfuse.core.scales import (
    CODE_NAMES,
    NOT_TOLD,
    name_words,
    on_scale,
    plain,
    scales_of,
    step_name,
)

NUMERIC, ORDERED, CATEGORICAL = "numeric", "ordered", "categorical"

#: Share of the known values that must read as numbers, or as steps of one scale.
SHARE = 0.9
#: Categories of which so many cells are numbers, and more than so many different ones, are doubted.
DOUBTED_SHARE, DOUBTED_NUMBERS = 0.5, 5
#: Levels of one column that are shown.
MOST_SHOWN = 6


@dataclass(frozen=True, eq=False)
class Decision:
    """What a column holds and why, the column made so, and cells that became missing by word.

    ``not_told`` are words such as GX in a column of steps; ``unread`` those that are neither a
    number or step, as nearly all others are, nor on the list of words for missing.
    """

    type: str
    why: str
    column: pd.Series
    not_told: Mapping[str, int] = field(default_factory=dict)
    unread: Mapping[str, int] = field(default_factory=dict)


def decide(column: pd.Series, *, label: bool = False) -> Decision:
    """Decide whether a column without words for missing is numeric, ordered or categorical.

    A ``label`` is categories whatever it holds. Neither the order of rows nor case matters.
    """
    types, name = pd.api.types, str(column.name)
    given = isinstance(column.dtype, pd.CategoricalDtype) and column.dtype.ordered
    if given and not label:
        return Decision(ORDERED, "given in order", column)
    if types.is_datetime64_any_dtype(column):
        return Decision(CATEGORICAL, "dates", column)
    if types.is_numeric_dtype(column) and not types.is_bool_dtype(column):
        return Decision(*_of_numbers(column, label), column)
    column = column.astype(object)
    counts = column.value_counts()
    cells = {cell: int(n) for cell, n in counts.items()}
    known = sum(cells.values())
    truth = {cell: str(cell).lower() == "true" for cell in cells}
    if known and {str(cell).lower() for cell in cells} <= {"true", "false"}:
        whole = column.map(truth, na_action="ignore").infer_objects()
        return Decision(CATEGORICAL if label else NUMERIC, "true or false", whole)
    if label:
        return Decision(CATEGORICAL, "known label", column)
    numbers = {cell: number for cell in cells if (number := _number(cell)) is not None}
    n_numbers = sum(cells[cell] for cell in numbers)
    if n_numbers == known:
        whole = _as_numbers(column, numbers)
        return Decision(*_of_numbers(whole, label), whole)
    if name_words(name) & CODE_NAMES:
        return Decision(CATEGORICAL, "words", column)
    not_told = {cell for cell in cells if NOT_TOLD.fullmatch(plain(cell))}
    told = known - sum(cells[cell] for cell in not_told)
    for scale in scales_of(name):
        read = {cell for cell in cells if on_scale(cell, scale) is not None}
        n_read = sum(cells[cell] for cell in read)
        if n_read and n_read >= SHARE * told:
            often = min(read, key=lambda cell: (-cells[cell], str(cell)))
            gone = {cell: n for cell, n in cells.items() if cell not in read}
            return Decision(
                ORDERED,
                f'steps such as "{often}"',
                column.where(~column.isin(list(gone)), np.nan),
                {str(cell): n for cell, n in gone.items() if cell in not_told},
                {str(cell): n for cell, n in gone.items() if cell not in not_told},
            )
    if n_numbers >= SHARE * known:
        whole = _as_numbers(column, numbers)
        unread = {str(cell): n for cell, n in cells.items() if cell not in numbers}
        return Decision(*_of_numbers(whole, label), whole, unread=unread)
    return Decision(CATEGORICAL, "words", column)


def steps(column: pd.Series) -> pd.Series:
    """Give an ordered column as numbers: the step of each patient, substages merged."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes = column.cat.codes
        return codes.where(codes >= 0).astype(float)
    if pd.api.types.is_numeric_dtype(column):
        return pd.Series(column.to_numpy(dtype=float, na_value=np.nan), column.index)
    scales = scales_of(str(column.name))
    read = {
        cell: next((x for scale in scales if (x := on_scale(cell, scale)) is not None), np.nan)
        for cell in column.dropna().unique()
    }
    return column.map(read, na_action="ignore").astype(float)


def levels(column: pd.Series, kind: str) -> tuple[str, ...]:
    """Name the levels of a column that is not numeric: in their order, or by name."""
    known = column.dropna()
    text = known.astype(object).map(level_text)
    if kind == NUMERIC:
        return ()
    if kind == CATEGORICAL:
        return tuple(sorted(set(text)))
    found = pd.DataFrame({"step": steps(known), "text": text}).drop_duplicates()
    return tuple(found.sort_values(["step", "text"])["text"])


@dataclass(frozen=True, eq=False)
class CleanTable:
    """A clinical table whose columns have been decided, and what became of its words.

    ``cells``: words taken as missing and their cells, by column.
    """

    table: pd.DataFrame
    decisions: dict[str, Decision]
    cells: dict[str, dict[str, int]]


def clean_table(
    table: pd.DataFrame,
    where: str,
    *,
    missing: Iterable[str] = (),
    labels: Iterable[str] = (),
    ignored: Iterable[str] = (),
    times: Iterable[str] = (),
    events: Mapping[str, Iterable[str]] | None = None,
) -> CleanTable:
    """Take words for missing out of a clinical table, and decide what each column holds.

    Columns of ``times`` and ``events`` (with the words that mean something there) are read by
    endpoints: words that are not on the list stay, for that reader to refuse.

    Warns of words that are not on the list in columns of numbers or steps, which become missing
    too, of columns that hold numbers and words, and of "none" among the answers to a question.
    """
    events, times = dict(events or {}), set(times)
    labels, ignored = set(labels), set(ignored)
    columns: dict[str, pd.Series] = {}
    decisions: dict[str, Decision] = {}
    cells: dict[str, dict[str, int]] = {}
    unread, mixed, answers = [], [], []
    for name in table.columns:
        answered = [folded(word) for word in events.get(name, ())]
        if name in events:
            answered.append(AMBIGUOUS)
        column, taken = without_missing(table[name], missing, answered)
        found = decide(column, label=name in labels)
        if name in events or name in times:
            columns[name] = column
        else:
            columns[name] = found.column
            taken = {**taken, **found.not_told, **found.unread}
            if name not in ignored:
                if found.unread:
                    unread.append(f'"{name}" ({found.type}): {_listed(found.unread)}')
                elif found.type == CATEGORICAL and _doubted(found.column):
                    mixed.append(f'"{name}"')
                nones = sum(n for word, n in taken.items() if folded(word) == AMBIGUOUS)
                if found.type == CATEGORICAL and nones:
                    answers.append(f'"{name}" ({nones})')
        decisions[name] = found
        if taken:
            cells[name] = dict(sorted(taken.items()))
    _warn(where, unread, mixed, answers)
    return CleanTable(pd.DataFrame(columns, table.index, table.columns), decisions, cells)


def describe_variables(
    table: pd.DataFrame,
    decisions: Mapping[str, Decision],
    cells: Mapping[str, Mapping[str, int]],
) -> pd.DataFrame:
    """Tabulate what was decided: the columns of ``Cohort.variables``."""
    rows = [
        (
            name,
            decisions[name].type,
            decisions[name].why,
            levels(table[name], decisions[name].type),
            int(table[name].notna().sum()),
            int(table[name].isna().sum()),
            dict(cells.get(name, {})),
        )
        for name in table.columns
    ]
    names = ["variable", "type", "why", "levels", "n_known", "n_missing", "missing_words"]
    return pd.DataFrame(rows, columns=names).set_index("variable")


def variable_lines(variables: pd.DataFrame) -> list[str]:
    """Say in lines what was decided of the clinical columns, and which words became missing."""
    lines = []
    for kind in (NUMERIC, ORDERED, CATEGORICAL):
        own = variables[variables["type"] == kind]
        told = []
        for name, row in own.iterrows():
            about = [level_list(row)] if row["levels"] else []
            about += [f"{row['n_missing']} missing"] if row["n_missing"] else []
            told.append(f"{name} ({'; '.join(about)})" if about else str(name))
        if told:
            lines.append(f"{kind}: {', '.join(told)}")
    columns: dict[str, list[str]] = {}
    for name, cells in variables["missing_words"].items():
        for word, n in cells.items():
            columns.setdefault(word, []).append(f"{name} ({n})")
    return lines + [f'"{word}" taken as missing: {", ".join(columns[word])}' for word in columns]


def level_list(row: pd.Series) -> str:
    """Levels of a row of ``Cohort.variables`` in words, those of an identifier counted only."""
    found = row["levels"]
    if len(found) > MOST_SHOWN and 2 * len(found) > row["n_known"]:
        return f"{len(found)} different"
    more = f" and {len(found) - MOST_SHOWN} more" if len(found) > MOST_SHOWN else ""
    return (" < " if row["type"] == ORDERED else ", ").join(found[:MOST_SHOWN]) + more


def _warn(where: str, unread: list[str], mixed: list[str], answers: list[str]) -> None:
    """Say what is doubtful about the words of a table."""
    add = 'add it to missing = ["..."] of [clinical]'
    if unread:
        warnings.warn(
            f"{where}: words among numbers or steps, which are not known as words for missing and "
            f"are taken as missing all the same: {'; '.join(unread)}. If such a word means "
            f"missing, {add}; else correct it.",
            OmicsfuseWarning,
            stacklevel=5,
        )
    if mixed:
        warnings.warn(
            f"{where}: numbers and words in {', '.join(mixed)}: taken as categories everywhere. "
            f"If a word means missing, {add}; else keep numbers and words in two columns.",
            OmicsfuseWarning,
            stacklevel=5,
        )
    if answers:
        warnings.warn(
            f'{where}: "none" is taken as missing in {", ".join(answers)}. If it is an answer '
            'there, write another word, such as "no".',
            OmicsfuseWarning,
            stacklevel=5,
        )


def _listed(cells: Mapping[str, int]) -> str:
    shown = [f'"{word}" ({n})' for word, n in list(cells.items())[:5]]
    return ", ".join(shown) + (f" and {len(cells) - 5} more" if len(cells) > 5 else "")


def _doubted(column: pd.Series) -> bool:
    """Say whether categories are numbers for the most part, and not a few codes."""
    known = column.dropna()
    numbers = known[[_number(cell) is not None for cell in known]]
    if pd.api.types.is_numeric_dtype(column) or len(numbers) < DOUBTED_SHARE * len(known):
        return False
    return bool(numbers.nunique() > DOUBTED_NUMBERS)


def _of_numbers(column: pd.Series, label: bool) -> tuple[str, str]:
    """Type of a column of numbers, from its name and their range, and why."""
    if label:
        return CATEGORICAL, "known label"
    known = column.dropna().to_numpy(dtype=float)
    name, whole = str(column.name), bool((known == np.round(known)).all())
    if len(known) and whole:
        for word, (low, high) in step_name(name).items():
            if low <= known.min() and known.max() <= high:
                return ORDERED, f"its name has {word!r}"
        codes = name_words(name) & CODE_NAMES
        if codes and len(np.unique(known)) > 2:
            return CATEGORICAL, f"its name has {min(codes)!r}"
    return NUMERIC, "numbers"


def _number(cell: object) -> float | None:
    """Read a cell as a number; True and False are none."""
    if isinstance(cell, bool | np.bool_):
        return None
    return as_number(cell.strip()) if isinstance(cell, str) else _real(cell)


def _real(cell: object) -> float | None:
    return float(cell) if isinstance(cell, int | float | np.integer | np.floating) else None


def _as_numbers(column: pd.Series, numbers: Mapping[object, float]) -> pd.Series:
    """Make a column of numbers; whole ones without a gap stay whole, as a reader would have it."""
    made = column.map(numbers, na_action="ignore").astype(float)
    texts = [str(cell) for cell in numbers]
    if made.notna().all() and all(re.fullmatch(r"[+-]?\d+", text.strip()) for text in texts):
        return made.astype("int64")
    return made
