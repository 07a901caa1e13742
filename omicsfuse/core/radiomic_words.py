"""The words that names of radiomic features are made of; ``radiomic_names`` reads them."""

import re

from omicsfuse.core.ibsi import FEATURES, MIRP, MIRP_CLASSES

#: Class to the words, written together, that stand for it.
_CLASSES = {
    "firstorder": "firstorder firstorderstatistics intensitybased localintensitybased "
    "intensitybasedrim suvstatistics intensity conventional global",
    "histogram": "globalhistogram histogram histo intensityhistogram intensityhistogramrim "
    "localintensityhistogram discretizedhisto discretisedhisto discretized discretised",
    "ivh": "intensityvolumehistogram",
    "shape": "shape shape3d shapesize shapebased morphological morphologic morphology volumetric "
    "morph",
    "shape2D": "shape2d",
    "glcm": "glcm cooccurance cooccurrence normalizedcooccurance normalizedcooccurrence haralick "
    "texturefeaturecodingcooccurance graylevelcooccurrencematrix",
    "glrlm": "glrlm voxelalignment graylevelrunlengthmatrix",
    "glszm": "glszm glzlm intensitysizezone graylevelsizezonematrix",
    "gldzm": "gldzm",
    "gldm": "gldm neighboringgrayleveldependence neighborhoodgrayleveldependence",
    "ngldm": "ngldm",
    "ngtdm": "ngtdm neighborhoodintensitydifference",
    "lbp": "lbp",
    "texture": "texture texturespectrum texturefeaturecoding collage gaborwavelets gabor laws "
    "lawsmeasures fractal fractaldimension powerspectrum edgeenhancement",
}
CLASS_OF = {word: group for group, listed in _CLASSES.items() for word in listed.split()}
#: Words of classes that other names have too.
VAGUE = {
    *("intensity", "conventional", "global", "discretized", "discretised", "texture"),
    *("morphology", "gabor", "laws", "fractal", "collage", "lbp"),
}

FAMILY_OF = {
    **dict.fromkeys(("firstorder", "histogram", "ivh"), "first order"),
    **dict.fromkeys(("shape", "shape2D"), "shape"),
    **dict.fromkeys(("glcm", "glrlm", "glszm", "gldzm", "gldm", "ngtdm"), "texture"),
    **dict.fromkeys(("lbp", "texture"), "texture"),
    "deep": "deep",
    "semantic": "semantic",
}

# What PyRadiomics has beside the features of the initiative.
_PYRADIOMICS = {
    "shape": "Maximum2DDiameterColumn Maximum2DDiameterRow Maximum2DDiameterSlice",
    "shape2D": "MeshSurface PixelSurface Perimeter PerimeterSurfaceRatio MaximumDiameter",
    "firstorder": "TotalEnergy Entropy Uniformity StandardDeviation",
}
_OF = {
    group: FEATURES.get(group, set()) | set(_PYRADIOMICS.get(group, "").split())
    for group in (*FEATURES, "shape2D")
}
# Classes that PyRadiomics has: of a feature without its class, the class follows from the name.
_ITS_CLASSES = ("shape", "firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm")
_HOLDERS: dict[str, list[str]] = {}
for _group in _ITS_CLASSES:
    for _name in sorted(_OF[_group]):
        _HOLDERS.setdefault(_name, []).append(_group)
#: Feature to its class, where one class only has it; and features that several of texture have.
ONLY_IN = {name: groups[0] for name, groups in _HOLDERS.items() if len(groups) == 1}
OF_TEXTURE = frozenset(name for name, groups in _HOLDERS.items() if len(groups) > 1)

# Features of first order, without what stands before them (``Intensity``, ``SUVbw``).
_MEASURES_OF = {
    "Mean": "meanintensity meansuv",
    "Minimum": "min minimumintensity minimumsuv minimumgraylevel",
    "Maximum": "max maximumintensity maximumsuv maximumgraylevel",
    "Median": "medianintensity 50thpercentile q2",
    "StandardDeviation": "std sd stdev",
    "Kurtosis": "excesskurtosis",
    "RootMeanSquared": "rootmeansquare rootmeansquareintensity rms",
    "10Percentile": "tenthpercentile percentile10th 10thpercentile",
    "90Percentile": "ninetiethpercentile percentile90th 90thpercentile",
}
#: What stands before a feature of first order without being part of it, and behind an entropy.
BEFORE = re.compile(r"^(intensityhistogram|intensitybased|intensity|suv(bw|lbm|bsa)?|hu)(?=.)")
LOGARITHM = re.compile(r"log(2|10)$")

