"""Labels of patients from a file: a column with patients, and one with their labels."""

import warnings
from pathlib import Path

import pandas as pd

from omicsfuse.core.checks.tables import listed, refuse_duplicates
from omicsfuse.core.errors import CohortError, OmicsfuseWarning
from omicsfuse.core.results import Subtypes
from omicsfuse.io.tables import read_table

#: Columns with the patients and the labels. The first column may hold the patients under any name.
PATIENT, COLUMN = "patient", "subtype"


def read_labels(path: str | Path) -> Subtypes:
    """Read given labels: the column ``subtype``, or the only one beside that of the patients."""
    table = _read(path)
    if PATIENT in table:
        table = _read(path, PATIENT)
    refuse_duplicates(table.columns, "column", str(path))
    name = COLUMN
    if name not in table:
        if table.shape[1] != 1:
            raise CohortError(
                f'{path}: expected a column "{PATIENT}" and a column "{COLUMN}"; beside the '
                f"patients, found {listed(table.columns)}. Name the column "
                f'with the labels "{COLUMN}".'
            )
        name = str(table.columns[0])
        warnings.warn(
            f'{path}: labels are taken from column "{name}", the only one beside the patients; '
            f'name it "{COLUMN}" to be sure.',
            OmicsfuseWarning,
            stacklevel=2,
        )
    source = Path(path).name if name == COLUMN else f'{Path(path).name}, column "{name}"'
    try:
        return Subtypes.from_labels(table[name], source=source)
    except CohortError as error:
        raise CohortError(f"{path}: {error}") from error


def _read(path: str | Path, patient: str = "") -> pd.DataFrame:
    """Read text as it is, empty cells as missing."""
    return read_table(path, patient=patient, duplicates="keep", missing_words=("",))
