"""A fusion repeated on parts of the data is what fusing those parts anew gives."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

import omicsfuse as of
import omicsfuse.assessment.refit as module
from omicsfuse.assessment.refit import NO_GROUP, refit
from omicsfuse.core.results import Fusion, Prepared, PreparedLayer


def planted(n: int = 60, gaps: bool = False, seed: int = 0) -> tuple[Prepared, np.ndarray]:
    """Three groups in three layers; with gaps, some patients lack "b", others "c"."""
    rng = np.random.default_rng(seed)
    truth = np.repeat([0, 1, 2], n // 3)
    people = pd.Index([f"P{i:02d}" for i in range(n)], name="patient")
    layers = {}
    for name in "abc":
        values = rng.normal(size=(n, 30))
        for g in range(3):
            values[truth == g, g * 5 : g * 5 + 5] += 2.0
        table = pd.DataFrame(values, people)
        if gaps and name == "b":
            table = table[np.arange(n) % 5 < 3]
        if gaps and name == "c":
            table = table[np.arange(n) % 4 > 0]
        layers[name] = PreparedLayer("continuous", table, table, "raw", None)
    return Prepared("planted", layers), truth


def part(ready: Prepared, patients: pd.Index, layers: str = "abc") -> Prepared:
    """Some patients of some layers, as if nobody else had been there."""
    kept = {}
    for name in layers:
        one = ready.layers[name]
        table = one.scaled[one.scaled.index.isin(patients)]
        kept[name] = PreparedLayer(one.kind, table, table, one.scale, None)
    return Prepared("part", kept)


def codes(fusion: Fusion, k: int) -> np.ndarray:
    return of.cluster(fusion, k).labels.str[1:].astype(int).to_numpy() - 1


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"variant": "snfpy"},
        {"variant": "snfpy", "alpha": 2.5},
        {"layer_weights": {"a": 3.0}},
        {"dtype": "float32"},
        {"metrics": {"b": "manhattan"}},
        {"mu": 0.3, "n_iterations": 7},
    ],
)
def test_everyone_again_gives_the_same_labels(gaps: bool, options: dict) -> None:
    ready, _ = planted(gaps=gaps)
    fusion = of.fuse(ready, n_neighbors=8, **options)
    repeat = refit(ready, fusion)
    for k in (2, 3, 5):
        np.testing.assert_array_equal(repeat.labels(k), codes(fusion, k))


def test_settings_matter_in_the_repetition() -> None:
    # Weak groups, so that labels move with the settings.
    rng = np.random.default_rng(3)
    people = pd.Index([f"P{i:02d}" for i in range(50)], name="patient")
    tables = {name: pd.DataFrame(rng.normal(size=(50, 5)), people) for name in "ab"}
    layers = {n: PreparedLayer("continuous", t, t, "raw", None) for n, t in tables.items()}
    ready = Prepared("noise", layers)
    found = [
        refit(ready, of.fuse(ready, n_neighbors=8, **options)).labels(4)
        for options in ({}, {"layer_weights": {"a": 20.0}}, {"metrics": {"a": "cosine"}})
    ]
    assert all(adjusted_rand_score(*pair) < 1 for pair in pairwise(found))


def test_engine_snfpy_is_repeated_by_ours() -> None:
    ready, _ = planted()
    fusion = of.fuse(ready, n_neighbors=8, engine="snfpy")
    np.testing.assert_array_equal(refit(ready, fusion).labels(3), codes(fusion, 3))


def test_engine_sparse_is_repeated_exactly() -> None:
    ready, truth = planted(gaps=True)
    fusion = of.fuse(ready, n_neighbors=8, engine="sparse", n_kept=30)
    again = refit(ready, fusion).labels(3)
    np.testing.assert_array_equal(again, codes(of.fuse(ready, n_neighbors=8), 3))
    assert adjusted_rand_score(truth[[int(p[1:]) for p in fusion.patients]], again) > 0.9


@pytest.mark.parametrize("gaps", [False, True])
def test_some_patients_and_layers_are_fused_as_if_alone(gaps: bool) -> None:
    ready, _ = planted(gaps=gaps, seed=2)
    fusion = of.fuse(ready, n_neighbors=8)
    repeat = refit(ready, fusion)
    rows = np.sort(np.random.default_rng(0).choice(60, 45, replace=False))
    drawn = fusion.patients[rows]
    some = of.fuse(part(ready, drawn), n_neighbors=8)
    assert list(some.patients) == list(drawn)
    np.testing.assert_array_equal(repeat.labels(3, rows), codes(some, 3))
    two = of.fuse(part(ready, drawn, "ab"), n_neighbors=8)
    np.testing.assert_array_equal(repeat.labels(3, rows, ["a", "b"]), codes(two, 3))


@pytest.mark.parametrize("layers", [["b"], ["c"], ["b", "c"]])
def test_patients_with_none_of_the_layers_are_in_no_group(layers: list[str]) -> None:
    ready, truth = planted(gaps=True)
    fusion = of.fuse(ready, n_neighbors=8)
    groups = refit(ready, fusion).labels(3, layers=layers)
    has = fusion.coverage.loc[fusion.patients, layers].any(axis=1).to_numpy()
    assert 0 < (~has).sum() < 30
    np.testing.assert_array_equal(groups == NO_GROUP, ~has)
    assert set(groups[has]) == {0, 1, 2}
    assert adjusted_rand_score(truth[has], groups[has]) > 0.7


def test_too_few_are_no_group_at_all() -> None:
    ready, _ = planted(gaps=True)
    repeat = refit(ready, of.fuse(ready, n_neighbors=8))
    assert (repeat.labels(3, rows=np.array([3, 4, 8])) == NO_GROUP).all()
    # Two patients with the layer make no neighbourhood.
    lacking = np.setdiff1d(np.arange(60), repeat.positions["b"])[:20]
    rows = np.sort(np.concatenate([lacking, repeat.positions["b"][:2]]))
    assert (repeat.labels(3, rows=rows, layers=["b"]) == NO_GROUP).all()
    both = repeat.labels(2, rows=rows)
    np.testing.assert_array_equal(both, repeat.labels(2, rows=rows, layers=["a", "c"]))


def test_distances_of_large_cohorts_are_computed_when_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ready, _ = planted(gaps=True)
    fusion = of.fuse(ready, n_neighbors=8, metrics={"c": "manhattan"})
    rows = np.arange(0, 60, 2)
    small = refit(ready, fusion)
    monkeypatch.setattr(module, "MOST_REFITTED", 40)
    large = refit(ready, fusion)
    assert set(small.distances) == {"a", "b", "c"}
    assert large.distances == {}
    np.testing.assert_array_equal(small.labels(3, rows), large.labels(3, rows))


def test_a_table_of_distances_is_used_again() -> None:
    ready, _ = planted(gaps=True)
    values = ready.layers["b"].scaled
    d = np.abs(values.to_numpy()[:, None] - values.to_numpy()[None]).sum(axis=2)
    table = pd.DataFrame(d, values.index, values.index).iloc[::-1]
    fusion = of.fuse(ready, n_neighbors=8, metrics={"b": table})
    np.testing.assert_array_equal(refit(ready, fusion).labels(3), codes(fusion, 3))


def test_the_number_of_threads_does_not_matter() -> None:
    ready, _ = planted(gaps=True)
    repeat = refit(ready, of.fuse(ready, n_neighbors=8))
    np.testing.assert_array_equal(repeat.labels(5), repeat.labels(5, n_threads=3))


def test_other_layers_than_those_fused_are_refused() -> None:
    ready, _ = planted(gaps=True)
    fusion = of.fuse(ready, n_neighbors=8)
    with pytest.raises(of.StudyError, match=r"layer 'c' of the fusion.* give the prepared"):
        refit(Prepared("two", {n: ready.layers[n] for n in "ab"}), fusion)
    with pytest.raises(of.StudyError, match="layer 'a' of the fusion, or some of its patients"):
        refit(part(ready, fusion.patients[:50]), fusion)


def test_patients_change_places_with_those_who_brought_the_same_layers() -> None:
    ready, _ = planted(gaps=True)
    repeat = refit(ready, of.fuse(ready, n_neighbors=8))
    coverage = of.fuse(ready, n_neighbors=8).coverage.to_numpy()
    for name, rows in repeat.positions.items():
        order = repeat.order(name, np.random.default_rng(0))
        assert sorted(order) == list(range(len(rows)))
        assert (order != np.arange(len(rows))).any()
        np.testing.assert_array_equal(coverage[rows[order]], coverage[rows])
    whole, _ = planted()
    complete = refit(whole, of.fuse(whole, n_neighbors=8))
    expected = np.random.default_rng(1).permutation(60)
    np.testing.assert_array_equal(complete.order("a", np.random.default_rng(1)), expected)


def test_some_patients_as_the_whole_cohort() -> None:
    ready, _ = planted(gaps=True)
    repeat = refit(ready, of.fuse(ready, n_neighbors=8))
    rows = np.arange(0, 60, 2)
    some = repeat.among(rows)
    assert list(some.patients) == list(repeat.patients[rows])
    again, there = some.network()
    expected, same = repeat.network(rows)
    np.testing.assert_array_equal(there, same)
    np.testing.assert_array_equal(again, expected)
