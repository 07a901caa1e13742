"""Spectral clustering of sparse networks and operators, beside that of dense ones."""

import numpy as np
import pytest
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, aslinearoperator

from omicsfuse.clustering.criteria import affinity_silhouettes, mean_affinity_to_groups
from omicsfuse.clustering.spectral import laplacian_spectrum, spectral_labels


def network(sizes: list[int], between: float, seed: int = 0) -> np.ndarray:
    """Random symmetric network of groups, about twelve links a patient within its group."""
    chance = np.random.default_rng(seed)
    group = np.repeat(np.arange(len(sizes)), sizes)
    share = np.where(
        group[:, None] == group[None, :], 12 / np.array(sizes)[group][:, None], between
    )
    links = np.triu(chance.random(share.shape) < share, 1) * chance.uniform(0.5, 1.5, share.shape)
    links[np.arange(len(group) - 1), np.arange(1, len(group))] += group[:-1] == group[1:]
    return links + links.T


@pytest.mark.parametrize("n", [90, 700])
def test_sparse_and_operator_agree_with_dense(n: int) -> None:
    dense = network([n // 2, n // 3, n // 6], 0.004)
    values, vectors = laplacian_spectrum(dense, 5)
    for form in (sparse.csr_array(dense), aslinearoperator(dense)):
        ours, theirs = laplacian_spectrum(form, 5)
        np.testing.assert_allclose(ours, values, atol=1e-8)
        np.testing.assert_allclose(np.abs(np.sum(theirs * vectors, axis=0)), 1, atol=1e-5)
        np.testing.assert_array_equal(spectral_labels(theirs, 3, 0), spectral_labels(vectors, 3, 0))


@pytest.mark.parametrize("size", [40, 600])
def test_equal_separate_parts_each_have_a_zero(size: int) -> None:
    one = network([size], 0.0)
    whole = sparse.csr_array(sparse.block_diag([one] * 3))
    values, vectors = laplacian_spectrum(whole, 6)
    np.testing.assert_allclose(values[:3], 0, atol=1e-9)
    # What follows comes three times, once a part.
    np.testing.assert_allclose(values[3:], laplacian_spectrum(one, 2)[0][1], atol=1e-8)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(6), atol=1e-6)
    labels = spectral_labels(vectors, 3)
    np.testing.assert_array_equal(labels, np.repeat([0, 1, 2], size))


def test_more_parts_than_values() -> None:
    whole = sparse.csr_array(sparse.block_diag([np.ones((s, s)) for s in (2, 5, 3, 1)]))
    values, vectors = laplacian_spectrum(whole, 2)
    np.testing.assert_array_equal(values, [0, 0])
    np.testing.assert_array_equal(np.flatnonzero(vectors[:, 0]), np.arange(2, 7))


def test_result_is_the_same_every_time() -> None:
    whole = sparse.csr_array(network([400, 300], 0.002))
    first, again = laplacian_spectrum(whole, 4), laplacian_spectrum(whole, 4)
    assert first[1].tobytes() == again[1].tobytes()


def test_silhouettes_agree_and_ignore_the_diagonal() -> None:
    dense = network([40, 30], 0.02)
    labels = np.repeat([0, 1], [40, 30])
    held = sparse.csr_array(dense + 3 * np.eye(70))
    operator: LinearOperator = aslinearoperator(dense)
    expected = affinity_silhouettes(dense, labels)
    np.testing.assert_allclose(affinity_silhouettes(held, labels), expected, atol=1e-12)
    np.testing.assert_allclose(affinity_silhouettes(operator, labels), expected, atol=1e-12)
    means = mean_affinity_to_groups(dense, labels)
    np.testing.assert_allclose(mean_affinity_to_groups(held, labels), means, atol=1e-12)
