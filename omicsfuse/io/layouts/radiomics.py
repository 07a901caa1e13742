"""What tables of radiomics programs share; PyRadiomics in batch mode, without a patient column.

Format: https://pyradiomics.readthedocs.io/en/latest/usage.html (batch mode)
"""

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd

from omicsfuse.core.checks.tables import count, listed
from omicsfuse.core.errors import CohortError
from omicsfuse.io.files.delimited import Plan, plain_plan
from omicsfuse.io.files.dialect import fields
from omicsfuse.io.files.text import Reading, Text
from omicsfuse.io.layouts import plain
from omicsfuse.io.layouts.base import ORIENTATIONS, Arranged, Layout, Wanted

#: Columns that name the patient, the surest first, written without signs between words.
PATIENT_COLUMNS = (
    "patientid",
    "patient",
    "patientname",
    "infopatientid",
    "infopatientname",
    "subjectid",
    "subject",
    "caseid",
    "case",
    "id",
    "samplename",
    "sampleid",
    "sample",
)


def header(text: Text) -> list[str]:
    """Names of the columns of a text."""
    found = plain_plan(text, Reading())
    return [name.strip() for name in fields(text.lines[found.header], found.separator)]


def plan(text: Text, reading: Reading, wanted: Wanted) -> Plan:
    """Plan of a table to which runs were appended, each with the same header again."""
    found = plain_plan(text, reading)
    lines = text.content.split(b"\n")
    header = lines[found.header].strip()
    names = fields(header.decode("utf-8"), found.separator)
    begins = (names[0] + found.separator).encode()
    again = []
    for i in range(found.header + 1, len(lines)):
        line = lines[i].strip()
        if line == header:
            again.append(i)
        elif len(begins) > 1 and line.startswith(begins):
            raise CohortError(
                f"{text.path.name}: line {i + 1} is a header with other columns than that of line "
                f"{found.header + 1}: two tables, one under the other, as for PET and CT. Write "
                "each to a file of its own, and name each as a layer."
            )
    note = f"without {count(len(again), 'repeated header')}"
    return replace(
        found,
        skipped=frozenset(again),
        text=frozenset(name for name in names if plain.squeezed(name) in PATIENT_COLUMNS),
        notes=(*found.notes, *((note,) if again else ())),
    )


def arranged_by(column: str, table: pd.DataFrame, wanted: Wanted, path: Path) -> Arranged:
    """Take patients from a column of a table, if the manifest does not name another."""
    if wanted.patient or column == table.columns[0]:
        return plain.arrange(table, wanted, path)
    rest = [name for name in table.columns if name not in (column, "")]
    arranged = plain.arrange(table[[column, *rest]], wanted, path)
    arranged.notes.append(f'patients in column "{column}"')
    return arranged


def _is_pyradiomics(text: Text, wanted: Wanted) -> bool:
    """A batch of PyRadiomics that names images and masks, and no patient before them."""
    names = [plain.squeezed(name) for name in header(text)]
    return (
        not wanted.patient
        and wanted.orientation != ORIENTATIONS[1]
        and {"image", "mask"} <= set(names)
        and any(name.startswith("diagnosticsversions") for name in names)
        and names[0] not in PATIENT_COLUMNS
    )


def _of_batch(table: pd.DataFrame, wanted: Wanted, path: Path) -> Arranged:
    """Take patients from a column that names them, else from the paths of their images."""
    names = {plain.squeezed(str(name)): str(name) for name in table.columns}
    column = next((names[word] for word in PATIENT_COLUMNS if word in names), "")
    if column:
        return arranged_by(column, table, wanted, path)
    images = [str(cell) for cell in table[names["image"]]]
    patients = images if wanted.patient_pattern else _from_paths(images, path)
    table = table.copy()
    table.insert(0, "patient", patients)
    arranged = plain.arrange(table, wanted, path)
    first = arranged.table.index[0]
    arranged.notes.append(f"patients from the paths of images (e.g. {images[0]}: {first})")
    return arranged


def _from_paths(images: list[str], path: Path) -> list[str]:
    """The part of each path that tells patients apart: a folder, else the name of the file."""
    parts = [re.split(r"[\\/]+", image) for image in images]
    depth = min(map(len, parts))
    stems = [re.sub(r"(\.nii|\.nrrd|\.mha|\.mhd|\.dcm|\.gz)+$", "", part[-1]) for part in parts]
    columns = [[part[i] for part in parts] for i in range(depth - 1)]
    # From the file upwards: the folder nearest to the image is more often the patient's.
    for column in (*columns[::-1], stems):
        if len(set(column)) == len(set(images)):
            return column
    raise CohortError(
        f"{path.name}: there is no column with patients, and the paths of images (e.g. "
        f"{listed(images, 2)}) do not tell them apart: no folder is another one in every row. Say "
        "which part of the path is the patient, by a regular expression with one group, such as "
        "patient_pattern = '/(P[0-9]+)/'; or add a column with the patients, and name it: "
        'patient = "COLUMN".'
    )


PYRADIOMICS = Layout("pyradiomics", "PyRadiomics batch", _is_pyradiomics, _of_batch, plan)