# Other names of features, by class: LIFEx, CaPTk and CGITA, written together.
_ALIASES = {
    "shape": {
        "Volume": "volume tumorvolume",
        "ApproximateVolume": "approximatevolume",
        "SurfaceVolumeRatio": "surfacetovolumeratio",
    },
    "firstorder": _MEASURES_OF,
    "histogram": {**_MEASURES_OF, "Uniformity": "energy"},
    "glcm": {
        "JointEntropy": "jointentropylog2 jointentropylog10",
        "JointEnergy": "angularsecondmoment secondangularmoment",
        "MaximumProbability": "jointmaximum",
        "SumSquares": "jointvariance",
        "Id": "inversedifference",
        "Idn": "inversedifferencenormalized",
        "Idm": "inversedifferencemoment",
        "Idmn": "inversedifferencemomentnormalized",
        "Imc1": "firstmeasureofinformationcorrelation",
        "Imc2": "secondmeasureofinformationcorrelation",
    },
    "glrlm": {
        "ShortRunEmphasis": "shortrunsemphasis",
        "LongRunEmphasis": "longrunsemphasis",
        "GrayLevelNonUniformity": "intensityvariability",
        "RunLengthNonUniformity": "runlengthvariability",
        "LowGrayLevelRunEmphasis": "lowintensityrunemphasis",
        "HighGrayLevelRunEmphasis": "highintensityrunemphasis",
        "ShortRunLowGrayLevelEmphasis": "lowintensityshortrunemphasis",
        "ShortRunHighGrayLevelEmphasis": "highintensityshortrunemphasis",
        "LongRunLowGrayLevelEmphasis": "lowintensitylongrunemphasis",
        "LongRunHighGrayLevelEmphasis": "highintensitylongrunemphasis",
        "RunPercentage": "rp",
        "RunVariance": "runlengthvariance",
    },
    "glszm": {
        "SmallAreaEmphasis": "smallzoneemphasis shortzoneemphasis",
        "LargeAreaEmphasis": "largezoneemphasis",
        "SmallAreaLowGrayLevelEmphasis": "smallzonelowgraylevelemphasis "
        "lowintensityshortzoneemphasis",
        "SmallAreaHighGrayLevelEmphasis": "smallzonehighgraylevelemphasis "
        "highintensityshortzoneemphasis",
        "LargeAreaLowGrayLevelEmphasis": "largezonelowgraylevelemphasis "
        "lowintensitylargezoneemphasis",
        "LargeAreaHighGrayLevelEmphasis": "largezonehighgraylevelemphasis "
        "highintensitylargezoneemphasis",
        "LowGrayLevelZoneEmphasis": "lowgraylevelemphasis lowintensityzoneemphasis",
        "HighGrayLevelZoneEmphasis": "highgraylevelemphasis highintensityzoneemphasis",
        "GrayLevelNonUniformity": "intensityvariability",
        "SizeZoneNonUniformity": "zonesizenonuniformity sizezonevariability zlnu",
        "SizeZoneNonUniformityNormalized": "zonesizenonuniformitynormalized",
        "ZoneVariance": "zonesizevariance",
        "ZoneEntropy": "zonesizeentropy",
        "ZonePercentage": "zp",
    },
    "gldm": {
        "SmallDependenceEmphasis": "lowdependenceemphasis smallnumberemphasis",
        "LargeDependenceEmphasis": "highdependenceemphasis largenumberemphasis",
        "DependenceNonUniformity": "dependencecountnonuniformity numbernonuniformity",
        "DependenceVariance": "dependencecountvariance",
        "DependenceEntropy": "dependencecountentropy",
    },
}


