"""The sparse engine against the exact one, and what must hold whatever the data."""

import numpy as np
import pytest
from partial_reference import partial_fusion
from scipy.spatial.distance import pdist, squareform
from sklearn.metrics import adjusted_rand_score

from omicsfuse.core.errors import OmicsfuseWarning, StudyError
from omicsfuse.fusion.affinity import affinity_matrix, layer_neighbors
from omicsfuse.fusion.exact import fuse_affinities
from omicsfuse.fusion.neighbors import nearest_neighbors
from omicsfuse.fusion.sparse import SparseFusion, fuse_sparse, sparse_memory


def planted(n: int, n_layers: int = 3, seed: int = 0) -> tuple[list[np.ndarray], np.ndarray]:
    """Layers of 40 features with three overlapping groups of unequal size."""
    chance = np.random.default_rng(seed)
    truth = chance.choice(3, n, p=[0.5, 0.3, 0.2])
    tables = []
    for _ in range(n_layers):
        centres = chance.normal(size=(3, 40))
        tables.append(centres[truth] * 0.9 + chance.normal(size=(n, 40)))
    return tables, truth


def fuse(tables: list[np.ndarray], **settings: object) -> SparseFusion:
    n = len(tables[0])
    everyone = [np.arange(n)] * len(tables)
    return fuse_sparse(tables, everyone, n, ["euclidean"] * len(tables), **settings)


def exact(tables: list[np.ndarray], k: int, variant: str) -> np.ndarray:
    affinities = [affinity_matrix(squareform(pdist(table)), k) for table in tables]
    return fuse_affinities(affinities, k, variant=variant)


def dense(fusion: SparseFusion) -> np.ndarray:
    n = fusion.network.shape[0]
    return fusion.smooth @ np.eye(n) + np.diag(fusion.network.diagonal())


