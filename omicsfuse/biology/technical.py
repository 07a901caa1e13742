"""How the data were made, as far as the data tell: source site, and volume of the tumour."""

import re
from typing import NamedTuple

import pandas as pd

from omicsfuse.core.cohort import Cohort
from omicsfuse.core.kinds import kind_of
from omicsfuse.core.radiomic_names import radiomics_features

#: From this effect on (Cramer's V or epsilon squared, and within the interval) the subtypes are
#: said to be explained by a technical variable, rather than associated with it.
EXPLAINED = 0.5

#: Name of the volume of the tumour among the variables; the layer follows in brackets.
VOLUME = "tumour volume"

#: Features that are the volume of the tumour, the preferred one first.
_VOLUMES = ("meshvolume", "voxelvolume", "volume", "approximatevolume")
_SITE = re.compile(r"TCGA[-.]([A-Z0-9]{2})[-.][A-Z0-9]{4}", re.IGNORECASE)
#: Names of volumes outside PyRadiomics' naming, with or without a unit.
_OTHER_VOLUME = re.compile(
    r"(?:.*(?:shape|morph\w*)[_.])?(?:(?:mesh|voxel|tumou?r)_?)?volume(?:[_.(]?(?:ml|mm3|cm3|cc)\)?)?",
    re.IGNORECASE,
)


class Technical(NamedTuple):
    """Values of patients, where they are from, and the layer whose tumour volume they are."""

    amounts: pd.Series
    source: str
    volume_of: str = ""


def automatic_technical(cohort: Cohort, patients: pd.Index) -> dict[str, Technical]:
    """Technical variables that no clinical column names: values, and where they are from.

    The tissue source site of TCGA barcodes, and the volume of radiomics (original image): no fault
    by itself, but subtypes that follow it may be a roundabout measure of size.
    """
    technical: dict[str, Technical] = {}
    matches = [_SITE.fullmatch(str(patient)) for patient in patients]
    if any(matches):
        sites = [match.group(1).upper() if match else None for match in matches]
        technical["tissue source site (barcode)"] = Technical(
            pd.Series(sites, patients, dtype=object),
            "characters 6 and 7 of the TCGA barcode",
        )
    for name, layer in cohort.omics.items():
        feature = volume_feature(layer.table.columns) if kind_of(layer).radiomic else None
        if feature is not None:
            technical[f"{VOLUME} ({name})"] = Technical(
                layer.table[feature].reindex(patients),
                f"feature {feature} of layer {name}",
                name,
            )
    return technical


def volume_feature(names: pd.Index) -> str | None:
    """Find the volume of the tumour among features: that of the mesh, of the voxels, the first."""
    parts = radiomics_features(names)
    original = parts["image_type"].str.lower().isin(["original", ""])
    shape = parts[original & (parts["feature_class"] == "shape")]
    for wanted in _VOLUMES:
        named = shape.index[shape["feature"].str.lower() == wanted]
        if len(named):
            return str(named[0])
    return next((str(name) for name in names if _OTHER_VOLUME.fullmatch(str(name))), None)
