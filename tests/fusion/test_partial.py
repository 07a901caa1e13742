"""Fusion of patients who lack layers: against its description, and what must hold."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from partial_reference import (
    half_diagonal,
    neighbors_of_layer,
    partial_fusion,
    strongest_neighbors,
)
from scipy.spatial.distance import cdist

import omicsfuse as of
from omicsfuse.fusion.affinity import affinities_of, layer_neighbors
from omicsfuse.fusion.exact import Fused, fuse_networks

VARIANTS = ["paper", "snfpy"]

#: Who has each layer, among how many.
SHAPES = {
    "63, one layer of everyone": (63, [range(63), range(20, 60), range(0, 63, 3)]),
    "64, no patient has all": (64, [range(40), range(30, 64), range(15, 50)]),
    "65, the last patient alone in a layer's last tile": (65, [range(65), range(50, 65)]),
    "129, three tiles": (129, [range(0, 129, 2), range(100), range(60, 129)]),
    "129, a layer that begins in the second tile": (129, [range(128), range(64, 129)]),
    "66, four patients in a layer": (66, [range(66), range(62, 66), range(0, 66, 4)]),
    "30, three patients in a layer": (30, [range(30), [0, 14, 29]]),
    "70, pairs known through one layer in the middle": (
        70,
        [range(35), range(35, 70), range(20, 50)],
    ),
    "5 patients": (5, [range(5), range(1, 5)]),
}


def partial(
    seed: int, n: int, members: list[np.ndarray], k: int, binary: bool = False
) -> list[np.ndarray]:
    """Affinities of each layer's own patients; binary data are full of ties."""
    rng = np.random.default_rng(seed)
    made = []
    for own in members:
        points = rng.normal(size=(n, 8))
        points = (points > 0.6).astype(float) if binary else points
        d = cdist(points[own], points[own], "cityblock" if binary else "euclidean")
        made.append(affinities_of(d, neighbors_of_layer(k, len(own), n), 0.5))
    return made


def fused_of(
    affinities: list[np.ndarray],
    members: list[np.ndarray],
    n: int,
    k: int,
    variant: str = "paper",
    weights: tuple[float, ...] | None = None,
    t: int = 4,
    **options: object,
) -> Fused:
    given = np.ones(len(affinities)) if weights is None else np.array(weights)
    return fuse_networks(affinities, k, t, variant, given, members=members, n=n, **options)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("shape", SHAPES)
def test_it_is_what_its_description_says(shape: str, variant: str) -> None:
    n, ranges = SHAPES[shape]
    members = [np.array(list(own)) for own in ranges]
    k = min(9, n - 1)
    w = partial(n, n, members, k)
    for weights in (None, (2.0, 0.5, 1.0)[: len(w)]):
        fused = fused_of(w, members, n, k, variant, weights).network
        expected = partial_fusion(w, members, n, k, 4, variant, weights)
        np.testing.assert_allclose(fused, expected, rtol=1e-10, atol=1e-16)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("n", [64, 65, 129])
