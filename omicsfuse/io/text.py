"""Text files (also gzipped) and the delimited tables in them, read without guessing."""

import csv
import gzip
import io
import zlib
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from omicsfuse.core.checks.tables import count, did_you_mean
from omicsfuse.core.errors import CohortError, OmicsfuseError


def read_delimited(
    path: Path, separator: str, patient: str, missing_words: Sequence[str]
) -> pd.DataFrame:
    """Read delimited text, its header by itself so that no name is altered."""
    content, skipped = _without_comments(read_bytes(path), separator)
    _refuse_open_quotes(path, content, separator, skipped)
    first, _, body = content.partition(b"\n")
    header = [name.strip() for name in _fields(first, separator)]
    if not body.strip():
        raise CohortError(
            f"{path}: the table is empty: it has a header of {count(len(header), 'column')} and no "
            "rows."
        )
    second = body.lstrip(b"\n").partition(b"\n")[0]
    if len(_fields(second, separator)) == len(header) + 1:
        header = ["", *header]  # as R's write.table does, which gives row names no heading
    if len(header) == 1:
        _refuse_separator(path, first.decode(), separator)
    _refuse_ragged(path, body, separator, len(header), skipped + 2)
    names = ["patient" if i == 0 and not name else name for i, name in enumerate(header)]
    position = position_of(path, names, patient)
    try:
        table = pd.read_csv(
            io.BytesIO(body),
            sep=separator,
            header=None,
            names=list(range(len(header))),
            index_col=False,
            # A converter keeps identifiers as text, and one that reads "NA" is no missing value.
            converters={position: str.strip},
            keep_default_na=False,
            na_values=list(missing_words),
            float_precision="round_trip",
            low_memory=False,
            lineterminator="\n",
        )
    except (ValueError, pd.errors.ParserWarning) as fault:  # ParserError is a ValueError
        raise CohortError(
            f"{path}: the table cannot be read: {fault}. Open it in a text editor, or save it anew."
        ) from None
    index = pd.Index(table[position].tolist())
    columns = pd.Index([name for i, name in enumerate(names) if i != position], dtype=index.dtype)
    table = table.drop(columns=position)
    return table.set_axis(index).set_axis(columns, axis=1)


def position_of(path: Path, names: Sequence[str], patient: str) -> int:
    """Position of the column with the identifiers."""
    if not patient:
        return 0
    if patient not in names:
        raise CohortError(
            f'{path.name}: there is no column "{patient}", named as the column of patients; '
            f"{did_you_mean(patient, names)}."
        )
    return list(names).index(patient)


def read_bytes(path: Path, error: type[OmicsfuseError] = CohortError) -> bytes:
    """Read a text file, unpacking gzip: UTF-8, plain newlines, no byte-order mark."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise error(f"{path} does not exist: check the path.") from None
    except OSError as fault:
        raise error(f"{path} cannot be read: {fault.strerror}.") from None
    if path.name.endswith(".gz") and content and not content.startswith(b"\x1f\x8b"):
        raise error(f"{path} is not gzipped, although its name ends in .gz. Rename it.")
    if content.startswith(b"\x1f\x8b"):
        try:
            content = gzip.decompress(content)
        except (EOFError, gzip.BadGzipFile, zlib.error):
            raise error(
                f"{path} is damaged or truncated (incomplete gzip data). Download or copy it again."
            ) from None
    content = content.removeprefix(b"\xef\xbb\xbf")
    if not content.strip():
        raise error(f"{path} is empty: expected a header and rows.")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as fault:
        line = content.count(b"\n", 0, fault.start) + 1
        raise error(
            f"{path} is not UTF-8 text (line {line}). Save it as UTF-8, e.g. with iconv -t UTF-8."
        ) from None
    content = content.replace(b"\r\n", b"\n")
    return content if b"\n" in content else content.replace(b"\r", b"\n")


def _fields(line: bytes, separator: str) -> list[str]:
    text = line.decode("utf-8").rstrip("\r\n")
    if '"' not in text:
        return text.split(separator)
    return next(csv.reader([text], delimiter=separator), [""])


def _without_comments(content: bytes, separator: str) -> tuple[bytes, int]:
    """Drop the comment lines at the top; say how many they were."""
    rest, comments = content, []
    while rest.startswith(b"#"):
        line, _, rest = rest.partition(b"\n")
        comments.append(line)
    if not comments:
        return content, 0
    mark = separator.encode()
    widths = [line.count(mark) for line in comments]
    following = rest.lstrip(b"\n").partition(b"\n")[0].count(mark)
    if widths[-1] in (following, following - 1) and widths[-1] and widths[-1] not in widths[:-1]:
        rest = comments.pop() + b"\n" + rest
    return rest, len(comments)


def _refuse_open_quotes(path: Path, content: bytes, separator: str, skipped: int) -> None:
    """Refuse a quote that is not closed in its own cell: it would swallow the rows after it."""
    if b'"' not in content:
        return
    for number, line in enumerate(content.split(b"\n"), skipped + 1):
        if b'"' not in line:
            continue
        try:
            # Strict: neither the end of the line nor text after the closing quote is overlooked.
            next(csv.reader([line.decode("utf-8")], delimiter=separator, strict=True), None)
        except csv.Error:
            text = line.decode("utf-8")
            start = max(text.find('"') - 20, 0)
            raise CohortError(
                f'{path}: line {number}: a cell begins with a quote (") that is not closed at '
                f"the end of the cell, near: {text[start : start + 60]}. An unmatched quote "
                "would absorb the following rows. Remove it; if it belongs to the text, "
                "double it and put the cell in quotes. Replace line breaks in quoted cells "
                "by spaces."
            ) from None


def _refuse_separator(path: Path, header: str, separator: str) -> None:
    """Refuse a table of one column, saying which separator its header seems to have."""
    names = {"\t": "tabs", ",": "commas", ";": "semicolons", " ": "spaces"}
    counts = {mark: header.count(mark) for mark in names if mark != separator}
    mark = max(counts, key=lambda key: counts[key])
    advice = "expected patients in the first column and at least one more column"
    if counts[mark]:
        advice = f"the header holds {names[mark]}: wrong separator?"
        ending = {"\t": ".tsv", ",": ".csv"}.get(mark)
        advice += (
            f" Name the file {ending} then"
            if ending
            else " Save the table as TSV (tabs) or CSV (commas)"
        )
    raise CohortError(
        f"{path}: only one column was found with {names[separator]} as separator, according "
        f"to its name; {advice}. The header begins: {header[:60]}"
    )


def _refuse_ragged(path: Path, body: bytes, separator: str, width: int, first: int) -> None:
    """Refuse rows with more or fewer fields than the header, as in a file that was cut short."""
    mark = separator.encode()
    lengths = (
        (i, len(_fields(line, separator)) if b'"' in line else line.count(mark) + 1)
        for i, line in enumerate(body.split(b"\n"), first)
        if line.strip()
    )
    for number, length in lengths:
        if length != width:
            raise CohortError(
                f"{path}: line {number} has {count(length, 'field')} and the header {width}. "
                "Each row needs the same number. The file may be truncated, or a cell may "
                "contain the separator."
            )
