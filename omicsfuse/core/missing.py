"""Words that stand for a missing value in a clinical table: one list, for every part of a run."""

import re
from collections import Counter
from collections.abc import Collection, Iterable

import numpy as np
import pandas as pd

# ruff: noqa: RUF001 - dashes and quotes as portals and spreadsheets write them

#: Words for missing, as `folded` writes them: in small letters, without brackets and quotes.
MISSING = frozenset(
    {
        *("", "-", "--", "---", "–", "—", ".", "..", "...", "?", "??"),
        *("na", "n/a", "n.a.", "n.a", "#n/a", "#na", "#n/a n/a", "nan", "-nan", "nat", "null"),
        *("none", "1.#qnan", "-1.#ind", "missing", "missing value", "missing data", "no data"),
        *("no data available", "data not available", "blank", "empty", "discrepancy", "pending"),
        *("unknown", "unk", "not known", "unknown or not reported", "don't know", "do not know"),
        *("not available", "unavailable", "not applicable", "not evaluated", "not evaluable"),
        *("not assessed", "not tested", "not measured", "not determined", "not reported"),
        *("not recorded", "not documented", "not specified", "not stated", "not provided"),
        *("not collected", "not released", "not allowed to collect", "redacted", "withheld"),
        *("cannot be assessed", "cannot be determined", "prefer not to answer"),
        *("prefer not to say",),
    }
)

#: The one word of the list that answers a question as often as not: "therapy: none".
AMBIGUOUS = "none"

_AROUND = " \"'`´‘’“”[](){}<>"
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")


def folded(word: object) -> str:
    """Write a word in small letters, without blanks, brackets and quotes around it."""
    return re.sub(r"[\s_]+", " ", str(word)).lower().strip(_AROUND)


def as_number(text: str) -> float | None:
    """Read a number as Python does; None where the text is none."""
    return float(text) if _NUMBER.fullmatch(text) else None


def without_missing(
    column: pd.Series, more: Iterable[str] = (), kept: Collection[str] = ()
) -> tuple[pd.Series, dict[str, int]]:
    """Take words for missing, ``more`` and blanks out of a column; also count each word.

    A minus is an answer where the column holds a plus, and so are ``kept`` folded words.
    """
    added = {folded(word) for word in more}
    codes = {number for word in added if (number := as_number(word)) is not None}
    types = pd.api.types
    if types.is_datetime64_any_dtype(column) or types.is_bool_dtype(column):
        return column, {}
    if types.is_numeric_dtype(column):
        taken = column.isin(codes) if codes else pd.Series(False, column.index)
        counts = Counter(level_text(value) for value in column[taken])
        return (column.mask(taken), dict(counts)) if counts else (column, {})
    cells = column.astype(object)
    distinct = cells.dropna().unique()
    texts = {cell: cell.strip() for cell in distinct if isinstance(cell, str)}
    words = {cell: folded(text) for cell, text in texts.items()}
    signs = {"-", "--"} if any(word and not word.strip("+") for word in words.values()) else set()
    listed = (MISSING - signs - set(kept)) | added

    def taken_for_missing(cell: object) -> bool:
        number = as_number(texts[cell]) if cell in texts else cell
        return (cell in words and words[cell] in listed) or (
            number in codes and not isinstance(cell, bool)
        )

    gone = {cell for cell in distinct if taken_for_missing(cell)}
    if isinstance(column.dtype, pd.CategoricalDtype) and column.dtype.ordered:
        result = column.cat.remove_categories([c for c in column.cat.categories if c in gone])
    else:
        new = {cell: np.nan if cell in gone else texts.get(cell, cell) for cell in distinct}
        values = [new.get(cell, np.nan) for cell in cells]
        result = pd.Series(values, column.index, dtype=object, name=column.name)
    counts = Counter(level_text(texts.get(cell, cell)) for cell in cells if cell in gone)
    return result, dict(sorted(counts.items()))


def level_text(value: object) -> str:
    """A category as text; whole numbers without a point."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
