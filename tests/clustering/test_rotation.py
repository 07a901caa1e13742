"""Rotation cost: perfect groups, invariances, the global minimum, and SNFtool's form."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from omicsfuse.clustering import laplacian_spectrum, rotation_cost_discrete
from omicsfuse.clustering.rotation import rotation_cost


def points_network(n: int, k: int, shift: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(n, 15))
    points[np.arange(n), np.arange(n) % k] += shift
    d = cdist(points, points, "sqeuclidean")
    return np.exp(-3 * d / np.median(d))


def cost_of(z: np.ndarray) -> float:
    """The definition, for one rotation."""
    return float(((z**2).sum(axis=1) / (z**2).max(axis=1)).mean() - 1)


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_separate_groups_cost_nothing(k: int) -> None:
    sizes = [7, 5, 4, 3, 2][:k]
    network = np.zeros((sum(sizes), sum(sizes)))
    start = 0
    for size in sizes:
        network[start : start + size, start : start + size] = 1
        start += size
    vectors = laplacian_spectrum(network, k)[1]
    # Eigenvectors of a repeated eigenvalue come turned in any way.
    turn = np.linalg.qr(np.random.default_rng(k).normal(size=(k, k)))[0]
    assert rotation_cost(vectors @ turn, k) == pytest.approx(0, abs=1e-6)
    if k > 1:
        # One vector more than groups cannot be aligned.
        assert rotation_cost(laplacian_spectrum(network, k + 1)[1], k + 1) > 0.01


def test_planted_number_is_the_largest_with_a_small_cost() -> None:
    vectors = laplacian_spectrum(points_network(90, 3, 6.0, 0), 6)[1]
    costs = {k: rotation_cost(vectors, k) for k in range(2, 7)}
    assert costs[3] < 0.05
    assert min(costs[k] for k in (4, 5, 6)) > 3 * costs[3]


def test_two_vectors_by_trying_every_angle() -> None:
    vectors = laplacian_spectrum(points_network(40, 2, 1.0, 3), 2)[1]
    angles = np.linspace(0, np.pi / 2, 20_001)
    tried = []
    for a in angles:
        turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
        tried.append(cost_of(vectors @ turn))
    found = rotation_cost(vectors, 2)
    assert found <= min(tried) + 1e-9
    assert found == pytest.approx(min(tried), abs=1e-5)


@pytest.mark.parametrize(("k", "shift"), [(3, 0.0), (4, 3.0), (6, 3.0)])
def test_no_random_rotation_does_better(k: int, shift: float) -> None:
    vectors = laplacian_spectrum(points_network(100, k, shift, k), k)[1]
    found = rotation_cost(vectors, k)
    rng = np.random.default_rng(8)
    turns = np.linalg.qr(rng.normal(size=(3000, k, k)))[0]
    assert found <= min(cost_of(vectors @ turn) for turn in turns)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), k=st.integers(2, 5))
def test_order_signs_turns_and_lengths_do_not_matter(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = laplacian_spectrum(points_network(40, k, 5.0, seed), k)[1]
    cost = rotation_cost(vectors, k)
    assert 0 <= cost <= k - 1
    turn = np.linalg.qr(rng.normal(size=(k, k)))[0]
    for other in (
        vectors[rng.permutation(40)],
        vectors * rng.choice([-1, 1], k),
        vectors @ turn,
        vectors * rng.uniform(0.1, 9, (40, 1)),
    ):
        assert rotation_cost(other, k) == pytest.approx(cost, abs=1e-4)


def test_the_minimum_is_found_where_there_are_many() -> None:
    # Hardly any groups: single local minima differ by a fifth; what is returned must not.
    vectors = laplacian_spectrum(points_network(100, 5, 2.0, 3), 5)[1]
    rng = np.random.default_rng(2)
    turns = np.linalg.qr(rng.normal(size=(10, 5, 5)))[0]
    costs = [rotation_cost(vectors @ turn, 5) for turn in turns]
    assert max(costs) < 1.05 * min(costs)


def test_same_input_same_bytes() -> None:
    vectors = laplacian_spectrum(points_network(60, 4, 1.0, 1), 5)[1]
    assert rotation_cost(vectors, 5) == rotation_cost(vectors.copy(), 5)


def test_many_patients() -> None:
    vectors = laplacian_spectrum(points_network(1500, 4, 4.0, 1), 4)[1]
    few = rotation_cost(vectors[:400], 4)
    assert rotation_cost(vectors, 4) == pytest.approx(few, rel=0.1)
    shuffled = vectors[np.random.default_rng(0).permutation(1500)]
    assert rotation_cost(shuffled, 4) == pytest.approx(rotation_cost(vectors, 4), abs=1e-4)


def test_patients_without_entries_count_in_full() -> None:
    vectors = np.vstack([np.eye(3), np.eye(3), np.zeros((2, 3))])
    assert rotation_cost(vectors, 3) == pytest.approx(2 * 2 / 8)
    assert rotation_cost(np.zeros((4, 2)), 2) == 1
    assert rotation_cost(np.eye(2), 2) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("k", [2, 3, 5])
def test_cost_of_discretised_vectors_is_a_ratio_of_eigenvalues(k: int) -> None:
    # What SNFtool computes: discretise the eigenvectors, add up squares over the largest of each
    # row, and multiply by (1 - lambda_(k+1)) / (1 - lambda_k). All rotations give the same sum.
    network = points_network(50, 3, 2.0, 5)
    values, vectors = laplacian_spectrum(network, k + 1)
    rng = np.random.default_rng(0)
    for _ in range(3):
        turned = vectors[:, :k] @ np.linalg.qr(rng.normal(size=(k, k)))[0]
        discrete = np.eye(k)[np.abs(turned).argmax(axis=1)]
        squares = -np.sort(-(discrete**2), axis=1)
        total = (squares / squares[:, :1]).sum()
        assert total == 50
        theirs = (1 - values[k]) / (1 - values[k - 1]) * total
        assert rotation_cost_discrete(values, k, 50) == pytest.approx(theirs, rel=1e-12)


def test_discrete_cost_without_meaning() -> None:
    values = np.array([0.0, 0.4, 1.0, 1.1])
    assert rotation_cost_discrete(values, 2, 10) == 0
    assert np.isnan(rotation_cost_discrete(values, 3, 10))
