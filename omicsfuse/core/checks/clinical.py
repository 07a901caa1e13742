"""What a clinical table must be: columns that exist, times and events that can be read.

Private helpers of the gate in ``cohort.py``; ``where`` names the clinical table and its file.
"""

import re
import warnings
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from omicsfuse.core.checks.tables import count, did_you_mean, listed
from omicsfuse.core.errors import CohortError, OmicsfuseWarning
from omicsfuse.core.layers import Endpoint
from omicsfuse.core.missing import as_number, folded

#: An event column with more different numbers than these is none.
MANY_NUMBERS = 8
UNITS = ("days", "weeks", "months", "years")
#: What an event column without ``event_values`` may hold, and what it says.
_CODES: dict[str | float, str] = {
    **dict.fromkeys((1.0, "true"), "that the event happened"),
    **dict.fromkeys((0.0, "false"), "that it did not"),
}

#: What ``event_values`` says of a word that tells nothing.
UNTOLD = "missing"
#: Words that begin with their code.
_NUMBERED = re.compile(r"[01]:.")

_EVENT_WORDS = ("dead", "deceas", "death", "died", "yes", "event", "relaps", "recur", "progress")
_CENSORED_WORDS = ("alive", "living", "no ", "censor")


def require_column(column: str, role: str, clinical: pd.DataFrame, where: str) -> None:
    """Refuse a column that the clinical table does not have, naming the nearest it has."""
    if column not in clinical.columns:
        raise CohortError(
            f'{where}: there is no column "{column}", named as {role}; '
            f"{did_you_mean(column, clinical.columns)}."
        )


def check_unit(unit: str, endpoint: str, where: str) -> None:
    """Refuse a unit of time that is not known."""
    if unit not in UNITS:
        raise CohortError(
            f'{where}: endpoint "{endpoint}" has unit = "{unit}"; {did_you_mean(unit, UNITS)}.'
        )


def check_words(endpoints: Mapping[str, Endpoint], missing: Iterable[str], where: str) -> None:
    """Refuse a word or number that means missing and, in an endpoint, something else."""
    words = {_missing_word(word): word for word in missing}
    for name, endpoint in endpoints.items():
        for word, value in endpoint.event_values.items():
            if value != UNTOLD and _missing_word(str(word)) in words:
                raise CohortError(
                    f'{where}: "{word}" is in missing and in event_values of endpoint '
                    f'"{name}". Remove it from one of them.'
                )
        coded = [] if endpoint.event_values else [endpoint.event]
        for column in [*coded, *filter(None, [endpoint.competing])]:
            if both := [words[word] for word in _CODES if word in words]:
                raise CohortError(
                    f'{where}: "{both[0]}" is in missing, and in column "{column}" of '
                    f'endpoint "{name}" it says {_CODES[_missing_word(both[0])]}. Remove it '
                    "from missing. If it means missing in another column, leave the cells of "
                    "that column empty."
                )


def _missing_word(word: str) -> str | float:
    """Write a word of ``missing`` so that equal ones are the same, numbers however written."""
    number = as_number(text := folded(word))
    return text if number is None else number


def check_apart(
    endpoint: Endpoint, name: str, roles: Mapping[str, Iterable[str]], where: str
) -> None:
    """Refuse one column in two places of an endpoint, and an outcome among what explains it."""
    outcome = [("time", column) for column in endpoint.times]
    outcome += [("event", endpoint.event), ("competing", endpoint.competing)]
    outcome = [(key, column) for key, column in outcome if column]
    every = [*outcome, *([("entry", endpoint.entry)] if endpoint.entry else [])]
    for i, (key, column) in enumerate(every):
        other = next((k for k, c in every[:i] if c == column), "")
        if other:
            raise CohortError(
                f'{where}: endpoint "{name}" has column "{column}" as both {other} and {key}. '
                f"Name another column as {key}, or remove {key}."
            )
    for role, columns in roles.items():
        for key, column in outcome:
            if column in columns:
                raise CohortError(
                    f'{where}: column "{column}" is the {key} of endpoint "{name}" and cannot '
                    f"be one of {role}: an outcome cannot be its own covariate. Remove it "
                    f"from {role}."
                )


