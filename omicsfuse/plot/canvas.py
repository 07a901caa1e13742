"""What every figure shares: style, axes to draw on, showing in a notebook, saving as same bytes."""

import base64
import functools
import io
import sys
import textwrap
import warnings
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeVar, cast

from omicsfuse.plot.arguments import check_arguments
from omicsfuse.plot.cell import Panels, keep_within, take_over
from omicsfuse.plot.colours import FAINT, INK, MUTED
from omicsfuse.plot.numbers import clean

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

P = ParamSpec("P")
R = TypeVar("R")

#: DejaVu Sans comes with matplotlib, so that figures are the same on every machine. Names may
#: hold dollar signs, which are not mathematics here.
STYLE: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial", "sans-serif"],
    "font.size": 8.5,
    "text.parse_math": False,
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.labelsize": 8.5,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": False,
    "axes.formatter.use_mathtext": False,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}

#: White around a saved figure, in inches.
MARGIN = 0.06


def styled(function: Callable[P, R]) -> Callable[P, R]:
    """Draw in the style of this package; the caller's matplotlib settings stay as they were.

    Arguments are checked against their annotations. Axes of the caller (``ax=``) take on the
    style, and what is drawn stays within their cell of the figure.
    """

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        import matplotlib

        given: Any = check_arguments(function, args, kwargs)
        args, kwargs = given
        ax: Any = kwargs.get("ax")
        with matplotlib.rc_context(STYLE):
            if ax is None or _DRAWING or is_own(ax.figure):
                return function(*args, **kwargs)
            _DRAWING.append(ax)
            try:
                take_over(ax)
                drawn = function(*args, **kwargs)
                keep_within(ax)
            finally:
                _DRAWING.remove(ax)
        return drawn

    return wrapper


#: Axes of the caller in which a function is drawing; it may call others for parts of them.
_DRAWING: "list[Axes]" = []


def axes_or_new(ax: "Axes | None", width: float, height: float) -> "Axes":
    """Give back the caller's axes, or axes on a new figure of that size in inches."""
    return ax if ax is not None else new_figure(width, height).subplots()


def new_figure(width: float, height: float) -> "Figure":
    """Make a figure that belongs to no window; a notebook shows it at the end of the cell."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    # A canvas that keeps its renderer: text that was measured is not measured again.
    FigureCanvasAgg(figure)
    _OWN.add(figure)
    shell = _notebook()
    if shell is not None:
        # Registering twice does nothing: IPython keeps one of the same.
        shell.events.register("post_execute", _show_drawn)
        _DRAWN.append(figure)
    return figure


#: Figures that were made here.
_OWN: "weakref.WeakSet[Figure]" = weakref.WeakSet()
#: Figures drawn by the running cell of a notebook; always empty in a script.
_DRAWN: "list[Figure]" = []


def _notebook() -> Any:
    """IPython's shell where it has a notebook in front of it, without importing IPython."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell if hasattr(shell, "kernel") else None


def is_own(figure: Any) -> bool:
    """Tell whether a figure was made here."""
    return figure in _OWN


def saved(figure: "Figure") -> None:
    """Do not show a figure that was saved at the end of the cell."""
    if figure in _DRAWN:
        _DRAWN.remove(figure)


def _show_drawn() -> None:
    """Show the figures of the cell that has ended, those that were saved instead excepted."""
    shell, figures = _notebook(), _DRAWN.copy()
    _DRAWN.clear()
    shell.events.unregister("post_execute", _show_drawn)
    for figure in figures:
        picture = base64.b64encode(_png(figure)).decode("ascii")
        shell.display_pub.publish({"image/png": picture, "text/plain": repr(figure)})


@styled
def _png(figure: "Figure") -> bytes:
    target = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(target, format="png", dpi=100, bbox_inches="tight", pad_inches=MARGIN)
    return target.getvalue()


def panels(ax: "Axes | None", count: int, width: float, height: float) -> "list[Axes]":
    """Axes side by side: on a new figure, or inside the caller's axes."""
    return panel_grid(ax, count, count, width, height)


