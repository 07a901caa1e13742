"""Decision curves: what a model is worth to somebody who treats above a risk."""

from typing import TYPE_CHECKING

from omicsfuse.core.results import SurvivalComparison
from omicsfuse.plot.calibrated import legend_beside, model_style
from omicsfuse.plot.canvas import grid_behind, nothing, panels, styled
from omicsfuse.plot.colours import INK, MUTED
from omicsfuse.plot.numbers import years_text
from omicsfuse.plot.rows import rows_with

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Curves that need no model: line, width, colour.
_WITHOUT_MODEL = {
    "treat all": (MUTED, ":", 1.3),
    "treat none": (INK, "-", 0.9),
}


@styled
def decision_curve(comparison: SurvivalComparison, *, ax: "Axes | None" = None) -> "list[Axes]":
    """Draw net benefit against the risk from which one would treat, one panel for each time.

    One axes for each time, in order; curves far below zero leave the axes.
    """
    table = rows_with(comparison.decision, "years", "threshold", "net_benefit")
    if table.empty:
        return [nothing(f"no decision curve for endpoint {comparison.endpoint}", ax)]
    years = sorted(table["years"].unique())
    drawn = panels(ax, len(years), 2.5 + 2.2 * len(years), 2.6)
    models = list(dict.fromkeys(table["model"].astype(str)))
    top = max(float(table["net_benefit"].max()), 0.02)
    widest = max(float(table["threshold"].max()), 0.02)
    for i, (panel, moment) in enumerate(zip(drawn, years, strict=True)):
        for model in models:
            own = table[(table["years"] == moment) & (table["model"].astype(str) == model)]
            own = own.sort_values("threshold", kind="stable")
            colour, _, line = model_style(model)
            width = 1.7
            if model in _WITHOUT_MODEL:
                colour, line, width = _WITHOUT_MODEL[model]
            panel.plot(
                own["threshold"], own["net_benefit"], color=colour, linestyle=line,
                linewidth=width, label=model,
            )  # fmt: skip
        panel.set_ylim(-0.2 * top, 1.06 * top)
        panel.set_xlim(0, widest)
        grid_behind(panel)
        panel.set_title(years_text(float(moment)))
        panel.set_xlabel("threshold risk")
        if i == 0:
            panel.set_ylabel("net benefit")
        else:
            panel.tick_params(labelleft=False)
    legend_beside(drawn)
    return drawn
