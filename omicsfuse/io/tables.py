"""Tables as text, Parquet, or a sheet of a workbook, read in the layout that they have."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from omicsfuse.core.checks.tables import did_you_mean, refuse_duplicates
from omicsfuse.core.cohort import Exclusion
from omicsfuse.core.errors import CohortError
from omicsfuse.io.annotated import read_annotated
from omicsfuse.io.files.delimited import parse
from omicsfuse.io.files.opening import ANNOTATED, PARQUET, plain_name
from omicsfuse.io.files.text import Reading, open_text
from omicsfuse.io.layouts import layout_of
from omicsfuse.io.layouts.base import ORIENTATIONS, Arranged, Layout, Wanted
from omicsfuse.io.layouts.folders import read_folder, sheet_beside
from omicsfuse.io.layouts.plain import PLAIN, arrange
from omicsfuse.io.repeats import read_sample_map

#: Words that mean a missing value. Nothing else does, so that no gene is lost by its name.
MISSING_WORDS = ("", "NA", "NaN", "nan", "N/A", "null", "NULL", "#N/A", ".")


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
    if orientation not in ORIENTATIONS:
        raise CohortError(
            f'{Path(path).name}: orientation = "{orientation}" is not known; '
            f"{did_you_mean(orientation, ORIENTATIONS)}."
        )
    wanted = Wanted(
        label=layer,
        orientation=orientation,
        patient=patient,
        missing_words=tuple(missing_words),
    )
    arranged = arranged_table(Path(path), wanted, form="table")
    if exclusions is not None:
        exclusions += arranged.exclusions
    table = arranged.table
    if duplicates == "refuse":
        refuse_duplicates(table.index, "patient", Path(path).name)
        refuse_duplicates(table.columns, "feature", Path(path).name)
    return table


def arranged_table(
    path: Path,
    wanted: Wanted,
    reading: Reading | None = None,
    form: str = "",
    samples: pd.DataFrame | None = None,
) -> Arranged:
    """Read a table in the layout that it has, or that ``form`` names; names may occur twice.

    ``samples``: patients of samples (`read_sample_map`), which may name the files of a folder.
    """
    reading = reading or Reading()
    if path.is_dir() and wanted.label != "clinical":
        beside = sheet_beside(path) if samples is None else None
        sheet = read_sample_map(beside) if beside is not None else samples
        arranged = read_folder(path, wanted, reading, form, sheet)
        arranged.samples = sheet
        return arranged
    name = plain_name(path.name)
    if name.endswith(ANNOTATED):
        return arrange(read_annotated(path, wanted), wanted, path)
    if name.endswith(PARQUET):
        return arrange(_read_parquet(path), wanted, path)
    text = open_text(path, reading)
    layout = layout_of(text, wanted, form)
    wanted = _as_layout(wanted, layout, path)
    plan = layout.plan(text, reading, wanted)
    table, noted = parse(text, plan, reading, wanted.missing_words, wanted.patient)
    arranged = layout.arrange(table, wanted, path)
    if layout is not PLAIN:
        arranged.notes.insert(0, f"recognised as {layout.title}")
    arranged.notes[:0] = [*text.notes, *plan.notes, *noted]
    return arranged


def _as_layout(wanted: Wanted, layout: Layout, path: Path) -> Wanted:
    """Take the orientation from the layout, and refuse another one."""
    if not layout.orientation:
        return wanted
    if wanted.orientation not in ("", layout.orientation):
        raise CohortError(
            f"{path.name} is recognised as {layout.title}, where orientation = "
            f'"{layout.orientation}", and "{wanted.orientation}" is declared. Leave orientation '
            'out; or, if the file is another table, set format = "table".'
        )
    return replace(wanted, orientation=layout.orientation)


def _read_parquet(path: Path) -> pd.DataFrame:
    """Read a Parquet file as a table with all names in columns; a stored index comes first."""
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
        table = content.to_pandas()
    except (OSError, ValueError, pyarrow.lib.ArrowException) as fault:
        raise CohortError(f"{path} cannot be read as Parquet: {fault}") from None
    if _stored_index(content.schema):
        table = table.reset_index()
    if table.shape[0] == 0 or table.shape[1] < 2:
        raise CohortError(f"{path}: the table is empty: {table.shape[0]} x {table.shape[1]}.")
    return table.set_axis([str(name).strip() for name in table.columns], axis=1)


def _stored_index(schema: object) -> bool:
    """Whether pandas stored an index with names in it, rather than a mere numbering."""
    metadata = getattr(schema, "pandas_metadata", None) or {}
    return any(isinstance(entry, str) for entry in metadata.get("index_columns", []))