def panel_grid(
    ax: "Axes | None", count: int, columns: int, width: float, height: float
) -> "list[Axes]":
    """Axes in rows of so many columns: on a new figure, or inside the caller's axes."""
    columns = min(columns, count)
    rows = -(-count // columns)
    if ax is not None:
        return panels_inside(ax, count, columns)
    figure = new_figure(width, height)
    grid = figure.add_gridspec(rows, columns)
    return [figure.add_subplot(grid[i // columns, i % columns]) for i in range(count)]


def panels_inside(ax: "Axes", count: int, columns: int) -> "list[Axes]":
    """Axes in rows inside the caller's axes, each with its labels in its own part of them."""
    ax.axis("off")
    drawn = [ax.inset_axes((0, 0, 1, 1)) for _ in range(count)]
    Panels([drawn[i : i + columns] for i in range(0, count, columns)], inside=ax)
    return drawn


def frameless(ax: "Axes") -> None:
    """Draw no frame."""
    for side in ax.spines.values():
        side.set_visible(False)


def grid_behind(ax: "Axes", axis: Literal["both", "x", "y"] = "both") -> None:
    """Draw a grid, behind the data."""
    ax.grid(axis=axis)
    ax.set_axisbelow(True)


def colour_bar(
    drawn: Any, ax: "Axes | list[Axes]", label: str, *, small: bool = False, **where: Any
) -> Any:
    """Draw a colour bar without a frame, beside or below these axes.

    ``where`` is what matplotlib takes for a bar that is cut from the axes. Inside the caller's
    axes there is nothing to be cut from: the bar has its own axes just beyond their labels.
    """
    axes = ax if isinstance(ax, list) else [ax]
    figure: Any = axes[0].figure
    if is_own(figure):
        bar = figure.colorbar(drawn, ax=ax, **where)
    else:
        horizontal = where.get("orientation") == "horizontal"
        inside = _beyond_labels(axes[-1], horizontal, float(where.get("shrink", 1.0)))
        bar = figure.colorbar(
            drawn, cax=inside, orientation="horizontal" if horizontal else "vertical"
        )
        inside.tick_params(color=MUTED, labelcolor=INK)
        label = "\n".join(textwrap.fill(line, 30) for line in label.splitlines())
    bar.outline.set_visible(False)
    bar.set_label(label)
    if small:
        bar.set_label(label, fontsize=7.5)
        bar.ax.tick_params(labelsize=7)
    return bar


def inches_from(ax: "Axes", x: float, y: float) -> Any:
    """Transform of inches that are counted from a point of the axes (fractions of their size)."""
    from matplotlib.transforms import ScaledTranslation

    figure, corner = ax.figure, ax.transAxes
    scale: Any = figure.dpi_scale_trans
    return scale + ScaledTranslation(x, y, cast(Any, corner))


def _beyond_labels(ax: "Axes", horizontal: bool, share: float) -> "Axes":
    """Make slim axes below or right of axes, beyond what is drawn there, as a share of their size.

    Thickness and distance are in inches, so that they hold in axes of any size.
    """
    from matplotlib.transforms import blended_transform_factory

    figure: Any = ax.figure
    drawn, box = ax.get_tightbbox(), ax.get_window_extent()
    share = min(share, 1.0)
    inches = inches_from(ax, 0 if horizontal else 1, 0)
    if horizontal:
        away = (box.y0 - drawn.y0) / figure.dpi if drawn is not None else 0.0
        place = ((1 - share) / 2, -away - 0.2, share, 0.1)
        return ax.inset_axes(place, transform=blended_transform_factory(ax.transAxes, inches))
    away = (drawn.x1 - box.x1) / figure.dpi if drawn is not None else 0.0
    place = (away + 0.1, (1 - share) / 2, 0.1, share)
    return ax.inset_axes(place, transform=blended_transform_factory(inches, ax.transAxes))


def write_beside(
    ax: "Axes", y: float, offset: float, text: str, colour: str = INK, fontsize: float = 8
) -> None:
    """Write in a column right of the axes, a fixed number of points away."""
    ax.annotate(
        text, (1, y), xycoords=("axes fraction", "data"), xytext=(offset, 0),
        textcoords="offset points", va="center", color=colour, fontsize=fontsize,
        annotation_clip=False,
    )  # fmt: skip


@styled
def nothing(why: str, ax: "Axes | None" = None) -> "Axes":
    """Say calmly that there is nothing to draw, and why.

    Axes with that sentence and nothing else.
    """
    text = f"Nothing to show: {clean(why)}"
    if ax is not None:
        text = "\n".join(textwrap.wrap(text, 34))
    ax = axes_or_new(ax, 5, 0.8)
    ax.axis("off")
    ax.text(
        0.5,
        0.5,
        text,
        transform=ax.transAxes,
        ha="center",
        va="center",
        color=MUTED,
        wrap=True,
    )
    return ax