def _names_of(group: str) -> dict[str, str]:
    """Names of a class's features, written together in small letters, to PyRadiomics' names."""
    found = {name.lower(): name for name in sorted(_OF.get(group, ()))}
    for family, of_family in MIRP_CLASSES.items():
        if of_family == group and family not in ("stat", "loc", "ih", "ivh", "morph"):
            # LIFEx writes MIRP's short names in capitals: GLRLM_SRLGE.
            found |= {
                short.replace("_", ""): name
                for short, name in MIRP[family].items()
                if short.replace("_", "") not in found
            }
    for name, listed in _ALIASES.get(group, {}).items():
        found |= dict.fromkeys(listed.split(), name)
    return found


NAMES_OF = {group: _names_of(group) for group in CLASS_OF.values()}

#: Names that stand for the volume, the preferred one first.
VOLUMES = ("MeshVolume", "VoxelVolume", "Volume", "ApproximateVolume")
#: A volume by hand, without words for modality and region.
VOLUME = re.compile(r"(whole|total|gross|primary|mesh|voxel|metabolic)*(volume|vol|mtv)")
#: Units at the end of a name by hand.
UNIT = re.compile(r"(?i)[_. -]*[\[(]?[_. -]*(in[_. -])?(ml|mm3|cm3|cc|cm|mm|suv|hu)[\])]?$")

MODALITIES = {
    "PET": "pet pt fdg petfdg",
    "CT": "ct cect ldct ncct cta",
    "T1CE": "t1ce t1c t1gd t1post t1wce t1contrast t1km t1cet1",
    "T1": "t1 t1w t1n t1pre",
    "T2": "t2 t2w t2n",
    "FLAIR": "flair t2f t2flair t2wflair fl",
    "ADC": "adc",
    "DWI": "dwi",
    "DCE": "dce ktrans kep",
    "DSC": "dsc rcbv rcbf cbv cbf",
    "SWI": "swi",
    "MR": "mr mri",
    "US": "us ultrasound",
}
MODALITY_OF = {word: name for name, listed in MODALITIES.items() for word in listed.split()}
PAIRS: dict[tuple[str, ...], str] = {("t2", "flair"): "FLAIR", ("t2w", "flair"): "FLAIR"}
PAIRS |= {(t1, c): "T1CE" for t1 in ("t1", "t1w") for c in ("ce", "c", "gd", "post", "contrast")}

_REGIONS = {
    "tumour": "tumour tumor tum lesion lesions nodule mass gtv gtvp gtv1 primary roi",
    "WT": "wt tt whole wholetumor wholetumour",
    "TC": "tc core tumorcore tumourcore",
    "ET": "et enhancing aet",
    "NCR": "ncr nc net ncrnet necrosis necrotic nec",
    "ED": "ed edema oedema",
    "peritumoral": "peritumoral peritumoural peri rim margin ring shell",
    "CTV": "ctv",
    "PTV": "ptv",
    "nodes": "gtvn node nodes lymphnode",
    "organ": "renal kidney liver lung brain breast prostate heart spleen muscle bone",
}
REGION_OF = {word: name for name, listed in _REGIONS.items() for word in listed.split()}
#: Regions that are the tumour or part of it, and which one's volume is preferred (0: first).
TUMOUR = {"tumour": 0, "WT": 0, "TC": 1, "ET": 2, "NCR": 3, "ED": 4}

