"""What names of radiomic features tell, whoever wrote them."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omicsfuse.core.ibsi import CODES
from omicsfuse.core.radiomic_names import radiomics_features, told_by, volume_feature


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        # PyRadiomics; as R writes it; with words before and behind; reversed.
        ("original_shape_Elongation", ["original", "shape", "Elongation"]),
        ("original_shape2D_Perimeter", ["original", "shape2D", "Perimeter"]),
        ("wavelet-LLH_glcm_X", ["wavelet-LLH", "glcm", "X"]),
        ("wavelet.LLH_glcm_Idm", ["wavelet-LLH", "glcm", "Idm"]),
        ("original.shape.MeshVolume", ["original", "shape", "MeshVolume"]),
        ("log-sigma-1-0-mm-3D_firstorder_Y", ["log-sigma-1-0-mm-3D", "firstorder", "Y"]),
        ("log.sigma.1.0.mm.3D_firstorder_Y", ["log-sigma-1-0-mm-3D", "firstorder", "Y"]),
        ("lbp-3D-m1_ngtdm_Busyness", ["lbp-3D-m1", "ngtdm", "Busyness"]),
        ("firstOrder_Energy", ["original", "firstorder", "Energy"]),
        ("shapeSize_Compactness2", ["original", "shape", "Compactness2"]),
        ("globalHistogram_Kurtosis", ["original", "histogram", "Kurtosis"]),
        ("waveletLLL_GLCM_X", ["wavelet-LLL", "glcm", "X"]),
        ("Elongation.original", ["original", "shape", "Elongation"]),
        ("X10Percentile.original", ["original", "firstorder", "10Percentile"]),
        ("Idmn.wavelet.HLL", ["wavelet-HLL", "glcm", "Idmn"]),
        ("GrayLevelVariance.original", ["original", "", "GrayLevelVariance"]),
        ("CT_original_glcm_Contrast", ["original", "glcm", "Contrast"]),
        ("T1_CE_ET_wavelet-LLH_glrlm_RunEntropy", ["wavelet-LLH", "glrlm", "RunEntropy"]),
        ("original_shape_Flatness_PET", ["original", "shape", "Flatness"]),
        ("tumor_shape_MeshVolume", ["original", "shape", "MeshVolume"]),
        # MIRP.
        ("morph_volume", ["original", "shape", "MeshVolume"]),
        ("stat_p10", ["original", "firstorder", "10Percentile"]),
        ("ih_entropy_fbn_n32", ["original", "histogram", "Entropy"]),
        ("ivh_diff_i10_i90", ["original", "ivh", "IntensityFractionDifference"]),
        ("ivh_v25", ["original", "ivh", "VolumeFractionAtIntensity"]),
        ("cm_joint_max_d1_3d_avg_fbn_n32", ["original", "glcm", "MaximumProbability"]),
        ("cm_info_corr1_d1_2.5d_v_mrg_fbs_w25.0", ["original", "glcm", "Imc1"]),
        ("szm_zsnu_norm_3d_fbn_n32", ["original", "glszm", "SizeZoneNonUniformityNormalized"]),
        ("dzm_sde_3d_fbn_n32", ["original", "gldzm", "SmallDistanceEmphasis"]),
        ("ngl_lde_d1_a0.0_3d_fbn_n32", ["original", "gldm", "SmallDependenceEmphasis"]),
        ("CT_wavelet_coif1_lll_stat_mean", ["wavelet_coif1_lll", "firstorder", "Mean"]),
        ("Fcm_joint_entr", ["original", "glcm", "JointEntropy"]),
        # LIFEx 7, LIFEx 6, and both as R writes them.
        ("MORPHOLOGICAL_Volume(IBSI:RNU0)[mm3]", ["original", "shape", "MeshVolume"]),
        ("MORPHOLOGICAL_Volume.IBSI.RNU0..mm3.", ["original", "shape", "MeshVolume"]),
        ("MORPHOLOGICAL_Compacity(IBSI:No)[]", ["original", "shape", "Compacity"]),
        ("INTENSITY-BASED_MeanIntensity(IBSI:Q4LE)[SUV]", ["original", "firstorder", "Mean"]),
        ("GLSZM_ZoneSizeEntropy(IBSI:GU8N)[]", ["original", "glszm", "ZoneEntropy"]),
        ("SHAPE_Volume(mL)", ["original", "shape", "Volume"]),
        ("SHAPE_Volume..mL.", ["original", "shape", "Volume"]),
        ("CONVENTIONAL_SUVbwmax", ["original", "firstorder", "Maximum"]),
        ("GLRLM_SRLGE", ["original", "glrlm", "ShortRunLowGrayLevelEmphasis"]),
        ("GLZLM_ZLNU", ["original", "glszm", "SizeZoneNonUniformity"]),
        ("NGLDM_Busyness", ["original", "ngtdm", "Busyness"]),
        ("DISCRETIZED_HISTO_Entropy_log10", ["original", "histogram", "Entropy"]),
        # CaPTk.
        ("T1_ED_Volumetric_Volume", ["original", "shape", "Volume"]),
        ("T1_ED_GLCM_Bins-16_Radius-1_Contrast", ["original", "glcm", "Contrast"]),
        (
            "T1GD_ET_GLSZM_Bins-16_Radius-1_SmallZoneEmphasis",
            ["original", "glszm", "SmallAreaEmphasis"],
        ),
        ("T1_ED_NGLDM_LowDependenceEmphasis", ["original", "gldm", "SmallDependenceEmphasis"]),
        ("FL_ED_Histogram_Bins-16_Bins-16_Mode", ["original", "histogram", "Mode"]),
        # CGITA.
        ("Cooccurance_Second angular moment", ["original", "glcm", "JointEnergy"]),
        ("Voxel-alignment_Run percentage", ["original", "glrlm", "RunPercentage"]),
        ("Intensity-size-zone_Large-zone emphasis", ["original", "glszm", "LargeAreaEmphasis"]),
        ("SUV statistics_Tumor volume", ["original", "shape", "Volume"]),
        # Codes alone, and by hand.
        ("RNU0", ["original", "shape", "MeshVolume"]),
        ("wavelet-LLL_ACUI", ["wavelet-LLL", "glcm", "Contrast"]),
        ("tumour_volume_ml", ["original", "shape", "Volume"]),
        ("SUVmax", ["original", "firstorder", "suvmax"]),
        ("T1_mean", ["original", "firstorder", "Mean"]),
        ("resnet50_12", ["", "deep", "resnet5012"]),
        ("spiculation", ["", "semantic", "spiculation"]),
        # No features.
        *((name, ["", "", ""]) for name in ("X1", "", "EGFR", "STAT3", "Age", "Outcome", "CT")),
        *((name, ["", "", ""]) for name in ("T2", "scanner", "stage", "morphology", "time")),
        *((name, ["", "", ""]) for name in ("conventional_chemotherapy", "tumour_loc")),
        ("intensity_of_treatment", ["", "", ""]),
        ("diameter_cm_max_visit", ["", "", ""]),
    ],
)
def test_class_feature_and_image(name: str, parts: list[str]) -> None:
    assert radiomics_features([name]).loc[name].tolist()[:3] == parts


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("T1CE_ET_original_glcm_Idm", ("T1CE", "ET", "PyRadiomics")),
        ("MR_T2_FLAIR_edema_original_glcm_Idm", ("FLAIR", "ED", "PyRadiomics")),
        ("CT_cm_energy_d1_3d_avg_fbs_w25.0", ("CT", "", "MIRP")),
        ("CONVENTIONAL_HUmax_margin", ("CT", "peritumoral", "LIFEx")),
        ("FL_NC_Intensity_Mean", ("FLAIR", "NCR", "CaPTk")),
        ("SUV statistics_SUV SD", ("PET", "", "CGITA")),
        ("GTVp_original_shape_Flatness", ("", "tumour", "PyRadiomics")),
        ("PET_CT_ratio", ("", "", "")),
    ],
)
def test_modality_region_and_program(name: str, expected: tuple[str, str, str]) -> None:
    told = told_by(name)
    assert (told.modality, told.region, told.extractor) == expected


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["wavelet-LLH_shape_MeshVolume", "original_shape_VoxelVolume"], 1),
        (["original_shape_VoxelVolume", "original_shape_MeshVolume"], 1),
        (["original.shape.MeshVolume"], 0),
        (["INTENSITY-BASED-RIM_RIM-ApproximateVolume(IBSI:No)[mL]", "SHAPE_Volume.mL."], 1),
        (["MORPHOLOGICAL_ApproximateVolume(IBSI:YEKZ)[mm3]", "MORPHOLOGICAL_Volume(IBSI:RNU0)"], 1),
        (["morph_vol_approx", "morph_volume", "morph_vol_dens_aabb"], 1),
        # The whole tumour before its parts, edema last; no organ, no node.
        (["T1_ED_Volumetric_Volume", "T1_ET_Volumetric_Volume", "T1_WT_Volumetric_Volume"], 2),
        (["T1_ED_Volumetric_Volume", "T1_ET_Volumetric_Volume"], 1),
        (["liver_volume", "renal_shape_MeshVolume", "GTVn_original_shape_MeshVolume"], None),
        (["SUV statistics_Tumor volume"], 0),
        (["CT_RNU0"], 0),
        (["TumorVolume"], 0),
        (["PET_MTV"], 0),
        (["GTV volume (cc)"], 0),
        (["mean_corpuscular_volume", "blood_volume_fraction"], None),
    ],
)
def test_the_volume_of_the_tumour(names: list[str], found: int | None) -> None:
    assert volume_feature(names) == (None if found is None else names[found])
    assert radiomics_features(names)["volume"].any() == (found is not None)


def test_every_code_is_read_alone_and_in_a_name() -> None:
    for code, (group, feature) in CODES.items():
        for name in (code, f"SOMETHING_Else(IBSI:{code})[x]", f"PET_{code}"):
            told = told_by(name)
            assert (told.feature_class, told.feature) == (group, feature), name


def test_no_names() -> None:
    told = radiomics_features([])
    assert told.shape == (0, 8)
    assert volume_feature(pd.Index([])) is None


@given(st.text(max_size=40))
def test_any_text_is_read(name: str) -> None:
    told = told_by(name)
    assert bool(told.family) == bool(told.feature)
