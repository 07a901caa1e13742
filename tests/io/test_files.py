"""Files as they lie on the disk: packed, encoded, delimited, in workbooks, or no tables at all."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from pathlib import Path

import pytest

from omicsfuse.core.errors import CohortError
from omicsfuse.io.files.text import Reading
from omicsfuse.io.layouts.base import Arranged, Wanted
from omicsfuse.io.tables import MISSING_WORDS, arranged_table

TABLE = "patient\tA\tB\nP1\t1.5\t2\nP2\t3\t4\n"
VALUES = {"A": {"P1": 1.5, "P2": 3.0}, "B": {"P1": 2.0, "P2": 4.0}}


def read(path: Path, content: str | bytes, reading: Reading | None = None) -> Arranged:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return arranged_table(path, Wanted(missing_words=MISSING_WORDS), reading)


def zipped(**members: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return stream.getvalue()


def tarred(name: str) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        info = tarfile.TarInfo(name)
        info.size = len(TABLE)
        archive.addfile(info, io.BytesIO(TABLE.encode()))
    return stream.getvalue()


def workbook(sheets: dict[str, list[list[str]]]) -> bytes:
    """An .xlsx of cells as XML: ``n:5`` is a number, ``d:5`` a date, other cells are text."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    related = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        names = "".join(
            f'<sheet name="{name}" sheetId="{i}" r:id="r{i}"/>' for i, name in enumerate(sheets, 1)
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{related}"><sheets>{names}</sheets></workbook>',
        )
        targets = "".join(
            f'<Relationship Id="r{i}" Type="{related}/worksheet" Target="worksheets/s{i}.xml"/>'
            for i in range(1, len(sheets) + 1)
        )
        styles = f'<Relationship Id="rs" Type="{related}/styles" Target="styles.xml"/>'
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{package}">{targets}{styles}</Relationships>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}"><Relationship Id="r" '
            f'Type="{related}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/styles.xml",
            f'<styleSheet xmlns="{main}"><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'
            "</styleSheet>",
        )
        for i, rows in enumerate(sheets.values(), 1):
            body = ""
            for r, row in enumerate(rows, 1):
                cells = ""
                for place, cell in zip("ABCDEFGH", row, strict=False):
                    if cell.startswith(("n:", "d:")):
                        style = ' s="1"' if cell[0] == "d" else ""
                        cells += f'<c r="{place}{r}"{style}><v>{cell[2:]}</v></c>'
                    elif cell:
                        cells += f'<c r="{place}{r}" t="inlineStr"><is><t>{cell}</t></is></c>'
                body += f'<row r="{r}">{cells}</row>'
            archive.writestr(
                f"xl/worksheets/s{i}.xml",
                f'<worksheet xmlns="{main}"><sheetData>{body}</sheetData></worksheet>',
            )
    return stream.getvalue()


def open_document(rows: list[list[str]]) -> bytes:
    """An .ods of one sheet."""
    names = ("office", "table", "text")
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in names
    )
    body = ""
    for row in rows:
        cells = ""
        for cell in row:
            number = cell.startswith("n:")
            kind = f'float" office:value="{cell[2:]}' if number else "string"
            cells += (
                f'<table:table-cell office:value-type="{kind}"><text:p>{cell}</text:p>'
                "</table:table-cell>"
            )
        body += f"<table:table-row>{cells}</table:table-row>"
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "content.xml",
            f"<office:document-content {spaces}><office:body><office:spreadsheet>"
            f'<table:table table:name="S">{body}</table:table></office:spreadsheet></office:body>'
            "</office:document-content>",
        )
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    return stream.getvalue()


ROWS = [["patient", "A", "B"], ["P1", "n:1.5", "n:2"], ["P2", "n:3", "n:4"]]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.tsv.gz", gzip.compress(TABLE.encode())),
        ("a.tsv", gzip.compress(TABLE.encode())),
        ("a.tsv.gz.gz", gzip.compress(gzip.compress(TABLE.encode()))),
        ("a.tsv.bz2", bz2.compress(TABLE.encode())),
        ("a.txt.xz", lzma.compress(TABLE.encode())),
        ("a.zip", zipped(x=TABLE)),
        ("a.tsv.zip", zipped(**{"a/x.tsv": TABLE, "__MACOSX/x": "x", "a/.DS_Store": "x"})),
        ("a.csv.gz", gzip.compress(TABLE.replace("\t", ",").encode())),
        ("a.tsv.gz", gzip.compress(TABLE.encode("utf-16"))),
    ],
)
def test_every_packing(tmp_path: Path, name: str, content: bytes) -> None:
    assert read(tmp_path / name, content).table.to_dict() == VALUES


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252"],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_encoding(tmp_path: Path, encoding: str, newline: str) -> None:
    text = TABLE.replace("P2", "Müller").replace("\n", newline)
    table = read(tmp_path / "a.tsv", text.encode(encoding)).table
    assert table.loc["Müller"].to_dict() == {"A": 3.0, "B": 4.0}


