"""CaPTk: a row a feature, or a row a patient with all features side by side.

Format: https://cbica.github.io/CaPTk/ht_FeatureExtraction.html
"""

from pathlib import Path

import pandas as pd

from omicsfuse.core.errors import CohortError
from omicsfuse.core.radiomic_names import told_by
from omicsfuse.io.files.text import Text
from omicsfuse.io.layouts import plain
from omicsfuse.io.layouts.base import ORIENTATIONS, Arranged, Layout, Wanted
from omicsfuse.io.layouts.radiomics import header, plan

_LONG = ("subjectid", "modality", "roilabel", "featurefamily", "feature", "value")


def _is_long(text: Text, wanted: Wanted) -> bool:
    names = {plain.squeezed(name) for name in header(text)}
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


CAPTK_LONG = Layout("captk", "CaPTk, a row a feature", _is_long, _widened, plan, ORIENTATIONS[0])


def _is_wide(text: Text, wanted: Wanted) -> bool:
    names = [name for name in header(text) if name]
    by_captk = sum(told_by(name).extractor == "CaPTk" for name in names)
    return plain.squeezed(names[0]) == "subjectid" and 2 * by_captk > len(names)


def _side_by_side(table: pd.DataFrame, wanted: Wanted, path: Path) -> Arranged:
    """Cut off the first patient's name, which some versions write before every feature.

    Source: https://github.com/CBICA/CaPTk/issues/1059
    """
    arranged = plain.arrange(table, wanted, path)
    names = [str(name) for name in arranged.table.columns]
    for patient in arranged.table.index:
        if names and all(name.startswith(f"{patient}_") for name in names):
            cut = [name.removeprefix(f"{patient}_") for name in names]
            arranged.table = arranged.table.set_axis(pd.Index(cut, dtype=object), axis=1)
            arranged.notes.append(f'without "{patient}_" at the head of every feature')
            break
    return arranged


CAPTK_WIDE = Layout("captk_wide", "CaPTk, a row a patient", _is_wide, _side_by_side, plan)
