"""Three small pictures side by side, for the first screen of a report."""

from typing import TYPE_CHECKING

import pandas as pd

from omicsfuse.core.cohort import Cohort
from omicsfuse.core.missing import level_text
from omicsfuse.core.results import Prepared, Subtypes, SurvivalComparison
from omicsfuse.plot.biology import top_markers
from omicsfuse.plot.canvas import new_figure, styled
from omicsfuse.plot.colours import MUTED
from omicsfuse.plot.kaplan import kaplan_meier
from omicsfuse.plot.numbers import clean, shorten
from omicsfuse.plot.patient_map import patient_map
from omicsfuse.plot.tested import log_rank_text, overall_test, pipeline_test
from omicsfuse.plot.tips import tell

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Width and height of each in inches.
SIZE = (4.3, 3.3)
#: Levels of a known label that are coloured; the others share a grey.
_MOST_LEVELS = 6
#: Colours of the levels: those of the subtypes would suggest that the two are matched.
_LABELS = ("#22272e", "#f0a202", "#7b3294", "#1b9e77", "#b2182b", "#6baed6")


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
    embedding: pd.DataFrame, subtypes: Subtypes, known: pd.Series | None = None
) -> "list[Axes]":
    """Draw the map of the patients by subtype and, where there is one, by a known label."""
    axes = new_figure(*SIZE).subplots(1, 1 if known is None else 2, squeeze=False)[0]
    patient_map(embedding, subtypes, ax=axes[0])
    axes[0].set_title("subtypes")
    if known is not None:
        _by_label(axes[1], embedding, known)
    for ax in axes:
        legend = ax.get_legend()
        if legend is not None:
            legend.remove()
        ax.legend(
            loc="upper center", bbox_to_anchor=(0.5, -0.01), ncols=2, fontsize=7,
            handletextpad=0.2, columnspacing=0.8, labelspacing=0.3,
        )  # fmt: skip
        ax.set_xlabel("")
        ax.set_ylabel("")
    return list(axes)


def _by_label(ax: "Axes", embedding: pd.DataFrame, known: pd.Series) -> None:
    """Draw the map coloured by the levels of a label, the most frequent first."""
    placed = embedding.dropna(subset=["x", "y"])
    labels = known.reindex(placed.index).dropna().map(level_text)
    counts = labels.value_counts().head(_MOST_LEVELS)
    rest = placed.index.difference(labels.index[labels.isin(counts.index)])
    if len(rest):
        word = "other" if len(counts) == _MOST_LEVELS else "not known"
        ax.scatter(
            placed.loc[rest, "x"], placed.loc[rest, "y"], s=8, color="#d5dade",
            label=f"{word} (n = {len(rest)})",
        )  # fmt: skip
    for level, colour in zip(counts.index, _LABELS, strict=False):
        patients = labels.index[labels == level]
        drawn = ax.scatter(
            placed.loc[patients, "x"], placed.loc[patients, "y"], s=14, color=colour,
            edgecolors="white", linewidths=0.3,
            label=f"{shorten(level, 14)} (n = {len(patients)})",
        )  # fmt: skip
        tell(drawn, [[f"{patient}: {level}" for patient in patients]])
    ax.set_xticks([])
    ax.set_yticks([])
    ax.margins(0.06)
    for side in ax.spines.values():
        side.set_color(MUTED)
    ax.set_title(shorten(clean(known.name), 22))


@styled
def small_heatmap(markers: pd.DataFrame, prepared: Prepared, subtypes: Subtypes) -> "Axes":
    """Draw the top markers of each layer."""
    layers = max(1, int(markers["layer"].nunique()))
    most = max(1, 16 // (layers * max(2, len(subtypes.names))))
    ax = new_figure(*SIZE).subplots()
    top_markers(markers, subtypes, prepared, per_subtype=most, ax=ax)
    names = [label.get_text() for label in ax.get_yticklabels()]
    ax.set_yticks(ax.get_yticks(), [shorten(name, 18) for name in names])
    return ax


def known_label(cohort: Cohort) -> pd.Series | None:
    """First known label of a cohort that has more than one level; None where there is none."""
    if cohort.clinical is None:
        return None
    for name in cohort.known_labels:
        if name in cohort.clinical and cohort.clinical[name].nunique() > 1:
            return cohort.clinical[name]
    return None
