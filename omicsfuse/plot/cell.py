"""Axes of the caller: house style, and all that is drawn stays within their cell of the figure."""

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from omicsfuse.plot.colours import INK, MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.transforms import Bbox

#: Share of a cell that labels, legends and tables may take before text is made smaller.
_MOST_ACROSS, _MOST_UP = 0.65, 0.5
#: White around a cell, in inches, and part of the gutters at its right and above that it may use.
_WHITE = 0.05
_RIGHT_GUTTER, _UPPER_GUTTER = 0.12, 0.4
#: Label of text that has the size it needs already.
OWN_SIZE = "omicsfuse-own-size"
#: Text is not made smaller than this share of its size to keep rows apart.
_SMALLEST = 0.55


def take_over(ax: "Axes") -> None:
    """Give axes that were made elsewhere the style of this package; what was drawn stays."""
    import matplotlib

    style = matplotlib.rcParams
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set(edgecolor=MUTED, linewidth=style["axes.linewidth"])
    ax.grid(False)
    ax.tick_params(which="both", color=MUTED, labelcolor=INK, labelsize=style["xtick.labelsize"])
    ax.tick_params(grid_color=style["grid.color"], grid_linewidth=style["grid.linewidth"])
    for axis in (ax.xaxis, ax.yaxis):
        axis.label.set(color=INK, fontsize=style["axes.labelsize"], parse_math=False)


def keep_within(ax: "Axes") -> None:
    """Have all that was drawn in these axes stay in their cell, whatever becomes of the figure."""
    from matplotlib.text import Text

    for text in ax.findobj(Text):
        text.set_parse_math(False)
    if ax.get_axes_locator() is not None:  # inside other axes, whose place is not ours to choose
        return
    places = [child.get_axes_locator() for child in ax.child_axes]
    inside = {id(one.panels): one.panels for one in places if isinstance(one, _Place)}
    whole = Panels([[ax]])
    _make_smaller(whole, tuple(inside.values()))


class Panels:
    """Axes in rows and columns that share a room: each has its labels inside its own part.

    ``inside`` are the axes whose box is the room; without them the room is the cell that the
    single axes have in the figure.
    """

    def __init__(self, grid: "list[list[Axes]]", inside: "Axes | None" = None) -> None:
        self.grid = grid
        self.inside = inside
        self.boxes: dict[int, Bbox] = {}
        self._laid_out: tuple[float, ...] = ()
        self.measuring = False
        self._engine_came = False
        for ax in self.axes:
            place: Any = _Place(self)
            ax.set_axes_locator(place)

    @property
    def axes(self) -> "list[Axes]":
        """All axes, row by row."""
        return [ax for row in self.grid for ax in row]

    def room(self) -> "Bbox":
        """The room in pixels."""
        return self.inside.bbox.frozen() if self.inside is not None else _cell(self.axes[0])

    def left_to_engine(self) -> bool:
        """Tell whether a layout engine of the figure places these axes, or has placed them.

        Matplotlib puts the engine aside once it has done its work, as before saving.
        """
        if self.inside is not None:
            return False
        engine = _engine(self.axes[0])
        self._engine_came = self._engine_came or engine == "at work"
        return engine == "at work" or (engine == "put aside" and self._engine_came)

    def lay_out(self, renderer: Any) -> None:
        """Place the axes, unless they are where they belong."""
        room = self.room()
        state = (*np.round(room.extents, 1), float(self.axes[0].figure.dpi))
        if self.measuring or state == self._laid_out:
            return
        self.measuring = True
        try:
            self._place(room, renderer)
        finally:
            self.measuring = False
        self._laid_out = state

    def _place(self, room: "Bbox", renderer: Any) -> None:
        sizes = np.array([room.width, room.height])
        count = np.array([len(self.grid[0]), len(self.grid)])
        smallest = 0.08 * sizes / count
        seen: list[tuple[Any, Any]] = []
        inner = 0.7 * sizes / count
        for _ in range(6):
            margins = self._margins(room, inner, renderer)
            taken = _sums(margins)
            seen.append((inner, taken))
            left = sizes - count * inner - taken
            if np.all(np.abs(left) < 1):
                break
            inner = np.clip(self._solved(seen, sizes, count), smallest, sizes / count)
        # Where sizes and labels go on pulling at each other, what is too much goes.
        inner = np.maximum(seen[-1][0] + np.minimum(left, 0) / count, smallest)
        self._set(room, inner, margins)

    @staticmethod
    def _solved(seen: list[tuple[Any, Any]], sizes: Any, count: Any) -> Any:
        """Find inner sizes by the line through the last two sizes and what they took up."""
        inner, taken = seen[-1]
        if len(seen) == 1:
            return (sizes - taken) / count
        step = inner - seen[-2][0]
        slope = np.divide(taken - seen[-2][1], step, out=np.zeros(2), where=np.abs(step) > 0.5)
        slope = np.clip(slope, -0.5 * count, None)
        return (sizes - taken + slope * inner) / (count + slope)

    def _margins(self, room: "Bbox", inner: Any, renderer: Any) -> list[Any]:
        """Room for labels: left and right of each column, below and above each row."""
        rows, columns = len(self.grid), len(self.grid[0])
        zero = [np.zeros(columns), np.zeros(columns), np.zeros(rows), np.zeros(rows)]
        self._set(room, inner, zero)
        margins = [np.zeros(columns), np.zeros(columns), np.zeros(rows), np.zeros(rows)]
        for y, row in enumerate(self.grid):
            for x, ax in enumerate(row):
                box = self._pixels(ax)
                _wrap_labels(ax, max(box.width, 0.6 * room.width / columns), renderer)
                drawn = ax.get_tightbbox(renderer)
                if drawn is None:
                    continue
                beyond = (box.x0 - drawn.x0, drawn.x1 - box.x1, box.y0 - drawn.y0,
                          drawn.y1 - box.y1)  # fmt: skip
                for margin, place, size in zip(margins, (x, x, y, y), beyond, strict=True):
                    margin[place] = max(margin[place], size)
        gap = _WHITE * float(self.axes[0].figure.dpi)
        for margin in margins if self.inside is not None else ():
            margin += gap
        return margins

    def _pixels(self, ax: "Axes") -> "Bbox":
        figure: Any = ax.figure
        return figure.transSubfigure.transform_bbox(self.boxes[id(ax)])

    def _set(self, room: "Bbox", inner: Any, margins: list[Any]) -> None:
        """Place the axes of these sizes with these margins, from the upper left."""
        from matplotlib.transforms import Bbox

        figure: Any = self.axes[0].figure
        to_figure = figure.transSubfigure.inverted()
        top = room.y1
        for y, row in enumerate(self.grid):
            top -= margins[3][y]
            left = room.x0
            for x, ax in enumerate(row):
                left += margins[0][x]
                box = Bbox.from_extents(left, top - inner[1], left + inner[0], top)
                self.boxes[id(ax)] = to_figure.transform_bbox(box)
                left += inner[0] + margins[1][x]
            top -= inner[1] + margins[2][y]


