"""Technical variables: which there are, a family of their own, and roles."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from omicsfuse.biology import alterations, associate, burden, table_one
from omicsfuse.core.cohort import Cohort, Endpoint, Layer
from omicsfuse.core.radiomic_names import volume_feature
from omicsfuse.core.results import Subtypes
from omicsfuse.io import read_cohort
from omicsfuse.stats.multiple_testing import benjamini_hochberg

HNSC = Path(__file__).parents[2] / "data_manifests" / "tcga_hnsc_radiogenomic.toml"


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["firstOrder_Energy", "shapeSize_Volume", "shapeSize_SurfaceVolumeRatio"], 1),
        (["MeshVolume.original", "VoxelVolume.original"], 0),
        (["wavelet-LLH_shape_MeshVolume", "original_shape_VoxelVolume"], 1),
        (["tumor_volume_ml", "original_glcm_Idm"], 0),
        (["MORPHOLOGICAL_Volume(mL)"], 0),
        (["morph_volume"], 0),
        (["original_shape_SurfaceVolumeRatio", "VolumeDensity", "blood_volume_fraction"], None),
        ([], None),
    ],
)
def test_names_of_the_volume(names: list[str], found: int | None) -> None:
    assert volume_feature(pd.Index(names)) == (None if found is None else names[found])


def test_a_family_of_its_own_and_roles() -> None:
    rng = np.random.default_rng(0)
    patients = [f"TCGA-{'BA' if i % 3 else 'CN'}-{i:04d}" for i in range(60)]
    labels = pd.Series(np.where(np.arange(60) < 30, "S1", "S2"), patients)
    clinical = pd.DataFrame(
        {
            "scanner": np.where(np.arange(60) < 30, "A", "B"),
            "copy": np.where(np.arange(60) < 30, "x", "y"),
            "age": rng.normal(60, 9, 60),
            "hpv": rng.choice(["+", "-"], 60),
            "race": rng.choice(["a", "b", "c"], 60),
        },
        patients,
    )
    volume = pd.DataFrame({"original_shape_MeshVolume": rng.lognormal(9, 1, 59)}, patients[:59])
    cohort = Cohort(
        "x",
        {"ct": Layer("radiomics", volume)},
        clinical,
        covariates=("age",),
        known_labels=("hpv",),
        technical=("scanner",),
    )
    table = associate(Subtypes(labels, {}, {}), cohort)
    assert table["role"].to_dict() == {
        "scanner": "technical",
        "copy": "",
        "age": "covariate",
        "hpv": "known label",
        "race": "",
        "tissue source site (barcode)": "technical",
        "tumour volume (ct)": "technical",
    }
    # A column of the same grouping as a technical one is tested all the same: other families.
    assert table.loc[["scanner", "copy"], "p"].notna().all()
    technical = table["role"] == "technical"
    for rows in (technical, ~technical):
        expected = benjamini_hochberg(table.loc[rows, "p"].to_numpy())
        np.testing.assert_allclose(table.loc[rows, "fdr"], expected)
    assert table.loc["scanner", "stands_out"] == "S1: more A"
    assert table.loc["tumour volume (ct)", ["n", "missing"]].tolist() == [59, 1]
    assert "MeshVolume of layer ct" in table.loc["tumour volume (ct)", "note"]
    assert table.loc["tissue source site (barcode)", "test"] == "chi-square"


def test_a_technical_column_that_is_the_endpoint_is_not_tested() -> None:
    patients = [f"P{i}" for i in range(40)]
    event = np.random.default_rng(0).integers(0, 2, 40)
    clinical = pd.DataFrame({"batch": np.array(["a", "b"])[event], "t": 1.0, "e": event}, patients)
    ends = {"os": Endpoint("t", "e")}
    cohort = Cohort("x", {}, clinical, ends, technical=("batch",))
    table = associate(Subtypes(pd.Series(["S1", "S2"] * 20, patients), {}, {}), cohort)
    assert table["note"].tolist() == ["same grouping as e"]


def test_false_discoveries_on_null_columns() -> None:
    rng = np.random.default_rng(3)
    hits = []
    for _ in range(15):
        patients = [f"P{i:03d}" for i in range(80)]
        numbers = {f"n{i}": rng.normal(size=80) for i in range(12)}
        words = {f"c{i}": rng.choice(list("abc"), 80) for i in range(8)}
        clinical = pd.DataFrame(numbers | words, patients)
        labels = pd.Series(rng.permutation(np.repeat(["S1", "S2", "S3"], [40, 25, 15])), patients)
        cohort = Cohort("null", {}, clinical, technical=tuple(words))
        table = associate(Subtypes(labels, {}, {}), cohort, n_permutations=999)
        hits.append([(table["p"] <= 0.05).mean(), (table["fdr"] <= 0.05).any()])
    p, fdr = np.mean(hits, axis=0)
    assert p <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 300)
    # Two families, each with a false finding in at most 5% of null data sets.
    assert fdr <= 0.1 + 3 * np.sqrt(0.1 * 0.9 / 15)


def test_head_and_neck_cancer(real_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMICSFUSE_DATA", str(real_data))
    with pytest.warns(UserWarning, match="date"):
        cohort = read_cohort(HNSC)
    assert cohort.technical == ("purity_cpe",)
    assert cohort.clinical is not None
    known = cohort.clinical["subtype_mrna"].dropna()
    order = ["Atypical", "Basal", "Mesenchymal", "Classical"]
    labels = known.map({name: f"S{i + 1}" for i, name in enumerate(order)})
    subtypes = Subtypes(labels, {}, {})
    clinical = associate(subtypes, cohort)
    technical = clinical[clinical["role"] == "technical"]
    assert list(technical.index) == [
        "purity_cpe",
        "tissue source site (barcode)",
        "tumour volume (radiomics)",
    ]
    # Mesenchymal tumours hold more stroma: their purity is the lowest.
    assert technical.loc["purity_cpe", "fdr"] < 0.01
    assert technical.loc["purity_cpe", "stands_out"] == "S3: lower"
    # HPV-positive tumours are atypical, carry wild-type TP53 and keep CDKN2A.
    assert clinical.loc["hpv_status", "stands_out"] == "S1: more HPV+"
    genes = alterations(subtypes, cohort).set_index(["gene", "alteration"])
    assert genes.loc[("TP53", "mutated"), "fdr"] < 0.1
    assert genes.loc[("TP53", "mutated"), "share_S1"] < 0.4
    assert genes.loc[("CDKN2A", "deleted"), "share_S1"] < 0.1
    load = burden(subtypes, cohort)
    assert load["mutation_measured_genes"].eq(1356).all()
    assert load["copy_number_fraction_altered"].between(0, 1).all()
    table = table_one(subtypes, cohort, clinical)
    assert re.fullmatch(r"\d+ \(\d+\.\d\)", table.set_index("level").loc["HPV+", "S1"])
    alone = replace(cohort, omics={}, exclusions=())
    assert associate(subtypes, alone).loc["age", "p"] == clinical.loc["age", "p"]
