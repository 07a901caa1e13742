"""Table 1 as files: CSV for programs, HTML for a browser, DOCX for a manuscript."""

import io
import zipfile
from collections.abc import Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

if TYPE_CHECKING:
    from docx.document import Document
    from docx.table import Table, _Cell

#: Date written into the document in place of today's, so that a run gives the same bytes again.
FIXED_DATE = datetime(2000, 1, 1)
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)
#: Columns that are not of patients.
_KEYS = ("variable", "summary", "level")

_STYLE = (
    "body{font:15px/1.45 system-ui,sans-serif;color:#22272e;margin:2rem auto;max-width:70rem;"
    "padding:0 1rem}.wide{overflow-x:auto}table{border-collapse:collapse;"
    "border-top:2px solid;border-bottom:2px solid}caption{text-align:left;font-weight:600;"
    "padding-bottom:.5rem}th,td{padding:.22rem .8rem;text-align:right;vertical-align:top;"
    "white-space:nowrap}thead th{border-bottom:1px solid;vertical-align:bottom}"
    "th:first-child{text-align:left;white-space:normal}tbody th{font-weight:400}"
    "tbody tr.head th{font-weight:600}th.level{padding-left:2rem}"
    "p{font-size:.86rem;max-width:60rem}"
)


class PrintedRow(NamedTuple):
    """A row as printed: its label, whether it is a level of the variable above, its cells."""

    label: str
    level: bool
    cells: tuple[str, ...]


def printed_rows(table: pd.DataFrame) -> tuple[list[str], list[PrintedRow]]:
    """Lay Table 1 out for people: headings, and rows, categories indented below their variable."""
    groups = [name for name in table.columns if name not in (*_KEYS, "p", "fdr", "test")]
    if table.empty:
        return [*groups, "p", "FDR"], []
    sizes = table.iloc[0]
    headings = [*(f"{name} (n = {sizes[name]})" for name in groups), "p", "FDR"]
    rows: list[PrintedRow] = []
    for _, row in table.iloc[1:].iterrows():
        values = tuple(str(row[name]) for name in groups)
        tests = (str(row["p"]), str(row["fdr"]))
        name = f"{row['variable']}, {row['summary']}"
        if row["summary"] == "missing":
            rows.append(PrintedRow("missing", True, (*values, "", "")))
        elif row["level"] == "":
            rows.append(PrintedRow(name, False, (*values, *tests)))
        else:
            # Only the first level of a variable bears the tests.
            if not rows or row["test"] or name != _last_name(rows):
                rows.append(PrintedRow(name, False, (*("" for _ in groups), *tests)))
            rows.append(PrintedRow(str(row["level"]), True, (*values, "", "")))
    return headings, rows


def _last_name(rows: Sequence[PrintedRow]) -> str:
    return next((row.label for row in reversed(rows) if not row.level), "")


def write_table_one(table: pd.DataFrame, notes: Sequence[str], folder: Path) -> None:
    """Write ``table1.csv``, ``table1.html`` and ``table1.docx``, the same bytes for a table."""
    if table.empty:
        return
    table.to_csv(folder / "table1.csv", index=False, encoding="utf-8", lineterminator="\n")
    (folder / "table1.html").write_bytes(_html(table, notes).encode("utf-8", "replace"))
    (folder / "table1.docx").write_bytes(_docx(table, notes))


def _title() -> str:
    return "Table 1. Patients by subtype"


def _html(table: pd.DataFrame, notes: Sequence[str]) -> str:
    headings, rows = printed_rows(table)
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in headings)
    lines = []
    for row in rows:
        kind = ' class="level"' if row.level else ""
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in row.cells)
        of = "" if row.level else ' class="head"'
        lines.append(f'<tr{of}><th scope="row"{kind}>{escape(row.label)}</th>{cells}</tr>')
    below = "".join(f"<p>{escape(note)}</p>\n" for note in notes)
    body = "\n".join(lines)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_title()}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f'<div class="wide"><table>\n<caption>{_title()}</caption>\n'
        f'<thead><tr><th scope="col">variable</th>{head}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody>\n</table></div>\n{below}</body>\n</html>\n"
    )


