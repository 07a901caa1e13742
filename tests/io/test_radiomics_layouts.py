"""Files of radiomics programs as they come: PyRadiomics, MIRP, LIFEx, CaPTk, CGITA."""

from pathlib import Path

import pandas as pd
import pytest

import omicsfuse as of
from omicsfuse.core.cohort import Cohort, Layer
from omicsfuse.core.errors import CohortError, OmicsfuseWarning
from omicsfuse.core.radiomic_names import volume_feature
from omicsfuse.io import read_cohort


def read(folder: Path, text: str, keys: str = "", name: str = "f.csv") -> Cohort:
    """Read a radiomics layer from the text of a file, with more keys of the manifest."""
    (folder / name).write_text(text)
    (folder / "m.toml").write_text(
        f'name = "m"\n[layers.ct]\nfile = "{name}"\nkind = "radiomics"\n{keys}\n'
    )
    return read_cohort(folder / "m.toml")


def reasons(cohort: Cohort) -> dict[str, int]:
    return {each.reason: each.count for each in cohort.exclusions}


BATCH = (
    "Image,Mask,Label,diagnostics_Versions_PyRadiomics,original_shape_MeshVolume,"
    "original_glcm_Idm\n"
)


def batch(*images: str) -> str:
    rows = [f"{image},m.nrrd,1,v3.0.1,{i + 2},{i + 0.5}" for i, image in enumerate(images)]
    return BATCH + "\n".join(rows) + "\n"


def test_pyradiomics_patients_by_a_pattern_on_the_path(tmp_path: Path) -> None:
    # No folder tells the patients apart, and the name of the file holds more than the patient.
    text = batch("/d/P01_ct.nii.gz", "/d/P02_ct.nii.gz", "/d/P03_ct.nii.gz")
    cohort = read(tmp_path, text, r"patient_pattern = '/(P\d+)_'")
    assert cohort.omics["ct"].table.index.tolist() == ["P01", "P02", "P03"]
    assert cohort.omics["ct"].table.columns.tolist() == BATCH.strip().split(",")[4:]
    assert "P01" in cohort.notes[0]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("patient_pattern = '/(Q[0-9]+)_'", 'finds no patient in 2 identifiers of 2, e.g. "/d/P0'),
        ("patient_pattern = '/P[0-9]+_'", "one group in parentheses"),
        ("patient_pattern = '(P'", "no regular expression: missing \\)"),
        ("", "patient_pattern = "),
    ],
)
def test_pyradiomics_patterns_that_do_not_fit(tmp_path: Path, keys: str, message: str) -> None:
    images = ("/d/P01_ct.nii.gz", "/d/P02_ct.nii.gz") if keys else ("/d/scan1.nii", "/d/scan1.nii")
    text = batch(*images)
    if not keys:
        text += "/d/scan2.nii,m.nrrd,1,v3.0.1,2,1\n/e/scan2.nii,m.nrrd,1,v3.0.1,2,1\n"
    with pytest.raises(of.OmicsfuseError, match=message):
        read(tmp_path, text, keys)


@pytest.mark.parametrize("keys", ["", r"patient_pattern = '/(P\d)/'"])
def test_pyradiomics_sequences_side_by_side(tmp_path: Path, keys: str) -> None:
    text = batch("/d/P1/t1ce.nii", "/d/P1/flair.nii", "/d/P2/t1ce.nii", "/d/P2/flair.nii")
    cohort = read(tmp_path, text, keys)
    layer = cohort.omics["ct"]
    assert layer.table.shape == (2, 4)
    assert layer.table.loc["P2", "FLAIR_original_glcm_Idm"] == 3.5
    assert layer.features is not None
    assert layer.features["modality"].tolist() == ["T1CE", "T1CE", "FLAIR", "FLAIR"]
    assert "side by side (T1CE, FLAIR)" in cohort.notes[0]


def test_pyradiomics_lesions_are_not_put_side_by_side(tmp_path: Path) -> None:
    head = BATCH.replace("Image,", "ID,Image,")
    rows = "P1,/d/P1/ct.nii,a,1,v3,2,1\nP1,/d/P1/ct.nii,b,2,v3,2,1\nP2,/d/P2/ct.nii,a,1,v3,2,1\n"
    with pytest.raises(CohortError, match='1 duplicate patient: "P1"'):
        read(tmp_path, head + rows)


