"""What the name of a radiomic feature tells: class, feature, image, modality, region, volume.

One vocabulary for the names of PyRadiomics (also as R writes them, reversed, or with a modality or
region before or behind), MIRP, LIFEx, CaPTk, CGITA, codes of the image biomarker standardisation
initiative, and names by hand such as ``tumour_volume_ml`` or ``SUVmax``.
Sources: https://pyradiomics.readthedocs.io/en/latest/features.html,
https://oncoray.github.io/mirp/features_names.html, https://www.lifexsoft.org (radiomic features),
https://github.com/CBICA/CaPTk (FeatureExtraction),
https://github.com/baskentuni/cgita (create_default_feature_settings.m)
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import pandas as pd

from omicsfuse.core import radiomic_words as words
from omicsfuse.core.ibsi import CODES, FEATURES, MIRP, MIRP_CLASSES


class Told(NamedTuple):
    """What one name tells; empty where it does not.

    ``family``: first order, shape, texture, deep or semantic; told also where the name fits several
    classes of one family. ``volume``: the volume of the tumour, or of a part of it.
    """

    image_type: str = ""
    feature_class: str = ""
    feature: str = ""
    family: str = ""
    modality: str = ""
    region: str = ""
    extractor: str = ""
    volume: bool = False


def radiomics_features(names: Iterable[str]) -> pd.DataFrame:
    """Tell what names of radiomic features tell, one row a name: the columns are those of ``Told``.

    A feature that PyRadiomics has is called as there, whoever computed it.
    """
    listed = list(names)
    told = [told_by(str(name)) for name in listed]
    return pd.DataFrame(told, index=listed, columns=Told._fields)


@lru_cache(maxsize=1 << 16)
def told_by(name: str) -> Told:
    """What a name tells, the surest sign first: code, MIRP's families, classes, single words."""
    parts = _of_code(name) or _of_mirp(name) or _of_class(name) or _reversed(name) or _by_hand(name)
    tokens = _tokens(name)
    modality, region = _modality(tokens), _region(tokens)
    if parts is None:
        return Told(modality=modality, region=region)
    family = parts.family or words.FAMILY_OF.get(parts.feature_class, "")
    volume = (
        family == "shape"
        and parts.feature in words.VOLUMES
        and not _FILTERED.match(parts.image_type)
        and (not region or region in words.TUMOUR)
    )
    return parts._replace(family=family, modality=modality, region=region, volume=volume)


def volume_feature(names: Iterable[str]) -> str | None:
    """Find the volume of the tumour among features.

    That of the whole tumour before that of a part; that of the mesh before that of the voxels; then
    the first.
    """
    found = []
    for i, name in enumerate(map(str, names)):
        told = told_by(name)
        if told.volume:
            rank = words.TUMOUR.get(told.region, 0)
            found.append((rank, words.VOLUMES.index(told.feature), i, name))
    return min(found)[-1] if found else None


