"""One interface for integration methods: by name, as an object, and in everything that repeats."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest

import omicsfuse as of
from omicsfuse.assessment.permuted import permuted_layers
from omicsfuse.assessment.refit import refit
from omicsfuse.assessment.sensitivity import sensitivity
from omicsfuse.assessment.structure import structure_tests
from omicsfuse.core.results import Fusion, Prepared, PreparedLayer
from omicsfuse.fusion import METHODS, NEMO, SNF, Description, Joined, Method


@dataclass(frozen=True)
class Nearness(Method):
    """The mean over layers of how near two patients are, for patients who have every layer."""

    power: float = 1.0

    name: ClassVar[str] = "nearness"
    title: ClassVar[str] = "mean nearness"
    takes_partial: ClassVar[bool] = False
    takes_weights: ClassVar[bool] = False
    most_patients: ClassVar[int] = 100

    def affinity(self, distances: np.ndarray, n: int, n_threads: int = 1) -> np.ndarray:
        return (1 - distances / distances.max()) ** self.power

    def network(
        self,
        distances: Iterable[np.ndarray],
        members: Sequence[np.ndarray] | None,
        n: int,
        weights: np.ndarray,
        n_threads: int = 1,
    ) -> Joined:
        own = [self.affinity(one, n) for one in distances]
        return Joined(np.mean(own, axis=0), own)

    def moved(self, n: int) -> dict[str, list[Any]]:
        return {"power": [0.5, 1.0, 2.0]}

    def describe(self, fusion: Fusion, cite: Any) -> Description:
        return Description(f"{self.title} (power {self.power:g})", "")


def ready(n: int = 48, shift: float = 1.5) -> Prepared:
    """Two groups in two layers."""
    rng = np.random.default_rng(4)
    people = pd.Index([f"P{i:03d}" for i in range(n)], name="patient")
    group = (np.arange(n) % 2)[:, None]
    layers = {}
    for name in "ab":
        table = pd.DataFrame(rng.normal(size=(n, 12)) + shift * group, people)
        layers[name] = PreparedLayer("continuous", table, table, "raw", None)
    return Prepared("made", layers)


@pytest.mark.parametrize("name", METHODS)
def test_a_method_by_name_is_its_object(name: str) -> None:
    prepared = ready()
    named = of.fuse(prepared, method=name)
    given = of.fuse(prepared, method=METHODS[name]())
    pd.testing.assert_frame_equal(named.affinity, given.affinity, check_exact=True)
    assert named.params == given.params
    assert named.params["method"] == name
    assert type(named.method) is METHODS[name]
    described = named.method.describe(
        named, lambda *keys: str([METHODS[name].references[k] for k in keys])
    )
    assert METHODS[name].title in described.clause
    for field in fields(METHODS[name]):
        assert field.name in named.method.settings


def test_the_default_is_snf_with_settings_as_used() -> None:
    prepared = ready()
    with pytest.warns(of.OmicsfuseWarning, match="n_neighbors is 60"):
        fusion = of.fuse(prepared, n_neighbors=60)
    assert fusion.method == SNF(n_neighbors=47, variant="paper")
    assert fusion.params["n_neighbors_asked"] == 60


def test_whatever_repeats_a_fusion_repeats_its_method() -> None:
    prepared = ready()
    fusion = of.fuse(prepared, method=Nearness(power=3.0))
    assert fusion.params["power"] == 3.0
    repeat = refit(prepared, fusion)
    np.testing.assert_array_equal(repeat.network()[0], fusion.affinity)
    subtypes = of.cluster(fusion, (2, 3))
    found = sensitivity(
        prepared, fusion, subtypes, settings={"n_features": [], "metric": [], "random_state": []}
    )
    assert found["setting"].tolist() == ["power"] * 4
    assert found["value"].tolist() == ["0.5", "1", "2", "3"]
    assert found["note"].tolist() == ["", "", "", "as reported"]
    tests, p_shared, p_structure = structure_tests(repeat, [2, 3], n_draws=19)
    assert p_shared == 0.05
    observed = tests.loc[tests["statistic"] == "silhouette", "observed"]
    layers = permuted_layers(repeat, subtypes, n_permutations=19)
    assert (layers["p_adds"] == 0.05).all()
    # Another method sees another network, and so have its null draws.
    other = refit(prepared, of.fuse(prepared, method=Nearness()))
    again = structure_tests(other, [2, 3], n_draws=19)[0]
    assert not np.allclose(again.loc[again["statistic"] == "silhouette", "observed"], observed)
    assert not np.allclose(again["null_mean"], tests["null_mean"])
    assert 0 < p_structure <= 1


def test_what_a_method_cannot_do_is_refused() -> None:
    prepared = ready()
    with pytest.raises(of.StudyError, match="method 'nearness' takes no layer_weights"):
        of.fuse(prepared, method=Nearness(), layer_weights={"a": 2.0})
    with pytest.raises(of.StudyError, match="fuses only patients with every layer"):
        of.fuse(prepared, method=Nearness(), patients="all")
    with pytest.raises(of.StudyError, match="fuses 100 patients at most, and there are 110"):
        of.fuse(ready(110), method=Nearness())


@pytest.mark.parametrize(
    ("method", "settings", "message"),
    [
        ("simnet", {}, "method is 'simnet'; .*Valid: snf, nemo"),
        (None, {}, "method is of type NoneType; expected one of snf, nemo, or an object"),
        (SNF, {}, "method is of type ABCMeta"),
        (SNF(), {"mu": 0.4}, r"settings \(mu\) are given beside a method of type SNF"),
        ("snf", {"neighbours": 4}, "method 'snf' has no setting 'neighbours'; did you mean"),
        ("snf", {"min_layer": 4}, "has no setting 'min_layer'; did you mean \"min_layers\""),
        ("nemo", {"variant": "paper"}, "method 'nemo' has no setting 'variant'"),
    ],
)
def test_methods_that_are_none(method: Any, settings: dict, message: str) -> None:
    with pytest.raises(of.StudyError, match=message):
        of.fuse(ready(), method=method, **settings)


def test_a_fusion_made_by_hand_cannot_be_repeated() -> None:
    prepared = ready()
    fusion = of.fuse(prepared)
    bare = Fusion(fusion.affinity, fusion.per_layer, fusion.coverage, fusion.params)
    with pytest.raises(of.StudyError, match="does not record its method"):
        refit(prepared, bare)


def test_tables_are_prepared_whatever_the_order_of_their_patients() -> None:
    tables = {name: layer.scaled for name, layer in ready().layers.items()}
    shuffled = {name: table.sample(frac=1, random_state=1) for name, table in tables.items()}
    fusion = of.fuse(tables, method=NEMO(n_neighbors=6))
    again = of.fuse(shuffled, method=NEMO(n_neighbors=6)).affinity
    order = fusion.affinity.index
    pd.testing.assert_frame_equal(again.loc[order, order], fusion.affinity, check_names=False)
    assert of.assess(fusion.prepared, fusion, of.cluster(fusion, 2)).params["budget"] == "quick"


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"a": [[1, 2]]}, 'layer "a": found a list; expected a pandas.DataFrame'),
        ({}, "tables is empty"),
        ({"a": ready().layers["a"].scaled.astype(str) + "x"}, "not numbers"),
    ],
)
def test_tables_that_cannot_be_fused(tables: Any, message: str) -> None:
    with pytest.raises(of.CohortError, match=message):
        of.fuse(tables)


class Faulty(Nearness):
    """A method that spoils its network in a way of its own."""

    def network(self, distances, members, n, weights, n_threads=1):
        joined = super().network(distances, members, n, weights, n_threads)
        return joined._replace(**self.spoilt(joined.network.copy()))

    def spoilt(self, network: np.ndarray) -> dict[str, Any]:
        raise NotImplementedError


def changed(network: np.ndarray, value: float) -> np.ndarray:
    network[0, 1] = value
    return network


@pytest.mark.parametrize(
    ("spoilt", "problem"),
    [
        (lambda a: {"network": changed(a, np.nan)}, "the network has values that are missing"),
        (lambda a: {"network": -a}, "the network has values below 0, down to -1"),
        (lambda a: {"network": changed(a, 0.5)}, "the network is not symmetric"),
        (lambda a: {"network": a[:5, :5]}, r"the network has the shape \(5, 5\) with 48 patients"),
        (lambda a: {"network": a[0]}, r"the network has the shape \(48,\) with 48 patients"),
        (lambda a: {"network": a.astype(object)}, "the network has values of type object"),
        (lambda a: {"per_layer": [a]}, "gave 1 networks of 2 layers"),
        (lambda a: {"per_layer": [a, a[:3]]}, r"the network of layer 'b' has the shape \(3, 48\)"),
    ],
)
def test_a_network_that_cannot_be_used_is_refused(spoilt: Any, problem: str) -> None:
    method = type("Own", (Faulty,), {"spoilt": lambda self, network: spoilt(network)})()
    with pytest.raises(of.StudyError, match=f"method 'nearness'.*{problem}"):
        of.fuse(ready(), method=method)


@pytest.mark.parametrize("name", ["", " ", None])
def test_a_method_needs_a_name(name: Any) -> None:
    with pytest.raises(of.StudyError, match="the method of type Own has no name"):
        of.fuse(ready(), method=type("Own", (Nearness,), {"name": name})())
