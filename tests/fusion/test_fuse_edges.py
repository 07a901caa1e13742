"""Edges of ``fuse``: ties among patients with gaps, too narrow a kernel, extreme weights, slips."""

import sys
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from partial_reference import partial_fusion
from scipy.spatial.distance import cdist

import omicsfuse as of
from omicsfuse.core.results import Prepared, PreparedLayer
from omicsfuse.fusion.engines import exact_memory
from omicsfuse.fusion.exact import fuse_networks


def prepared(n: int = 60, constant: bool = False) -> Prepared:
    """Three layers of different patients, the second of few different values."""
    chance = np.random.default_rng(0)
    people = pd.Index([f"P{i:03d}" for i in range(n)], name="patient")
    layers = {}
    for name, rows in (("a", slice(0, 40)), ("b", slice(15, n)), ("c", slice(25, n))):
        own = people[rows]
        values = chance.normal(size=(len(own), 6))
        if name == "b":
            values = (values > 0.5).astype(float)
        if name == "c" and constant:
            values[:] = 1.0
        table = pd.DataFrame(values, own)
        layers[name] = PreparedLayer("continuous", table, table, "raw", None)
    return Prepared("edges", layers)


@pytest.mark.parametrize("engine", ["exact", "sparse"])
def test_the_order_of_layers_does_not_break_ties(engine: str) -> None:
    settings = {"n_neighbors": 8, "engine": engine, "n_kept": 20}
    first = of.fuse(prepared(), **settings)
    other = of.fuse(prepared(), layers=["c", "b", "a"], **settings)
    assert list(first.patients) == list(other.patients) == sorted(first.patients)
    vectors = np.eye(60)
    np.testing.assert_allclose(first.network() @ vectors, other.network() @ vectors, atol=1e-12)


@pytest.mark.parametrize("engine", ["exact", "sparse"])
def test_too_narrow_a_kernel_is_refused(engine: str) -> None:
    with pytest.raises(of.StudyError, match=r"no affinity to any other .*raise mu"):
        of.fuse(prepared(), n_neighbors=8, mu=0.005, engine=engine)


@pytest.mark.parametrize("engine", ["exact", "sparse"])
def test_a_layer_in_which_nobody_differs_is_refused(engine: str) -> None:
    with pytest.raises(of.CohortError, match="layer 'c': all 35 patients have the same values"):
        of.fuse(prepared(constant=True), n_neighbors=8, engine=engine, metrics={"c": "euclidean"})


@pytest.mark.parametrize("weight", [1e-3, 1e-9, 1e-15, 1e12])
def test_very_unequal_weights_lose_no_digits(weight: float) -> None:
    chance = np.random.default_rng(1)
    layers = []
    for _ in range(3):
        points = chance.normal(size=(40, 4))
        layers.append(of.affinity_matrix(cdist(points, points), 8))
    weights = [1.0, weight, 2.0]
    fused = of.fuse_affinities(layers, 8, 5, layer_weights=weights)
    expected = partial_fusion(layers, [np.arange(40)] * 3, 40, 8, 5, "paper", weights)
    np.testing.assert_allclose(fused, expected, rtol=1e-11)
    single = of.fuse_affinities(layers, 8, 5, layer_weights=weights, dtype="float32")
    np.testing.assert_allclose(single, expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"variant": "snfpy", "alpha": 2.0}, "alpha is not supported by another engine"),
        ({"dtype": "float32"}, "dtype float32 is not supported by another engine"),
        ({"metrics": {"a": "gower"}}, "metric 'gower' of a is not supported by another engine"),
        ({}, "60 patients, more than 50"),
    ],
)
def test_auto_stays_exact_where_only_exact_can(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, object], reason: str
) -> None:
    monkeypatch.setattr(sys.modules["omicsfuse.fusion.engines"], "EXACT_LIMIT", 50)
    fusion = of.fuse(prepared(), n_neighbors=8, **settings)
    assert fusion.params["engine_reason"] == reason
    assert fusion.params["engine"] == ("exact" if settings else "sparse")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"metrics": "euclidean"}, "metrics"),
        ({"layer_weights": 2.0}, "layer_weights"),
        ({"layers": 5}, "layers must be a list of names"),
        ({"layers": [["a"]]}, "does not exist"),
        ({"n_iterations": 2.5}, "n_iterations"),
        ({"variant": np.array(["paper"])}, "variant is"),
        ({"mu": np.inf}, "mu"),
        ({"engine": "sparse", "n_kept": 5}, "n_kept is 5, fewer than n_neighbors, 8"),
        ({"engine": "sparse", "metrics": {"a": "gower"}}, 'layer a: engine "sparse" cannot use'),
    ],
)
def test_slips_are_said_in_words(settings: dict[str, object], message: str) -> None:
    with pytest.raises(of.StudyError, match=message):
        of.fuse(prepared(), **{"n_neighbors": 8, **settings})


def test_subtypes_of_another_fusion_are_refused() -> None:
    ready = prepared()
    fusion = of.fuse(ready, n_neighbors=8)
    fewer = of.fuse(ready, n_neighbors=6, patients="complete", layers=["b", "c"])
    with pytest.raises(of.StudyError, match="35 patients and the fusion 60"):
        of.assess(ready, fusion, of.cluster(fewer, 2))


def test_too_few_patients_give_no_agreement() -> None:
    ready = prepared()
    few = PreparedLayer("continuous", *[ready.layers["a"].scaled.iloc[:10]] * 2, "raw", None)
    joined = Prepared("few", {"a": ready.layers["a"], "d": few})
    fusion = of.fuse(joined, n_neighbors=8)
    layers = of.assess(joined, fusion, of.cluster(fusion, 10)).layers
    # Ten patients cannot be cut into ten groups: nothing is compared, and nothing claimed.
    assert layers.loc["d", ["agreement_alone", "normalised_mutual_information_alone"]].isna().all()
    assert layers.loc["a", ["agreement_alone", "agreement_without"]].notna().sum() == 1
    assert layers.loc["a", "agreement_alone"] > 0.3


def test_whole_floats_are_whole_numbers() -> None:
    first = of.fuse(prepared(), n_neighbors=8, n_iterations=3)
    second = of.fuse(prepared(), n_neighbors=8.0, n_iterations=3.0, min_layers=1.0)
    assert first.params == second.params
    assert first.affinity.equals(second.affinity)


def test_memory_asked_for_covers_many_neighbours() -> None:
    n, k = 700, 300
    points = np.random.default_rng(0).normal(size=(n, 5))
    layers = [of.affinity_matrix(cdist(points, points), k)] * 2
    fuse_networks(layers, k, 1, "paper", np.ones(2))
    tracemalloc.start()
    fuse_networks(layers, k, 1, "paper", np.ones(2))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    asked = exact_memory(n, {"a": n, "b": n}, k=k) - sum(w.nbytes for w in layers)
    assert peak < 1.05 * asked


def test_a_function_with_the_name_of_a_metric_is_not_that_metric() -> None:
    def cosine(table: np.ndarray) -> np.ndarray:
        return np.asarray(cdist(table, table, "cityblock"))

    with pytest.raises(of.StudyError, match=r'engine "sparse" cannot use metric .cosine'):
        of.fuse(prepared(), n_neighbors=8, engine="sparse", metrics={"a": cosine})
