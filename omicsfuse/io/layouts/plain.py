"""A table of patients and features without a layout of its own, and what layouts share."""

import re
from collections.abc import Collection, Iterable
from fnmatch import fnmatchcase
from pathlib import Path

import pandas as pd

from omicsfuse.core.checks.tables import count, did_you_mean, listed
from omicsfuse.core.errors import CohortError
from omicsfuse.core.kinds import KINDS
from omicsfuse.core.layers import Exclusion
from omicsfuse.core.no_features import holds_only_words
from omicsfuse.io.files.delimited import Plan, plain_plan
from omicsfuse.io.files.text import Reading, Text
from omicsfuse.io.layouts.base import Arranged, Layout, Wanted
from omicsfuse.io.layouts.genes import symbols_of

#: Columns that portals put beside the name of a feature in tables of features x patients, whatever
#: their case and with or without space, underscore, point or hyphen between the words.
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
    "Gene_Type",
    "Gene_Biotype",
    "Biotype",
    "Hugo_Symbol",
    "ID",
    "Symbol",
    "Locus ID",
    "Cytoband",
    "Description",
    "Composite.Element.REF",
    "Chromosome",
    "Chrom",
    "Chr",
    "Start",
    "End",
    "Strand",
    "Length",
    "Gene_Length",
    "Transcript_ID",
    "Transcript_ID(s)",
    "Probe_ID",
    "Protein_ID",
    "UniProt",
    "Ensembl",
    "HGNC_ID",
    "Gene_Description",
    "NumberPSM",
    "MaxPepProb",
    "ReferenceIntensity",
)


def squeezed(name: str) -> str:
    """Write a name in small letters, without what stands between its words."""
    return re.sub(r"[\s_.-]", "", name).lower()


_ANNOTATION = frozenset(map(squeezed, ANNOTATION_COLUMNS))


def names_of(table: pd.DataFrame, column: str, path: Path) -> tuple[pd.Index, int]:
    """Names of the rows, and the column they are in; the first where none is named."""
    header = [str(name) for name in table.columns]
    if not column:
        position = 0
    elif column in header:
        position = header.index(column)
    else:
        raise CohortError(
            f'{path.name}: there is no column "{column}", which is named as the one with the '
            f"patients; {did_you_mean(column, header)}."
        )
    names = ["" if pd.isna(cell) else str(cell).strip() for cell in table.iloc[:, position]]
    return pd.Index(names, dtype=object), position


def arrange(table: pd.DataFrame, wanted: Wanted, path: Path) -> Arranged:
    """Take names from the first column, or that of the manifest; patients in rows by default."""
    names, position = names_of(table, wanted.patient, path)
    others = [i for i in range(table.shape[1]) if i != position and not _numbers_rows(table, i)]
    body = table.iloc[:, others].set_axis(names)
    if wanted.orientation != "features_by_patients":
        return named(Arranged(body), wanted, path)
    arranged = Arranged(body)
    annotation = [
        name
        for name in dict.fromkeys(body.columns)
        if squeezed(name) in _ANNOTATION
        or _is_named(name, wanted)
        or name in _of_words(body, wanted.kind)
    ]
    drop_beside(arranged, annotation, wanted.label)
    arranged.table = arranged.table.T
    return named(arranged, wanted, path)


def _numbers_rows(table: pd.DataFrame, i: int) -> bool:
    """Whether a column without a name holds the numbers of the rows, as R and pandas write them."""
    if str(table.columns[i]) or i > 0:
        return False
    first = str(table.iloc[0, 0])
    return first in ("0", "1") and [str(cell) for cell in table.iloc[:, 0]] == [
        str(int(first) + n) for n in range(len(table))
    ]


def _is_named(name: str, wanted: Wanted) -> bool:
    """Whether the manifest names a column, or a pattern that it fits, as no feature."""
    return any(_fits(name, pattern) for pattern in wanted.drop_columns)


def _fits(name: str, pattern: str) -> bool:
    """Whether a name is a pattern's; brackets stand for themselves, as in ``Volume[mm3]``."""
    return fnmatchcase(name, pattern.replace("[", "[[]"))


