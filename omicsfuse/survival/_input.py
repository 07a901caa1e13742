"""What all survival functions share: checked arrays, patients in common, order of subtypes."""

import re

import numpy as np
import pandas as pd

from omicsfuse.core.errors import CohortError

#: Fewest events for which a p-value is given.
MINIMUM_EVENTS = 10

#: Fewest events for each term of a Cox model (Vittinghoff & McCulloch, Am J Epidemiol 2007).
MINIMUM_EVENTS_PER_TERM = 5


#: Years at which survival is stated, and predictions are judged.
YEARS = (1, 3, 5)


def check_survival(time: np.ndarray, event: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return times as float and events as bool, or say which values cannot be survival data."""
    times = np.asarray(time, dtype=float)
    events = np.asarray(event)
    if times.ndim != 1 or times.shape != events.shape:
        raise CohortError(
            f"time has shape {times.shape} and event {events.shape}: give two one-dimensional "
            "arrays with one value per patient"
        )
    bad = ~(np.isfinite(times) & (times >= 0))
    if bad.any():
        raise CohortError(
            f"{int(bad.sum())} survival times are missing, infinite or negative (first: "
            f"{times[bad][0]} at position {int(np.flatnonzero(bad)[0])}): exclude these "
            "patients"
        )
    known = np.isin(events, (0, 1))
    if not known.all():
        raise CohortError(
            f"{int((~known).sum())} events are neither 0 nor 1 (first: {events[~known][0]!r} at "
            f"position {int(np.flatnonzero(~known)[0])}): code the event as 1 and censoring as 0"
        )
    return times, events.astype(bool)


def check_entry(entry: np.ndarray | None, times: np.ndarray) -> np.ndarray:
    """Return times of entry as float, minus infinity where nobody enters late."""
    if entry is None:
        return np.full(len(times), -np.inf)
    entries = np.asarray(entry, dtype=float)
    if entries.shape != times.shape:
        raise CohortError(
            f"entry has shape {entries.shape} and time {times.shape}: give one value per patient"
        )
    bad = ~(entries < times)
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        raise CohortError(
            f"{int(bad.sum())} patients enter at or after the end of follow-up, or have no "
            f"entry time (first: entry {entries[first]}, time {times[first]} at position "
            f"{first}): exclude them, as they were never at risk"
        )
    return entries


def check_groups(group: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the sorted group names and each patient's group as an integer code."""
    groups = np.asarray(group)
    if groups.shape != (n,):
        raise CohortError(
            f"group has shape {groups.shape} but there are {n} patients: give one group per patient"
        )
    missing = pd.isna(groups)
    if missing.any():
        raise CohortError(
            f"{int(missing.sum())} patients have no group: exclude them from time, event and group"
        )
    names, codes = np.unique(groups, return_inverse=True)
    return names, codes


def events_text(events: int) -> str:
    """Write a number of events."""
    return f"{events} event" if events == 1 else f"{events} events"


def natural_key(name: str) -> list[tuple[int, int, str]]:
    """Sort key that puts S2 before S10."""
    parts = re.split(r"([0-9]+)", name)
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts if part]


def patients_in_common(
    labels: pd.Series, survival: pd.DataFrame
) -> tuple[pd.Series, pd.DataFrame, list[str]]:
    """Match labels and survival by patient, in the order of ``survival``; name the subtypes."""
    missing = [column for column in ("time", "event") if column not in survival.columns]
    if missing:
        raise CohortError(
            f"the survival table lacks the column {missing[0]!r}; it has "
            f"{[str(column) for column in survival.columns]}: give 'time' and 'event' (0 or 1)"
        )
    for source, index in (("subtype labels", labels.index), ("survival table", survival.index)):
        if index.has_duplicates:
            twice = [str(patient) for patient in index[index.duplicated()].unique()[:5]]
            raise CohortError(f"patients occur more than once in the {source}: {', '.join(twice)}")
    known = labels.dropna().astype(str)
    shared = survival.index[survival.index.isin(known.index)]
    if shared.empty:
        raise CohortError(
            f"none of the {len(known)} patients with a subtype is among the {len(survival)} "
            f"with survival data (for example {_example(known.index)} and "
            f"{_example(survival.index)}): use the same identifiers in both"
        )
    matched = known.loc[shared]
    return matched, survival.loc[shared], sorted(matched.unique(), key=natural_key)


def _example(index: pd.Index) -> str:
    return repr(str(index[0])) if len(index) else "nobody"
