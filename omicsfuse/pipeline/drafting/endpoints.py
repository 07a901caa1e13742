"""Which clinical columns are the time and the event of an endpoint, by their names and values."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field

import pandas as pd

from omicsfuse.core.checks.clinical import meanings
from omicsfuse.core.checks.tables import listed
from omicsfuse.core.missing import without_missing

_UNITS = {
    **dict.fromkeys(("day", "days"), "days"),
    **dict.fromkeys(("week", "weeks"), "weeks"),
    **dict.fromkeys(("month", "months", "mo", "mos"), "months"),
    **dict.fromkeys(("year", "years", "yr", "yrs"), "years"),
}
#: Words that make a column a time, or an event; the others of its name say of what.
_TIME = frozenset({"time", "times", "duration", "followup", *_UNITS})
_EVENT = frozenset(
    {"event", "events", "status", "vital", "censor", "censored", "censoring", "censorship"}
    | {"indicator", "flag", "occurred"}
)
_HAPPENED = frozenset(
    {"dead", "death", "deceased", "died", "relapse", "recurrence", "progression", "failure"}
)
#: Words that say nothing of what happened.
_BESIDE = frozenset(
    {"in", "to", "of", "the", "from", "at", "by", "until", "last", "follow", "up", "contact"}
    | {"known", "patient", "new", "tumor", "tumour"}
)
#: Words of columns that hold a number of days or years, and are no time to an event.
_OTHER_TIMES = frozenset(
    {"age", "birth", "diagnosis", "collection", "smoked", "quit", "initial", "smoking", "packs"}
    | {"pack", "treatment", "therapy", "radiotherapy", "chemotherapy", "treat", "start", "end"}
    | {"index", "procurement", "sample", "form", "completion", "surgery", "dose", "menopause"}
    | {"year", "date"}
)
#: What endpoints are called by what is left of a name; other words are joined.
_CALLED = {
    **dict.fromkeys(("", "survival", "overall survival", "death", "dead", "died", "os"), "os"),
    **dict.fromkeys(("deceased", "overall", "all cause death"), "os"),
    **dict.fromkeys(("progression", "progression free", "progression free survival"), "pfs"),
    **dict.fromkeys(("progression free interval",), "pfi"),
    **dict.fromkeys(("disease free", "disease free survival"), "dfs"),
    **dict.fromkeys(("disease free interval",), "dfi"),
    **dict.fromkeys(("disease specific", "disease specific survival"), "dss"),
    **dict.fromkeys(("recurrence", "recurrence free", "recurrence free survival"), "rfs"),
    **dict.fromkeys(("relapse", "relapse free", "relapse free survival"), "rfs"),
    **dict.fromkeys(("event free", "event free survival"), "efs"),
    **dict.fromkeys(("distant metastasis", "distant metastases", "metastasis free"), "dmfs"),
}
_DEATH = ("daystodeath", "timetodeath")
_FOLLOW_UP = (
    *("daystolastfollowup", "daystolastfollow", "daystolastcontact", "daystolastknownalive"),
    *("demographicdaystodeath", "diagnosesdaystolastfollowup"),
)
#: Share of the patients that have a time, or an event, of a column that is one.
_KNOWN = 0.5
_MOST_WORDS = 8


@dataclass
class Drafted:
    """One endpoint: its lines in the manifest, and what is open.

    ``assumed``: the unit is told by nothing but how long the times are; ``unknown``: words of the
    event whose meaning is open, so that the endpoint cannot be used as it stands.
    """

    time: list[str]
    event: str
    unit: str
    longest: float = 0.0
    assumed: bool = False
    meaning: dict[str, int | None] = field(default_factory=dict)
    inverted: bool = False

    @property
    def unknown(self) -> list[str]:
        """Words that may mean the event, censored, or missing."""
        return [word for word, value in self.meaning.items() if value is None]


def squeezed(name: object) -> str:
    """Small letters and digits of a name."""
    return re.sub(r"[^a-z0-9]", "", str(name).lower())


def words_of(name: object) -> list[str]:
    """Words of a name in small letters, also where capitals begin them."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", " ", str(name))
    return re.findall(r"[a-z]+|\d+", spaced.lower())


def cells_of(table: pd.DataFrame, name: str) -> pd.Series:
    """Known cells of a column, words for missing taken out."""
    column = table[name]
    first = column.iloc[:, 0] if isinstance(column, pd.DataFrame) else column
    return without_missing(first)[0]


