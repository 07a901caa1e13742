"""Identifiers of one patient written in several ways: matched where only one can be meant."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import pandas as pd

# ruff: noqa: RUF001 - hyphens and dashes as portals and word processors write them


def _separators(name: str) -> str:
    """Small letters, and one sign for all that stands between words; 12.0 is 12."""
    text = unicodedata.normalize("NFKC", name.strip()).casefold()
    text = re.sub(r"^(\d+)\.0$", r"\1", text)
    return re.sub(r"[-‐‑–—_.\s/]+", "-", text).strip("-")


def _without_x(name: str) -> str:
    """Without the X that R puts before a name that begins with a number."""
    return re.sub(r"^x(?=\d)", "", _separators(name))


def _without_zeros(name: str) -> str:
    """Without zeros at the head of a number, which spreadsheets take away."""
    return re.sub(r"(?<!\d)0+(?=\d)", "", _without_x(name))


#: Ways to write a name so that equal ones are the same; the surest first, each with the one before.
_WAYS: tuple[tuple[Callable[[str], str], str], ...] = (
    (_separators, "case or the signs between words"),
    (_without_x, "an X before the number"),
    (_without_zeros, "zeros before the number"),
)


def matched(names: Sequence[str], known: Iterable[str]) -> tuple[dict[str, str], str]:
    """Known patients that other names mean, where one name and one patient only are alike.

    Names that are known as they stand stay. Also says by what the names differed, with an example.
    """
    patients, every = set(known), set(names)
    open_names = sorted(every - patients)
    result: dict[str, str] = {}
    notes = []
    if not open_names or every >= patients:
        return result, ""
    for way, called in _WAYS:
        # Against all names and patients, those that are matched already too.
        theirs = Counter(map(way, every))
        ours: dict[str, list[str]] = {}
        for patient in patients:
            ours.setdefault(way(patient), []).append(patient)
        taken = {*result.values(), *every}
        pairs = {
            name: ours[key][0]
            for name in open_names
            if name not in result
            and theirs[key := way(name)] == 1
            and len(ours.get(key, ())) == 1
            and ours[key][0] not in taken
        }
        if pairs:
            name = next(iter(pairs))
            notes.append(f"{len(pairs)} differ by {called} ({name}: {pairs[name]})")
        result |= pairs
    return result, "; ".join(notes)


def likely_difference(names: Iterable[str], known: Iterable[str]) -> str:
    """How names that are not known may mean known patients all the same; empty where nothing tells.

    Told where at least half of the names hold a patient, such as ``P7_T1`` or ``PAT-7``, or are
    written like several patients.
    """
    absent = list(dict.fromkeys(map(str, names)))
    patients = list(dict.fromkeys(map(str, known)))
    longer, shorter = _held(absent, patients), _held(patients, absent)
    pairs, inside = (longer, True) if len(longer) >= len(shorter) else (shorter, False)
    if not pairs or 2 * len(pairs) < len(absent):
        return ""
    long, (short, before, after) = next(iter(pairs.items()))
    name, patient = (long, short) if inside else (short, long)
    where = "around" if before and after else "in front of" if before else "behind"
    if not before and not after:  # without a sign, or alike with several
        return f'{len(pairs)} of {len(absent)} may be patients (such as "{name}": "{patient}")'
    more, less = ("here", "there") if inside else ("there", "here")
    return (
        f"{len(pairs)} of {len(absent)} would be patients but for what stands {where} the name "
        f'{more} and not {less} (such as "{name}": "{patient}")'
    )


def _held(longer: Sequence[str], shorter: Sequence[str]) -> dict[str, tuple[str, bool, bool]]:
    """Names that hold a shorter one, and whether more stands before and after it.

    Of several ways to cut names, the one that gives most different shorter names.
    """
    by_tokens = {_tokens(name): name for name in reversed(shorter)}
    sizes = {len(tokens) for tokens in by_tokens}
    ways: dict[tuple[str, str], dict[str, str]] = {}
    for name in longer:
        tokens = _tokens(name)
        for size in sizes:
            for i in range(len(tokens) - size + 1):
                if (held := by_tokens.get(tokens[i : i + size])) is not None:
                    shape = (_shape(tokens[:i]), _shape(tokens[i + size :]))
                    ways.setdefault(shape, {})[name] = held
    if not ways:
        return {}
    best = max(ways, key=lambda shape: len(set(ways[shape].values())))
    return {name: (held, bool(best[0]), bool(best[1])) for name, held in ways[best].items()}


def _tokens(name: str) -> tuple[str, ...]:
    """Runs of letters and numbers of a name, without zeros at their head."""
    return tuple(re.findall(r"[^\W\d_]+|\d+", _without_zeros(name)))


def _shape(tokens: Sequence[str]) -> str:
    return "-".join("#" if token.isdigit() else token for token in tokens)


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