def test_a_pattern_serves_any_column_of_identifiers(tmp_path: Path) -> None:
    text = "scan,original_glcm_Idm\nsub-01_ses-1,1\nsub-02_ses-1,2\n"
    cohort = read(tmp_path, text, "patient_pattern = '^sub-([^_]+)'")
    assert cohort.omics["ct"].table.index.tolist() == ["01", "02"]


MIRP_HEADER = (
    "sample_name;image_settings_id;image_modality;image_mask_label;image_voxel_size_x;"
    "morph_volume;stat_mean;cm_joint_max_d1_3d_avg_fbn_n32\n"
)


def test_mirp_as_pandas_writes_it(tmp_path: Path) -> None:
    rows = "0;001;1;CT;GTV;1.0;10;3;0.5\n1;002;1;CT;GTV;1.0;20;4;0.25\n"
    cohort = read(tmp_path, ";" + MIRP_HEADER + rows)
    table = cohort.omics["ct"].table
    assert table.index.tolist() == ["001", "002"]
    assert table.columns.tolist() == ["morph_volume", "stat_mean", "cm_joint_max_d1_3d_avg_fbn_n32"]
    assert reasons(cohort) == {"columns that describe images (text or labels), not features": 4}
    assert "recognised as MIRP" in cohort.notes[0]


def test_mirp_images_of_several_modalities_side_by_side(tmp_path: Path) -> None:
    rows = "A;1;CT;GTV;1;10;3;0.5\nA;1;PT;GTV;4;12;7;0.1\nB;1;CT;GTV;1;20;4;0.2\n"
    cohort = read(tmp_path, MIRP_HEADER + rows)
    table = cohort.omics["ct"].table
    assert table.loc["A", ["CT_stat_mean", "PT_stat_mean"]].tolist() == [3, 7]
    assert table.loc["B"].isna().sum() == 3
    assert cohort.omics["ct"].features is not None
    assert cohort.omics["ct"].features.loc["PT_stat_mean", "modality"] == "PET"
    assert "images of a patient side by side (CT, PT)" in cohort.notes[0]
    with pytest.raises(CohortError, match='1 duplicate patient: "A"'):
        read(tmp_path, MIRP_HEADER + "A;1;CT;GTV-1;1;10;3;0.5\nA;1;CT;GTV-2;1;10;3;0.5\n")


@pytest.mark.parametrize("index", [False, True])
def test_mirp_a_folder_of_a_file_each_sample(tmp_path: Path, index: bool) -> None:
    folder = tmp_path / "features"
    folder.mkdir()
    for i, sample in enumerate(("007", "008", "009")):
        head = (";" if index else "") + MIRP_HEADER
        row = ("0;" if index else "") + f"{sample};1;CT;GTV;1.0;{10 + i};3;0.5\n"
        (folder / f"{sample}_CT_features.csv").write_text(head + row)
    (tmp_path / "m.toml").write_text(
        'name = "m"\n[layers.ct]\nfile = "features/"\nkind = "radiomics"\n'
    )
    cohort = read_cohort(tmp_path / "m.toml")
    assert cohort.omics["ct"].table["morph_volume"].to_dict() == {"007": 10, "008": 11, "009": 12}
    assert cohort.omics["ct"].table.shape == (3, 3)
    assert "MIRP" in cohort.notes[0]


def test_pyradiomics_a_file_each_patient_with_a_row_each_feature(tmp_path: Path) -> None:
    (tmp_path / "f").mkdir()
    for i, patient in enumerate(("P1", "P2")):
        rows = f"original_shape_MeshVolume,{i + 1.5}\noriginal_glcm_Idm,{i}\n"
        (tmp_path / "f" / f"{patient}.csv").write_text(
            f"diagnostics_Versions_PyRadiomics,v3.1\ndiagnostics_Image-original_Hash,ab\n{rows}"
        )
    (tmp_path / "m.toml").write_text('name = "m"\n[layers.ct]\nfile = "f/"\nkind = "radiomics"\n')
    cohort = read_cohort(tmp_path / "m.toml")
    assert cohort.omics["ct"].table.loc["P2"].tolist() == [2.5, 1]
    assert reasons(cohort) == {"diagnostics of the feature extraction": 2}


