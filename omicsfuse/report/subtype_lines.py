"""A line a subtype on the first screen: its size, its survival, what marks it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from omicsfuse.core.results import RunResults, SurvivalComparison
from omicsfuse.core.time_to_event import per_unit, shown_unit
from omicsfuse.plot.numbers import clean, time_text
from omicsfuse.report.sections.biology.portraits import marks
from omicsfuse.report.words import plural

#: Patients at risk below which their number stands beside a median.
_FEW_AT_RISK = 10


@dataclass(frozen=True)
class SubtypeLine:
    """One subtype in a line: its name, its size, its survival, what marks it."""

    name: str
    size: str
    survival: str
    marks: str


def subtype_lines(results: RunResults) -> Iterator[SubtypeLine]:
    """Size, survival and markers of each subtype; nothing of a single one."""
    names = results.subtypes.names
    if len(names) < 2:
        return
    sizes = results.subtypes.labels.value_counts()
    first = first_endpoint(results)
    for name in names:
        label = results.subtypes.label_names.get(name)
        size = f"{clean(label)}, " if label else ""
        size += f"{plural(int(sizes[name]), 'patient')} ({100 * sizes[name] / sizes.sum():.0f}%)"
        text = ""
        if first is not None and name in first.medians.index:
            median = float(first.medians["median"][name])
            events = int(first.medians["events"][name])
            longest = float(first.curves["time"].max()) if len(first.curves) else median
            unit = shown_unit(first.unit, longest)
            reached = "median not reached"
            if median == median:
                times = per_unit(first.unit, unit)
                reached = f"median {time_text(median * times)} {clean(unit)}"
                if {"ci_low", "ci_high"} <= set(first.medians):
                    low, high = (float(first.medians[end][name]) for end in ("ci_low", "ci_high"))
                    ends = f"95% CI {_bound(low * times)} to {_bound(high * times)}"
                    left = _at_risk(first, name, median)
                    reached += f" ({ends}{f'; {left} at risk' if left < _FEW_AT_RISK else ''})"
            text = f"{plural(events, 'event')}, {reached}"
        yield SubtypeLine(name, size, text, marks(results, name))


def first_endpoint(results: RunResults) -> SurvivalComparison | None:
    """Endpoint whose medians stand beside the subtypes."""
    return next((one for one in results.survival.values() if len(one.medians)), None)


def _at_risk(comparison: SurvivalComparison, name: str, time: float) -> float:
    """Patients of a subtype who are followed at this time; NaN where no curve tells."""
    curves = comparison.curves
    if not {"subtype", "time", "at_risk"} <= set(curves):
        return math.nan
    later = curves[(curves["subtype"] == name) & (curves["time"] >= time)]
    return int(later["at_risk"].iloc[0]) if len(later) else math.nan


def _bound(time: float) -> str:
    return time_text(time) if time == time else "not reached"
