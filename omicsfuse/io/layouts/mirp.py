"""MIRP: a row an image and mask, samples in ``sample_name``.

Format: https://oncoray.github.io/mirp/quantitative_image_analysis.html
"""

import re
from pathlib import Path

import pandas as pd

from omicsfuse.io.files.text import Text
from omicsfuse.io.layouts import plain
from omicsfuse.io.layouts.base import ORIENTATIONS, Arranged, Layout, Wanted
from omicsfuse.io.layouts.radiomics import arranged_by, header, plan, side_by_side

_SAMPLE, _MODALITY = "sample_name", "image_modality"


def _recognises(text: Text, wanted: Wanted) -> bool:
    names = header(text)
    return (
        wanted.orientation != ORIENTATIONS[1]
        and not wanted.patient
        and _SAMPLE in names
        and any(re.match(r"(image|morph|stat|ih|cm)_", name) for name in names)
    )


def _arrange(table: pd.DataFrame, wanted: Wanted, path: Path) -> Arranged:
    """Bring the images of a sample side by side, where they are of different modality."""
    # pandas writes its row numbers into a first column without a name.
    table = table.loc[:, [bool(str(name)) for name in table.columns]]
    samples = table[_SAMPLE]
    if _MODALITY not in table.columns or not samples.duplicated().any():
        return arranged_by(_SAMPLE, table, wanted, path)
    modalities = [str(cell).strip() for cell in table[_MODALITY]]
    patients = plain.patients_in([str(cell) for cell in samples], wanted, path)
    return side_by_side(table.drop(columns=_SAMPLE), patients, modalities, wanted, path)


MIRP = Layout("mirp", "MIRP", _recognises, _arrange, plan)
