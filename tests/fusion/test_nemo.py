"""NEMO's network against the authors' program, arithmetic by hand, and a literal re-derivation."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn.metrics import adjusted_rand_score

import omicsfuse as of
from omicsfuse.assessment.refit import refit
from omicsfuse.clustering import laplacian_spectrum
from omicsfuse.clustering.discretise import discretised_labels
from omicsfuse.core.results import Prepared, PreparedLayer
from omicsfuse.fusion import NEMO
from omicsfuse.fusion.nemo import relative_similarity

REFERENCE = Path(__file__).parents[1] / "reference"
LACKING = [f"P{i:02d}" for i in (*range(16, 21), *range(36, 41))]


def reference(name: str) -> pd.DataFrame:
    """A table of nemo.R."""
    return pd.read_csv(REFERENCE / f"nemo_{name}.csv", index_col=0)


def distances(n: int, seed: int) -> np.ndarray:
    points = np.random.default_rng(seed).standard_normal((n, 3))
    return cdist(points, points)


def literal(layers: list[np.ndarray], members: list[np.ndarray], n: int, k: int) -> np.ndarray:
    """The definition, pair by pair."""
    result = np.full((n, n), np.nan)
    kernels = [NEMO(n_neighbors=k).affinity(one, n) for one in layers]
    for i in range(n):
        for j in range(n):
            told = []
            for w, inside in zip(kernels, members, strict=True):
                at = {int(patient): row for row, patient in enumerate(inside)}
                if i not in at or j not in at:
                    continue
                a, b = at[i], at[j]

                def near(x: int, w: np.ndarray = w) -> list[int]:
                    return np.argsort(-w[x])[: min(k, len(w) - 1)].tolist()

                value = w[a, b] / sum(w[a, r] for r in near(a)) if b in near(a) else 0.0
                value += w[a, b] / sum(w[b, r] for r in near(b)) if a in near(b) else 0.0
                told.append(value)
            result[i, j] = np.mean(told) if told else np.nan
    pairs = result[np.tril_indices(n, -1)]
    return np.where(np.isnan(result), pairs[~np.isnan(pairs)].mean(), result)


def as_they_are(tables: dict[str, pd.DataFrame]) -> Prepared:
    """Tables whose values are compared without any preparation."""
    layers = {
        name: PreparedLayer("continuous", table, table, "raw", None)
        for name, table in tables.items()
    }
    return Prepared("tables", layers)


def test_the_networks_of_the_authors_program() -> None:
    layers = {"a": reference("x1"), "b": reference("x2")}
    whole = of.fuse(as_they_are(layers), method="nemo")
    np.testing.assert_allclose(whole.affinity, reference("full"), rtol=0, atol=1e-13)
    some = layers | {"b": layers["b"].drop(LACKING)}
    partial = of.fuse(as_they_are(some), method="nemo", n_neighbors=8)
    np.testing.assert_allclose(partial.affinity, reference("partial"), rtol=0, atol=1e-13)
    assert partial.params["n_neighbors_per_layer"] == {"a": 8, "b": 8}


def test_groups_agree_with_those_of_the_authors_program() -> None:
    # It cuts the Laplacian with the diagonal in it, from a random start; groups are weak here.
    network = reference("full").to_numpy()
    groups = discretised_labels(laplacian_spectrum(network, 3)[1], 3)
    assert adjusted_rand_score(reference("clusters")["cluster"], groups) > 0.7


def test_by_hand() -> None:
    kernel = np.array([[8.0, 3.0, 1.0], [3.0, 9.0, 1.0], [1.0, 1.0, 4.0]])
    # Two nearest, oneself among them: of 0 are 0 and 1 (sum 11), of 1 are 1 and 0 (sum 12); of 2
    # are all three, as two tie for the second place (sum 6).
    expected = [
        [16 / 11, 3 / 11 + 3 / 12, 1 / 6],
        [3 / 11 + 3 / 12, 18 / 12, 1 / 6],
        [1 / 6, 1 / 6, 8 / 6],
    ]
    np.testing.assert_allclose(relative_similarity(kernel, 2), expected, atol=1e-15)


@pytest.mark.parametrize("k", [2, 3, 40])
def test_follows_the_definition(k: int) -> None:
    # Patients 15 to 17 have the second layer alone, and share none with 0 to 4.
    members = [np.arange(0, 12), np.arange(5, 18), np.array([0, 2, 6, 9, 11])]
    layers = [distances(len(inside), v) for v, inside in enumerate(members)]
    found = NEMO(n_neighbors=k).network(layers, members, 18, np.ones(3))
    np.testing.assert_allclose(found.network, literal(layers, members, 18, k), atol=1e-14)
    assert [each.shape for each in found.per_layer] == [(12, 12), (13, 13), (5, 5)]


def test_default_neighbours_are_a_sixth_of_the_layer() -> None:
    assert [NEMO().neighbors(n) for n in (60, 100, 27, 15, 6, 2)] == [10, 17, 4, 2, 2, 1]
    assert [NEMO(n_neighbors=8).neighbors(n) for n in (60, 8)] == [8, 7]
    assert NEMO(n_neighbors=9).of_part(0.5) == NEMO(n_neighbors=4)
    assert NEMO().of_part(0.5) == NEMO()


@pytest.mark.parametrize(
    ("asked", "sizes", "used"),
    [
        ("auto", (60, 12), "(K = a sixth of the patients of a layer: 10 in a, 2 in b)"),
        (8, (60, 12), "(K = 8)"),
        (500, (60, 60), "(K = 59)"),
        (20, (60, 12), "(K = 20 in a, 11 in b)"),
    ],
)
def test_the_neighbours_that_were_used_are_described(
    asked: int | str, sizes: tuple[int, int], used: str
) -> None:
    method = NEMO(n_neighbors=asked)
    params = method.settings | method.derived(dict(zip("ab", sizes, strict=True)), 60)
    said = method.describe(SimpleNamespace(params=params), lambda key: "[1]")
    assert said.clause.endswith(used)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), k=st.integers(2, 6))
def test_invariants(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    method, weights = NEMO(n_neighbors=k), np.ones(3)
    members = [np.arange(10), np.sort(rng.permutation(14)[:9]), np.arange(9, 14)]
    layers = [distances(len(inside), seed + v) for v, inside in enumerate(members)]
    before = [matrix.copy() for matrix in layers]
    network = method.network(layers, members, 14, weights).network
    assert np.isfinite(network).all()
    assert (network >= 0).all()
    np.testing.assert_array_equal(network, network.T)
    for matrix, old in zip(layers, before, strict=True):
        np.testing.assert_array_equal(matrix, old)
    # The order of layers, the order of patients and the units of a layer do not matter.
    again = method.network(layers[::-1], members[::-1], 14, weights).network
    np.testing.assert_allclose(again, network, atol=1e-14)
    new = rng.permutation(14)
    moved = method.network(layers, [new[inside] for inside in members], 14, weights).network
    np.testing.assert_allclose(moved[np.ix_(new, new)], network, atol=1e-14)
    scaled = [7 * layers[0], *layers[1:]]
    np.testing.assert_allclose(
        method.network(scaled, members, 14, weights).network, network, atol=1e-12
    )
    # A layer that counts as much as two is the layer taken twice.
    twice = method.network([layers[0], *layers], [members[0], *members], 14, np.ones(4)).network
    heavy = method.network(layers, members, 14, np.array([2.0, 1.0, 1.0])).network
    np.testing.assert_allclose(heavy, twice, atol=1e-14)


def test_patients_who_lack_layers_count_like_the_others() -> None:
    rng = np.random.default_rng(3)
    people = pd.Index([f"P{i:02d}" for i in range(48)], name="patient")
    layers = {}
    for name, who in (("a", people), ("b", people[:30]), ("c", people[10:])):
        table = pd.DataFrame(rng.normal(size=(len(who), 8)), who)
        layers[name] = PreparedLayer("continuous", table, table, "raw", None)
    ready = Prepared("gaps", layers)
    fusion = of.fuse(ready, method="nemo")
    assert (fusion.evidence() == 1).all()
    assert (of.fuse(ready, n_neighbors=8).evidence() < 1).any()
    assert fusion.params["n_neighbors_per_layer"] == {"a": 8, "b": 5, "c": 6}
    assert fusion.convergence.empty
    # Nulls, resamples and the choice of k repeat this network, and no other.
    repeat = refit(ready, fusion)
    np.testing.assert_array_equal(repeat.network()[0], fusion.affinity)
    rows = np.arange(40)
    part = {
        name: PreparedLayer(one.kind, table, table, one.scale, None)
        for name, one in layers.items()
        for table in [one.scaled[one.scaled.index.isin(people[rows])]]
    }
    again = of.fuse(Prepared("part", part), method="nemo")
    np.testing.assert_allclose(repeat.network(rows)[0], again.affinity, atol=1e-13)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_neighbors": 1}, "n_neighbors is 1; it must be a whole number of at least 2"),
        ({"n_neighbors": 2.5}, "n_neighbors is 2.5"),
        ({"n_neighbors": "many"}, "n_neighbors is 'many'; give a whole number or \"auto\""),
        ({"mu": 0.5}, "method 'nemo' has no setting 'mu'; .*Valid: n_neighbors"),
        ({"variant": "paper"}, "method 'nemo' has no setting 'variant'"),
        ({"engine": "exact"}, "method 'nemo' has no setting 'engine'"),
    ],
)
def test_refusals(options: dict, message: str) -> None:
    ready = {"a": reference("x1")}
    with pytest.raises(of.StudyError, match=message):
        of.fuse(ready, method="nemo", **options)
