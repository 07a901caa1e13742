"""MIRP: a row an image and mask, samples in ``sample_name``.

Format: https://oncoray.github.io/mirp/quantitative_image_analysis.html
"""

import re
from pathlib import Path

import pandas as pd

from omicsfuse.core.no_features import without_descriptions
from omicsfuse.io.files.text import Text
from omicsfuse.io.layouts.base import ORIENTATIONS, Arranged, Layout, Wanted
from omicsfuse.io.layouts.radiomics import arranged_by, header, plan

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
    modalities = table[_MODALITY].astype(str).str.strip()
    if pd.MultiIndex.from_arrays([samples, modalities]).duplicated().any():
        # Several regions or settings: which one is meant is not for us to say.
        return arranged_by(_SAMPLE, table, wanted, path)
    features = table.drop(columns=[_SAMPLE])
    features, exclusions = without_descriptions(features, wanted.label)
    parts = []
    for modality in modalities.unique():
        rows = (modalities == modality).to_numpy()
        part = features[rows].set_axis(samples[rows])
        parts.append(part.add_prefix(f"{modality}_"))
    wide = pd.concat(parts, axis=1).reindex(samples.unique())
    wide.insert(0, _SAMPLE, list(wide.index))
    arranged = arranged_by(_SAMPLE, wide.reset_index(drop=True), wanted, path)
    arranged.exclusions = [*exclusions, *arranged.exclusions]
    arranged.notes.append(f"images of {' and '.join(modalities.unique())} side by side")
    return arranged


MIRP = Layout("mirp", "MIRP", _recognises, _arrange, plan)
