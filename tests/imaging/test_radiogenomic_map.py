"""The radiogenomic map: planted associations, size as confounder, families, exclusions, nulls."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from omicsfuse.core.errors import StudyError
from omicsfuse.core.results import Prepared, PreparedLayer, RadiogenomicMap
from omicsfuse.core.results.imaging import ASSOCIATION_COLUMNS
from omicsfuse.imaging import radiogenomic_map
from omicsfuse.imaging.maps.associations import FalseDiscoveryRates, correlate_family
from omicsfuse.imaging.maps.shuffles import shuffle_patients
from omicsfuse.stats.multiple_testing import benjamini_hochberg

PATIENTS = [f"P{i:03d}" for i in range(80)]


def make(values: np.ndarray, prefix: str) -> pd.DataFrame:
    names = [f"{prefix}{j:02d}" for j in range(values.shape[1])]
    return pd.DataFrame(values, PATIENTS[: len(values)], names)


def prepared(**tables: pd.DataFrame) -> Prepared:
    kinds = {"ct": "radiomics", "rna": "expression", "dna": "mutation"}
    return Prepared(
        "test",
        {n: PreparedLayer(kinds.get(n, "protein"), t, t, "raw", None) for n, t in tables.items()},
    )


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    """Grain goes with GRAIN and the mutation, size with SIZE; the rest is noise."""
    rng = np.random.default_rng(7)
    volume, grain = rng.standard_normal((2, 80))
    noise = make(rng.standard_normal((80, 10)), "noise")
    images = noise.assign(
        original_shape_MeshVolume=volume,
        bulk=volume + 0.05 * rng.standard_normal(80),
        longest=0.8 * volume + 0.6 * rng.standard_normal(80),
        grain=grain,
        grain_too=-grain + 0.05 * rng.standard_normal(80),
    )
    genes = make(rng.standard_normal((80, 60)), "G").assign(
        GRAIN=grain + 0.6 * rng.standard_normal(80),
        SIZE=volume + 0.4 * rng.standard_normal(80),
    )
    calls = make((rng.random((80, 12)) < 0.2).astype(float), "M").assign(
        MUT=(grain + 0.5 * rng.standard_normal(80) > 0.5).astype(float),
        RARE=(np.arange(80) < 3).astype(float),
    )
    return {"ct": images, "rna": genes, "dna": calls.iloc[:70]}


@pytest.fixture(scope="module")
def found(tables: dict[str, pd.DataFrame]) -> RadiogenomicMap:
    return radiogenomic_map(prepared(**tables), n_permutations=50)


def test_planted_associations(found: RadiogenomicMap) -> None:
    table = found.associations
    assert list(table.columns) == ASSOCIATION_COLUMNS
    hits = table[table["fdr"] <= 0.05].set_index("target")
    centre = found.clusters.query("representative")["feature"]
    grain = next(name for name in centre if name.startswith("grain"))
    assert hits.loc["GRAIN", "feature"] == grain  # once, though two features have it
    assert not hits.loc["GRAIN", "vanishes"]
    assert hits.loc["GRAIN", "adjusted_fdr"] <= 0.05
    assert hits.loc["MUT", "n"] == 70
    size = hits.loc[["SIZE"]].set_index("feature")
    assert size.loc["longest", "vanishes"]
    assert size.loc["longest", "adjusted_p"] > 0.05
    of_volume = size.drop(index="longest")
    assert len(of_volume) == 1  # the cluster of the volume itself
    assert of_volume["adjusted_correlation"].isna().all()
    assert not of_volume["vanishes"].any()


def test_families_add_up(found: RadiogenomicMap) -> None:
    table = found.families.set_index("layer")
    rna = table.loc["rna"]
    assert rna["tests"] == rna["features"] * rna["targets"]
    assert rna["features"] == found.clusters["representative"].sum()
    listed = found.associations.query("layer == 'rna' and fdr <= 0.05")
    assert rna["found"] == len(listed)
    assert rna["vanished"] == listed["vanishes"].sum()
    assert rna["kept"] == (listed["adjusted_fdr"] <= 0.05).sum()
    assert rna["of_volume"] == 1
    assert rna["clusters_found"] == listed["feature"].nunique()
    assert rna["targets_found"] == listed["target"].nunique()
    assert rna["permuted_p"] == pytest.approx(1 / 51)
    assert rna["permuted_found"] < 0.5
    assert "is equivalent to tumour volume" in rna["note"]
    assert table.loc["dna", "n"] == 70


def test_rates_are_those_of_the_whole_family(tables: dict[str, pd.DataFrame]) -> None:
    every = radiogenomic_map(
        prepared(**tables), layers=["rna"], n_strongest=100_000, n_permutations=0
    )
    table, matrix = every.associations, every.correlations["rna"]
    assert len(table) == matrix.size == every.families.loc[0, "tests"]
    np.testing.assert_allclose(table["fdr"], benjamini_hochberg(table["p"]), rtol=1e-12)
    np.testing.assert_allclose(
        table["adjusted_fdr"], benjamini_hochberg(table["adjusted_p"]), rtol=1e-12
    )
    wide = table.pivot_table(index="feature", columns="target", values="correlation")
    pd.testing.assert_frame_equal(wide, matrix, check_dtype=False, atol=1e-6)


def test_rare_mutations_and_absent_patients_are_counted(found: RadiogenomicMap) -> None:
    exclusions = {(exclusion.layer, exclusion.what): exclusion for exclusion in found.exclusions}
    assert "RARE" in exclusions["dna", "targets"].examples
    assert exclusions["dna", "patients"].count == 10
    assert "RARE" not in found.correlations["dna"]


def test_order_does_not_matter(tables: dict[str, pd.DataFrame], found: RadiogenomicMap) -> None:
    shuffled = {
        name: table.sample(frac=1, random_state=1).sample(frac=1, axis=1, random_state=2)
        for name, table in tables.items()
    }
    again = radiogenomic_map(prepared(**shuffled), n_permutations=50)
    pd.testing.assert_frame_equal(found.associations, again.associations, check_exact=True)
    pd.testing.assert_frame_equal(found.families, again.families, check_exact=True)


def test_processes_do_not_matter(tables: dict[str, pd.DataFrame], found: RadiogenomicMap) -> None:
    again = radiogenomic_map(prepared(**tables), n_permutations=50, n_jobs=2)
    pd.testing.assert_frame_equal(found.associations, again.associations, check_exact=True)
    pd.testing.assert_frame_equal(found.families, again.families, check_exact=True)
    assert again.exclusions == found.exclusions


def test_all_features_come_down_to_clusters(tables: dict[str, pd.DataFrame]) -> None:
    every = radiogenomic_map(prepared(**tables), features="all", n_permutations=0)
    rna = every.families.set_index("layer").loc["rna"]
    assert rna["features"] == 15
    hits = every.associations.query("layer == 'rna' and fdr <= 0.05")
    assert {"grain", "grain_too"} <= set(hits["feature"])
    assert rna["clusters_found"] < hits["feature"].nunique()
    assert rna["permutations"] == 0
    assert np.isnan(rna["permuted_p"])


def test_scores_and_covariates(tables: dict[str, pd.DataFrame]) -> None:
    rng = np.random.default_rng(3)
    age = pd.Series(tables["ct"]["grain"].rank() + 5 * rng.random(80), PATIENTS)
    stage = pd.Series(["I", "II", None, "III"] * 20, PATIENTS)
    scores = pd.DataFrame({"HYPOXIA": tables["ct"]["grain"] * 2}, PATIENTS)
    mapped = radiogenomic_map(
        prepared(**tables),
        layers=["rna"],
        scores={"gene sets": scores},
        covariates=pd.DataFrame({"age": age, "stage": stage}),
        n_permutations=0,
    )
    assert mapped.params["adjusted_for"] == ["age", "stage", "tumour volume"]
    assert set(mapped.correlations) == {"rna", "gene sets"}
    row = mapped.associations.set_index("target").loc[["GRAIN"]].iloc[0]
    assert row["adjusted_n"] == 60
    assert abs(row["adjusted_correlation"]) < 0.6 * abs(row["correlation"])  # most of it was age
    assert any(
        exclusion.count == 20 and "covariate or tumour volume missing" in exclusion.reason
        for exclusion in mapped.exclusions
    )


def test_nothing_to_adjust_for(tables: dict[str, pd.DataFrame]) -> None:
    images = tables["ct"].drop(columns="original_shape_MeshVolume")
    mapped = radiogenomic_map(prepared(ct=images, rna=tables["rna"]), n_permutations=0)
    assert mapped.adjusted == {}
    assert mapped.associations["adjusted_correlation"].isna().all()
    assert not mapped.associations["vanishes"].any()
    assert mapped.families.loc[0, "note"].startswith("not adjusted: covariates and tumour volume")


def test_missing_values_are_left_out_pair_by_pair(tables: dict[str, pd.DataFrame]) -> None:
    genes = tables["rna"].copy()
    genes.loc[PATIENTS[:30], "GRAIN"] = np.nan
    genes.loc[PATIENTS[:73], "G00"] = np.nan
    mapped = radiogenomic_map(prepared(ct=tables["ct"], rna=genes), n_permutations=20)
    assert mapped.associations.set_index("target").loc[["GRAIN"], "n"].eq(50).all()
    assert mapped.correlations["rna"].get("G00", pd.Series([np.nan])).isna().all()  # 7 patients
    assert mapped.families.loc[0, "permuted_p"] == pytest.approx(1 / 21)


def test_the_strongest_are_listed_though_nothing_is_found() -> None:
    rng = np.random.default_rng(0)
    mapped = radiogenomic_map(
        prepared(
            ct=make(rng.standard_normal((30, 8)), "f"), rna=make(rng.standard_normal((30, 9)), "G")
        ),
        n_strongest=7,
        n_permutations=0,
    )
    assert mapped.families.loc[0, "found"] == 0
    assert len(mapped.associations) == 7
    assert mapped.associations["p"].is_monotonic_increasing
    assert not mapped.associations["vanishes"].any()


def test_too_few_patients_in_common() -> None:
    rng = np.random.default_rng(0)
    genes = make(rng.standard_normal((80, 4)), "G").iloc[21:]
    mapped = radiogenomic_map(prepared(ct=make(rng.standard_normal((30, 8)), "f"), rna=genes))
    assert mapped.families.loc[0, "tests"] == 0
    assert mapped.families.loc[0, "note"].startswith("9 patients have both layers; 10 are needed")
    assert mapped.associations.empty
    assert list(mapped.associations.columns) == ASSOCIATION_COLUMNS


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"features": "some"}, 'expected "representatives" or "all"'),
        ({"fdr": 0}, "fdr is 0; expected a number between 0 and 1"),
        ({"layers": ["rnb"]}, "no layer 'rnb' to compare with the images; other layers: rna"),
        ({"layers": []}, "there is no layer to compare with 'ct'"),
        ({"scores": {"rna": pd.DataFrame()}}, "scores 'rna' have the name of a layer"),
        ({"scores": {"sets": pd.DataFrame({"a": ["x"]})}}, "column a does not hold numbers"),
        (
            {"covariates": pd.DataFrame({"age": [1.0, 2.0]}, ["Q", "R"])},
            "covariate age is known for none of the 80 patients",
        ),
        ({"covariates": [1]}, "covariates is of type list; expected DataFrame"),
    ],
)
def test_what_cannot_be_done(
    tables: dict[str, pd.DataFrame], arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(StudyError, match=message):
        radiogenomic_map(prepared(**tables), **arguments)


def test_rates_as_benjamini_and_hochberg() -> None:
    p = np.random.default_rng(0).integers(1, 400, (20, 30)) / 400.0
    p[p < 0.1] /= 50
    p[0, :4] = np.nan
    rates = FalseDiscoveryRates(p)
    expected = benjamini_hochberg(p.ravel())
    np.testing.assert_allclose(rates.of(p).ravel(), expected, rtol=1e-12)
    assert rates.largest_p(0.05) == p.ravel()[expected <= 0.05].max()
    assert rates.tests == 596
    nothing = FalseDiscoveryRates(np.full(3, np.nan))
    assert nothing.largest_p(0.05) == -1
    assert np.isnan(nothing.smallest()).all()


def test_shuffles_with_and_without_missing_values_agree() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((30, 4)), rng.standard_normal((30, 50))
    y[:, 0] = x[:, 0] + 0.5 * rng.standard_normal(30)
    family = correlate_family(x, y)
    largest = FalseDiscoveryRates(family.p).largest_p(0.05)
    quick = shuffle_patients(x, y, family, largest, 60, 1)
    # One more feature with a missing value that has no say: the long way round.
    slow = shuffle_patients(np.column_stack([x, np.full(30, np.nan)]), y, family, largest, 60, 1)
    assert quick == slow


@pytest.mark.parametrize("dependent", [False, True])
def test_false_discoveries_where_nothing_is_true(dependent: bool) -> None:
    hits = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        images, genes = rng.standard_normal((44, 20)), rng.standard_normal((44, 150))
        if dependent:
            images = images + np.repeat(rng.standard_normal((44, 2)), 10, axis=1)
            genes = genes + np.repeat(rng.standard_normal((44, 5)), 30, axis=1)
        p = correlate_family(images, genes).p
        hits += FalseDiscoveryRates(p).smallest()[1] <= 0.05
    assert hits <= 19  # 10 expected at most; 19 or fewer in 99.7% of such series


def test_lung44_says_that_nothing_is_found(real_data: Path) -> None:
    folder = real_data / "lung44_radiomics_expression"
    images = pd.read_csv(folder / "radiomics.tsv.gz", sep="\t", index_col=0)
    genes = pd.read_csv(folder / "expression.tsv.gz", sep="\t", index_col=0)
    # Ranks are the same before and after a logarithm.
    mapped = radiogenomic_map(
        Prepared(
            "lung44",
            {
                "radiomics": PreparedLayer("radiomics", images, images, "raw", None),
                "expression": PreparedLayer("expression", genes, genes, "raw", None),
            },
        ),
        n_permutations=0,
    )
    row = mapped.families.iloc[0]
    assert (row["n"], row["targets"]) == (44, 5159)
    assert 400 < row["features"] < 700
    assert row["found"] == 0
    assert 0.74 < row["needed_correlation"] < 0.78
