"""What every figure shares: style, axes to draw on, showing in a notebook, saving as same bytes."""

import base64
import functools
import io
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeVar

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
    "svg.fonttype": "none",
    "svg.image_inline": True,
}

#: White around a saved figure, in inches.
_MARGIN = 0.06
#: Settings that give a figure a layout engine which asks for none.
_ENGINES = ("figure.autolayout", "figure.constrained_layout.use")


def styled(function: Callable[P, R]) -> Callable[P, R]:
    """Draw in the style of this package; the caller's matplotlib settings stay as they were."""

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        import matplotlib

        with matplotlib.rc_context(STYLE):
            return function(*args, **kwargs)

    return wrapper


def axes_or_new(ax: "Axes | None", width: float, height: float) -> "Axes":
    """Give back the caller's axes, or axes on a new figure of that size in inches."""
    return ax if ax is not None else new_figure(width, height).subplots()


def new_figure(width: float, height: float) -> "Figure":
    """Make a figure that belongs to no window; a notebook shows it at the end of the cell."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    shell = _notebook()
    if shell is not None:
        # Registering twice does nothing: IPython keeps one of the same.
        shell.events.register("post_execute", _show_drawn)
        _DRAWN.append(figure)
    return figure


#: Figures drawn by the running cell of a notebook; always empty in a script.
_DRAWN: "list[Figure]" = []


def _notebook() -> Any:
    """IPython's shell where it has a notebook in front of it, without importing IPython."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell if hasattr(shell, "kernel") else None


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
        figure.savefig(target, format="png", dpi=100, bbox_inches="tight", pad_inches=_MARGIN)
    return target.getvalue()


def panels(ax: "Axes | None", count: int, width: float, height: float) -> "list[Axes]":
    """Axes side by side: on a new figure, or inside the caller's axes."""
    if ax is None:
        return list(new_figure(width, height).subplots(1, count, squeeze=False)[0])
    ax.axis("off")
    share = 1 / count
    return [ax.inset_axes((i * share, 0, share * 0.82, 1)) for i in range(count)]


def panel_grid(
    ax: "Axes | None", count: int, columns: int, width: float, height: float
) -> "list[Axes]":
    """Axes in rows of so many columns: on a new figure, or inside the caller's axes."""
    columns = min(columns, count)
    rows = -(-count // columns)
    if ax is not None:
        ax.axis("off")
        across, down = 1 / columns, 1 / rows
        return [
            ax.inset_axes(
                (i % columns * across, 1 - (i // columns + 0.8) * down, across * 0.78, down * 0.6)
            )
            for i in range(count)
        ]
    figure = new_figure(width, height)
    grid = figure.add_gridspec(rows, columns)
    return [figure.add_subplot(grid[i // columns, i % columns]) for i in range(count)]


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
) -> None:
    """Draw a colour bar without a frame, beside or below these axes."""
    first = ax[0] if isinstance(ax, list) else ax
    bar = first.figure.colorbar(drawn, ax=ax, **where)
    bar.outline.set_visible(False)
    bar.set_label(label)
    if small:
        bar.set_label(label, fontsize=7.5)
        bar.ax.tick_params(labelsize=7)


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
    ax = axes_or_new(ax, 5, 0.8)
    ax.axis("off")
    ax.text(
        0.5,
        0.5,
        f"Nothing to show: {clean(why)}",
        transform=ax.transAxes,
        ha="center",
        va="center",
        color=MUTED,
        wrap=True,
    )
    return ax


@styled
def save_figure(axes: "Axes | Sequence[Axes]", stem: str | Path, dpi: int = 170) -> list[Path]:
    """Write a figure as SVG (text stays text) and as PNG; the same figure gives the same bytes.

    It is laid out once, by the widths of text of the SVG. A notebook shows the figures that a cell
    draws and does not save.

    Parameters
    ----------
    axes : matplotlib.axes.Axes or sequence of them
        What a function of ``omicsfuse.plot`` returned.
    stem : str or path
        Path without its ending; the folder must exist.
    dpi : int
        Dots per inch of the PNG, and of images inside the SVG.

    Returns
    -------
    list of pathlib.Path
        The SVG and the PNG.

    Examples
    --------
    >>> import tempfile
    >>> from omicsfuse.plot import save_figure
    >>> from omicsfuse.plot.canvas import nothing
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in save_figure(nothing("no data"), f"{folder}/empty")]
    ['empty.svg', 'empty.png']
    """
    import matplotlib

    first = axes if not isinstance(axes, Sequence) else axes[0]
    figure: Any = first.figure
    if figure in _DRAWN:
        _DRAWN.remove(figure)
    svg, png = Path(f"{stem}.svg"), Path(f"{stem}.png")
    settings = {"svg.hashsalt": svg.stem, **dict.fromkeys(_ENGINES, False)}
    with warnings.catch_warnings(), matplotlib.rc_context(settings):
        # A name in a script that DejaVu Sans lacks is drawn as boxes; that is no reason to stop.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(
            svg,
            format="svg",
            dpi=dpi,
            bbox_inches="tight",
            pad_inches=_MARGIN,
            metadata={"Date": None, "Creator": None},
        )
        # The layout stays: to lay out and to measure anew would take longer than drawing does.
        engine, figure_dpi = figure.get_layout_engine(), figure.dpi
        figure.set_layout_engine(None)
        figure.dpi = dpi
        box = figure.get_tightbbox().padded(_MARGIN)
        figure.savefig(png, format="png", dpi=dpi, bbox_inches=box, metadata={"Software": None})
        figure.set_layout_engine(engine)
        figure.dpi = figure_dpi
    return [svg, png]
