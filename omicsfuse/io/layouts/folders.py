"""A folder in place of a file: one file a sample, joined to one table.

Files of a row a gene (STAR, HTSeq, Salmon, RSEM ...) are joined by gene; tables of a row a patient
(MIRP, PyRadiomics) one under the other.
"""

import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import pandas as pd

from omicsfuse.core.checks.tables import count, listed
from omicsfuse.core.errors import CohortError
from omicsfuse.io.files.delimited import Plan, parse
from omicsfuse.io.files.opening import PACKED, plain_name
from omicsfuse.io.files.text import Reading, Text, open_text
from omicsfuse.io.layouts import layout_of
from omicsfuse.io.layouts.base import ORIENTATIONS, Arranged, Wanted
from omicsfuse.io.layouts.counts import sample_name
from omicsfuse.io.layouts.plain import PLAIN, named, squeezed
from omicsfuse.io.layouts.radiomics import PATIENT_COLUMNS
from omicsfuse.io.layouts.samples import (
    Quantifier,
    head_of,
    quantifier_of,
    value_of,
)

#: Endings of tables; other files of a folder are passed over.
_TABLES = (
    *(".tsv", ".csv", ".txt", ".tab", ".sf", ".results", ".counts", ".count", ".htseq", ".maf"),
    *(".xlsx", ".xls", ".ods"),
)
#: Files beside those of samples.
_BESIDE = ("manifest*", "annotations.txt", "readme*", "md5*", "*sample_sheet*", "license*", "log.*")
_BESIDE_FOLDERS = ("logs", "aux_info", "libparams", "__macosx")
#: What one program writes for each sample: of its files those named so are meant, the first found.
_MEANT = (
    "*.augmented_star_gene_counts.tsv",
    "quant.genes.sf",
    "quant.sf",
    "*.genes.results",
    "abundance.tsv",
    "*readspergene.out.tab",
)
_SHEET = "*sample_sheet*"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}.*", re.IGNORECASE)


@dataclass(frozen=True)
class SampleFile:
    """A file of a folder: its sample, and other names that a sample sheet may know it by."""

    path: Path
    sample: str
    names: tuple[str, ...]


def sample_files(folder: Path) -> list[SampleFile]:
    """Files of samples in a folder and below, by name."""
    found = []
    for parent, folders, files in os.walk(folder):
        folders[:] = [
            f for f in folders if not f.startswith(".") and f.lower() not in _BESIDE_FOLDERS
        ]
        found += [Path(parent) / name for name in files if _may_be_table(name)]
    for pattern in _MEANT:
        meant = [path for path in found if fnmatchcase(plain_name(path.name), pattern)]
        if meant:
            found = meant
            break
    if not found:
        inside = sorted(entry.name for entry in folder.iterdir())
        raise CohortError(
            f"{folder} is a folder without tables: expected a file for each sample. It holds "
            f"{listed(inside, 4) or 'nothing'}."
        )
    found.sort(key=lambda path: path.relative_to(folder).as_posix())
    return [
        SampleFile(path, sample, _other_names(path))
        for path, sample in zip(found, _samples_of(found, folder), strict=True)
    ]


def _may_be_table(name: str) -> bool:
    plain = plain_name(name)
    beside = any(fnmatchcase(plain, pattern) for pattern in _BESIDE)
    return plain.endswith(_TABLES) and not name.startswith((".", "~$")) and not beside


def _other_names(path: Path) -> tuple[str, ...]:
    """Names of a file in sample sheets: with and without packing, and its folder's (GDC)."""
    bare = path.name
    while bare.lower().endswith(PACKED):
        bare = bare[: bare.rfind(".")]
    return (path.name, bare, path.parent.name)


def _samples_of(paths: Sequence[Path], folder: Path) -> list[str]:
    """Sample of each file: its name, or, where all are called the same, that of its folder."""
    stems = [_stem(path) for path in paths]
    if len(set(stems)) == len(stems):
        return _without_common_end(stems)
    parts = [path.relative_to(folder).parts[:-1] for path in paths]
    deepest = min(map(len, parts))
    for depth in range(1, deepest + 1):
        names = [part[-depth] for part in parts]
        if len(set(names)) == len(names):
            return names
    twice = [stem for stem, n in Counter(stems).items() if n > 1]
    raise CohortError(
        f"{folder}: {count(len(paths), 'file')} do not tell their samples by name: "
        f"{listed(twice, 3)} occur more than once, and not each in a folder of its own. Name each "
        "file after its sample."
    )


def _stem(path: Path) -> str:
    name = path.name
    while name.lower().endswith((*PACKED, *_TABLES)):
        name = name[: name.rfind(".")]
    return sample_name(name)