def _of_words(body: pd.DataFrame, kind: str) -> frozenset[str]:
    """Columns that hold nothing but words in a table of numbers: annotation, not patients."""
    if kind in KINDS and KINDS[kind].alterations:
        return frozenset()
    numeric = [pd.api.types.is_numeric_dtype(dtype) for dtype in body.dtypes]
    if 2 * sum(numeric) < len(numeric):
        return frozenset()
    return frozenset(
        str(body.columns[i])
        for i, is_number in enumerate(numeric)
        if not is_number and holds_only_words(body.iloc[:, i])
    )


def numbers_if_all(column: pd.Series) -> pd.Series:
    """Cells as numbers, where all of them are."""
    numbers = pd.to_numeric(column, errors="coerce")
    return numbers if (numbers.notna() | column.isna()).all() else column


def drop_beside(arranged: Arranged, columns: Iterable[str], label: str) -> None:
    """Leave out columns beside the name of a feature, and count them."""
    names = [name for name in dict.fromkeys(columns) if name in arranged.table.columns]
    if not names:
        return
    reason = "columns beside the gene name, not patients"
    arranged.exclusions.append(
        Exclusion("read", label, "features", len(names), reason, tuple(names[:5]))
    )
    arranged.beside += names
    arranged.table = arranged.table.loc[:, ~arranged.table.columns.isin(names)]


def named(arranged: Arranged, wanted: Wanted, path: Path) -> Arranged:
    """Drop the features that the manifest names; refuse patients and features without a name."""
    table = arranged.table
    dropped = [str(name) for name in table.columns if _is_named(str(name), wanted)]
    if dropped:
        reason = "named in drop_columns"
        arranged.exclusions.append(
            Exclusion("read", wanted.label, "features", len(dropped), reason, tuple(dropped[:5]))
        )
        table = table.loc[:, ~table.columns.isin(dropped)]
    for pattern in wanted.drop_columns:
        if not any(_fits(name, pattern) for name in (*dropped, *arranged.beside)):
            raise CohortError(
                f'{path.name}: drop_columns names "{pattern}", and nothing has that name; '
                f"{did_you_mean(pattern, table.columns)}."
            )
    _refuse_nameless(
        table, path, wanted.orientation != "features_by_patients", set(wanted.missing_words)
    )
    table = table.set_axis(patients_in([str(name) for name in table.index], wanted, path))
    if wanted.kind in KINDS and KINDS[wanted.kind].names_genes:
        names, note = symbols_of([str(name) for name in table.columns])
        table = table.set_axis(pd.Index(names, dtype=object), axis=1)
        arranged.notes += [note] if note else []
    table.index.name, table.columns.name = "patient", None
    arranged.table = table
    return arranged


def patients_in(names: list[str], wanted: Wanted, path: Path) -> list[str]:
    """Patients within identifiers, such as paths of images, where the manifest says how."""
    if not wanted.patient_pattern:
        return names
    found = [re.search(wanted.patient_pattern, name) for name in names]
    without = [name for name, match in zip(names, found, strict=True) if not match or not match[1]]
    if without:
        raise CohortError(
            f"{path.name}: patient_pattern = '{wanted.patient_pattern}' finds no patient in "
            f"{count(len(without), 'identifier')} of {len(names)}, e.g. {listed(without, 3)}. "
            "Its group has to match a part of each."
        )
    return [match[1] for match in found if match]


def _refuse_nameless(
    table: pd.DataFrame, path: Path, rows_are_patients: bool, missing_words: Collection[str]
) -> None:
    """Refuse patients whose identifier is a word for missing, and features without a name."""
    missing = [
        i + 1 for i, name in enumerate(table.index) if not str(name) or name in missing_words
    ]
    blank = [i + 1 for i, name in enumerate(table.columns) if not str(name)]
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


def plan(text: Text, reading: Reading, wanted: Wanted) -> Plan:
    """Comments and titles first, then the header."""
    return plain_plan(text, reading)


PLAIN = Layout("table", "a table", lambda text, wanted: True, arrange, plan)
