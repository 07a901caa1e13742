"""Cumulative incidence of competing events, one panel for each cause."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omicsfuse.core.results import SurvivalComparison
from omicsfuse.plot.canvas import grid_behind, nothing, panel_grid, styled
from omicsfuse.plot.colours import position, subtype_colour
from omicsfuse.plot.kaplan import label_ends, time_ticks
from omicsfuse.plot.numbers import clean, shorten
from omicsfuse.plot.rows import rows_with

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLUMNS = 3


@styled
def cumulative_incidence(
    comparison: SurvivalComparison, *, ax: "Axes | None" = None
) -> "list[Axes]":
    """Draw the cumulative incidence of each cause in each subtype (Aalen-Johansen).

    Parameters
    ----------
    comparison : SurvivalComparison
        With ``incidence``.
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
    causes = list(dict.fromkeys(table["cause"].astype(str)))
    rows = -(-len(causes) // _COLUMNS)
    width = 1.2 + 2.9 * min(len(causes), _COLUMNS)
    drawn = panel_grid(ax, len(causes), _COLUMNS, width, 0.3 + 2.9 * rows)
    last = float(table["time"].max()) or 1.0
    highest = rows_with(table, "ci_high")
    top = max([float(table["incidence"].max()), *highest.get("ci_high", pd.Series(dtype=float))])
    top = min(1.0, max(top, 0.05)) * 1.03
    named = top
    for i, (panel, cause) in enumerate(zip(drawn, causes, strict=True)):
        curve = table[table["cause"].astype(str) == cause]
        ends = []
        names = sorted(set(curve["subtype"].astype(str)), key=lambda name: (position(name), name))
        for name in names:
            steps = _from_nothing(curve[curve["subtype"].astype(str) == name])
            colour = subtype_colour(name)
            band = 0.12 if len(names) <= 4 else 0.4 / len(names)
            low, high = (steps[name].to_numpy(dtype=float) for name in ("ci_low", "ci_high"))
            panel.fill_between(
                steps["time"], low, high, where=np.isfinite(low) & np.isfinite(high),
                step="post", color=colour, alpha=band, lw=0,
            )  # fmt: skip
            panel.step(
                steps["time"], steps["incidence"], where="post", color=colour, linewidth=1.7,
                label=name,
            )  # fmt: skip
            ends.append((float(steps["time"].iloc[-1]), float(steps["incidence"].iloc[-1]), name))
        panel.set_xlim(0, last * 1.06)
        ticks = time_ticks(last)
        panel.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        grid_behind(panel, "y")
        named = max(named, 1.03 * label_ends(panel, ends, top))
        panel.set_title(shorten(cause, 36))
        panel.set_xlabel(f"time ({clean(comparison.unit)})")
        if i % _COLUMNS == 0:
            panel.set_ylabel("cumulative incidence")
        else:
            panel.tick_params(labelleft=False)
    for panel in drawn:
        panel.set_ylim(0, named)
    return drawn


def _from_nothing(steps: pd.DataFrame) -> pd.DataFrame:
    """Order steps by time, beginning with nobody having had the event at time zero."""
    steps = steps.sort_values("time", kind="stable")
    if steps["time"].iloc[0] <= 0:
        return steps
    first = steps.iloc[[0]].assign(time=0.0, incidence=0.0, ci_low=0.0, ci_high=0.0)
    return pd.concat([first, steps], ignore_index=True)
