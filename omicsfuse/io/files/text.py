"""A text file as it lies on the disk: unpacked, in UTF-8, with what was noticed on the way."""

from dataclasses import dataclass, field
from pathlib import Path

from omicsfuse.core.errors import CohortError, OmicsfuseError
from omicsfuse.io.files import opening
from omicsfuse.io.files.encodings import to_utf8
from omicsfuse.io.files.spreadsheets import sheet_text


@dataclass(frozen=True)
class Reading:
    """How a file is to be read, where telling it from the file would be wrong.

    Empty: told from the file. ``sheet``: name or number (from 1) of a workbook's sheet.
    """

    separator: str = ""
    decimal: str = ""
    thousands: str = ""
    encoding: str = ""
    sheet: str | int = ""


@dataclass(frozen=True)
class Text:
    """Text of a file: UTF-8 bytes with plain line ends; ``notes``: what was told from the file."""

    path: Path
    content: bytes
    notes: tuple[str, ...] = ()
    #: Cells were typed already: their separator and decimal point are ours.
    from_sheet: bool = False
    lines: list[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Cut off the first lines, which tell how the rest is to be read."""
        first = self.content[:HEAD].decode("utf-8", errors="ignore").split("\n")
        if len(self.content) > HEAD:
            # The last line may be cut; of a very wide table the first is kept whole.
            end = self.content.find(b"\n", HEAD)
            whole = self.content[: end if end >= 0 else None]
            first = whole.decode("utf-8").split("\n")
        object.__setattr__(self, "lines", first)

    @property
    def name(self) -> str:
        """File name in small letters, without endings of packing."""
        return opening.plain_name(self.path.name)


#: Bytes that are looked at to tell a layout, at least.
HEAD = 1 << 16


def open_text(
    path: str | Path, reading: Reading | None = None, error: type[OmicsfuseError] = CohortError
) -> Text:
    """Open a text file or a workbook; refuse by name what is neither."""
    path, reading = Path(path), reading or Reading()
    content = opening.unpacked(opening.read_file(path, error), path, error)
    if not content.strip():
        raise error(f"{path} is empty: expected a header and rows.")
    if kind := opening.spreadsheet(content, path.name.lower()):
        text, note = sheet_text(content, kind, path, reading.sheet, error)
        return Text(path, text, (note,), from_sheet=True)
    opening.refuse_foreign(content, path, error)
    text, note = to_utf8(content, path, reading.encoding, error)
    if not text.strip():
        raise error(f"{path} is empty: expected a header and rows.")
    return Text(path, text, (note,) if note else ())


def read_bytes(path: str | Path, error: type[OmicsfuseError] = CohortError) -> bytes:
    """Read a text file as UTF-8 with plain line ends."""
    return open_text(path, error=error).content
