"""Values of groups side by side: box plots with every patient as a dot."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from omicsfuse.plot.colours import INK, MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def box_with_points(
    ax: "Axes", place: float, values: npt.NDArray[np.float64], colours: Any, **dots: Any
) -> Any:
    """Draw median, quartiles, whiskers to 1.5 times their distance, and a dot for each value.

    ``colours`` is one colour, or a value for each dot with a colour map in ``dots``. Dots are
    spread without chance, by steps of the golden ratio, so that neighbours lie apart.
    """
    from matplotlib.patches import Rectangle

    order = np.argsort(values, kind="stable")
    across = np.empty(len(values))
    across[order] = ((np.arange(len(values)) * 0.6180339887) % 1 - 0.5) * 0.44
    drawn = ax.scatter(
        place + across, values, c=colours, **{"s": 6, "alpha": 0.7, "linewidths": 0, **dots}
    )
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    line: dict[str, Any] = {"color": INK, "zorder": 3}
    ax.plot([place - 0.3, place + 0.3], [middle, middle], linewidth=1.6, **line)
    reach = 1.5 * (high - low)
    ends = (values[values >= low - reach].min(), values[values <= high + reach].max())
    for quartile, end in zip((low, high), ends, strict=True):
        ax.plot([place, place], [quartile, end], linewidth=0.8, **line)
    box: dict[str, Any] = {"fill": False, "edgecolor": MUTED, "linewidth": 0.9, "zorder": 2.5}
    ax.add_patch(Rectangle((place - 0.3, low), 0.6, high - low, **box))
    return drawn
