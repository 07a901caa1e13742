"""Calibration of predicted risks: predicted against observed, at stated times."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omicsfuse.core.results import SurvivalComparison
from omicsfuse.plot.canvas import grid_behind, nothing, panels, styled
from omicsfuse.plot.colours import ACCENT, MUTED, PALETTE
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


def model_style(model: str) -> tuple[str, str, str]:
    """Colour, marker and line style of a model of the risk."""
    return MODELS.get(model, _OTHER)


@styled
def calibration(comparison: SurvivalComparison, *, ax: "Axes | None" = None) -> "list[Axes]":
    """Draw observed against predicted risk in groups of patients, one panel for each time.

    One axes for each time, in order; the diagonal is where predictions come true.
    """
    table = rows_with(comparison.calibration, "years", "predicted", "observed")
    if table.empty:
        return [nothing(f"no predicted risk for endpoint {comparison.endpoint}", ax)]
    years = sorted(table["years"].unique())
    drawn = panels(ax, len(years), 2.5 + 2.2 * len(years), 2.7)
    models = list(dict.fromkeys(table["model"].astype(str)))
    bounds = rows_with(table, "ci_high").get("ci_high", pd.Series(dtype=float))
    top = max([0.1, *table["predicted"], *table["observed"], *bounds])
    top = min(1.0, top) * 1.04
    for i, (panel, moment) in enumerate(zip(drawn, years, strict=True)):
        panel.plot([0, top], [0, top], color=MUTED, linewidth=0.9, linestyle=(0, (3, 3)), zorder=1)
        for model in models:
            own = table[(table["years"] == moment) & (table["model"].astype(str) == model)]
            own = own.sort_values("predicted", kind="stable")
            colour, mark, line = model_style(model)
            panel.plot(
                own["predicted"], own["observed"], color=colour, marker=mark, linestyle=line,
                markersize=5, linewidth=1.2, label=model, zorder=3,
            )  # fmt: skip
            bars = rows_with(own, "ci_low", "ci_high")
            if len(bars):
                panel.vlines(
                    bars["predicted"], bars["ci_low"], np.minimum(bars["ci_high"], 1),
                    color=colour, linewidth=1, zorder=2,
                )  # fmt: skip
        panel.set_xlim(0, top)
        panel.set_ylim(0, top)
        panel.set_aspect("equal")
        grid_behind(panel)
        panel.set_title(years_text(float(moment)))
        panel.set_xlabel("predicted risk")
        if i == 0:
            panel.set_ylabel("observed risk (1 - Kaplan-Meier)")
        else:
            panel.tick_params(labelleft=False)
    legend_beside(drawn)
    return drawn


def legend_beside(drawn: "list[Axes]") -> None:
    """One legend for all panels, right of the last one, where no line can run into it."""
    drawn[-1].legend(loc="upper left", bbox_to_anchor=(1.02, 1.02), handlelength=2.6)
