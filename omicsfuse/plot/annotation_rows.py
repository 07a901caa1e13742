"""Rows above a heatmap that say who the patients are: clinical values as colours, with a key."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from omicsfuse.core.cohort import Cohort
from omicsfuse.core.missing import level_text
from omicsfuse.core.results import Subtypes
from omicsfuse.core.variables import CATEGORICAL, ORDERED, decide
from omicsfuse.core.variables import levels as ordered_levels
from omicsfuse.plot.numbers import clean, format_number

#: Colours of categories, apart from those of the subtypes: Paul Tol's light scheme.
CATEGORIES = (
    "#77AADD",
    "#EE8866",
    "#EEDD88",
    "#FFAABB",
    "#44BB99",
    "#BBCC33",
    "#AAAA00",
    "#DDDDDD",
)
#: Colour of a missing value, here and in every block of the heatmap.
MISSING = "#b9c0c8"
#: Levels of a variable in order, and numbers, are light to dark in this colour map.
RAMP = "YlGnBu"
#: Whether the event of an endpoint was seen.
EVENT = {"event": "#4a4f57", "none": "#e6e9ec"}
#: Rows drawn at most.
MOST_VARIABLES = 8

#: Numbers of more different values than this are shown without a level for each.
MOST_LEVELS = 5


@dataclass(frozen=True, eq=False)
class AnnotationRow:
    """One variable as colours: a colour a patient, and the key of what the colours mean.

    ``key`` holds pairs of a text and a colour; of a number (``gradient``) its ends only.
    """

    name: str
    colours: npt.NDArray[np.uint8]
    key: tuple[tuple[str, str], ...]
    gradient: bool = False


def annotation_table(cohort: Cohort, subtypes: Subtypes) -> pd.DataFrame:
    """Choose the clinical variables of the annotation rows.

    Known labels, covariates, then whether the event of each endpoint was seen; columns without any
    value, or with the same value in all patients, are left out, and so is what comes after
    ``MOST_VARIABLES``.
    """
    patients = subtypes.labels.index
    columns: dict[str, pd.Series] = {}
    if cohort.clinical is not None:
        for name in dict.fromkeys([*cohort.known_labels, *cohort.covariates]):
            columns[str(name)] = cohort.clinical[name].reindex(patients)
        for name in cohort.endpoints:
            event = cohort.survival(name)["event"].reindex(patients)
            columns[f"{name}"] = event.map({1: "event", 0: "none"})
    varying = {name: column for name, column in columns.items() if column.nunique() > 1}
    return pd.DataFrame(dict(list(varying.items())[:MOST_VARIABLES]), index=patients)


def annotation_row(name: str, values: pd.Series, kind: str | None = None) -> AnnotationRow:
    """Give each value of a variable a colour.

    Numbers with more than ``MOST_LEVELS`` different values run from light to dark between
    their 2nd and 98th percentile; so do stages, grades and other whole numbers, level by level.
    Other categories have colours of their own: the most frequent ones, the rest as "other".

    ``values``: one value a patient; ``kind``: what the cohort decided of the column, which is only
    decided here of tables from elsewhere.
    """
    present = values.dropna()
    if kind is None:
        kind = decide(values.rename(name)).type
    types = pd.api.types
    numeric = (
        types.is_numeric_dtype(values) and not types.is_bool_dtype(values) and kind != CATEGORICAL
    )
    if numeric and present.nunique() > MOST_LEVELS:
        return _gradient(name, values.to_numpy(dtype=float, na_value=np.nan))
    text = present.astype(object).map(level_text)
    counts = text.value_counts()
    ordered = numeric or kind == ORDERED
    if numeric:
        levels = [level_text(level) for level in sorted(present.unique())]
    elif ordered:
        levels = list(ordered_levels(present.rename(name), ORDERED))
    else:
        levels = sorted(counts.index, key=_level_order)
    if set(levels) <= set(EVENT):
        palette = {level: EVENT[level] for level in levels}
        key = list(palette.items())
    elif ordered:
        palette = dict(zip(levels, _ramp(len(levels)), strict=True))
        key = [(clean(level), colour) for level, colour in palette.items()]
    else:
        often = sorted(counts.index, key=lambda level: (-int(counts[level]), level))
        coloured = set(often if len(often) <= len(CATEGORIES) else often[: len(CATEGORIES) - 1])
        shown = [level for level in levels if level in coloured]
        palette = dict(zip(shown, CATEGORIES, strict=False))
        key = [(clean(level), colour) for level, colour in palette.items()]
        if len(shown) < len(levels):
            key.append((f"other ({len(levels) - len(shown)} values)", CATEGORIES[-1]))
            palette |= {level: CATEGORIES[-1] for level in levels if level not in coloured}
    colours = np.tile(_channels(MISSING), (len(values), 1))
    place = np.flatnonzero(values.notna().to_numpy())
    colours[place] = [_channels(palette[level]) for level in text] if len(place) else 0
    if len(place) < len(values):
        key.append(("missing", MISSING))
    return AnnotationRow(clean(name), colours, tuple(key))


def _gradient(name: str, values: npt.NDArray[np.float64]) -> AnnotationRow:
    import matplotlib

    finite = values[np.isfinite(values)]
    low, high = (float(x) for x in np.percentile(finite, [2, 98]))
    place = np.clip((values - low) / (high - low if high > low else 1.0), 0, 1)
    colours = np.tile(_channels(MISSING), (len(values), 1))
    shown = np.isfinite(place)
    mapped = matplotlib.colormaps[RAMP](0.08 + 0.84 * place[shown])
    colours[shown] = (255 * mapped[:, :3]).round().astype(np.uint8)
    ends = _ramp(2)
    key = [(f"{format_number(low)} or less", ends[0]), (f"{format_number(high)} or more", ends[1])]
    if not shown.all():
        key.append(("missing", MISSING))
    return AnnotationRow(clean(name), colours, tuple(key), gradient=True)


def _ramp(count: int) -> list[str]:
    """Colours from light to dark."""
    import matplotlib
    from matplotlib.colors import to_hex

    colours = matplotlib.colormaps[RAMP]
    return [to_hex(colours(0.08 + 0.84 * i / max(1, count - 1))) for i in range(count)]


def _channels(colour: str) -> npt.NDArray[np.uint8]:
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], dtype=np.uint8)


def _level_order(level: str) -> tuple[str, ...]:
    """Sort key of levels: by name; HPV- before HPV+ by the order of characters."""
    return (level.casefold(), level)
