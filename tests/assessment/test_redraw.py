"""A redrawn cohort keeps every feature's values and what features share, and has no groups."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist, squareform
from scipy.stats import norm

import omicsfuse as of
from omicsfuse.assessment.redraw import (
    continuum,
    latent_scores,
    normal_scores,
    principal_coordinates,
)
from omicsfuse.assessment.refit import Refit, refit
from omicsfuse.assessment.unimodal import _modes, critical_bandwidth, drawn_from_one_mode
from omicsfuse.core.results import Prepared, PreparedLayer


def layer(values: np.ndarray, scale: str = "raw", start: int = 0) -> PreparedLayer:
    people = pd.Index([f"P{i:03d}" for i in range(start, start + len(values))], name="patient")
    table = pd.DataFrame(values, people)
    return PreparedLayer("continuous", table, table, scale, None)


def repeated(layers: dict[str, PreparedLayer], **options: object) -> Refit:
    ready = Prepared("made", layers)
    return refit(ready, of.fuse(ready, n_neighbors=8, **options))


def correlated(n: int = 80, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    factor = chance.normal(size=(n, 1))
    one = factor * chance.choice([-1.0, 1.0], 40) + 0.5 * chance.normal(size=(n, 40))
    other = np.exp(factor * chance.choice([-1.0, 1.0], 40) + 0.5 * chance.normal(size=(n, 40)))
    return one, other


def tables_of(repeat: Refit, seed: int) -> dict[str, np.ndarray]:
    """Values of a redrawn cohort, caught on their way to the distances."""
    drawn = continuum(repeat, repeat.network()[0])
    mixing = drawn._mixing(np.random.default_rng(seed))
    found = {}
    for name, ranked in drawn.ranked.items():
        mixed = mixing[repeat.positions[name]] @ drawn.scores[name]
        values = np.empty_like(ranked)
        np.put_along_axis(values, mixed.argsort(axis=0, kind="stable"), ranked, axis=0)
        found[name] = values
    return found


def test_features_keep_their_values_and_their_correlations_across_layers() -> None:
    one, other = correlated()
    redrawn = tables_of(repeated({"a": layer(one), "b": layer(other)}), seed=1)
    np.testing.assert_array_equal(np.sort(redrawn["a"], axis=0), np.sort(one, axis=0))
    np.testing.assert_array_equal(np.sort(redrawn["b"], axis=0), np.sort(other, axis=0))
    before = np.corrcoef(normal_scores(one).T, normal_scores(other).T)
    after = np.corrcoef(normal_scores(redrawn["a"]).T, normal_scores(redrawn["b"]).T)
    assert np.abs(before[:40, 40:]).mean() > 0.7
    assert np.abs(before - after).mean() < 0.05
    assert np.corrcoef(before.ravel(), after.ravel())[0, 1] > 0.98


def test_patients_are_others_in_each_draw() -> None:
    one, other = correlated()
    repeat = repeated({"a": layer(one), "b": layer(other)})
    draws = [tables_of(repeat, seed)["a"] for seed in range(3)]
    for first, second in pairwise(draws):
        assert abs(np.corrcoef(first[:, 0], second[:, 0])[0, 1]) < 0.5
    np.testing.assert_array_equal(draws[0], tables_of(repeat, 0)["a"])


def test_groups_are_gone() -> None:
    chance = np.random.default_rng(2)
    truth = np.arange(80) % 2
    tables = [chance.normal(size=(80, 50)) + 1.5 * truth[:, None] for _ in range(2)]
    repeat = repeated({"a": layer(tables[0]), "b": layer(tables[1])})
    first = np.linalg.svd(tables[0] - tables[0].mean(axis=0))[0][:, 0]
    again = tables_of(repeat, 0)["a"]
    new = np.linalg.svd(again - again.mean(axis=0))[0][:, 0]
    assert critical_bandwidth(first / first.std()) > 2 * critical_bandwidth(new / new.std())


def test_binary_features_hold_together_as_much_as_before() -> None:
    chance = np.random.default_rng(3)
    factor = chance.normal(size=(200, 1))
    binary = (factor + 0.6 * chance.normal(size=(200, 60)) > 0.8).astype(float)
    repeat = repeated({"a": layer(binary, "binary"), "b": layer(correlated(200)[0])})
    before = np.corrcoef(binary.T)[np.triu_indices(60, 1)].mean()
    after = np.mean(
        [np.corrcoef(tables_of(repeat, s)["a"].T)[np.triu_indices(60, 1)].mean() for s in range(5)]
    )
    assert before > 0.4
    # Without the correction it would be 0.35.
    assert after == pytest.approx(before, abs=0.04)


def test_scores_are_means_of_a_normal_variable_between_quantiles() -> None:
    found = normal_scores(np.array([[0.0], [1.0], [1.0], [2.0]])).ravel()
    low, high = norm.ppf([0.25, 0.75])
    expected = np.array(
        [-norm.pdf(low) / 0.25, (norm.pdf(low) - norm.pdf(high)) / 0.5, norm.pdf(high) / 0.25]
    )
    np.testing.assert_allclose(found, expected[[0, 1, 1, 2]], atol=1e-12)
    constant = normal_scores(np.ones((5, 1)))
    np.testing.assert_allclose(constant, 0, atol=1e-12)


def test_features_without_classes_are_left_alone() -> None:
    scores = normal_scores(np.random.default_rng(4).normal(size=(30, 5)))
    signal = np.linalg.qr(np.random.default_rng(5).normal(size=(30, 2)))[0]
    np.testing.assert_array_equal(latent_scores(scores, np.zeros(5, bool), signal), scores)
    some = latent_scores(scores, np.arange(5) < 2, signal)
    np.testing.assert_array_equal(some[:, 2:], scores[:, 2:])
    np.testing.assert_allclose((some[:, :2] ** 2).mean(axis=0), 1.0)


def test_principal_coordinates_have_the_distances_they_come_from() -> None:
    points = np.random.default_rng(5).normal(size=(20, 4))
    distances = squareform(pdist(points))
    found = principal_coordinates(distances)
    assert found.shape == (20, 4)
    np.testing.assert_allclose(squareform(pdist(found)), distances, atol=1e-9)


def test_given_distances_are_redrawn_too() -> None:
    points = np.random.default_rng(6).normal(size=(40, 5))
    one = layer(points)
    names = one.scaled.index
    given_table = pd.DataFrame(squareform(pdist(points)), names, names)
    repeat = repeated({"a": one, "b": layer(correlated(40)[0])}, metrics={"a": given_table})
    drawn = continuum(repeat, repeat.network()[0])
    again = drawn.redrawn(np.random.default_rng(0))
    assert again.distances["a"].shape == (40, 40)
    assert abs(np.corrcoef(again.distances["a"].ravel(), given_table.to_numpy().ravel())[0, 1]) < 1
    assert again.distances["a"].mean() == pytest.approx(given_table.to_numpy().mean(), rel=0.1)


def test_patients_without_a_layer_are_stood_in_for() -> None:
    one, other = correlated(60)
    repeat = repeated({"a": layer(one), "b": layer(other[:30])})
    drawn = continuum(repeat, repeat.network()[0])
    assert drawn.scores["b"].shape == (60, 40)
    again = drawn.redrawn(np.random.default_rng(0))
    assert again.distances["b"].shape == (30, 30)


def test_a_distance_that_stays_undefined_is_refused() -> None:
    # Nine tenths of the features are 0 for everyone but one: few redraws leave nobody with nothing.
    binary = np.eye(30)
    repeat = repeated(
        {"a": layer(binary, "binary"), "b": layer(correlated(30)[0])}, metrics={"a": "cosine"}
    )
    drawn = continuum(repeat, repeat.network()[0])
    with pytest.raises(
        of.StudyError, match="layer 'a': in cohorts redrawn without groups, cosine is undefined"
    ):
        drawn.redrawn(np.random.default_rng(0))


@pytest.mark.parametrize(
    "values",
    [np.linspace(-1, 1, 30), np.repeat([0.0, 1.0], 15), np.zeros(12), np.r_[np.zeros(29), 1.0]],
)
def test_one_mode_is_left_at_the_critical_bandwidth(values: np.ndarray) -> None:
    bandwidth = critical_bandwidth(values)
    assert _modes(values, bandwidth) <= 1
    drawn = drawn_from_one_mode(values, bandwidth, np.random.default_rng(0))
    assert drawn.shape == values.shape
    assert np.isfinite(drawn).all()


def test_two_groups_need_a_bandwidth_of_their_distance() -> None:
    # Two equal normal kernels have one mode from a bandwidth of half their distance on.
    assert critical_bandwidth(np.array([-1.0, 1.0])) == pytest.approx(1.0, abs=0.02)
