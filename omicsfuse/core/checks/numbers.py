"""Cells of a layer as numbers: what programs write for a number, and words for missing."""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from omicsfuse.core.checks.tables import cells, count
from omicsfuse.core.errors import CohortError
from omicsfuse.core.missing import MISSING, as_number, folded

#: Failed computations, as compilers and programs write them (in small letters).
_FAILED = re.compile(
    r"[+-]?(?:nan(?:\(\w*\))?|inf(?:inity)?|1\.#(?:ind|inf|qnan)\w*|#?inf)", re.IGNORECASE
)
_INFINITE = re.compile(r"[+-]?(?:inf(?:inity)?|1\.#inf\w*)", re.IGNORECASE)
#: One number in the dress of an array: ``[0.5]``, ``array(0.5)``, ``np.float64(0.5)``.
_DRESSED = re.compile(
    r"(?:np\.|numpy\.)?(?:array|float\d*|int\d*)?\s*[\[(]+\s*([^\[\](),]+?)\s*[\])]+"
)
_PLAIN = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*")
_NO_NUMBER = (bool, np.bool_, complex, np.complexfloating)


class Numbers(NamedTuple):
    """A table as float64, and cells that are no number, by what they hold."""

    table: pd.DataFrame
    failed: dict[str, int]
    words: dict[str, int]


def to_numbers(
    table: pd.DataFrame,
    where: str,
    *,
    binary: bool = False,
    image: bool = False,
    missing: Collection[str] = (),
) -> Numbers:
    """Make a table float64: words for missing and failed computations become NaN, and are counted.

    Other words are refused, but true and false if ``binary``; so are infinities, but of features of
    images (``image``), where they are failed computations. ``missing``: words beside the list.
    """
    failed: Counter[str] = Counter()
    words: Counter[str] = Counter()
    if all(dtype == np.float64 for dtype in table.dtypes):
        numbers = table
    else:
        matrix = _matrix(table, where, binary, frozenset(map(folded, missing)), failed, words)
        numbers = pd.DataFrame(matrix, index=table.index, columns=table.columns)
    codes = {number for word in missing if (number := as_number(word.strip())) is not None}
    if codes:
        coded = numbers.isin(codes)
        if coded.to_numpy().any():
            for code in sorted(codes):
                if n := int((numbers == code).to_numpy().sum()):
                    words[f"{code:g}"] += n
            numbers = numbers.mask(coded)
    infinite = np.isinf(numbers.to_numpy())
    if infinite.any():
        if not image:
            raise CohortError(
                f"{where}: {cells(numbers, infinite)}: infinite values. Expected finite numbers: "
                "correct them (a logarithm of 0 or a division by 0?) or leave the cells empty."
            )
        failed["inf"] += int(infinite.sum())
        numbers = numbers.mask(infinite)
    return Numbers(numbers, dict(sorted(failed.items())), dict(sorted(words.items())))


def _matrix(
    table: pd.DataFrame,
    where: str,
    binary: bool,
    missing: frozenset[str],
    failed: Counter[str],
    words: Counter[str],
) -> np.ndarray:
    """Values of a table with columns of several types, as float64; words are counted."""
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
        unread = np.flatnonzero((parsed.isna() & column.notna()).to_numpy()).tolist()
        for i in unread:
            number = _number_of(column.iat[i], binary, missing, failed, words)
            if number is None:
                bad.append((i, j))
            else:
                parsed.iat[i] = number
        values[:, j] = parsed.to_numpy()
    if bad:
        _refuse_text(table, bad, where)
    return values


def _number_of(
    cell: object,
    binary: bool,
    missing: frozenset[str],
    failed: Counter[str],
    words: Counter[str],
) -> float | None:
    """Number of a cell that pandas does not read; NaN where it is missing, None for a word."""
    if isinstance(cell, (complex, np.complexfloating)):
        cell = str(cell)
    if not isinstance(cell, str):
        return None
    text = cell.strip()
    if binary and text.lower() in ("true", "false"):
        return float(text.lower() == "true")
    if _FAILED.fullmatch(text):
        failed[text] += 1
        return float("inf") if _INFINITE.fullmatch(text) else float("nan")
    if folded(text) in MISSING or folded(text) in missing:
        words[text] += 1
        return float("nan")
    if (number := _complex(text)) is not None:
        if number.imag == 0:
            return number.real
        failed["complex numbers"] += 1
        return float("nan")
    if match := _DRESSED.fullmatch(text):
        inner = match[1].strip()
        if _FAILED.fullmatch(inner):
            failed[inner] += 1
            return float("nan")
        return as_number(inner)
    return None


def _complex(text: str) -> complex | None:
    """A complex number, as Python writes it."""
    if not text.rstrip(")").endswith(("j", "J")):
        return None
    try:
        return complex(text)
    except ValueError:
        return None


def _parsed(column: pd.Series) -> pd.Series:
    """Numbers of a column of mixed type; what is not a number becomes missing."""
    types = pd.api.types
    if any(
        test(column)
        for test in (types.is_datetime64_any_dtype, types.is_bool_dtype, types.is_complex_dtype)
    ):
        return pd.Series(np.nan, index=column.index)
    # A lone bool or complex number among others would pass for a number; it is a word here.
    words = column.astype(object).map(lambda cell: np.nan if isinstance(cell, _NO_NUMBER) else cell)
    numbers = pd.to_numeric(words, errors="coerce").astype(np.float64)
    # pandas may be wrong in the last digit.
    exact = [
        float(cell) if isinstance(cell, str) and _PLAIN.fullmatch(cell) else number
        for cell, number in zip(words, numbers, strict=True)
    ]
    return pd.Series(exact, index=column.index, dtype=np.float64)


def _refuse_text(table: pd.DataFrame, bad: Sequence[tuple[int, int]], where: str) -> None:
    """Refuse cells that are not numbers, with examples and the likely cause."""
    texts = [str(table.iat[i, j]) for i, j in bad]
    examples = "; ".join(
        f'column "{table.columns[j]}", patient "{table.index[i]}" (row {i + 1}): "{text}"'
        for (i, j), text in list(zip(bad, texts, strict=True))[:3]
    )
    columns = len({j for _, j in bad})
    if any(re.fullmatch(r"\s*[+-]?\d+,\d+\s*", text) for text in texts):
        advice = (
            "A comma looks like a decimal comma: write 12.5 for 12,5, and no thousands commas; in "
            'a manifest, decimal = "," or thousands = ",".'
        )
    elif all(text.lower() in ("true", "false") for text in texts):
        advice = "Only a mutation layer may hold true/false: write 1 and 0, or remove the column."
    else:
        advice = (
            "Correct the cells, leave missing ones empty (or NA; in a manifest name other words "
            "in missing), or remove a column of text (in a manifest name it in drop_columns)."
        )
    raise CohortError(
        f"{where}: {count(len(bad), 'cell')} in {count(columns, 'column')} "
        f"{'is not a number' if len(bad) == 1 else 'are not numbers'}: {examples}"
        f"{f' and {len(bad) - 3:,} more' if len(bad) > 3 else ''}. {advice}"
    )
