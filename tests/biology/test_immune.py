"""Immune and stromal scores: the authors' methods, coverage, nulls, covariates."""

import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omicsfuse.biology.covariates import covariate_table
from omicsfuse.biology.immune import immune_scores
from omicsfuse.biology.marker_scores import known_collection, mean_of_markers, method_of
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import OmicsfuseWarning, StudyError
from omicsfuse.core.results import Prepared, PreparedLayer, Subtypes

REFERENCE = Path(__file__).parents[1] / "reference"
GENES = [f"g{i:02d}" for i in range(40)]
CYTOLYTIC = "cytolytic activity: GZMA and PRF1"


def prepared(values: pd.DataFrame, scale: str = "log2", given_as: str = "tpm") -> Prepared:
    transformer = SimpleNamespace(scale=given_as)
    return Prepared("toy", {"rna": PreparedLayer("expression", values, values, scale, transformer)})


@pytest.fixture
def values() -> pd.DataFrame:
    table = np.random.default_rng(0).normal(5, 2, (12, 40)).round(3)
    return pd.DataFrame(table, [f"P{i:02d}" for i in range(12)], GENES)


@pytest.mark.parametrize(
    ("written", "method"),
    [
        ("mcp_counter", "mean_log"),
        ("MCP-counter", "mean_log"),
        ("tme_MCP_Counter", "mean_log"),
        ("Danaher", "mean_log"),
        ("xCell", "ssgsea"),
        ("bindea2013", "ssgsea"),
        ("consensusTME_HNSC", "ssgsea_normalised"),
    ],
)
def test_published_collections_have_their_authors_method(written: str, method: str) -> None:
    assert known_collection(written) is not None
    assert method_of(written)[0] == method


def test_other_collections_have_none() -> None:
    assert known_collection("my markers") is None
    assert method_of("my markers", {"my markers": "mean_log"}) == (
        "mean_log",
        "mean_log as requested",
    )
    assert "authors' method is mean_log" in method_of("danaher", {"danaher": "ssgsea"})[1]


def test_mean_of_log_markers_is_the_plain_mean(values: pd.DataFrame) -> None:
    found = immune_scores(prepared(values), {"mcp_counter": {"T": GENES[:4], "B": GENES[9:11]}})
    expected = values[GENES[:4]].mean(axis=1)
    np.testing.assert_allclose(found.scores["mcp_counter: T"], expected)
    row = found.coverage.set_index("score").loc["mcp_counter: T"]
    assert (row["method"], row["size"], row["found"], row["used"], row["note"]) == (
        *("mean_log", 4, 4, 4),
        "",
    )
    assert "Becht" in found.params["remarks"]["mcp_counter"]


def test_ssgsea_agrees_with_gsva_of_bioconductor() -> None:
    table = pd.read_csv(REFERENCE / "gene_set_table.csv", index_col=0)
    expected = pd.read_csv(REFERENCE / "gene_set_scores.csv")
    expected = expected[expected["method"] == "ssgsea"].pivot(
        index="patient", columns="set", values="score"
    )
    g = list(table.columns)
    sets = {"a": g[:10], "b": [g[i - 1] for i in (3, 17, 25, 31, 44, 58)], "c": g[1:60:3]}
    found = immune_scores(prepared(table), {"bindea": sets, "consensus_tme": sets}).scores
    # GSVA's scores are not divided by the number of genes.
    plain = found[[f"bindea: {name}" for name in "abc"]].to_numpy() * table.shape[1]
    np.testing.assert_allclose(plain, expected.loc[table.index, list("abc")], rtol=1e-9)
    normalised = found[[f"consensus_tme: {name}" for name in "abc"]].to_numpy()
    spread = expected.to_numpy().max() - expected.to_numpy().min()
    np.testing.assert_allclose(normalised, plain / spread, rtol=1e-9)


def test_cytolytic_activity_is_the_geometric_mean_on_the_linear_scale(
    values: pd.DataFrame,
) -> None:
    linear = pd.DataFrame({"GZMA": [7.0, 0.0], "PRF1": [1.0, 3.0]}, ["P1", "P2"])
    found = immune_scores(prepared(np.log2(linear + 1)), {})
    expected = [math.sqrt(7.01 * 1.01), math.sqrt(0.01 * 3.01)]
    np.testing.assert_allclose(found.scores[CYTOLYTIC], expected)
    assert found.coverage["note"].tolist() == [
        "of TPM + 0.01 (Rooney et al. 2015, Cell 160:48, from TPM)"
    ]
    found = immune_scores(prepared(np.log2(linear + 1), given_as="log2"), {})
    np.testing.assert_allclose(found.scores[CYTOLYTIC], [4.0, 2.0])
    assert "unknown" in found.coverage["note"].iloc[0]
    found = immune_scores(prepared(linear - 3, "zscore", "zscore"), {})
    np.testing.assert_allclose(found.scores[CYTOLYTIC], [1.0, -1.5])
    assert "unlike the authors' definition" in found.coverage["note"].iloc[0]
    found = immune_scores(prepared(values.assign(GZMA=1.0)), {})
    assert found.scores.empty
    assert found.coverage["note"].iloc[0] == "not computed: PRF1 not measured"


