"""The fast cut finds the groups that k-means finds."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from omicsfuse.clustering import laplacian_spectrum, spectral_labels
from omicsfuse.clustering.discretise import discretised_labels


def network(n: int, k: int, apart: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    truth = np.arange(n) % k
    points = chance.normal(size=(n, k)) + apart * np.eye(k)[truth]
    distances = ((points[:, None] - points[None]) ** 2).sum(axis=2)
    return np.exp(-distances / 2), truth


@pytest.mark.parametrize("k", [2, 3, 5, 8])
def test_clear_groups_are_found(k: int) -> None:
    affinity, truth = network(80, k, 6.0, seed=k)
    labels = discretised_labels(laplacian_spectrum(affinity, k)[1], k)
    assert adjusted_rand_score(labels, truth) == 1.0


def test_it_agrees_with_k_means_where_groups_overlap() -> None:
    agreement = []
    for seed in range(10):
        affinity, _ = network(90, 3, 2.5, seed)
        vectors = laplacian_spectrum(affinity, 3)[1]
        found = discretised_labels(vectors, 3)
        agreement.append(adjusted_rand_score(found, spectral_labels(vectors, 3)))
    assert np.mean(agreement) > 0.85


def test_the_order_of_patients_does_not_matter() -> None:
    affinity, _ = network(60, 4, 2.0, seed=1)
    order = np.random.default_rng(0).permutation(60)
    there = discretised_labels(laplacian_spectrum(affinity, 4)[1], 4)
    again = discretised_labels(laplacian_spectrum(affinity[np.ix_(order, order)], 4)[1], 4)
    assert adjusted_rand_score(there[order], again) == 1.0


def test_one_group_and_as_many_groups_as_patients() -> None:
    affinity, _ = network(6, 2, 3.0, seed=2)
    vectors = laplacian_spectrum(affinity, 6)[1]
    assert (discretised_labels(vectors, 1) == 0).all()
    assert set(discretised_labels(vectors, 6)) <= set(range(6))
