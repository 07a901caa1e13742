"""Around the grid of an oncoprint: burden and clinical tracks on top, shares and counts."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from omicsfuse.plot.annotation_rows import AnnotationRow
from omicsfuse.plot.canvas import frameless, inches_from
from omicsfuse.plot.colours import FAINT, INK, MUTED
from omicsfuse.plot.numbers import shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Cells = npt.NDArray[np.bool_]

#: Height of a clinical track, of the burden, and of a gap, in inches.
TRACK, BURDEN, GAP = 0.13, 0.5, 0.05


def draw_tracks(
    ax: "Axes", x: npt.NDArray[np.float64], rows: Sequence[AnnotationRow], width: float
) -> float:
    """Draw clinical values above the grid, a row each; give the inches that they take."""
    if not rows:
        return 0.0
    height = TRACK * len(rows)
    tracks = _above(ax, GAP, height)
    for y, row in enumerate(rows):
        # Shades of a number are put together by sixteens, so that the figure stays small.
        colours = row.colours if not row.gradient else row.colours // 16 * 16
        for colour in np.unique(colours, axis=0):
            here = x[(colours == colour).all(axis=1)]
            runs = [(place - width / 2, width) for place in here]
            tracks.broken_barh(runs, (y + 0.06, 0.88), facecolors=colour / 255, linewidth=0)
    tracks.set_ylim(len(rows), 0)
    tracks.set_yticks(np.arange(len(rows)) + 0.5, [shorten(row.name, 18) for row in rows])
    tracks.tick_params(axis="y", length=0, labelsize=7)
    tracks.set_xticks([])
    frameless(tracks)
    return height + GAP


def draw_burden(
    ax: "Axes", x: npt.NDArray[np.float64], burden: npt.NDArray[np.float64], label: str, up: float
) -> None:
    """Draw how many alterations each patient has, as bars so many inches above the grid.

    The axis ends at the 98th percentile, at least; bars beyond it are cut off, and their number is
    written above.
    """
    bars = _above(ax, up, BURDEN)
    known = burden[np.isfinite(burden)]
    most = float(np.max(known)) if len(known) else 1.0
    top = max(1.05 * float(np.percentile(known, 98)), 1.0) if len(known) else 1.0
    top = most if most <= 1.5 * top else top
    bars.bar(x, np.nan_to_num(np.minimum(burden, top)), width=1.0, color=MUTED, linewidth=0)
    if most > top:
        bars.text(
            1, 1, f"up to {most:,.0f}", transform=bars.transAxes, ha="right", va="bottom",
            fontsize=7, color=MUTED,
        )  # fmt: skip
    bars.set_ylim(0, top)
    bars.set_xticks([])
    bars.locator_params(axis="y", nbins=3)
    bars.tick_params(axis="y", labelsize=6.5, length=2)
    bars.set_ylabel(label, fontsize=7, rotation=0, ha="right", va="center")
    bars.spines["bottom"].set_color(FAINT)


def _above(ax: "Axes", up: float, height: float) -> "Axes":
    """Axes of a height in inches, so many inches above others, that share their x axis."""
    from matplotlib.transforms import blended_transform_factory

    inches = blended_transform_factory(ax.transAxes, inches_from(ax, 0, 1))
    above = ax.inset_axes((0, up, 1, height), transform=inches)
    above.set_xlim(*ax.get_xlim())
    return above


def draw_shares(ax: "Axes", shares: Sequence[Sequence[float]], names: Sequence[str]) -> float:
    """Write the share of each subtype's patients at the right of each row; give where they end."""
    if len(names) > 6:
        return 1.02
    down = ax.get_yaxis_transform()
    head: dict[str, Any] = {"transform": down, "va": "bottom", "fontsize": 7.2}
    for i, name in enumerate(names):
        place = 1.035 + 0.052 * i
        ax.text(place, -0.72, name, ha="center", color=INK, fontweight="bold", **head)
        for y, row in enumerate(shares):
            text = f"{100 * row[i]:.0f}" if np.isfinite(row[i]) else "-"
            ax.text(
                place, y, text, transform=down, ha="center", va="center", fontsize=7, color=MUTED
            )
    end = 1.015 + 0.052 * len(names)
    ax.text(end, -0.72, "%", ha="left", color=MUTED, **head)
    return end + 0.04


def draw_counts(
    ax: "Axes", start: float, counts: Sequence[Mapping[str, int]], colours: Mapping[str, str]
) -> None:
    """Draw at the right how many patients have each gene altered in which way, as stacked bars."""
    from matplotlib.ticker import MaxNLocator

    bars = ax.inset_axes((start, 0, 0.16, 1))
    left = np.zeros(len(counts))
    for way, colour in colours.items():
        size = np.array([row.get(way, 0) for row in counts], dtype=float)
        if size.any():
            bars.barh(np.arange(len(counts)), size, left=left, height=0.7, color=colour)
            left += size
    bars.set_ylim(*ax.get_ylim())
    bars.set_yticks([])
    bars.xaxis.tick_top()
    bars.xaxis.set_label_position("top")
    bars.xaxis.set_major_locator(MaxNLocator(nbins=2, integer=True))
    bars.tick_params(axis="x", labelsize=6.5, length=2, pad=1)
    bars.set_xlabel("patients", fontsize=7, labelpad=2)
    for side in ("right", "bottom"):
        bars.spines[side].set_visible(False)
    bars.spines["top"].set_visible(True)
    bars.spines["left"].set_color(FAINT)