def _without_common_end(stems: list[str]) -> list[str]:
    """Cut off a word that all names end with (``P1_features``, ``P2_features``)."""
    if len(stems) < 2:
        return stems
    length = 0
    while length < min(map(len, stems)) and len({stem[-length - 1] for stem in stems}) == 1:
        length += 1
    end = stems[0][len(stems[0]) - length :]
    match = re.search(r"[_.\s-]+[A-Za-z]{4,}[\w.\s-]*$", end)
    if match is None:
        return stems
    shorter = [stem[: -len(match[0])] for stem in stems]
    return shorter if all(shorter) else stems


def read_folder(
    folder: Path, wanted: Wanted, reading: Reading, form: str, sheet: pd.DataFrame | None
) -> Arranged:
    """Join the files of a folder; a sheet (`read_sample_map`) names their samples if it knows."""
    files = sample_files(folder)
    files, note = _by_sheet(files, sheet, folder)
    first = open_text(files[0].path, reading)
    quantifier = quantifier_of(first)
    if quantifier is None and wanted.column:
        quantifier = _by_column(first, wanted)
    if quantifier is None:
        arranged = _one_under_the_other(files, wanted, reading, form)
    else:
        arranged = _by_feature(files, quantifier, wanted, reading, folder)
    arranged.notes[:0] = [f"{count(len(files), 'file')} of {folder.name}/, one a sample", *note]
    return arranged


def _by_sheet(
    files: list[SampleFile], sheet: pd.DataFrame | None, folder: Path
) -> tuple[list[SampleFile], list[str]]:
    """Name samples as a sample sheet does; refuse files that are named by numbers of the GDC."""
    known = {}
    if sheet is not None:
        for file in files:
            name = next((n for n in (*file.names, file.sample) if n in sheet.index), None)
            if name is not None:
                known[file.path] = str(sheet["sample"][name])
    unknown = [file.path.name for file in files if file.path not in known]
    if unknown and any(_UUID.fullmatch(name) for name in unknown):
        said = (
            "and the sample sheet does not have them"
            if sheet is not None
            else "and only a sample sheet tells whose they are"
        )
        raise CohortError(
            f"{folder}: {count(len(unknown), 'file')} (e.g. {listed(unknown, 2)}) are named by "
            f"numbers of the GDC, {said}. Put the sheet of the download (gdc_sample_sheet.tsv; "
            '"Sample Sheet" in the cart of the portal) into the folder or beside it, or name it in '
            "[clinical]: sample_map."
        )
    if not known:
        return files, []
    named_files = [replace(file, sample=known.get(file.path, file.sample)) for file in files]
    return named_files, [f"{len(known)} named by the sample sheet"]


def sheet_beside(folder: Path) -> Path | None:
    """The sample sheet in a folder or beside it, if there is one."""
    for place in (folder, folder.parent):
        found = sorted(path for path in place.iterdir() if fnmatchcase(path.name.lower(), _SHEET))
        if found:
            return found[-1]
    return None


def _by_column(text: Text, wanted: Wanted) -> Quantifier | None:
    """Files of a row a feature, where the manifest names the column of values."""
    _, names = head_of(text)
    if wanted.column not in names:
        return None
    feature = wanted.patient if wanted.patient in names else names[0]
    return Quantifier("a row a feature", feature, {wanted.scale: wanted.column})


def _by_feature(
    files: Sequence[SampleFile],
    quantifier: Quantifier,
    wanted: Wanted,
    reading: Reading,
    folder: Path,
) -> Arranged:
    """Join files of a row a feature, of which one column is read."""
    rows: list[pd.Series] = []
    names: list[str] = []
    chosen = scale = ""
    for i, file in enumerate(files):
        text = open_text(file.path, reading)
        if quantifier.header:
            text = replace(text, content=_headed(text, quantifier))
        plan, header = head_of(text)
        if i == 0:
            names = header
            chosen, scale = value_of(quantifier, names, wanted, folder.name)
            symbols = next((n for n in names if squeezed(n) in ("genename", "genesymbol")), "")
        elif header != names:
            raise CohortError(
                f"{folder} holds files of several kinds: {files[0].path.name} has the columns "
                f"{', '.join(names[:6])}, and {file.path.name} {', '.join(header[:6])}. Put those "
                "that are meant into a folder of their own."
            )
        rows.append(_values(text, plan, header, quantifier, chosen, wanted, reading))
    joined, absent = _joined(rows, [file.sample for file in files])
    named_wanted = replace(wanted, orientation=ORIENTATIONS[0])
    arranged = named(Arranged(joined, scale=scale), named_wanted, folder)
    arranged.notes.append(f"recognised as {quantifier.title}")
    if len(names) > 2:
        arranged.notes.append(f'column "{chosen}" of each (another one: column = "NAME")')
    if symbols and symbols != wanted.patient and symbols != quantifier.feature:
        arranged.notes.append(
            f'genes as in "{quantifier.feature}" (for symbols: patient = "{symbols}")'
        )
    if absent:
        arranged.notes.append(f"{count(absent, 'feature')} not in every file: missing there")
    return arranged


