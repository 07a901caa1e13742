"""Groups are told from a continuum, and a continuum from nothing; every draw is what it says."""

from importlib import import_module

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import omicsfuse as of
from omicsfuse.assessment import structure
from omicsfuse.assessment.refit import Refit, refit
from omicsfuse.assessment.structure import (
    CRITERIA,
    _p_value,
    network_criteria,
    structure_tests,
    verdict,
)
from omicsfuse.core.results import VERDICTS, Prepared, PreparedLayer
from omicsfuse.stats.tasks import Runner

KS = [2, 3, 4]


def cohort(*tables: np.ndarray, scales: str = "") -> Prepared:
    people = pd.Index([f"P{i:03d}" for i in range(len(tables[0]))], name="patient")
    layers = {}
    for i, values in enumerate(tables):
        table = pd.DataFrame(values, people)
        scale = "binary" if scales[i : i + 1] == "b" else "raw"
        layers[f"layer {i}"] = PreparedLayer("continuous", table, table, scale, None)
    return Prepared("made", layers)


def repeated(ready: Prepared, **options: object) -> Refit:
    return refit(ready, of.fuse(ready, n_neighbors=10, **options))


def groups(n: int, k: int, effect: float, seed: int, n_layers: int = 3) -> Prepared:
    chance = np.random.default_rng(seed)
    truth = np.arange(n) % k
    marks = np.arange(60) % 10
    return cohort(
        *(chance.normal(size=(n, 60)) + effect * (truth[:, None] == marks) for _ in range(n_layers))
    )


def factors(n: int, seed: int, shared: bool) -> Prepared:
    chance = np.random.default_rng(seed)
    common = chance.normal(size=(n, 2))
    tables = []
    for _ in range(3):
        own = common if shared else chance.normal(size=(n, 2))
        tables.append(own @ chance.normal(size=(2, 60)) + chance.normal(size=(n, 60)))
    return cohort(*tables)


def p_values(ready: Prepared, n_draws: int = 19) -> tuple[float, float]:
    return structure_tests(repeated(ready), KS, n_draws=n_draws)[1:]


def test_groups_a_continuum_and_independent_layers_are_told_apart() -> None:
    assert p_values(groups(60, 3, 1.5, seed=0)) == (0.05, 0.05)
    p_shared, p_structure = p_values(factors(60, seed=1, shared=True))
    assert p_shared == 0.05
    assert p_structure > 0.05
    assert p_values(factors(60, seed=2, shared=False))[0] > 0.05


def test_p_values_of_null_cohorts_are_not_too_small() -> None:
    # Ten cohorts, 9 draws: p <= 0.1 with probability 0.1 each, four or more with 1.3%.
    shared = [p_values(factors(30, seed, shared=False), 9)[0] for seed in range(10)]
    assert sum(p <= 0.1 for p in shared) < 4
    structured = [p_values(factors(30, 100 + seed, shared=True), 9)[1] for seed in range(10)]
    assert sum(p <= 0.1 for p in structured) < 4


def test_the_table_holds_every_criterion_at_every_k() -> None:
    ready = groups(40, 2, 1.5, seed=3)
    tests, p_shared, p_structure = structure_tests(repeated(ready), KS, n_draws=9)
    assert len(tests) == 2 * len(CRITERIA) * len(KS)
    assert set(tests["test"]) == {"shared", "structure"}
    assert (p_shared, p_structure) == (0.1, 0.1)
    network = repeated(ready).network()[0]
    for (criterion, k), rows in tests.groupby(["statistic", "k"]):
        value = network_criteria(network, KS)[CRITERIA.index(str(criterion)), KS.index(int(k))]
        sign = -1 if criterion == "normalised_cut" else 1
        np.testing.assert_allclose(rows["observed"], sign * value)
        excess = sign * (rows["observed"] - rows["null_mean"]) / rows["null_sd"]
        np.testing.assert_allclose(rows["excess"], excess)


