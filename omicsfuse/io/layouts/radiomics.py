"""What tables of radiomics programs share; PyRadiomics in batch mode, without a patient column.

Format: https://pyradiomics.readthedocs.io/en/latest/usage.html (batch mode)
"""

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd

from omicsfuse.core.checks.tables import count, listed
from omicsfuse.core.errors import CohortError
from omicsfuse.core.layers import Exclusion
from omicsfuse.core.no_features import without_descriptions
from omicsfuse.core.radiomic_names import told_by
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
#: Columns of the modality of an image.
_MODALITIES = ("modality", "imagemodality", "sequence")


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


def side_by_side(
    table: pd.DataFrame, patients: list[str], modalities: list[str], wanted: Wanted, path: Path
) -> Arranged:
    """Put the images of a patient side by side, if each is of another modality.

    Otherwise rows stay as they are: which region or lesion is meant is not for a layout to say.
    """
    keys = list(zip(patients, modalities, strict=True))
    exclusions: list[Exclusion] = []
    repeated = len(set(patients)) < len(patients)
    wide = repeated and len(set(keys)) == len(keys) and all(modalities)
    if wide:
        features, exclusions = without_descriptions(table, wanted.label)
        parts = []
        for modality in dict.fromkeys(modalities):
            rows = [i for i, each in enumerate(modalities) if each == modality]
            part = features.iloc[rows].set_axis([patients[i] for i in rows])
            parts.append(part.add_prefix(f"{modality}_"))
        patients = list(dict.fromkeys(patients))
        table = pd.concat(parts, axis=1).reindex(patients).reset_index(drop=True)
    else:
        table = table.copy()
    # Patients were found within their identifiers already.
    wanted = replace(wanted, patient="", patient_pattern="")
    table.insert(0, "patient", patients, allow_duplicates=True)
    arranged = plain.arrange(table, wanted, path)
    arranged.exclusions[:0] = exclusions
    if wide:
        listing = ", ".join(dict.fromkeys(modalities))
        arranged.notes.append(f"images of a patient side by side ({listing})")
    return arranged


def _is_pyradiomics(text: Text, wanted: Wanted) -> bool:
    """A batch of PyRadiomics, which names images, masks and its own version."""
    names = [plain.squeezed(name) for name in header(text)]
    return (
        wanted.orientation != ORIENTATIONS[1]
        and {"image", "mask"} <= set(names)
        and any(name.startswith("diagnosticsversions") for name in names)
    )


def _of_batch(table: pd.DataFrame, wanted: Wanted, path: Path) -> Arranged:
    """Take patients from a column that names them, else from the paths of their images."""
    names = {plain.squeezed(str(name)): str(name) for name in table.columns}
    column = wanted.patient or next((names[word] for word in PATIENT_COLUMNS if word in names), "")
    if column and column not in table.columns:
        return plain.arrange(table, wanted, path)
    images = [str(cell) for cell in table[names["image"]]]
    modalities = _modalities(table, names, images)
    if column:
        named = [str(cell).strip() for cell in table[column]]
        table = table.drop(columns=column)
        note = f'patients in column "{column}"'
    else:
        named = images if wanted.patient_pattern else _from_paths(images, modalities, path)
        note = ""
    patients = plain.patients_in(named, wanted, path)
    arranged = side_by_side(table, patients, modalities, wanted, path)
    note = note or f"patients from the paths of images (e.g. {images[0]}: {patients[0]})"
    arranged.notes.insert(0, note)
    return arranged


def _modalities(table: pd.DataFrame, names: dict[str, str], images: list[str]) -> list[str]:
    """Modality of each row, from a column or the names of the images; empty where not told."""
    column = next((names[word] for word in _MODALITIES if word in names), "")
    if column:
        return [str(cell).strip() for cell in table[column]]
    return [told_by(_stem(image)).modality for image in images]


def _stem(image: str) -> str:
    name = re.split(r"[\\/]+", image)[-1]
    return re.sub(r"(\.nii|\.nrrd|\.mha|\.mhd|\.dcm|\.gz)+$", "", name)


def _from_paths(images: list[str], modalities: list[str], path: Path) -> list[str]:
    """The part of each path that tells patients apart: a folder, else the name of the file."""
    parts = [re.split(r"[\\/]+", image) for image in images]
    depth = min(map(len, parts))
    columns = [[part[i] for part in parts] for i in range(depth - 1)]
    # From the file upwards: the folder nearest to the image is more often the patient's.
    for column in (*columns[::-1], [_stem(image) for image in images]):
        if len(set(column)) == len(set(images)):
            return column
    if all(modalities):
        for column in columns[::-1]:
            if len(set(zip(column, modalities, strict=True))) == len(set(images)):
                return column
    raise CohortError(
        f"{path.name}: there is no column with patients, and the paths of images (e.g. "
        f"{listed(images, 2)}) do not tell them apart: no folder is another one in every row. Say "
        "which part of the path is the patient, by a regular expression with one group, such as "
        "patient_pattern = '/(P[0-9]+)/'; or add a column with the patients, and name it: "
        'patient = "COLUMN".'
    )


PYRADIOMICS = Layout("pyradiomics", "PyRadiomics batch", _is_pyradiomics, _of_batch, plan)