def test_scores_with_too_few_genes_are_listed_and_not_computed(values: pd.DataFrame) -> None:
    absent = [f"x{i}" for i in range(90)]
    sets = {
        "four of six": [*GENES[:4], *absent[:2]],
        "five of ninety": [*GENES[:5], *absent[:85]],
        "none": absent[:3],
        "one gene": GENES[:1],
        "nine of thirty": [*GENES[:9], *absent[:21]],
    }
    found = immune_scores(prepared(values), {"bindea": sets})
    rows = found.coverage.set_index("score")
    notes = rows["note"]
    assert rows["used"].to_dict() == {
        "bindea: five of ninety": 0,
        "bindea: four of six": 0,
        "bindea: nine of thirty": 9,
        "bindea: none": 0,
        "bindea: one gene": 1,
        CYTOLYTIC: 0,
    }
    assert notes["bindea: four of six"] == "not computed: 4 of 6 genes measured, 5 needed"
    assert notes["bindea: five of ninety"] == "not computed: 5 of 90 genes measured, 9 needed"
    assert notes["bindea: none"] == "not computed: none of its genes is measured"
    assert notes["bindea: nine of thirty"].startswith("fewer than half of its genes are measured")
    assert "ranked among 40 genes (a panel" in notes["bindea: one gene"]
    assert list(found.scores) == ["bindea: nine of thirty", "bindea: one gene"]
    assert [(exclusion.count, exclusion.what) for exclusion in found.exclusions] == [
        (3, "scores"),
        (1, "scores"),
    ]
    looser = immune_scores(prepared(values), {"bindea": sets}, min_genes=4)
    assert "bindea: four of six" in looser.scores


def test_dates_in_a_file_of_sets_are_pointed_out(values: pd.DataFrame) -> None:
    found = immune_scores(prepared(values), {"mine": {"NK": [*GENES[:5], "Mar-06"]}})
    assert "a date in place of a gene (Mar-06)" in found.coverage["note"].iloc[0]


def test_genes_in_another_case_are_pointed_out(values: pd.DataFrame) -> None:
    with pytest.warns(OmicsfuseWarning, match="4 differ only in case .G00 in the sets, g00 in"):
        immune_scores(prepared(values), {"mcp_counter": {"T": ["G00", "G01", "G02", "G03"]}})
    with pytest.warns(OmicsfuseWarning, match="none of the 2 genes of 'danaher' is measured"):
        immune_scores(prepared(values), {"danaher": {"T": ["ENSG1", "ENSG2"]}})


def test_settings_that_mean_nothing_are_refused(values: pd.DataFrame) -> None:
    ready = prepared(values)
    with pytest.raises(StudyError, match=r"'danaherr'.*did you mean \"danaher\""):
        immune_scores(ready, {"danaher": {"T": GENES[:3]}}, methods={"danaherr": "ssgsea"})
    with pytest.raises(StudyError, match='did you mean "ssgsea"'):
        immune_scores(ready, {"danaher": {"T": GENES[:3]}}, methods={"danaher": "ssGSEA"})
    with pytest.raises(StudyError, match="reserved for the score"):
        immune_scores(ready, {"cytolytic activity": {"T": GENES[:3]}})
    with pytest.raises(StudyError, match="there is no layer 'dna'"):
        immune_scores(ready, {}, layer="dna")


def test_missing_markers_do_not_shift_a_mean(values: pd.DataFrame) -> None:
    holed = values[GENES[:4]].copy()
    holed["g00"] = 20.0 + np.arange(12)
    whole = mean_of_markers(holed, GENES[:4])
    holed.iloc[5, 0] = np.nan
    found = mean_of_markers(holed, GENES[:4])
    assert abs(found[5] - whole[5]) < 2
    np.testing.assert_array_equal(np.delete(found, 5), np.delete(whole, 5))
    holed.iloc[6, :3] = np.nan
    assert np.isnan(mean_of_markers(holed, GENES[:4])[6])


