"""Where labels can stand among curves of survival or incidence without crossing any of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from omicsfuse.plot.cell import room
from omicsfuse.plot.colours import subtype_colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: A box as left, lower, right and upper edge, as shares of the axes.
Box = tuple[float, float, float, float]
_POINT = 1 / 72


@dataclass
class FreeSpace:
    """What is taken in axes: by step curves that only rise or only fall, and by labels.

    ``curves`` are times and values in units of the data; ``width`` and ``height`` are those of the
    axes in inches, about; ``limits`` are the largest time and value shown.
    """

    curves: Mapping[str, tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]]
    limits: tuple[float, float]
    width: float
    height: float
    taken: list[Box] = field(default_factory=list)

    def is_free(self, box: Box, margin: float = 0.03) -> bool:
        """Tell whether a box, with a margin in inches around it, meets no curve and no label."""
        across, up = margin / self.width, margin / self.height
        x0, y0, x1, y1 = box[0] - across, box[1] - up, box[2] + across, box[3] + up
        for a0, b0, a1, b1 in self.taken:
            if x0 < a1 and x1 > a0 and y0 < b1 and y1 > b0:
                return False
        for time, value in self.curves.values():
            if x0 * self.limits[0] > time[-1]:
                continue
            ends = np.clip(np.array([x0, x1]) * self.limits[0], time[0], time[-1])
            at = value[np.searchsorted(time, ends, side="right") - 1] / self.limits[1]
            if at.min() <= y1 and at.max() >= y0:
                return False
        return True

    def corner(self, width: float, height: float) -> tuple[float, float] | None:
        """Find the upper left corner of a free box of a size in inches; None where there is none.

        The upper right corner of the axes comes first, then the lower left one, then the highest
        place furthest right.
        """
        w, h = width / self.width, height / self.height
        if w > 0.97 or h > 0.97:
            return None
        places = [(0.99 - w, 0.99), (0.015, h + 0.025)]
        places += [
            (x, y)
            for y in np.arange(0.99, h + 0.02, -0.04)
            for x in np.arange(0.99 - w, 0.01, -0.04)
        ]
        for x, y in places:
            if self.is_free((x, y - h, x + w, y)):
                self.taken.append((x, y - h, x + w, y))
                return float(x), float(y)
        return None

    def label_curves(self, ax: "Axes") -> list[str]:
        """Name each curve beside it where its name crosses nothing; give the names that fitted.

        At its end if possible, else above or below it as late as possible; a curve without room
        for its name has only its colour.
        """
        said = []
        for name, (time, value) in self.curves.items():
            w, h = (0.075 * len(name) + 0.02) / self.width, 0.12 / self.height
            for x, y in self._beside(time, value, w, h):
                box = (x, y - h / 2, x + w, y + h / 2)
                if box[1] < 0 or box[3] > 1 or not self.is_free(box, 0.01):
                    continue
                self.taken.append(box)
                said.append(name)
                ax.text(
                    x, y, name, transform=ax.transAxes, ha="left", va="center_baseline",
                    color=subtype_colour(name), fontweight="bold",
                )  # fmt: skip
                break
        return said

    def _beside(
        self, time: npt.NDArray[np.float64], value: npt.NDArray[np.float64], w: float, h: float
    ) -> Iterable[tuple[float, float]]:
        """Places for the left middle of a name, the best first."""
        end, level = time[-1] / self.limits[0], value[-1] / self.limits[1]
        gap = 4 * _POINT
        yield end + gap / self.width, level
        away = h / 2 + 0.035 / self.height
        for share in np.arange(1.0, 0.1, -0.03):
            x = end * share - w / 2
            ends = np.clip(np.array([x, x + w]) * self.limits[0], time[0], time[-1])
            at = value[np.searchsorted(time, ends, side="right") - 1] / self.limits[1]
            yield x, float(at.max()) + away
            yield x, float(at.min()) - away


def axes_size(ax: "Axes", width: float, height: float, *, own: bool) -> tuple[float, float]:
    """Size of axes in inches before they are laid out, of which labels take so much."""
    figure: Any = ax.figure
    if own:
        across, up = (float(size) for size in figure.get_size_inches())
    else:
        box = room(ax)
        across, up = float(box.width / figure.dpi), float(box.height / figure.dpi)
    return max(across - width, 0.5), max(up - height, 0.5)