def read_times(column: pd.Series, endpoint: str, where: str) -> pd.Series:
    """Read times to event as float64, missing ones NaN; who has a negative one has no part."""
    numbers = pd.to_numeric(column.astype(object), errors="coerce").astype(np.float64)
    plain = not (pd.api.types.is_bool_dtype(column) or pd.api.types.is_datetime64_any_dtype(column))
    text = (numbers.isna() & column.notna()) if plain else column.notna()
    head = f'{where}: column "{column.name}" (time of endpoint "{endpoint}")'
    if text.any():
        commas = column[text].astype(str).str.fullmatch(r"\s*\d+,\d+\s*").any()
        raise CohortError(
            f"{head}: {count(int(text.sum()), 'time')} {'is' if text.sum() == 1 else 'are'} not "
            f"a number: {_rows(column, text)}. Expected the time from the start of follow-up as a "
            f"number{' (a comma looks like a decimal comma: write a point)' if commas else ''}; "
            "leave the cell empty if the time is unknown, or add the word for missing to "
            'missing = ["..."] ([clinical] of a manifest, or an argument in Python).'
        )
    infinite = numbers.eq(np.inf) | numbers.eq(-np.inf)
    if infinite.any():
        raise CohortError(
            f"{head}: {count(int(infinite.sum()), 'time')} "
            f"{'is' if infinite.sum() == 1 else 'are'} infinite: {_rows(column, infinite)}. "
            "Expected 0 or more. Correct the time, or leave the cell empty if it is unknown."
        )
    return numbers


def read_events(
    column: pd.Series,
    event_values: Mapping[str, int | str],
    endpoint: str,
    where: str,
    *,
    competing: bool = False,
) -> pd.Series:
    """Events as 1.0 (happened), 0.0 (censored) and 2.0 or more (competing), missing ones NaN."""
    mapping = {
        str(word).strip(): np.nan if value == UNTOLD else _code(value)
        for word, value in event_values.items()
    }
    bad = {w: v for w, v in mapping.items() if v < 0 or not (np.isnan(v) or v.is_integer())}
    if not bad and 1.0 not in mapping.values():
        bad = {word: v for word, v in mapping.items() if v > 1}
    if bad:
        said = {str(w).strip(): v for w, v in event_values.items() if isinstance(v, str)}
        shown = {word: said.get(word, value) for word, value in bad.items()}
        raise CohortError(
            f'{where}: endpoint "{endpoint}": event_values gives {shown}; each word means 1 (the '
            'event happened), 0 (censored) or 2 and more (a competing event), or is "missing".'
        )
    words = column.map(_word, na_action="ignore")
    if not mapping:
        words = words.map(lambda word: word.lower(), na_action="ignore")
        mapping = {"1": 1.0, "0": 0.0, "true": 1.0, "false": 0.0}
        known_words = [str(word) for word in words.dropna()]
        if all(_NUMBERED.match(word) for word in known_words):  # as cBioPortal: 1:DECEASED
            words = words.map(lambda word: word[0], na_action="ignore")
    known = words.isin(list(mapping)) | words.isna()
    if not known.all():
        there = sorted({_word(cell) for cell in column.dropna()})
        if competing:
            raise CohortError(
                f'{where}: column "{column.name}" (competing event of endpoint "{endpoint}") '
                f"holds {listed(there, 8)}; not understood: {_rows(column, ~known)}. Expected "
                "0/1 or true/false. Recode the column; or give one column of words as event, "
                "code the competing event as 2 in event_values, and remove competing."
            )
        if pd.to_numeric(column, errors="coerce").nunique() > MANY_NUMBERS:
            raise CohortError(
                f'{where}: column "{column.name}" (event of endpoint "{endpoint}") holds '
                f"{len(there)} different values, most of them numbers ({listed(there, 5)}); "
                "expected 0/1 or true/false. It looks like a time: time and event may be swapped, "
                "or another column may hold the event."
            )
        guess = _guess(there)
        open_ones = " (replace each ?); words for missing go into missing"
        raise CohortError(
            f'{where}: column "{column.name}" (event of endpoint "{endpoint}") holds '
            f"{listed(there, 8)}; not understood: {_rows(column, ~known)}. Expected 0/1 or "
            "true/false, or words that the endpoint maps. Say what they mean, after checking that "
            f"1 is the event and 0 is censored{open_ones if '?' in guess else ''}: in Python\n"
            f'endpoints={{"{endpoint}": {{"time": ..., "event": "{column.name}", '
            f'"event_values": {guess.replace(" = ", ": ")}}}}}\n'
            f"or under [clinical.endpoints.{endpoint}] of a manifest\nevent_values = {guess}"
        )
    return words.map(mapping, na_action="ignore").astype(np.float64)