IMAGE_WORD = (
    r"(?:original|wavelet[-._]?[hl]{1,3}|log[-._]sigma[-._][\d._-]+mm[-._][23]d|lbp[-._]?[23]d"
    r"(?:[-._](?:m\d|k))?|squareroot|square|logarithm|exponential|gradient)"
)
_MEASURES = r"(min|max|mean|median|std|stdev|sd|peak|skewness|kurtosis|q[1-3]|var|sum|\d{1,2})"
SUV = re.compile(rf"suv(bw|lbm|bsa)?({_MEASURES}|$)|(mtv|tlg)$")
HU = re.compile(rf"hu({_MEASURES}|$)")
#: Uptake and density by hand: SUVmax, mean_HU, TLG.
UPTAKE = re.compile(
    rf"(pet|ct|tumou?r|lesion|gtv)*((suv(bw|lbm|bsa)?|hu){_MEASURES}|{_MEASURES}(suv|hu)|tlg)"
    r"(bw|lbm|bsa)?"
)
DEEP = re.compile(
    r"(?:.*[_. -])?(?:deep|cnn|resnet|vgg|densenet|inception|efficientnet|swin|unet|vae|embedding|"
    r"emb|latent|dinov?\d?|autoencoder|fmcib|medsam|biomedclip|radimagenet|dl)"
    r"(?:[a-z0-9]*[_. -])*(?:feat(?:ure)?s?|fc\d*|dim)?[_. -]?\d+",
    re.IGNORECASE,
)
#: What radiologists grade: LIDC and VASARI.
SEMANTIC = re.compile(
    r"vasari\w*|spiculation|lobulation|subtlety|internalstructure|calcification|margins?|cavitation"
    r"|airbronchogram|pleural(retraction|attachment)|enhancementquality"
    r"|proportion(enhancing|nonenhancing|ncet|necrosis|edema)"
)
#: How features of first order begin, written together.
SIMPLE = re.compile(
    r"(suv|hu|tlg|mean|median|min|max|std|stdev|sd|standard|var|skew|kurt|energy|entropy|uniform"
    r"|range|inter|root|rms|mode|robust|coeff|quart|perc|\d+|fifth|tenth|twenty|seventy|ninet|sum"
    r"|q[1-3]|auc|rim|tlc|integrat|histo|contrast|correlation|homogen|dissimil|gl[crsd]|ng|"
    r"max|binned|bin|lbp|radius|dimension|box|order|coars|busy|complex|strength)"
)
#: Features that need no class to be known, written together: class and feature.
ALONE: dict[str, tuple[str, str]] = {
    **{name.lower(): (group, name) for name, group in ONLY_IN.items() if len(name) > 4},
    **{name.lower(): ("texture", name) for name in OF_TEXTURE},
    **{
        word: ("firstorder", name)
        for name, listed in {
            "Mean": "mean avg average",
            "Minimum": "min",
            "Maximum": "max",
            "StandardDeviation": "std sd stdev",
            "Variance": "var",
            "Skewness": "skew",
            "Kurtosis": "kurt",
            "InterquartileRange": "iqr",
            "10Percentile": "p10 10thpercentile percentile10",
            "90Percentile": "p90 90thpercentile percentile90",
        }.items()
        for word in listed.split()
    },
    **{
        word: ("firstorder", word)
        for word in (
            *("p5", "p25", "p50", "p75", "p95", "percentile25", "percentile75", "mode", "peak"),
        )
    },
    **{
        word: ("shape", word)
        for word in (
            *("diameter", "maxdiameter", "maximumdiameter", "longaxis", "shortaxis", "majoraxis"),
            *("minoraxis", "compactness", "roundness", "eccentricity"),
        )
    },
}

#: What CGITA computes features from, as it is called there, without signs between words.
CGITA_MATRICES = {
    *("cooccurance", "voxelalignment", "neighborhoodintensitydifference", "intensitysizezone"),
    *("normalizedcooccurance", "suvstatistics", "texturespectrum", "texturefeaturecoding"),
    *("texturefeaturecodingcooccurance", "neighboringgrayleveldependence"),
}
#: Programs and what only they write, the surest first.
PROGRAMS = (
    ("LIFEx", re.compile(r"IBSI[:.]|(^|_)(CONVENTIONAL|DISCRETI[ZS]ED|GLZLM|SHAPE)_")),
    ("CaPTk", re.compile(r"_(Intensity|Volumetric|Morphologic)_|_(Bins|Radius)-\d+_")),
    ("CGITA", re.compile(r"(?i)cooccurance|voxel-alignment|intensity-size-zone|SUV statistics")),
    (
        "PyRadiomics",
        re.compile(
            r"(?i)(original|wavelet|log.sigma|lbp.[23]d|square|squareroot|logarithm|exponential"
            r"|gradient).*[_.](shape|shape2d|firstorder|glcm|glrlm|glszm|gldm|ngtdm)[_.]"
        ),
    ),
)
