"""Hazard ratios as a forest plot: of Cox models, and of a signature in other cohorts."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omicsfuse.core.results import (
    ABOVE_CUT,
    ADJUSTED,
    ASSIGNED,
    PER_SD,
    SurvivalComparison,
    Verification,
)
from omicsfuse.plot.arguments import require_columns
from omicsfuse.plot.canvas import axes_or_new, nothing, styled, write_beside
from omicsfuse.plot.colours import ACCENT, INK, MUTED
from omicsfuse.plot.numbers import clean, format_interval, shorten
from omicsfuse.stats.p_values import p_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLUMNS = ("model", "term", "n", "events", "hr", "hr_ci_low", "hr_ci_high", "p")
#: Hazard ratios outside these bounds are drawn as arrows at the edge.
_FARTHEST = (0.02, 50.0)


@dataclass(frozen=True)
class Line:
    """One line of a forest plot: a heading where ``hr`` is None.

    ``size`` is that of the square in points; a ``diamond`` spans the interval, of a mean; ``faint``
    lines take no part in a mean; ``more`` stands in a column of its own.
    """

    label: str
    hr: float | None = None
    low: float = np.nan
    high: float = np.nan
    p: float = np.nan
    counts: str = ""
    size: float = 5.5
    diamond: bool = False
    faint: bool = False
    more: str = ""


@styled
def forest(cox: SurvivalComparison | pd.DataFrame, *, ax: "Axes | None" = None) -> "Axes":
    """Draw hazard ratios of Cox models with 95% confidence intervals.

    Parameters
    ----------
    cox : SurvivalComparison or pandas.DataFrame
        A comparison, whose models are drawn; or a table with the columns ``model``, ``term``,
        ``n``, ``events``, ``hr``, ``hr_ci_low``, ``hr_ci_high``, ``p``, as its ``cox``.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure otherwise.

    Returns
    -------
    matplotlib.axes.Axes
        Hazard ratios on a logarithmic axis; a row without one reads "not estimated".

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.plot import forest
    >>> cox = pd.DataFrame({"model": ["univariable"], "term": ["age"], "n": [90], "events": [40],
    ...                     "hr": [1.5], "hr_ci_low": [1.1], "hr_ci_high": [2.0], "p": [0.01]})
    >>> forest(cox).get_xscale()
    'log'
    """
    cox_table = cox.cox if isinstance(cox, SurvivalComparison) else cox
    require_columns(cox_table, _COLUMNS, "cox", "cox of the result of of.compare_survival")
    if cox_table.empty:
        return nothing("no Cox model was fitted", ax)
    rows: list[Line] = []
    endpoints = cox_table["endpoint"].astype(str) if "endpoint" in cox_table else None
    several = endpoints is not None and endpoints.nunique() > 1
    # Models one below the other, each with its rows together, whatever they are called.
    order = ["endpoint", "model"] if several else ["model"]
    number = cox_table[order].astype(str).groupby(order, sort=False).ngroup()
    cox_table = cox_table.iloc[np.argsort(number.to_numpy(), kind="stable")]
    heading = ""
    for _, row in cox_table.iterrows():
        model = clean(row["model"])
        title = f"{clean(row['endpoint'])}: {model}" if several else model
        if title != heading:
            rows.append(Line(title))
            heading = title
        rows.append(line_of(row, str(row["term"])))
    return draw_lines(rows, ax)


@styled
def verification_forest(verification: Verification, *, ax: "Axes | None" = None) -> "Axes":
    """Draw hazard ratios of a locked signature in other cohorts.

    Parameters
    ----------
    verification : Verification
        Its ``table`` has one row a cohort, endpoint and comparison. Scores per standard deviation,
        alone and adjusted, and patients above a locked cut-point are drawn; without scores, all
        rows with a hazard ratio.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure otherwise.

    Returns
    -------
    matplotlib.axes.Axes
        Hazard ratios on a logarithmic axis, grouped by cohort and endpoint; headings mark cohorts
        that are not independent, and negative controls, whose lines are grey.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.plot import verification_forest
    >>> from omicsfuse.core.results import Verification
    >>> table = pd.DataFrame({
    ...     "cohort": ["other"], "endpoint": ["os"], "n": [90],
    ...     "comparison": ["S1 score per SD"], "contrast": ["per SD"],
    ...     "events": [40], "hr": [1.5], "hr_ci_low": [1.1], "hr_ci_high": [2.0], "p": [0.01]})
    >>> verification_forest(Verification(table, {}, {})).get_xscale()
    'log'
    """
    table = verification.table
    # The test over all assigned subtypes has no hazard ratio by nature: it belongs to the table.
    # Nor is a row drawn where nothing was tested: the table says why.
    if len(table):
        tested = table["events"].notna() & (table["contrast"] != ASSIGNED)
        scores = tested & table["contrast"].isin([PER_SD, ADJUSTED, ABOVE_CUT])
        table = table[scores if scores.any() else tested]
    if table.empty:
        return nothing("no hazard ratio was estimated in another cohort", ax)
    rows: list[Line] = []
    heading = ""
    for _, row in table.iterrows():
        role = str(row.get("role", ""))
        title = f"{shorten(row['cohort'], 36)}: {shorten(row['endpoint'], 16)}"
        if role in ("internal-external", "negative control"):
            title += f" ({role})"
        if title != heading:
            rows.append(Line(title))
            heading = title
        line = line_of(row, _comparison(row))
        rows.append(replace(line, faint=role == "negative control"))
    return draw_lines(rows, ax)


def _comparison(row: pd.Series) -> str:
    """Name a comparison; an adjusted one by what it is adjusted for."""
    adjusted_for = str(row.get("adjusted_for", ""))
    if row["contrast"] == ADJUSTED and adjusted_for and adjusted_for != "nan":
        return f"adjusted for {shorten(adjusted_for, 21)}"
    return str(row["comparison"])


def line_of(row: pd.Series, label: str) -> Line:
    """Line of one hazard ratio."""
    known = pd.notna(row["events"]) and pd.notna(row["n"])
    return Line(
        label,
        float(row["hr"]),
        float(row["hr_ci_low"]),
        float(row["hr_ci_high"]),
        float(row["p"]),
        f"{int(row['events'])} / {int(row['n'])}" if known else "",
    )


def _limits(rows: list[Line]) -> tuple[float, float]:
    """Range of the axis: all finite bounds, 1 in the middle part, no further than the farthest."""
    bounds = [
        bound
        for row in rows
        if row.hr is not None
        for bound in (row.hr, row.low, row.high)
        if np.isfinite(bound) and bound > 0
    ]
    low = max(min([*bounds, 0.5]) / 1.15, _FARTHEST[0])
    high = min(max([*bounds, 2.0]) * 1.15, _FARTHEST[1])
    return low, high


def draw_lines(rows: list[Line], ax: "Axes | None", more: str = "") -> "Axes":
    """Draw the lines from top to bottom, with numbers in columns at the right."""
    from matplotlib.ticker import FixedLocator, NullLocator

    ax = axes_or_new(ax, 8.8 if more else 7.4, 1.0 + 0.235 * len(rows))
    low, high = _limits(rows)
    ax.set_xscale("log")
    ax.set_xlim(low, high)
    ax.plot([1, 1], [-0.5, len(rows)], color=MUTED, linewidth=0.9, linestyle=(0, (3, 3)), zorder=1)
    for y, row in enumerate(rows):
        if row.hr is None:
            continue
        if np.isnan(row.hr):
            write_beside(ax, y, 10, "not estimated", MUTED)
        else:
            _interval(ax, y, row, low, high)
            write_beside(ax, y, 10, format_interval(row.hr, row.low, row.high))
            write_beside(ax, y, 130, p_text(row.p))
        write_beside(ax, y, 180, row.counts, MUTED)
        write_beside(ax, y, 240, row.more, MUTED)
    for offset, title in ((10, "HR (95% CI)"), (130, "p"), (180, "events / n"), (240, more)):
        write_beside(ax, -1, offset, title, MUTED)
    labels = [shorten(row.label, 34 if row.hr is not None else 60) for row in rows]
    ax.set_yticks(range(len(rows)), labels)
    for row, label in zip(rows, ax.get_yticklabels(), strict=True):
        if row.hr is None:
            label.set_fontweight("bold")
    ax.set_ylim(len(rows) - 0.4, -1.4)
    ax.tick_params(axis="y", length=0, pad=8)
    candidates = (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)
    ticks = [tick for tick in candidates if low <= tick <= high]
    ax.xaxis.set_major_locator(FixedLocator(ticks))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xticklabels([f"{tick:g}" for tick in ticks])
    ax.spines["left"].set_visible(False)
    ax.set_xlabel("hazard ratio (log scale)")
    return ax


def _interval(ax: "Axes", y: int, row: Line, low: float, high: float) -> None:
    """Draw a hazard ratio and its interval; arrows where they leave the axis."""
    ratio = float(row.hr) if row.hr is not None else np.nan
    left = row.low if np.isfinite(row.low) else ratio
    right = ratio if np.isnan(row.high) else row.high
    if row.diamond:
        across = np.clip([left, ratio, right, ratio], low, high)
        ax.fill(across, [y, y - 0.3, y, y + 0.3], color=ACCENT, linewidth=0, zorder=4)
        return
    ink, square = (MUTED, MUTED) if row.faint else (INK, ACCENT)
    ax.hlines(y, max(left, low), min(right, high), color=ink, linewidth=1.3, zorder=2)
    if right > high:
        ax.plot(high, y, ">", color=ink, markersize=5, clip_on=False, zorder=3)
    if left < low:
        ax.plot(low, y, "<", color=ink, markersize=5, clip_on=False, zorder=3)
    if low <= ratio <= high:
        ax.plot(ratio, y, "s", color=square, markersize=row.size, zorder=4)
