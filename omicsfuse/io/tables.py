"""Tables as text (TSV, CSV, also gzipped) or Parquet, read without guessing."""

import csv
import gzip
import io
import re
import zlib
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from omicsfuse.core.checks.tables import count, did_you_mean, listed, refuse_duplicates
from omicsfuse.core.cohort import Exclusion
from omicsfuse.core.errors import CohortError, OmicsfuseError

ORIENTATIONS = ("patients_by_features", "features_by_patients")

#: Words that mean a missing value. Nothing else does, so that no gene is lost by its name.
MISSING_WORDS = ("", "NA", "NaN", "nan", "N/A", "null", "NULL", "#N/A", ".")

#: Columns that portals put beside the gene name in tables of features x patients, whatever their
#: case and with or without space, underscore, point or hyphen between the words.
ANNOTATION_COLUMNS = (
    "Entrez",
    "Entrez_ID",
    "Entrez_Gene_Id",
    "Ensembl_ID",
    "Ensembl_Gene_ID",
    "Gene",
    "Gene ID",
    "Gene_Name",
    "Gene_Symbol",
    "Hugo_Symbol",
    "ID",
    "Symbol",
    "Locus ID",
    "Cytoband",
    "Description",
    "Composite.Element.REF",
)

_SPREADSHEETS = (".xlsx", ".xls", ".ods")


def read_table(
    path: str | Path,
    orientation: str = "patients_by_features",
    patient: str = "",
    *,
    duplicates: str = "refuse",
    exclusions: list[Exclusion] | None = None,
    layer: str = "",
    missing_words: Sequence[str] = MISSING_WORDS,
) -> pd.DataFrame:
    r"""Read a table of patients and features from TSV, CSV (also ``.gz``) or Parquet.

    Names are taken as they stand: a gene called ``NA`` or ``nan`` stays, a patient ``001`` keeps
    its zeros, and a name that occurs twice is refused rather than renamed. Cells that hold one of
    ``MISSING_WORDS`` are missing. In a table of features x patients, the columns that portals put
    beside the gene name (``ANNOTATION_COLUMNS``) are left out and counted. Lines at the top that
    begin with ``#`` are comments and are skipped, but for a last one that has as many columns as
    the line after it, as no other of them has: that is the header. A cell in quotes may hold the
    separator, but no line break.

    Parameters
    ----------
    path : str or pathlib.Path
        File; its name ends in ``.csv``, ``.tsv`` or ``.txt`` (tabs), each also with ``.gz``, or in
        ``.parquet``.
    orientation : str
        ``"patients_by_features"``, or ``"features_by_patients"`` for a table to be transposed.
    patient : str
        Column with the identifiers (of features, where features are in rows); by default the first
        column, or the index of a Parquet file that has one.
    duplicates : str
        ``"refuse"`` duplicate patients and features, or ``"keep"`` them for the caller to resolve.
    exclusions : list of Exclusion, optional
        What is left out is appended to it.
    layer : str
        Name of the layer, for the exclusions.
    missing_words : sequence of str
        Words that mean a missing value.

    Returns
    -------
    pandas.DataFrame
        Patients (index, str, named ``patient``) x features (str), values as read.

    Raises
    ------
    CohortError
        If the file is missing, empty, not UTF-8, cut short, has another separator, a quote that is
        not closed in its cell, rows of different length, nameless or duplicate patients or
        features, or needs pyarrow and it is not installed.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "genes.tsv"
    ...     _ = file.write_text("gene\tP1\tP2\nEGFR\t1.5\tNA\nNA\t2\t3\n")
    ...     table = read_table(file, "features_by_patients")
    >>> table.to_dict()
    {'EGFR': {'P1': 1.5, 'P2': nan}, 'NA': {'P1': 2.0, 'P2': 3.0}}
    """
    path = Path(path)
    if orientation not in ORIENTATIONS:
        raise CohortError(
            f'{path.name}: orientation = "{orientation}" is not known; '
            f"{did_you_mean(orientation, ORIENTATIONS)}."
        )
    suffix = Path(path.name.removesuffix(".gz")).suffix.lower()
    if suffix in _SPREADSHEETS:
        raise CohortError(
            f"{path}: spreadsheets are not read. Save the sheet as TSV or CSV, and check that gene "
            "symbols such as MARCH1 have not become dates."
        )
    if suffix in (".parquet", ".pq"):
        table = _read_parquet(path, patient)
    else:
        table = _read_text(path, "," if suffix == ".csv" else "\t", patient, missing_words)
    rows_are_patients = orientation == "patients_by_features"
    if not rows_are_patients:
        known = {_squeezed(name) for name in ANNOTATION_COLUMNS}
        extra = [name for name in dict.fromkeys(table.columns) if _squeezed(name) in known]
        if extra and exclusions is not None:
            reason = "columns beside the gene name, not patients"
            exclusions.append(
                Exclusion("read", layer, "features", len(extra), reason, tuple(extra[:5]))
            )
        table = table.drop(columns=extra).T
    _refuse_nameless(table, path, rows_are_patients)
    table.index.name, table.columns.name = "patient", None
    if duplicates == "refuse":
        refuse_duplicates(table.index, "patient", path.name)
        refuse_duplicates(table.columns, "feature", path.name)
    return table


