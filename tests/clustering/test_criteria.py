"""Criteria for the number of groups, against their definitions and against other programs."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.sparse.linalg import aslinearoperator
from scipy.spatial.distance import cdist

from omicsfuse.clustering import laplacian_spectrum
from omicsfuse.clustering.criteria import (
    affinity_silhouettes,
    eigengap,
    eigengap_ratio,
    mean_affinity_to_groups,
    normalised_cut,
)


def random_network(n: int, k: int, seed: int, contrast: float = 3.0) -> tuple[np.ndarray, ...]:
    """A symmetric network with weak groups, diagonal not 0, and the groups."""
    rng = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(k), rng.integers(0, k, n - k)])
    network = rng.random((n, n)) * np.where(labels[:, None] == labels[None, :], contrast, 1.0)
    return network + network.T, labels


@pytest.mark.parametrize("seed", range(6))
def test_eigengap_ratio_ranks_as_snfpy_does(seed: int) -> None:
    # snfpy returns no values, only the best and the second of the k it is given: ask of each pair.
    from snf.compute import get_n_clusters

    network, _ = random_network(30, 2 + seed % 4, seed, contrast=1.0 + 0.6 * seed)
    values = laplacian_spectrum(network, 8)[0]
    ours = {k: eigengap_ratio(values, k) for k in range(2, 8)}
    for pair in combinations(range(2, 8), 2):
        best, second = get_n_clusters(network, list(pair))
        assert (best, second) == tuple(sorted(pair, key=ours.get, reverse=True))


@pytest.mark.parametrize("seed", [42, 57, 73, 77])
def test_snfpy_does_not_rank_by_the_raw_gap(seed: int) -> None:
    from snf.compute import get_n_clusters

    points = np.random.default_rng(seed).normal(size=(30, 4))
    points[:15, 0] += 2
    network = np.exp(-cdist(points, points, "sqeuclidean"))
    values = laplacian_spectrum(network, 7)[0]
    raw = max(range(2, 7), key=lambda k: eigengap(values, k))
    ratio = max(range(2, 7), key=lambda k: eigengap_ratio(values, k))
    assert raw != ratio
    assert get_n_clusters(network, list(range(2, 7)))[0] == ratio


def test_eigengap_ratio_by_hand_and_without_meaning() -> None:
    values = np.array([0.0, 0.1, 0.5, 1.0, 1.2])
    assert eigengap_ratio(values, 2) == pytest.approx(0.4 * 0.9 / 0.5)
    assert eigengap_ratio(values, 1) == pytest.approx(0.1 / 0.9)
    assert np.isnan(eigengap_ratio(values, 3))
    assert np.isnan(eigengap_ratio(values, 4))


def test_normalised_cut_is_its_definition() -> None:
    network, labels = random_network(20, 3, 1)
    w = network - np.diag(np.diag(network))
    expected = 0.0
    for g in range(3):
        inside = labels == g
        expected += w[inside][:, ~inside].sum() / w[inside].sum()
    assert normalised_cut(network, labels) == pytest.approx(expected, rel=1e-12)
    assert normalised_cut(sparse.csr_array(network), labels) == pytest.approx(expected, rel=1e-12)
    assert normalised_cut(aslinearoperator(w), labels) == pytest.approx(expected, rel=1e-12)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), k=st.integers(2, 5))
def test_normalised_cut_has_a_spectral_lower_bound(seed: int, k: int) -> None:
    network, labels = random_network(16, k, seed)
    cut = normalised_cut(network, labels)
    assert laplacian_spectrum(network, k)[0].sum() <= cut + 1e-10
    assert cut <= k
    order = np.random.default_rng(seed).permutation(16)
    assert normalised_cut(network[np.ix_(order, order)], labels[order]) == pytest.approx(cut)
    assert normalised_cut(network, k - 1 - labels) == pytest.approx(cut)
    assert normalised_cut(5 * network + 3 * np.eye(16), labels) == pytest.approx(cut)


def test_normalised_cut_at_its_ends() -> None:
    apart = np.kron(np.eye(3), np.ones((4, 4)))
    assert normalised_cut(apart, np.repeat([0, 1, 2], 4)) == 0
    assert normalised_cut(apart, np.zeros(12, dtype=int)) == 0
    assert normalised_cut(apart, np.tile([0, 1, 2, 3], 3)) == pytest.approx(4)
    # Two patients with no affinity to anyone: as a group, or within one, they add nothing.
    alone = np.zeros((6, 6))
    alone[:4, :4] = np.kron(np.eye(2), np.ones((2, 2)))
    assert normalised_cut(alone, np.array([0, 0, 1, 1, 2, 2])) == 0


# Reference: tests/reference/silhouette.R; R 4.2.2, cluster 2.1.4, silhouette(group, dist).
BLOCKS = [2 / 3] * 3 + [-1 / 7] * 2 + [-2 / 7] * 3 + [0]
BLOCK_NEIGHBORS = [2, 2, 2, 3, 3, 2, 2, 2, 3]
LINE = [
    0.768115942028986, 0.80952380952381, 0.764705882352941, 0.644444444444444, 0.523809523809524,
    0.777777777777778, 0.8, 0.63963963963964, 0.333333333333333, 0.481481481481481,
    0.435897435897436, -0.846153846153846,
]  # fmt: skip
LINE_NEIGHBORS = [2, 2, 2, 2, 1, 1, 1, 3, 2, 2, 2, 2]


def neighbors(network: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Other group of largest mean affinity, numbered from 1."""
    means = mean_affinity_to_groups(network, labels)
    means[np.arange(len(labels)), labels] = -np.inf
    return means.argmax(axis=1) + 1


def test_silhouettes_are_those_of_r_where_affinities_are_the_same_within_groups() -> None:
    # Mean distances are then 1 / mean affinities, so that both definitions give one number.
    group = np.array([1, 1, 1, 2, 2, 3, 3, 3, 4]) - 1
    between = np.array(
        [[0.9, 0.3, 0.2, 0.1], [0.3, 0.6, 0.7, 0.2], [0.2, 0.7, 0.5, 0.4], [0.1, 0.2, 0.4, 1.0]]
    )
    network = between[np.ix_(group, group)]
    np.testing.assert_allclose(affinity_silhouettes(network, group), BLOCKS, rtol=1e-12)
    # R names a neighbour for the patient who is alone too.
    assert neighbors(network, group).tolist() == BLOCK_NEIGHBORS


def test_silhouettes_are_those_of_r_but_for_the_denominator() -> None:
    # With affinity 1 - d/40 the differences of means are those of R over 40; affinities are divided
    # by the larger mean affinity, distances by the larger mean distance.
    x = np.array([0, 1, 3, 4, 9, 11, 12, 14, 22, 25, 31, 13], dtype=float)
    group = np.repeat([0, 1, 2], 4)
    network = 1 - np.abs(x[:, None] - x[None, :]) / 40
    means = mean_affinity_to_groups(network, group)
    own = means[np.arange(12), group]
    assert neighbors(network, group).tolist() == LINE_NEIGHBORS
    other = means[np.arange(12), np.array(LINE_NEIGHBORS) - 1]
    by_affinity, by_distance = np.maximum(own, other), np.maximum(1 - own, 1 - other)
    ours = affinity_silhouettes(network, group) * by_affinity / by_distance
    np.testing.assert_allclose(ours, LINE, rtol=1e-12)
