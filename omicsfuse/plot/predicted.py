"""Predicted risks at stated times: predicted against observed, and what a model is worth."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omicsfuse.core.results import SurvivalComparison
from omicsfuse.plot.canvas import grid_behind, nothing, panels, styled
from omicsfuse.plot.colours import ACCENT, INK, MUTED, PALETTE
from omicsfuse.plot.numbers import years_text
from omicsfuse.plot.rows import rows_with

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Colour, marker and line of a model, the same in all figures of predictions.
MODELS: dict[str, tuple[str, str, str]] = {
    "clinical": (PALETTE[4], "o", "--"),
    "clinical + subtypes": (ACCENT, "s", "-"),
}
_OTHER = (PALETTE[3], "^", ":")
#: Curves that need no model: line, width, colour.
_WITHOUT_MODEL = {
    "treat all": (MUTED, ":", 1.3),
    "treat none": (INK, "-", 0.9),
}


def model_style(model: str) -> tuple[str, str, str]:
    """Colour, marker and line style of a model of the risk."""
    return MODELS.get(model, _OTHER)


@styled
def calibration(comparison: SurvivalComparison, *, ax: "Axes | None" = None) -> "list[Axes]":
    """Draw observed against predicted risk in groups of patients, one panel for each time.

    The diagonal is where predictions come true.
    """
    table = rows_with(comparison.calibration, "years", "predicted", "observed")
    if table.empty:
        return [nothing(f"no predicted risk for endpoint {comparison.endpoint}", ax)]
    drawn = _panels(table, ax, 2.7, "predicted risk", "observed risk (1 - Kaplan-Meier)")
    bounds = rows_with(table, "ci_high").get("ci_high", pd.Series(dtype=float))
    top = max([0.1, *table["predicted"], *table["observed"], *bounds])
    top = min(1.0, top) * 1.04
    for moment, panel in drawn.items():
        panel.plot([0, top], [0, top], color=MUTED, linewidth=0.9, linestyle=(0, (3, 3)), zorder=1)
        for model, rows in _models(table, moment, "predicted"):
            colour, mark, line = model_style(model)
            panel.plot(
                rows["predicted"], rows["observed"], color=colour, marker=mark, linestyle=line,
                markersize=5, linewidth=1.2, label=model, zorder=3,
            )  # fmt: skip
            bars = rows_with(rows, "ci_low", "ci_high")
            if len(bars):
                panel.vlines(
                    bars["predicted"], bars["ci_low"], np.minimum(bars["ci_high"], 1),
                    color=colour, linewidth=1, zorder=2,
                )  # fmt: skip
        panel.set_xlim(0, top)
        panel.set_ylim(0, top)
        panel.set_aspect("equal")
    legend_beside(list(drawn.values()))
    return list(drawn.values())


@styled
def decision_curve(comparison: SurvivalComparison, *, ax: "Axes | None" = None) -> "list[Axes]":
    """Draw net benefit against the risk from which one would treat, one panel for each time.

    Curves far below zero leave the axes.
    """
    table = rows_with(comparison.decision, "years", "threshold", "net_benefit")
    if table.empty:
        return [nothing(f"no decision curve for endpoint {comparison.endpoint}", ax)]
    drawn = _panels(table, ax, 2.6, "threshold risk", "net benefit")
    top = max(float(table["net_benefit"].max()), 0.02)
    widest = max(float(table["threshold"].max()), 0.02)
    for moment, panel in drawn.items():
        for model, rows in _models(table, moment, "threshold"):
            colour, _, line = model_style(model)
            width = 1.7
            if model in _WITHOUT_MODEL:
                colour, line, width = _WITHOUT_MODEL[model]
            panel.plot(
                rows["threshold"], rows["net_benefit"], color=colour, linestyle=line,
                linewidth=width, label=model,
            )  # fmt: skip
        panel.set_ylim(-0.2 * top, 1.06 * top)
        panel.set_xlim(0, widest)
    legend_beside(list(drawn.values()))
    return list(drawn.values())


def _panels(
    table: pd.DataFrame, ax: "Axes | None", height: float, across: str, up: str
) -> "dict[float, Axes]":
    """A panel for each time in years, in order, with their names."""
    years = sorted(table["years"].unique())
    drawn = dict(zip(years, panels(ax, len(years), 2.5 + 2.2 * len(years), height), strict=True))
    for moment, panel in drawn.items():
        grid_behind(panel)
        panel.set_title(years_text(float(moment)))
        panel.set_xlabel(across)
        if moment == years[0]:
            panel.set_ylabel(up)
        else:
            panel.tick_params(labelleft=False)
    return drawn


def _models(table: pd.DataFrame, moment: float, order: str) -> Iterator[tuple[str, pd.DataFrame]]:
    """Rows of each model at one time, in order."""
    names = table["model"].astype(str)
    for model in dict.fromkeys(names):
        rows = table[(table["years"] == moment) & (names == model)]
        yield model, rows.sort_values(order, kind="stable")


def legend_beside(drawn: "list[Axes]") -> None:
    """One legend for all panels, right of the last one, where no line can run into it."""
    drawn[-1].legend(loc="upper left", bbox_to_anchor=(1.02, 1.02), handlelength=2.6)
