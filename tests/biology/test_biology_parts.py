import numpy as np
import pandas as pd
import pytest

from omicsfuse.biology.count_data import checked_counts
from omicsfuse.biology.enrichment import by_patient
from omicsfuse.biology.gene_ranking import checked_ranking, rank_genes, share_above
from omicsfuse.biology.gene_sets import measured_sets
from omicsfuse.biology.layer_tests import Contrast, compare_layer, takes_covariates
from omicsfuse.biology.marker_scores import score_sets
from omicsfuse.biology.methylation_pairs import methylation_layer
from omicsfuse.biology.nu_regression import least_squares
from omicsfuse.biology.ranked_enrichment import usable_sets
from omicsfuse.core.errors import StudyError
from omicsfuse.core.labelled import Labelled
from omicsfuse.core.results import PreparedLayer, Subtypes


def _layer(kind: str, table: pd.DataFrame, scale: str) -> PreparedLayer:
    return PreparedLayer(kind, table, table, scale, None)


def test_mutations_of_subtypes_are_compared_by_fishers_test() -> None:
    layer = _layer(
        "mutation", pd.DataFrame({"TP53": [1.0, 1, 1, 0, 0, 0]}, list("abcdef")), "binary"
    )
    labels = Subtypes(pd.Series(["S1"] * 3 + ["S2"] * 3, list("abcdef")), {}, {})
    features, (tested,) = compare_layer(layer, labels, [Contrast("S1", ("S1",), ("S2",))])
    assert (features, tested.effect.tolist()) == (["TP53"], [1.0])
    assert tested.p.tolist() == pytest.approx([0.1])
    assert not takes_covariates(layer)


def test_patients_come_by_name() -> None:
    layer = _layer("expression", pd.DataFrame({"A": [1.0, 2.0]}, ["P2", "P1"]), "log2")
    labels = Subtypes(pd.Series("S1", ["P1", "P2"]), {}, {})
    assert by_patient(layer, labels).matrix.tolist() == [[2.0], [1.0]]


def test_rankings_of_two_subtypes_are_each_other_turned_round() -> None:
    matrix = np.random.default_rng(0).standard_normal((8, 30))
    part = Labelled(matrix, np.repeat(["S1", "S2"], 4), [f"G{i}" for i in range(30)])
    rankings = rank_genes(part, ["S1", "S2"], "rna", "enrich")
    assert rankings["S1"].index[0] == rankings["S2"].index[-1]
    assert share_above(pd.Series([3.0, 1.0, 0.0, -1.0])) == pytest.approx(2 / 3)
    ranking = checked_ranking(pd.Series([-1.0, 3.0], ["a", "b"]), "toy", "enrich_ranking")
    assert ranking.index.tolist() == ["b", "a"]


def test_sets_of_measured_genes() -> None:
    assert measured_sets({"b": ["x", "q", "x"], "a": ["y"]}, ["x", "y"]) == {"a": ["y"], "b": ["x"]}
    sets = {"a": ["x", "y"], "b": ["x"], "all": ["x", "y", "z"]}
    assert usable_sets(sets, 3, 2, 9) == {"a": ["x", "y"]}
    table = pd.DataFrame({"CD3D": [1.0, 3.0], "CD3E": [2.0, 6.0]}, ["P1", "P2"])
    scores = score_sets(_layer("expression", table, "log2"), {"T": ["CD3D", "CD3E"]}, "mean_log")
    assert scores["T"].tolist() == [1.5, 4.5]


def test_least_squares_finds_the_shares_of_an_exact_mixture() -> None:
    reference = np.array([[8.0, 1.0], [2.0, 9.0], [1.0, 1.0]])
    mixture = reference @ np.array([3.0, 1.0])
    np.testing.assert_allclose(least_squares(reference, mixture[None]).fractions, [[0.75, 0.25]])


def test_names_and_refusals_of_small_parts() -> None:
    layers = {"dna": _layer("methylation", pd.DataFrame({"A": [1.0]}, ["P1"]), "m_value")}
    assert methylation_layer(layers, None) == "dna"
    with pytest.raises(StudyError, match=r"gene EGFR of patient P2 has 7\.5, which is not a"):
        checked_counts(pd.DataFrame({"EGFR": [3.0, 7.5]}, ["P1", "P2"]), "expression")
