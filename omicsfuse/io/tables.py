"""Tables as text (TSV, CSV, also gzipped) or Parquet, read without guessing."""

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from omicsfuse.core.checks.tables import count, did_you_mean, listed, refuse_duplicates
from omicsfuse.core.cohort import Exclusion
from omicsfuse.core.errors import CohortError
from omicsfuse.io.text import position_of, read_delimited

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

    Names are not changed: a gene ``NA`` or ``nan`` stays, a patient ``001`` keeps its zeros, and a
    duplicate name is refused. Cells with one of ``MISSING_WORDS`` are missing. In a table of
    features x patients, annotation columns of portals (``ANNOTATION_COLUMNS``) are excluded and
    counted. Lines at the top that begin with ``#`` are comments. The last of them is the header if
    it alone has as many columns as the line after it. A quoted cell may contain the separator, but
    no line break.

    Parameters
    ----------
    path : str or pathlib.Path
        File with the ending ``.csv``, ``.tsv`` or ``.txt`` (tabs), each also with ``.gz``, or
        ``.parquet``.
    orientation : str
        ``"patients_by_features"``, or ``"features_by_patients"`` for a table to be transposed.
    patient : str
        Column with the identifiers (of features, if features are in rows); by default the first
        column, or the index of a Parquet file.
    duplicates : str
        ``"refuse"`` duplicate patients and features, or ``"keep"`` them.
    exclusions : list of Exclusion, optional
        Exclusions are appended to it.
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
    >>> from pathlib import Path
    >>> from omicsfuse import read_table
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
            f"{path}: spreadsheets cannot be read. Save the sheet as TSV or CSV, and check "
            "that gene symbols such as MARCH1 were not changed to dates."
        )
    if suffix in (".h5ad", ".h5mu"):
        raise CohortError(
            f"{path}: a manifest needs tables, and this is an AnnData or MuData file. Read it "
            f'in Python with of.read_mudata("{path.name}"), or save its tables as TSV.'
        )
    if suffix in (".parquet", ".pq"):
        table = _read_parquet(path, patient)
    else:
        table = read_delimited(path, "," if suffix == ".csv" else "\t", patient, missing_words)
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
    try:
        path.stat()
    except FileNotFoundError:
        raise CohortError(f"{path} does not exist: check the path.") from None
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
        position = position_of(path, [str(name) for name in table.columns], patient)
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