def _squeezed(name: str) -> str:
    """Write a name in small letters, without what stands between its words."""
    return re.sub(r"[\s_.-]", "", name).lower()


def _refuse_nameless(table: pd.DataFrame, path: Path, rows_are_patients: bool) -> None:
    """Refuse patients whose identifier is a word for missing, and features without a name."""
    missing = [i + 1 for i, name in enumerate(table.index) if name in MISSING_WORDS]
    blank = [i + 1 for i, name in enumerate(table.columns) if not name]
    for places, noun, axis in (
        (missing, "patient", "row" if rows_are_patients else "column"),
        (blank, "feature", "column" if rows_are_patients else "row"),
    ):
        if places:
            raise CohortError(
                f"{path.name}: {count(len(places), axis)} without a {noun} name: {axis} "
                f"{', '.join(map(str, places[:5]))} (counted without the header and the "
                f"identifiers). Name each {noun}, or remove the {axis}."
            )


def _read_text(
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
    position = _position(path, names, patient)
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


def _position(path: Path, names: Sequence[str], patient: str) -> int:
    """Position of the column with the identifiers."""
    if not patient:
        return 0
    if patient not in names:
        raise CohortError(
            f'{path.name}: there is no column "{patient}", which is named as the one with the '
            f"patients; {did_you_mean(patient, names)}."
        )
    return list(names).index(patient)


def read_bytes(path: Path, error: type[OmicsfuseError] = CohortError) -> bytes:
    r"""Read a text file, unpacking gzip, as UTF-8 bytes with plain newlines and no byte-order mark.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "two.txt.gz"
    ...     _ = file.write_bytes(gzip.compress(b"a\r\nb"))
    ...     read_bytes(file)
    b'a\nb'
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise error(f"{path} does not exist: check the path and the file's name.") from None
    except OSError as fault:
        raise error(f"{path} cannot be read: {fault.strerror}.") from None
    if path.name.endswith(".gz") and content and not content.startswith(b"\x1f\x8b"):
        raise error(f"{path} is not gzipped although its name ends in .gz: rename it.")
    if content.startswith(b"\x1f\x8b"):
        try:
            content = gzip.decompress(content)
        except (EOFError, gzip.BadGzipFile, zlib.error):
            raise error(
                f"{path} is damaged or cut short (its gzip data do not end properly): download or "
                "copy it again."
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
                f'{path}: line {number}: a cell begins with a quote (") that is not closed at the '
                f"end of the cell, near: {text[start : start + 60]}. A stray quote would swallow "
                "the rows after it: remove it, or, if it belongs, put the cell in quotes and "
                "double it. Cells in quotes may not hold line breaks: replace those by spaces."
            ) from None


def _refuse_separator(path: Path, header: str, separator: str) -> None:
    """Refuse a table of one column, saying which separator its header seems to have."""
    names = {"\t": "tabs", ",": "commas", ";": "semicolons", " ": "spaces"}
    counts = {mark: header.count(mark) for mark in names if mark != separator}
    mark = max(counts, key=lambda key: counts[key])
    advice = "a table has patients in its first column and at least one more column"
    if counts[mark]:
        advice = f"the header holds {names[mark]}: wrong separator?"
        ending = {"\t": ".tsv", ",": ".csv"}.get(mark)
        advice += (
            f" Name the file {ending} then"
            if ending
            else " Save the table as TSV (tabs) or CSV (commas)"
        )
    raise CohortError(
        f"{path}: only one column was found, reading the file with {names[separator]} between "
        f"columns, as its name asks for; {advice}. The header begins: {header[:60]}"
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
                "Each row needs the same number: was the file cut short, or does a cell hold the "
                "separator?"
            )


def _read_parquet(path: Path, patient: str) -> pd.DataFrame:
    """Read a Parquet file; identifiers are its index if it has one, else a column."""
    try:
        import pyarrow.lib
        import pyarrow.parquet
    except ImportError:
        raise CohortError(
            f"{path}: Parquet files need pyarrow, which is not installed: "
            'pip install "omicsfuse[parquet]", or save the table as TSV.'
        ) from None
    if not path.is_file():
        raise CohortError(f"{path} does not exist: check the path and the file's name.")
    try:
        content = pyarrow.parquet.read_table(path)
        if not patient and content.num_columns and not _stored_index(content.schema):
            patient = content.column_names[0]
        table = content.to_pandas()
    except (OSError, ValueError, pyarrow.lib.ArrowException) as fault:
        raise CohortError(f"{path} cannot be read as Parquet: {fault}") from None
    if patient:
        if table.index.name is not None:
            table = table.reset_index()
        position = _position(path, [str(name) for name in table.columns], patient)
        table = table.set_index(table.columns[position])
    if table.empty:
        raise CohortError(f"{path}: the table is empty: {table.shape[0]} x {table.shape[1]}.")
    if table.index.isna().any():
        raise CohortError(f"{path.name}: {listed(table.index[table.index.isna()])} as identifier.")
    return table.set_axis([str(name).strip() for name in table.index]).set_axis(
        [str(name).strip() for name in table.columns], axis=1
    )


def _stored_index(schema: object) -> bool:
    """Whether pandas stored an index with names in it, rather than a mere numbering."""
    metadata = getattr(schema, "pandas_metadata", None) or {}
    return any(isinstance(entry, str) for entry in metadata.get("index_columns", []))
