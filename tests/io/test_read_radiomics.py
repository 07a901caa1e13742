"""PyRadiomics output: what is a feature and what is not, and what the names say."""

from pathlib import Path

import pytest

from omicsfuse.core.cohort import Exclusion
from omicsfuse.core.errors import CohortError
from omicsfuse.io import read_cohort, read_radiomics

BATCH = (
    "Patient,Image,Mask,Label,Hospital,diagnostics_Versions_PyRadiomics,"
    "diagnostics_Image-original_Spacing,diagnostics_Mask-original_VoxelNum,"
    "original_shape_Elongation,wavelet-LLH_glcm_Idm\n"
    'P1,/a/i.nrrd,/a/m.nrrd,1,north,v3.0.1,"(1.0, 1.0, 3.0)",345,0.5,12\n'
    'P2,/b/i.nrrd,/b/m.nrrd,1,south,v3.0.1,"(1.0, 1.0, 3.0)",245,0.7,14.5\n'
)


def test_batch_output_keeps_features_only_and_counts_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "batch.csv"
    path.write_text(BATCH)
    exclusions: list[Exclusion] = []
    table = read_radiomics(path, exclusions=exclusions)
    assert table.to_dict("list") == {
        "original_shape_Elongation": [0.5, 0.7],
        "wavelet-LLH_glcm_Idm": [12.0, 14.5],
    }
    assert [(exclusion.count, exclusion.examples[0]) for exclusion in exclusions] == [
        (3, "diagnostics_Versions_PyRadiomics"),
        (4, "Image"),
    ]


def test_the_patient_column_may_be_any_of_them(tmp_path: Path) -> None:
    path = tmp_path / "batch.csv"
    path.write_text(BATCH)
    exclusions: list[Exclusion] = []
    table = read_radiomics(path, patient="Mask", exclusions=exclusions)
    assert table.index.tolist() == ["/a/m.nrrd", "/b/m.nrrd"]
    assert exclusions[1].examples == ("Patient", "Image", "Label", "Hospital")


@pytest.mark.parametrize("cell", ["12,5", "error"])
def test_a_feature_with_a_word_in_it_is_refused_not_dropped(tmp_path: Path, cell: str) -> None:
    (tmp_path / "f.tsv").write_text(f"p\toriginal_glcm_Idm\tentropy\nP1\t1\t{cell}\nP2\t2\t3\n")
    (tmp_path / "m.toml").write_text(
        'name = "m"\n[layers.images]\nfile = "f.tsv"\nkind = "radiomics"\n'
    )
    with pytest.raises(CohortError, match=f'f.tsv.*column "entropy", patient "P1".*"{cell}"'):
        read_cohort(tmp_path / "m.toml")


def test_a_feature_of_words_only_is_still_a_feature(tmp_path: Path) -> None:
    path = tmp_path / "f.tsv"
    path.write_text("p\toriginal_glcm_Idm\tsite\nP1\tbad\tlip\n")
    assert read_radiomics(path).columns.tolist() == ["original_glcm_Idm"]


def test_features_in_rows(tmp_path: Path) -> None:
    path = tmp_path / "f.tsv"
    path.write_text("x\tP1\tP2\ndiagnostics_Versions\tv3\tv3\noriginal_glcm_Idm\t1.5\t2\n")
    assert read_radiomics(path, "features_by_patients").columns.tolist() == ["original_glcm_Idm"]
    (tmp_path / "m.toml").write_text(
        'name = "m"\n[layers.i]\nfile = "f.tsv"\nkind = "radiomics"\n'
        'orientation = "features_by_patients"\n'
    )
    layer = read_cohort(tmp_path / "m.toml").omics["i"]
    assert layer.table.to_dict("list") == {"original_glcm_Idm": [1.5, 2.0]}
    assert layer.features is not None
    assert layer.features.loc["original_glcm_Idm"].tolist()[:3] == ["original", "glcm", "Idm"]
