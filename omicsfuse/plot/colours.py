"""One colour and one marker for each subtype, the same in every figure and in the report."""

#: Subtype colours in order of size, told apart with the common forms of colour blindness; the
#: first six are of Okabe and Ito (2008), the others of Paul Tol's muted scheme and greys.
PALETTE = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#882255",
    "#999933",
    "#777777",
    "#332288",
)
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "h")

INK = "#22272e"
MUTED = "#5b6570"
FAINT = "#d5dae0"
ACCENT = "#0b5c8a"
#: Names of matplotlib colour maps: one way, and two ways around zero.
SEQUENTIAL = "cividis"
DIVERGING = "RdBu_r"


def position(subtype: str) -> int:
    """Place of a subtype in the order of colours: 0 for ``"S1"``."""
    digits = subtype[1:]
    return max(int(digits) - 1, 0) if subtype.startswith("S") and digits.isdecimal() else 0


def subtype_colour(subtype: str) -> str:
    """Colour of a subtype as ``#rrggbb``; from the eleventh subtype on, colours repeat.

    Gives the colour.
    """
    return PALETTE[position(subtype) % len(PALETTE)]


def marker(subtype: str) -> str:
    """Matplotlib marker of a subtype, so that colour is never the only difference."""
    return MARKERS[position(subtype) % len(MARKERS)]


def text_colour(background: str) -> str:
    """Black or white, whichever reads better on a colour (contrast ratio of WCAG 2)."""
    channels = [int(background[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#ffffff" if 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.05 else "#000000"