def _tokens(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


def _squeezed(text: str) -> str:
    """Letters and digits of a feature's name, as PyRadiomics would write its words."""
    plain = re.sub(r"[^a-z0-9]", "", text.lower()).replace("grey", "gray")
    plain = plain.replace("normalised", "normalized").replace("discretised", "discretized")
    return re.sub(r"^(normalized)(.+)$", r"\2\1", plain)


_CODE = re.compile(r"IBSI[^A-Z0-9]{0,2}([A-Z0-9]{4})(?![A-Z0-9])")
_CODE_ALONE = re.compile(r"(?<![A-Za-z0-9])([A-Z0-9]{4})(?![A-Za-z0-9])")


def _of_code(name: str) -> Told | None:
    """Read ``...(IBSI:RNU0)...``, or a name of a code and of words for image, modality, region."""
    if (match := _CODE.search(name)) and match[1] in CODES:
        group, feature = CODES[match[1]]
        told = _of_class(name)
        image = told.image_type if told else _image(name[: match.start()])
        return Told(image, group, feature, extractor=_program(name))
    for match in _CODE_ALONE.finditer(name):
        head, rest = _stripped(name[: match.start()]), _stripped(name[match.end() :])
        if match[1] in CODES and not rest and (not head or _IMAGE.search(head)):
            group, feature = CODES[match[1]]
            return Told(_image_type(head), group, feature)
    return None


def _alternatives(family: str) -> str:
    # Volume fractions carry their percentage: v10, i90, diff_v10_v90.
    names = [
        re.sub(r"(?<![a-z])([vi])$", r"\1\\d+", short)
        for short in sorted(MIRP[family], key=len, reverse=True)
    ]
    return "|".join(names)


_MIRP = {
    family: re.compile(
        rf"(?P<head>(?:.*[_.-])?)f?{family}_(?P<short>{_alternatives(family)})(?=[_.]|$).*",
        re.IGNORECASE,
    )
    for family in MIRP
}


def _of_mirp(name: str) -> Told | None:
    """Read ``FILTER_FAMILY_FEATURE_PARAMETERS``, as in ``cm_joint_max_d1_3d_avg_fbn_n32``."""
    for family, pattern in _MIRP.items():
        if match := pattern.fullmatch(name):
            short = re.sub(r"\d+$", "", match["short"].lower()) if family == "ivh" else ""
            feature = MIRP[family][short or match["short"].lower()]
            image = _image_type(_stripped(match["head"]))
            return Told(image, MIRP_CLASSES[family], feature, extractor="MIRP")
    return None


_WORD = re.compile(r"[A-Za-z0-9]+")


def _of_class(name: str) -> Told | None:
    """Read ``IMAGE_CLASS_FEATURE``, with other words before and behind."""
    found = list(_WORD.finditer(name))
    lower = [match[0].lower() for match in found]
    vague = None
    for i in range(len(found)):
        for n in range(min(5, len(found) - i), 0, -1):
            joined = "".join(lower[i : i + n])
            group = words.CLASS_OF.get(joined)
            if group is None or i + n == len(found):
                continue
            text = name[found[i + n].start() :]
            feature = _feature(text, group)
            if not feature:
                continue
            if joined in words.VAGUE:
                # Words that other names have too: only before what is a feature for certain.
                if vague is None and _begins_with_feature(feature):
                    vague = (i, group, feature)
                continue
            return _classified(name, found[i].start(), group, feature)
    if vague is None:
        return None
    i, group, feature = vague
    return _classified(name, found[i].start(), group, feature)


def _classified(name: str, start: int, group: str, feature: str) -> Told:
    # LIFEx calls NGLDM what others call NGTDM.
    if group == "ngldm":
        group = "ngtdm" if feature in FEATURES["ngtdm"] else "gldm"
    if group == "lbp":
        return Told("lbp", group, feature, extractor=_program(name))
    if group == "firstorder" and words.VOLUME.fullmatch(_squeezed(_stripped(feature))):
        group, feature = "shape", "Volume"
    return Told(_image(name[:start]), group, feature, extractor=_program(name))


def _feature(text: str, group: str) -> str:
    """Feature behind the class, as PyRadiomics calls it, else as it is written."""
    text = re.sub(r"[(\[][^)\]]*[)\]]", "", text)
    # R writes every sign as a point: SHAPE_Volume..mL., MORPHOLOGICAL_Volume.IBSI.RNU0..mm3.
    text = re.sub(r"[._ ]+(IBSI[._:]?\w*|onlyFor\dDROI|(?:mL|mm3|cm3|cc)(?=[._]|$)).*$", "", text)
    text = re.sub(r"(?i)(?:bins|radius|distance|offset)-\d+_", "", text)
    text = _stripped(text, ends="tail")
    plain = _squeezed(text)
    short = words.LOGARITHM.sub("", words.BEFORE.sub("", plain))
    for known in ("gldm", "ngtdm") if group == "ngldm" else (group,):
        names = words.NAMES_OF.get(known, {})
        if found := names.get(plain) or names.get(short):
            return found
    return text


def _begins_with_feature(feature: str) -> bool:
    return words.SIMPLE.match(_squeezed(feature)) is not None


_IMAGE = re.compile(
    r"(?i)(?<![a-z0-9])(original|wavelet[-._]?[HL]{1,3}(?![a-z])|wavelet[-._].*|log[-._]sigma.*"
    r"|log_s\d.*|lbp[-._][23]d.*|squareroot|square|logarithm|exponential|gradient"
    r"|(?:gabor|laws|gauss|mean_d|riesz|simoncelli).*)$"
)
_FILTERED = re.compile(
    r"(?i)wavelet|log[-._]s|lbp|square|logarithm|exponential|gradient|gabor|laws|gauss|mean_d|riesz"
    r"|simoncelli"
)


def _image(head: str) -> str:
    """Image of a name's beginning: a filter, else what stands there."""
    head = _stripped(head)
    if match := _IMAGE.search(head):
        return _image_type(match[1])
    return _image_type(head)


def _image_type(text: str) -> str:
    """Write ``waveletLLL`` and ``wavelet.LLL`` as PyRadiomics does: ``wavelet-LLL``."""
    text = text.strip("_. -")
    if re.match(r"(?i)log[._]sigma", text):
        return re.sub(r"[._]", "-", text)
    if re.match(r"(?i)lbp[._][23]d", text):
        return re.sub(r"[._]", "-", text)
    text = re.sub(r"(?i)^wavelet[-._]?(?=[HL]{1,3}$)", "wavelet-", text)
    return text or "original"


_REVERSED = re.compile(
    r"(?P<feature>[^.]+)\.(?P<image>(?:original|wavelet|log|square|squareroot|logarithm"
    r"|exponential|gradient|lbp)\b.*)",
    re.IGNORECASE,
)


def _reversed(name: str) -> Told | None:
    """Read ``Idmn.wavelet.HLL``, and features without their class."""
    if not (match := _REVERSED.fullmatch(name)):
        return None
    feature = re.sub(r"^X(?=\d)", "", match["feature"])
    group = words.ONLY_IN.get(feature, "")
    family = "texture" if not group and feature in words.OF_TEXTURE else ""
    image = _image_type(_stripped(match["image"], ends="tail"))
    return Told(image, group, feature, family, extractor="PyRadiomics")


def _by_hand(name: str) -> Told | None:
    """Read names of few words: ``tumour_volume_ml``, ``SUVmax``, ``T1_mean``, ``resnet50_12``."""
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    if words.DEEP.fullmatch(name):
        return Told("", "deep", plain)
    if words.SEMANTIC.fullmatch(plain):
        return Told("", "semantic", plain)
    if words.UPTAKE.fullmatch(plain):
        return Told("original", "firstorder", plain)
    rest = _stripped(words.UNIT.sub("", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)))
    image = "original"
    if match := re.match(rf"{words.IMAGE_WORD}[_. -]+(?=\w)", rest, re.IGNORECASE):
        image, rest = _image_type(match[0]), _stripped(rest[match.end() :])
    short = re.sub(r"[^a-z0-9]", "", rest.lower())
    if words.VOLUME.fullmatch(short):
        return Told(image, "shape", "Volume")
    group, feature = words.ALONE.get(_squeezed(rest), ("", ""))
    if group:
        family = "texture" if group == "texture" else ""
        return Told(image, "" if family else group, feature, family)
    return None


