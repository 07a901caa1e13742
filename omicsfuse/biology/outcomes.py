"""Clinical columns that hold an outcome, told by their names."""

import re

#: Words that stand for an outcome wherever they occur.
_ALONE = {"alive", "dead", "death", "deceased", "died", "followup", "survival"}
#: Company in which they do not: genes, proteins and lung volumes.
_NOT_WITH = {"cell", "ligand", "programmed", "receptor", "space"}
#: Names of endpoints: overall, progression-free, disease-specific, disease-free, event-free and
#: relapse-free survival or interval.
_ENDPOINTS = {"dfi", "dfs", "dss", "efs", "os", "pfi", "pfs", "rfs"}
_EVENTS = (r"relaps\w*", r"recur\w*", r"progress\w*", r"metasta\w*")
_TIMES = {"day", "days", "month", "months", "time", "week", "weeks", "year", "years"}
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_JOINED = re.compile(rf"({'|'.join(sorted(_ENDPOINTS))})(time|event|status|days|months|years)")


def is_outcome(name: str) -> bool:
    """Say whether a clinical column holds an outcome, from the words of its name.

    A word of death or survival, an endpoint (``os``, ``pfs`` ...) or a relapse with a time, event
    or status, or ``event`` with a time. It rather misses an outcome than takes something else for
    one: a bare ``recurrence``, which may tell primary from recurrent tumours, is none.
    """
    words = [word.lower() for word in _WORDS.findall(name)]
    parts = set(words)
    if "follow" in parts and words[words.index("follow") + 1 : words.index("follow") + 2] == ["up"]:
        parts.add("followup")
    if parts & _ALONE and not parts & _NOT_WITH:
        return True
    if "vital" in parts and (parts == {"vital"} or "status" in parts):
        return True
    timed = bool(parts & _TIMES)
    told = timed or "event" in parts
    censored = any(word.startswith("censor") for word in words)
    endpoint = parts & _ENDPOINTS
    rest = parts - endpoint
    if endpoint and (told or "status" in parts or censored or all(w.isdigit() for w in rest)):
        return True
    if any(_JOINED.fullmatch(word) for word in words):
        return True
    events = [pattern for pattern in _EVENTS if any(re.fullmatch(pattern, w) for w in words)]
    if events and (told or ("status" in parts and events != [_EVENTS[-1]])):
        return True
    if "event" in parts and timed:
        return True
    return bool(parts & {"time", "event"}) and parts <= _TIMES | {"event"}


def endpoint_of(name: str) -> str:
    """Name of the endpoint (``os``, ``pfs`` ...) that a column of an outcome speaks of, or none."""
    words = [word.lower() for word in _WORDS.findall(name)]
    joined = (_JOINED.fullmatch(word) for word in words)
    known = [word for word in words if word in _ENDPOINTS] + [m.group(1) for m in joined if m]
    return known[0] if known else ""