def endpoints_of(table: pd.DataFrame) -> dict[str, Drafted]:
    """Endpoints whose time and event are both there (table: patients x clinical columns)."""
    names = [str(name) for name in dict.fromkeys(table.columns)]
    by_name = {squeezed(name): name for name in names}
    death = next((by_name[word] for word in _DEATH if word in by_name), "")
    follow_up = next((by_name[word] for word in _FOLLOW_UP if word in by_name), "")
    both = [name for name in (death, follow_up) if name]
    times = [name for name in names if name not in both and _is_time(table, name)]
    events = [name for name in names if name not in both + times and _is_event(table, name)]
    # Where the unit is told by the name, nothing has to be asked.
    times.sort(key=lambda name: (not _unit(name), len(name)))
    events.sort(key=lambda name: ("event" not in words_of(name), len(name)))
    drafted: dict[str, Drafted] = {}
    used: set[str] = set()
    for name in times:
        subject = _subject(name)
        event = next((e for e in events if e not in used and _subject(e) == subject), "")
        if not event or name_of(subject) in drafted:
            continue
        drafted[name_of(subject)] = _drafted(table, [name], event)
        used.add(event)
    if "os" not in drafted:
        fitting = [e for e in events if name_of(_subject(e)) == "os" and e not in used]
        survival = both if death else [name for name in times if name_of(_subject(name)) == "os"]
        survival = survival or both
        if fitting and survival:
            chosen = survival if death else survival[:1]
            drafted["os"] = _drafted(table, chosen, fitting[0])
    order = ["os", *(name for name in drafted if name != "os")]
    return {name: drafted[name] for name in order if name in drafted}


def _subject(name: str) -> str:
    """What a name says of the event, without what makes it a time or an event."""
    return " ".join(word for word in words_of(name) if word not in _TIME | _EVENT | _BESIDE)


def name_of(subject: str) -> str:
    """Name of an endpoint."""
    return _CALLED.get(subject, "_".join(subject.split()))


def _unit(name: str) -> str:
    return next((_UNITS[word] for word in words_of(name) if word in _UNITS), "")


def _is_time(table: pd.DataFrame, name: str) -> bool:
    words = set(words_of(name))
    if words & _OTHER_TIMES or not (words & _TIME or {"follow", "up"} <= words):
        return False
    column = cells_of(table, name)
    numbers = pd.to_numeric(column, errors="coerce")
    known = numbers.dropna()
    return (
        len(known) >= _KNOWN * max(len(column), 1)
        and len(known) >= _KNOWN * max(column.notna().sum(), 1)
        and known.nunique() > 5
    )


def _is_event(table: pd.DataFrame, name: str) -> bool:
    """Whether a column says of most patients whether something happened."""
    words = words_of(name)
    column = cells_of(table, name)
    if not 2 <= column.nunique() <= _MOST_WORDS or column.notna().mean() < _KNOWN:
        return False
    cells = {_plain(cell).lower() for cell in column.dropna().unique()}
    if cells <= {"0", "1", "true", "false"}:
        return True
    marked = bool(set(words) & (_EVENT | _HAPPENED))
    told = [value for value in meanings(sorted(cells)).values() if value is not None]
    return marked and bool(told or cells <= {"1", "2"})


def _drafted(table: pd.DataFrame, times: list[str], event: str) -> Drafted:
    """Unit and meaning of the words of an endpoint."""
    numbers = pd.concat([pd.to_numeric(cells_of(table, t), errors="coerce") for t in times])
    longest = float(numbers.max()) if numbers.notna().any() else 0.0
    unit = next((_unit(name) for name in times if _unit(name)), "")
    made = Drafted(times, event, unit, longest)
    if not unit:
        made.unit = "days" if longest > 400 else "months" if longest > 30 else "years"
        made.assumed = True
    column = cells_of(table, event).dropna()
    distinct = sorted({_plain(cell) for cell in column.unique()})
    plain = {word.lower() for word in distinct}
    inverted = any(word.startswith("censor") for word in words_of(event))
    if inverted and plain <= {"0", "1"}:
        made.meaning, made.inverted = {"0": 1, "1": 0}, True
    elif not plain <= {"0", "1", "true", "false"} and not all(
        re.match(r"[01]:.", word) for word in distinct
    ):
        made.meaning = meanings(distinct)
    return made


def _plain(cell: object) -> str:
    return re.sub(r"^(\d+)\.0$", r"\1", str(cell).strip())


def events_of(table: pd.DataFrame, end: Drafted) -> int:
    """Events of an endpoint, as far as its words tell."""
    cells = cells_of(table, end.event).dropna().map(_plain)
    meaning = {word: value for word, value in end.meaning.items() if value is not None}
    if not meaning:
        return int(cells.str.lower().str.match(r"1(:|$)|true$").sum())
    return int(cells.map(meaning).eq(1).sum())


def unit_questions(ends: Collection[Drafted]) -> list[str]:
    """Say once, for all endpoints, which units are told by nothing but how long times are."""
    assumed = [end for end in ends if end.assumed]
    by_unit: dict[str, list[Drafted]] = {}
    for end in assumed:
        by_unit.setdefault(end.unit, []).append(end)
    questions = []
    for unit, those in by_unit.items():
        names = listed((end.time[0] for end in those), 4)
        questions.append(
            f"are the times of {names} in {unit}? Their names do not tell; the longest is "
            f"{max(end.longest for end in those):.4g}, so {unit} are assumed."
        )
    return questions
