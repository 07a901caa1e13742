"""A signature among random gene sets: does it go with outcome more than any genes would?"""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omicsfuse.core.results import Verification
from omicsfuse.plot.canvas import nothing, panel_grid, styled
from omicsfuse.plot.colours import ACCENT, FAINT, INK, MUTED, PALETTE
from omicsfuse.plot.numbers import format_p, shorten
from omicsfuse.stats.p_values import permutation_p

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLUMNS = 3


@styled
def random_null_figure(
    verification: Verification,
    *,
    cohort: str | None = None,
    endpoint: str | None = None,
    ax: "Axes | None" = None,
) -> "list[Axes]":
    """Draw the score test of a signature among those of random gene sets, one panel a score.

    Histograms of ``|z|`` of random sets, a line at the signature's, and ticks below at those of
    signatures from shuffled discoveries; the percentile is in the title.
    """
    null = verification.null
    for column, wanted in (("cohort", cohort), ("endpoint", endpoint)):
        if wanted is not None and len(null):
            null = null[null[column] == wanted]
    if null.empty or not (null["kind"] != "signature").any():
        return [nothing("the signature was not compared with random gene sets", ax)]
    keys = ["cohort", "endpoint", "signature", "score"]
    groups = list(null.groupby(keys, sort=False))
    columns = min(_COLUMNS, len(groups))
    rows = -(-len(groups) // columns)
    drawn = panel_grid(ax, len(groups), columns, 0.5 + 2.75 * columns, 0.2 + 2.6 * rows)
    top = 1.08 * float(null["z"].abs().max())
    bins = np.linspace(0, max(top, 1.0), 36)
    for i, (panel, (key, part)) in enumerate(zip(drawn, groups, strict=True)):
        _panel(panel, part, bins)
        where = f"{shorten(key[0], 24)}, {shorten(key[1], 10)}"
        # A height that is given is not looked for, which takes a tenth of the time.
        title = f"{where}\n{shorten(key[3], 30)}\n{_place(part)}"
        panel.set_title(title, fontsize=8.5, y=1.0)
        if i % columns == 0:
            panel.set_ylabel("random gene sets")
        if i >= len(groups) - columns:
            panel.set_xlabel("|z| of the score test")
    return drawn


def _panel(panel: "Axes", part: pd.DataFrame, bins: np.ndarray) -> None:
    """Histogram of one score, with the signature's line and shuffled signatures below."""
    z = part["z"].abs()
    # One outline: a rectangle a bin takes a second to draw where there are many panels.
    counts, _ = np.histogram(z[part["kind"] == "random"].dropna(), bins)
    panel.stairs(counts, bins, fill=True, facecolor=FAINT, edgecolor=MUTED, linewidth=0.5)
    height = max(panel.get_ylim()[1], 1.0) * 1.05
    shuffled = z[part["kind"] == "permuted"].to_numpy()
    floor = 0.0
    if len(shuffled):
        floor = -0.12 * height
        panel.vlines(shuffled, floor * 0.85, floor * 0.15, color=PALETTE[1], linewidth=0.8)
        panel.annotate(
            "shuffled",
            (1, floor * 0.5),
            xycoords=("axes fraction", "data"),
            ha="right",
            va="center",
            fontsize=7,
            color=PALETTE[1],
        )
    signature = z[part["kind"] == "signature"]
    if len(signature) and np.isfinite(signature.iloc[0]):
        panel.vlines(signature.iloc[0], 0, height, color=ACCENT, linewidth=2, zorder=3)
    panel.set_ylim(floor, height)
    panel.set_xlim(bins[0], bins[-1])
    panel.set_yticks([tick for tick in panel.get_yticks() if 0 <= tick <= height])
    panel.axhline(0, color=INK, linewidth=0.6)


def _place(part: pd.DataFrame) -> str:
    """Percentile of the signature among random sets, in words."""
    signature = part.loc[part["kind"] == "signature", "z"].abs()
    random = part.loc[part["kind"] == "random", "z"].abs()
    if not len(signature) or not np.isfinite(signature.iloc[0]):
        return "not tested"
    if not len(random):
        return "no random sets"
    reached = int((random >= signature.iloc[0]).sum())
    p = permutation_p(reached, len(random))
    percentile = 100 * float((random < signature.iloc[0]).mean())
    # Never rounded up to 100: that is only said where no set reaches the signature.
    shown = f"{percentile:.0f}" if percentile in (0, 100) else f"{min(percentile, 99.9):.1f}"
    return f"percentile {shown}" + (f" ({format_p(p)})" if len(random) >= 20 else "")
