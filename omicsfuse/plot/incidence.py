"""Cumulative incidence of competing events, one panel for each cause."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omicsfuse.core.results import SurvivalComparison
from omicsfuse.core.time_to_event import per_unit, shown_unit
from omicsfuse.plot.canvas import grid_behind, nothing, panel_grid, styled
from omicsfuse.plot.colours import position, subtype_colour
from omicsfuse.plot.free_space import FreeSpace, axes_size
from omicsfuse.plot.kaplan import time_ticks
from omicsfuse.plot.numbers import clean, shorten
from omicsfuse.plot.rows import rows_with

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLUMNS = 3


@styled
def cumulative_incidence(
    comparison: SurvivalComparison, *, unit: str | None = None, ax: "Axes | None" = None
) -> "list[Axes]":
    """Draw the cumulative incidence of each cause in each subtype (Aalen-Johansen).

    Parameters
    ----------
    comparison : SurvivalComparison
        With ``incidence``.
    unit : {"days", "weeks", "months", "years"}, optional
        Unit of the times shown, by default as in ``kaplan_meier``.
    ax : matplotlib.axes.Axes, optional
        Axes to draw in; a new figure otherwise.

    Returns
    -------
    list of matplotlib.axes.Axes
        One for each cause, all on one scale, with 95% confidence bands.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.plot import cumulative_incidence
    >>> from omicsfuse.core.results import SurvivalComparison
    >>> none = pd.DataFrame()
    >>> table = pd.DataFrame({"subtype": "S1", "cause": ["tumour", "other"], "time": 9.0,
    ...                       "incidence": [0.3, 0.1], "ci_low": 0.0, "ci_high": 0.5})
    >>> comparison = SurvivalComparison("dss", "days", none, none, none, none, incidence=table)
    >>> [panel.get_title(loc="left") for panel in cumulative_incidence(comparison)]
    ['tumour', 'other']
    """
    table = rows_with(comparison.incidence, "time", "incidence")
    if table.empty:
        return [nothing(f"no competing events for endpoint {comparison.endpoint}", ax)]
    shown = shown_unit(comparison.unit, float(table["time"].max()), unit)
    table = table.assign(time=table["time"].astype(float) * per_unit(comparison.unit, shown))
    causes = list(dict.fromkeys(table["cause"].astype(str)))
    rows = -(-len(causes) // _COLUMNS)
    width = 1.2 + 2.9 * min(len(causes), _COLUMNS)
    drawn = panel_grid(ax, len(causes), _COLUMNS, width, 0.3 + 2.9 * rows)
    last = float(table["time"].max()) or 1.0
    highest = rows_with(table, "ci_high")
    top = max([float(table["incidence"].max()), *highest.get("ci_high", pd.Series(dtype=float))])
    top = min(1.0, max(top, 0.05)) * 1.03
    across, up = axes_size(drawn[0], 0.7, 0.7, own=ax is None)
    across, up = across / min(len(causes), _COLUMNS), up / rows
    for i, (panel, cause) in enumerate(zip(drawn, causes, strict=True)):
        curve = table[table["cause"].astype(str) == cause]
        names = sorted(set(curve["subtype"].astype(str)), key=lambda name: (position(name), name))
        curves = {}
        for name in names:
            steps = _from_nothing(curve[curve["subtype"].astype(str) == name])
            colour = subtype_colour(name)
            band = 0.12 if len(names) <= 4 else 0.4 / len(names)
            time, value, low, high = (
                steps[column].to_numpy(dtype=float)
                for column in ("time", "incidence", "ci_low", "ci_high")
            )
            panel.fill_between(
                time, low, high, where=np.isfinite(low) & np.isfinite(high), step="post",
                color=colour, alpha=band, lw=0,
            )  # fmt: skip
            panel.step(time, value, where="post", color=colour, linewidth=1.7, label=name)
            curves[name] = (time, value)
        panel.set_xlim(0, last * 1.06)
        panel.set_ylim(0, top)
        ticks = time_ticks(last, shown, 6 if across > 3.4 else 4)
        panel.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        panel.yaxis.set_major_formatter(lambda share, _: f"{100 * share:g}%")
        grid_behind(panel, "y")
        unsaid = set(names) - set(
            FreeSpace(curves, (last * 1.06, top), across, up).label_curves(panel)
        )
        if unsaid and i == len(causes) - 1:
            panel.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
        panel.set_title(shorten(cause, 36))
        panel.set_xlabel(f"Time ({clean(shown)})")
        if i % _COLUMNS == 0:
            panel.set_ylabel("Cumulative incidence")
        else:
            panel.tick_params(labelleft=False)
    return drawn


def _from_nothing(steps: pd.DataFrame) -> pd.DataFrame:
    """Order steps by time, beginning with nobody having had the event at time zero."""
    steps = steps.sort_values("time", kind="stable")
    if steps["time"].iloc[0] <= 0:
        return steps
    first = steps.iloc[[0]].assign(time=0.0, incidence=0.0, ci_low=0.0, ci_high=0.0)
    return pd.concat([first, steps], ignore_index=True)
