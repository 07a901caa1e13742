"""Small functions, each by an example."""

import numpy as np
import pandas as pd
import pytest

from omicsfuse.core.cohort import Cohort, Layer
from omicsfuse.core.errors import CohortError
from omicsfuse.core.results import Prepared, PreparedLayer, Signature, Target
from omicsfuse.signatures.coexpression import coexpression_modules
from omicsfuse.signatures.derive import as_signature
from omicsfuse.signatures.derive_arguments import names_for
from omicsfuse.signatures.derived import Derived
from omicsfuse.signatures.eigengenes import module_names
from omicsfuse.signatures.elastic_net_cv import linear_predictor
from omicsfuse.signatures.elastic_net_path import Path
from omicsfuse.signatures.methods import accepts, find_method, options_of, takes_any
from omicsfuse.signatures.methods.module_target import module_target
from omicsfuse.signatures.methods.tables import chosen_weights, gene_table, strongest
from omicsfuse.signatures.scaling import scaled_genes
from omicsfuse.signatures.scorers.gsva import SetVariation
from omicsfuse.signatures.scorers.weighted_z import WeightedZ
from omicsfuse.signatures.training import (
    patient_digest,
    relation,
    training_patients,
    without_patients,
)
from omicsfuse.signatures.training_data import chosen_layer, training_data, usable_values


def test_as_signature() -> None:
    table = pd.DataFrame({"A": [1.0, 2.0, 3.0]}, ["P1", "P2", "P3"])
    ready = Prepared("toy", {"rna": PreparedLayer("expression", table, table, "log2", None)})
    target = Target("y", "continuous", pd.Series([1.0, 2.0, 4.0], table.index))
    data = training_data(target, ready, None, None)
    derived = Derived(pd.DataFrame({"y": [0.5]}, ["A"]), pd.DataFrame(), {})
    assert as_signature(derived, data, ready, target, "toy", "correlation").reference[
        "mean"
    ].tolist() == [2.0]


def test_names_for() -> None:
    target = Target("t", "groups", pd.Series({"P1": "S1"}))
    assert names_for(find_method("templates"), target, "rna") == {
        "groups": ["S1"],
        "where": "layer rna",
    }


def test_module_names() -> None:
    assert module_names(2).tolist() == ["M1", "M2"]


def test_linear_predictor() -> None:
    found = Path(*(np.ones((1, size)) for size in (1, 2, 0)), np.ones(1), np.ones(1))
    assert linear_predictor(found, np.array([[2.0, 3.0]]), np.empty((1, 0))).tolist() == [[6.0]]


def test_options_of() -> None:
    assert options_of(find_method("templates")) == ["minimum_group"]


def test_accepts() -> None:
    assert accepts(find_method("templates"), "where")


def test_takes_any() -> None:
    assert takes_any(find_method("templates")) is False


def test_module_target() -> None:
    x = np.random.default_rng(0).standard_normal((40, 60))
    x[:, :15] += 2 * x[:, [59]]
    found = coexpression_modules(pd.DataFrame(x), power=6, minimum_size=8)
    assert module_target(found, pd.DataFrame({"y": x[:, 59]}), None).round(2)[
        "correlation"
    ].tolist() == [0.99]


def test_gene_table() -> None:
    assert gene_table(pd.Index(["A", "B"]), ["S1"], np.array([[1.0], [0.0]]), {}).shape == (2, 3)


def test_chosen_weights() -> None:
    weights = np.array([[0.5, 0.0], [0.0, 0.0]])
    assert chosen_weights(pd.Index(["A", "B"]), ["S1", "S2"], weights).to_dict("index") == {
        "A": {"S1": 0.5}
    }


def test_strongest() -> None:
    assert strongest(np.array([1.0, 3.0, np.nan, 3.0]), np.ones(4, dtype=bool), 2).tolist() == [
        1,
        3,
    ]


def test_scaled_genes() -> None:
    reference = pd.DataFrame({"mean": [1.0], "sd": [2.0]}, ["A"])
    signature = Signature("toy", pd.DataFrame({"S": [1.0]}, ["A"]), reference, "log2", {}, {})
    table = pd.DataFrame({"B": [5.0], "A": [2.0]}, ["P1"])
    assert scaled_genes(signature, table, "reference").to_dict("list") == {"A": [0.5]}