LIFEX_7 = (
    "INFO_PatientName,INFO_PatientID,INFO_StudyDate,INFO_NameOfRoi,PARAMS_BinSize[SUV],"
    "MORPHOLOGICAL_Volume(IBSI:RNU0)[mm3],MORPHOLOGICAL_Centroid(IBSI:No)[vx],"
    "INTENSITY-BASED_MeanIntensity(IBSI:Q4LE)[SUV],GLCM_Contrast(IBSI:ACUI)[]\n"
)


def test_lifex_7_with_runs_appended(tmp_path: Path) -> None:
    one = 'Anonymous,0071,20190304,GTV,0.3,1000,"(1;2;3)",2.5,7\n'
    two = 'Anonymous,0072,20190411,GTV,0.3,2000,"(4;5;6)",3.5,9\n'
    cohort = read(tmp_path, LIFEX_7 + one + "\n" + LIFEX_7 + two)
    layer = cohort.omics["ct"]
    # The names are the same in all: the numbers are the patients, with their zeros.
    assert layer.table.index.tolist() == ["0071", "0072"]
    assert layer.table.iloc[:, 0].tolist() == [1000, 2000]
    assert layer.table.shape == (2, 3)
    assert volume_feature(layer.table.columns) == "MORPHOLOGICAL_Volume(IBSI:RNU0)[mm3]"
    assert "without 1 repeated header" in cohort.notes[0]
    assert reasons(cohort)["positions in the image, not features"] == 1


def test_lifex_6_is_read_and_two_tables_in_one_file_are_not(tmp_path: Path) -> None:
    pet = "INFO_PatientName,INFO_NameOfRoi,CONVENTIONAL_SUVbwmax,SHAPE_Volume(mL),GLZLM_SZE\n"
    ct = pet.replace("SUVbwmax", "HUmax")
    rows = "A,GTV,7.5,12,0.5\nB,GTV,8.5,13,0.25\n"
    table = read(tmp_path, pet + rows).omics["ct"].table
    assert table.columns.tolist() == ["CONVENTIONAL_SUVbwmax", "SHAPE_Volume(mL)", "GLZLM_SZE"]
    with pytest.raises(CohortError, match=r"line 4 is a header with other columns .* as for PET"):
        read(tmp_path, pet + rows + ct + rows)


def test_captk_wide_without_the_first_patient_in_every_name(tmp_path: Path) -> None:
    names = ["T1_ED_Intensity_Mean", "T1_ED_Volumetric_Volume", "FL_ET_GLCM_Bins-16_Contrast"]
    head = "SubjectID," + ",".join(f"AAA0_{name}" for name in names) + ",\n"
    cohort = read(tmp_path, head + "AAA0,1,2,3,\nAAA1,2,3,4,\n")
    assert cohort.omics["ct"].table.columns.tolist() == names
    assert 'without "AAA0_" at the head of every feature' in cohort.notes[0]


def test_captk_long(tmp_path: Path) -> None:
    rows = [
        f"{patient},T1,{region},Volumetric,Volume,{value},N.A.\n"
        for patient, region, value in (
            ("A", "ED", 1),
            ("A", "ET", 2),
            ("B", "ED", 3),
            ("B", "ET", 4),
        )
    ]
    text = "SubjectID,Modality,ROILabel,FeatureFamily,Feature,Value,Parameters\n" + "".join(rows)
    layer = read(tmp_path, text).omics["ct"]
    assert layer.table.loc["B", "T1_ET_Volumetric_Volume"] == 4
    assert volume_feature(layer.table.columns) == "T1_ET_Volumetric_Volume"


def test_cgita(tmp_path: Path) -> None:
    text = (
        "Matrix,Feature,P1,P2\nCooccurance,Entropy,1,2\nCooccurance,Contrast,3,5\n"
        "Voxel-alignment,Short run emphasis,0.5,0.6\nTexture Spectrum,Max spectrum,3,4\n"
        "SUV statistics,Tumor volume,11,13\n"
    )
    layer = read(tmp_path, text).omics["ct"]
    assert layer.table.loc["P2", "Cooccurance_Entropy"] == 2
    assert volume_feature(layer.table.columns) == "SUV statistics_Tumor volume"


MIXED = (
    "ID,original_shape_Flatness,original_glcm_Idm,wavelet-LLH_glcm_Idm,SUVmax,Outcome,Age,Code\n"
    "P1,0.1,2,3,9,1,60,7\nP2,0.2,3,4,8,0,70,8\nP3,0.4,5,3,7,0,65,8\n"
)


