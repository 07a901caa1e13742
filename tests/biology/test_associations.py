"""Reference values: tests/reference/markers.R, R 4.2.2."""

import numpy as np
import pandas as pd
import pytest

from omicsfuse.biology import associate, benjamini_hochberg
from omicsfuse.cohort import Cohort, Endpoint
from omicsfuse.datasets import SimulatedCohort
from omicsfuse.results import Subtypes


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
        "barcode": "every value differs: an identifier?",
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


def test_few_numbers_are_categories_and_booleans_too() -> None:
    labels = ["S1", "S2"] * 20
    table = columns_against(labels, stage=[1, 2, 3, 3] * 10, smoker=[True, True, False, True] * 10)
    assert table["test"].tolist() == ["chi-square", "chi-square"]


def test_planted_subtype_is_recognised_and_endpoint_columns_are_left_out(
    simulated: SimulatedCohort,
) -> None:
    patients = simulated.discovery.clinical.index
    labels = "S" + simulated.truth.loc[patients].astype(str)
    table = associate(Subtypes(labels, {}, {}), simulated.discovery)
    assert list(table.index) == ["age", "sex", "stage", "planted_subtype"]
    assert table.index.name == "variable"
    assert table.loc["planted_subtype", "adjusted_rand_index"] == pytest.approx(1)
    assert table.loc["planted_subtype", "normalised_mutual_information"] == pytest.approx(1)
    assert table.loc["planted_subtype", "effect"] == pytest.approx(1)
    assert np.isnan(table.loc["age", "adjusted_rand_index"])
    np.testing.assert_allclose(table["fdr"], benjamini_hochberg(table["p"].to_numpy()))


def test_patients_without_clinical_data_count_as_missing() -> None:
    clinical = pd.DataFrame(
        {"age": np.arange(50.0, 62), "t": 1.0, "e": 1.0}, [f"P{i}" for i in range(12)]
    )
    labels = pd.Series(["S1", "S2"] * 7, [f"P{i}" for i in range(14)])
    cohort = Cohort("toy", {}, clinical, {"os": Endpoint("t", "e")})
    table = associate(Subtypes(labels, {}, {}), cohort)
    assert table.loc["age", ["n", "missing"]].tolist() == [12, 2]
    assert list(table.index) == ["age"]


def test_no_clinical_table_gives_an_empty_table_with_all_columns() -> None:
    table = associate(Subtypes(pd.Series(["S1", "S2"], ["a", "b"]), {}, {}), Cohort("toy", {}))
    assert table.empty
    assert table.index.name == "variable"
    assert list(table.columns) == [
        "test",
        "n",
        "missing",
        "statistic",
        "p",
        "fdr",
        "effect",
        "effect_name",
        "adjusted_rand_index",
        "normalised_mutual_information",
        "note",
    ]
