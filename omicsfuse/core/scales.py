"""Scales that words are steps of (stage, grade, T, N, M ...), and names that tell of numbers."""

import re

from omicsfuse.core.missing import level_text

_ROMAN = {"i": 1.0, "ii": 2.0, "iii": 3.0, "iv": 4.0, "v": 5.0, "vi": 6.0}
#: Whose stage it is, and how it was found.
_WHOSE = r"(?:(?:ajcc|uicc|figo|clinical|pathologic(?:al)?|tumou?r|ann arbor|masaoka|overall) )*"
#: How T, N and M were found: clinically, by pathology, after treatment, at recurrence, at autopsy.
_SEEN = r"(?:yp|yc|[cpyra])?"
_IN_BRACKETS = r"(?: ?\([^()]*\))*"
#: Scales and how their steps are written; the group is the step. Substages are merged.
_SCALES = {
    name: re.compile(pattern)
    for name, pattern in {
        "stage": rf"{_WHOSE}(?:(?:stage|figo)? ?(0|iv|iii|ii|i)|(?:stage|figo) ?([0-4]))(?:is)?"
        rf"(?:[abces]{{1,2}}[0-9]?)?{_IN_BRACKETS}",
        "T": rf"{_SEEN}t ?(is|a|[0-4])(?:[a-e][0-9]?)?(?:mic?)?{_IN_BRACKETS}",
        "N": rf"{_SEEN}n ?([0-3])(?:[a-c][0-9]?)?(?:mic?)?{_IN_BRACKETS}",
        "M": rf"{_SEEN}m ?([01])(?:[a-e][0-9]?)?{_IN_BRACKETS}",
        "grade": r"(?:(?:who|isup|figo|fuhrman|tumou?r|histologic(?:al)?) )*"
        r"(?:g ?([1-4])|(?:grade group|grade|gg|isup) ?([0-5]|iv|iii|ii|i))",
        "ECOG": r"(?:ecog|who|zubrod)(?: ps| performance status| score)? ?([0-5])",
        "Gleason patterns": r"(?:gleason )?(?:score )?([1-5] ?\+ ?[1-5])(?: ?= ?[0-9]+)?",
        "Gleason score": r"gleason (?:score |sum )?([2-9]|10)",
    }.items()
}
#: A step that could not be told.
NOT_TOLD = re.compile(rf"(?:stage |grade |figo )?x|gx|{_SEEN}[tnm]x")
#: A bare number, perhaps with a substage, where the name of the column says what it is.
_BARE = r"(?:(10|[0-9])(?:\.0|[a-e][0-9]?)?|(iv|vi?|i{1,3}))"

#: Words of names whose whole numbers are steps, with the smallest and largest of these.
_STEP_NAMES = {
    "stage": (0, 4),
    "figo": (0, 4),
    "grade": (0, 5),
    "isup": (0, 5),
    "ecog": (0, 5),
    "zubrod": (0, 5),
    "gleason": (1, 10),
    "nyha": (1, 4),
    "asa": (1, 6),
    "clark": (1, 5),
}
_TNM_NAMES = {"t": (0, 4), "n": (0, 3), "m": (0, 1)}
_SPANS = {**_STEP_NAMES, **_TNM_NAMES, "status": (0, 5)}
#: Scale whose words may stand beside bare numbers in a column of that name.
_WRITTEN_OUT = {
    **dict.fromkeys(("stage", "figo"), "stage"),
    **dict.fromkeys(("grade", "isup"), "grade"),
    **dict.fromkeys(("ecog", "zubrod", "status"), "ECOG"),
    "gleason": "Gleason score",
    **{name: name.upper() for name in _TNM_NAMES},
}
#: Scales of bare numbers: the word of the name, which may stand before them: ``asa II``.
_NAMED = {
    f"named {word}": (word, re.compile(rf"(?:{word} ?(?:class|level|score|grade)? ?)?{_BARE}"))
    for word in _SPANS
}
_BEFORE_TNM = {
    *("clin", "clinical", "path", "pathologic", "pathological", "pathology", "ajcc", "uicc"),
    *("tnm", "c", "p", "yp", "yc"),
}
#: Words of names whose whole numbers are codes of categories.
CODE_NAMES = {
    *("subtype", "subtypes", "cluster", "clusters", "class", "classes", "code", "id", "arm"),
    *("site", "centre", "center", "batch", "plate", "scanner", "hospital", "institution"),
    *("institute", "cohort", "race", "ethnicity", "histology"),
}
_NAME_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def name_words(name: str) -> set[str]:
    """Words of a name, in small letters."""
    return {word.lower() for word in _NAME_WORDS.findall(name)}


def step_name(name: str) -> dict[str, tuple[int, int]]:
    """Word of a name that says that numbers are steps, with their range; none or one."""
    words = [word.lower() for word in _NAME_WORDS.findall(name)]
    names = {word: span for word, span in _STEP_NAMES.items() if word in words}
    if {"performance", "status"} <= set(words):
        names["status"] = _SPANS["status"]
    if words and words[-1] in _TNM_NAMES and set(words[:-1]) <= _BEFORE_TNM:
        names[words[-1]] = _TNM_NAMES[words[-1]]
    return dict(list(names.items())[:1])


def scales_of(name: str) -> list[str]:
    """Scales that the words of a column may be of: the one its name tells of, those written out.

    The first takes bare numbers and written-out words together, as one column may hold both.
    """
    return [*(f"named {word}" for word in step_name(name)), *_SCALES]


def plain(cell: object) -> str:
    """Write a word in small letters, with single blanks for what is between its parts."""
    text = level_text(cell).strip()
    # A minus in front is of a number, such as a code for missing.
    return text if text.startswith("-") else re.sub(r"[\s_-]+", " ", text).lower()


def on_scale(cell: object, scale: str) -> float | None:
    """Step of a word on a scale; None where it is none."""
    word = plain(cell)
    if scale in _NAMED:
        name, numbers = _NAMED[scale]
        match, (low, high) = numbers.fullmatch(word), _SPANS[name]
        if match is not None:
            number = float(match[1]) if match[1] else _ROMAN[match[2]]
            return number if low <= number <= high else None
        scale = _WRITTEN_OUT.get(name, "")
    match = _SCALES[scale].fullmatch(word) if scale else None
    if match is None:
        return None
    step = next(group for group in match.groups() if group is not None)
    if "+" in step:
        first, second = (int(part) for part in step.split("+"))
        # Groups of the International Society of Urological Pathology.
        sevens = 2.0 if first <= 3 else 3.0
        return {7: sevens, 8: 4.0}.get(first + second, 1.0 if first + second < 7 else 5.0)
    return 0.0 if step in ("is", "a") else _ROMAN[step] if step in _ROMAN else float(step)