def test_what_is_no_radiomic_feature_is_excluded_by_name_and_kept_by_key(tmp_path: Path) -> None:
    with pytest.warns(OmicsfuseWarning, match=r'keep_columns = \["Outcome", "Age", "Code"\]'):
        cohort = read(tmp_path, MIXED)
    assert cohort.omics["ct"].table.shape == (3, 4)
    (excluded,) = cohort.exclusions
    assert excluded.examples == ("Outcome", "Age", "Code")
    kept = read(tmp_path, MIXED, 'keep_columns = ["Age"]\ndrop_columns = ["Out*", "Code"]')
    assert kept.omics["ct"].table.columns[-1] == "Age"
    table = pd.read_csv(tmp_path / "f.csv", index_col=0)
    with pytest.warns(OmicsfuseWarning, match="2 columns excluded"):
        cohort = Cohort("x", {"ct": Layer("radiomics", table, keep=("Outcome",))})
    assert "Outcome" in cohort.omics["ct"].table


def test_the_volume_stays_a_feature_although_the_clinical_table_has_it() -> None:
    patients = [f"P{i:02d}" for i in range(12)]
    numbers = pd.Series(range(12), patients, dtype=float)
    table = pd.DataFrame(
        {"original_shape_MeshVolume": numbers, "original_glcm_Idm": 2 * numbers + 1}
    )
    clinical = pd.DataFrame({"volume": numbers, "idm": 2 * numbers + 1})
    cohort = Cohort("x", {"ct": Layer("radiomics", table)}, clinical)
    assert cohort.omics["ct"].table.columns.tolist() == ["original_shape_MeshVolume"]


def test_names_that_no_program_writes_are_all_kept(tmp_path: Path) -> None:
    text = "ID,f_1,f_2,f_3,original_glcm_Idm\nP1,1,2,3,4\nP2,2,3,4,5\n"
    assert read(tmp_path, text).omics["ct"].table.shape == (2, 4)
    # Deep features beside radiomic ones are features.
    text = "ID,resnet50_1,resnet50_2,original_shape_Flatness\nP1,1,2,3\nP2,2,3,4\n"
    assert read(tmp_path, text).omics["ct"].table.shape == (2, 3)


def test_clinical_names_among_unknown_ones_are_asked_about(tmp_path: Path) -> None:
    text = "ID,f_1,f_2,f_3,Age,survival_days,stage2_conv\nP1,1,2,3,60,5,1\nP2,2,3,4,70,6,2\n"
    with pytest.warns(OmicsfuseWarning, match=r'drop_columns = \["Age", "survival_days"\]'):
        assert read(tmp_path, text).omics["ct"].table.shape == (2, 6)
    kept = read(tmp_path, text, 'keep_columns = ["Age"]\ndrop_columns = ["surv*"]')
    assert kept.omics["ct"].table.shape == (2, 5)


CASES = {
    "pyrad_array_text": 25,
    "pyrad_batch_id": 25,
    "pyrad_batch_noid": 25,
    "pyrad_complex_values": 25,
    "pyrad_failed_rows": 25,
    "pyrad_failed_rows_noinf": 25,
    "pyrad_pandas_transposed": 25,
    "pyrad_pandas_transposed_ids": 25,
    "lifex_csv": 13,
    "lifex_run": 13,
    "captk_long": 28,
    "captk_wide": 28,
    "captk_wide_clean": 28,
    "mirp_comma": 16,
    "mirp_run": 16,
    "mirp_semicolon": 16,
}


@pytest.fixture
def cases(real_data: Path) -> Path:
    folder = real_data.parent / "cases"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there: the files as people have them are not shipped")
    return folder


@pytest.mark.parametrize(("name", "n_features"), CASES.items())
def test_cases_read_as_they_come(cases: Path, name: str, n_features: int) -> None:
    layer = read_cohort(cases / name / "cohort.toml").omics["radiomics"]
    assert layer.table.shape == (40, n_features)
    assert layer.features is not None
    assert (layer.features["family"] != "").all()
    assert volume_feature(layer.table.columns) is not None


def test_the_case_of_outcome_and_age(cases: Path) -> None:
    with pytest.warns(OmicsfuseWarning, match='"Outcome", "Age"'):
        cohort = read_cohort(cases / "pyrad_outcome_age_date_as_features" / "cohort.toml")
    assert cohort.omics["radiomics"].table.shape == (40, 25)
