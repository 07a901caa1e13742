"""Reference values: tests/reference/markers.R, R 4.2.2."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from omicsfuse.biology import associate
from omicsfuse.biology.outcomes import is_outcome
from omicsfuse.core.cohort import Cohort, Endpoint
from omicsfuse.core.errors import OmicsfuseWarning
from omicsfuse.core.results import Subtypes
from omicsfuse.datasets import SimulatedCohort
from omicsfuse.stats.multiple_testing import benjamini_hochberg


def columns_against(labels: list[str], **columns: list[object]) -> pd.DataFrame:
    patients = [f"P{i}" for i in range(len(labels))]
    return associate(
        Subtypes(pd.Series(labels, patients), {}, {}),
        Cohort("toy", {}, pd.DataFrame(columns, patients)),
    )


def from_counts(counts: np.ndarray) -> tuple[list[str], list[str]]:
    """Values (rows) and labels (columns) of a contingency table."""
    rows, labels = np.indices(counts.shape).reshape(2, -1)
    return (
        [f"value {i}" for i in np.repeat(rows, counts.ravel())],
        [f"S{i + 1}" for i in np.repeat(labels, counts.ravel())],
    )


def test_kruskal_against_r() -> None:
    age = [51, 62, 47, 70, 58, 66, 73, 59, 80, 62, 44, 69]
    row = columns_against(list(np.repeat(["S1", "S2", "S3"], 4)), age=age).loc["age"]
    assert row["test"] == "Kruskal-Wallis"  # kruskal.test(age, subtype)
    assert row["statistic"] == pytest.approx(0.588596491228069, rel=1e-12)
    assert row["p"] == pytest.approx(0.745054249141516, rel=1e-12)
    assert row["effect"] == pytest.approx(0.588596491228069 / 11)


def test_chi_square_against_r() -> None:
    values, labels = from_counts(np.array([[20, 12], [15, 18], [10, 25]]))
    row = columns_against(labels, grade=values).loc["grade"]
    assert row["test"] == "chi-square"  # chisq.test(table, correct = FALSE)
    assert row["statistic"] == pytest.approx(7.77908959727142, rel=1e-12)
    assert row["p"] == pytest.approx(0.0204546549058915, rel=1e-12)
    assert row["effect"] == pytest.approx(np.sqrt(7.77908959727142 / 100))


def test_fisher_against_r() -> None:
    values, labels = from_counts(np.array([[6, 2], [1, 5]]))
    row = columns_against(labels, hpv=values).loc["hpv"]
    assert row["test"] == "Fisher exact"  # fisher.test(matrix(c(6, 1, 2, 5), 2))
    assert row["p"] == pytest.approx(0.102564102564103, rel=1e-12)


def test_monte_carlo_against_r() -> None:
    values, labels = from_counts(np.array([[6, 1, 2], [1, 5, 2], [1, 2, 7]]))
    row = columns_against(labels, site=values).loc["site"]
    assert row["test"] == "chi-square, Monte Carlo"
    assert row["statistic"] == pytest.approx(13.8767045454545, rel=1e-12)
    # chisq.test(small, simulate.p.value = TRUE, B = 1e6); 5 standard errors of 9,999 draws
    assert row["p"] == pytest.approx(0.00514299485700514, abs=5 * np.sqrt(0.005 / 9999))


def test_monte_carlo_is_seeded() -> None:
    values, labels = from_counts(np.array([[6, 1, 2], [1, 5, 2], [1, 2, 7]]))
    assert columns_against(labels, a=values).equals(columns_against(labels, a=values))


def test_listed_but_not_tested() -> None:
    labels = ["S1", "S2"] * 6
    table = columns_against(
        labels,
        same=["x"] * 12,
        barcode=[f"id {i}" for i in range(12)],
        nearly=[f"id {i // 2}" for i in range(10)] + ["a", "b"],
        empty=[None] * 12,
        half=["y", None] * 6,
        age=list(range(12)),
    )
    assert table["note"].to_dict() == {
        "same": "constant",
        "barcode": "all values differ (an identifier?)",
        "nearly": "7 categories for 12 patients are too many",
        "empty": "no patient has a value",
        "half": "constant",
        "age": "",
    }
    assert table["p"].notna().tolist() == [False] * 5 + [True]
    assert table.loc["half", ["n", "missing"]].tolist() == [6, 6]


def test_value_only_in_one_subtype() -> None:
    table = columns_against(["S1"] * 3 + ["S2"] * 3, late=[1.0, 2, 3, None, None, None])
    assert table.loc["late", "note"] == "all patients with a value are in one subtype"


def test_few_numbers_are_put_in_order_and_two_are_groups() -> None:
    labels = ["S1", "S2"] * 20
    table = columns_against(
        labels,
        stage=[1, 2, 3, 3] * 10,
        lesions=[1, 2, 3, 3] * 10,
        smoker=[True, True, False, True] * 10,
        mutated=[0, 0, 1, 0] * 10,
    )
    # Numbers and steps are put in order, two values compared as groups; the second is the first.
    assert table["test"].tolist() == ["Kruskal-Wallis", "", "chi-square", ""]
    assert table["note"].tolist() == ["", "same order as stage", "", "same grouping as smoker"]


def test_planted_subtype_is_recognised_and_endpoint_columns_are_left_out(
    simulated: SimulatedCohort,
) -> None:
    patients = simulated.discovery.clinical.index
    labels = "S" + simulated.truth.loc[patients].astype(str)
    table = associate(Subtypes(labels, {}, {}), simulated.discovery)
    genome = ["mutated genes (mutation)", "fraction of genome altered (copy_number)"]
    clinical = ["age", "sex", "stage", "planted_subtype"]
    assert list(table.index) == [*clinical, "tumour volume (radiomics)", *genome]
    roles = ["covariate", "", "covariate", "known label", "technical", "genome", "genome"]
    assert table["role"].tolist() == roles
    assert table.index.name == "variable"
    assert table.loc["planted_subtype", "adjusted_rand_index"] == pytest.approx(1)
    assert table.loc["planted_subtype", "normalised_mutual_information"] == pytest.approx(1)
    assert table.loc["planted_subtype", "effect"] == pytest.approx(1)
    assert np.isnan(table.loc["age", "adjusted_rand_index"])
    for family in (clinical, ["tumour volume (radiomics)"], genome):
        rows = table.loc[family]
        np.testing.assert_allclose(rows["fdr"], benjamini_hochberg(rows["p"].to_numpy()))


def test_patients_who_are_not_in_the_cohort_are_told_and_not_counted_as_missing() -> None:
    clinical = pd.DataFrame(
        {"age": np.arange(50.0, 62), "t": 1.0, "e": 1.0}, [f"P{i}" for i in range(12)]
    )
    labels = pd.Series(["S1", "S2"] * 7, [f"P{i}" for i in range(14)])
    cohort = Cohort("toy", {}, clinical, {"os": Endpoint("t", "e")})
    with pytest.warns(OmicsfuseWarning, match='2 of 14 patients .* not in cohort "toy"'):
        table = associate(Subtypes(labels, {}, {}), cohort)
    assert table.loc["age", ["n", "missing"]].tolist() == [12, 0]
    assert list(table.index) == ["age"]


def test_no_clinical_table_gives_an_empty_table_with_all_columns() -> None:
    table = associate(Subtypes(pd.Series(["S1", "S2"], ["a", "b"]), {}, {}), Cohort("toy", {}))
    assert table.empty
    assert table.index.name == "variable"
    assert list(table.columns) == [
        "role",
        "test",
        "n",
        "missing",
        "statistic",
        "p",
        "fdr",
        "effect",
        "effect_ci_low",
        "effect_ci_high",
        "effect_name",
        "stands_out",
        "adjusted_rand_index",
        "normalised_mutual_information",
        "note",
        *("most_different", "how", "volume_of"),
    ]


def test_outcomes_are_listed_without_a_test_and_out_of_the_family() -> None:
    rng = np.random.default_rng(0)
    labels = ["S1", "S2"] * 20
    outcomes = {
        "vital_status": rng.choice(["Alive", "Dead"], 40),
        "dss_time": rng.exponential(900, 40),
        "days_to_death": rng.exponential(500, 40),
        "OS.time": rng.exponential(400, 40),
        "PFI.1": rng.integers(0, 2, 40),
        "local_recurrence_in_days": rng.exponential(300, 40),
    }
    columns = {"age": rng.normal(60, 9, 40), "smoker": rng.choice(["yes", "no"], 40)}
    table = columns_against(labels, **columns, **outcomes)
    notes = table.loc[list(outcomes), "note"]
    undeclared = {"dss_time": "dss", "OS.time": "os", "PFI.1": "pfi"}
    assert notes.drop(list(undeclared)).eq("outcome: see survival").all()
    for name, endpoint in undeclared.items():
        assert notes[name] == (
            f"looks like an endpoint that is not declared: [clinical.endpoints.{endpoint}]"
        )
    assert table.loc[list(outcomes), ["p", "fdr", "statistic"]].isna().all(axis=None)
    assert table.loc[list(outcomes), "n"].eq(40).all()
    alone = columns_against(labels, **columns)
    pd.testing.assert_frame_equal(table.loc[["age", "smoker"]], alone)


@pytest.mark.parametrize(
    "name",
    [
        "vital_status",
        "Vital Status",
        "death",
        "cause_of_death",
        "days_to_last_followup",
        "last_follow_up_days",
        "overall_survival",
        "OS",
        "OS.time",
        "os_event",
        "OS_MONTHS",
        "DFS_STATUS",
        "PFI.1",
        "pfi_time",
        "dssTime",
        "RFS_censored",
        "ostime",
        "time_to_recurrence",
        "relapse_status",
        "progression_event",
        "event_distant_metastases",
        "event_local_recurrence",
        "days_to_new_tumor_event",
        "time",
        "event",
        "time_months",
    ],
)
def test_names_of_outcomes(name: str) -> None:
    assert is_outcome(name)


@pytest.mark.parametrize(
    "name",
    [
        "age",
        "age_in_years",
        "stage",
        "hpv_status",
        "performance_status_ecog",
        "metastasis_status",
        "Recurrence",
        "recurrent",
        "position",
        "osteoporosis",
        "radiotherapy_total_treat_time",
        "treatment_days",
        "forced_vital_capacity",
        "programmed_cell_death_ligand",
        "dead_space",
        "survivin",
        "months_on_tamoxifen",
        "CIMP_status",
        "status",
        "os_side",
    ],
)
def test_names_of_other_things(name: str) -> None:
    assert not is_outcome(name)


def test_outcomes_in_real_tables(real_data: Path) -> None:
    hnsc = pd.read_csv(real_data / "tcga_hnsc_radiogenomic" / "clinical.tsv", sep="\t", index_col=0)
    found = [name for name in hnsc.columns if is_outcome(name)]
    pairs = ["time", "event", "pfi_time", "pfi_event", "dss_time", "dss_event"]
    assert found == [*pairs, "vital_status"]


def test_a_known_label_is_tested_whatever_its_name() -> None:
    patients = [f"P{i}" for i in range(12)]
    clinical = pd.DataFrame({"survival_subtype": ["a"] * 6 + ["b"] * 6}, patients)
    cohort = Cohort("toy", {}, clinical, known_labels=("survival_subtype",))
    labels = pd.Series(["S1"] * 6 + ["S2"] * 6, patients)
    row = associate(Subtypes(labels, {}, {}), cohort).loc["survival_subtype"]
    assert row["adjusted_rand_index"] == 1
    assert row["p"] < 0.01


def test_the_same_grouping_is_tested_once() -> None:
    rng = np.random.default_rng(1)
    groups = rng.integers(0, 3, 30)
    age = rng.normal(60, 9, 30)
    gap = [None, *np.array(["x", "y", "z"])[groups][1:]]
    table = columns_against(
        ["S1", "S2"] * 15,
        mrna=np.array(["x", "y", "z"])[groups],
        age=age,
        selected=np.array(["c", "a", "b"])[groups],
        mrna_with_a_gap=gap,
        age_in_days=age * 365.25,
        years_since_birth_turned=-age,
        height=rng.normal(170, 9, 30),
    )
    assert table["note"].to_dict() == {
        "mrna": "",
        "age": "",
        "selected": "same grouping as mrna",
        "mrna_with_a_gap": "",
        "age_in_days": "same order as age",
        "years_since_birth_turned": "same order as age",
        "height": "",
    }
    assert table["p"].notna().tolist() == [True, True, False, True, False, False, True]
    np.testing.assert_allclose(table["fdr"], benjamini_hochberg(table["p"].to_numpy()))


def test_an_endpoint_under_another_name_is_not_tested() -> None:
    patients = [f"P{i}" for i in range(40)]
    event = np.random.default_rng(0).integers(0, 2, 40)
    clinical = pd.DataFrame({"state": np.array(["well", "ill"])[event], "t": 1.0, "e": event})
    clinical.index = pd.Index(patients)
    cohort = Cohort("toy", {}, clinical, {"os": Endpoint("t", "e")})
    labels = pd.Series(["S1", "S2"] * 20, patients)
    table = associate(Subtypes(labels, {}, {}), cohort)
    assert table["note"].to_dict() == {"state": "same grouping as e"}


def test_columns_to_ignore_are_listed_only() -> None:
    patients = [f"P{i}" for i in range(12)]
    clinical = pd.DataFrame({"batch": ["a", "b"] * 6, "copy": ["c", "d"] * 6}, patients)
    cohort = Cohort("toy", {}, clinical, ignore=("batch",))
    labels = pd.Series(["S1"] * 6 + ["S2"] * 6, patients)
    table = associate(Subtypes(labels, {}, {}), cohort)
    assert table["note"].to_dict() == {"batch": "not compared (listed in ignore)", "copy": ""}
    assert table["p"].notna().tolist() == [False, True]


def test_columns_of_endpoints_are_not_compared_with_the_subtypes() -> None:
    rng = np.random.default_rng(0)
    patients = [f"P{i}" for i in range(40)]
    clinical = pd.DataFrame(
        {
            "t": rng.exponential(900, 40) + 500,
            "e": rng.integers(0, 2, 40),
            "to_image": rng.exponential(90, 40),
            "other_cause": rng.integers(0, 2, 40),
            "age": rng.normal(60, 9, 40),
        },
        patients,
    )
    endpoint = Endpoint("t", "e", entry="to_image", competing="other_cause")
    cohort = Cohort("toy", {}, clinical, {"os": endpoint})
    labels = pd.Series(["S1", "S2"] * 20, patients)
    assert list(associate(Subtypes(labels, {}, {}), cohort).index) == ["age"]


def test_two_steps_are_two_groups_whatever_their_substages() -> None:
    labels = ["S1"] * 20 + ["S2"] * 20
    stage = ["IIIA", "IIIB"] * 8 + ["IVA", "IVB"] * 12
    fine, coarse = (
        columns_against(labels, stage=cells).loc["stage"]
        for cells in (stage, [cell[:-1] for cell in stage])
    )
    for name in ("test", "n", "statistic", "p", "effect"):
        assert fine[name] == coarse[name]
    assert fine["stands_out"] == "S1: more IIIA or IIIB"
    one = columns_against(labels, stage=["IIIA", "IIIB"] * 20).loc["stage"]
    assert one["note"] == "constant"
