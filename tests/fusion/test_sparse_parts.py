import numpy as np
from scipy import sparse

from omicsfuse.fusion.distances_blocks import angles, by_tiles, hamming, jaccard, squared_euclidean
from omicsfuse.fusion.engines import only_exact
from omicsfuse.fusion.neighbors import cross_distances, prepared_table
from omicsfuse.fusion.sparse_background import (
    blockwise_product,
    kernel_values,
    oriented,
    smooth_part,
)
from omicsfuse.fusion.sparse_network import (
    NetworkOperator,
    SplitNetwork,
    from_rows,
    reordered,
    split,
    symmetrised,
    with_values,
)
from omicsfuse.fusion.sparse_order import similar_first


def test_distances_of_small_tables() -> None:
    x = np.array([1.0, 4.0, 9.0])
    tiles = by_tiles(3, lambda i, j: np.abs(x[i, None] - x[None, j]))
    assert tiles.tolist() == [[0, 3, 8], [3, 0, 5], [8, 5, 0]]
    squares = squared_euclidean(np.array([[1.0, 1.0], [1.0, 1.0], [4.0, 5.0]]))
    assert squares.tolist() == [[0, 0, 25], [0, 0, 25], [25, 25, 0]]
    rows = np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 3.0], [-1.0, 0.0]])
    assert angles(rows)[0].tolist() == [0, 0, 1, 2]
    assert hamming(np.array([[0.0, 1.0, 7.0, 7.0], [0.0, 1.0, 8.0, 7.0]]))[0, 1] == 0.25
    first = jaccard(np.array([[1.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 0.0, 0.0]]))[0]
    np.testing.assert_allclose(first, [0, 2 / 3, 1])
    points = np.array([[0.0, 0.0], [3.0, 4.0]], dtype=np.float32)
    assert cross_distances(points, points, "euclidean").tolist() == [[0, 5], [5, 0]]
    binary = prepared_table(np.array([[0.0, 2.0], [1.0, 0.0]]), "jaccard")
    assert (binary.dtype, binary.tolist()) == (np.float32, [[0, 1], [1, 0]])
    assert only_exact({"a": "gower"}, None, "float64") == "metric 'gower' of a"


def test_similar_patients_stand_side_by_side() -> None:
    two = np.tile([0.0, 9.0], 300)[:, None] + np.linspace(0, 1, 600)[:, None]
    order = similar_first([two], [np.arange(600)], 600, ["euclidean"], 0)
    assert np.abs(np.diff(order % 2)).sum() < 10


def test_the_smooth_part_of_affinities() -> None:
    points = np.linspace(0, 1, 30)[:, None].astype(np.float32)
    chance = np.random.default_rng(0)
    factor, core = smooth_part(points, "euclidean", np.full(30, 0.2), 2.0, 3, 30, chance)
    assert (factor.shape, core.shape) == ((30, 3), (3, 3))
    assert kernel_values(np.array([0.0]), np.array([3.0]), 0.5).round(4) == 0.7979
    assert oriented(np.array([[-1.0], [0.0]])).tolist() == [[1], [0]]
    ones = np.ones((2, 1))
    half = blockwise_product([(1, np.arange(2))], [ones], [np.eye(1)], lambda *_: 0.5, ones)
    assert half.tolist() == [[1], [1]]


def test_a_network_in_two_parts() -> None:
    ones = np.ones((3, 1))
    whole = SplitNetwork(sparse.csr_array((3, 3)), np.ones(3), ones, np.eye(1))
    assert (NetworkOperator(whole) @ np.array([1.0, 0.0, 0.0])).tolist() == [0, 1, 1]
    pair = sparse.csr_array(np.array([[0.0, 3.0], [3.0, 0.0]]))
    assert split(pair, np.zeros(2), np.ones((2, 1)), np.eye(1)).kept.data.tolist() == [2, 2]
    assert with_values(sparse.csr_array(np.eye(2)), np.array([3.0, 4.0])).data.tolist() == [3, 4]
    counted = from_rows(np.array([[1, 0], [0, 0]]), np.ones((2, 2)), np.array([1, 0]))
    assert counted.toarray().tolist() == [[0, 1], [0, 0]]
    diagonal = sparse.csr_array(np.diag([1.0, 2.0, 3.0]))
    assert reordered(diagonal, np.array([2, 0, 1])).diagonal().tolist() == [3, 1, 2]
    one_way = sparse.csr_array(np.array([[0.0, 3.0], [0.0, 0.0]]))
    assert symmetrised(one_way).toarray().tolist() == pair.toarray().tolist()