class _Place:
    """Matplotlib's question where axes are: answered by the panels to which they belong."""

    def __init__(self, panels: Panels) -> None:
        self.panels = panels

    def get_subplotspec(self) -> Any:
        """Place in the grid of the figure, which ``tight_layout`` asks for."""
        return self.panels.axes[0].get_subplotspec()

    def __call__(self, ax: "Axes", renderer: Any) -> "Bbox":
        figure: Any = ax.get_figure(root=True)
        renderer = figure._get_renderer() if renderer is None else renderer
        if self.panels.left_to_engine() and not self.panels.measuring:
            _wrap_labels(ax, _cell(ax).width, renderer)
            return ax.get_position(original=True)
        self.panels.lay_out(renderer)
        return self.panels.boxes[id(ax)]


def _engine(ax: "Axes") -> str:
    """State of the layout engine of the figure."""
    from matplotlib.layout_engine import PlaceHolderLayoutEngine

    figure: Any = ax.figure
    engine = figure.get_layout_engine()
    if engine is None:
        return ""
    return "put aside" if isinstance(engine, PlaceHolderLayoutEngine) else "at work"


def _cell(ax: "Axes") -> "Bbox":
    """Cell of axes in pixels: up to their neighbours, or to the edge of the figure."""
    from matplotlib.transforms import Bbox

    figure: Any = ax.figure
    own = _place(ax)
    left, bottom, right, top = 0.0, 0.0, 1.0, 1.0
    for other in map(_place, (one for one in figure.axes if one is not ax and one.get_visible())):
        if other.y0 < own.y1 and other.y1 > own.y0:
            if other.x1 <= own.x0:
                left = max(left, other.x1 + _RIGHT_GUTTER * (own.x0 - other.x1))
            elif other.x0 >= own.x1:
                right = min(right, own.x1 + _RIGHT_GUTTER * (other.x0 - own.x1))
        if other.x0 < own.x1 and other.x1 > own.x0:
            if other.y1 <= own.y0:
                bottom = max(bottom, other.y1 + _UPPER_GUTTER * (own.y0 - other.y1))
            elif other.y0 >= own.y1:
                top = min(top, own.y1 + _UPPER_GUTTER * (other.y0 - own.y1))
    box = figure.transSubfigure.transform_bbox(Bbox.from_extents(left, bottom, right, top))
    white = _WHITE * float(figure.dpi)
    title = getattr(figure, "_suptitle", None)
    ceiling = float(box.y1)
    if title is not None and title.get_text() and top == 1.0:
        ceiling = min(ceiling, float(title.get_window_extent().y0))
    return Bbox.from_extents(box.x0 + white, box.y0 + white, box.x1 - white, ceiling - white)


def _place(ax: "Axes") -> "Bbox":
    """Place that the figure gives these axes, as a share of it, whatever is drawn in them."""
    spec = ax.get_subplotspec()
    figure: Any = ax.figure
    if spec is not None and not _engine(ax):
        return spec.get_position(figure)
    return ax.get_position(original=True)


