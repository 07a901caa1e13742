"""How well each subtype is found again when patients are resampled."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omicsfuse.core.results import Assessment
from omicsfuse.plot.canvas import axes_or_new, nothing, styled
from omicsfuse.plot.colours import INK, MUTED, subtype_colour
from omicsfuse.plot.numbers import clean

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Mean Jaccard similarity from which a subtype is said to come back in resampled patients (Hennig
#: 2007, Comput Stat Data Anal 52:258). An aid for reading: it tests nothing.
COMES_BACK = 0.75


@styled
def stability(assessment: Assessment, *, ax: "Axes | None" = None) -> "Axes":
    """Draw the stability of each subtype in resampled patients.

    Parameters
    ----------
    assessment : Assessment
        Its ``stability`` has ``jaccard_mean`` and ``jaccard_sd``.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure otherwise.

    Returns
    -------
    matplotlib.axes.Axes
        Mean Jaccard similarity and its standard deviation, a dashed line at 0.75; at the right, the
        mean, and the share of the resamples in which the subtype dissolves.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.plot import stability
    >>> from omicsfuse.core.results import Assessment
    >>> table = pd.DataFrame({"n": [9], "jaccard_mean": [0.8], "jaccard_sd": [0.1]}, ["S1"])
    >>> stability(Assessment(table, pd.DataFrame(), {})).get_xlabel()
    'Jaccard index over resamples (mean, SD)'
    """
    table = assessment.stability
    if table.empty or table["jaccard_mean"].isna().all():
        return nothing("stability was not assessed", ax)
    ax = axes_or_new(ax, 5.6, 1.1 + 0.32 * len(table))
    ax.axvspan(0, COMES_BACK, color="#f3f4f6", zorder=0)
    ax.axvline(COMES_BACK, color=INK, linewidth=0.9, linestyle=(0, (3, 3)), zorder=2.5)
    for x, text, side in (
        (COMES_BACK - 0.012, "unstable: below", "right"),
        (COMES_BACK + 0.012, f"{COMES_BACK:g}", "left"),
    ):
        ax.text(x, 1.02, text, transform=ax.get_xaxis_transform(), ha=side, color=MUTED)
    for y, (name, row) in enumerate(table.iterrows()):
        mean, spread = float(row["jaccard_mean"]), float(row.get("jaccard_sd", np.nan))
        if np.isnan(mean):
            ax.text(0.02, y, "not assessed", va="center", color=MUTED)
            continue
        colour = subtype_colour(str(name))
        ax.barh(y, mean, height=0.56, color=colour, zorder=2)
        if np.isfinite(spread):
            bounds = [[min(spread, mean)], [min(spread, 1 - mean)]]
            ax.errorbar(mean, y, xerr=bounds, color=INK, linewidth=1, capsize=2.5, zorder=3)
        _beside(ax, y, f"{mean:.2f}", 26)
        if np.isfinite(float(row.get("dissolved", np.nan))):
            _beside(ax, y, f"{100 * float(row['dissolved']):.0f}%", 74)
    if "dissolved" in table and table["dissolved"].notna().any():
        for text, place in (("mean", 26), ("dissolved", 74)):
            ax.annotate(
                text, (1, 1.02), xycoords="axes fraction", xytext=(place, 0),
                textcoords="offset points", ha="right", color=MUTED,
            )  # fmt: skip
    sizes = table["n"] if "n" in table else pd.Series(np.nan, table.index)
    ax.set_yticks(
        range(len(table)),
        [f"{clean(s)} (n = {int(sizes[s])})" if sizes[s] > 0 else clean(s) for s in table.index],
    )
    ax.set_ylim(len(table) - 0.45, -0.55)
    ax.set_xlim(0, 1)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel("Jaccard index over resamples (mean, SD)")
    return ax


def _beside(ax: "Axes", y: float, text: str, points: float) -> None:
    """Write right of the axes, so far that the text ends at a number of points."""
    ax.annotate(
        text,
        (1, y),
        xycoords=("axes fraction", "data"),
        xytext=(points, 0),
        textcoords="offset points",
        ha="right",
        va="center",
        annotation_clip=False,
    )