def _docx(table: pd.DataFrame, notes: Sequence[str]) -> bytes:
    """Write the document; its archive gets fixed dates, as its properties do."""
    import docx
    from docx.enum.section import WD_ORIENT
    from docx.shared import Pt

    document = docx.Document()
    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = section.page_height, section.page_width
    for side in ("left_margin", "right_margin", "top_margin", "bottom_margin"):
        setattr(section, side, Pt(54))
    font = document.styles["Normal"].font
    font.name, font.size = "Arial", Pt(8.5)
    _plain(document.add_paragraph(), _title(), bold=True)
    headings, rows = printed_rows(table)
    grid = document.add_table(rows=1 + len(rows), cols=1 + len(headings))
    _fill(grid.rows[0].cells, ("variable", *headings), bold=True)
    for line, row in zip(grid.rows[1:], rows, strict=True):
        _fill(line.cells, (row.label, *row.cells), level=row.level, first_bold=not row.level)
    _rules(grid)
    for note in notes:
        _plain(document.add_paragraph(), note)
    return _with_fixed_dates(document)


def _fill(
    cells: "Sequence[_Cell]",
    texts: Sequence[str],
    *,
    bold: bool = False,
    first_bold: bool = False,
    level: bool = False,
) -> None:
    """Write a row: the label left, the rest right."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    for i, (cell, text) in enumerate(zip(cells, texts, strict=True)):
        paragraph = cell.paragraphs[0]
        _plain(paragraph, text, bold=bold or (first_bold and i == 0))
        if i:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        elif level:
            paragraph.paragraph_format.left_indent = Pt(12)


def _plain(paragraph: Any, text: str, *, bold: bool = False) -> None:
    """Write text into a paragraph, without what XML cannot hold."""
    from docx.shared import Pt

    allowed = "".join(c if c.isprintable() else " " for c in text)
    paragraph.add_run(allowed).bold = bold
    paragraph.paragraph_format.space_after = Pt(1)
    paragraph.paragraph_format.space_before = Pt(1)


def _rules(grid: "Table") -> None:
    """Draw the three rules of a printed table, and repeat its heading on every page."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    def rule(cells: "Sequence[_Cell]", side: str, width: int) -> None:
        for cell in cells:
            properties = cell._tc.get_or_add_tcPr()
            borders = properties.find(qn("w:tcBorders"))
            if borders is None:
                borders = OxmlElement("w:tcBorders")
                properties.append(borders)
            line = OxmlElement(f"w:{side}")
            for key, value in (("val", "single"), ("sz", str(width)), ("color", "000000")):
                line.set(qn(f"w:{key}"), value)
            borders.append(line)

    rule(grid.rows[0].cells, "top", 12)
    rule(grid.rows[0].cells, "bottom", 6)
    if len(grid.rows) > 1:
        rule(grid.rows[-1].cells, "bottom", 12)
    heading = OxmlElement("w:tblHeader")
    heading.set(qn("w:val"), "true")
    grid.rows[0]._tr.get_or_add_trPr().append(heading)


def _with_fixed_dates(document: "Document") -> bytes:
    properties = document.core_properties
    properties.author = properties.last_modified_by = "omicsfuse"
    properties.title, properties.comments, properties.revision = _title(), "", 1
    properties.created = properties.modified = FIXED_DATE
    written, fixed = io.BytesIO(), io.BytesIO()
    document.save(written)
    with (
        zipfile.ZipFile(written) as source,
        zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in sorted(
            source.namelist(), key=lambda part: (part != "[Content_Types].xml", part)
        ):
            entry = zipfile.ZipInfo(name, _ZIP_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, source.read(name))
    return fixed.getvalue()
