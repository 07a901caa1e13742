"""Scaled Schoenfeld residuals: whether a hazard ratio stays the same over follow-up."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omicsfuse.core.results import SurvivalComparison
from omicsfuse.core.time_to_event import per_unit, shown_unit
from omicsfuse.plot.canvas import nothing, panel_grid, styled
from omicsfuse.plot.colours import ACCENT, INK, MUTED
from omicsfuse.plot.kaplan import time_ticks
from omicsfuse.plot.numbers import clean, format_p, shorten
from omicsfuse.plot.rows import fullest_model, rows_with

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Terms drawn at most; the table of tests has them all.
MOST_TERMS = 9
_COLUMNS = 3


def drawn_residuals(comparison: SurvivalComparison) -> pd.DataFrame:
    """Residuals of the fullest model, the only ones that are drawn."""
    table = rows_with(comparison.residuals, "time", "residual")
    if table.empty:
        return table
    return table[table["model"].astype(str) == fullest_model(table["model"])]


@styled
def schoenfeld(comparison: SurvivalComparison, *, ax: "Axes | None" = None) -> "list[Axes]":
    """Draw scaled Schoenfeld residuals over time, one panel for each term of the fullest model.

    One axes for each term, at most nine. The smooth line is the log hazard ratio over time, the
    dashed line the one log hazard ratio of the model.

    Reference: Grambsch PM, Therneau TM. Biometrika 1994;81:515-526.
    """
    table = drawn_residuals(comparison)
    if table.empty:
        return [nothing(f"no Cox model of endpoint {comparison.endpoint} to check", ax)]
    terms = list(dict.fromkeys(table["term"].astype(str)))[:MOST_TERMS]
    rows = -(-len(terms) // _COLUMNS)
    width = 0.6 + 2.7 * min(len(terms), _COLUMNS)
    drawn = panel_grid(ax, len(terms), _COLUMNS, width, 2.35 * rows)
    longest = float(table["time"].max())
    unit = shown_unit(comparison.unit, longest)
    factor = per_unit(comparison.unit, unit)
    table = table.assign(time=table["time"] * factor)
    last = longest * factor or 1.0
    for i, (panel, term) in enumerate(zip(drawn, terms, strict=True)):
        of_term = table[table["term"].astype(str) == term].sort_values("time", kind="stable")
        panel.axhline(0, color=MUTED, linewidth=0.8, linestyle=(0, (1, 2)), zorder=1)
        panel.plot(
            of_term["time"], of_term["residual"], "o", color=MUTED, markersize=3, alpha=0.55,
            markeredgewidth=0, zorder=2,
        )  # fmt: skip
        band = rows_with(of_term, "fit_low", "fit_high")
        if len(band):
            panel.fill_between(
                band["time"], band["fit_low"], band["fit_high"], color=ACCENT, alpha=0.18, lw=0
            )
        smooth = rows_with(of_term, "fit")
        if len(smooth):
            panel.plot(smooth["time"], smooth["fit"], color=ACCENT, linewidth=1.7, zorder=4)
        constant = rows_with(of_term, "coefficient")
        if len(constant):
            panel.axhline(
                float(constant["coefficient"].iloc[0]), color=INK, linewidth=1, linestyle="--",
                zorder=3,
            )  # fmt: skip
        panel.set_xlim(0, last * 1.03)
        ticks = time_ticks(last, unit, 4)
        panel.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        panel.set_title(shorten(term, 34), fontsize=8.8, y=1.0)
        p = format_p(_p(comparison.proportional, str(of_term["model"].iloc[0]), term))
        if p:
            panel.text(
                0.98, 0.97, p, transform=panel.transAxes, ha="right", va="top", fontsize=8,
                bbox={"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 1.5},
            )  # fmt: skip
        if i >= len(terms) - _COLUMNS:
            panel.set_xlabel(f"Time ({clean(unit)})")
        if i % _COLUMNS == 0:
            panel.set_ylabel("log hazard ratio")
    return drawn


def _p(proportional: pd.DataFrame, model: str, term: str) -> float:
    """P-value of the test of a term's hazard ratio being constant; NaN where there is none."""
    table = rows_with(proportional, "p")
    if table.empty:
        return np.nan
    rows = table[(table["model"].astype(str) == model) & (table["term"].astype(str) == term)]
    return float(rows["p"].iloc[0]) if len(rows) else np.nan
