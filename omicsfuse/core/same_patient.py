"""Identifiers of one patient written in several ways: matched where only one can be meant."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import pandas as pd


def _separators(name: str) -> str:
    """Small letters, and one sign for all that stands between words."""
    return re.sub(r"[-_.\s/]+", "-", name.strip()).strip("-").casefold()


def _without_x(name: str) -> str:
    """Without the X that R puts before a name that begins with a number."""
    return re.sub(r"^x(?=\d)", "", _separators(name))


def _without_zeros(name: str) -> str:
    """Without zeros at the head of a number, which spreadsheets take away, and a point and zero."""
    return re.sub(r"(?<!\d)0+(?=\d)", "", re.sub(r"(?<=\d)-0$", "", _without_x(name)))


#: Ways to write a name so that equal ones are the same; the surest first.
_WAYS: tuple[tuple[Callable[[str], str], str], ...] = (
    (_separators, "case or the signs between words"),
    (_without_x, "an X before the number"),
    (_without_zeros, "zeros before the number"),
)


def matched(names: Sequence[str], known: Iterable[str]) -> tuple[dict[str, str], str]:
    """Known patients that other names mean, where one name and one patient only are alike.

    Names that are known as they stand stay. Also says by what the names differed, with an example.
    """
    patients = list(dict.fromkeys(known))
    open_names = [name for name in dict.fromkeys(names) if name not in set(patients)]
    free = [name for name in patients if name not in set(names)]
    result: dict[str, str] = {}
    notes = []
    for way, called in _WAYS:
        theirs = Counter(way(name) for name in open_names)
        ours: dict[str, list[str]] = {}
        for name in free:
            ours.setdefault(way(name), []).append(name)
        pairs = {
            name: ours[way(name)][0]
            for name in open_names
            if theirs[way(name)] == 1 and len(ours.get(way(name), ())) == 1
        }
        if pairs:
            name = next(iter(pairs))
            notes.append(f"{len(pairs)} differ by {called} ({name}: {pairs[name]})")
        result |= pairs
        open_names = [name for name in open_names if name not in pairs]
        free = [name for name in free if name not in pairs.values()]
    return result, "; ".join(notes)


def column_that_holds(names: Iterable[str], clinical: pd.DataFrame) -> tuple[str, int]:
    """Clinical column that holds most of the names, and how many; empty where none holds any."""
    wanted = {_separators(str(name)) for name in names}
    best = ("", 0)
    for i, column in enumerate(clinical.columns):
        cells = clinical.iloc[:, i].dropna().astype(str)
        held = len(wanted & {_separators(cell) for cell in cells.unique()})
        if held > best[1]:
            best = (str(column), held)
    return best