def _wrap_labels(ax: "Axes", width: float, renderer: Any) -> None:
    """Break the title and the label of the x axis into lines that are no wider than that."""
    from matplotlib.text import Text

    # Titles at the left, in the middle and at the right are the axes' texts that nobody added.
    own = [each for each in ax.get_children() if isinstance(each, Text) and each not in ax.texts]
    for label in (*own, ax.xaxis.label):
        text = label.get_text()
        whole = label.__dict__.setdefault("_omicsfuse_text", text)
        if text.split() != whole.split():  # the caller has written something else
            whole = label.__dict__["_omicsfuse_text"] = text
        if not whole:
            continue
        label.set_text(whole)
        needed = label.get_window_extent(renderer).width
        if needed > width > 0:
            most = max(8, int(max(map(len, whole.splitlines())) * width / needed))
            lines = (
                textwrap.fill(line, most, break_long_words=False) for line in whole.split("\n")
            )
            label.set_text("\n".join(lines))


def _sums(margins: list[Any]) -> Any:
    """What labels take up across and up, of all columns and rows."""
    left, right, below, above = margins
    return np.array([left.sum() + right.sum(), below.sum() + above.sum()])


def _make_smaller(whole: Panels, inner: "tuple[Panels, ...]") -> None:
    """Make text smaller where labels would leave too little room, or rows would overlap."""
    ax = whole.axes[0]
    figure: Any = ax.get_figure(root=True)
    for _ in range(3):
        renderer = figure._get_renderer()
        factor = min(_factor(panels, renderer) for panels in (inner or (whole,)))
        if factor > 0.97:
            break
        for one in ax.findobj(type(ax)):
            _scale(one, factor)
        for panels in (whole, *inner):
            panels._laid_out = ()
    for one in ax.findobj(type(ax)):
        _part_rows(one, figure._get_renderer())
    for panels in (whole, *inner):
        panels._laid_out = ()


def _factor(panels: Panels, renderer: Any) -> float:
    """Factor by which labels would have to shrink to take no more than their share of the room."""
    room = panels.room()
    sizes = np.array([room.width, room.height])
    count = np.array([len(panels.grid[0]), len(panels.grid)])
    panels.measuring = True
    try:
        small, large = (share * sizes / count for share in (0.3, 0.6))
        first, second = (_sums(panels._margins(room, inner, renderer)) for inner in (small, large))
    finally:
        panels.measuring = False
    # What grows with the axes is no matter of text.
    slope = np.maximum((second - first) / (large - small), 0)
    fixed = np.maximum(first - slope * small, 0)
    allowed = np.array([_MOST_ACROSS, _MOST_UP]) * sizes
    return float(np.min(np.where(fixed > allowed, allowed / np.maximum(fixed, 1), 1.0)))


def _part_rows(ax: "Axes", renderer: Any) -> None:
    """Make the labels of rows, and what is written beside them, so small that rows stand apart."""
    labels = [label for label in ax.get_yticklabels() if label.get_text() and label.get_visible()]
    if len(labels) < 3 or not ax.axison:
        return
    ax.get_tightbbox(renderer)
    needed = max(label.get_window_extent(renderer).height for label in labels)
    places = np.sort(ax.transData.transform([(0, y) for y in ax.get_yticks()])[:, 1])
    apart = float(np.min(np.diff(places)))
    if needed > apart:
        _scale(ax, max(apart / needed, _SMALLEST), rows_only=True)


def _scale(ax: "Axes", factor: float, *, rows_only: bool = False) -> None:
    """Make the text of axes smaller, and distances in points with it.

    ``rows_only``: only the labels of the y axis and what stands at a height of the data.
    """
    from matplotlib.text import Annotation, Text

    for axis in (ax.yaxis,) if rows_only else (ax.xaxis, ax.yaxis):
        ticks: Any = axis.get_major_ticks()[:1]
        for tick in ticks:
            size = tick.label1.get_fontsize() * factor
            axis.set_tick_params(labelsize=size, pad=tick.get_pad() * factor)
    tick_labels = {
        text
        for axis in (ax.xaxis, ax.yaxis)
        for text in (*axis.get_ticklabels(), *axis.get_ticklabels(minor=True))
    }
    inside = {text for child in ax.child_axes for text in child.findobj(Text)}
    for text in ax.findobj(Text):
        if text in tick_labels or text in inside or text.get_label() == OWN_SIZE:
            continue
        if rows_only and not _at_a_height(text, ax):
            continue
        text.set_fontsize(float(text.get_fontsize()) * factor)
        if isinstance(text, Annotation) and text.anncoords == "offset points":
            x, y = text.xyann
            text.xyann = (x * factor, y * factor)


def _at_a_height(text: Any, ax: "Axes") -> bool:
    """Tell whether text stands at a height of the data."""
    from matplotlib.text import Annotation

    if isinstance(text, Annotation):
        coords: Any = text.xycoords
        return coords == "data" or (isinstance(coords, tuple) and coords[1] == "data")
    return bool(text.get_transform().contains_branch_seperately(ax.transData)[1])


def room(ax: "Axes") -> "Bbox":
    """Cell of a caller's axes in pixels."""
    return _cell(ax)
