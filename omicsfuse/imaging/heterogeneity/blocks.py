"""Which radiomic features measure heterogeneity: of first order, and of texture."""

import re
from collections.abc import Iterable

import pandas as pd

from omicsfuse.core.radiomic_names import radiomics_features

FIRST_ORDER, TEXTURE = "first-order", "texture"

#: First-order features of spread and disorder; those of location and size (mean, percentiles,
#: extremes, energy) say how bright a tumour is, not how uneven.
_SPREAD = {
    *("entropy", "uniformity", "variance", "standarddeviation", "kurtosis", "excesskurtosis"),
    *("skewness", "range", "interquartilerange", "meanabsolutedeviation"),
    *("robustmeanabsolutedeviation", "medianabsolutedeviation"),
}
#: Ratios to the mean or median, which is about 0 in filtered images.
_RATIOS = {
    *("coefficientvariation", "coefficientofvariation"),
    *("quartilecoefficientdispersion", "quartilecoefficientofdispersion"),
}
_FIRST_ORDER_CLASSES = ("firstorder", "histogram")
_TEXTURE_CLASSES = ("glcm", "glrlm", "glszm", "gldzm", "gldm", "ngtdm")

#: Texture features that several classes have, so that the class cannot be told from the name.
_IN_SEVERAL = {
    *("contrast", "graylevelnonuniformity", "graylevelnonuniformitynormalized"),
    "graylevelvariance",
}
#: Texture features that say how bright, or are weighted by it.
_BRIGHTNESS = {"autocorrelation", "jointaverage", "sumaverage", "clustershade"}
_LEVEL_EMPHASIS = re.compile(
    r".*(?:high|low)gr[ae]ylevel.*|(?:[lh]gr?[rz]?e|[sl][rz][lh]g(?:r|z)?e|[sl][rz]?[lh]ge)$"
)

#: Disorder of grey levels, which gives the index its direction.
_DISORDER = re.compile(r"(?:joint|sum|difference)?entropy(?:log(?:2|10))?")
_ORDER = {"uniformity", "jointenergy", "angularsecondmoment"}


def heterogeneity_features(names: Iterable[str]) -> pd.DataFrame:
    """Tell which radiomic features measure heterogeneity within the tumour, by name.

    First-order spread and disorder (ratios of the unfiltered image only), and texture but
    brightness; no shape. ``direction`` is 1 for entropies of grey levels, -1 for uniformity and
    energy, else 0.
    """
    listed = [str(name) for name in names]
    parts = radiomics_features(listed)
    rows, chosen = [], []
    for name, image, group, feature in zip(
        listed, parts["image_type"], parts["feature_class"], parts["feature"], strict=True
    ):
        plain = re.sub(r"[^a-z0-9]", "", str(feature).lower())
        block = _block(group, plain, image.lower() in ("original", ""))
        if block:
            chosen.append(name)
            rows.append((block, image, _direction(group, plain)))
    return pd.DataFrame(rows, index=chosen, columns=["block", "image_type", "direction"])


def _block(group: str, feature: str, unfiltered: bool) -> str:
    """Block of a feature; empty where it measures something else."""
    if group in _FIRST_ORDER_CLASSES:
        spread = feature in _SPREAD or feature.startswith("entropy")
        return FIRST_ORDER if spread or (unfiltered and feature in _RATIOS) else ""
    texture = group in _TEXTURE_CLASSES or (not group and feature in _IN_SEVERAL)
    if not texture or feature in _BRIGHTNESS or _LEVEL_EMPHASIS.fullmatch(feature):
        return ""
    return TEXTURE


def _direction(group: str, feature: str) -> int:
    """1 where more is more disorder of grey levels, -1 where it is less, 0 where unsure."""
    if group not in (*_FIRST_ORDER_CLASSES, "glcm"):
        return 0
    if _DISORDER.fullmatch(feature):
        return 1
    return -1 if feature in _ORDER or (group == "glcm" and feature == "energy") else 0
