"""Enrichment plots: the running sum of a gene set along a ranking of genes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omicsfuse.biology.running_sum import curve, peak
from omicsfuse.plot.biology import one_direction
from omicsfuse.plot.canvas import axes_or_new, nothing, panel_grid, styled
from omicsfuse.plot.colours import FAINT, INK, MUTED, subtype_colour
from omicsfuse.plot.numbers import shorten
from omicsfuse.stats.p_values import p_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Panels of a figure at most, and side by side.
_MOST_PANELS = 12
_COLUMNS = 2
_RAISED, _LOWERED = "#b2182b", "#2166ac"


@styled
def enrichment_plot(
    running_sums: pd.DataFrame,
    subtype: str,
    gene_set: str,
    *,
    enrichment: pd.DataFrame | None = None,
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw how the enrichment score of one gene set comes about along one ranking.

    Above, the running sum; its largest excursion is the score. Below it a tick for each gene of the
    set, at its place in the ranking, and at the bottom the statistic of these genes. Frame of the
    three panels, which are its ``child_axes``.
    """
    rows = running_sums
    if len(rows):
        rows = rows[(rows["subtype"] == subtype) & (rows["gene_set"] == gene_set)]
    if rows.empty:
        return nothing(f"no running sum of {gene_set} in {subtype}", ax)
    ax = axes_or_new(ax, 4.2, 2.9)
    ax.axis("off")
    above = ax.inset_axes((0, 0.44, 1, 0.56))
    ticks = ax.inset_axes((0, 0.32, 1, 0.10), sharex=above)
    below = ax.inset_axes((0, 0.0, 1, 0.28), sharex=above)
    n = int(rows["n_genes"].iloc[0])
    x, y = curve(rows)
    colour = subtype_colour(subtype)
    above.axhline(0, color=MUTED, linewidth=0.6)
    above.plot(x, y, color=colour, linewidth=1.5)
    place, height = peak(rows)
    above.plot([place, place], [0, height], color=INK, linewidth=0.8, linestyle=(0, (2, 2)))
    above.margins(x=0, y=0.08)
    above.set_xlim(0, n)
    above.set_ylabel("running sum", fontsize=7.5)
    said = shorten(f"{subtype}: {gene_set}", 38)
    title = f"{said}\n{_scored(enrichment, subtype, gene_set)}".strip()
    above.set_title(title, fontsize=7.8, y=1.0)
    places, statistic = rows["place"].to_numpy(float), rows["statistic"].to_numpy(float)
    colours = np.where(statistic > 0, _RAISED, _LOWERED)
    ticks.vlines(places - 0.5, 0, 1, colors=list(colours), linewidth=0.7)
    ticks.set_ylim(0, 1)
    ticks.yaxis.set_visible(False)
    below.axhline(0, color=MUTED, linewidth=0.6)
    below.vlines(places - 0.5, 0, statistic, colors=list(colours), linewidth=0.9)
    below.set_ylabel("t", fontsize=7.5)
    below.set_xlabel(f"rank among {n:,} genes (highest in {subtype} first)", fontsize=7.5)
    below.locator_params(axis="y", nbins=3)
    for panel in (above, ticks):
        panel.xaxis.set_visible(False)
        panel.spines["bottom"].set_visible(False)
    ticks.spines["left"].set_visible(False)
    ticks.set_facecolor("#f6f7f9")
    for panel in (above, below):
        panel.tick_params(labelsize=7)
        panel.grid(axis="y", color=FAINT, linewidth=0.4)
    return ax


@styled
def enrichment_plots(
    running_sums: pd.DataFrame,
    *,
    enrichment: pd.DataFrame | None = None,
    subtypes: Sequence[str] | None = None,
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw the running sums of several gene sets and subtypes side by side.

    Frame of the first panel; of more than 12 pairs of set and subtype, those that come first in
    each subtype are drawn.
    """
    rows = one_direction(running_sums, subtypes or ()) if len(running_sums) else running_sums
    if rows.empty:
        return nothing("no gene set was tested", ax)
    pairs = rows[["subtype", "gene_set"]].drop_duplicates()
    order = pairs.groupby("subtype", sort=False).cumcount()
    few = pairs.loc[order.sort_values(kind="stable").index[:_MOST_PANELS]].sort_index()
    columns = min(_COLUMNS, len(few))
    frames = panel_grid(ax, len(few), columns, 3.6 * columns, 2.6 * -(-len(few) // columns))
    for frame, (subtype, gene_set) in zip(
        frames, few.itertuples(index=False, name=None), strict=True
    ):
        enrichment_plot(rows, subtype, gene_set, enrichment=enrichment, ax=frame)
    return frames[0]


def _scored(enrichment: pd.DataFrame | None, subtype: str, gene_set: str) -> str:
    """NES and false discovery rate of one set in one subtype, where they are known."""
    if enrichment is None or enrichment.empty:
        return ""
    rows = enrichment[(enrichment["subtype"] == subtype) & (enrichment["gene_set"] == gene_set)]
    rows = rows.dropna(subset=["nes"])
    if rows.empty:
        return ""
    fdr = p_text(float(rows["fdr"].iloc[0]))
    return f"NES {rows['nes'].iloc[0]:.2f}, FDR {fdr}"
