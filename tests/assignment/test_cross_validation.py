"""Cross-validated evidence: true where there is something to tell, and nothing where not."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from omicsfuse.assignment import cross_validate_assignment
from omicsfuse.core.errors import StudyError
from omicsfuse.core.results import ASSIGNMENT_COLUMNS, CHOSEN_WITH, AssignmentEvidence, Subtypes
from omicsfuse.datasets import simulate_cohort
from omicsfuse.preprocessing import preprocess


def evidence(effect: float, seed: int = 0, n: int = 70, **how: Any) -> AssignmentEvidence:
    layers = how.pop("layers", ("radiomics", "expression"))
    made = simulate_cohort(
        n, n_external=0, n_genes=100, effect=effect, layers=layers, random_state=seed
    )
    labels = ("S" + made.truth.astype(str)).loc[made.discovery.patients()]
    return cross_validate_assignment(
        Subtypes(labels, {}, {}), made.discovery, **{"n_repeats": 2, **how}
    )


@pytest.fixture(scope="module")
def clear() -> AssignmentEvidence:
    return evidence(1.2, n=100, n_repeats=1)


def test_planted_subtypes_are_told_and_probabilities_come_true(clear: AssignmentEvidence) -> None:
    table = clear.table
    assert list(table.columns) == [*ASSIGNMENT_COLUMNS, "n_layers"]
    assert list(table["layers"]) == ["radiomics", "expression", "radiomics + expression"]
    assert (table["accuracy"] > 0.85).all()
    assert (table["p"] < 1e-6).all()
    assert (table["calibration_error"] < 0.1).all()
    assert (table["accuracy_ci_low"] < table["accuracy"]).all()
    assert (table["accuracy_of_assigned"] >= table["accuracy"]).all()
    assert table["log_loss"].iloc[2] <= table["log_loss"].min() + 0.02
    assert (table["n"] == 100).all()


def test_tables_add_up_to_patients(clear: AssignmentEvidence) -> None:
    for name, own in clear.confusion.groupby("layers"):
        assert own["n"].sum() == pytest.approx(100)
        row = clear.table.set_index("layers").loc[name]
        assigned = own[own["assigned"] != "none"]
        right = assigned[assigned["subtype"] == assigned["assigned"]]
        assert assigned["n"].sum() / 100 == pytest.approx(row["share_assigned"])
        accuracy = right["n"].sum() / assigned["n"].sum()
        assert accuracy == pytest.approx(row["accuracy_of_assigned"])
    bins = clear.calibration.groupby("layers")["n"].sum()
    assert np.allclose(bins, 100)
    assert list(clear.calibration.columns) == ["layers", "bin", "n", "predicted", "observed"]


def test_the_classifier_is_fitted_on_all_and_knows_where_from(clear: AssignmentEvidence) -> None:
    assert clear.classifier.n == 100
    assert clear.classifier.trained_on["cohort"] == "simulated"
    assert len(clear.classifier.trained_on["patient_digests"]) == 100
    assert sum(clear.classifier.trained_on["subtypes"].values()) == 100


def test_where_nothing_is_planted_nothing_is_told() -> None:
    p, assigned, gain = [], [], []
    for seed in range(16):
        found = evidence(0.0, seed, n=50, n_repeats=1, layers=("expression",))
        p += list(found.table["p"])
        assigned += list(found.table["share_assigned"])
        gain += list(found.table["accuracy"] - found.table["no_information_rate"])
    # 16 tests, a true level of at most 5%: more than 3 below 0.05 happen once in a hundred times.
    assert (np.array(p) < 0.05).sum() <= 3
    assert np.mean(assigned) < 0.1
    assert np.mean(gain) < 0.03


def test_results_do_not_depend_on_processes() -> None:
    how = {"n": 40, "n_repeats": 1, "layers": ("expression",)}
    one, two = evidence(1.0, 3, **how), evidence(1.0, 3, **how, n_jobs=2)
    pd.testing.assert_frame_equal(one.table, two.table, check_exact=True)
    pd.testing.assert_frame_equal(one.calibration, two.calibration, check_exact=True)
    assert not one.table.equals(evidence(1.0, 3, **how, random_state=1).table)


def test_five_layers_are_singles_all_but_one_and_all() -> None:
    layers = ("radiomics", "expression", "methylation", "mutation", "copy_number")
    table = evidence(1.5, n=30, layers=layers, n_repeats=1).table
    assert [name.count(" + ") + 1 for name in table["layers"]] == [1] * 5 + [4] * 5 + [5]


def test_small_subtypes_are_noted_and_even_one_of_a_kind_is_survived() -> None:
    made = simulate_cohort(50, n_external=0, n_genes=100, effect=1.5, layers=("expression",))
    labels = ("S" + made.truth.astype(str)).loc[made.discovery.patients()]
    labels.iloc[0] = "S4"
    found = cross_validate_assignment(Subtypes(labels, {}, {}), made.discovery, n_repeats=1)
    assert "fewer than 15 patients" in found.table["note"].iloc[0]
    assert "S4 1" in found.table["note"].iloc[0]
    assert np.isfinite(found.table["log_loss"]).all()


def test_settings_of_the_prepared_layers_are_used() -> None:
    made = simulate_cohort(60, n_external=0, n_genes=200, effect=1.2, layers=("expression",))
    labels = ("S" + made.truth.astype(str)).loc[made.discovery.patients()]
    prepared = preprocess(made.discovery, n_features=30)
    found = cross_validate_assignment(
        Subtypes(labels, {}, {}), made.discovery, prepared, n_repeats=1
    )
    features = found.classifier.layers["expression"].transform.features
    assert set(features) == set(prepared.layers["expression"].scaled.columns)


@pytest.mark.parametrize(
    ("params", "one", "message"),
    [
        ({}, True, "one subtype"),
        ({CHOSEN_WITH: "os"}, False, "chosen with an outcome"),
    ],
)
def test_where_there_is_nothing_to_tell_the_row_says_why(
    params: dict[str, Any], one: bool, message: str
) -> None:
    made = simulate_cohort(40, n_external=0, n_genes=100, layers=("expression",))
    labels = ("S" + made.truth.astype(str)).loc[made.discovery.patients()]
    labels = pd.Series("S1", labels.index) if one else labels
    found = cross_validate_assignment(Subtypes(labels, {}, params), made.discovery)
    assert found.classifier is None
    assert list(found.table.columns) == [*ASSIGNMENT_COLUMNS, "n_layers"]
    assert message in found.table["note"].iloc[0]
    assert found.table["accuracy"].isna().all()
    assert found.calibration.empty
    assert found.confusion.empty


def test_too_few_patients_are_said() -> None:
    made = simulate_cohort(20, n_external=0, n_genes=100, layers=("expression",))
    labels = ("S" + made.truth.astype(str)).loc[made.discovery.patients()].iloc[:8]
    found = cross_validate_assignment(Subtypes(labels, {}, {}), made.discovery)
    assert found.classifier is None
    assert "8 labelled patients" in found.table["note"].iloc[0]


def test_wrong_arguments_are_refused() -> None:
    made = simulate_cohort(40, n_external=0, n_genes=100, layers=("expression",))
    subtypes = Subtypes(("S" + made.truth.astype(str)).loc[made.discovery.patients()], {}, {})
    with pytest.raises(StudyError, match="no layer 'ct'; it has expression"):
        cross_validate_assignment(subtypes, made.discovery, layers=["ct"])
    with pytest.raises(StudyError, match="no layer was chosen"):
        cross_validate_assignment(subtypes, made.discovery, layers=[])
    with pytest.raises(StudyError, match="n_repeats"):
        cross_validate_assignment(subtypes, made.discovery, n_repeats=0)
    with pytest.raises(StudyError, match="subtypes is of type Series"):
        cross_validate_assignment(subtypes.labels, made.discovery)
