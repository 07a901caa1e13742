"""Survival data that look wrong: units taken for others, patients who could not have died."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from omicsfuse.core.time_to_event import PER_YEAR
from omicsfuse.survival._input import natural_key
from omicsfuse.survival.curves import median_follow_up

#: Longest follow-up, in years, beyond which a time is in another unit.
LONGEST_YEARS = 60.0
#: Shortest of the longest follow-up, in years: below it the unit is doubted.
SHORTEST_YEARS = 0.5
#: Probability of an event-free beginning as long as the one seen, below which it is doubted.
IMPROBABLE = 0.001
#: Fewest patients whose times in two endpoints differ by a change of unit.
_SAME_RATIO = 3
_TOLERANCE = 0.02


def doubtful_survival(survival: Mapping[str, pd.DataFrame], units: Mapping[str, str]) -> list[str]:
    """Say, in a sentence each, what in the survival data of a cohort looks like a mistake.

    Longest times above 60 years or below half a year; times of two endpoints that differ by a
    change of unit, within 2%; immortal time (p below 0.001; Suissa 2008, Am J Epidemiol
    167:492-499); median follow-up (reverse Kaplan-Meier) shorter than that of the events.
    """
    doubts = []
    for name, table in survival.items():
        if len(table):
            unit = units[name]
            doubts += _unit(name, table, unit) + _immortal(name, table, unit)
            doubts += _follow_up(name, table, unit)
    names = sorted(survival, key=natural_key)
    for i, first in enumerate(names):
        for second in names[i + 1 :]:
            if units[first] == units[second]:
                doubts += _mixed(first, second, survival[first], survival[second])
    return doubts


def _unit(name: str, table: pd.DataFrame, unit: str) -> list[str]:
    longest = float(table["time"].max())
    years = longest / PER_YEAR[unit]
    shorter = [u for u in PER_YEAR if PER_YEAR[u] < PER_YEAR[unit]]
    longer = [u for u in PER_YEAR if PER_YEAR[u] > PER_YEAR[unit]]
    if years > LONGEST_YEARS:
        likely = [u for u in longer[::-1] if longest / PER_YEAR[u] <= LONGEST_YEARS]
        return [
            f"endpoint {name!r}: the longest time is {longest:g} {unit}, over "
            f"{LONGEST_YEARS:.0f} years"
            + (f": possibly {likely[0]}. Check unit." if likely else ": check unit.")
        ]
    if years < SHORTEST_YEARS and longest > 0:
        likely = [u for u in shorter[::-1] if longest / PER_YEAR[u] <= LONGEST_YEARS / 2]
        guess = "months" if "months" in likely else (likely[0] if likely else "")
        return [
            f"endpoint {name!r}: the longest time is {longest:g} {unit}, under half a year"
            + (f": possibly {guess}. Check unit." if guess else ": check unit.")
        ]
    return []


def _immortal(name: str, table: pd.DataFrame, unit: str) -> list[str]:
    time, event = table["time"].to_numpy(dtype=float), table["event"].to_numpy()
    began = table["entry"].to_numpy(dtype=float) if "entry" in table else np.zeros(len(time))
    if event.sum() < 2:
        return []
    first = float(time[event == 1].min())
    exposure = np.clip(np.minimum(time, first) - began, 0, None).sum()
    expected = event.sum() / max(float((time - began).sum()), 1e-300) * exposure
    if np.exp(-expected) >= IMPROBABLE:
        return []
    return [
        f"endpoint {name!r}: no event in the first {first:g} {unit}, with {expected:.0f} "
        "expected at the overall rate: possible immortal time bias. If inclusion required "
        "survival to a later time, give the time of inclusion as entry of the endpoint."
    ]


def _follow_up(name: str, table: pd.DataFrame, unit: str) -> list[str]:
    follow_up = median_follow_up(table)
    events = table.loc[table["event"] == 1, "time"]
    if len(events) < 2 or not follow_up < float(events.median()):
        return []
    return [
        f"endpoint {name!r}: the median follow-up ({follow_up:g} {unit}, reverse "
        "Kaplan-Meier) is shorter than the median time of the events "
        f"({float(events.median()):g} {unit}): most censored patients were not followed to "
        "the usual time of the event."
    ]


def _mixed(first: str, second: str, times: pd.DataFrame, others: pd.DataFrame) -> list[str]:
    shared = times.index.intersection(others.index)
    a, b = times.loc[shared, "time"], others.loc[shared, "time"]
    usable = (a > 0) & (b > 0)
    ratio = np.maximum(a[usable] / b[usable], b[usable] / a[usable])
    for factor in (365.25, 365.25 / 7, 365.25 / 12, 12.0, 7.0):
        close = (ratio / factor - 1).abs() < _TOLERANCE
        # Ratios are spread widely where events differ; many at one factor are no chance.
        near = ((ratio / factor - 1).abs() < 10 * _TOLERANCE) & ~close
        if close.sum() >= _SAME_RATIO and close.sum() > near.sum():
            patients = ", ".join(map(str, ratio.index[close][:3]))
            return [
                f"endpoints {first!r} and {second!r}: the times of {int(close.sum())} "
                f"patients ({patients} ...) differ by a factor of {factor:.4g}, a ratio of "
                "units of time. Check that units are not mixed."
            ]
    return []
