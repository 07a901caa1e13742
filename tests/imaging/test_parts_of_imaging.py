"""Small functions, each by an example."""

import numpy as np
import pandas as pd

from omicsfuse.core.cohort import Cohort
from omicsfuse.core.results import ImmuneContext, Prepared
from omicsfuse.imaging.heterogeneity.network import default_neighbors
from omicsfuse.imaging.interpretation.associations import independent_basis, linear_effects
from omicsfuse.imaging.interpretation.contrasts import Contrast, contrasts
from omicsfuse.imaging.interpretation.groupings import clinical_variables, compare_clinical
from omicsfuse.imaging.interpretation.ranked_sets import (
    empty_enrichment,
    places_of,
    shuffled_patients,
)
from omicsfuse.imaging.interpretation.resampled import Resampled, among_strongest
from omicsfuse.imaging.interpretation.sources import immune_tables
from omicsfuse.imaging.maps import targets
from omicsfuse.imaging.maps.associations import Family, strongest_pairs
from omicsfuse.imaging.maps.families import Settings, map_family
from omicsfuse.imaging.maps.targets import target_tables, varying
from omicsfuse.imaging.redundancy import cluster_columns
from omicsfuse.imaging.volume import Volume, of_volume, tumour_volume


def test_default_neighbors() -> None:
    assert (default_neighbors(44), default_neighbors(500)) == (9, 20)


def test_linear_effects() -> None:
    rng = np.random.default_rng(0)
    found = linear_effects(rng.standard_normal((20, 50)), np.arange(20.0), None)
    assert bool((found.low < found.effect).all())


def test_independent_basis() -> None:
    assert independent_basis(np.array([[1.0, 2.0], [2.0, 4.0], [4.0, 8.0]])).shape == (3, 2)


def test_contrasts() -> None:
    assert [one.name for one in contrasts(pd.Series(["low", "high", "low"]), "class")] == [
        "low vs high"
    ]
    assert [one.name for one in contrasts(pd.Series(["a", "b", "c"]), "class")] == [
        "a vs rest",
        "b vs rest",
        "c vs rest",
    ]


def test_clinical_variables() -> None:
    clinical = pd.DataFrame({"vital_status": "dead", "hpv": ["+", "-"]}, ["P1", "P2"])
    assert list(clinical_variables(Cohort("toy", {}, clinical))) == ["hpv"]


def test_compare_clinical() -> None:
    patients = [f"P{i:02}" for i in range(12)]
    score = Contrast("score", pd.Series(np.arange(12.0), patients), False)
    age = pd.Series(np.arange(12.0) ** 2, patients)
    assert (
        compare_clinical("age", age, None, score, pd.DataFrame(index=patients), 0)["effect"] == 1.0
    )


def test_shuffled_patients() -> None:
    rng = np.random.default_rng(0)
    y, x = rng.standard_normal((30, 50)), rng.standard_normal(30)
    y[:, :10] += x[:, None]
    genes = [str(i) for i in range(50)]
    places = places_of({"with": genes[:10], "without": genes[20:30]}, genes)
    p = shuffled_patients(y, x, None, places, 99, 0)
    assert (p[0].item(), bool(p[1] > 0.05)) == (0.01, True)


def test_empty_enrichment() -> None:
    assert len(empty_enrichment()) == 0


def test_among_strongest() -> None:
    statistics = np.tile(np.arange(40.0), (4, 1))
    shares = among_strongest(Resampled(statistics[0], statistics, statistics[:, None]))
    assert shares[-6:].tolist() == [0.0, 1.0, 1.0, 1.0, 1.0, 1.0]


def test_strongest_pairs() -> None:
    p = np.array([[0.2, 0.01], [0.03, np.nan]])
    family = Family(1 - p, p, np.array([[20]]), np.array([[0]]))
    assert [places.tolist() for places in strongest_pairs(family, np.isfinite(p), 2)] == [
        [0, 1],
        [1, 0],
    ]


def test_map_family() -> None:
    rng = np.random.default_rng(1)
    patients = [f"P{i:02d}" for i in range(30)]
    images = pd.DataFrame(rng.standard_normal((30, 2)), patients, ["a", "b"])
    genes = pd.DataFrame({"G": images["a"] * 2}, patients)
    settings = Settings(0.05, 5, frozenset(), {"a": "R1", "b": "R2"})
    found = map_family(images, None, settings, ("rna", genes))
    assert (found.row["found"], found.associations["feature"].tolist()) == (1, ["a", "b"])


def test_target_tables() -> None:
    scores = {"gene sets": pd.DataFrame({"HYPOXIA": [1, 2]}, ["P2", "P1"])}
    assert target_tables(Prepared("none", {}), "ct", None, scores)["gene sets"].index.tolist() == [
        "P1",
        "P2",
    ]


def test_varying() -> None:
    assert varying(np.array([[0.0, 1.0]] * 5 + [[1.0, 1.0]] * 5)).tolist() == [True, False]


def test_testable() -> None:
    table = pd.DataFrame({"TP53": [0.0, 1.0] * 6, "TTN": [0.0] * 11 + [1.0]})
    kept, (exclusion,) = targets.testable(table, "mutation", "features")
    assert (list(kept), exclusion.count, exclusion.reason) == (
        ["TP53"],
        1,
        "fewer than 5 patients differ from the most common value: not tested",
    )


def test_immune_scores_are_of_the_collection_that_the_coverage_names() -> None:
    scores = pd.DataFrame({"mcp: v2: T cells": [1.0], "mcp: B cells": [2.0]}, ["P1"])
    coverage = pd.DataFrame({"score": scores.columns, "collection": ["mcp: v2", "mcp"]})
    tables = immune_tables(ImmuneContext(scores, coverage))
    assert list(tables) == ["mcp: v2", "mcp"]
    assert list(immune_tables(scores)) == ["mcp"]


def test_cluster_columns() -> None:
    table = pd.DataFrame({"a": range(8), "b": range(8)})
    assert cluster_columns(table, 0.9, None)["size"].tolist() == [2, 2]


def test_of_volume() -> None:
    clusters = pd.DataFrame(
        {"feature": ["a", "b"], "cluster": ["R1", "R2"], "correlation_with_volume": [-0.95, 0.2]}
    )
    assert of_volume(clusters, Volume(np.array([1.0]), "as given", None), 0.9) == {"a"}


def test_tumour_volume_is_found_among_the_features() -> None:
    table = pd.DataFrame({"original_shape_MeshVolume": [3.0, 5.0]}, ["P1", "P2"])
    found = tumour_volume(table, None)
    assert found.amounts.tolist() == [3.0, 5.0]
    assert found.feature == "original_shape_MeshVolume"
    assert found.source == "feature original_shape_MeshVolume"
    assert tumour_volume(table.rename(columns=str.upper).iloc[:, :0], None) is None
