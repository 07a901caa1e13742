"""Do the subtypes hang on a setting? Agreement under each value that was tried."""

from typing import TYPE_CHECKING, Any

import numpy as np

from omicsfuse.core.results import Assessment
from omicsfuse.plot.canvas import axes_or_new, colour_bar, frameless, nothing, styled
from omicsfuse.plot.colours import INK, MUTED, SEQUENTIAL, text_colour
from omicsfuse.plot.numbers import clean, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NAMES = {
    "n_neighbors": "neighbours K",
    "mu": "kernel width mu",
    "n_iterations": "iterations of fusion",
    "variant": "variant of fusion",
    "n_features": "share of features",
    "random_state": "seed of k-means",
}


@styled
def sensitivity(assessment: Assessment, *, ax: "Axes | None" = None) -> "Axes":
    """Draw the agreement with the reported subtypes under other settings, one moved at a time.

    A row for each setting and a cell for each value, with the adjusted Rand index; a frame
    around the value reported, and a letter in cells that are empty, whose reason is below.
    """
    import matplotlib
    from matplotlib.colors import to_hex
    from matplotlib.patches import Rectangle

    table = assessment.sensitivity
    if table.empty:
        return nothing("no other settings were tested", ax)
    settings = list(dict.fromkeys(table["setting"]))
    widest = int(table["setting"].value_counts().max())
    ax = axes_or_new(ax, 2.4 + 0.78 * max(widest, 4), 0.9 + 0.4 * len(settings))
    colours = matplotlib.colormaps[SEQUENTIAL]
    reasons: list[str] = []
    for y, setting in enumerate(settings):
        for x, (_, row) in enumerate(table[table["setting"] == setting].iterrows()):
            agreement, note = float(row["agreement"]), clean(row["note"])
            known, reported = bool(np.isfinite(agreement)), bool(row["reported"])
            background = to_hex(colours(np.clip(agreement, 0, 1))) if known else "#ffffff"
            if not known and note not in reasons:
                reasons.append(note)
            letter = "" if known else f"({chr(ord('a') + reasons.index(note) % 26)})"
            box = Rectangle(
                (x - 0.46, y - 0.42), 0.92, 0.84, facecolor=background, zorder=2,
                edgecolor=MUTED if not known else background, linewidth=0.6,
                linestyle="-" if known else ":",
            )  # fmt: skip
            ax.add_patch(box)
            if reported:
                frame: dict[str, Any] = {"fill": False, "edgecolor": INK, "linewidth": 1.8}
                ax.add_patch(Rectangle((x - 0.49, y - 0.47), 0.98, 0.94, zorder=3, **frame))
            ink = text_colour(background)
            text: dict[str, Any] = {"ha": "center", "va": "center", "color": ink, "zorder": 4}
            ax.text(x, y - 0.18, shorten(row["value"], 12), fontsize=7.2, **text)
            value = f"{agreement:.2f}" if known else letter
            ax.text(x, y + 0.2, value, fontsize=8, fontweight="bold", **text)
    ax.set_yticks(range(len(settings)), [shorten(setting_name(name), 30) for name in settings])
    ax.set_ylim(len(settings) - 0.4, -0.6)
    ax.set_xlim(-0.6, max(widest, 4) - 0.4)
    ax.set_xticks([])
    ax.tick_params(length=0)
    frameless(ax)
    scale = matplotlib.cm.ScalarMappable(matplotlib.colors.Normalize(0, 1), colours)
    colour_bar(
        scale, ax, "adjusted Rand index with the subtypes", fraction=0.03, pad=0.01, aspect=24
    )
    lines = ["framed: settings of the report"]
    lines += [
        f"({chr(ord('a') + i % 26)}) {shorten(reason, 90)}" for i, reason in enumerate(reasons[:6])
    ]
    ax.set_xlabel("\n".join(lines), loc="left", fontsize=7.5, color=MUTED)
    return ax


def setting_name(setting: str) -> str:
    """Name a setting in words."""
    known = _NAMES.get(setting, clean(setting))
    return known.replace("metric of ", "distance of ", 1)
