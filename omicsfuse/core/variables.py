"""Which clinical columns are numbers, which have an order, which are categories: decided once."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from omicsfuse.core.doubtful_words import (
    CODES,
    COMMAS,
    DOUBTED_SHARE,
    STEPS,
)
from omicsfuse.core.missing import as_number, level_text
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
#: Levels of one column that are shown.
MOST_SHOWN = 6
_INFINITE = re.compile(r"[+-]?inf(?:inity)?", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Decision:
    """What a column holds and why, the column made so, and cells that became missing by word.

    ``not_told`` are words such as GX in a column of steps; ``unread`` those neither read nor on the
    list for missing; ``doubt`` says what ``words`` leave open; ``spelled`` what differed by case.
    """

    type: str
    why: str
    column: pd.Series
    not_told: Mapping[str, int] = field(default_factory=dict)
    unread: Mapping[str, int] = field(default_factory=dict)
    doubt: str = ""
    words: Mapping[str, int] = field(default_factory=dict)
    spelled: Mapping[str, str] = field(default_factory=dict)


def decide(column: pd.Series, *, label: bool = False) -> Decision:
    """Decide what a column holds, whatever the order of rows; a ``label`` is categories."""
    return _in_one_case(_decided(column, label))


def _decided(column: pd.Series, label: bool) -> Decision:
    types, name = pd.api.types, str(column.name)
    given = isinstance(column.dtype, pd.CategoricalDtype) and column.dtype.ordered
    if given and not label:
        return Decision(ORDERED, "given in order", column)
    if types.is_datetime64_any_dtype(column):
        return Decision(CATEGORICAL, "dates", column)
    if types.is_numeric_dtype(column) and not types.is_bool_dtype(column):
        return _of_numbers(column, label)
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
    numbers, commas = _numbers(cells)
    n_numbers = sum(cells[cell] for cell in numbers)
    if n_numbers == known:
        return _of_numbers(_as_numbers(column, numbers), label, commas=commas)
    if name_words(name) & CODE_NAMES and not step_name(name):
        return Decision(CATEGORICAL, "words", column)
    not_told = {cell for cell in cells if NOT_TOLD.fullmatch(plain(cell))}
    told = known - sum(cells[cell] for cell in not_told)
    most, unfit = 0, dict[str, int]()
    for scale in scales_of(name):
        read = {cell: step for cell in cells if (step := on_scale(cell, scale)) is not None}
        n_read = sum(cells[cell] for cell in read)
        gone = {cell: n for cell, n in cells.items() if cell not in read}
        others = {str(cell): n for cell, n in gone.items() if cell not in not_told}
        if n_read and n_read >= SHARE * told:
            often = min(read, key=lambda cell: (-cells[cell], str(cell)))
            return Decision(
                ORDERED,
                f'steps such as "{often}"',
                column.where(~column.isin(list(gone)), np.nan),
                {str(cell): n for cell, n in gone.items() if cell in not_told},
                others,
            )
        if n_read > most and n_read >= DOUBTED_SHARE * told and len(set(read.values())) > 1:
            most, unfit = n_read, others
    if n_numbers >= SHARE * known:
        unread = {str(cell): n for cell, n in cells.items() if cell not in numbers}
        return _of_numbers(_as_numbers(column, numbers), label, unread, commas)
    if unfit:
        return Decision(CATEGORICAL, "words", column, doubt=STEPS, words=unfit)
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
    return tuple(_levels(column, kind)["text"])


def _levels(column: pd.Series, kind: str) -> pd.DataFrame:
    """Levels of a column as ``text`` and, of what is ordered, the ``step`` of each."""
    known = column.dropna() if kind != NUMERIC else column[:0]
    text = known.astype(object).map(level_text)
    step = steps(known) if kind == ORDERED else 0.0
    table = pd.DataFrame({"step": step, "text": text}).drop_duplicates()
    table["folded"] = table["text"].str.casefold() if kind == ORDERED else ""
    return table.sort_values(["step", "folded", "text"])


def describe_variables(
    table: pd.DataFrame,
    decisions: Mapping[str, Decision],
    cells: Mapping[str, Mapping[str, int]],
) -> pd.DataFrame:
    """Tabulate what was decided: the columns of ``Cohort.variables``."""
    levels_of = {name: _levels(table[name], decisions[name].type) for name in table.columns}
    rows = [
        (
            name,
            decisions[name].type,
            decisions[name].why,
            tuple(levels_of[name]["text"]),
            tuple(levels_of[name]["step"]) if decisions[name].type == ORDERED else (),
            int(table[name].notna().sum()),
            int(table[name].isna().sum()),
            dict(cells.get(name, {})),
        )
        for name in table.columns
    ]
    names = ["variable", "type", "why", "levels", "steps", "n_known", "n_missing", "missing_words"]
    return pd.DataFrame(rows, columns=names).set_index("variable")


def variable_lines(variables: pd.DataFrame) -> list[str]:
    """Say in lines what was decided of the clinical columns, and which words became missing."""
    lines = []
    for kind in (NUMERIC, ORDERED, CATEGORICAL):
        of_kind = variables[variables["type"] == kind]
        told = []
        for name, row in of_kind.iterrows():
            about = [level_list(row)] if row["levels"] else []
            about += [f"{row['n_missing']} missing"] if row["n_missing"] else []
            told.append(f"{name} ({'; '.join(about)})" if about else str(name))
        if told:
            lines.append(f"{kind}: {', '.join(told)}")
    columns: dict[str, list[str]] = {}
    for name, cells in variables["missing_words"].items():
        for word, n in cells.items():
            columns.setdefault(word, []).append(f"{name} ({n})")
    return lines + [f'"{word}" read as missing: {", ".join(columns[word])}' for word in columns]


def level_list(row: pd.Series) -> str:
    """Levels of a row of ``Cohort.variables`` in words, those of an identifier counted only.

    Levels of one step, such as substages, stand with ``=`` between them.
    """
    names, numbers = row["levels"], row["steps"]
    if len(names) > MOST_SHOWN and 2 * len(names) > row["n_known"]:
        return f"{len(names)} different"
    text = names[0] if names else ""
    for i, level in enumerate(names[1:MOST_SHOWN], start=1):
        text += (" = " if numbers[i] == numbers[i - 1] else " < ") if numbers else ", "
        text += level
    return text + (f" and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else "")


def _in_one_case(decision: Decision) -> Decision:
    """Write words that differ by case only as the most frequent of them is; not identifiers."""
    column = decision.column
    if column.dtype != object or decision.type == NUMERIC:
        return decision
    counts = column[[isinstance(cell, str) for cell in column]].value_counts()
    groups: dict[str, list[str]] = {}
    for word in sorted(counts.index, key=lambda word: (-counts[word], word)):
        groups.setdefault(word.casefold(), []).append(word)
    spelled = {word: first for first, *others in groups.values() for word in others}
    if not spelled or 2 * len(groups) > counts.sum():
        return decision
    return replace(decision, column=column.replace(spelled), spelled=spelled)


def _of_numbers(
    column: pd.Series,
    label: bool,
    unread: Mapping[str, int] | None = None,
    commas: Mapping[str, int] | None = None,
) -> Decision:
    """Decide on a column of numbers from its name and their range.

    ``unread`` are words that have become missing, ``commas`` numbers with decimal commas.
    """
    unread = unread or {}
    if label:
        return Decision(CATEGORICAL, "known label", column, unread=unread)
    numbers = Decision(NUMERIC, "numbers", column, unread=unread)
    if commas:
        return replace(numbers, why="numbers with decimal commas", doubt=COMMAS, words=commas)
    values = pd.Series(column.to_numpy(dtype=float, na_value=np.nan), column.index)
    known = values.dropna()
    if not len(known) or not (known == known.round()).all() or np.isinf(known).any():
        return numbers
    name = str(column.name)
    codes = name_words(name) & CODE_NAMES
    for word, (low, high) in step_name(name).items():
        inside = values.between(low, high)
        share = inside.sum() / len(known)
        outside = {level_text(code): int(n) for code, n in known[~inside].value_counts().items()}
        if share == 1 or (share >= SHARE and not codes):
            ordered = column.where(inside | values.isna()) if outside else column
            return Decision(
                ORDERED, f"its name has {word!r}", ordered, unread={**unread, **outside}
            )
        if share >= DOUBTED_SHARE and not codes:
            return replace(numbers, doubt=CODES, words=outside)
    if codes and known.nunique() > 2:
        return Decision(CATEGORICAL, f"its name has {min(codes)!r}", column, unread=unread)
    return numbers


def _numbers(cells: Mapping[object, int]) -> tuple[dict[object, float], dict[str, int]]:
    """Read cells as numbers, and count decimal commas: no points, and not all part thousands."""
    numbers = {cell: number for cell in cells if (number := _number(cell)) is not None}
    commas = {
        cell: float(cell.replace(",", "."))
        for cell in cells
        if isinstance(cell, str) and re.fullmatch(r"[+-]?\d+,\d+", cell)
    }
    thousands = all(re.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}", cell) for cell in commas)
    if thousands or any("." in level_text(cell) for cell in numbers):
        return numbers, {}
    return numbers | commas, {cell: cells[cell] for cell in commas}


def _number(cell: object) -> float | None:
    """Read a cell as a number; True and False are none."""
    if isinstance(cell, bool | np.bool_):
        return None
    if isinstance(cell, str):
        text = cell.strip().replace("\N{MINUS SIGN}", "-")
        return float(text) if _INFINITE.fullmatch(text) else as_number(text)
    return float(cell) if isinstance(cell, int | float | np.integer | np.floating) else None


def _as_numbers(column: pd.Series, numbers: Mapping[object, float]) -> pd.Series:
    """Make a column of numbers; whole ones without a gap stay whole, as a reader would have it."""
    made = column.map(numbers, na_action="ignore").astype(float)
    texts = [str(cell) for cell in numbers]
    if made.notna().all() and all(re.fullmatch(r"[+-]?\d+", text.strip()) for text in texts):
        return made.astype("int64")
    return made
