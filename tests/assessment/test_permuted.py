"""The real layer against patient-permuted copies of itself."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import omicsfuse as of
from omicsfuse.assessment import between_layers, permuted
from omicsfuse.assessment.between_layers import prepared_bench, shared_agreement
from omicsfuse.assessment.permuted import EFFECTS, gains, permuted_layers
from omicsfuse.assessment.refit import NO_GROUP, Refit, refit
from omicsfuse.clustering.criteria import affinity_silhouettes
from omicsfuse.core.results import Fusion, Prepared, PreparedLayer, Subtypes
from omicsfuse.stats.tasks import Runner


def layer(values: np.ndarray, patients: list[str]) -> PreparedLayer:
    table = pd.DataFrame(values, pd.Index(patients, name="patient"))
    return PreparedLayer("continuous", table, table, "raw", None)


def ready(shifts: dict[str, float], n: int = 36, seed: int = 0) -> Prepared:
    """Two groups that layers share; layers named "own..." have other groups of their own."""
    rng = np.random.default_rng(seed)
    shared = rng.permutation(np.arange(n) % 2)
    layers = {}
    for name, shift in shifts.items():
        group = rng.permutation(shared) if name.startswith("own") else shared
        values = rng.normal(size=(n, 16)) + shift * group[:, None] * (np.arange(16) < 10)
        layers[name] = layer(values, [f"P{i:03d}" for i in range(n)])
    return Prepared("planted", layers)


def fused(prepared: Prepared, k: int = 2) -> tuple[Refit, Subtypes, Fusion]:
    fusion = of.fuse(prepared, n_neighbors=8)
    return refit(prepared, fusion), of.cluster(fusion, k), fusion


def test_shared_layers_add_and_private_groups_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(between_layers, "N_RESAMPLES", 1)
    repeat, subtypes, _ = fused(ready({"a": 2.0, "b": 2.0, "own": 2.0}, n=30))
    table = permuted_layers(repeat, subtypes, n_permutations=19)
    assert table.index.tolist() == ["a", "b", "own"]
    assert table["p_adds"].tolist() == table["shared_gain_p"].tolist()
    assert (table.loc[["a", "b"], "p_adds"] == 0.05).all()
    assert table.loc[["a", "b"], "fdr_adds"].tolist() == pytest.approx([0.075, 0.075])
    assert table.loc["own", "p_adds"] > 0.05
    assert (table.loc[["a", "b"], "shared_gain_low"] > 0).all()
    assert table.loc["own", "shared_gain_low"] < 0
    # Without the private layer, the two that share tell more of one another.
    assert table["held_out_without"].idxmax() == "own"
    for effect in EFFECTS:
        gain = table[f"{effect}_real"] - table[f"{effect}_permuted"]
        np.testing.assert_allclose(table[f"{effect}_gain"], gain)
        assert (table[f"{effect}_gain_low"] <= table[f"{effect}_gain_high"]).all()
        assert table[f"{effect}_gain_p"].between(0.05, 1).all()
    assert (table["n_permutations"] == 19).all()


def test_a_copy_is_measured_as_if_its_table_had_been_permuted() -> None:
    prepared = ready({"a": 1.0, "b": 1.0, "c": 0.5}, seed=3)
    patients = [f"P{i:03d}" for i in range(36)]
    few = prepared.layers["b"].scaled.iloc[6:]
    prepared.layers["b"] = layer(few.to_numpy(), list(few.index))
    seed = np.random.SeedSequence(5)
    for name, n in (("a", 36), ("b", 30)):
        bench = prepared_bench(fused(prepared)[0], 2, 0)
        copy = permuted._one_copy(bench, True, (name, seed))
        order = bench.repeat.order(name, np.random.default_rng(seed))
        own = patients[36 - n :]
        values = prepared.layers[name].scaled.to_numpy()[order]
        moved = Prepared("moved", dict(prepared.layers) | {name: layer(values, own)})
        real = permuted._one_copy(prepared_bench(fused(moved)[0], 2, 0), True, (name, None))
        np.testing.assert_allclose(copy, real, rtol=1e-9)
        still = permuted._one_copy(prepared_bench(fused(prepared)[0], 2, 0), True, (name, None))
        assert abs(still - real).max() > 1e-3


def test_shared_agreement_is_what_its_words_say() -> None:
    prepared = ready({"a": 2.5, "b": 2.5, "c": 1.5})
    repeat, _, fusion = fused(prepared)
    bench = prepared_bench(repeat, 2, 0)

    def groups(*layers: str) -> np.ndarray:
        labels = of.cluster(of.fuse(prepared, layers=layers, n_neighbors=8), 2).labels
        return labels.str[1:].astype(int).to_numpy() - 1

    def silhouette(name: str, own: np.ndarray) -> float:
        return affinity_silhouettes(fusion.per_layer[name].to_numpy(), own).mean()

    alone = bench.groups(["a"])[1]
    found = shared_agreement(bench, "a", alone, bench.networks["a"])
    forth = np.mean([silhouette(name, groups("a")) for name in "bc"])
    assert found == pytest.approx((forth + silhouette("a", groups("b", "c"))) / 2)
    held = between_layers.held_out_agreement(bench, ["b", "c"])
    expected = [silhouette("b", groups("a", "c")), silhouette("c", groups("a", "b"))]
    assert held == pytest.approx(np.mean(expected))
    assert permuted._without(bench, "c") == pytest.approx(
        (silhouette("a", groups("b")) + silhouette("b", groups("a"))) / 2
    )


def test_p_values_are_uniform_where_nothing_is_shared() -> None:
    ranks = []
    for seed in range(24):
        repeat, _, _ = fused(ready({"a": 2.0, "own": 2.0}, n=24, seed=seed))
        bench = prepared_bench(repeat, 2, 0)
        orders = [np.arange(24), *np.random.default_rng(seed).permuted([range(24)] * 7, axis=1)]
        values = np.array(
            [
                shared_agreement(
                    bench,
                    "own",
                    bench.groups(["own"], shuffled={"own": order})[1],
                    bench.networks["own"][np.ix_(order, order)],
                )
                for order in orders
            ]
        )
        ranks.append((values >= values[0]).mean())
    # Uniform on 1/8, ..., 1: mean 0.5625, standard error 0.047.
    assert abs(np.mean(ranks) - 0.5625) < 0.14
    assert np.mean(np.array(ranks) == 0.125) < 0.3


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=30))
def test_gains_of_any_values(values: list[float]) -> None:
    found = gains(np.array(values))
    real, copies = values[0], np.array(values[1:])
    assert found["_gain_p"] == (1 + (copies >= real).sum()) / len(values)
    assert found["_gain_low"] <= found["_gain_high"]
    assert found["_gain"] == pytest.approx(real - copies.mean())
    assert found["_real"] == real


def test_gains_of_what_is_missing() -> None:
    found = gains(np.array([0.5, np.nan, 0.1]))
    assert found.pop("_real") == 0.5
    assert np.isnan(list(found.values())).all()


def test_one_layer_or_one_subtype_shares_nothing() -> None:
    repeat, subtypes, fusion = fused(ready({"a": 2.0}))
    assert permuted_layers(repeat, subtypes).drop(columns="n_permutations").isna().all(None)
    repeat, _, fusion = fused(ready({"a": 2.0, "b": 2.0}))
    table = permuted_layers(repeat, of.cluster(fusion, 1))
    assert table.drop(columns="n_permutations").isna().all(None)
    columns = permuted_layers(repeat, of.cluster(fusion, 2), n_permutations=1).columns
    assert table.columns.tolist() == columns.tolist()


def test_two_layers_have_nothing_without_one() -> None:
    repeat, subtypes, _ = fused(ready({"a": 2.0, "b": 2.0}))
    table = permuted_layers(repeat, subtypes, n_permutations=3)
    assert table["held_out_without"].isna().all()
    assert table["p_adds"].tolist() == [0.25, 0.25]
    # Symmetric: each layer alone in the other.
    assert table.loc["a", "shared_real"] == pytest.approx(table.loc["b", "shared_real"])


def test_patients_who_lack_a_layer_keep_lacking_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(between_layers, "N_RESAMPLES", 1)
    prepared = ready({"a": 2.5, "b": 2.5, "c": 2.5}, n=40)
    few = prepared.layers["c"].scaled.iloc[::2]
    prepared.layers["c"] = layer(few.to_numpy(), list(few.index))
    repeat, subtypes, _ = fused(prepared)
    bench = prepared_bench(repeat, 2, 0)
    lacking = np.setdiff1d(np.arange(40), repeat.positions["c"])
    alone = bench.groups(["c"], shuffled={"c": np.random.default_rng(0).permutation(20)})[1]
    assert (alone[lacking] == NO_GROUP).all()
    assert (alone[repeat.positions["c"]] != NO_GROUP).all()
    table = permuted_layers(repeat, subtypes, n_permutations=9)
    assert (table["p_adds"] == 0.1).all()


def test_layers_with_hardly_a_patient_in_the_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = ready({"a": 2.5, "b": 2.5, "c": 2.5}, n=60)
    few = prepared.layers["c"].scaled.iloc[:12]
    prepared.layers["c"] = layer(few.to_numpy(), list(few.index))
    repeat, subtypes, _ = fused(prepared)
    monkeypatch.setattr(between_layers, "MOST_PERMUTED", 30)
    bench = prepared_bench(repeat, 2, 1)
    assert len(bench.rows) == 30
    assert (np.diff(bench.rows) > 0).all()
    assert len(bench.repeat.positions["c"]) < 10
    np.testing.assert_array_equal(
        bench.repeat.distances["a"], repeat.distances["a"][np.ix_(bench.rows, bench.rows)]
    )
    table = permuted_layers(repeat, subtypes, n_permutations=3, random_state=1)
    assert table.loc["c"].drop("n_permutations").isna().all()
    assert (table.loc[["a", "b"], "p_adds"] == 0.25).all()
    # Distances of large cohorts, computed when needed, are the same.
    large = replace(repeat, distances={})
    again = permuted_layers(large, subtypes, n_permutations=3, random_state=1)
    pd.testing.assert_frame_equal(table, again)


def test_the_number_of_jobs_does_not_matter() -> None:
    repeat, subtypes, _ = fused(ready({"a": 1.0, "b": 1.0}, n=24))
    one = permuted_layers(repeat, subtypes, n_permutations=3, random_state=2)
    two = permuted_layers(
        repeat, subtypes, n_permutations=3, random_state=2, runner=Runner(n_jobs=2)
    )
    pd.testing.assert_frame_equal(one, two, check_exact=True)
    assert not one.equals(permuted_layers(repeat, subtypes, n_permutations=3, random_state=3))


@pytest.mark.parametrize("n_permutations", [0, 2.5, "many"])
def test_a_senseless_number_is_refused(n_permutations: object) -> None:
    repeat, subtypes, _ = fused(ready({"a": 1.0, "b": 1.0}, n=24))
    with pytest.raises(of.StudyError, match="n_permutations"):
        permuted_layers(repeat, subtypes, n_permutations=n_permutations)