def test_windows_letters_are_read_with_a_note_and_others_when_named(tmp_path: Path) -> None:
    text = TABLE.replace("A", "Größe")
    windows = read(tmp_path / "a.tsv", text.encode("cp1252"))
    assert windows.notes == ['read as Windows text (cp1252), e.g. "Größe"']
    apple = read(tmp_path / "b.tsv", text.encode("mac_roman"), Reading(encoding="mac_roman"))
    assert list(apple.table) == ["Größe", "B"]
    assert apple.notes == []


@pytest.mark.parametrize(
    ("encoding", "message"),
    [
        ("klingon", 'encoding = "klingon" is not known'),
        ("hex", "is not hex text"),
        ("utf-16", "is not utf-16 text"),
        ("ascii", "is not ascii text"),
    ],
)
def test_encodings_that_are_none(tmp_path: Path, encoding: str, message: str) -> None:
    with pytest.raises(CohortError, match=message):
        read(tmp_path / "a.tsv", TABLE.replace("A", "Ä"), Reading(encoding=encoding))


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.csv", "patient;A;B\nP1;1,5;2\nP2;3;4\n", "decimal comma (e.g. 1,5)"),
        ("a.csv", "patient;A;B\nP1;1.5;2\nP2;3;4\n", "semicolons between columns"),
        ("a.tsv", "patient\tA\tB\nP1\t1,50\t2\nP2\t3,00\t4\n", "decimal comma (e.g. 1,50)"),
        ("a.csv", "sep=;\npatient;A;B\nP1;1,5;2\nP2;3;4\n", "decimal comma (e.g. 1,5)"),
        ("a.csv", "sep=\t\n" + TABLE, ""),
        ("a.csv", TABLE, "tabs between columns"),
        ("a.txt", TABLE.replace("\t", ","), "commas between columns"),
        ("a.txt", TABLE.replace("\t", "|"), "bars between columns"),
        ("a.txt", TABLE.replace("\t", " "), "spaces between columns"),
        ("a.csv", "Table S1. Of us,,\n,,\npatient,A,B\nP1,1.5,2\nP2,3,4\n", ""),
        ("a.csv", "patient,A,,B,\nP1,1.5,,2,\nP2,3,,4,\n,,,,\n", "without 2 empty columns"),
        ("a.csv", "patient,A,B,\nP1,1.5,2\nP2,3,4\n", ""),
        ("a.csv", "patient,A,B\nP1,1.5,2,,\nP2,3,4,,\n\n\n", ""),
        ("a.csv", '"A","B"\n"P1",1.5,2\n"P2",3,4\n', ""),
    ],
)
def test_every_dialect(tmp_path: Path, name: str, content: str, told: str) -> None:
    arranged = read(tmp_path / name, content)
    assert arranged.table.to_dict() == VALUES
    assert told in "; ".join(arranged.notes)


@pytest.mark.parametrize(
    ("content", "expected", "told"),
    [
        ('patient,A,B\nP1,"1,512.5",2\nP2,3,"4,255"\n', [1512.5, 4255], "thousands commas"),
        ("patient;A;B\nP1;1.512,5;2\nP2;3;4.255,0\n", [1512.5, 4255], "thousands points"),
        ("patient\tA\tB\nP1\t1\u00a0512,5\t2\nP2\t3\t4\u00a0255\n", [1512.5, 4255], "spaces"),
        ("patient\tA\tB\nP1\t1\u202f512\t2\nP2\t3\t0,5\n", [1512, 0.5], "decimal comma"),
        ("patient;A;B\nP1;1,512;2\nP2;3;4,255\n", [1.512, 4.255], "decimal comma"),
        ('patient,A,B\nP1,"12,345,678",2\nP2,3,1\n', [12345678, 1], "thousands commas"),
    ],
)
def test_thousands(tmp_path: Path, content: str, expected: list[float], told: str) -> None:
    arranged = read(tmp_path / "a.txt", content)
    assert [arranged.table.loc["P1", "A"], arranged.table.loc["P2", "B"]] == expected
    assert told in "; ".join(arranged.notes)


