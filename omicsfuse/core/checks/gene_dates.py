"""Gene symbols that a spreadsheet turned into dates: told, restored where certain, else refused.

A spreadsheet reads ``MARCH1`` as 1 March and writes ``1-Mar``, or ``Mar-01``, or ``2023-03-01``
(Zeeberg et al. 2004, BMC Bioinformatics 5:80; Ziemann et al. 2016, Genome Biology 17:177). Private
helpers of the gate in ``cohort.py``.
"""

import re
from collections.abc import Iterable

_MONTH = (
    r"(?:jan|feb|mar|mrz|apr|may|mai|jun|jul|aug|sept|sep|oct|okt|nov|dec|dez)"  # English, German
)
_DAY_MONTH = re.compile(rf"X?(\d{{1,2}})[-. /]{{1,2}}({_MONTH})", re.IGNORECASE)
_OTHER_DATES = re.compile(
    rf"X?(?:{_MONTH}(?:-\d{{1,4}}|[. /]\d{{2,4}})"  # Sep-02: 2 September, or September 2002?
    rf"|\d{{1,2}}[-. /]{_MONTH}[-. /]\d{{2,4}}"  # 1-Mar-2023
    r"|(?:19|20)\d\d[-./]\d{1,2}[-./]\d{1,2}(?:[ T.]\d{1,2}[:.]\d{2}(?:[:.]\d{2})?)?"  # 2023-03-01
    r"|\d{1,2}[-./]\d{1,2}[-./](?:19|20)\d\d"  # 3/1/2023
    r"|\d{1,2}/\d{1,2}/\d{2})",
    re.IGNORECASE,
)

#: Day-month forms that one symbol only can have given. 1-Mar and 2-Mar are absent: they were MARCH1
#: or MARC1, and MARCH2 or MARC2. There is no SEPT13 that is not a pseudogene of another name.
CERTAIN: dict[tuple[int, str], str] = {
    **{(day, "mar"): f"MARCH{day}" for day in range(3, 12)},
    **{(day, "sep"): f"SEPT{day}" for day in (*range(1, 13), 14)},
    (15, "sep"): "SEP15",
    (1, "dec"): "DEC1",
}

_AMBIGUOUS = {
    (1, "mar"): ("MARCH1", "MARC1"),
    (2, "mar"): ("MARCH2", "MARC2"),
}
_ENGLISH = {"mrz": "mar", "okt": "oct", "dez": "dec", "mai": "may", "sept": "sep"}


def _day_month(name: str) -> tuple[int, str] | None:
    """Day and month of a name such as ``1-Mar``; None for anything else."""
    match = _DAY_MONTH.fullmatch(name.strip())
    if match is None:
        return None
    month = match.group(2).lower()
    return int(match.group(1)), _ENGLISH.get(month, month)


def looks_like_date(name: str) -> bool:
    """Whether a spreadsheet made this of a gene: ``1-Mar``, ``Sep-02``, ``2023-09-02`` ..."""
    text = name.strip()
    return _day_month(text) is not None or _OTHER_DATES.fullmatch(text) is not None


def restorations(names: Iterable[str]) -> dict[str, str]:
    """Dates that occur once and that one gene symbol only, absent so far, can have become."""
    listed = list(names)
    taken = {name.upper() for name in listed}
    wanted: dict[str, list[str]] = {}
    for name in listed:
        key = _day_month(name)
        if key in CERTAIN:
            wanted.setdefault(CERTAIN[key], []).append(name)
    return {
        symbols[0]: symbol
        for symbol, symbols in wanted.items()
        if len(symbols) == 1 and symbol not in taken
    }


def suggestion(dates: Iterable[str], names: Iterable[str]) -> str:
    """Write what to add to the manifest to settle dates, as the end of a sentence.

    A date is renamed only where that makes no duplicate; others can only be left out.
    """
    all_names = list(names)
    taken = {name.upper() for name in all_names}
    renamed: dict[str, str] = {}
    dropped: list[str] = []
    for name in dict.fromkeys(dates):
        key = _day_month(name)
        symbols = _AMBIGUOUS.get(key, (CERTAIN[key],) if key in CERTAIN else ()) if key else ()
        free = [symbol for symbol in symbols if symbol not in taken]
        if all_names.count(name) > 1 or (symbols and not free):
            dropped.append(name)
        else:
            renamed[name] = free[0] if free else "SYMBOL"
            taken.add(free[0] if free else name.upper())
    rename = "rename_features = {" + ", ".join(f'"{n}" = "{s}"' for n, s in renamed.items()) + "}"
    if not dropped:
        return (
            f"once you know which genes these are, rename them (table.rename(columns={{...}}) "
            f"in Python), or add to the layer in a manifest:\n{rename}\nor exclude "
            f"them:\n{_drop_line(renamed)}"
        )
    if not renamed:
        return (
            "exclude them, as renaming would make duplicates: their symbols are in the table "
            "already or they occur twice (table.drop(columns=[...]) in Python), or add to the "
            "layer in a manifest:\n"
            f"{_drop_line(dropped)}"
        )
    return (
        "exclude those whose symbol is in the table already or occurs twice "
        "(table.drop(columns=[...]) in Python, these lines in a manifest), and rename the others "
        "once you know which genes they are:\n"
        f"{_drop_line(dropped)}\n{rename}"
    )


def _drop_line(names: Iterable[str]) -> str:
    return "drop_columns = [" + ", ".join(f'"{name}"' for name in names) + "]"


def explanation(names: Iterable[str]) -> str:
    """Which symbols the names may have been, for those where several are possible."""
    parts = []
    for name in dict.fromkeys(names):
        key = _day_month(name)
        if key in _AMBIGUOUS:
            first, second = _AMBIGUOUS[key]
            parts.append(f'"{name}" was {first} or {second}')
        elif key in CERTAIN:
            parts.append(f'"{name}" would be {CERTAIN[key]}, but this is not certain')
        else:
            parts.append(f'"{name}" could be several')
    return "; ".join(parts[:5])
