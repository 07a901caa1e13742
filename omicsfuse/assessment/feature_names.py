"""What the names of radiomic features tell: class, image and modality."""

import re
from collections.abc import Iterable

import pandas as pd

from omicsfuse.core.radiomic_names import radiomics_features

#: Group of a feature whose name does not tell.
OTHER = "other"

_CLASSES = {
    "first order": "firstorder histogram histo globalhistogram intensity conventional discretized "
    "discretised stat ih ivh loc",
    "shape": "shape shape2d shapesize morph morphological morphologic morphology volumetric",
    "texture": "texture glcm glrlm glszm glzlm gldm gldzm ngtdm ngldm cm rlm szm dzm ngt ngl "
    "haralick collage",
}
_CLASS_OF = {word: group for group, words in _CLASSES.items() for word in words.split()}
# Short enough to end a name by chance: they must begin a feature's name, not end it.
_SHORT = frozenset(["stat", "ih", "ivh", "loc", "cm", "rlm", "szm", "dzm", "ngt", "ngl"])
# PyRadiomics names that several classes have, all of them of texture.
_TEXTURE = frozenset(
    ["Contrast", "GrayLevelNonUniformity", "GrayLevelNonUniformityNormalized", "GrayLevelVariance"]
)
_FILTERS = frozenset(
    ["lbp", "gradient", "square", "squareroot", "logarithm", "exponential", "laws", "gabor"]
)
_MODALITIES = {
    "PET": "pet pt fdg petfdg",
    "CT": "ct cect ldct ncct cta",
    "T1CE": "t1ce t1c t1gd t1post t1wce t1contrast t1km t1cet1",
    "T1": "t1 t1w t1n t1pre",
    "T2": "t2 t2w t2n",
    "FLAIR": "flair t2f t2flair t2wflair",
    "ADC": "adc",
    "DWI": "dwi",
    "DCE": "dce",
    "DSC": "dsc",
    "SWI": "swi",
    "MR": "mr mri",
    "US": "us ultrasound",
}
_MODALITY_OF = {word: name for name, words in _MODALITIES.items() for word in words.split()}
_PAIRS = {("t2", "flair"): "FLAIR", ("t2w", "flair"): "FLAIR"}
_PAIRS |= {(t1, c): "T1CE" for t1 in ("t1", "t1w") for c in ("ce", "c", "gd", "post", "contrast")}


def radiomic_feature_groups(names: Iterable[str]) -> pd.DataFrame:
    """Tell ``class``, ``image`` and ``modality`` of radiomic features from the words of names.

    Names as PyRadiomics, MIRP, LIFEx and CaPTk write them are understood; ``"other"`` where the
    name does not tell, or tells two.
    """
    listed_names = [str(name) for name in names]
    known = radiomics_features(listed_names)
    rows = []
    for name, class_name, feature in zip(
        listed_names, known["feature_class"], known["feature"], strict=True
    ):
        words = [word for word in re.split(r"[^a-z0-9]+", name.lower()) if word]
        group = _CLASS_OF.get(class_name.lower(), "") or _class(words)
        image = _image(words)
        if group == OTHER and feature in _TEXTURE:
            group = "texture"
        if image == OTHER and group != OTHER:
            image = "original"
        rows.append({"feature": name, "class": group, "image": image, "modality": _modality(words)})
    return pd.DataFrame(rows, columns=["feature", "class", "image", "modality"])


def _class(words: list[str]) -> str:
    """Class of the first word that tells one; a filter that is a class elsewhere comes last."""
    for i, word in enumerate(words):
        if word in _CLASS_OF and not (word in _SHORT and i == len(words) - 1):
            return _CLASS_OF[word]
        if words[i : i + 2] == ["first", "order"]:
            return "first order"
        if re.match(r"(suv|hu)(bw)?(min|max|mean|std|peak|skewness|kurtosis|q\d)", word):
            return "first order"
    return "texture" if {"lbp", "gabor", "laws"} & set(words) else OTHER


def _image(words: list[str]) -> str:
    """Filter that the image went through."""
    for i, word in enumerate(words):
        if word.startswith("wavelet"):
            return "wavelet"
        if word == "log" and i + 1 < len(words):
            return "LoG"
        if word in _FILTERS:
            return word
    return "original" if "original" in words else OTHER


def _modality(words: list[str]) -> str:
    """Modality, or the sequence where it is named."""
    modalities = set()
    for i, word in enumerate(words):
        pair = _PAIRS.get((word, words[i + 1])) if i + 1 < len(words) else None
        if pair:
            modalities.add(pair)
            # The second word of a pair has been read.
            words = [*words[: i + 1], "", *words[i + 2 :]]
        elif word in _MODALITY_OF:
            modalities.add(_MODALITY_OF[word])
        elif re.match(r"suv(bw|lbm)?(min|max|mean|std|peak|skewness|kurtosis|q\d|$)", word):
            modalities.add("PET")
        elif re.match(r"hu(min|max|mean|std|peak|skewness|kurtosis|q\d)", word):
            modalities.add("CT")
    if len(modalities) > 1:
        modalities.discard("MR")
    return modalities.pop() if len(modalities) == 1 else OTHER
