"""How a text writes its table: what stands between cells, and how numbers are written."""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from omicsfuse.core.errors import CohortError
from omicsfuse.io.files.text import Reading, Text

#: What may stand between cells, and what it is called.
SEPARATORS = {"\t": "tabs", ",": "commas", ";": "semicolons", "|": "bars", " ": "spaces"}
#: Lines from which the separator is told.
_LOOKED_AT = 40
_SEP_LINE = re.compile(r'^"?sep=(.)"?\s*$', re.IGNORECASE)
_WHOLE = re.compile(r"[+-]?\d{1,3}(,\d{3})+")
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+\.\d+|[+-]?\d{1,3}(,\d{3}){2,}")
_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")
_SURE_FRACTION = re.compile(r"[+-]?0,\d+|[+-]?\d+,\d{2}|[+-]?\d+,\d{4,}")
_POINT = re.compile(r"[+-]?\d*\.\d+([eE][+-]?\d+)?")
#: With a space that does not break, as spreadsheets write it; any other may be two codes.
_SPACED = re.compile(r"[+-]?\d{1,3}([\u00a0\u202f]\d{3})+([.,]\d+)?")
_DOTTED = re.compile(r"[+-]?\d{1,3}(\.\d{3})+,\d+")


@dataclass(frozen=True)
class Dialect:
    """What stands between cells, and how numbers are written; ``notes``: what was told."""

    separator: str
    decimal: str = "."
    thousands: str = ""
    notes: tuple[str, ...] = ()


def fields(line: str, separator: str) -> list[str]:
    """Split a line into its cells."""
    if '"' not in line:
        return line.split(separator)
    return next(csv.reader([line], delimiter=separator), [""])


def sep_line(text: Text) -> str:
    """Separator that Excel's first line ``sep=;`` names; else empty."""
    match = _SEP_LINE.match(text.lines[0])
    return match[1] if match else ""


def separator_of(text: Text, reading: Reading, lines: Sequence[str]) -> tuple[str, str]:
    """Separator of a table whose first line is the header; also a note where it surprises.

    The one that the name of the file asks for is taken where it fits.
    """
    if reading.separator:
        return reading.separator, ""
    if named := sep_line(text):
        return named, ""
    if text.from_sheet:
        return "\t", ""
    expected = "," if text.name.endswith(".csv") else "\t"
    looked_at = [line for line in lines[:_LOOKED_AT] if line.strip()]
    scores = {mark: _fit(looked_at, mark) for mark in SEPARATORS}
    best = max(scores, key=lambda mark: (*scores[mark], mark == expected))
    if scores[expected][2] and scores[expected][:2] == scores[best][:2]:
        return expected, ""
    if not scores[best][2]:
        return expected, ""
    return best, f"{SEPARATORS[best]} between columns"


def _fit(lines: Sequence[str], mark: str) -> tuple[float, bool, int]:
    """Share of the lines that have as many cells as most, whether the header has, and how many.

    A header may have one cell fewer, as R writes it. Spaces are found in any text: they count only
    where all lines agree. Cells beyond the first are counted.
    """
    widths = [len(fields(line, mark)) - 1 for line in lines]
    if not widths:
        return 0.0, False, 0
    usual, _ = Counter(widths[1:] or widths).most_common(1)[0]
    agree = sum(width == usual or (i == 0 and width == usual - 1) for i, width in enumerate(widths))
    if not usual or (mark == " " and (agree < len(widths) or len(widths) < 2)):
        return 0.0, False, 0
    return agree / len(widths), widths[0] == usual, usual


def numbers_of(
    cells: Sequence[str], separator: str, reading: Reading, path: Path
) -> tuple[str, str, tuple[str, ...]]:
    """Decimal point and thousands separator of numbers, told from some cells; and notes."""
    if reading.decimal or reading.thousands:
        return reading.decimal or ".", reading.thousands, ()
    spaced = [cell for cell in cells if _SPACED.fullmatch(cell.strip(" "))]
    if spaced:
        closed = [re.sub("[\u00a0\u202f]", "", cell) for cell in cells]
        decimal, _, notes = numbers_of(closed, separator, reading, path)
        if any("," in cell for cell in spaced):
            decimal, notes = ",", ()
        shown = re.sub("[\u00a0\u202f]", " ", spaced[0])
        return decimal, " ", (f"thousands spaces (e.g. {shown})", *notes)
    cells = [cell.strip() for cell in cells if "," in cell or "." in cell]
    commas = [cell for cell in cells if _COMMA.fullmatch(cell)]
    grouped = [cell for cell in cells if _GROUPED.fullmatch(cell)]
    dotted = [cell for cell in cells if _DOTTED.fullmatch(cell)]
    if dotted and not grouped:
        return ",", ".", (f"decimal comma and thousands points (e.g. {dotted[0]})",)
    whole = [cell for cell in commas if _WHOLE.fullmatch(cell)]
    fractions = [
        cell for cell in commas if not _WHOLE.fullmatch(cell) or cell.lstrip("+-").startswith("0")
    ]
    points = any(_POINT.fullmatch(cell) for cell in cells)
    if grouped or (whole and points and not fractions):
        return ".", ",", (f"thousands commas (e.g. {(grouped or whole)[0]})",)
    # Between tabs a cell such as 1,2 may be a list of two codes.
    sure = separator == ";" or any(_SURE_FRACTION.fullmatch(cell) for cell in fractions)
    if fractions and sure and not points:
        return ",", "", (f"decimal comma (e.g. {fractions[0]})",)
    if whole and not points and not fractions and separator == ";":
        # Semicolons stand between cells where commas stand in numbers.
        return ",", "", (f"decimal comma (e.g. {whole[0]})",)
    if whole and not points and not fractions:
        raise CohortError(
            f"{path}: numbers such as {whole[0]} may have a decimal comma or a thousands comma, "
            'and nothing in the file tells which. Say decimal = "," or thousands = ",".'
        )
    return ".", "", ()
