"""The key below the comprehensive heatmap: what each colour means, in lines that do not overlap."""

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from omicsfuse.plot.canvas import inches_from
from omicsfuse.plot.cell import OWN_SIZE
from omicsfuse.plot.colours import INK, MUTED
from omicsfuse.plot.numbers import shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from omicsfuse.plot.annotation_rows import AnnotationRow

_SIZE = 6.8
_LINE, _BOX = 0.165, 0.095


@functools.cache
def text_width(text: str, *, bold: bool = False) -> float:
    """Width of a line of DejaVu Sans in inches: lines are broken before anything is drawn."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    if not text.strip():
        return 0.0
    font = FontProperties(family="DejaVu Sans", weight="bold" if bold else "normal")
    box = TextPath((0, 0), text, size=_SIZE, prop=font, usetex=False).get_extents()
    return float(box.x1) / 72


def draw_key(
    ax: "Axes", key: Sequence["AnnotationRow"], width: float, lines: Sequence[str] = ()
) -> None:
    """Write the key below the axes: a bold name, its colours; long ones go on in a new line.

    ``lines`` stand below it.
    """
    from matplotlib.patches import Rectangle

    inches = inches_from(ax, 0, 0)
    left, indent = -0.95, 0.0
    x, y = left, -0.24

    def write(text: str, at: float, **how: Any) -> None:
        ax.text(at, y, text, transform=inches, va="center", ha="left", fontsize=_SIZE,
                label=OWN_SIZE, **how)  # fmt: skip

    for entry in key:
        title = shorten(entry.name, 26)
        wide = text_width(title, bold=True) + 0.08
        parts = [(shorten(text, 26), colour) for text, colour in entry.key]
        sizes = [_BOX + 0.05 + text_width(text) + 0.12 for text, _ in parts]
        whole = wide + sum(sizes)
        if x > left and x + whole > left + width:
            x, y = left, y - _LINE
        write(title, x, color=INK, fontweight="bold")
        indent = x + wide
        x = indent
        for (text, colour), size in zip(parts, sizes, strict=True):
            if x > indent and x + size > left + width:
                x, y = left + 0.2, y - _LINE
            box: dict[str, Any] = {"facecolor": colour, "edgecolor": MUTED, "linewidth": 0.3}
            ax.add_patch(
                Rectangle((x, y - _BOX / 2), _BOX, _BOX, transform=inches, clip_on=False, **box)
            )
            write(text, x + _BOX + 0.05, color=INK)
            x += size
        x += 0.16
    for line in lines:
        y -= _LINE
        write(line, left, color=MUTED)