@pytest.mark.parametrize("variant", ["paper", "snfpy"])
def test_with_every_pair_kept_it_is_the_exact_engine(variant: str) -> None:
    tables, _ = planted(60)
    fusion = fuse(tables, n_neighbors=10, n_kept=59, variant=variant)
    # Tables are held in single precision for products, which moves their values by 1e-7.
    expected = exact([t.astype(np.float32) for t in tables], 10, variant)
    np.testing.assert_allclose(fusion.network.toarray(), expected, rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(dense(fusion), expected, rtol=1e-9, atol=1e-14)


def test_with_few_pairs_kept_the_network_stays_close_to_the_exact_one() -> None:
    tables, _ = planted(400)
    expected = exact(tables, 20, "paper")
    whole = np.linalg.norm(dense(fuse(tables, n_kept=60)) - expected)
    kept = np.linalg.norm(dense(fuse(tables, n_kept=60, rank=0)) - expected)
    assert whole < 0.02 * np.linalg.norm(expected)
    assert whole < 0.5 * kept


def test_network_is_symmetric_finite_and_sums_as_documented() -> None:
    fusion = fuse(planted(300)[0], n_kept=30)
    network = fusion.network
    assert network.has_sorted_indices
    assert np.isfinite(network.data).all()
    assert abs(network - network.T).max() < 1e-15
    np.testing.assert_allclose(network.diagonal(), 0.5)
    assert (fusion.smooth @ np.ones(300)).sum() == pytest.approx(150, rel=1e-3)
    assert fusion.changes.shape == (20,)
    assert fusion.changes[-1] < fusion.changes[0]


def same(a: SparseFusion, b: SparseFusion) -> bool:
    parts = [(a.network.data, b.network.data), (a.network.indices, b.network.indices)]
    parts += [(a.smooth.network.factor, b.smooth.network.factor), (a.changes, b.changes)]
    return all(x.tobytes() == y.tobytes() for x, y in parts)


@pytest.mark.long
@pytest.mark.parametrize("exact_below", [0, 10_000])
def test_bytes_are_the_same_for_any_number_of_threads(exact_below: int) -> None:
    tables, _ = planted(500)
    settings = {"n_kept": 30, "n_iterations": 3, "exact_below": exact_below}
    assert same(fuse(tables, **settings), fuse(tables, n_threads=3, **settings))


def test_order_of_layers_and_patients_does_not_matter() -> None:
    tables, _ = planted(50)
    order = np.random.default_rng(1).permutation(50)
    settings = {"n_neighbors": 8, "n_kept": 20, "rank": 0}
    first = fuse(tables, **settings).network.toarray()
    shuffled = fuse([t[order] for t in tables[::-1]], **settings).network.toarray()
    np.testing.assert_allclose(shuffled, first[np.ix_(order, order)], atol=1e-10)


def test_descent_finds_nearly_the_same_neighbours() -> None:
    table = planted(1500, 1)[0][0]
    found, distances = nearest_neighbors(table, 20, exact_below=10)
    truth, nearest = nearest_neighbors(table, 20)
    shared = [len(np.intersect1d(a, b)) for a, b in zip(found, truth, strict=True)]
    assert np.mean(shared) > 19
    assert (distances >= nearest - 1e-12).all()
    assert (np.diff(distances, axis=1) >= 0).all()


@pytest.mark.parametrize(
    "metric",
    ["euclidean", "squared_euclidean", "correlation", "cosine", "manhattan", "jaccard", "hamming"],
)
def test_exact_neighbours_are_those_of_all_distances(metric: str) -> None:
    chance = np.random.default_rng(0)
    binary = metric in ("jaccard", "hamming")
    table = (
        (chance.random((40, 12)) < 0.4).astype(float) if binary else chance.normal(size=(40, 12))
    )
    names = {"manhattan": "cityblock", "squared_euclidean": "sqeuclidean"}
    data = table != 0 if metric == "jaccard" else table
    every = squareform(pdist(data, names.get(metric, metric)))
    np.fill_diagonal(every, np.inf)
    indices, distances = nearest_neighbors(table, 7, metric)
    np.testing.assert_allclose(distances, np.sort(every, axis=1)[:, :7], atol=1e-6)
    if binary:  # ties everywhere: by position
        ordered = np.argsort(np.round(every, 6), axis=1, kind="stable")[:, :7]
        np.testing.assert_array_equal(indices, ordered)


@pytest.mark.long
@pytest.mark.parametrize("exact_below", [0, 10_000])
def test_duplicates_and_ties_are_no_trouble(exact_below: int) -> None:
    chance = np.random.default_rng(2)
    binary = (chance.random((300, 6)) < 0.3).astype(float)
    doubled = np.repeat(chance.normal(size=(75, 30)), 4, axis=0)
    everyone = [np.arange(300)] * 2
    settings = {"n_kept": 25, "exact_below": exact_below, "n_iterations": 5}
    fusion = fuse_sparse([binary, doubled], everyone, 300, ["jaccard", "euclidean"], **settings)
    indices, _ = nearest_neighbors(binary, 25, "jaccard", exact_below=exact_below)
    assert (indices != np.arange(300)[:, None]).all()
    assert all(len(np.unique(row)) == 25 for row in indices)
    assert np.isfinite(fusion.network.data).all()
    assert np.isfinite(fusion.smooth @ np.ones(300)).all()


@pytest.mark.parametrize("weights", [(1.0, 1.0, 1.0), (1.0, 3.0, 2.0)])
@pytest.mark.parametrize("variant", ["paper", "snfpy"])
def test_with_every_pair_kept_missing_layers_are_fused_as_exactly(
    variant: str, weights: tuple[float, ...]
) -> None:
    tables, _ = planted(60)
    members = [np.arange(60), np.arange(5, 45), np.arange(20, 60)]
    given = [t[rows].astype(np.float32) for t, rows in zip(tables, members, strict=True)]
    layers = [affinity_matrix(squareform(pdist(t)), layer_neighbors(10, len(t), 60)) for t in given]
    expected = partial_fusion(layers, members, 60, 10, 20, variant, weights)
    metrics = ["euclidean"] * 3
    settings = {"n_neighbors": 10, "n_kept": 59, "variant": variant, "layer_weights": weights}
    fusion = fuse_sparse(given, members, 60, metrics, **settings)
    np.testing.assert_allclose(fusion.network.toarray(), expected, rtol=1e-8, atol=1e-13)


def test_patients_without_a_layer_are_fused() -> None:
    tables, truth = planted(600)
    everyone = np.arange(600)
    chance = np.random.default_rng(5)
    some = np.sort(chance.choice(600, 300, replace=False))
    members = [everyone, some, everyone]
    given = [tables[0], tables[1][some], tables[2]]
    fusion = fuse_sparse(given, members, 600, ["euclidean"] * 3, n_kept=60)
    network = dense(fusion)
    assert np.isfinite(network).all()
    nearest = np.argsort(network - np.eye(600), axis=1)[:, -5:]
    assert (truth[nearest] == truth[:, None]).mean() > 0.9


def test_patients_never_seen_together_are_linked_through_others() -> None:
    tables, truth = planted(400)
    members = [np.arange(250), np.arange(150, 400)]
    fusion = fuse_sparse(
        [tables[0][:250], tables[1][150:]], members, 400, ["euclidean"] * 2, n_kept=60
    )
    block = dense(fusion)[:150, 250:]
    alike = truth[:150, None] == truth[None, 250:]
    assert block[alike].mean() > 1.05 * block[~alike].mean()


def test_one_layer_and_weights() -> None:
    tables, _ = planted(80)
    alone = fuse(tables[:1], n_neighbors=8, n_kept=79).network.toarray()
    np.testing.assert_allclose(alone, exact([tables[0].astype(np.float32)], 8, "paper"), rtol=1e-9)
    even = fuse(tables, n_kept=40, layer_weights=[2, 2, 2])
    np.testing.assert_allclose(even.network.data, fuse(tables, n_kept=40).network.data, rtol=1e-9)
    tilted = fuse(tables, n_kept=40, layer_weights=[9, 1, 1])
    assert not np.allclose(tilted.network.toarray(), even.network.toarray(), rtol=1e-3)


def test_a_handful_of_patients() -> None:
    with pytest.warns(OmicsfuseWarning, match="n_neighbors is 20"):
        fusion = fuse([np.arange(5.0)[:, None]] * 2)
    assert fusion.network.shape == (5, 5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_kept": 5}, "n_kept is 5, fewer than the 10 neighbours"),
        ({"metrics": ["euclidean", "gower"]}, 'not available in engine "sparse"'),
        ({"metrics": ["euclidean", np.hypot]}, 'not available in engine "sparse"'),
        ({"metrics": ["euclidean"]}, "2 tables, 2 lists of patients and 1 metrics"),
        ({"members": [np.arange(40), np.arange(39)]}, "layer 2 has 40 rows for 39 patients"),
        ({"members": [np.arange(40), np.arange(40)[::-1]]}, "in rising order"),
        ({"n": 41}, "1 patients are in no layer"),
        ({"layer_weights": [1]}, "1 weights for 2 layers"),
        ({"layer_weights": [1, -1]}, "number above 0"),
        ({"variant": "other"}, "variant is 'other'"),
        ({"tables": [np.ones((40, 2)), np.full((40, 2), np.nan)]}, "complete and finite"),
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, object], message: str) -> None:
    table = np.random.default_rng(0).normal(size=(40, 4))
    given: dict[str, object] = {
        "tables": [table, table],
        "members": [np.arange(40)] * 2,
        "n": 40,
        "metrics": ["euclidean"] * 2,
        "n_neighbors": 10,
        "n_kept": 20,
        **change,
    }
    with pytest.raises(StudyError, match=message):
        fuse_sparse(**given)


def test_labels_are_those_of_the_exact_engine() -> None:
    from omicsfuse.clustering.spectral import laplacian_spectrum, spectral_labels

    tables, truth = planted(500, seed=3)
    ours = spectral_labels(laplacian_spectrum(fuse(tables).smooth, 4)[1], 3)
    theirs = spectral_labels(laplacian_spectrum(exact(tables, 20, "paper"), 4)[1], 3)
    assert adjusted_rand_score(ours, theirs) > 0.98
    assert adjusted_rand_score(ours, truth) > 0.8


def test_memory_grows_with_patients_and_pairs() -> None:
    assert sparse_memory(2000, 2, 100) < sparse_memory(4000, 2, 100)
    assert sparse_memory(2000, 2, 100, 40) < sparse_memory(2000, 2, 100, 80)
