"""The bytes of a file: unpacked where it is packed, named where it is no table."""

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from omicsfuse.core.checks.tables import listed
from omicsfuse.core.errors import CohortError, OmicsfuseError

#: Endings of packed files, to be taken off before the ending that tells the format is read.
PACKED = (".gz", ".bgz", ".bz2", ".xz", ".zip")

#: Endings of tables that are no text, and are read by other packages.
ANNOTATED, PARQUET = (".h5ad", ".h5mu"), (".parquet", ".pq")

#: How each packed file begins, what it is called, and how it is unpacked.
_UNPACK: tuple[tuple[bytes, str, str, Callable[[bytes], bytes]], ...] = (
    (b"\x1f\x8b", ".gz", "gzip", gzip.decompress),
    (b"BZh", ".bz2", "bzip2", bz2.decompress),
    (b"\xfd7zXZ\x00", ".xz", "xz", lzma.decompress),
)
_DAMAGED = (EOFError, OSError, ValueError, zlib.error, lzma.LZMAError)

#: Files that hold no table of text: how they begin, what they are, and the way out.
_FOREIGN: tuple[tuple[tuple[bytes, ...], str, str], ...] = (
    (
        (b"X\n\x00\x00", b"A\n2\n", b"A\n3\n", b"B\n\x02\x00", b"B\n\x03\x00"),
        "an RDS file of R",
        'In R: x <- readRDS("{name}"); write.table(x, "table.tsv", sep = "\\t", quote = FALSE, '
        "col.names = NA)",
    ),
    (
        (b"RDX2\n", b"RDX3\n", b"RDA2\n", b"RDA3\n"),
        "an RData file of R",
        'In R: load("{name}"), which tells the names of what is in it with verbose = TRUE; then '
        'write.table(x, "table.tsv", sep = "\\t", quote = FALSE, col.names = NA)',
    ),
    (
        (b"\x89HDF\r\n\x1a\n",),
        "an HDF5 file",
        "Of AnnData and MuData (.h5ad, .h5mu) the name tells: rename it. Of others, save the table "
        "as TSV.",
    ),
    ((b"PAR1",), "a Parquet file", "Name it .parquet."),
    ((b"ARROW1", b"FEA1"), "a Feather file", "Save the table as Parquet or TSV."),
    ((b"\x93NUMPY",), "an array of NumPy", "It has no names: save the table as TSV with names."),
    (
        (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"),
        "a pickle of Python",
        'Pickles can run programs and are not opened. In Python: table.to_csv("table.tsv", '
        'sep="\\t")',
    ),
    ((b"MATLAB 5.0",), "a file of MATLAB", "In MATLAB: writetable(T, 'table.csv')"),
    ((b"SQLite format 3",), "a database of SQLite", "Export the table as TSV."),
    ((b"7z\xbc\xaf\x27\x1c",), "a 7z archive", "Unpack it, and name the file in it."),
    ((b"Rar!",), "a RAR archive", "Unpack it, and name the file in it."),
    ((b"\x28\xb5\x2f\xfd",), "packed with Zstandard", "Unpack it: zstd -d {name}"),
    ((b"%PDF",), "a PDF document", "Ask its authors for the table itself."),
    ((b"\x89PNG", b"\xff\xd8\xff", b"GIF8"), "a picture", "Name the file with the table."),
    (
        (b"\x5c\x01\x00\x00", b"\x00\x00\x01\x5c", b"NRRD"),
        "an image volume",
        "Name the table with the features that were extracted from it.",
    ),
    ((b"version https://git-lfs",), "a pointer of Git LFS", "Fetch the file: git lfs pull"),
    ((b"{\\rtf",), "a document (RTF)", "Copy its table to a spreadsheet, and save that as CSV."),
)
_ZIP = b"PK\x03\x04"
#: The second is an archive of nothing.
_ZIPS = (_ZIP, b"PK\x05\x06")
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: Bytes of the beginning that tell text from other files.
_SAMPLE = 8192


def plain_name(name: str) -> str:
    """Name of a file, in small letters, without the endings of packing."""
    name = name.lower()
    while name.endswith(PACKED):
        name = name[: name.rfind(".")]
    return name


def read_file(path: Path, error: type[OmicsfuseError] = CohortError) -> bytes:
    """Read a file, saying plainly that it is missing, a folder, or closed to us."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise error(f"{path} does not exist: check the path.") from None
    except IsADirectoryError:
        inside = sorted(entry.name for entry in path.iterdir()) if path.is_dir() else []
        shown = f" It holds {listed(inside, 4)}." if inside else " It is empty."
        raise error(f"{path} is a folder; expected a file.{shown} Name one of its files.") from None
    except OSError as fault:
        raise error(f"{path} cannot be read: {fault.strerror}.") from None


def unpacked(content: bytes, path: Path, error: type[OmicsfuseError] = CohortError) -> bytes:
    """Unpack gzip, bzip2, xz, and zip archives of one file, one in another too."""
    ending = path.suffix.lower()
    for begins, suffix, called, unpack in _UNPACK:
        if content.startswith(begins):
            try:
                return unpacked(unpack(content), path.with_suffix(""), error)
            except _DAMAGED:
                raise error(
                    f"{path} is damaged or truncated (incomplete {called} data). Download or copy "
                    "it again."
                ) from None
        if ending == suffix and content:
            raise error(
                f"{path} is not packed with {called} although its name ends in {suffix}: rename it."
            )
    if content.startswith(_ZIPS) and not _is_spreadsheet(content):
        return unpacked(_only_member(content, path, error), path.with_suffix(""), error)
    return content


def _is_spreadsheet(content: bytes) -> bool:
    """Whether a zip archive is a workbook of Excel or LibreOffice."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
    except zipfile.BadZipFile:
        return False
    return bool(names & {"xl/workbook.xml", "xl/workbook.bin"}) or (
        "content.xml" in names and "mimetype" in names
    )


def spreadsheet(content: bytes, name: str) -> str:
    """Kind of workbook (``"xlsx"``, ``"ods"``, ``"xls"``) that some bytes are; else empty."""
    if content.startswith(_ZIP) and _is_spreadsheet(content):
        return "ods" if b"opendocument" in content[:200] else "xlsx"
    if content.startswith(_OLD_OFFICE) and not name.endswith((".doc", ".ppt")):
        return "xls"
    return ""


def _only_member(content: bytes, path: Path, error: type[OmicsfuseError]) -> bytes:
    """The one file in a zip archive; what the Finder of a Mac adds does not count."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [
                item
                for item in archive.infolist()
                if not item.is_dir()
                and "__MACOSX" not in item.filename
                and not PurePosixPath(item.filename).name.startswith(".")
            ]
            if any(item.filename.startswith(("word/", "ppt/")) for item in members):
                raise error(
                    f"{path} is a document of Word or PowerPoint, not a table. Copy its table to a "
                    "spreadsheet, and save that."
                )
            if len(members) != 1:
                names = listed([item.filename for item in members], 4) or "nothing"
                raise error(
                    f"{path} is a zip archive of {len(members)} files ({names}); expected one "
                    "file. Unpack it, and name the file that is meant."
                )
            if members[0].flag_bits & 1:
                raise error(f"{path} is a zip archive with a password: unpack it first.")
            return archive.read(members[0])
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError):
        # RuntimeError: a compression that this Python does not know, as a damaged byte may name.
        raise error(
            f"{path} is damaged or truncated (incomplete zip data). Download or copy it again."
        ) from None


def refuse_foreign(content: bytes, path: Path, error: type[OmicsfuseError] = CohortError) -> None:
    """Refuse, by their name, files that hold no table of text, saying the way out."""
    for beginnings, called, way in _FOREIGN:
        if content.startswith(beginnings):
            raise error(f"{path} is {called}, not a table. {way.format(name=path.name)}")
    if content[257:262] == b"ustar":
        names = listed(_tar_members(content), 4)
        raise error(
            f"{path} is a tar archive, not a table; it holds {names}. Unpack it (tar -xf "
            f"{path.name}), and name the file that is meant."
        )
    start = content[:_SAMPLE].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<table", b"<!--")):
        raise error(
            f"{path} is a web page (HTML), not a table: was a page of errors or of a login "
            "saved in its place? Download the table again, and look at the address. A table that a "
            "program wrote as HTML opens in a spreadsheet program: save it as CSV."
        )
    if start.startswith(b"<?xml"):
        raise error(f"{path} is an XML document, not a table. Save the table as TSV.")
    if start.startswith((b'{"', b"[{", b"{\n", b"[\n", b"{\r\n", b"[[", b'["')):
        raise error(f"{path} is a JSON document, not a table. Save the table as TSV.")


def _tar_members(content: bytes) -> list[str]:
    import tarfile

    try:
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            return [member.name for member in archive.getmembers() if member.isfile()]
    except tarfile.TarError:
        return []