def read_endpoint(
    clinical: pd.DataFrame, endpoint: Endpoint, name: str, where: str
) -> pd.DataFrame:
    """Read ``time``, ``event`` (of interest only) and, where declared, ``entry``, ``cause``."""
    cause = read_events(clinical[endpoint.event], endpoint.event_values, name, where)
    first, *others = (read_times(clinical[column], name, where) for column in endpoint.times)
    for time in others:
        first = first.fillna(time)
    table = pd.DataFrame({"time": first})
    table["event"] = cause.where(cause.isna() | cause.eq(1), 0.0)
    if endpoint.competing:
        other = read_events(clinical[endpoint.competing], {}, name, where, competing=True)
        # The column may count the event itself as well; missing, it ends no follow-up.
        cause = cause.where(~(cause.eq(0) & other.eq(1)), 2.0)
    if len(cause_names(endpoint, name)) > 1:
        table["cause"] = cause
    if endpoint.entry:
        table["entry"] = read_times(clinical[endpoint.entry], name, where)
    return table


def warn_of_dead_only(table: pd.DataFrame, endpoint: Endpoint, name: str, where: str) -> None:
    """Warn of a time that only patients with the event have, such as days to death."""
    timed = table["time"].notna() & table["event"].notna()
    censored = table["event"].eq(0)
    if timed.any() and table["event"][timed].eq(1).all() and (censored & ~timed).any():
        warnings.warn(
            f'{where}: endpoint "{name}": every patient with a time (column '
            f"{listed(endpoint.times)}) had the event, and "
            f"{count(int(censored.sum()), 'patient')} without the event "
            f"{'has' if censored.sum() == 1 else 'have'} no time. Their time may be in another "
            "column, such as days to last follow-up. Name both, and the first that is known is "
            'used: time = ["days_to_death", "days_to_last_follow_up"].',
            OmicsfuseWarning,
            stacklevel=5,
        )


def cause_names(endpoint: Endpoint, name: str) -> dict[int, str]:
    """Name the event codes of an endpoint by its words; the event itself, code 1, comes first."""
    words: dict[int, list[str]] = {}
    for word, code in endpoint.event_values.items():
        if code != UNTOLD:
            words.setdefault(int(code), []).append(str(word))
    others = {code: " or ".join(words[code]) for code in sorted(words) if code > 1}
    if endpoint.competing:
        others = {2: others.get(2, f"competing ({endpoint.competing})"), **others}
    event = " or ".join(words.get(1, [])) if others and words.get(1) else name
    return {1: event, **others}


def _code(value: object) -> float:
    """Code of an event; -1, which is refused, for what is no number."""
    return float(value) if isinstance(value, (int, float, np.number)) else -1.0


def _word(cell: object) -> str:
    """Write a cell as a word: 1.0 and 1 are both ``"1"``."""
    if isinstance(cell, (float, np.floating)) and float(cell).is_integer():
        return str(int(cell))
    text = str(cell).strip()
    return text[:-2] if text in ("0.0", "1.0") else text


def meanings(words: Iterable[str]) -> dict[str, int | None]:
    """What words of an event mean where it is plain: 1 the event, 0 censored; else None."""
    names = list(words)
    meaning: dict[str, int | None] = dict.fromkeys(names)
    for word in names:
        lowered = word.lower()
        if lowered in ("0", "1"):
            # 1 beside 2 means censored as often as not.
            if "0" in names:
                meaning[word] = int(lowered)
        elif lowered.startswith(("1:", "0:")):
            meaning[word] = int(lowered[0])
        elif lowered == "no" or "free" in lowered or lowered.startswith(_CENSORED_WORDS):
            meaning[word] = 0
        elif any(part in lowered for part in _EVENT_WORDS):
            meaning[word] = 1
    told = {word: value for word, value in meaning.items() if value is not None}
    if len(names) == 2 and len(told) == 1:
        ((known, value),) = told.items()
        meaning[names[1 - names.index(known)]] = 1 - value
    return meaning


def _guess(words: Iterable[str]) -> str:
    """Write a TOML table of the words, with their meaning where it is plain."""
    known = list(meanings(words).items())[:12]
    return "{" + ", ".join(f'"{w}" = {"?" if v is None else v}' for w, v in known) + "}"


def _rows(column: pd.Series, wrong: pd.Series) -> str:
    """Name the first few wrong cells: patient, row and value."""
    places = np.flatnonzero(wrong.to_numpy(dtype=bool))
    shown = "; ".join(
        f'patient "{column.index[i]}" (row {i + 1}): "{column.iloc[i]}"' for i in places[:3]
    )
    return shown + (f" and {len(places) - 3} more" if len(places) > 3 else "")
