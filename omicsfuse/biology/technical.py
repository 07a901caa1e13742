"""How the data were made, as far as the data tell: source site, and volume of the tumour."""

import re
from typing import NamedTuple

import pandas as pd

from omicsfuse.core.cohort import Cohort
from omicsfuse.core.kinds import kind_of
from omicsfuse.core.radiomic_names import volume_feature

#: From this effect on (Cramer's V or epsilon squared, and within the interval) the subtypes are
#: said to be explained by a technical variable, rather than associated with it.
EXPLAINED = 0.5

#: Name of the volume of the tumour among the variables; the layer follows in brackets.
VOLUME = "tumour volume"

_SITE = re.compile(r"TCGA[-.]([A-Z0-9]{2})[-.][A-Z0-9]{4}", re.IGNORECASE)


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
