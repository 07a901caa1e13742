"""Reference: tests/reference/{coexpression,dynamic_cut}.R; R 4.2.2, dynamicTreeCut 1.63-1."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist, squareform
from sklearn.metrics import adjusted_rand_score

from omicsfuse.core.errors import StudyError
from omicsfuse.signatures.coexpression_network import (
    adjacency,
    gene_correlation,
    topological_overlap,
)
from omicsfuse.signatures.dynamic_cut import by_size, dynamic_cut

REFERENCE = Path(__file__).parents[1] / "reference"


@pytest.fixture(scope="module", params=["coexpression", "dynamic_cut"])
def planted(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    data = pd.read_csv(REFERENCE / f"{request.param}_data.csv", index_col=0)
    overlap = topological_overlap(adjacency(gene_correlation(data.to_numpy(dtype=float)), 6))
    tree = linkage(squareform(1 - overlap, checks=False), "average")
    return tree, 1 - overlap, pd.read_csv(REFERENCE / f"{request.param}_labels.csv")


@pytest.mark.parametrize("assign_rest", [False, True])
@pytest.mark.parametrize("depth", range(5))
def test_labels_are_those_of_the_authors_program(
    planted: tuple[np.ndarray, np.ndarray, pd.DataFrame], depth: int, assign_rest: bool
) -> None:
    tree, distance, labels = planted
    found = dynamic_cut(tree, distance, minimum_size=12, depth=depth, assign_rest=assign_rest)
    expected = labels[f"cut_{depth}" + "_pam" * assign_rest].to_numpy()
    assert adjusted_rand_score(found, expected) == 1
    assert ((found == 0) == (expected == 0)).all()


def test_clusters_are_found_where_one_height_would_fail() -> None:
    rng = np.random.default_rng(0)
    tight = [rng.normal(centre, 0.2, (30, 2)) for centre in ((0, 0), (3, 0))]
    loose = rng.normal((9, 9), 1.5, (30, 2))
    points = np.concatenate([*tight, loose])
    truth, tree = np.repeat([0, 1, 2], 30), linkage(pdist(points), "average")
    found = dynamic_cut(tree, squareform(pdist(points)), minimum_size=20, depth=3)
    assert adjusted_rand_score(found, truth) > 0.95
    heights = [fcluster(tree, height, "distance") for height in np.unique(tree[:, 2])]
    assert max(adjusted_rand_score(labels, truth) for labels in heights) < 0.95


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 8), st.integers(0, 4), st.booleans())
def test_labels_are_numbered_by_size(seed: int, size: int, depth: int, rest: bool) -> None:
    points = np.random.default_rng(seed).integers(0, 40, (30, 3)).astype(float)
    distance = squareform(pdist(points))
    tree = linkage(pdist(points), "average")
    found = dynamic_cut(tree, distance, minimum_size=size, depth=depth, assign_rest=rest)
    counts = np.bincount(found)[1:]
    assert (np.diff(counts) <= 0).all()
    assert (counts >= size).all()
    assert (by_size(found) == found).all()


def test_two_objects_and_no_clusters() -> None:
    distance = np.array([[0.0, 1.0], [1.0, 0.0]])
    assert dynamic_cut(linkage([1.0], "average"), distance, minimum_size=3).tolist() == [0, 0]


def test_settings_out_of_bounds_are_refused() -> None:
    tree, distance = linkage([1.0], "average"), np.zeros((2, 2))
    with pytest.raises(StudyError, match="depth is 5; it must be a whole number from 0 to 4"):
        dynamic_cut(tree, distance, depth=5)
    with pytest.raises(StudyError, match="minimum_size is 1; it must be a whole number of at"):
        dynamic_cut(tree, distance, minimum_size=1)
