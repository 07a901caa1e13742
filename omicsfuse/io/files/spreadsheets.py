"""Workbooks of Excel and LibreOffice: one sheet, as text with tabs."""

import datetime
import io
from pathlib import Path
from typing import TYPE_CHECKING

from omicsfuse.core.checks.tables import count, listed
from omicsfuse.core.errors import CohortError, OmicsfuseError

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook


def sheet_text(
    content: bytes,
    kind: str,
    path: Path,
    sheet: str | int = "",
    error: type[OmicsfuseError] = CohortError,
) -> tuple[bytes, str]:
    """Write a sheet as text with tabs, and say which it is.

    ``sheet``: name or number (from 1); without one there may be one sheet only with cells.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        names = list(book.sheet_names)
        name = _chosen(book, names, path, sheet, error)
        rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except (CalamineError, ValueError, OSError) as fault:
        if isinstance(fault, OmicsfuseError):
            raise
        raise error(
            f"{path} cannot be read as a workbook ({kind}): {fault}. Open it in a spreadsheet "
            "program, and save the sheet as CSV."
        ) from None
    text = "\n".join("\t".join(_text(cell) for cell in row).rstrip("\t") for row in rows)
    width = max((line.count("\t") for line in text.split("\n")), default=0)
    lines = [line + "\t" * (width - line.count("\t")) for line in text.split("\n")]
    note = f'sheet "{name}"' + (f" of {len(names)}" if len(names) > 1 else "")
    return "\n".join([*lines, ""]).encode("utf-8"), note


def _chosen(
    book: "CalamineWorkbook",
    names: list[str],
    path: Path,
    sheet: str | int,
    error: type[OmicsfuseError],
) -> str:
    """Name of the sheet asked for, or of the only one that holds anything."""
    if isinstance(sheet, int) or (
        isinstance(sheet, str) and sheet.isdigit() and sheet not in names
    ):
        number = int(sheet)
        if not 1 <= number <= len(names):
            raise error(
                f"{path} has {count(len(names), 'sheet')} ({listed(names, 6)}), and sheet = "
                f"{number} is asked for; sheets are counted from 1."
            )
        return names[number - 1]
    if sheet:
        if sheet not in names:
            raise error(f'{path} has no sheet "{sheet}"; its sheets are {listed(names, 8)}.')
        return sheet
    filled = [name for name in names if book.get_sheet_by_name(name).height]
    if len(filled) == 1:
        return filled[0]
    if not filled:
        raise error(f"{path} is empty: none of its sheets ({listed(names, 6)}) holds a cell.")
    raise error(
        f"{path} has {len(filled)} sheets with cells ({listed(filled, 6)}); say which one is "
        "meant, by name or by number from 1: sheet = "
        f'"{filled[0]}".'
    )


def _text(cell: object) -> str:
    """A cell as a program would have written it to a text file."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime.datetime) and cell.time() == datetime.time():
        return cell.date().isoformat()
    if isinstance(cell, (datetime.date, datetime.time)):
        return cell.isoformat()
    text = " ".join(str(cell).split("\n")).replace("\t", " ").replace("\r", "")
    return '"' + text.replace('"', '""') + '"' if '"' in text else text