def test_a_comma_that_may_be_either_is_asked_about(tmp_path: Path) -> None:
    text = "patient\tA\tB\nP1\t1,512\t2\nP2\t3\t4,255\n"
    with pytest.raises(CohortError, match='decimal = "," or thousands = ","'):
        read(tmp_path / "a.tsv", text)
    fraction = read(tmp_path / "a.tsv", text, Reading(decimal=","))
    assert fraction.table.loc["P1", "A"] == 1.512
    whole = read(tmp_path / "a.tsv", text, Reading(thousands=","))
    assert whole.table.loc["P1", "A"] == 1512


def test_thousands_of_other_signs_are_named(tmp_path: Path) -> None:
    text = "patient\tA\tB\nP1\t1'512.5\t2\nP2\t3\t4'255\n"
    table = read(tmp_path / "a.tsv", text, Reading(thousands="'")).table
    assert table.loc["P1", "A"] == 1512.5
    text = text.replace("'", " ")
    assert read(tmp_path / "a.tsv", text, Reading(thousands=" ")).table.loc["P2", "B"] == 4255


def test_titles_are_told(tmp_path: Path) -> None:
    text = '"Table S1, of the supplement"\n\npatient,A,B,C\nP1,1,2,3\nP2,1,2,3\n'
    arranged = read(tmp_path / "a.csv", text)
    assert arranged.table.shape == (2, 3)
    assert 'without its title: "Table S1, of the supplement"' in arranged.notes


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("patient\tA\tB\nP1\t1\nP2\t3\t4\n", "line 2 has 2 fields and the header 3"),
        ("patient\tA\tB\nP1\t1\t2\t9\nP2\t3\t4\t9\nP3\t1\t2\n", "line 4 has 3 fields"),
        (TABLE + "Source: the authors\n", "line 4 has 1 field.*a note below the table"),
        ("patient   A    B\nP1        1    2\nP2        3    4\n", "only one column was found"),
        ("patient\tA\n", "it has a header of 2 columns and no rows"),
        ("", "is empty: expected a header and rows"),
        (" \n\n", "is empty: expected a header and rows"),
        (b"\xff\xfe", "is empty: expected a header and rows"),
        ('patient\tA\nP1\t"1\nP2\t3\n', "not closed at the end of the cell"),
    ],
)
def test_tables_that_are_damaged(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(CohortError, match=message):
        read(tmp_path / "a.tsv", content)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (gzip.compress(b"X\n\x00\x00\x00\x03"), r"an RDS file of R.*readRDS\(\"a.dat\"\)"),
        (bz2.compress(b"X\n\x00\x00\x00\x03"), "an RDS file of R"),
        (gzip.compress(b"RDX3\nX\n"), "an RData file of R.*load"),
        (gzip.compress(tarred("hnsc/e.tsv")), 'tar archive.*holds "hnsc/e.tsv".*tar -xf'),
        (b"\n<!DOCTYPE html><html>404</html>", "web page"),
        (b"<table><tr><td>patient</td></tr></table>", "web page.*save it as CSV"),
        (b'{"a": 1}', "JSON document"),
        (b'[{"patient": "P1"}]', "JSON document"),
        (b"[[1, 2], [3, 4]]", "JSON document"),
        (b'<?xml version="1.0"?><a/>', "XML document"),
        (b"%PDF-1.4", "a PDF document.*authors"),
        (b"\x89HDF\r\n\x1a\n" + b"0" * 50, "an HDF5 file.*rename it"),
        (b"PAR1" + b"0" * 50, "Name it .parquet"),
        (b"ARROW1\0\0", "a Feather file"),
        (b"\x80\x04\x95", "Pickles can run programs"),
        (b"\x89PNG\r\n", "a picture"),
        (b"\x5c\x01\0\0" + b"\0" * 340, "an image volume"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d\n", "git lfs pull"),
        (b"{\\rtf1\\ansi x", "a document"),
        (zipped(x=TABLE, y=TABLE), 'zip archive of 2 files \\("x", "y"\\); expected one'),
        (zipped(), r"zip archive of 0 files"),
        (zipped(**{"word/document.xml": "x", "other": "y"}), "a document of Word"),
        (zipped(x=TABLE)[:-30], "damaged or truncated"),
        (gzip.compress(TABLE.encode() * 100)[:-9], "damaged or truncated"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, r"as a workbook \(xls\)"),
        (b"\0" * 100, "is not text: it holds bytes of 0"),
        (bytes(range(1, 256)) * 4, "neither UTF-8 .* nor Windows text.*encoding ="),
    ],
)
def test_files_that_are_no_tables_are_named_with_the_way_out(
    tmp_path: Path, content: bytes, message: str
) -> None:
    with pytest.raises(CohortError, match=message):
        read(tmp_path / "a.dat", content)


