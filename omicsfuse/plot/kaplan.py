"""Kaplan-Meier curves with censoring marks and numbers at risk."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from omicsfuse.core.results import PAIR, SurvivalComparison
from omicsfuse.core.time_to_event import endpoint_name, per_unit, shown_unit
from omicsfuse.plot.canvas import axes_or_new, grid_behind, nothing, styled
from omicsfuse.plot.colours import INK, MUTED, position, subtype_colour
from omicsfuse.plot.free_space import FreeSpace, axes_size
from omicsfuse.plot.numbers import clean, shorten, time_text, titled
from omicsfuse.plot.tested import log_rank_text, overall_test, pipeline_test
from omicsfuse.stats.p_values import p_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Height of a row of the table of numbers at risk, and how far below the axes it begins, in points.
_ROW, _DEPTH = 13, 38


@styled
def kaplan_meier(
    comparison: SurvivalComparison,
    *,
    unit: str | None = None,
    pairwise: bool = False,
    title: str = "",
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw Kaplan-Meier curves of the subtypes, with a table of numbers at risk.

    The legend has the log-rank test and, for each subtype, patients, events and median. It is
    placed among the curves if it crosses none of them, and above the axes otherwise.

    Parameters
    ----------
    comparison : SurvivalComparison
        Curves, tests and medians of one endpoint.
    unit : {"days", "weeks", "months", "years"}, optional
        Unit of the times shown. By default the unit of the data; days and weeks become months if
        follow-up is 1,000 days or more, and years above five years.
    pairwise : bool
        Whether to write the false discovery rates of the log-rank tests between subtypes below the
        numbers at risk.
    title : str
        Title above the axes.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure otherwise.

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
    ...     "subtype": ["S1"] * 3, "time": [0.0, 500, 1900], "survival": [1, 0.5, 0.5],
    ...     "ci_low": [1, 0.1, 0.1], "ci_high": [1, 0.9, 0.9], "at_risk": [2, 2, 1],
    ...     "events": [0, 1, 0], "censored": [0, 0, 1]})
    >>> none = pd.DataFrame()
    >>> ax = kaplan_meier(SurvivalComparison("os", "days", none, none, curves, none))
    >>> ax.get_ylabel(), ax.get_xlabel()
    ('Overall survival', 'Time (years)')
    """
    curves = comparison.curves
    if curves.empty:
        return nothing(f"no survival curve for endpoint {comparison.endpoint}", ax)
    shown = shown_unit(comparison.unit, float(curves["time"].max()), unit)
    factor = per_unit(comparison.unit, shown)
    curves = curves.assign(time=curves["time"].astype(float) * factor)
    names = sorted(
        {str(name) for name in curves["subtype"]}, key=lambda name: (position(name), name)
    )
    pairs = _pairwise(comparison, names) if pairwise else None
    below = _DEPTH + _ROW * (len(names) + (3.2 + len(pairs) if pairs is not None else 0))
    new = ax is None
    ax = axes_or_new(ax, 6.6, 3.3 + (below + 8) / 72)
    last = float(curves["time"].max()) or 1.0
    steps = {name: _from_start(curves[curves["subtype"].astype(str) == name]) for name in names}
    # Bands of many subtypes lie over one another: paler, the curves stay visible.
    band = 0.1 if len(names) <= 4 else 0.4 / len(names)
    for name, own in steps.items():
        colour = subtype_colour(name)
        time, survival = own["time"], own["survival"]
        ax.fill_between(
            time, own["ci_low"], own["ci_high"], step="post", color=colour, alpha=band, lw=0
        )
        ax.step(time, survival, where="post", color=colour, linewidth=1.7, label=name)
        censored = own[own["censored"] > 0]
        ax.plot(
            censored["time"], censored["survival"], "|", color=colour, markersize=6,
            markeredgewidth=1,
        )  # fmt: skip
    ax.set_ylim(0, 1.03)
    ax.set_xlim(0, last * 1.06)
    ax.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"])
    taken = (below + 16) / 72 + (0.25 if title else 0)
    width, height = axes_size(ax, 1.1 if new else 0.8, taken, own=new)
    ticks = time_ticks(last, shown, 6 if width > 3.4 else 4)
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.set_xlabel(f"Time ({clean(shown)})")
    ax.set_ylabel(shorten(endpoint_name(comparison.endpoint), 40))
    grid_behind(ax, "y")
    space = FreeSpace(
        {
            name: (own["time"].to_numpy(float), own["survival"].to_numpy(float))
            for name, own in steps.items()
        },
        (last * 1.06, 1.03), width, height,
    )  # fmt: skip
    above = _legend(ax, space, names, comparison, factor, shown)
    space.label_curves(ax)
    _numbers_at_risk(ax, names, curves, ticks)
    if pairs is not None:
        _write_pairs(ax, pairs, _DEPTH + _ROW * (len(names) + 1.5))
    if title:
        ax.set_title(shorten(title, 60), pad=5 + above)
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


