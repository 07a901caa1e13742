"""Weighting a network by what is known of each patient, before it is cut."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from scipy.spatial.distance import cdist
from sklearn.metrics import adjusted_rand_score

import omicsfuse as of
from omicsfuse.clustering import laplacian_spectrum, spectral_labels
from omicsfuse.clustering.spectral import weighted_by_evidence
from omicsfuse.core.results import Fusion, Prepared, PreparedLayer


def network_of(seed: int, n: int) -> np.ndarray:
    half = np.random.default_rng(seed).random((n, n))
    return half + half.T


@given(
    seed=st.integers(0, 1000),
    evidence=st.lists(st.floats(0.05, 1), min_size=2, max_size=12),
)
def test_each_pair_is_multiplied_with_the_evidence_on_both(
    seed: int, evidence: list[float]
) -> None:
    n = len(evidence)
    network, known = network_of(seed, n), np.array(evidence)
    before = network.copy()
    weighted = weighted_by_evidence(network, known)
    same = len(set(evidence)) == 1
    for i in range(n):
        for j in range(n):
            factor = 1 if same else evidence[i] * evidence[j]
            assert weighted[i, j] == pytest.approx(network[i, j] * factor, rel=1e-14)
    np.testing.assert_array_equal(network, before)
    thin = sparse.csr_array(network)
    np.testing.assert_allclose(weighted_by_evidence(thin, known).toarray(), weighted, rtol=1e-14)
    np.testing.assert_array_equal(thin.toarray(), before)


def test_the_same_evidence_on_all_changes_nothing() -> None:
    network = network_of(0, 6)
    for level in (1.0, 0.5):
        assert weighted_by_evidence(network, np.full(6, level)) is network


def test_a_sparse_network_keeps_its_pairs() -> None:
    network = sparse.csr_array(np.diag(np.ones(5), 1) + np.diag(np.ones(5), -1))
    weighted = weighted_by_evidence(network, np.linspace(0.2, 1, 6))
    assert weighted.nnz == network.nnz
    assert abs(weighted - weighted.T).max() < 1e-16


def test_cluster_weights_the_network_that_it_cuts() -> None:
    points = np.random.default_rng(1).normal(size=(40, 3))
    affinity = of.affinity_matrix(cdist(points, points), 8)
    fused = of.fuse_affinities([affinity], 8)
    patients = pd.Index([f"P{i:02d}" for i in range(40)])
    has = np.ones((40, 2), dtype=bool)
    has[25:, 1] = False
    coverage = pd.DataFrame(has, patients, ["a", "b"])
    fusion = Fusion(pd.DataFrame(fused, patients, patients), {}, coverage, {})
    known = np.where(np.arange(40) < 25, 1.0, 0.5)
    pd.testing.assert_series_equal(
        fusion.evidence(), pd.Series(known, patients, name="evidence"), check_exact=True
    )
    weighted = fused * np.outer(known, known)
    expected = spectral_labels(laplacian_spectrum(weighted, 4)[1], 3)
    labels = of.cluster(fusion, 3).labels
    assert adjusted_rand_score(expected, labels) == 1
    # Silhouettes and confidence are those of the network itself.
    complete = Fusion(fusion.affinity, {}, coverage | True, {})
    plain = of.cluster(complete, 1).evidence["patients"]
    given_evidence = of.cluster(fusion, 1).evidence["patients"]
    pd.testing.assert_series_equal(plain["confidence"], given_evidence["confidence"])
    assert given_evidence["n_layers"].tolist() == [2] * 25 + [1] * 15


def test_evidence_follows_the_weights_of_the_fused_layers() -> None:
    patients = pd.Index(["P1", "P2"])
    coverage = pd.DataFrame(
        {"a": [True, True], "b": [True, False], "unused": [False, True]}, patients
    )
    network = pd.DataFrame(np.eye(2), patients, patients)
    params = {"layers": ["a", "b"], "layer_weights": {"a": 0.5, "b": 1.5}}
    fusion = Fusion(network, {}, coverage, params)
    assert fusion.evidence().tolist() == [1.0, 0.25]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_patients_without_layers_are_no_subtype_of_their_own(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = np.tile([0, 1], 60)
    lacking = rng.random(120) < 0.4
    people = pd.Index([f"P{i:03d}" for i in range(120)], name="patient")
    layers = {}
    for name in "abc":
        values = rng.normal(size=(120, 20))
        values[:, :4] += 1.4 * truth[:, None]
        table = pd.DataFrame(values, people)
        table = table if name == "a" else table[~lacking]
        layers[name] = PreparedLayer("continuous", table, table, "raw", None)
    fusion = of.fuse(Prepared("gaps", layers))
    labels = of.cluster(fusion, 2).labels.loc[people]
    assert adjusted_rand_score(lacking, labels) < 0.1
    assert adjusted_rand_score(truth[~lacking], labels[~lacking]) > 0.6
    assert adjusted_rand_score(truth[lacking], labels[lacking]) > 0.2
