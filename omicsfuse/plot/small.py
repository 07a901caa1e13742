"""Three small pictures side by side, for the first screen of a report."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from omicsfuse.core.cohort import Cohort
from omicsfuse.core.missing import level_text
from omicsfuse.core.results import Prepared, Subtypes, SurvivalComparison
from omicsfuse.plot.annotation_rows import annotation_row
from omicsfuse.plot.biology import top_markers
from omicsfuse.plot.canvas import new_figure, nothing, styled
from omicsfuse.plot.colours import MUTED, marker, subtype_colour
from omicsfuse.plot.heatmap_key import text_width
from omicsfuse.plot.kaplan import kaplan_meier
from omicsfuse.plot.numbers import clean, short_names, shorten
from omicsfuse.plot.patient_map import patient_map
from omicsfuse.plot.tested import log_rank_text, overall_test, pipeline_test
from omicsfuse.plot.tips import tell

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Width and height of each in inches.
SIZE = (4.3, 3.3)
#: Inches between the two maps, and of a line of their legends; size of its letters in points.
_GAP, _LINE, _SMALL = 0.2, 0.125, 6.8


@styled
def small_kaplan_meier(comparison: SurvivalComparison) -> "Axes":
    """Draw the Kaplan-Meier curves of an endpoint; the colours are told below the pictures.

    In place of the legend, the log-rank test stands above the curves.
    """
    ax = kaplan_meier(comparison, ax=new_figure(*SIZE).subplots())
    legend = ax.get_legend()
    if legend is not None:
        legend.remove()
    test = log_rank_text(overall_test(comparison), pipeline_test(comparison))
    ax.set_title(test, fontsize=8, fontweight="normal")
    return ax


@styled
def small_map(
    embedding: pd.DataFrame,
    subtypes: Subtypes,
    known: pd.Series | None = None,
    kind: str | None = None,
) -> "list[Axes]":
    """Draw the map of the patients by subtype and, where there is one, by a known label.

    ``kind``: what the cohort decided of the label's column. Each map has its legend below it, in
    two columns where they fit; the names are as long as there is room.
    """
    figure: Any = new_figure(*SIZE)
    count = 1 if known is None else 2
    axes = list(figure.subplots(1, count, squeeze=False)[0])
    figure.set_layout_engine("none")
    wide = (SIZE[0] - _GAP * (count - 1)) / count
    keys = [[(name, marker(name), subtype_colour(name)) for name in subtypes.names]]
    placed = embedding.dropna(subset=["x", "y"])
    shown = subtypes.labels[subtypes.labels.index.isin(placed.index)]
    if shown.empty:
        for other in axes[1:]:
            other.remove()
        return [nothing("no patient has a place on the map", axes[0])]
    patient_map(embedding, subtypes, ax=axes[0])
    axes[0].get_legend().remove()
    sizes = [{name: int((shown == name).sum()) for name in subtypes.names}]
    titles = ["subtypes"]
    if known is not None:
        entries, numbers = _by_label(axes[1], embedding, known, kind)
        keys, sizes = [*keys, entries], [*sizes, numbers]
        titles.append(clean(known.name))
    made = [_legend_texts(each, n, wide) for each, n in zip(keys, sizes, strict=True)]
    rows = max(-(-len(texts) // columns) for texts, columns in made)
    below = rows * _LINE + 0.08
    for i, (ax, entries, (texts, columns)) in enumerate(zip(axes, keys, made, strict=True)):
        left = i * (wide + _GAP) / SIZE[0]
        ax.set_position((left, below / SIZE[1], wide / SIZE[0], 1 - (below + 0.25) / SIZE[1]))
        ax.legend(
            handles=[_dot(shape, colour, text) for (_, shape, colour), text in
                     zip(entries, texts, strict=True)],
            loc="upper left", bbox_to_anchor=(0, -0.01), ncols=columns, fontsize=_SMALL,
            handletextpad=0.2, columnspacing=0.8, labelspacing=0.3, borderaxespad=0.2,
            borderpad=0, handlelength=1.2,
        )  # fmt: skip
        ax.set_title(_fitted(titles[i], wide * _SMALL / 10.5))
        ax.set(xlabel="", ylabel="")
    return axes


def _dot(shape: str, colour: str, text: str) -> Any:
    from matplotlib.lines import Line2D

    return Line2D([], [], ls="", marker=shape, color=colour, ms=4.5, mew=0, label=text)


def _legend_texts(
    entries: Sequence[tuple[str, str, str]], sizes: Mapping[str, int], wide: float
) -> tuple[list[str], int]:
    """Names with numbers of patients, as long as a column is wide, and the number of columns."""
    numbers = [f" (n = {sizes[name]})" if name in sizes else "" for name, *_ in entries]
    whole = [f"{clean(name)}{number}" for (name, *_), number in zip(entries, numbers, strict=True)]
    handle = 0.25
    if len(whole) > 2 and all(text_width(text) + handle <= wide / 2 for text in whole):
        return whole, 2
    names = _without_common_start([clean(name) for name, *_ in entries])
    texts = [
        _fitted(name, wide - handle - text_width(number)) + number
        for name, number in zip(names, numbers, strict=True)
    ]
    return texts, 1


def _fitted(text: str, inches: float) -> str:
    """Shorten a text in its middle until it is so narrow."""
    length = len(text)
    while length > 6 and text_width(shorten(text, length)) > inches:
        length -= 1
    return shorten(text, length)


def _without_common_start(names: list[str]) -> list[str]:
    """Names of levels without the words that all long ones begin with, which say nothing here."""
    long = [name for name in names if len(name) > 12]
    alike = takewhile(lambda letters: len(set(letters)) == 1, zip(*long, strict=False))
    start = "".join(letters[0] for letters in alike) if len(long) > 1 else ""
    start = start[: max((start.rfind(end) + 1 for end in " -_.:/"), default=0)]
    if len(start) < 4 or start in long:
        return names
    return [f"...{name.removeprefix(start)}" if name in long else name for name in names]


def _by_label(
    ax: "Axes", embedding: pd.DataFrame, known: pd.Series, kind: str | None
) -> tuple[list[tuple[str, str, str]], dict[str, int]]:
    """Draw the map in the colours that the label has in every figure; its legend, and counts."""
    from matplotlib.colors import to_hex

    placed = embedding.dropna(subset=["x", "y"])
    values = known.reindex(placed.index)
    row = annotation_row(str(known.name), values, kind)
    # Patients without a value lie below the others.
    order = np.argsort(values.notna().to_numpy(), kind="stable")
    drawn = ax.scatter(
        placed["x"].iloc[order], placed["y"].iloc[order], s=14, c=row.colours[order] / 255,
        edgecolors=MUTED, linewidths=0.3,
    )  # fmt: skip
    texts = ["not known" if missing else level_text(value)
             for missing, value in zip(values.isna(), values, strict=True)]  # fmt: skip
    tell(drawn, [[f"{placed.index[i]}: {texts[i]}" for i in order]])
    ax.set_xticks([])
    ax.set_yticks([])
    ax.margins(0.06)
    for side in ax.spines.values():
        side.set_color(MUTED)
    each = [to_hex(colour / 255) for colour in row.colours]
    counts = Counter(each)
    entries = [(text, "o", colour) for text, colour in row.key]
    if row.gradient:
        return entries, {}
    return entries, {text: counts[colour.lower()] for text, colour in row.key}


@styled
def small_heatmap(markers: pd.DataFrame, prepared: Prepared, subtypes: Subtypes) -> "Axes":
    """Draw the top markers of each layer."""
    layers = max(1, int(markers["layer"].nunique()))
    most = max(1, 16 // (layers * max(2, len(subtypes.names))))
    ax = new_figure(*SIZE).subplots()
    top_markers(markers, subtypes, prepared, per_subtype=most, ax=ax)
    names = [label.get_text() for label in ax.get_yticklabels()]
    ax.set_yticks(ax.get_yticks(), short_names(names, 18))
    return ax


def known_label(cohort: Cohort) -> pd.Series | None:
    """First known label of a cohort that has more than one level; None where there is none."""
    if cohort.clinical is None:
        return None
    for name in cohort.known_labels:
        if name in cohort.clinical and cohort.clinical[name].nunique() > 1:
            return cohort.clinical[name]
    return None
