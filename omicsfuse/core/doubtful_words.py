"""What is doubtful about the words of a clinical table, told once where a cohort is made."""

import re
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from omicsfuse.core.errors import OmicsfuseWarning
from omicsfuse.core.missing import AMBIGUOUS, as_number, folded

if TYPE_CHECKING:
    from omicsfuse.core.variables import Decision

#: Doubts about words of a column that is used all the same.
CODES, STEPS, COMMAS, MIXED, WRITTEN = "codes", "steps", "commas", "mixed", "written"
CATEGORIES = "read as categories"
_ADD = 'add it to missing = ["..."] ([clinical] of a manifest, or an argument in Python)'
#: What each doubt is called, and what to do.
_SAID = {
    CODES: (
        "codes outside the scale of the column, read as numbers: {}",
        f"If such a number means missing, {_ADD}; otherwise rename the column.",
    ),
    STEPS: (
        f"steps of a scale with words outside the scale, {CATEGORIES}: {{}}",
        f"If such a word means missing, {_ADD}; otherwise write it as a step of the scale.",
    ),
    MIXED: (
        f"numbers and words in {{}}: {CATEGORIES}",
        f"If a word means missing, {_ADD}; otherwise put numbers and words in two columns.",
    ),
    WRITTEN: (
        f"numbers written with units, signs or commas, {CATEGORIES}: {{}}",
        "Write plain numbers with a decimal point, in one unit for all patients.",
    ),
    COMMAS: (
        "commas read as decimal commas: {}",
        "If they separate thousands, remove them.",
    ),
}
#: Categories of which so many cells are numbers, and more than so many different ones, are doubted.
DOUBTED_SHARE, DOUBTED_NUMBERS = 0.5, 5
_UNITS = (
    *("%", "years?", "yrs?", "y", "y/?o", "months?", "mos?", "weeks?", "wks?", "days?", "d"),
    *("hours?", "hrs?", "mm", "cm", "mm2", "cm2", "mm3", "cm3", "ml", "cc", "kg", "g", "mg", "ng"),
    *("pg", "gy", "cgy", "pack years?", "cigarettes"),
)
#: A number with a comparison, commas or a unit, as people write it.
_LIKE_A_NUMBER = re.compile(
    rf"(?:[<>=~\u2264\u2265]{{1,2}} ?)?[+-]?\d+(?:[.,]\d+)*(?: ?(?:{'|'.join(_UNITS)})(?:/\w+)?)?",
    re.IGNORECASE,
)


def warn_of_doubtful_words(
    where: str, decisions: "Mapping[str, Decision]", cells: Mapping[str, Mapping[str, int]]
) -> None:
    """Warn of what is doubtful about columns, each doubt once for all that share it.

    ``cells`` are words taken as missing, by column.
    """
    unread = [
        f'"{name}" ({decision.type}): {_listed(decision.unread)}'
        for name, decision in decisions.items()
        if decision.unread
    ]
    if unread:
        _warn(
            f"{where}: words among numbers or steps, not known as words for missing but read "
            f"as missing: {'; '.join(unread)}. If such a word means missing, {_ADD}; "
            "otherwise correct it."
        )
    doubted: dict[str, list[str]] = {}
    for name, decision in decisions.items():
        doubt, words = decision.doubt, decision.words
        if not doubt and decision.type == "categorical" and not decision.unread:
            doubt, words = _numbers_in_disguise(decision.column)
        if doubt:
            doubted.setdefault(doubt, []).append(
                f'"{name}"' + (f" ({_listed(words, 3)})" if words else "")
            )
    for doubt, (said, advice) in _SAID.items():
        if doubt in doubted:
            _warn(f"{where}: {said.format(', '.join(doubted[doubt]))}. {advice}")
    spelled = [
        f'"{name}": {", ".join(f"{word} is {first}" for word, first in decision.spelled.items())}'
        for name, decision in decisions.items()
        if decision.spelled
    ]
    if spelled:
        _warn(
            f"{where}: words that differ only in case are merged into the most frequent "
            f"spelling: {'; '.join(spelled)}. If they differ in meaning, use different words."
        )
    answers = [
        f'"{name}" ({nones})'
        for name, decision in decisions.items()
        if decision.type == "categorical"
        and (nones := sum(n for w, n in cells.get(name, {}).items() if folded(w) == AMBIGUOUS))
    ]
    if answers:
        _warn(
            f'{where}: "none" is read as missing in {", ".join(answers)}. If it is an answer '
            'there, use another word, such as "no".'
        )


def _numbers_in_disguise(column: pd.Series) -> tuple[str, dict[str, int]]:
    """Say whether categories are numbers for the most part, and not a few codes."""
    if pd.api.types.is_numeric_dtype(column):
        return "", {}
    known = column.dropna().astype(str).str.strip()

    def many(cells: pd.Series) -> bool:
        # Codes are few, and whole.
        measured = cells.nunique() > DOUBTED_NUMBERS or cells.str.contains(r"\d[.,]\d").any()
        return bool(len(cells) >= DOUBTED_SHARE * len(known) and len(cells) and measured)

    plain = known.map(lambda cell: as_number(cell) is not None).astype(bool)
    alike = known.map(lambda cell: _LIKE_A_NUMBER.fullmatch(cell) is not None).astype(bool)
    for doubt, numbers in ((MIXED, plain), (WRITTEN, alike)):
        if many(known[numbers]):
            odd = known[~plain].value_counts(sort=False)
            return doubt, {str(cell): int(n) for cell, n in odd.items()}
    return "", {}


def _warn(text: str) -> None:
    warnings.warn(text, OmicsfuseWarning, stacklevel=6)


def _listed(cells: Mapping[str, int], most: int = 5) -> str:
    shown = [f'"{word}" ({n})' for word, n in list(cells.items())[:most]]
    return ", ".join(shown) + (f" and {len(cells) - most} more" if len(cells) > most else "")
