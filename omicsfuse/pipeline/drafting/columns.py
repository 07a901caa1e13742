"""What clinical columns seem to be, by their names and values: endpoints, covariates, labels."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from omicsfuse.core.checks.clinical import meanings
from omicsfuse.core.missing import without_missing

#: Endpoints by the words that name them.
_ENDPOINTS = {
    "os": ("os", "overall", "survival", "death", "dead", "vital"),
    "pfs": ("pfs",),
    "pfi": ("pfi",),
    "dss": ("dss",),
    "dfs": ("dfs",),
    "dfi": ("dfi",),
    "rfs": ("rfs", "relapse", "recurrence"),
    "efs": ("efs",),
    "css": ("css",),
    "mfs": ("mfs", "dmfs", "metastasis"),
    "lrc": ("lrc", "lc", "locoregional", "local"),
}
_UNITS = {
    "day": "days",
    "days": "days",
    "week": "weeks",
    "weeks": "weeks",
    "month": "months",
    "months": "months",
    "mo": "months",
    "mos": "months",
    "year": "years",
    "years": "years",
}
_TIME = frozenset({"time", "duration", "followup", *_UNITS})
_EVENT = frozenset(
    {
        "event",
        "status",
        "vital",
        "dead",
        "death",
        "deceased",
        "died",
        "relapse",
        "recurrence",
        "progression",
        "censor",
        "censored",
        "censoring",
    }
)
#: Words of columns that are no time to an event although they hold a number of days or years.
_OTHER_TIMES = frozenset(
    {
        "age",
        "birth",
        "diagnosis",
        "collection",
        "smoked",
        "quit",
        "initial",
        "smoking",
        "packs",
        "pack",
        "treatment",
        "therapy",
        "start",
        "end",
        "index",
        "procurement",
        "sample",
        "form",
        "completion",
    }
)
_DEATH = ("daystodeath",)
_FOLLOW_UP = ("daystolastfollowup", "daystolastfollow", "daystolastcontact", "daystolastknownalive")
#: Covariates, the first of each that is there.
_COVARIATES = (
    r"age(at.*)?|.*ageatinitial.*|yearstobirth",
    r"sex|gender",
    r"(pathologic|tumor|overall|clinical|ajcc)*stage(grouping)?",
    r"(tumor|neoplasmhistologic|histologic|who)?grade",
)
_LABELS = re.compile(r"subtype|cluster|hpv|idh|pam50|msi|molecular|mgmt|codel")
_TECHNICAL = re.compile(
    r"batch|centre|center|scanner|manufacturer|vendor|plate|purity|platform|tissuesourcesite|\btss\b"
    r"|slicethickness|institution|hospital"
)
#: Share of the patients that a covariate must be known for.
_KNOWN = 0.7


@dataclass
class Drafted:
    """One endpoint: its lines in the manifest, and what is open."""

    time: list[str]
    event: str
    unit: str
    meaning: dict[str, int | None] = field(default_factory=dict)
    questions: list[str] = field(default_factory=list)


def squeezed(name: object) -> str:
    """Small letters and digits of a name."""
    return re.sub(r"[^a-z0-9]", "", str(name).lower())


def _words(name: object) -> list[str]:
    """Words of a name, also where capitals begin them."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", " ", str(name))
    return re.findall(r"[a-z]+|\d+", spaced.lower())


def _column(table: pd.DataFrame, name: str) -> pd.Series:
    column = table[name]
    first = column.iloc[:, 0] if isinstance(column, pd.DataFrame) else column
    return without_missing(first)[0]


def endpoints_of(table: pd.DataFrame) -> dict[str, Drafted]:
    """Endpoints whose time and event are both there (table: patients x clinical columns)."""
    times: dict[str, list[str]] = {}
    events: dict[str, list[str]] = {}
    names = [str(name) for name in table.columns]
    by_name = {squeezed(name): name for name in names}
    death = next((by_name[word] for word in _DEATH if word in by_name), "")
    follow_up = next((by_name[word] for word in _FOLLOW_UP if word in by_name), "")
    for name in names:
        words = _words(name)
        end = _endpoint(words)
        if name in (death, follow_up) or set(words) & _OTHER_TIMES:
            continue
        if set(words) & _TIME and _is_time(_column(table, name)):
            times.setdefault(end or "os", []).append(name)
        elif (set(words) & _EVENT or words == [end]) and _is_event(_column(table, name)):
            events.setdefault(end or "os", []).append(name)
    if death and "os" not in times:
        times["os"] = [name for name in (death, follow_up) if name]
    drafted = {}
    for end, columns in times.items():
        if end not in events:
            continue
        both = columns if columns[0] == death else [min(columns, key=len)]
        event = min(events[end], key=lambda name: (len(_words(name)), len(name)))
        drafted[end] = _drafted(table, end, both, event)
    return drafted