def test_setvariation() -> None:
    values = np.random.default_rng(0).standard_normal((10, 20))
    values[:5, :4] += 3
    scorer = SetVariation(pd.DataFrame(values, columns=[f"{i:02}" for i in range(20)]))
    scores = scorer.score(np.arange(4), np.ones((4, 1)))[:, 0]
    assert bool(scores[:5].min() > scores[5:].max())


def test_weightedz() -> None:
    table = pd.DataFrame({"A": np.arange(10.0), "B": -np.arange(10.0)})
    scorer = WeightedZ(table, "cohort")
    scores = scorer.score(np.array([0, 1]), np.array([[1.0], [-1.0]]))
    assert bool(np.isclose(scores[0, 0], -1.45, atol=0.01))


def test_training_patients() -> None:
    trained_on = {"patient_digests": [patient_digest("P1")]}
    toy = Signature("toy", pd.DataFrame(), pd.DataFrame(), "log2", trained_on, {})
    assert list(training_patients(toy, pd.Index(["P1", "P2"]))) == ["P1"]


def test_relation() -> None:
    trained_on = {"cohort": "hnsc images", "study": "TCGA-HNSC"}
    toy = Signature("toy", pd.DataFrame(), pd.DataFrame(), "log2", trained_on, {})
    assert relation(toy, Cohort("others", {}, study="TCGA-HNSC")) == (
        "yes",
        "same study as the training cohort: internal-external, not independent",
    )
    assert (
        relation(toy, Cohort("hnsc-images-2", {}))[1]
        == "the names suggest the same study: internal-external, not independent"
    )


def test_without_patients() -> None:
    table = pd.DataFrame({"A": [1.0, 2.0]}, ["P1", "P2"])
    cohort = Cohort("toy", {"rna": Layer("expression", table)})
    assert list(without_patients(cohort, "rna", pd.Index(["P1"])).patients()) == ["P2"]


def test_the_patients_left_keep_what_the_cohort_decided() -> None:
    patients = [f"P{i:02d}" for i in range(40)]
    clinical = pd.DataFrame(
        {"v": ["low"] * 6 + ["9"] * 34, "g": ["G1"] * 30 + ["x"] * 10}, patients
    )
    genes = Layer("expression", pd.DataFrame({"A": np.arange(40.0)}, patients), "log2")
    cohort = Cohort("c", {"rna": genes}, clinical)
    left = without_patients(cohort, "rna", pd.Index([*patients[:6], *patients[30:]]))
    assert left.variables["type"].equals(cohort.variables["type"])
    pd.testing.assert_frame_equal(left.clinical, cohort.clinical.iloc[6:30])
    assert left.variables["n_known"].tolist() == [24, 24]
    with pytest.raises(CohortError, match='decided does not say what "v" hold'):
        Cohort("c", {}, clinical, decided=cohort.variables.drop(index="v"))


def test_training_data() -> None:
    table = pd.DataFrame({"B": [1.0, 2.0], "A": [3.0, 4.0]}, ["P2", "P1"])
    ready = Prepared("toy", {"rna": PreparedLayer("expression", table, table, "log2", None)})
    target = Target("score", "continuous", pd.Series({"P1": 0.5, "P3": 1.0}))
    data = training_data(target, ready, None, None)
    assert (data.values.to_dict("index"), data.exclusions) == (  # noqa: PD011
        {"P1": {"A": 4.0, "B": 2.0}},
        ("1 patient has no layer rna: P3",),
    )


def test_usable_values() -> None:
    table = pd.DataFrame({"A": [1.0, 2.0, 3.0], "B": [np.nan, np.nan, 1.0], "C": 1.0})
    assert usable_values(table).round(2).to_dict("list") == {"A": [1.05, 2.0, 2.95]}


def test_chosen_layer() -> None:
    table = pd.DataFrame({"A": [1.0]}, ["P1"])
    ready = Prepared("toy", {"rna": PreparedLayer("expression", table, table, "log2", None)})
    assert chosen_layer(ready, None) == "rna"
