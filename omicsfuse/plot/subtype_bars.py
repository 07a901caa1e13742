"""Above a picture of patients by subtype: the subtypes as bars in their colours, with names."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from omicsfuse.plot.canvas import inches_from
from omicsfuse.plot.colours import INK, subtype_colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Height of a bar and distances above and below it, in inches.
_HEIGHT, _GAP = 0.12, 0.04


def bars_above(
    ax: "Axes",
    labels: npt.ArrayLike,
    names: Sequence[str],
    places: npt.ArrayLike | None = None,
    *,
    up: float = 0.0,
    line: float = 1.0,
) -> None:
    """Draw bars above axes whose patients lie side by side, and part subtypes by a white line.

    ``labels``: subtype of each patient in the order drawn; ``places``: where each of them is, 0, 1,
    2 ... by default; ``up``: inches that are taken above the axes; ``line``: width of the line.
    """
    from matplotlib.patches import Rectangle
    from matplotlib.transforms import blended_transform_factory

    labels = np.asarray(labels).astype(str)
    at = np.arange(len(labels)) if places is None else np.asarray(places)
    place: Any = blended_transform_factory(ax.transData, inches_from(ax, 0, 1))
    low = up + _GAP
    first = True
    for name in names:
        own = at[labels == name]
        if not len(own):
            continue
        start, end = float(own[0]) - 0.5, float(own[-1]) + 0.5
        box: dict[str, Any] = {"facecolor": subtype_colour(name), "edgecolor": "white"}
        ax.add_patch(
            Rectangle(
                (start, low), end - start, _HEIGHT, transform=place, clip_on=False,
                linewidth=0.8, **box,
            )
        )  # fmt: skip
        ax.text(
            (start + end) / 2, low + _HEIGHT + _GAP / 2, name, transform=place, ha="center",
            va="bottom", color=INK,
        )  # fmt: skip
        if line and not first:
            ax.axvline(start, color="white", linewidth=line, zorder=3)
        first = False
