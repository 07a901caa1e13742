"""Tables of radiomics programs: PyRadiomics without a patient column, CaPTk a row a feature.

Formats: https://pyradiomics.readthedocs.io (batch mode), https://cbica.github.io/CaPTk,
https://oncoray.github.io/mirp, https://www.lifexsoft.org
"""

import re
from pathlib import Path

import pandas as pd

from omicsfuse.core.checks.tables import listed
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
_LONG = ("subjectid", "modality", "roilabel", "featurefamily", "feature", "value")


def _header(text: Text) -> list[str]:
    plan = plain_plan(text, Reading())
    return [name.strip() for name in fields(text.lines[plan.header], plan.separator)]


def _plan(text: Text, reading: Reading, wanted: Wanted) -> Plan:
    return plain_plan(text, reading)


def _is_pyradiomics(text: Text, wanted: Wanted) -> bool:
    """A batch of PyRadiomics that names images and masks, and no patient before them."""
    names = [plain.squeezed(name) for name in _header(text)]
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
        rest = [name for name in table.columns if name != column]
        arranged = plain.arrange(table[[column, *rest]], wanted, path)
        arranged.notes.append(f'patients in column "{column}"')
        return arranged
    images = [str(cell) for cell in table[names["image"]]]
    patients = _from_paths(images, path)
    table = table.copy()
    table.insert(0, "patient", patients)
    arranged = plain.arrange(table, wanted, path)
    arranged.notes.append(f"patients from the paths of images (e.g. {images[0]}: {patients[0]})")
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
        f"{listed(images, 2)}) do not tell them apart: no folder is another one in every row. Add "
        'a column with the patients, and name it: patient = "COLUMN".'
    )


PYRADIOMICS = Layout("pyradiomics", "PyRadiomics batch", _is_pyradiomics, _of_batch, _plan)


def _is_long(text: Text, wanted: Wanted) -> bool:
    names = {plain.squeezed(name) for name in _header(text)}
    return set(_LONG) <= names


def _widened(table: pd.DataFrame, wanted: Wanted, path: Path) -> Arranged:
    """Bring a row a feature to a row a patient."""
    names = {plain.squeezed(str(name)): str(name) for name in table.columns}
    by = [names[word] for word in _LONG[1:5]]
    keys = table[by].astype(str).agg("_".join, axis=1)
    if "parameters" in names:
        often = table.groupby([table[names["subjectid"]], keys]).size().max()
        if often > 1:
            keys = keys + "_" + table[names["parameters"]].astype(str)
    patients = table[names["subjectid"]].astype(str).str.strip()
    twice = pd.MultiIndex.from_arrays([patients, keys]).duplicated()
    if twice.any():
        i = int(twice.argmax())
        raise CohortError(
            f"{path.name}: {int(twice.sum())} rows repeat a feature of a patient (e.g. "
            f'"{keys.iloc[i]}" of "{patients.iloc[i]}"): keep one row of each.'
        )
    values = pd.Series(table[names["value"]].to_numpy(), [patients, keys])
    wide = values.unstack().reindex(index=patients.unique(), columns=keys.unique())
    wide = wide.infer_objects().rename_axis(index=None, columns=None)
    wide.insert(0, "patient", list(wide.index), allow_duplicates=True)
    arranged = plain.arrange(wide.reset_index(drop=True), wanted, path)
    arranged.notes.append(f"{wide.shape[1] - 1} features from a row each")
    return arranged


CAPTK_LONG = Layout("captk", "CaPTk, a row a feature", _is_long, _widened, _plan, ORIENTATIONS[0])
