"""NEMO's network against arithmetic by hand, a literal re-derivation, and bad input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omicsfuse.core.errors import StudyError
from omicsfuse.fusion import affinity_matrix
from omicsfuse.fusion.rivals import nemo_network

FIRST = np.array([[9.0, 3.0, 1.0], [3.0, 9.0, 1.0], [1.0, 1.0, 9.0]])
SECOND = np.array([[9.0, 1.0, 2.0], [1.0, 9.0, 4.0], [2.0, 4.0, 9.0]])


def affinity(n: int, seed: int) -> np.ndarray:
    points = np.random.default_rng(seed).standard_normal((n, 3))
    return affinity_matrix(np.linalg.norm(points[:, None] - points[None], axis=2), 4)


def literal(affinities: list, members: list, n: int, k: int) -> np.ndarray:
    """The definition of the paper, pair by pair."""
    result = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            told = []
            for w, inside in zip(affinities, members, strict=True):
                at = {int(patient): row for row, patient in enumerate(inside)}
                if i == j or i not in at or j not in at:
                    continue
                a, b = at[i], at[j]

                def near(x: int, w: np.ndarray = w) -> list[int]:
                    others = [r for r in range(len(w)) if r != x]
                    return sorted(others, key=lambda r: (w[x, r], r))[-k:]

                value = w[a, b] / sum(w[a, r] for r in near(a)) if b in near(a) else 0.0
                value += w[a, b] / sum(w[r, b] for r in near(b)) if a in near(b) else 0.0
                told.append(value)
            result[i, j] = np.mean(told) if told else 0.0
    return result


def test_by_hand() -> None:
    # First layer, two neighbours each. Row sums: 4, 4, 2. R01 = 3/4 + 3/4, R02 = R12 = 1/4 + 1/2.
    # Second layer (patients 1, 2, 3). Row sums: 3, 5, 6.
    # R12 = 1/3 + 1/5, R13 = 2/3 + 2/6, R23 = 4/5 + 4/6.
    network = nemo_network([FIRST, SECOND], [[0, 1, 2], [1, 2, 3]], 4, n_neighbors=2)
    expected = np.zeros((4, 4))
    expected[0, 1], expected[0, 2], expected[0, 3] = 1.5, 0.75, 0.0
    expected[1, 2] = (0.75 + 8 / 15) / 2
    expected[1, 3], expected[2, 3] = 1.0, 22 / 15
    np.testing.assert_allclose(network, expected + expected.T, atol=1e-15)


@pytest.mark.parametrize("k", [1, 3, 40])
def test_follows_the_definition(k: int) -> None:
    members = [np.arange(0, 12), np.arange(5, 18), np.array([17, 2, 9, 0, 11, 6])]
    affinities = [affinity(len(inside), v) for v, inside in enumerate(members)]
    np.testing.assert_allclose(
        nemo_network(affinities, members, 18, k), literal(affinities, members, 18, k), atol=1e-14
    )


def test_default_neighbours_are_a_sixth_of_the_layer() -> None:
    affinities, members = [affinity(24, 0), affinity(12, 1)], [np.arange(24), np.arange(12)]
    separate = [
        nemo_network(affinities[:1], members[:1], 24, 4),
        nemo_network(affinities[1:], members[1:], 12, 2),
    ]
    expected = separate[0].copy()
    expected[:12, :12] = (separate[0][:12, :12] + separate[1]) / 2
    np.testing.assert_allclose(nemo_network(affinities, members, 24), expected, atol=1e-15)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), k=st.integers(1, 6))
def test_invariants(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    members = [np.arange(10), rng.permutation(14)[:9], np.arange(9, 14)]
    affinities = [affinity(len(inside), seed + v) for v, inside in enumerate(members)]
    before = [matrix.copy() for matrix in affinities]
    network = nemo_network(affinities, members, 14, k)
    assert np.isfinite(network).all()
    assert (network >= 0).all()
    np.testing.assert_array_equal(network, network.T)
    np.testing.assert_array_equal(network.diagonal(), 0)
    for matrix, old in zip(affinities, before, strict=True):
        np.testing.assert_array_equal(matrix, old)
    # The order of layers, the order of patients and the scale of a layer do not matter.
    np.testing.assert_allclose(
        nemo_network(affinities[::-1], members[::-1], 14, k), network, atol=1e-14
    )
    new = rng.permutation(14)
    moved = nemo_network(affinities, [new[inside] for inside in members], 14, k)
    np.testing.assert_allclose(moved[np.ix_(new, new)], network, atol=1e-14)
    np.testing.assert_allclose(
        nemo_network([7 * affinities[0], *affinities[1:]], members, 14, k), network, atol=1e-14
    )


@pytest.mark.parametrize(
    ("affinities", "members", "n", "k", "message"),
    [
        ([FIRST], [[0, 1, 2], [0, 1, 2]], 3, 1, "affinities are of 1 layers and members of 2"),
        ([], [], 3, 1, "at least one layer"),
        ([FIRST], [[0, 1]], 3, 1, "layer 1 has 3 rows of affinities but 2 members"),
        ([FIRST], [[0, 1, 3]], 3, 1, "must lie between 0 and 2, found 0 to 3"),
        ([FIRST], [[-1, 0, 1]], 3, 1, "must lie between 0 and 2, found -1 to 1"),
        ([FIRST], [[0, 1, 1]], 3, 1, "members of layer 1 name a patient more than once"),
        ([FIRST], [[0.0, 1.0, 2.0]], 3, 1, "must be a list of whole numbers"),
        ([FIRST], [[0, 1, 2]], 5, 1, r"2 of 5 patients are in no layer \(first at position 3\)"),
        ([-FIRST], [[0, 1, 2]], 3, 1, "affinity matrix 1 has a negative entry, -9"),
        ([FIRST[:2]], [[0, 1]], 2, 1, "must be a square matrix of at least two"),
        ([np.eye(3)], [[0, 1, 2]], 3, 1, "affinity matrix 1: 3 patients have no affinity"),
        ([[["a", "b"], ["b", "a"]]], [[0, 1]], 2, 1, "must be a square matrix of numbers"),
        ([FIRST * np.nan], [[0, 1, 2]], 3, 1, "must be finite"),
        ([FIRST], [[0, 1, 2]], 3, 0, "n_neighbors is 0"),
        ([FIRST], [[0, 1, 2]], 1, 1, "n_patients is 1"),
        (FIRST, [[0, 1, 2]], 3, 1, "affinities is of type ndarray"),
    ],
)
def test_refusals(affinities: list, members: list, n: int, k: int, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        nemo_network(affinities, members, n, k)