def test_an_ending_that_lies_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(CohortError, match="not packed with gzip although its name ends in"):
        read(tmp_path / "a.tsv.gz", TABLE)
    with pytest.raises(CohortError, match="does not exist"):
        arranged_table(tmp_path / "b.tsv", Wanted())
    with pytest.raises(CohortError, match="is a folder; expected a file"):
        arranged_table(tmp_path, Wanted(label="clinical"))


@pytest.mark.parametrize(
    ("name", "content"), [("a.xlsx", workbook({"S": ROWS})), ("a.ods", open_document(ROWS))]
)
def test_workbooks(tmp_path: Path, name: str, content: bytes) -> None:
    arranged = read(tmp_path / name, content)
    assert arranged.table.to_dict() == VALUES
    assert arranged.notes == ['sheet "S"']


def test_of_several_sheets_one_is_named(tmp_path: Path) -> None:
    other = [["patient", "A", "B"], ["P1", "n:9", "n:9"], ["P2", "n:9", "n:9"]]
    content = workbook({"Legend": [], "One": ROWS, "Two": other})
    with pytest.raises(CohortError, match=r'2 sheets with cells \("One", "Two"\).*sheet = "One"'):
        read(tmp_path / "a.xlsx", content)
    for sheet in ("Two", 3, "3"):
        table = read(tmp_path / "a.xlsx", content, Reading(sheet=sheet)).table
        assert table.loc["P1", "A"] == 9
    with pytest.raises(CohortError, match='no sheet "Three"; its sheets are'):
        read(tmp_path / "a.xlsx", content, Reading(sheet="Three"))
    with pytest.raises(CohortError, match="sheets are counted from 1"):
        read(tmp_path / "a.xlsx", content, Reading(sheet=4))
    alone = workbook({"Legend": [], "One": ROWS})
    assert read(tmp_path / "b.xlsx", alone).notes == ['sheet "One" of 2']
    with pytest.raises(CohortError, match="none of its sheets"):
        read(tmp_path / "c.xlsx", workbook({"Legend": [], "One": []}))


def test_workbooks_have_titles_gaps_and_cells_of_all_kinds(tmp_path: Path) -> None:
    rows = [
        ["Supplementary Table 1"],
        [],
        ["patient", "A", "", "seen", "say"],
        ["001", "n:1.5", "", "d:45000", "a"],
        ["002", "", "", "d:45001", "b"],
        [],
    ]
    arranged = read(tmp_path / "a.xlsx", workbook({"S": rows}))
    assert list(arranged.table.index) == ["001", "002"]
    assert list(arranged.table) == ["A", "seen", "say"]
    assert arranged.table["seen"].tolist() == ["2023-03-15", "2023-03-16"]
    assert arranged.table["A"].isna().tolist() == [False, True]
    assert "without its title" in "; ".join(arranged.notes)


def test_genes_that_a_workbook_made_dates_are_read_as_dates(tmp_path: Path) -> None:
    """The gate restores the symbols, or refuses them; here nothing is lost."""
    rows = [["gene", "P1", "P2"], ["d:45000", "n:1", "n:2"], ["TP53", "n:3", "n:4"]]
    (tmp_path / "a.xlsx").write_bytes(workbook({"S": rows}))
    wanted = Wanted(orientation="features_by_patients", missing_words=MISSING_WORDS)
    assert list(arranged_table(tmp_path / "a.xlsx", wanted).table) == ["2023-03-15", "TP53"]