def _endpoint(words: Sequence[str]) -> str:
    """Endpoint that some words name."""
    return next((end for end, own in _ENDPOINTS.items() if set(own) & set(words)), "")


def _is_time(column: pd.Series) -> bool:
    numbers = pd.to_numeric(column, errors="coerce")
    known = numbers.dropna()
    return len(known) >= 0.5 * max(column.notna().sum(), 1) and known.nunique() > 5


def _is_event(column: pd.Series) -> bool:
    return 1 <= column.nunique() <= 8


def _drafted(table: pd.DataFrame, end: str, times: list[str], event: str) -> Drafted:
    """Unit and meaning of the words of an endpoint."""
    units = [_UNITS[word] for name in times for word in _words(name) if word in _UNITS]
    numbers = pd.to_numeric(_column(table, times[0]), errors="coerce")
    made = Drafted(times, event, units[0] if units else "")
    if not units:
        longest = float(numbers.max()) if numbers.notna().any() else 0.0
        made.unit = "days" if longest > 400 else "months" if longest > 30 else "years"
        made.questions.append(
            f'endpoint "{end}": the unit of "{times[0]}" is not told by its name; times reach '
            f"{longest:.4g}, so {made.unit} are assumed."
        )
    column = _column(table, event).dropna()
    plain = {word.lower() for word in map(_plain, column.unique())}
    inverted = any(word.startswith("censor") for word in _words(event))
    if plain <= {"0", "1", "true", "false"} and not inverted:
        return made
    if all(re.match(r"[01]:.", str(cell)) for cell in column.unique()):
        return made
    made.meaning = meanings(sorted(map(_plain, column.unique())))
    if inverted and plain <= {"0", "1"}:
        made.meaning = {"0": 1, "1": 0}
        made.questions.append(
            f'endpoint "{end}": "{event}" is taken as 1 for censored, by its name.'
        )
    if any(value is None for value in made.meaning.values()):
        unknown = ", ".join(f'"{word}"' for word, value in made.meaning.items() if value is None)
        made.questions.append(
            f'endpoint "{end}": does {unknown} of column "{event}" mean the event (1), censored '
            "(0), or missing? Replace each ? in event_values."
        )
    return made


def _plain(cell: object) -> str:
    return re.sub(r"^(\d+)\.0$", r"\1", str(cell).strip())


def covariates_of(table: pd.DataFrame, taken: set[str]) -> list[str]:
    """Age, sex, stage and grade, each the first column that is known for most and varies."""
    chosen = []
    for pattern in _COVARIATES:
        for name in map(str, table.columns):
            column = _column(table, name)
            if (
                re.fullmatch(pattern, squeezed(name))
                and name not in taken
                and column.notna().mean() >= _KNOWN
                and column.nunique() > 1
            ):
                chosen.append(name)
                break
    return chosen


def labels_of(table: pd.DataFrame, taken: set[str]) -> list[str]:
    """Columns of known subtypes and molecular labels."""
    return [
        name
        for name in map(str, table.columns)
        if name not in taken
        and _LABELS.search(squeezed(name))
        and 2 <= _column(table, name).nunique() <= 8
    ]


def technical_of(table: pd.DataFrame, taken: set[str]) -> list[str]:
    """Columns of the measurement: batches, centres, scanners, purity."""
    return [
        name
        for name in map(str, table.columns)
        if name not in taken
        and _TECHNICAL.search(squeezed(name))
        and _column(table, name).nunique() > 1
    ]


def is_sample_map(table: pd.DataFrame, columns: pd.Index) -> bool:
    """Whether a table names samples and patients, and no endpoint."""
    names = {squeezed(name) for name in columns}
    samples = names & {"sampleid", "samplesubmitterid", "sampleidentifier"}
    patients = names & {"patientid", "casesubmitterid", "patientidentifier", "caseid"}
    return bool(samples and patients) and not endpoints_of(table)