def _headed(text: Text, quantifier: Quantifier) -> bytes:
    """Write a header over a table that has none."""
    plan, _ = head_of(text)
    first = plan.separator.join(quantifier.header).encode()
    return first + b"\n" + text.content.split(b"\n", plan.header)[-1]


def _values(
    text: Text,
    plan: Plan,
    header: list[str],
    quantifier: Quantifier,
    column: str,
    wanted: Wanted,
    reading: Reading,
) -> pd.Series:
    """Values of one sample by feature."""
    feature = wanted.patient or quantifier.feature
    if feature not in header:
        raise CohortError(
            f'{text.path.name}: there is no column "{feature}", which is named as the one with the '
            f"features; the columns are: {', '.join(header[:12])}."
        )
    used = {header.index(feature), header.index(quantifier.feature), header.index(column)}
    plan = replace(plan, columns=frozenset(used), text=frozenset({feature, quantifier.feature}))
    table, _ = parse(text, plan, reading, wanted.missing_words, quantifier.feature)
    names = table[feature].astype(str).str.strip()
    # Summary rows of read counters have no symbol.
    names = names.where(names != "", table[quantifier.feature].astype(str).str.strip())
    return pd.Series(table[column].to_numpy(), pd.Index(names, dtype=object))


def _joined(rows: Sequence[pd.Series], samples: Sequence[str]) -> tuple[pd.DataFrame, int]:
    """Samples x features, and how many features are not in every file."""
    index = rows[0].index
    if all(row.index.equals(index) for row in rows):
        return _stacked(rows, samples), 0
    for row, sample in zip(rows, samples, strict=True):
        if not row.index.is_unique:
            twice = row.index[row.index.duplicated()].unique()
            raise CohortError(
                f"{sample}: features occur more than once ({listed(twice, 3)}), and the files do "
                "not have the same rows: give each feature one row in each file."
            )
    names = list(dict.fromkeys(name for row in rows for name in row.index))
    shared = set(rows[0].index).intersection(*(row.index for row in rows[1:]))
    return _stacked([row.reindex(names) for row in rows], samples), len(names) - len(shared)


def _stacked(rows: Sequence[pd.Series], samples: Sequence[str]) -> pd.DataFrame:
    values = np.vstack([row.to_numpy() for row in rows])
    return pd.DataFrame(values, pd.Index(list(samples), dtype=object), rows[0].index)


def _one_under_the_other(
    files: Sequence[SampleFile], wanted: Wanted, reading: Reading, form: str
) -> Arranged:
    """Put tables of a row a patient under one another; patients are named in them, or by file."""
    tables, notes = [], []
    layout = layout_of(open_text(files[0].path, reading), wanted, form)
    for file in files:
        text = open_text(file.path, reading)
        plan = layout.plan(text, reading, wanted)
        table, noted = parse(text, plan, reading, wanted.missing_words, wanted.patient)
        notes += [*text.notes, *plan.notes, *noted]
        tables.append(_with_patients(table, file, wanted))
    folder = files[0].path.parent
    everything = pd.concat(tables, ignore_index=True, sort=False)
    partly = [str(n) for n in everything.columns if any(n not in table for table in tables)]
    arranged = layout.arrange(everything, wanted, folder)
    arranged.notes[:0] = list(dict.fromkeys(notes))
    if layout is not PLAIN:
        arranged.notes.append(f"recognised as {layout.title}")
    if partly:
        arranged.notes.append(
            f"{count(len(partly), 'column')} not in every file (e.g. {listed(partly, 2)}): missing "
            "there"
        )
    return arranged


def _with_patients(table: pd.DataFrame, file: SampleFile, wanted: Wanted) -> pd.DataFrame:
    """Put patients into the first column: the one that names them, else the name of the file."""
    names = {squeezed(str(name)): str(name) for name in table.columns}
    if not table.columns.is_unique:
        twice = table.columns[table.columns.duplicated()].unique()
        raise CohortError(f"{file.path}: column {listed(twice, 3)} occurs more than once.")
    if wanted.patient and wanted.patient not in table.columns:
        raise CohortError(
            f'{file.path}: there is no column "{wanted.patient}", which is named as the one with '
            "the patients."
        )
    column = wanted.patient or next((names[n] for n in _NAMING if n in names), "")
    if column:
        return table[[column, *(name for name in table.columns if name != column)]]
    if {"image", "mask"} <= set(names):
        return table
    if len(table) > 1:
        raise CohortError(
            f"{file.path} holds {len(table)} rows, and neither a column of patients nor a known "
            'column of values. Where rows are patients, name their column: patient = "COLUMN"; '
            'where rows are features, the column of values: column = "COLUMN".'
        )
    table = table.copy()
    table.insert(0, "patient", [file.sample])
    return table


#: Columns that name patients in tables of one sample; a mere number of the row is none.
_NAMING = (*(name for name in PATIENT_COLUMNS if name != "id"), "idsubject", "idpatient")
