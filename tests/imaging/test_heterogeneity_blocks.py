import pytest

from omicsfuse.imaging.heterogeneity.blocks import heterogeneity_features

CASES = {
    # PyRadiomics, the naming of the head and neck file, and features before images.
    "original_firstorder_Entropy": ("first-order", 1),
    "firstOrder_Uniformity": ("first-order", -1),
    "globalHistogram_Entropy": ("first-order", 1),
    "Entropy.wavelet.LLH": ("first-order", 1),
    "MeanAbsoluteDeviation.original": ("first-order", 0),
    "firstOrder_CoefficientVariation": ("first-order", 0),
    "GLCM_Entropy": ("texture", 1),
    "GLCM_Energy": ("texture", -1),
    "waveletLLL_GLCM_SumEntropy": ("texture", 1),
    "Contrast.original": ("texture", 0),
    "GrayLevelVariance.wavelet.HHH": ("texture", 0),
    "GLSZM_ZSN": ("texture", 0),
    "GLSZM_GLV": ("texture", 0),
    "GLRLM_LongRunEmphasis": ("texture", 0),
    "original_glszm_ZoneEntropy": ("texture", 0),
    "log-sigma-1-0-mm-3D_ngtdm_Strength": ("texture", 0),
    # What says how bright or how large a tumour is, or nothing that is understood.
    "firstOrder_Energy": None,
    "original_firstorder_90Percentile": None,
    "waveletHHL_firstOrder_CoefficientVariation": None,
    "GLCM_Autocorrelation": None,
    "original_glrlm_LongRunHighGrayLevelEmphasis": None,
    "GLSZM_SZLGE": None,
    "GLSZM_LGZE": None,
    "GLSZM_HGZE": None,
    "HighGrayLevelEmphasis.original": None,
    "original_shape_Sphericity": None,
    "Elongation.original": None,
    "deep_feature_17": None,
}


@pytest.mark.parametrize("name", CASES)
def test_features_by_name(name: str) -> None:
    found = heterogeneity_features([name])
    expected = CASES[name]
    if expected is None:
        assert found.empty
    else:
        assert (found.loc[name, "block"], found.loc[name, "direction"]) == expected


def test_order_is_kept() -> None:
    names = [name for name, case in CASES.items() if case]
    assert heterogeneity_features(CASES).index.tolist() == names
