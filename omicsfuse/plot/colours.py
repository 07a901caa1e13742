"""One colour and one marker for each subtype, the same in every figure and in the report."""

import re
from collections.abc import Sequence

from omicsfuse.core.checks.tables import did_you_mean
from omicsfuse.core.errors import StudyError

#: Colours of subtypes in order of size, by name of the palette; all are told apart with the common
#: forms of colour blindness. The first six of the first are of Okabe and Ito (2008); the others,
#: and what follows them, are of Paul Tol's schemes and greys.
PALETTES = {
    "okabe-ito": (
        "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#882255", "#999933",
        "#777777", "#332288",
    ),
    "tol-bright": (
        "#4477AA", "#EE6677", "#228833", "#CCBB44", "#66CCEE", "#AA3377", "#888888",
    ),
    "tol-muted": (
        "#332288", "#CC6677", "#117733", "#DDCC77", "#88CCEE", "#AA4499", "#44AA99", "#882255",
        "#999933",
    ),
    "tol-vibrant": ("#0077BB", "#EE7733", "#009988", "#EE3377", "#33BBEE", "#CC3311"),
}  # fmt: skip
DEFAULT_PALETTE = "okabe-ito"
#: Colours of what is no subtype; those of subtypes are asked for by ``subtype_colour``.
PALETTE = PALETTES[DEFAULT_PALETTE]
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "h")

INK = "#22272e"
MUTED = "#5b6570"
FAINT = "#d5dae0"
ACCENT = "#0b5c8a"
#: Names of matplotlib colour maps: one way, and two ways around zero.
SEQUENTIAL = "cividis"
DIVERGING = "RdBu_r"

_COLOUR = re.compile("#[0-9a-fA-F]{6}")
_in_use = list(PALETTE)


def position(subtype: str) -> int:
    """Place of a subtype in the order of colours: 0 for ``"S1"``."""
    digits = subtype[1:]
    return max(int(digits) - 1, 0) if subtype.startswith("S") and digits.isdecimal() else 0


def colours_of(palette: str | Sequence[str]) -> tuple[str, ...]:
    """Colours of a palette: by its name, or a list of them as ``#rrggbb``."""
    if isinstance(palette, str):
        if palette not in PALETTES:
            raise StudyError(
                f'palette is "{palette}"; {did_you_mean(palette, PALETTES)}. A list of '
                "colours as #rrggbb is also valid."
            )
        return PALETTES[palette]
    colours = tuple(str(colour) for colour in palette)
    wrong = [colour for colour in colours if not _COLOUR.fullmatch(colour)]
    if wrong or len(colours) < 2 or len(set(colours)) < len(colours):
        why = f"{wrong[0]!r} is not a colour" if wrong else "give at least two different colours"
        raise StudyError(f'palette is {list(colours)!r}: {why}; expected colours as "#1b9e77".')
    return colours


class use_palette:  # noqa: N801 - it is called like a function
    """Set the colours of subtypes in all figures drawn from now on.

    As a context (``with use_palette(...):``), only in figures drawn inside.

    Parameters
    ----------
    palette : {"okabe-ito", "tol-bright", "tol-muted", "tol-vibrant"} or sequence of str
        Name of a palette (all are safe for colour-blind readers), or colours as ``#rrggbb`` in the
        order of the subtypes, repeated after the last.

    Raises
    ------
    StudyError
        If the palette is unknown, or a colour is invalid.

    Examples
    --------
    >>> from omicsfuse.plot import use_palette
    >>> from omicsfuse.plot.colours import subtype_colour
    >>> with use_palette(["#1b9e77", "#d95f02"]):
    ...     subtype_colour("S2")
    '#d95f02'
    >>> subtype_colour("S2")
    '#D55E00'
    """

    def __init__(self, palette: str | Sequence[str]) -> None:
        self._before = tuple(_in_use)
        _in_use[:] = colours_of(palette)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        _in_use[:] = self._before


def subtype_colours() -> tuple[str, ...]:
    """Colours of subtypes that are in use."""
    return tuple(_in_use)


def subtype_colour(subtype: str) -> str:
    """Colour of a subtype as ``#rrggbb``; beyond the last of the palette, colours repeat."""
    return _in_use[position(subtype) % len(_in_use)]


def marker(subtype: str) -> str:
    """Matplotlib marker of a subtype, so that colour is never the only difference."""
    return MARKERS[position(subtype) % len(MARKERS)]


def text_colour(background: str) -> str:
    """Black or white, whichever reads better on a colour (contrast ratio of WCAG 2)."""
    channels = [int(background[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#ffffff" if 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.05 else "#000000"