def test_one_layer_shares_nothing_and_can_still_have_groups() -> None:
    ready = groups(45, 3, 3.0, seed=4, n_layers=1)
    tests, p_shared, p_structure = structure_tests(repeated(ready), KS, n_draws=19)
    assert np.isnan(p_shared)
    assert p_structure == 0.05
    assert set(tests["test"]) == {"structure"}
    assert verdict(p_shared, p_structure) == VERDICTS[0]


@pytest.mark.parametrize(
    ("p_shared", "p_structure", "place"),
    [(0.05, 0.05, 0), (0.05, 0.0501, 1), (0.0501, 0.01, 2), (0.9, 0.9, 2), (np.nan, 0.2, 1)],
)
def test_verdicts(p_shared: float, p_structure: float, place: int) -> None:
    assert verdict(p_shared, p_structure) == VERDICTS[place]


def test_large_cohorts_are_drawn_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(structure, "MOST_TESTED", 40)
    ready = groups(80, 2, 2.0, seed=5)
    sizes = []
    criteria = structure.network_criteria

    def counted(network: np.ndarray, ks: list[int]) -> np.ndarray:
        sizes.append(len(network))
        return criteria(network, ks)

    monkeypatch.setattr(structure, "network_criteria", counted)
    assert structure_tests(repeated(ready), KS, n_draws=9)[1:] == (0.1, 0.1)
    assert set(sizes) == {40}


@given(st.integers(0, 10_000), st.integers(1, 30), st.integers(1, 4))
def test_a_p_value_counts_the_real_network_among_the_draws(seed: int, n: int, k: int) -> None:
    chance = np.random.default_rng(seed)
    observed, null = chance.normal(size=k), chance.normal(size=(n, k))
    p = _p_value(observed, null)
    assert 1 / (n + 1) <= p <= 1
    assert _p_value(observed + 100, null) == pytest.approx(1 / (n + 1))
    assert _p_value(observed - 100, null) == pytest.approx(1) or k > 1
    # Neither units nor the order of draws matter.
    assert _p_value(3 * observed + 7, 3 * null[::-1] + 7) == pytest.approx(p)


def test_ties_with_the_draws_count_against_the_real_network() -> None:
    assert _p_value(np.array([1.0]), np.array([[1.0], [1.0], [0.0]])) == 0.75
    assert _p_value(np.zeros(2), np.zeros((5, 2))) == 1.0


def test_the_number_of_jobs_does_not_matter() -> None:
    repeat = repeated(groups(40, 2, 1.0, seed=6))
    one = structure_tests(repeat, KS, n_draws=6, runner=Runner(1))
    two = structure_tests(repeat, KS, n_draws=6, runner=Runner(2))
    pd.testing.assert_frame_equal(one[0], two[0], check_exact=True)
    assert one[1:] == two[1:]


@settings(max_examples=10, deadline=None)
@given(st.permutations(range(30)))
def test_criteria_do_not_depend_on_the_order_of_patients(order: list[int]) -> None:
    network = repeated(groups(30, 3, 2.0, seed=7)).network()[0]
    np.testing.assert_allclose(
        network_criteria(network[np.ix_(order, order)], KS), network_criteria(network, KS)
    )


def test_a_layer_that_some_lack_keeps_its_own_patients() -> None:
    ready = groups(60, 3, 1.5, seed=8)
    half = ready.layers["layer 2"]
    table = half.scaled.iloc[::2]
    layers = dict(ready.layers) | {"layer 2": PreparedLayer(half.kind, table, table, "raw", None)}
    assert p_values(Prepared("gaps", layers)) == (0.05, 0.05)


def test_assess_warns_where_a_cohort_cannot_be_redrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*args: object, **kwargs: object) -> None:
        raise of.StudyError("a distance is undefined")

    module = import_module("omicsfuse.assessment.assess")
    monkeypatch.setattr(module, "structure_tests", refused)
    ready = groups(30, 2, 2.0, seed=9)
    fusion = of.fuse(ready, n_neighbors=8)
    with pytest.warns(of.OmicsfuseWarning, match="not tested: a distance is undefined"):
        evidence = of.assess(ready, fusion, of.cluster(fusion, 2))
    assert evidence.verdict == "not tested"
    assert not evidence.supported
    assert len(evidence.stability) == 2
