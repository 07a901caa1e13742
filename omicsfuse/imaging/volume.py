"""Tumour volume as a confounder: where it is found, and which features are volume themselves."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from omicsfuse.core.checks.tables import names_as_text
from omicsfuse.core.errors import StudyError
from omicsfuse.core.radiomic_names import volume_feature
from omicsfuse.stats.arrays import Array


class Volume(NamedTuple):
    """Volume of each patient (NaN where unknown), and where it is from."""

    amounts: Array
    source: str
    feature: str | None


def tumour_volume(table: pd.DataFrame, given: pd.Series | None) -> Volume | None:
    """Take the volume given, else the one among the features of the images.

    ``table``: patients x radiomic features; ``given``: patient -> volume. None without a volume.
    """
    if given is None:
        name = volume_feature(table.columns)
        if name is None:
            return None
        return Volume(table[name].to_numpy(dtype=float), f"feature {name}", name)
    if not isinstance(given, pd.Series) or not pd.api.types.is_numeric_dtype(given):
        raise StudyError(
            "volume is not a pandas Series of numbers; expected the tumour volume of each patient."
        )
    if given.index.has_duplicates:
        raise StudyError("volume names a patient more than once; give each patient one volume.")
    amounts = given.set_axis(names_as_text(given.index)).reindex(table.index).to_numpy(dtype=float)
    if np.isnan(amounts).all():
        examples = ", ".join(str(patient) for patient in given.index[:3])
        raise StudyError(
            f"volume is known for none of the {len(table)} patients with images; its patients are "
            f"e.g. {examples}, those of the images e.g. {', '.join(table.index[:3])}."
        )
    return Volume(amounts, "as given", None)


def of_volume(clusters: pd.DataFrame, volume: Volume | None, threshold: float) -> set[str]:
    """Features that are tumour volume in other words: its cluster's, and those that follow it."""
    if volume is None:
        return set()
    same = clusters["correlation_with_volume"].abs() >= threshold - 1e-9
    if volume.feature is not None:
        cluster = clusters.loc[clusters["feature"] == volume.feature, "cluster"]
        same |= clusters["cluster"].isin(cluster)
    return set(clusters.loc[same, "feature"])
