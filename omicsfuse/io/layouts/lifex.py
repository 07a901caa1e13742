"""LIFEx 6 and 7: a row a region, patients in one of the columns INFO_*, runs appended.

Format: https://www.lifexsoft.org (texture, radiomic features)
"""

from pathlib import Path

import pandas as pd

from omicsfuse.io.files.text import Text
from omicsfuse.io.layouts.base import ORIENTATIONS, Arranged, Layout, Wanted
from omicsfuse.io.layouts.radiomics import arranged_by, header, plan

#: Columns of patients, the preferred one first.
_PATIENTS = ("INFO_PatientName", "INFO_PatientID")


def _recognises(text: Text, wanted: Wanted) -> bool:
    names = header(text)
    return wanted.orientation != ORIENTATIONS[1] and any(
        name.startswith(("INFO_Patient", "INFO_NameOfRoi")) for name in names
    )


def _arrange(table: pd.DataFrame, wanted: Wanted, path: Path) -> Arranged:
    """Take patients from their names, or from their numbers where more of these differ.

    Names are often the same in all of an anonymised cohort.
    """
    there = [name for name in _PATIENTS if name in table.columns]
    column = max(there, key=lambda name: table[name].nunique(), default=str(table.columns[0]))
    return arranged_by(column, table, wanted, path)


LIFEX = Layout("lifex", "LIFEx", _recognises, _arrange, plan)