def test_ties_of_binary_layers_are_those_of_its_description(n: int, variant: str) -> None:
    rng = np.random.default_rng(n)
    members = [np.arange(n), np.sort(rng.choice(n, n // 2, replace=False)), np.arange(n // 3, n)]
    w = partial(n, n, members, 7, binary=True)
    fused = fused_of(w, members, n, 7, variant).network
    np.testing.assert_allclose(fused, partial_fusion(w, members, n, 7, 4, variant), rtol=1e-10)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("n", [10, 64, 65, 130])
@pytest.mark.parametrize("weights", [None, (3.0, 1.0, 0.7)])
def test_complete_data_give_the_same_bytes_as_complete_fusion(
    n: int, variant: str, weights: tuple[float, ...] | None
) -> None:
    everyone = [np.arange(n)] * 3
    w = partial(1, n, everyone, 6)
    whole = of.fuse_affinities(w, 6, 5, variant, layer_weights=weights)
    scaled = None if weights is None else tuple(np.array(weights) / np.mean(weights))
    assert fused_of(w, everyone, n, 6, variant, scaled, 5).network.tobytes() == whole.tobytes()


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(12, 75),
    variant=st.sampled_from(VARIANTS),
    n_layers=st.integers(1, 4),
)
def test_invariants(seed: int, n: int, variant: str, n_layers: int) -> None:
    rng = np.random.default_rng(seed)
    members = [np.sort(rng.choice(n, rng.integers(4, n + 1), replace=False)) for _ in range(4)]
    members = [np.arange(n), *members][:n_layers]
    w = partial(seed, n, members, 5)
    before = [one.copy() for one in w]
    weights = tuple(rng.uniform(0.2, 5, n_layers))
    fused, changes = fused_of(w, members, n, 5, variant, weights)
    for one, kept in zip(w, before, strict=True):
        np.testing.assert_array_equal(one, kept)
    assert np.isfinite(fused).all()
    assert np.isfinite(changes).all()
    assert fused.min() > -1e-16
    np.testing.assert_array_equal(fused, fused.T)
    if variant == "paper":
        np.testing.assert_array_equal(fused.diagonal(), 0.5)
    assert fused.sum() == pytest.approx(n if variant == "paper" else 1.5 * n, rel=1e-12)

    order = rng.permutation(n)
    place = np.argsort(order)
    moved_members, moved = [], []
    for one, own in zip(w, members, strict=True):
        at = np.argsort(place[own])
        moved_members.append(place[own][at])
        moved.append(one[np.ix_(at, at)])
    again = fused_of(moved, moved_members, n, 5, variant, weights).network
    np.testing.assert_allclose(again, fused[np.ix_(order, order)], rtol=1e-9, atol=1e-15)
    other = fused_of(w[::-1], members[::-1], n, 5, variant, weights[::-1]).network
    np.testing.assert_allclose(other, fused, rtol=1e-9, atol=1e-15)


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    scale=st.floats(1e-3, 1e6),
    variant=st.sampled_from(VARIANTS),
)
def test_the_unit_of_a_layers_distances_does_not_matter(
    seed: int, scale: float, variant: str
) -> None:
    rng = np.random.default_rng(seed)
    n, members = 40, [np.arange(40), np.arange(10, 35)]
    d = [cdist(x, x) for x in (rng.normal(size=(len(own), 4)) for own in members)]
    w = [affinities_of(one, layer_neighbors(6, len(one), n), 0.5) for one in d]
    scaled = [w[0], affinities_of(d[1] * scale, layer_neighbors(6, 25, n), 0.5)]
    one = fused_of(w, members, n, 6, variant).network
    np.testing.assert_allclose(fused_of(scaled, members, n, 6, variant).network, one, rtol=1e-9)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_single_layer_is_diffused_through_itself(variant: str) -> None:
    everyone = [np.arange(70)]
    w = partial(3, 70, everyone, 6)
    fused = of.fuse_affinities(w, 6, 4, variant)
    np.testing.assert_allclose(fused, partial_fusion(w, everyone, 70, 6, 4, variant), rtol=1e-10)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_small_layer_beside_one_that_everyone_has_changes_little(variant: str) -> None:
    n, members = 80, [np.arange(80), np.arange(10)]
    w = partial(4, n, members, 8)
    both = fused_of(w, members, n, 8, variant, t=10).network
    alone = of.fuse_affinities(w[:1], 8, 10, variant)
    pairs = np.triu_indices(n, 1)
    assert np.corrcoef(both[pairs], alone[pairs])[0, 1] > 0.7
    assert not np.allclose(both[:10, :10], alone[:10, :10], rtol=0.01)


def test_patients_never_seen_together_are_tied_through_those_they_share() -> None:
    # Two groups; half of each group has layer one, half layer two, and some have both.
    rng = np.random.default_rng(0)
    truth = np.tile([0, 1], 40)
    points = rng.normal(size=(2, 80, 5)) + 3 * truth[None, :, None]
    members = [np.arange(50), np.arange(30, 80)]
    w = [
        affinities_of(cdist(x[own], x[own]), layer_neighbors(8, 50, 80), 0.5)
        for x, own in zip(points, members, strict=True)
    ]
    fused = fused_of(w, members, 80, 8, t=20).network
    apart = fused[:30, 50:]
    same = truth[:30, None] == truth[None, 50:]
    assert apart[same].mean() > 3 * apart[~same].mean()
    # One iteration reaches neighbours of neighbours, and all of them had the layer.
    assert (apart > 0).mean() > 0.9


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_change_falls_and_has_one_number_an_iteration(variant: str) -> None:
    n, members = 60, [np.arange(60), np.arange(30), np.arange(20, 60)]
    w = partial(5, n, members, 8)
    changes = fused_of(w, members, n, 8, variant, t=15).changes
    assert changes.shape == (15,)
    # The first steps bring weight to pairs that no layer sees; from then on it settles.
    assert (np.diff(changes[2:]) < 0).all()
    assert changes[-1] < 0.1 * changes[0]


def test_a_very_heavy_layer_leads_all_others() -> None:
    # In the limit every other layer takes its mean from the heavy one, which makes up the result.
    n, k, t, everyone = 40, 6, 5, [np.arange(40)] * 3
    w = partial(6, n, everyone, k)
    p = [half_diagonal(one) for one in w]
    s = [strongest_neighbors(one, k, keep_ties=False) for one in p]
    for _ in range(t):
        q = [(p[1] + p[2]) / 2, p[0], p[0]]
        p = [half_diagonal(a @ b @ a.T) for a, b in zip(s, q, strict=True)]
    limit = half_diagonal(p[0])
    far = [
        np.abs(of.fuse_affinities(w, k, t, layer_weights=[heavy, 1, 1]) - limit).max()
        for heavy in (1e2, 1e4, 1e6)
    ]
    assert far[1] < 0.02 * far[0]
    assert far[2] < 0.02 * far[1]


@pytest.mark.parametrize("variant", VARIANTS)
def test_single_precision_stays_close(variant: str) -> None:
    n, members = 130, [np.arange(130), np.arange(90), np.arange(40, 130)]
    w = partial(7, n, members, 10)
    double = fused_of(w, members, n, 10, variant, t=20)
    single = fused_of(w, members, n, 10, variant, t=20, dtype="float32")
    assert single.network.dtype == np.float32
    np.testing.assert_array_equal(single.network, single.network.T)
    np.testing.assert_allclose(single.network, double.network, rtol=2e-5)
    np.testing.assert_allclose(single.changes, double.changes, rtol=1e-2, atol=1e-6)


@pytest.mark.parametrize(
    ("n_members", "expected"), [(100, 20), (99, 20), (50, 10), (51, 11), (15, 3), (3, 2), (10, 3)]
)
def test_neighbours_follow_the_size_of_the_layer(n_members: int, expected: int) -> None:
    assert layer_neighbors(20, n_members, 100) == expected
    assert neighbors_of_layer(20, n_members, 100) == expected
