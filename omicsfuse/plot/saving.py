"""Figures as files: formats, dots per inch, size and colours, and the same bytes every time."""

import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omicsfuse.core.checks.arguments import require, whole_number
from omicsfuse.core.checks.tables import did_you_mean
from omicsfuse.core.errors import StudyError
from omicsfuse.plot.canvas import MARGIN, is_own, saved, styled
from omicsfuse.plot.colours import DEFAULT_PALETTE, colours_of
from omicsfuse.plot.png import Pixels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Formats that figures are written in, with what matplotlib would put a date or a name into.
FORMATS: dict[str, dict[str, None]] = {
    "svg": {"Date": None, "Creator": None},
    "png": {},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
#: Dots per inch at which text is measured for SVG and PDF, which have none.
_FINE = 300
#: Bounds of dots per inch, and of the factor on the size of figures.
DPI, SIZE = (20, 1200), (0.5, 4.0)
#: Settings that give a figure a layout engine which asks for none.
_ENGINES = ("figure.autolayout", "figure.constrained_layout.use")
#: Text stays text: in SVG as such, in PDF in TrueType fonts, which editors can change.
_TEXT = {"svg.fonttype": "none", "pdf.fonttype": 42, "svg.image_inline": True}


@dataclass(frozen=True)
class FigureOptions:
    """How the figures of a report are saved: what ``[figures]`` of a study file says."""

    formats: tuple[str, ...] = ("svg", "png")
    dpi: int = 300
    size: float = 1.0
    palette: str | tuple[str, ...] = DEFAULT_PALETTE

    def __post_init__(self) -> None:
        checked_formats(self.formats)
        whole_number(self.dpi, "dpi", *DPI)
        checked_size(self.size)
        colours_of(self.palette)


def checked_formats(formats: Any) -> list[str]:
    """Return formats, or say which are not known."""
    named = [formats] if isinstance(formats, str) else list(formats)
    for one in named:
        if one not in FORMATS:
            raise StudyError(f"formats names {one!r}; {did_you_mean(str(one), FORMATS)}.")
    if not named or len(set(named)) < len(named):
        raise StudyError(f"formats is {named!r}; name one of {', '.join(FORMATS)}, or more.")
    return named


def checked_size(size: Any) -> float:
    """Return the factor on the size of a figure, or refuse it."""
    low, high = SIZE
    number = isinstance(size, int | float) and not isinstance(size, bool)
    if not number or not low <= size <= high:
        raise StudyError(f"size is {size!r}; it must be a number from {low:g} to {high:g}.")
    return float(size)


@styled
def save_figure(
    axes: "Axes | Figure | Sequence[Axes]",
    stem: str | Path,
    *,
    dpi: int = 300,
    formats: str | Sequence[str] = ("svg", "png"),
    size: float = 1.0,
) -> list[Path]:
    """Write a figure to files; the same figure gives the same bytes.

    Text stays text in SVG and PDF. Files are as large as the drawing, so that no part is cut off. A
    notebook shows figures that a cell draws and does not save.

    Parameters
    ----------
    axes : matplotlib.axes.Axes, matplotlib.figure.Figure or sequence of axes
        Result of a function of ``omicsfuse.plot``, or a figure.
    stem : str or path
        Path without its ending; the folder must exist.
    dpi : int
        Dots per inch of the PNG, and of images inside SVG and PDF.
    formats : {"svg", "png", "pdf"} or sequence of them
        Files to write.
    size : float
        Factor on width and height of the figure; text keeps its size in points.

    Returns
    -------
    list of pathlib.Path
        The files, in the order of ``formats``.

    Raises
    ------
    StudyError
        If a format is not known, or the folder does not exist.

    Examples
    --------
    >>> import tempfile
    >>> from omicsfuse.plot import save_figure
    >>> from omicsfuse.plot.canvas import nothing
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in save_figure(nothing("no data"), f"{folder}/empty")]
    ['empty.svg', 'empty.png']
    """
    formats, dpi = checked_formats(formats), whole_number(dpi, "dpi", *DPI)
    stem = Path(stem)
    if not stem.parent.is_dir():
        raise StudyError(f"the folder {stem.parent} does not exist; create it, or name another.")
    drawn = pictures(axes, stem.name, formats, dpi, checked_size(size))
    paths = [Path(f"{stem}.{one}") for one in formats]
    for path, content in zip(paths, drawn, strict=True):
        path.write_bytes(content)
    return paths


def pictures(
    axes: Any, name: str, formats: Sequence[str], dpi: int, size: float = 1.0
) -> list[bytes]:
    """Draw a figure in several formats; it is laid out and, for equal dots, measured once."""
    import matplotlib

    figure: Any = figure_of(axes)
    saved(figure)
    if size != 1.0:
        figure.set_size_inches(figure.get_size_inches() * size)
    engine, figure_dpi = figure.get_layout_engine(), figure.dpi
    settings = {"svg.hashsalt": name, **_TEXT, **dict.fromkeys(_ENGINES, False)}
    contents: list[bytes] = []
    boxes: dict[int, Any] = {}
    with warnings.catch_warnings(), matplotlib.rc_context(settings):
        # A name in a script that DejaVu Sans lacks is drawn as boxes; that is no reason to stop.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        for one in formats:
            dots = dpi if one == "png" else _FINE
            if dots not in boxes:
                figure.dpi = dots
                if not boxes and engine is not None:
                    engine.execute(figure)
                    # The layout stays. Of a caller's figure it stays known that an engine made it.
                    figure.set_layout_engine(None if is_own(figure) else "none")
                boxes[dots] = figure.get_tightbbox().padded(MARGIN)
                figure.dpi = figure_dpi
            contents.append(_saved(figure, one, dpi, boxes[dots]))
        figure.set_layout_engine(engine)
    return contents


def _saved(figure: Any, one: str, dpi: int, box: Any) -> bytes:
    """Content of a file of one format, of what lies in a box (in inches)."""
    if one == "png":
        pixels = Pixels()
        figure.savefig(pixels, format="raw", dpi=dpi, bbox_inches=box)
        return pixels.png(dpi)
    target = io.BytesIO()
    figure.savefig(target, format=one, dpi=dpi, bbox_inches=box, metadata=FORMATS[one])
    return target.getvalue()


def figure_of(axes: Any) -> Any:
    """Figure of axes, of the first of several, or itself."""
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    first = axes[0] if isinstance(axes, Sequence) and len(axes) else axes
    require(first, (Axes, Figure), "axes", "the result of a function of omicsfuse.plot")
    return first.get_figure(root=True)