def _stripped(text: str, ends: str = "both") -> str:
    """Text without words for modality and region at its ends."""
    text = text.strip("_. -")
    while found := list(_WORD.finditer(text)):
        lower = [match[0].lower() for match in found]
        n = _ending(lower[::-1], reverse=True)
        # The last word of a feature is the feature.
        if n and (n < len(found) or ends == "both"):
            text = text[: found[-n].start()].strip("_. -")
            continue
        n = _ending(lower) if ends == "both" else 0
        if not n:
            break
        text = text[found[n - 1].end() :].strip("_. -")
    return text


def _ending(lower: list[str], reverse: bool = False) -> int:
    """How many of the first words are a modality or a region."""
    pair = tuple(lower[1::-1] if reverse else lower[:2])
    if len(pair) == 2 and pair in words.PAIRS:
        return 2
    return int(lower[0] in words.MODALITY_OF or lower[0] in words.REGION_OF)


def _modality(tokens: list[str]) -> str:
    """Modality, or the sequence where it is named; empty where two are."""
    found = set()
    i = 0
    while i < len(tokens):
        if pair := words.PAIRS.get(tuple(tokens[i : i + 2])):
            found.add(pair)
            i += 1
        elif tokens[i] in words.MODALITY_OF:
            found.add(words.MODALITY_OF[tokens[i]])
        elif words.SUV.match(tokens[i]):
            found.add("PET")
        elif words.HU.match(tokens[i]):
            found.add("CT")
        i += 1
    if len(found) > 1:
        found.discard("MR")
    return found.pop() if len(found) == 1 else ""


def _region(tokens: list[str]) -> str:
    """First region that is named."""
    return next((words.REGION_OF[word] for word in tokens if word in words.REGION_OF), "")


def _program(name: str) -> str:
    """Program whose way of writing a name has, where no other writes so."""
    return next((program for program, sign in words.PROGRAMS if sign.search(name)), "")
