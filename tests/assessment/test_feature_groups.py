"""Groups of features: what names tell, and what each group brings."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import omicsfuse as of
from omicsfuse.assessment.feature_groups import feature_group_contributions, groups_by_name
from omicsfuse.assessment.refit import refit
from omicsfuse.core.results import Fusion, Prepared, PreparedLayer, Subtypes
from omicsfuse.stats.tasks import Runner


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # PyRadiomics, alone and with a modality before or after.
        ("original_shape_Elongation", ("shape", "original", "other")),
        ("wavelet-HHL_glcm_MaximumProbability", ("texture", "wavelet", "other")),
        ("log-sigma-1-0-mm-3D_firstorder_Range", ("first order", "LoG", "other")),
        ("lbp-3D-m2_firstorder_Range", ("first order", "lbp", "other")),
        ("logarithm_gldm_DependenceEntropy", ("texture", "logarithm", "other")),
        ("CT_original_glcm_Contrast", ("texture", "original", "CT")),
        ("original_shape_Flatness_PET", ("shape", "original", "PET")),
        ("T1_CE_original_ngtdm_Busyness", ("texture", "original", "T1CE")),
        ("MR_T1_original_shape2D_Perimeter", ("shape", "original", "T1")),
        # The reverse order, with names that several classes have.
        ("Contrast.wavelet.LLL", ("texture", "wavelet", "other")),
        ("GrayLevelVariance.original", ("texture", "original", "other")),
        ("X10Percentile.original", ("first order", "original", "other")),
        # Without an underscore within the image's name.
        ("waveletLLL_GLCM_Contrast", ("texture", "wavelet", "other")),
        ("globalHistogram_Mode", ("first order", "original", "other")),
        ("shapeSize_Volume", ("shape", "original", "other")),
        # MIRP, in the terms of the image biomarker standardisation initiative.
        ("stat_mean", ("first order", "original", "other")),
        ("cm_joint_max_d1_3d_avg_fbn_n16", ("texture", "original", "other")),
        ("wavelet_coif1_lll_morph_volume", ("shape", "wavelet", "other")),
        ("log_s1.0_ngl_lde", ("texture", "LoG", "other")),
        # LIFEx.
        ("CONVENTIONAL_SUVbwmean", ("first order", "original", "PET")),
        ("CONVENTIONAL_HUmean", ("first order", "original", "CT")),
        ("DISCRETIZED_HISTO_Entropy_log10", ("first order", "original", "other")),
        ("SHAPE_Volume(mL)", ("shape", "original", "other")),
        ("GLZLM_SZE", ("texture", "original", "other")),
        ("INTENSITY-BASED_Mean[IBSI:1GF]", ("first order", "original", "other")),
        ("MORPHOLOGICAL_Volume[IBSI:RNU0]", ("shape", "original", "other")),
        # CaPTk.
        ("T1CE_ED_Intensity_Mean", ("first order", "original", "T1CE")),
        ("FLAIR_ED_Histogram_Bins-16_Bin-0_Frequency", ("first order", "original", "FLAIR")),
        ("T2_NC_Morphologic_Eccentricity", ("shape", "original", "T2")),
        ("T2-FLAIR_ET_LBP_Radius-1_Mean", ("texture", "lbp", "FLAIR")),
        # Nothing told, or two things.
        ("age", ("other", "other", "other")),
        ("tumour_loc", ("other", "other", "other")),
        ("PET_CT_ratio", ("other", "other", "other")),
    ],
)
def test_what_a_name_tells(name: str, expected: tuple[str, str, str]) -> None:
    (row,) = groups_by_name([name]).to_numpy().tolist()
    assert row == [*expected]


@given(st.lists(st.text(max_size=30), max_size=5))
def test_any_name_is_in_some_group(names: list[str]) -> None:
    table = groups_by_name(names)
    assert table.index.tolist() == names
    assert (table != "").all(None)


@pytest.mark.parametrize(
    ("folder", "classes", "images"),
    [
        (
            "tcga_hnsc_radiogenomic",
            {"texture": 324, "first order": 206, "shape": 10},
            {"wavelet": 440, "original": 100},
        ),
        (
            "lung44_radiomics_expression",
            {"texture": 1250, "first order": 263, "shape": 9},
            {"wavelet": 518, "LoG": 373, "lbp": 218, "exponential": 78, "logarithm": 76}
            | {"original": 74, "squareroot": 65, "square": 63, "gradient": 57},
        ),
        (
            "radiomics_only_hn1",
            {"texture": 621, "first order": 162, "shape": 14},
            {"wavelet": 696, "original": 101},
        ),
    ],
)
def test_names_of_real_tables(
    real_data: Path, folder: str, classes: dict[str, int], images: dict[str, int]
) -> None:
    with gzip.open(real_data / folder / "radiomics.tsv.gz", "rt") as file:
        names = file.readline().rstrip("\n").split("\t")[1:]
    table = groups_by_name(names)
    assert table["class"].value_counts().to_dict() == classes
    assert table["image"].value_counts().to_dict() == images


def cohort(n: int = 48, seed: int = 0) -> tuple[Prepared, Fusion, Subtypes]:
    """Texture holds the groups that expression has, shape and first-order features are noise."""
    rng = np.random.default_rng(seed)
    people = pd.Index([f"P{i:03d}" for i in range(n)], name="patient")
    group = np.arange(n) % 2
    texture = rng.normal(size=(n, 12)) + 2.0 * group[:, None]
    noise = rng.normal(size=(n, 12))
    names = [f"original_glcm_F{i}" for i in range(12)]
    names += [f"original_shape_F{i}" for i in range(8)]
    names += [f"original_firstorder_F{i}" for i in range(4)]
    image = pd.DataFrame(np.hstack([texture, noise]), people, names)
    genes = pd.DataFrame(
        rng.normal(size=(n, 20)) + 1.5 * group[:, None], people, [f"G{i}" for i in range(20)]
    )
    layers = {
        "image": PreparedLayer("radiomics", image, image, "raw", None),
        "genes": PreparedLayer("expression", genes, genes, "log2", None),
    }
    prepared = Prepared("cohort", layers)
    fusion = of.fuse(prepared, n_neighbors=10)
    return prepared, fusion, of.cluster(fusion, 2)


def contributions(
    data: tuple[Prepared, Fusion, Subtypes], *args: object, **options: object
) -> pd.DataFrame:
    prepared, fusion, subtypes = data
    options = {"n_permutations": 19, **options}
    return feature_group_contributions(
        prepared, fusion, refit(prepared, fusion), subtypes, *args, **options
    )


def test_the_group_that_carries_the_subtypes_is_found() -> None:
    table = contributions(cohort())
    # Four first-order features are too few; images and modalities are all of one kind.
    assert table.index.tolist() == [("image", "shape"), ("image", "texture")]
    assert table["grouping"].unique().tolist() == ["class"]
    assert table["n_features"].tolist() == [8, 12]
    shape, texture = table.loc[("image", "shape")], table.loc[("image", "texture")]
    assert texture["agreement_alone"] > 0.9
    assert shape["agreement_alone"] < 0.2
    assert texture["silhouette"] > shape["silhouette"] + 0.2
    assert texture["shared_gain_p"] == 0.05
    assert texture["shared_gain_low"] > 0
    assert texture["shared_gain_low"] < texture["shared_gain"] < texture["shared_gain_high"]
    assert shape["shared_gain_p"] > 0.05
    assert texture["fdr"] == 0.1
    assert (table["note"] == "").all()


def test_a_group_alone_is_what_fusing_it_alone_gives() -> None:
    data = cohort(seed=1)
    prepared, _, subtypes = data
    table = contributions(data, n_permutations=1)
    whole = prepared.layers["image"]
    for part, column in (("glcm", "agreement_alone"), ("shape|firstorder", "agreement_without")):
        kept = whole.scaled.filter(regex=part)
        layers = {"image": PreparedLayer("radiomics", kept, kept, "raw", None)}
        if column == "agreement_without":
            layers["genes"] = prepared.layers["genes"]
        again = of.cluster(of.fuse(Prepared("part", layers), n_neighbors=10), 2).labels
        agreement = pd.crosstab(again, subtypes.labels)
        assert table.loc[("image", "texture"), column] == pytest.approx(
            rand_index(agreement.to_numpy())
        )


def rand_index(table: np.ndarray) -> float:
    """Adjusted Rand index from the counts of Hubert and Arabie 1985."""
    pairs = lambda x: (x * (x - 1) / 2).sum()  # noqa: E731
    both, rows, columns = pairs(table), pairs(table.sum(1)), pairs(table.sum(0))
    chance = rows * columns / pairs(table.sum())
    return (both - chance) / ((rows + columns) / 2 - chance)


def test_groups_of_the_user() -> None:
    data = cohort()
    genes = {f"G{i}": "early" if i < 10 else "late" for i in range(15)}
    table = contributions(data, {"genes": genes}, n_permutations=3)
    own = table.loc["genes"]
    assert own["n_features"].to_dict() == {"early": 10, "late": 5, "other": 5}
    assert own["grouping"].unique().tolist() == ["group"]
    # The image layer is still grouped by its names, unless the user groups it too.
    assert "texture" in table.loc["image"].index
    frame = pd.DataFrame(
        {
            "feature": data[0].layers["image"].scaled.columns,
            "scanner": ["A"] * 12 + ["B"] * 12,
            "reader": ["A"] * 8 + ["C"] * 16,
        }
    )
    table = contributions(data, {"image": frame, "genes": pd.Series(genes)}, n_permutations=1)
    assert set(table.loc["image"].index) == {"scanner: A", "B", "reader: A", "C"}
    assert table.loc[("image", "reader: A"), "n_features"] == 8


def test_wrong_groups_are_refused() -> None:
    data = cohort()
    with pytest.raises(of.StudyError, match=r"layer 'imag', which does not exist; did you mean"):
        contributions(data, {"imag": {}})
    with pytest.raises(
        of.StudyError, match=r'none of its 20 features has a group. The groups name "TP53"'
    ):
        contributions(data, {"genes": {"TP53": "a"}})
    twice = pd.Series(["a", "b"], ["G1", "G1"])
    with pytest.raises(of.StudyError, match=r'1 feature with more than one group \("G1"\)'):
        contributions(data, {"genes": twice})
    with pytest.raises(of.StudyError, match="groups"):
        contributions(data, ["genes"])


def test_what_cannot_be_measured_is_empty() -> None:
    prepared, fusion, _ = cohort()
    one = contributions((prepared, fusion, of.cluster(fusion, 1)), n_permutations=2)
    assert one["note"].tolist() == ["one subtype"] * 2
    assert one.filter(regex="agreement|silhouette|shared|fdr").isna().all(None)
    alone = of.fuse(prepared, layers=["image"], n_neighbors=10)
    table = contributions((prepared, alone, of.cluster(alone, 2)), n_permutations=2)
    assert table["agreement_alone"].notna().all()
    assert table.filter(like="shared").isna().all(None)
    # A layer that is a table of distances has no features.
    values = prepared.layers["image"].scaled
    d = np.abs(values.to_numpy()[:, None] - values.to_numpy()[None]).sum(axis=2)
    metrics = {"image": pd.DataFrame(d, values.index, values.index)}
    given = of.fuse(prepared, n_neighbors=10, metrics=metrics)
    assert contributions((prepared, given, of.cluster(given, 2)), n_permutations=2).empty


def test_a_metric_that_is_undefined_for_a_group_is_noted() -> None:
    prepared, _, _ = cohort()
    image = prepared.layers["image"].scaled.copy()
    image.iloc[3, :12] = 0.0
    layers = dict(prepared.layers) | {
        "image": PreparedLayer("radiomics", image, image, "raw", None)
    }
    prepared = Prepared("cohort", layers)
    fusion = of.fuse(prepared, n_neighbors=10, metrics={"image": "cosine"})
    table = contributions((prepared, fusion, of.cluster(fusion, 2)), n_permutations=3)
    row = table.loc[("image", "texture")]
    assert np.isnan(row["agreement_alone"])
    assert row["note"].startswith("agreement_alone: the cosine distance is undefined for 1 patient")
    assert row[["agreement_without", "shared_real"]].notna().all()


def test_the_number_of_jobs_does_not_matter() -> None:
    data = cohort(n=30)
    one = contributions(data, n_permutations=4, random_state=3)
    two = contributions(data, n_permutations=4, random_state=3, runner=Runner(n_jobs=2))
    pd.testing.assert_frame_equal(one, two, check_exact=True)
    assert not one.equals(contributions(data, n_permutations=4, random_state=4))


def test_patients_who_lack_the_layer() -> None:
    prepared, _, _ = cohort(n=60)
    image = prepared.layers["image"].scaled.iloc[15:]
    layers = dict(prepared.layers) | {
        "image": PreparedLayer("radiomics", image, image, "raw", None)
    }
    prepared = Prepared("gaps", layers)
    fusion = of.fuse(prepared, n_neighbors=10)
    table = contributions((prepared, fusion, of.cluster(fusion, 2)))
    assert table.loc[("image", "texture"), "shared_gain_p"] == 0.05
    assert table.loc[("image", "texture"), "agreement_alone"] > 0.8
