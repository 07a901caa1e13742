"""What the names of radiomic features say, and which columns of such tables are no features."""

import re
from collections.abc import Iterable

import pandas as pd

from omicsfuse.core.layers import Exclusion

#: Columns that say what was measured, not what was found.
DESCRIPTIVE_COLUMNS = ("image", "mask", "label", "label_channel", "reader", "imagepath", "maskpath")

_CLASSES = {
    "firstorder": "firstorder",
    "shape2d": "shape2D",
    "shapesize": "shape",
    "shape": "shape",
    "globalhistogram": "histogram",
    "histogram": "histogram",
    "glcm": "glcm",
    "glrlm": "glrlm",
    "glszm": "glszm",
    "gldm": "gldm",
    "ngtdm": "ngtdm",
}
_CLASS = "|".join(_CLASSES)
_NAME = re.compile(rf"(?:(?P<image>.+?)_)?(?P<group>{_CLASS})_(?P<feature>.+)", re.IGNORECASE)
_IMAGES = r"original|wavelet|log|square|squareroot|logarithm|exponential|gradient|lbp"
_REVERSED = re.compile(rf"(?P<feature>[^.]+)\.(?P<image>(?:{_IMAGES})\b.*)", re.IGNORECASE)

# Features that one class only has in PyRadiomics, so that the class follows from the feature.
_ONLY_IN = {
    "shape": "Elongation Flatness LeastAxisLength MajorAxisLength MinorAxisLength "
    "Maximum2DDiameterColumn Maximum2DDiameterRow Maximum2DDiameterSlice Maximum3DDiameter "
    "MeshVolume Sphericity SurfaceArea SurfaceVolumeRatio VoxelVolume",
    "firstorder": "10Percentile 90Percentile Energy Entropy InterquartileRange Kurtosis Maximum "
    "Mean MeanAbsoluteDeviation Median Minimum Range RobustMeanAbsoluteDeviation RootMeanSquared "
    "Skewness TotalEnergy Uniformity Variance",
    "glcm": "Autocorrelation ClusterProminence ClusterShade ClusterTendency Correlation "
    "DifferenceAverage DifferenceEntropy DifferenceVariance Id Idm Idmn Idn Imc1 Imc2 "
    "InverseVariance JointAverage JointEnergy JointEntropy MCC MaximumProbability SumAverage "
    "SumEntropy SumSquares",
    "glrlm": "HighGrayLevelRunEmphasis LongRunEmphasis LongRunHighGrayLevelEmphasis "
    "LongRunLowGrayLevelEmphasis LowGrayLevelRunEmphasis RunEntropy RunLengthNonUniformity "
    "RunLengthNonUniformityNormalized RunPercentage RunVariance ShortRunEmphasis "
    "ShortRunHighGrayLevelEmphasis ShortRunLowGrayLevelEmphasis",
    "glszm": "HighGrayLevelZoneEmphasis LargeAreaEmphasis LargeAreaHighGrayLevelEmphasis "
    "LargeAreaLowGrayLevelEmphasis LowGrayLevelZoneEmphasis SizeZoneNonUniformity "
    "SizeZoneNonUniformityNormalized SmallAreaEmphasis SmallAreaHighGrayLevelEmphasis "
    "SmallAreaLowGrayLevelEmphasis ZoneEntropy ZonePercentage ZoneVariance",
    "gldm": "DependenceEntropy DependenceNonUniformity DependenceNonUniformityNormalized "
    "DependenceVariance HighGrayLevelEmphasis LargeDependenceEmphasis "
    "LargeDependenceHighGrayLevelEmphasis LargeDependenceLowGrayLevelEmphasis "
    "LowGrayLevelEmphasis SmallDependenceEmphasis SmallDependenceHighGrayLevelEmphasis "
    "SmallDependenceLowGrayLevelEmphasis",
    "ngtdm": "Busyness Coarseness Complexity Strength",
}
_CLASS_OF = {feature: group for group, names in _ONLY_IN.items() for feature in names.split()}


def without_descriptions(table: pd.DataFrame, layer: str) -> tuple[pd.DataFrame, list[Exclusion]]:
    """Leave out the columns that describe images, and count them: diagnostics, masks, words.

    A column of numbers in which some cells are words stays, for the cohort's checks to refuse.
    """
    names = pd.Series(table.columns, dtype=object).astype(str)
    diagnostic = names.str.lower().str.startswith("diagnostics_").to_numpy(dtype=bool)
    words = names.str.lower().isin(DESCRIPTIVE_COLUMNS).to_numpy(dtype=bool)
    for i, name in enumerate(names):
        if not diagnostic[i] and not words[i] and not _NAME.fullmatch(name):
            words[i] = _holds_only_words(table.iloc[:, i])
    noted = []
    for columns, reason in (
        (diagnostic, "diagnostics of the feature extraction"),
        (words, "columns that describe images (text or labels), not features"),
    ):
        if columns.any():
            examples = tuple(names[columns][:5])
            noted.append(Exclusion("read", layer, "features", int(columns.sum()), reason, examples))
    # Transposed or partly textual tables hold objects; numbers among them become numbers again.
    return table.loc[:, ~(diagnostic | words)].infer_objects(), noted


def _holds_only_words(column: pd.Series) -> bool:
    """Whether a column has cells, and none of them begins like a number."""
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return False
    cells = column.dropna().astype(str)
    return bool(len(cells)) and not cells.str.match(r"\s*[+-]?[.,]?\d").any()


def radiomics_features(names: Iterable[str]) -> pd.DataFrame:
    """Tell ``image_type``, ``feature_class`` and ``feature`` from names; empty where they do not.

    PyRadiomics in full, other namings as far as they go, such as ``waveletLLL_GLCM_Contrast``.
    """
    listed = list(names)
    parts = [_parts(str(name)) for name in listed]
    return pd.DataFrame(parts, index=listed, columns=["image_type", "feature_class", "feature"])


def _parts(name: str) -> tuple[str, str, str]:
    if match := _NAME.fullmatch(name):
        image = match["image"] or "original"
        return _image_type(image), _CLASSES[match["group"].lower()], match["feature"]
    if match := _REVERSED.fullmatch(name):
        feature = re.sub(r"^X(?=\d)", "", match["feature"])
        return _image_type(match["image"]), _CLASS_OF.get(feature, ""), feature
    return "", "", ""


def _image_type(text: str) -> str:
    """Write ``waveletLLL`` and ``wavelet.LLL`` as PyRadiomics does: ``wavelet-LLL``."""
    return re.sub(r"(?i)^wavelet[-._]?(?=[HL]{2,3}$)", "wavelet-", text)
