"""Spectral clustering, criteria for k, and their invariants."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.spatial.distance import cdist
from sklearn.metrics import adjusted_rand_score, silhouette_samples
from threadpoolctl import threadpool_limits

import omicsfuse as of
from omicsfuse.clustering import laplacian_spectrum
from omicsfuse.clustering.criteria import affinity_silhouettes
from omicsfuse.clustering.spectral import ordered_by_size
from omicsfuse.core.results import Fusion


def fusion_of(points: np.ndarray, k: int = 8, names: list[str] | None = None) -> Fusion:
    patients = pd.Index(names or [f"P{i:03d}" for i in range(len(points))], name="patient")
    affinity = of.affinity_matrix(cdist(points, points), k)
    fused = of.fuse_affinities([affinity, affinity], k)
    coverage = pd.DataFrame({"a": True, "b": True}, index=patients)
    return Fusion(pd.DataFrame(fused, patients, patients.rename(None)), {}, coverage, {})


def groups(sizes: list[int], seed: int = 0, spread: float = 6.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = np.repeat(np.arange(len(sizes)), sizes)
    angle = 2 * np.pi * truth / len(sizes)
    centres = spread * np.column_stack([np.cos(angle), np.sin(angle)])
    return centres + rng.normal(size=(len(truth), 2)), truth


@pytest.mark.parametrize("sizes", [[30, 20], [25, 20, 15], [20, 18, 16, 14], [30, 12, 12, 12, 12]])
def test_auto_finds_separate_groups(sizes: list[int]) -> None:
    points, truth = groups(sizes)
    subtypes = of.cluster(fusion_of(points, 12))
    assert subtypes.params["n_clusters"] == len(sizes)
    assert adjusted_rand_score(truth, subtypes.labels) == 1.0
    table = subtypes.evidence["n_clusters"]
    assert list(table.index) == [2, 3, 4, 5, 6]
    assert table["chosen"].sum() == 1
    assert table["chosen"][len(sizes)]


def test_subtypes_are_ordered_by_size_then_by_first_patient() -> None:
    points, truth = groups([10, 30, 10])
    labels = of.cluster(fusion_of(points), 3).labels
    assert labels[truth == 1].unique().tolist() == ["S1"]
    assert labels[truth == 0].unique().tolist() == ["S2"]
    assert labels[truth == 2].unique().tolist() == ["S3"]
    assert labels.name == "subtype"
    assert labels.index.name == "patient"


def test_evidence_of_patients_and_subtypes() -> None:
    points, _ = groups([20, 15])
    fusion = fusion_of(points)
    subtypes = of.cluster(fusion, 2)
    patients = subtypes.evidence["patients"]
    assert list(patients.columns) == ["subtype", "silhouette", "confidence", "n_layers"]
    assert patients["n_layers"].eq(2).all()
    assert patients["confidence"].between(0.5, 1).all()
    network = fusion.affinity.to_numpy() - np.diag(np.diag(fusion.affinity))
    own = network[0, 1:20].mean()
    other = network[0, 20:].mean()
    assert patients["confidence"].iloc[0] == pytest.approx(own / (own + other))
    assert patients["silhouette"].iloc[0] == pytest.approx((own - other) / own)
    assert subtypes.evidence["subtypes"]["n"].tolist() == [20, 15]


def test_silhouettes_agree_with_scikit_learn_where_both_are_defined() -> None:
    # With affinity 1 - d the differences a - b are the same; only the denominators differ.
    points, truth = groups([8, 7, 6], spread=2.0)
    d = cdist(points, points)
    d /= d.max() * 1.01
    means = [[(d[i, truth == g].sum()) / ((truth == g).sum() - (truth[i] == g)) for g in range(3)]
             for i in range(len(truth))]  # fmt: skip
    own = np.array([m[g] for m, g in zip(means, truth, strict=True)])
    other = np.array([min(v for h, v in enumerate(m) if h != g)
                      for m, g in zip(means, truth, strict=True)])  # fmt: skip
    theirs = silhouette_samples(d, truth, metric="precomputed")
    np.testing.assert_allclose((other - own) / np.maximum(own, other), theirs, rtol=1e-12)
    ours = affinity_silhouettes(1 - d, truth)
    np.testing.assert_allclose(ours, (other - own) / np.maximum(1 - own, 1 - other), rtol=1e-10)


def test_spectrum_counts_separate_components() -> None:
    network = np.kron(np.eye(3), np.ones((5, 5)))
    values, vectors = laplacian_spectrum(network, 4)
    np.testing.assert_allclose(values[:3], 0, atol=1e-12)
    assert values[3] == pytest.approx(1.25)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(4), atol=1e-12)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_patient_order_does_not_matter(seed: int) -> None:
    points, _ = groups([15, 11, 8], seed=seed, spread=4.0)
    names = [f"P{i:03d}" for i in range(len(points))]
    order = np.random.default_rng(seed).permutation(len(points))
    straight = of.cluster(fusion_of(points, names=names), 3).labels
    mixed = of.cluster(fusion_of(points[order], names=[names[i] for i in order]), 3).labels
    assert adjusted_rand_score(straight, mixed[straight.index]) == 1.0


def test_one_subtype() -> None:
    points, _ = groups([20, 15])
    subtypes = of.cluster(fusion_of(points), 1)
    assert subtypes.labels.unique().tolist() == ["S1"]
    assert subtypes.evidence["patients"]["silhouette"].isna().all()
    assert subtypes.evidence["patients"]["confidence"].eq(1).all()
    assert subtypes.names == ["S1"]


def test_same_seed_same_labels() -> None:
    points = np.random.default_rng(1).normal(size=(60, 2))
    fusion = fusion_of(points)
    first = of.cluster(fusion, 4, random_state=3)
    again = of.cluster(fusion, 4, random_state=3)
    pd.testing.assert_series_equal(first.labels, again.labels)
    pd.testing.assert_frame_equal(first.evidence["n_clusters"], again.evidence["n_clusters"])


def test_a_tiny_cohort_gets_a_shorter_range() -> None:
    points, _ = groups([6, 5])
    assert list(of.cluster(fusion_of(points, 4)).evidence["n_clusters"].index) == [2]


@pytest.mark.parametrize(
    ("n_clusters", "message"),
    [
        ("many", "n_clusters is 'many'; give \"auto\""),
        (0, "n_clusters is 0 to 0"),
        (11, "up to 11 subtypes of 20 patients; at most 10"),
        ([4, 2], "n_clusters is 4 to 2"),
        ([2, 3, 4], r"n_clusters is \[2, 3, 4\]; a range is two whole numbers"),
        (2.5, "n_clusters is 2.5; it must be a whole number"),
        (True, "n_clusters is True"),
    ],
)
def test_refusals(n_clusters: object, message: str) -> None:
    points, _ = groups([10, 10])
    with pytest.raises(of.StudyError, match=message):
        of.cluster(fusion_of(points), n_clusters)


def test_ordering_is_idempotent() -> None:
    raw = np.array([3, 3, 1, 1, 1, 7])
    np.testing.assert_array_equal(ordered_by_size(raw), [1, 1, 0, 0, 0, 2])
    np.testing.assert_array_equal(ordered_by_size(ordered_by_size(raw)), ordered_by_size(raw))


@pytest.mark.long
@pytest.mark.parametrize("method", ["umap", "tsne"])
def test_map_is_reproducible_and_complete(method: str) -> None:
    points, _ = groups([20, 15])
    fusion = fusion_of(points)
    first = of.embed(fusion, method=method, random_state=1)
    pd.testing.assert_frame_equal(first, of.embed(fusion, method=method, random_state=1))
    assert list(first.index) == list(fusion.affinity.index)
    assert np.isfinite(first[["x", "y"]].to_numpy()).all()
    assert set(first["method"]) == {method}
    tiny, _ = groups([6, 5])
    assert of.embed(fusion_of(tiny, 4), method=method).shape == (11, 3)


def test_tsne_keeps_groups_apart_on_any_number_of_threads() -> None:
    points, known = groups([30, 25, 20])
    fusion = fusion_of(points)
    drawn = []
    for threads in (1, 2):
        with threadpool_limits(limits=threads):
            drawn.append(of.embed(fusion, method="tsne"))
    pd.testing.assert_frame_equal(drawn[0], drawn[1], check_exact=True)
    places = drawn[0][["x", "y"]].to_numpy()
    away = ((places[:, None] - places[None]) ** 2).sum(axis=2)
    np.fill_diagonal(away, np.inf)
    assert (known[away.argmin(axis=1)] == known).mean() > 0.95


def test_maps_that_cannot_be_drawn() -> None:
    points, _ = groups([10, 10])
    with pytest.raises(of.StudyError, match='choose "umap" or "tsne"'):
        of.embed(fusion_of(points), method="pca")
    network = sparse.csr_array(fusion_of(points).affinity.to_numpy())
    with pytest.raises(of.StudyError, match="this network is sparse"):
        of.embed(replace(fusion_of(points), affinity=network), method="tsne")


def test_map_of_a_sparse_network() -> None:
    layers = ("expression", "methylation")
    made = of.simulate_cohort(50, n_external=0, n_genes=100, layers=layers, random_state=2)
    fusion = of.fuse(of.preprocess(made.discovery), n_neighbors=10, engine="sparse")
    assert isinstance(fusion.affinity, sparse.csr_array)
    drawn = of.embed(fusion, random_state=1)
    assert list(drawn.index) == list(fusion.patients)
    assert np.isfinite(drawn[["x", "y"]].to_numpy()).all()
