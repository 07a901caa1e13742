"""Fusing prepared layers: patients, metrics, engines, refusals."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from partial_reference import partial_fusion
from scipy import sparse
from sklearn.metrics import adjusted_rand_score

import omicsfuse as of
from omicsfuse.core.results import Prepared, PreparedLayer
from omicsfuse.fusion import METRICS, patient_distances
from omicsfuse.fusion.distances_choice import default_metric


def layer(kind: str, patients: list[str], seed: int, scale: str = "raw") -> PreparedLayer:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(len(patients), 6))
    if scale == "binary":
        values = (values > 0.8).astype(float)
    if scale == "gistic":
        values = values.round().clip(-2, 2)
    table = pd.DataFrame(values, pd.Index(patients, name="patient"), list("abcdef"))
    return PreparedLayer(kind, table, table, scale, SimpleNamespace())


def prepared(**layers: PreparedLayer) -> Prepared:
    return Prepared("toy", layers)


PATIENTS = [f"P{i:02d}" for i in range(20)]


def test_patients_in_every_layer_are_fused_and_the_others_counted() -> None:
    ready = prepared(
        protein=layer("protein", PATIENTS, 0),
        other=layer("continuous", [*PATIENTS[:14][::-1], "X1", "X2"], 1),
    )
    fusion = of.fuse(ready, n_neighbors=5, patients="complete")
    assert list(fusion.affinity.index) == PATIENTS[:14]
    assert list(fusion.affinity.columns) == PATIENTS[:14]
    assert fusion.coverage.shape == (22, 2)
    assert fusion.coverage.loc["P19"].tolist() == [True, False]
    (exclusion,) = fusion.exclusions
    assert (exclusion.what, exclusion.count) == ("patients", 8)
    assert exclusion.reason == "not in every fused layer (protein lacks 2, other lacks 6)"
    np.testing.assert_allclose(
        fusion.affinity,
        of.fuse_affinities([w.to_numpy() for w in fusion.per_layer.values()], 5),
    )


def test_the_order_of_patients_in_a_table_does_not_matter() -> None:
    one, two = layer("protein", PATIENTS, 0), layer("continuous", PATIENTS, 1)
    shuffled = PreparedLayer("continuous", two.scaled[::-1], two.scaled[::-1], "raw", None)
    straight = of.fuse(prepared(a=one, b=two), n_neighbors=5)
    crooked = of.fuse(prepared(a=one, b=shuffled), n_neighbors=5)
    pd.testing.assert_frame_equal(straight.affinity, crooked.affinity)


def test_default_metrics_fit_what_layers_hold() -> None:
    ready = prepared(
        rad=layer("radiomics", PATIENTS, 0, "normal_score"),
        mut=layer("mutation", PATIENTS, 1, "binary"),
        cn=layer("copy_number", PATIENTS, 2, "gistic"),
    )
    assert of.fuse(ready, n_neighbors=5).params["metrics"] == {
        "rad": "euclidean",
        "mut": "jaccard",
        "cn": "manhattan",
    }
    assert default_metric(layer("copy_number", PATIENTS, 2, "log2")) == "euclidean"
    changed = of.fuse(ready, n_neighbors=5, metrics={"rad": "correlation"})
    assert changed.params["metrics"]["rad"] == "correlation"


def test_snfpy_engine_gives_the_snfpy_variant() -> None:
    ready = prepared(a=layer("protein", PATIENTS, 0), b=layer("protein", PATIENTS, 1))
    theirs = of.fuse(ready, n_neighbors=6, engine="snfpy")
    ours = of.fuse(ready, n_neighbors=6, variant="snfpy")
    assert theirs.params["variant"] == "snfpy"
    np.testing.assert_allclose(theirs.affinity, ours.affinity, rtol=1e-12)
    assert not np.allclose(ours.affinity, of.fuse(ready, n_neighbors=6).affinity)


def test_known_distances() -> None:
    table = np.array([[1.0, 0, 0, 1], [1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]])
    jaccard = patient_distances(table, "jaccard")
    assert jaccard[0].tolist() == [0, pytest.approx(2 / 3), 1, 1]
    assert jaccard[2, 3] == 0
    assert patient_distances(table, "manhattan")[0, 1] == 2
    assert set(METRICS) >= {"euclidean", "squared_euclidean", "correlation", "cosine", "hamming"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layers": []}, "no layer: name at least one"),
        ({"layers": ["protien"]}, 'did you mean "protein"'),
        ({"layers": ["protein", "protein"]}, "named more than once: protein"),
        ({"engine": "fast"}, "engine is 'fast'; choose from auto, exact, sparse, snfpy"),
        ({"engine": "snfpy", "variant": "paper"}, 'supports only variant "snfpy"'),
        ({"engine": "snfpy", "layers": ["protein"]}, "at least two layers"),
        ({"metrics": {"x": "cosine"}}, "metrics names x, which is not among the fused layers"),
        ({"metrics": {"protein": "manhatten"}}, 'manhatten.*did you mean "manhattan"'),
        ({"mu": -1}, "mu is -1"),
    ],
)
def test_settings_refused(options: dict, message: str) -> None:
    ready = prepared(protein=layer("protein", PATIENTS, 0), b=layer("protein", PATIENTS, 1))
    with pytest.raises(of.StudyError, match=message):
        of.fuse(ready, **{"n_neighbors": 5, **options})


def test_too_few_patients_in_common() -> None:
    ready = prepared(
        a=layer("protein", PATIENTS, 0), b=layer("protein", [*PATIENTS[:9], "Q1", "Q2"], 1)
    )
    with pytest.raises(of.CohortError, match=r"only 9 patients .* \(a 20, b 11\); at least 10"):
        of.fuse(ready, patients="complete")
    with pytest.raises(of.CohortError, match="layer 'b' has 11 patients, in common 9 with a"):
        of.fuse(ready)


def test_undefined_correlation_is_refused() -> None:
    flat = layer("protein", PATIENTS, 0)
    flat.scaled.iloc[3] = 1.0
    with pytest.raises(of.StudyError, match="correlation distance is undefined for"):
        of.fuse(prepared(a=flat), n_neighbors=5, metrics={"a": "correlation"})


def test_one_layer_alone() -> None:
    fusion = of.fuse(prepared(a=layer("protein", PATIENTS, 0)), n_neighbors=5)
    assert np.isfinite(fusion.affinity.to_numpy()).all()
    assert fusion.exclusions == ()


def cohort_with_gaps(seed: int = 0) -> Prepared:
    """40 patients: a layer of all, one of the first 25, and one of every second."""
    people = [f"P{i:02d}" for i in range(40)]
    return prepared(
        a=layer("protein", people, seed),
        b=layer("protein", people[:25], seed + 1),
        c=layer("mutation", people[::2], seed + 2, "binary"),
    )


def test_all_patients_of_any_layer_are_fused_by_default() -> None:
    fusion = of.fuse(cohort_with_gaps(), n_neighbors=8)
    assert fusion.affinity.shape == (40, 40)
    assert list(fusion.affinity.columns) == list(fusion.patients)
    assert fusion.exclusions == ()
    assert {name: len(w) for name, w in fusion.per_layer.items()} == {"a": 40, "b": 25, "c": 20}
    assert list(fusion.per_layer["c"].index) == list(fusion.patients[::2])
    assert fusion.params["n_neighbors_per_layer"] == {"a": 8, "b": 5, "c": 4}
    assert (fusion.params["patients"], fusion.params["min_layers"]) == ("all", 1)
    members = [np.flatnonzero(fusion.coverage[name]) for name in "abc"]
    arrays = [fusion.per_layer[name].to_numpy() for name in "abc"]
    expected = partial_fusion(arrays, members, 40, 8, 20, "paper")
    np.testing.assert_allclose(fusion.affinity, expected, rtol=1e-10, atol=1e-16)


def test_what_is_known_of_patients_and_pairs() -> None:
    fusion = of.fuse(cohort_with_gaps(), n_neighbors=8)
    coverage = fusion.coverage
    assert coverage.sum().to_dict() == {"a": 40, "b": 25, "c": 20}
    common = fusion.common_layers()
    assert list(common.index) == list(common.columns) == list(fusion.patients)
    for one in ("P00", "P01", "P26", "P27"):
        for other in ("P02", "P39"):
            shared = int((coverage.loc[one] & coverage.loc[other]).sum())
            assert common.loc[one, other] == shared
    evidence = fusion.evidence()
    assert evidence["P00"] == 1
    assert evidence["P01"] == pytest.approx(2 / 3)
    assert evidence["P27"] == pytest.approx(1 / 3)
    heavy = of.fuse(cohort_with_gaps(), n_neighbors=8, layer_weights={"b": 2})
    assert heavy.evidence()["P01"] == pytest.approx(3 / 4)
    assert heavy.evidence()["P27"] == pytest.approx(1 / 4)
    pairs = fusion.params["pairs"]
    both = np.triu_indices(40, 1)
    counted = common.to_numpy()[both]
    assert pairs["in_every_layer"] == pytest.approx((counted == 3).mean())
    assert pairs["in_no_layer"] == 0
    assert sum(pairs.values()) == pytest.approx(1)


def test_pairs_that_no_layer_sees() -> None:
    people = [f"P{i:02d}" for i in range(40)]
    ready = prepared(a=layer("protein", people[:25], 0), b=layer("protein", people[15:], 1))
    fusion = of.fuse(ready, n_neighbors=8)
    common = fusion.common_layers()
    assert (common.loc[people[:15], people[25:]] == 0).all(axis=None)
    assert fusion.params["pairs"]["in_no_layer"] == pytest.approx(15 * 15 / (40 * 39 / 2))
    # Their similarity is known through neighbours.
    assert (fusion.affinity.loc[people[:15], people[25:]] > 0).all(axis=None)


def test_fewer_patients_with_more_layers_each() -> None:
    ready = cohort_with_gaps()
    two = of.fuse(ready, n_neighbors=8, min_layers=2)
    brought = two.coverage.sum(axis=1)
    assert len(two.coverage) == 40
    assert set(two.patients) == set(brought.index[brought >= 2])
    (exclusion,) = two.exclusions
    assert (exclusion.what, exclusion.count) == ("patients", int((brought < 2).sum()))
    assert exclusion.reason == "in fewer than 2 of the 3 fused layers"
    three = of.fuse(ready, n_neighbors=5, min_layers=3)
    complete = of.fuse(ready, n_neighbors=5, patients="complete")
    pd.testing.assert_frame_equal(three.affinity, complete.affinity, check_exact=True)
    assert three.exclusions == complete.exclusions
    assert (complete.evidence() == 1).all()
    assert complete.params["pairs"]["in_every_layer"] == 1


def test_complete_data_are_fused_as_without_missing_layers() -> None:
    ready = prepared(a=layer("protein", PATIENTS, 0), b=layer("protein", PATIENTS, 1))
    some, all_of_them = (of.fuse(ready, n_neighbors=6, patients=p) for p in ("all", "complete"))
    pd.testing.assert_frame_equal(some.affinity, all_of_them.affinity, check_exact=True)
    plain = of.fuse_affinities([w.to_numpy() for w in some.per_layer.values()], 6)
    assert some.affinity.to_numpy().tobytes() == plain.tobytes()


@pytest.mark.parametrize("engine", ["exact", "sparse"])
def test_convergence_has_a_row_an_iteration(engine: str) -> None:
    fusion = of.fuse(cohort_with_gaps(), n_neighbors=8, n_iterations=7, engine=engine, n_kept=20)
    assert list(fusion.convergence.columns) == ["change"]
    assert fusion.convergence.index.name == "iteration"
    assert fusion.convergence.index.tolist() == list(range(1, 8))
    assert (fusion.convergence["change"] > 0).all()
    assert fusion.convergence["change"].iloc[-1] < fusion.convergence["change"].iloc[0]


def test_engine_snfpy_fuses_complete_patients_and_tells_no_convergence() -> None:
    ready = cohort_with_gaps()
    theirs = of.fuse(ready, n_neighbors=5, engine="snfpy")
    assert len(theirs.convergence) == 0
    assert list(theirs.convergence.columns) == ["change"]
    assert theirs.params["patients"] == "complete"
    ours = of.fuse(ready, n_neighbors=5, variant="snfpy", patients="complete")
    assert list(theirs.patients) == list(ours.patients)
    np.testing.assert_allclose(theirs.affinity, ours.affinity, rtol=1e-10)


def test_auto_says_which_engine_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    ready = cohort_with_gaps()
    few = of.fuse(ready, n_neighbors=8)
    assert (few.params["engine"], few.params["engine_asked"]) == ("exact", "auto")
    assert few.params["engine_reason"] == "40 patients, at most 5,000"
    monkeypatch.setattr("omicsfuse.fusion.engines.EXACT_LIMIT", 39)
    many = of.fuse(ready, n_neighbors=8, n_kept=24)
    assert many.params["engine"] == "sparse"
    assert many.params["engine_reason"] == "40 patients, more than 39"
    assert sparse.issparse(many.affinity)
    assert list(many.patients) == list(few.patients)
    assert many.per_layer["b"].shape == (25, 25)
    asked = of.fuse(ready, n_neighbors=8, engine="exact")
    assert asked.params["engine_reason"] == "as asked"
    pd.testing.assert_frame_equal(asked.affinity, few.affinity, check_exact=True)


def test_weights_of_layers_by_name() -> None:
    ready = cohort_with_gaps()
    plain = of.fuse(ready, n_neighbors=8)
    same = of.fuse(ready, n_neighbors=8, layer_weights={"a": 3, "b": 3.0, "c": 3})
    pd.testing.assert_frame_equal(same.affinity, plain.affinity, check_exact=True)
    # A layer that is not named has weight 1.
    one = of.fuse(ready, n_neighbors=8, layer_weights={"b": 4})
    two = of.fuse(ready, n_neighbors=8, layer_weights={"a": 0.5, "b": 2, "c": 0.5})
    np.testing.assert_allclose(one.affinity, two.affinity, rtol=1e-12)
    assert not np.allclose(one.affinity, plain.affinity, rtol=1e-3)
    assert one.params["layer_weights"] == pytest.approx({"a": 0.5, "b": 2.0, "c": 0.5})
    members = [np.flatnonzero(one.coverage[name]) for name in "abc"]
    arrays = [one.per_layer[name].to_numpy() for name in "abc"]
    expected = partial_fusion(arrays, members, 40, 8, 20, "paper", [1, 4, 1])
    np.testing.assert_allclose(one.affinity, expected, rtol=1e-10, atol=1e-16)


def test_alpha_and_single_precision_reach_the_kernel() -> None:
    ready = cohort_with_gaps()
    one = of.fuse(ready, n_neighbors=8, variant="snfpy", alpha=1)
    assert one.affinity.equals(of.fuse(ready, n_neighbors=8, variant="snfpy").affinity)
    two = of.fuse(ready, n_neighbors=8, variant="snfpy", alpha=2)
    assert not np.allclose(one.affinity, two.affinity, rtol=1e-3)
    single = of.fuse(ready, n_neighbors=8, dtype="float32")
    assert (single.affinity.dtypes == np.float32).all()
    double = of.fuse(ready, n_neighbors=8)
    np.testing.assert_allclose(single.affinity, double.affinity, rtol=2e-5)
    labels = [of.cluster(fusion, 3).labels for fusion in (single, double)]
    pd.testing.assert_series_equal(*labels)


def city_block(values: np.ndarray) -> np.ndarray:
    return np.abs(values[:, None] - values[None]).sum(axis=2)


def test_a_function_and_a_table_as_metric() -> None:
    ready = cohort_with_gaps()
    named = of.fuse(ready, n_neighbors=8, metrics={"b": "manhattan"})
    called = of.fuse(ready, n_neighbors=8, metrics={"b": city_block})
    assert called.params["metrics"]["b"] == "city_block"
    assert called.metrics["b"] is city_block
    np.testing.assert_allclose(called.affinity, named.affinity, rtol=1e-9)
    people = ready.layers["b"].scaled.index
    table = pd.DataFrame(city_block(ready.layers["b"].scaled.to_numpy()), people, people)
    # In any order, and with patients whom nobody asked for.
    table.loc["stranger", :] = 1.0
    table["stranger"] = 1.0
    table.loc["stranger", "stranger"] = 0.0
    shuffled = table.sample(frac=1, random_state=0).sample(frac=1, axis=1, random_state=1)
    given = of.fuse(ready, n_neighbors=8, metrics={"b": shuffled})
    assert given.params["metrics"]["b"] == "precomputed"
    pd.testing.assert_frame_equal(given.affinity, called.affinity, check_exact=True)
    with pytest.raises(of.StudyError, match=r'1 patient of the layer not in the rows: "?P03'):
        of.fuse(ready, n_neighbors=8, metrics={"b": shuffled.drop(index="P03")})
    with pytest.raises(of.StudyError, match="layer 'b': metric <lambda> failed on an array of 25"):
        of.fuse(ready, n_neighbors=8, metrics={"b": lambda values: values / "two"})


def test_what_was_given_is_not_modified() -> None:
    ready = cohort_with_gaps()
    people = ready.layers["b"].scaled.index
    table = pd.DataFrame(city_block(ready.layers["b"].scaled.to_numpy()), people, people)
    weights, metrics = {"a": 2.0}, {"b": table}
    before = table.copy(), {name: one.scaled.copy() for name, one in ready.layers.items()}

    def greedy(values: np.ndarray) -> np.ndarray:
        distances = city_block(values)
        values[:] = 0
        return distances

    of.fuse(ready, n_neighbors=8, layer_weights=weights, metrics={**metrics, "a": greedy})
    pd.testing.assert_frame_equal(table, before[0], check_exact=True)
    for name, one in ready.layers.items():
        pd.testing.assert_frame_equal(one.scaled, before[1][name], check_exact=True)
    assert weights == {"a": 2.0}


def test_a_layer_that_is_the_same_for_all_is_refused() -> None:
    flat = layer("protein", PATIENTS, 0)
    flat.scaled.iloc[:] = 1.0
    with pytest.raises(of.CohortError, match="layer 'b': all 20 patients have the same values"):
        of.fuse(prepared(a=layer("protein", PATIENTS, 1), b=flat), n_neighbors=5)


def test_neighbours_are_reduced_to_the_cohort() -> None:
    with pytest.warns(of.OmicsfuseWarning, match="with 20 patients each has only 19 others"):
        fusion = of.fuse(prepared(a=layer("protein", PATIENTS, 0)), n_neighbors=50)
    assert fusion.params["n_neighbors"] == 19
    assert fusion.params["n_neighbors_asked"] == 50


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("variant", ["paper", "snfpy"])
def test_subtypes_are_found_where_many_lack_a_layer(variant: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.choice(3, 150, p=[0.45, 0.33, 0.22])
    people = pd.Index([f"P{i:03d}" for i in range(150)], name="patient")
    layers = {}
    for name, missing in (("a", 0.0), ("b", 0.4), ("c", 0.4)):
        centres = rng.normal(size=(3, 30))
        table = pd.DataFrame(centres[truth] + rng.normal(size=(150, 30)), people)
        table = table[rng.random(150) >= missing]
        layers[name] = PreparedLayer("continuous", table, table, "raw", None)
    fusion = of.fuse(prepared(**layers), variant=variant)
    labels = of.cluster(fusion, 3).labels
    assert adjusted_rand_score(truth, labels.loc[people]) > 0.95
    assert of.cluster(fusion).params["n_clusters"] == 3