def time_ticks(last: float, unit: str = "days", most: int = 6) -> np.ndarray:
    """Round times from zero to the last one, about so many; months by the year or half of it."""
    from matplotlib.ticker import MaxNLocator

    if unit == "months" and last > 6:
        step = next((s for s in (3, 6, 12, 24, 36, 60, 120) if last / s <= most), 240)
        ticks = np.arange(0, last * 1.06, step, dtype=float)
    else:
        whole = unit == "years" and last > 4
        locator = MaxNLocator(nbins=most, steps=[1, 2, 3, 5, 10] if whole else [1, 2, 2.5, 5, 10])
        ticks = np.asarray(locator.tick_values(0, last))
    return ticks[(ticks >= 0) & (ticks <= last * 1.06)]


def _legend(
    ax: "Axes",
    space: FreeSpace,
    names: list[str],
    comparison: SurvivalComparison,
    factor: float,
    unit: str,
) -> float:
    """Log-rank test, then patients, events and median of each subtype: free of curves, or above.

    Gives the points above the axes that it takes.
    """
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], color=subtype_colour(name), linewidth=2) for name in names]
    called = [titled(name, comparison.label_names) for name in names]
    labels = [
        f"{title}{_counts(name, comparison, factor, unit)}"
        for title, name in zip(called, names, strict=True)
    ]
    test = log_rank_text(overall_test(comparison), pipeline_test(comparison))
    of_text: dict[str, Any] = {
        "title": test, "alignment": "left", "handlelength": 1.3, "borderpad": 0,
        "borderaxespad": 0, "labelspacing": 0.35, "frameon": True, "framealpha": 0.75,
        "facecolor": "white", "edgecolor": "none", "fancybox": False,
    }  # fmt: skip
    legend = ax.legend(handles, labels, loc="upper left", **of_text)
    legend.get_title().set_fontsize(8)
    figure: Any = ax.figure
    box = legend.get_window_extent()
    place = space.corner(float(box.width) / figure.dpi, float(box.height) / figure.dpi)
    if place is not None:
        legend.set_loc("upper left")
        legend.set_bbox_to_anchor(place)
        return 0.0
    legend.set_loc("lower left")
    legend.set_bbox_to_anchor((0, 1.03))
    return 72 * float(box.height) / figure.dpi + 6


def _counts(name: str, comparison: SurvivalComparison, factor: float, unit: str) -> str:
    """Patients, events and median time of a subtype in words."""
    medians = comparison.medians
    if name not in medians.index:
        return ""
    row: Any = medians.loc[name]
    median = float(row.get("median", np.nan)) * factor
    n, events = int(row["n"]), int(row["events"])
    reached = f"{time_text(median)} {clean(unit)}" if np.isfinite(median) else "not reached"
    patients = "patient" if n == 1 else "patients"
    return f": {n} {patients}, {events} {'event' if events == 1 else 'events'}, median {reached}"


def _pairwise(comparison: SurvivalComparison, names: list[str]) -> pd.DataFrame | None:
    """False discovery rates of the tests between subtypes, as text: a row and a column each."""
    tests = comparison.tests
    tests = tests[tests["kind"] == PAIR] if "kind" in tests else tests.iloc[:0]
    if tests.empty:
        return None
    rows = {}
    for _, row in tests.iterrows():
        first, _, second = str(row["comparison"]).partition(" vs ")
        void = bool(row.get("void", False))
        rows[second, first] = "void" if void else p_text(float(row["fdr"])) or "-"
    table = pd.Series(rows).unstack().reindex(index=names[1:], columns=names[:-1])
    return table.fillna("")


def _write_pairs(ax: "Axes", pairs: pd.DataFrame, depth: float) -> None:
    """Write the tests between subtypes as a triangle below the numbers at risk."""
    options: dict[str, Any] = {
        "xycoords": "axes fraction", "textcoords": "offset points", "va": "center",
        "annotation_clip": False,
    }  # fmt: skip
    ax.annotate(
        "Pairwise log-rank tests, FDR", (0, 0), xytext=(-15, -depth), ha="left", color=MUTED,
        fontsize=7.5, **options,
    )  # fmt: skip
    across = [50.0 * i + 20 for i in range(len(pairs.columns))]
    for x, name in zip(across, pairs.columns, strict=True):
        below = depth + _ROW
        ax.annotate(
            name, (0, 0), xytext=(x, -below), ha="center", color=subtype_colour(str(name)),
            fontweight="bold", **options,
        )  # fmt: skip
    for i, (label, row) in enumerate(pairs.iterrows()):
        name = str(label)
        below = depth + _ROW * (i + 2)
        ax.annotate(
            name, (0, 0), xytext=(-15, -below), ha="right", color=subtype_colour(name),
            fontweight="bold", **options,
        )  # fmt: skip
        for x, text in zip(across, row, strict=True):
            ax.annotate(str(text), (0, 0), xytext=(x, -below), ha="center", color=INK, **options)


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
        xytext=(-15, -_DEPTH),
        ha="left",
        color=MUTED,
        fontsize=7.5,
        **options,
    )
    for row, name in enumerate(names):
        steps = curves[curves["subtype"].astype(str) == name].sort_values("time", kind="stable")
        depth = -_DEPTH - _ROW * (row + 1)
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
