"""Kaplan-Meier curves with censoring marks and numbers at risk."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from omicsfuse.core.results import SurvivalComparison
from omicsfuse.plot.canvas import axes_or_new, grid_behind, nothing, styled
from omicsfuse.plot.colours import INK, MUTED, position, subtype_colour
from omicsfuse.plot.numbers import clean, shorten
from omicsfuse.plot.tested import log_rank_text, overall_test, pipeline_test

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@styled
def kaplan_meier(
    comparison: SurvivalComparison, *, title: str = "", ax: "Axes | None" = None
) -> "Axes":
    """Draw Kaplan-Meier curves of the subtypes, with a table of numbers at risk.

    Parameters
    ----------
    comparison : SurvivalComparison
        Curves, tests and medians of one endpoint.
    title : str
        Title above the log-rank test.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; leave about 0.2 inch below it for each subtype. A new figure otherwise.

    Returns
    -------
    matplotlib.axes.Axes
        Curves with 95% confidence bands; upright ticks mark censored patients.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.plot import kaplan_meier
    >>> from omicsfuse.core.results import SurvivalComparison
    >>> curves = pd.DataFrame({
    ...     "subtype": ["S1"] * 3, "time": [0.0, 5, 9], "survival": [1, 0.5, 0.5],
    ...     "ci_low": [1, 0.1, 0.1], "ci_high": [1, 0.9, 0.9], "at_risk": [2, 2, 1],
    ...     "events": [0, 1, 0], "censored": [0, 0, 1]})
    >>> none = pd.DataFrame()
    >>> kaplan_meier(SurvivalComparison("os", "days", none, none, curves, none)).get_xlabel()
    'time (days)'
    """
    curves = comparison.curves
    if curves.empty:
        return nothing(f"no survival curve for endpoint {comparison.endpoint}", ax)
    names = sorted(
        {str(name) for name in curves["subtype"]}, key=lambda name: (position(name), name)
    )
    ax = axes_or_new(ax, 7.2, 3.6 + 0.19 * len(names))
    last = float(curves["time"].max()) or 1.0
    ends: list[tuple[float, float, str]] = []
    # Bands of many subtypes lie over one another: paler, the curves stay visible.
    band = 0.1 if len(names) <= 4 else 0.4 / len(names)
    for name in names:
        steps = _from_start(curves[curves["subtype"].astype(str) == name])
        colour = subtype_colour(name)
        time, survival = steps["time"], steps["survival"]
        ax.fill_between(
            time, steps["ci_low"], steps["ci_high"], step="post", color=colour, alpha=band, lw=0
        )
        ax.step(time, survival, where="post", color=colour, linewidth=1.7, label=name)
        censored = steps[steps["censored"] > 0]
        ax.plot(
            censored["time"],
            censored["survival"],
            "|",
            color=colour,
            markersize=6,
            markeredgewidth=1,
        )
        ends.append((float(time.iloc[-1]), float(survival.iloc[-1]), name))
    ax.set_ylim(0, 1.03)
    ax.set_xlim(0, last * 1.06)
    ax.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.50", "0.75", "1"])
    ticks = time_ticks(last)
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.set_xlabel(f"time ({clean(comparison.unit)})")
    ax.set_ylabel(f"survival probability ({shorten(comparison.endpoint, 24)})")
    grid_behind(ax, "y")
    label_ends(ax, ends)
    _legend(ax, names, comparison)
    _numbers_at_risk(ax, names, curves, ticks)
    if title:
        ax.set_title(shorten(title, 60), pad=34)
    return ax


def _from_start(steps: pd.DataFrame) -> pd.DataFrame:
    """Order steps by time, beginning with everyone alive at time zero."""
    steps = steps.sort_values("time", kind="stable")
    if len(steps) and steps["time"].iloc[0] <= 0:
        return steps
    first = steps.iloc[[0]].assign(
        time=0.0, survival=1.0, ci_low=1.0, ci_high=1.0, events=0, censored=0
    )
    return pd.concat([first, steps], ignore_index=True)


def time_ticks(last: float) -> np.ndarray:
    """Round times from zero to the last one, about six."""
    from matplotlib.ticker import MaxNLocator

    locator = MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10])
    ticks = np.asarray(locator.tick_values(0, last))
    return ticks[(ticks >= 0) & (ticks <= last * 1.06)]


def label_ends(ax: "Axes", ends: list[tuple[float, float, str]], top: float = 1.0) -> float:
    """Name each curve where it ends, names kept apart, so that colour is not needed.

    ``top`` is the height of the axes in units of the curves. Gives back the height of the highest
    name.
    """
    placed: list[tuple[float, float]] = []
    near = 0.09 * max((end[0] for end in ends), default=1.0)
    for time, value, name in sorted(ends, key=lambda end: end[1]):
        height = max(value, 0.025 * top)
        # Names are placed from the lowest curve up, so that a name only ever moves up.
        for other, taken in sorted(placed, key=lambda place: place[1]):
            if abs(other - time) < near and abs(taken - height) < 0.055 * top:
                height = taken + 0.055 * top
        placed.append((time, height))
        ax.annotate(
            name,
            (time, height),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            color=subtype_colour(name),
            fontweight="bold",
            annotation_clip=False,
        )
        if height > value + 0.08 * top:  # far from its curve: a thread leads there
            thread: dict[str, Any] = {"linewidth": 0.7, "linestyle": (0, (1, 2)), "zorder": 1}
            ax.plot([time, time], [value, height], color=subtype_colour(name), **thread)
    return max((height for _, height in placed), default=0.0)


def _legend(ax: "Axes", names: list[str], comparison: SurvivalComparison) -> None:
    """Patients, events and median of each subtype, and the log-rank test, right of the curves."""
    from matplotlib.lines import Line2D

    handles, labels = [], []
    for name in names:
        handles.append(Line2D([], [], color=subtype_colour(name), linewidth=2))
        labels.append(f"{name}{_median(name, comparison)}")
    legend = ax.legend(
        handles, labels, loc="upper left", bbox_to_anchor=(1.02, 1.02), handlelength=1.3
    )
    legend.set_in_layout(True)
    text = log_rank_text(overall_test(comparison), pipeline_test(comparison))
    if text:
        ax.text(0, 1.03, text, transform=ax.transAxes, va="bottom", color=INK, linespacing=1.35)


def _median(name: str, comparison: SurvivalComparison) -> str:
    """Patients, events and median time of a subtype in words."""
    medians = comparison.medians
    if name not in medians.index:
        return ""
    row: Any = medians.loc[name]
    median = float(row.get("median", np.nan))
    text = f"median {median:.0f}" if np.isfinite(median) else "median not reached"
    if np.isfinite(median) and median < 20:
        text = f"median {median:.1f}"
    n, events = int(row["n"]), int(row["events"])
    patients = "patient" if n == 1 else "patients"
    return f": {n} {patients},\n{events} {'event' if events == 1 else 'events'}, {text}"


def _numbers_at_risk(ax: "Axes", names: list[str], curves: pd.DataFrame, ticks: np.ndarray) -> None:
    """Write under each tick how many patients were still followed at that time."""
    options: dict[str, Any] = {
        "textcoords": "offset points",
        "va": "center",
        "annotation_clip": False,
    }
    ax.annotate(
        "Number at risk",
        (0, 0),
        xycoords="axes fraction",
        xytext=(-15, -38),
        ha="right",
        color=MUTED,
        fontsize=7.5,
        **options,
    )
    for row, name in enumerate(names):
        steps = curves[curves["subtype"].astype(str) == name].sort_values("time", kind="stable")
        depth = -38 - 13 * (row + 1)
        ax.annotate(
            name,
            (0, 0),
            xycoords="axes fraction",
            xytext=(-15, depth),
            ha="right",
            color=subtype_colour(name),
            fontweight="bold",
            **options,
        )
        for tick in ticks:
            later = steps[steps["time"] >= tick]
            count = int(later["at_risk"].iloc[0]) if len(later) else 0
            ax.annotate(
                str(count),
                (tick, 0),
                xycoords=("data", "axes fraction"),
                xytext=(0, depth),
                ha="center",
                **options,
            )
