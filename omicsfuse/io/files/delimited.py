"""Tables of cells in text: the header found, rows whole, cells numbers where they are numbers."""

import csv
import io
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pandas as pd

from omicsfuse.core.checks.tables import count, listed
from omicsfuse.core.errors import CohortError
from omicsfuse.io.files.dialect import SEPARATORS, fields, numbers_of, sep_line, separator_of
from omicsfuse.io.files.text import Reading, Text

#: Rows from which the way numbers are written is told.
_ROWS_LOOKED_AT = 60
_NUMBER = re.compile(r"[+-]?(\d+[.,]?\d*|[.,]\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True)
class Plan:
    """Which lines of a text are the table (lines counted from 0).

    ``header``: its line; ``skipped``: lines after it that are no rows (a second header);
    ``end``: beginning of the line after the last row. ``columns``: places of those that are read
    (empty: all); ``beside``: places of those that describe the rows. ``text``: columns whose cells
    are names, to be kept as they are written, whatever they look like.
    """

    separator: str
    header: int = 0
    skipped: frozenset[int] = frozenset()
    end: str = ""
    columns: frozenset[int] = frozenset()
    beside: frozenset[int] = frozenset()
    text: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


def plain_plan(text: Text, reading: Reading) -> Plan:
    """Plan of a table without a layout of its own: comments and titles first, then the header."""
    first = 1 if sep_line(text) else 0
    start, header_marked = _after_comments(text.lines, first)
    separator, note = separator_of(text, reading, text.lines[start:])
    notes = [note] if note else []
    if not header_marked:
        header = _after_titles(text.lines, start, separator)
        if header > start:
            titles = [line.strip().strip(separator + '"') for line in text.lines[start:header]]
            notes.append(f"without its title: {listed([t[:60] for t in titles if t], 2)}")
        start = header
    return Plan(separator, start, notes=tuple(notes))


def _after_comments(lines: Sequence[str], first: int) -> tuple[int, bool]:
    """Line of the header after comments, and whether it is one of them (``#patient  age``)."""
    start = first
    while start < len(lines) and lines[start].startswith("#"):
        start += 1
    if start == first or start == len(lines):
        return min(start, len(lines) - 1), False
    comments, following = lines[first:start], _next_filled(lines, start)
    for mark in SEPARATORS:
        widths = [line.count(mark) for line in comments]
        if not widths[-1] or widths[-1] in widths[:-1]:
            continue
        names = fields(comments[-1].lstrip("#"), mark)
        wide = widths[-1] in (following.count(mark), following.count(mark) - 1)
        # Portals end their comments with a line of types or priorities: no names.
        if wide and not all(_NUMBER.fullmatch(name.strip()) for name in names):
            return start - 1, True
    return start, False


def _next_filled(lines: Sequence[str], start: int) -> str:
    return next((line for line in lines[start:] if line.strip()), "")


def _after_titles(lines: Sequence[str], start: int, separator: str) -> int:
    """Line of the header after what spreadsheets put over a table: a title, blank lines.

    Only lines with two cells at most are titles, of one over tables of three columns.
    """
    cells = [fields(line, separator) for line in lines[start : start + 60]]
    filled = [sum(1 for cell in row if cell.strip()) for row in cells]
    widest = max(filled[:40], default=0)
    fewest = 3 if widest >= 4 else 2 if widest == 3 else 1
    return next((start + i for i, n in enumerate(filled) if n >= fewest), start)


def parse(
    text: Text,
    plan: Plan,
    reading: Reading,
    missing_words: Collection[str],
    patient: str = "",
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Parse the rows of a plan into a table: names (text) as columns, a numbered index.

    ``patient``: column that holds names, kept as text; the first by default. Also
    says what was noticed. Columns that are blank from their header on are left out.
    """
    path = text.path
    lines = text.content.split(b"\n")
    if b'"' in lines[plan.header]:
        _refuse_open_quote(path, lines[plan.header], plan.separator, plan.header + 1)
    header = [name.strip() for name in fields(lines[plan.header].decode("utf-8"), plan.separator)]
    body, first = lines[plan.header + 1 :], plan.header + 2
    if plan.header and lines[plan.header].startswith(b"#"):
        header[0] = header[0].lstrip("#").strip()
    rows, numbers, dropped = _rows(path, body, plan, first)
    if not rows:
        raise CohortError(
            f"{path}: the table is empty: it has a header of {count(len(header), 'column')} and no "
            "rows."
        )
    header = _header(header, rows, plan.separator)
    if len(header) == 1:
        _refuse_separator(path, header[0], plan.separator, reading)
    rows = _refuse_ragged(path, rows, numbers, plan.separator, header)
    sample = [
        cell
        for row in rows[:_ROWS_LOOKED_AT]
        for cell in fields(row.decode("utf-8"), plan.separator)[:400]
    ]
    decimal, thousands, notes = numbers_of(sample, plan.separator, reading, path)
    if thousands == " ":
        rows = [row.replace(b"\xc2\xa0", b" ").replace(b"\xe2\x80\xaf", b" ") for row in rows]
    position = header.index(patient) if patient and patient in header else 0
    read = (plan.columns or frozenset(range(len(header)))) - plan.beside
    if position in plan.beside:
        # Another column names the rows than the first.
        read = (read - {0}) | {position}
    used = sorted(read)
    kept_as_text = {i for i, name in enumerate(header) if name in plan.text} | {position}
    try:
        table = pd.read_csv(
            io.BytesIO(b"\n".join(rows)),
            sep=plan.separator,
            header=None,
            names=list(range(len(header))),
            index_col=False,
            # A converter keeps names as text, and a name that reads "NA" is no missing value.
            converters={i: str.strip for i in kept_as_text},
            keep_default_na=False,
            na_values=list(missing_words),
            decimal=decimal,
            thousands=thousands or None,
            float_precision="round_trip",
            low_memory=False,
            usecols=used,
            lineterminator="\n",
        )
    except (ValueError, pd.errors.ParserWarning) as fault:  # ParserError is a ValueError
        raise CohortError(
            f"{path}: the table cannot be read: {fault}. Open it in a text editor, or save it anew."
        ) from None
    blank = [i for i in used if not header[i] and i != position and table[i].isna().all()]
    table = table.drop(columns=blank)
    names = [header[i] for i in used if i not in blank]
    noted = [*notes]
    if dropped:
        noted.append(f"without {count(dropped, 'empty row')}")
    if blank:
        noted.append(f"without {count(len(blank), 'empty column')}")
    return table.set_axis(pd.Index(names, dtype=object), axis=1), tuple(noted)


def _rows(
    path: Path, body: Sequence[bytes], plan: Plan, first: int
) -> tuple[list[bytes], list[int], int]:
    """Lines that are rows, their numbers in the file, and how many empty rows were passed over."""
    mark = plan.separator.encode()
    empty = mark + b' "\t'
    end = plan.end.encode()
    if not (end or plan.skipped or any(b'"' in line for line in body)):
        numbers = [number for number, line in enumerate(body, first) if line.strip(empty)]
        rows = [body[number - first] for number in numbers]
        return rows, numbers, sum(mark in line for line in body if not line.strip(empty))
    rows, numbers, dropped = [], [], 0
    for number, line in enumerate(body, first):
        if end and line.startswith(end):
            break
        if number - 1 in plan.skipped:
            continue
        if not line.strip(empty):
            dropped += mark in line
            continue
        if b'"' in line:
            _refuse_open_quote(path, line, plan.separator, number)
        rows.append(line)
        numbers.append(number)
    return rows, numbers, dropped


def _header(header: list[str], rows: Sequence[bytes], separator: str) -> list[str]:
    """Give row names a heading where R gave them none; cut blank ends that rows do not have."""
    widths = [len(fields(row.decode("utf-8"), separator)) for row in islice(rows, 5)]
    while header and not header[-1] and len(header) > max(widths):
        header = header[:-1]
    if widths[0] == len(header) + 1 and all(header):
        # A row with a blank end is no sign of row names.
        cells = fields(rows[0].decode("utf-8"), separator)
        if cells[-1].strip():
            header = ["", *header]
    return header


def _refuse_open_quote(path: Path, line: bytes, separator: str, number: int) -> None:
    """Refuse a quote that is not closed in its own cell: it would swallow the rows after it."""
    try:
        # Strict: neither the end of the line nor text after the closing quote is overlooked.
        next(csv.reader([line.decode("utf-8")], delimiter=separator, strict=True), None)
    except csv.Error:
        text = line.decode("utf-8")
        start = max(text.find('"') - 20, 0)
        raise CohortError(
            f'{path}: line {number}: a cell begins with a quote (") that is not closed at the '
            f"end of the cell, near: {text[start : start + 60]}. An unmatched quote would absorb "
            "the following rows. Remove it; if it belongs to the text, double it and put the cell "
            "in quotes. Replace line breaks in quoted cells by spaces."
        ) from None


def _refuse_separator(path: Path, header: str, separator: str, reading: Reading) -> None:
    """Refuse a table of one column."""
    named = SEPARATORS.get(separator, f'"{separator}"')
    said = (
        f'separator = "{reading.separator}" asks for {named}'
        if reading.separator
        else (
            f"there are no {named} in its header, nor anything else that may stand between columns"
        )
    )
    raise CohortError(
        f"{path}: only one column was found: {said}; a table has patients in its first column and "
        f"at least one more column. The header begins: {header[:60]}"
    )


def _refuse_ragged(
    path: Path, rows: list[bytes], numbers: list[int], separator: str, header: list[str]
) -> list[bytes]:
    """Refuse rows with more or fewer cells than the header, as in a file that was cut short.

    Blank cells beyond the header are cut off.
    """
    mark, width = separator.encode(), len(header)
    if all(line.count(mark) == width - 1 for line in rows) and b'"' not in b"".join(rows):
        return rows
    for i, line in enumerate(rows):
        quoted = b'"' in line
        length = len(fields(line.decode("utf-8"), separator)) if quoted else line.count(mark) + 1
        if length > width and line.endswith(mark * (length - width)):
            rows[i] = line[: len(line) - (length - width) * len(mark)]
        elif length != width:
            raise CohortError(
                f"{path}: line {numbers[i]} has {count(length, 'field')} and the header {width}. "
                "Each row needs the same number. The file may be truncated, a cell may hold the "
                "separator, or the line is a note below the table."
            )
    return rows