def test_every_method_leaves_a_patient_without_values_without_scores(
    values: pd.DataFrame,
) -> None:
    values.iloc[0] = np.nan
    found = immune_scores(
        prepared(values), {"mcp_counter": {"T": GENES[:4]}, "xcell": {"B": GENES[5:12]}}
    )
    assert found.scores.iloc[0].isna().all()
    assert found.scores.iloc[1:].notna().all(axis=None)


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(12)), st.permutations(range(40)))
def test_order_changes_no_bit(patients: list[int], genes: list[int]) -> None:
    table = pd.DataFrame(
        np.random.default_rng(0).integers(0, 64, (12, 40)) / 8, range(12), GENES
    ).rename(index=lambda i: f"P{i:02d}")
    table.iloc[3, :6] = np.nan
    sets = {"danaher": {"T": GENES[:7]}, "xcell": {"B": GENES[5:14]}}
    first = immune_scores(prepared(table), sets).scores
    second = immune_scores(prepared(table.iloc[patients, genes]), sets).scores
    pd.testing.assert_frame_equal(first, second.loc[first.index], check_exact=True)


def test_planted_difference_is_found_and_the_family_is_the_collection(
    values: pd.DataFrame,
) -> None:
    rng = np.random.default_rng(3)
    table = pd.DataFrame(rng.normal(5, 1, (45, 40)), [f"P{i:02d}" for i in range(45)], GENES)
    table.iloc[:15, :5] += 2
    labels = pd.Series(np.repeat(["S1", "S2", "S3"], 15), table.index)
    sets = {"mcp_counter": {"T": GENES[:5], "B": GENES[10:15]}, "danaher": {"T": GENES[:5]}}
    found = immune_scores(prepared(table), sets, subtypes=Subtypes(labels, {}, {}))
    tests = found.tests.set_index(["score", "comparison"])
    assert tests.loc[("mcp_counter: T", "S1"), "fdr"] < 0.001
    assert tests.loc[("mcp_counter: T", "S1"), "effect"] > 0.5
    assert tests.loc[("mcp_counter: B", "S1"), "fdr"] > 0.05
    # The same scores, in a family of 4 tests rather than of 8.
    assert tests.loc[("danaher: T", "S1"), "p"] == tests.loc[("mcp_counter: T", "S1"), "p"]
    assert tests.loc[("danaher: T", "S1"), "fdr"] < tests.loc[("mcp_counter: T", "S1"), "fdr"]


def test_null_collections_seldom_find_anything() -> None:
    rng = np.random.default_rng(11)
    labels = pd.Series(np.repeat(["S1", "S2", "S3"], 12), [f"P{i:02d}" for i in range(36)])
    sets = {"mcp_counter": {f"c{i}": GENES[4 * i : 4 * i + 4] for i in range(10)}}
    hits = 0
    for _ in range(60):
        # Immune markers rise and fall together.
        shared = rng.normal(0, 1, (36, 1))
        table = pd.DataFrame(shared + rng.normal(5, 1, (36, 40)), labels.index, GENES)
        found = immune_scores(prepared(table), sets, subtypes=Subtypes(labels, {}, {}))
        hits += bool((found.tests["fdr"] <= 0.05).any())
    assert hits <= 7  # binomial(60, 0.05): above 7 in 1%


def test_real_panel_lists_what_is_missing(real_data: Path) -> None:
    table = pd.read_csv(
        real_data / "tcga_hnsc_radiogenomic" / "expression.tsv.gz", sep="\t", index_col=0
    )
    ready = prepared(np.log2(table + 1), given_as="fpkm")
    found = immune_scores(ready, {"mcp_counter": real_data / "genesets" / "tme_MCP_Counter.gmt"})
    coverage = found.coverage.set_index("score")
    assert len(coverage) == 11
    assert coverage.loc["mcp_counter: Fibroblasts", "used"] == 0
    assert coverage.loc["mcp_counter: CD8 T cells", "used"] == 1
    np.testing.assert_allclose(found.scores["mcp_counter: CD8 T cells"], np.log2(table["CD8B"] + 1))


def test_covariates_come_from_both_tables() -> None:
    clinical = pd.DataFrame({"purity_cpe": [0.5, 0.7, 0.2]}, ["P1", "P2", "P3"])
    scores = pd.DataFrame({"mcp_counter: Fibroblasts": [3.0, 1.0]}, ["P3", "P9"])
    cohort = Cohort("toy", {}, clinical)
    found = covariate_table(cohort, ["mcp_counter: Fibroblasts", "purity_cpe"], scores)
    assert list(found) == ["mcp_counter: Fibroblasts", "purity_cpe"]
    assert list(found.index) == ["P1", "P2", "P3"]
    assert found["mcp_counter: Fibroblasts"].isna().tolist() == [True, True, False]
    with pytest.raises(StudyError, match='did you mean "mcp_counter: Fibroblasts"'):
        covariate_table(cohort, ["mcp_counter: fibroblast"], scores)
    with pytest.raises(StudyError, match='did you mean "purity_cpe"'):
        covariate_table(cohort, ["purity"])
    with pytest.raises(StudyError, match="named twice"):
        covariate_table(cohort, ["purity_cpe", "purity_cpe"])
    with pytest.raises(StudyError, match="a clinical column and a score"):
        covariate_table(cohort, ["purity_cpe"], clinical)
