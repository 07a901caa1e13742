"""The fusion kernel against SNFtool, snfpy, and a literal re-derivation from the published text."""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from partial_reference import half_diagonal, partial_fusion, strongest_neighbors
from scipy.spatial.distance import cdist

import omicsfuse as of
from omicsfuse.clustering import laplacian_spectrum, spectral_labels
from omicsfuse.fusion import patient_distances
from omicsfuse.fusion.diffusion import _percentile_of_largest
from omicsfuse.fusion.exact import fuse_networks
from omicsfuse.fusion.snfpy_engine import current_scikit_learn, fuse_with_snfpy

# Entries (row, column) of the reference matrices. Data: SNFtool's Data1 and Data2, z-scored (ddof
# 1), Euclidean distances. Affinities and "paper": R 4.2.2, CRAN SNFtool 2.3.1,
# affinityMatrix(d, K = 20, sigma = 0.5) and SNF(list(W1, W2), K = 20, t = 20). "snfpy": the
# SNFtool 2.2 line.
REFERENCE = [
    # row, column, affinity 1, affinity 2, fused "paper", fused "snfpy"
    (0, 1, 4.5331964243598e-04, 3.2744717812869e-04, 1.1143399157463e-03, 4.5724796172662e-03),
    (0, 150, 9.5483134055916e-04, 1.7475077022493e-04, 6.5871312169821e-04, 4.1627270414802e-03),
    (17, 80, 2.7391476697588e-03, 2.8034203767329e-03, 1.7282510514756e-03, 5.0679040030783e-03),
    (99, 100, 1.2285724552317e-04, 4.3591450341919e-03, 5.9467649540679e-04, 3.8640414594884e-03),
    (198, 199, 4.8756694244600e-04, 5.3592982736815e-03, 2.2278117089728e-03, 5.2163211513088e-03),
    (120, 30, 3.5639784218274e-02, 4.0501679137285e-03, 1.3410820138956e-03, 4.1983213471238e-03),
]


def distances(points: np.ndarray) -> np.ndarray:
    z = (points - points.mean(axis=0)) / points.std(axis=0, ddof=1)
    return cdist(z, z)


def shipped_with_snfpy(dataset: str, names: list[str]) -> list[np.ndarray]:
    """Tables that snfpy installs; its own loader needs setuptools, which may be absent."""
    folder = files("snf") / "tests" / "data" / dataset
    texts = [(folder / name).read_text() for name in names]
    return [np.loadtxt(t.splitlines(), delimiter="," if "," in t else None) for t in texts]


def literal_affinity(d: np.ndarray, k: int, mu: float) -> np.ndarray:
    """Equations 1 and 2 of Wang et al. 2014, with loops."""
    n = len(d)
    mean = [np.sort(np.delete(d[i], i))[:k].mean() for i in range(n)]
    w = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            s = mu * (mean[i] + mean[j] + d[i, j]) / 3
            w[i, j] = np.exp(-((d[i, j] / s) ** 2) / 2) / np.sqrt(2 * np.pi) / s
    return w


def literal_fusion(layers: Sequence[np.ndarray], k: int, t: int) -> np.ndarray:
    """Variant "paper" from its description, dense and entry by entry."""

    def normalise(w: np.ndarray) -> np.ndarray:
        p = np.array(
            [
                [0.5 if i == j else w[i, j] / (2 * (w[i].sum() - w[i, i])) for j in range(len(w))]
                for i in range(len(w))
            ]
        )
        return (p + p.T) / 2

    p = [normalise(w) for w in layers]
    s = []
    for w in p:
        kept = np.zeros_like(w)
        for i in range(len(w)):
            # Strongest first; of equals, the later position wins, as in R's stable sort.
            for j in sorted(range(len(w)), key=lambda j: (w[i, j], j), reverse=True)[:k]:
                kept[i, j] = w[i, j]
        s.append(kept / kept.sum(axis=1, keepdims=True))
    for _ in range(t):
        p = [
            normalise(s[v] @ np.mean([p[u] for u in range(len(p)) if u != v], axis=0) @ s[v].T)
            for v in range(len(p))
        ]
    return normalise(np.mean(p, axis=0))


def random_affinities(seed: int, n: int, layers: int, k: int = 5) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [of.affinity_matrix(distances(rng.normal(size=(n, 3))), k) for _ in range(layers)]


def test_whole_oracle_from_raw_data(real_data: Path) -> None:
    file = real_data.parent / "oracles" / "snf_simdata_euclidean_K20_mu0.5_t20.npz"
    if not file.is_file():
        pytest.skip("the reference matrices are absent")
    oracle = np.load(file)
    affinities = []
    for i in "12":
        affinity = of.affinity_matrix(distances(oracle[f"x_{i}"]), n_neighbors=20, mu=0.5)
        np.testing.assert_allclose(affinity, oracle[f"affinity_{i}"], rtol=0, atol=1e-9)
        affinities.append(affinity)
    for variant in ("paper", "snfpy"):
        fused = of.fuse_affinities(affinities, 20, 20, variant)
        np.testing.assert_allclose(fused, oracle[f"fused_{variant}"], rtol=0, atol=1e-9)


def test_reference_entries() -> None:
    # snfpy ships SNFtool's data rounded to 5 decimals, which moves entries by up to 1e-4 of
    # themselves; the exact comparison is the test above.
    d = [distances(points) for points in shipped_with_snfpy("sim", ["data1.csv", "data2.csv"])]
    w = [of.affinity_matrix(one, n_neighbors=20, mu=0.5) for one in d]
    found = [w[0], w[1], of.fuse_affinities(w), of.fuse_affinities(w, variant="snfpy")]
    for row, column, *expected in REFERENCE:
        entries = [matrix[row, column] for matrix in found]
        np.testing.assert_allclose(entries, expected, rtol=2e-4)


@pytest.mark.parametrize(("n", "layers", "k"), [(12, 2, 4), (25, 3, 7), (15, 4, 14)])
def test_paper_variant_equals_its_description(n: int, layers: int, k: int) -> None:
    rng = np.random.default_rng(n)
    d = [distances(rng.normal(size=(n, 3))) for _ in range(layers)]
    w = [of.affinity_matrix(one, k, 0.4) for one in d]
    for ours, one in zip(w, d, strict=True):
        np.testing.assert_allclose(ours, literal_affinity(one, k, 0.4), rtol=1e-10)
    fused = of.fuse_affinities(w, n_neighbors=k, n_iterations=7)
    np.testing.assert_allclose(fused, literal_fusion(w, k, 7), rtol=1e-10)


def test_ties_in_paper_variant_are_broken_by_position() -> None:
    rng = np.random.default_rng(5)
    binary = [(rng.random((14, 4)) < 0.4).astype(float) for _ in range(2)]
    w = [of.affinity_matrix(cdist(b, b, "cityblock"), 4) for b in binary]
    fused = of.fuse_affinities(w, n_neighbors=4, n_iterations=5)
    np.testing.assert_allclose(fused, literal_fusion(w, 4, 5), rtol=1e-10)


@pytest.mark.parametrize("layers", [2, 3, 5])
def test_snfpy_variant_equals_snfpy_itself(layers: int) -> None:
    w = random_affinities(layers, 40, layers)
    ours = of.fuse_affinities(w, n_neighbors=9, n_iterations=12, variant="snfpy")
    np.testing.assert_allclose(ours, fuse_with_snfpy(w, 9, 12), rtol=1e-12)


def test_snfpy_variant_keeps_ties_as_snfpy_does() -> None:
    rng = np.random.default_rng(6)
    binary = [(rng.random((30, 6)) < 0.3).astype(float) for _ in range(3)]
    w = [of.affinity_matrix(cdist(b, b, "cityblock"), 5) for b in binary]
    ours = of.fuse_affinities(w, n_neighbors=5, variant="snfpy")
    np.testing.assert_allclose(ours, fuse_with_snfpy(w, 5, 20), rtol=1e-12)


def binary_affinities(seed: int, n: int, layers: int, features: int, k: int) -> list[np.ndarray]:
    """Layers of few binary features: most patients have an exact double."""
    rng = np.random.default_rng(seed)
    tables = [(rng.random((n, features)) < 0.3).astype(float) for _ in range(layers)]
    return [of.affinity_matrix(patient_distances(table, "jaccard"), k) for table in tables]


@pytest.mark.parametrize("n", [63, 64, 65, 128, 129])
def test_ties_at_the_borders_of_tiles(n: int) -> None:
    w = binary_affinities(n, n, 2, 5, 9)
    everyone = [np.arange(n)] * 2
    paper = of.fuse_affinities(w, 9, 3, "paper")
    np.testing.assert_allclose(paper, partial_fusion(w, everyone, n, 9, 3, "paper"), rtol=1e-10)
    snfpy = of.fuse_affinities(w, 9, 3, "snfpy")
    np.testing.assert_allclose(snfpy, fuse_with_snfpy(w, 9, 3), rtol=1e-12)
    # Which ties are kept matters: where patients stand in the table decides in "paper" alone.
    order = np.arange(n)[::-1]
    turned = [one[np.ix_(order, order)] for one in w]
    assert not np.allclose(of.fuse_affinities(turned, 9, 3)[np.ix_(order, order)], paper, rtol=1e-3)
    again = of.fuse_affinities(turned, 9, 3, "snfpy")[np.ix_(order, order)]
    np.testing.assert_allclose(again, snfpy, rtol=1e-9)


def test_ties_among_many_patients() -> None:
    w = binary_affinities(0, 500, 3, 7, 20)
    ours = of.fuse_affinities(w, 20, 4, "snfpy")
    np.testing.assert_allclose(ours, fuse_with_snfpy(w, 20, 4), rtol=1e-12)


@settings(max_examples=200, deadline=None)
@given(
    rows=st.integers(2, 40).flatmap(
        lambda n: st.lists(
            st.lists(
                # Doubles and whole numbers, so that there are ties as well.
                st.floats(0, 1, allow_subnormal=False) | st.sampled_from([0.0, 0.25, 1 / 3]),
                min_size=n,
                max_size=n,
            ),
            min_size=1,
            max_size=3,
        )
    ),
    data=st.data(),
)
def test_the_percentile_is_that_of_numpy_to_the_last_bit(
    rows: list[list[float]], data: st.DataObject
) -> None:
    values = np.array(rows)
    n = values.shape[1]
    k = data.draw(st.integers(1, n - 1))
    percent = 100 - 100 * k / n
    largest = -np.sort(-values, axis=1)[:, : k + 1]
    found = _percentile_of_largest(largest, percent, n)
    np.testing.assert_array_equal(found, np.percentile(values, percent, axis=1))


@pytest.mark.parametrize(("n", "k"), [(1000, 20), (4000, 20), (12345, 77), (999, 998), (200, 1)])
def test_the_percentile_of_many_patients(n: int, k: int) -> None:
    values = np.random.default_rng(n).random((3, n))
    percent = 100 - 100 * k / n
    largest = -np.sort(-values, axis=1)[:, : k + 1]
    expected = np.percentile(values, percent, axis=1)
    np.testing.assert_array_equal(_percentile_of_largest(largest, percent, n), expected)


@pytest.mark.parametrize("alpha", [0.3, 1, 4.5])
def test_alpha_is_that_of_snfpy(alpha: float) -> None:
    w = random_affinities(8, 70, 3)
    with current_scikit_learn() as compute:
        expected = compute.snf(*w, K=8, t=6, alpha=alpha)
    ours = of.fuse_affinities(w, 8, 6, "snfpy", alpha=alpha)
    np.testing.assert_allclose(ours, expected, rtol=1e-12)
    if alpha == 1:
        np.testing.assert_array_equal(ours, of.fuse_affinities(w, 8, 6, "snfpy"))
    else:
        assert not np.allclose(ours, of.fuse_affinities(w, 8, 6, "snfpy"), rtol=1e-3)


@pytest.mark.parametrize("variant", ["paper", "snfpy"])
def test_weights_of_layers(variant: str) -> None:
    w = random_affinities(9, 70, 3)
    plain = of.fuse_affinities(w, 8, 6, variant)
    same = of.fuse_affinities(w, 8, 6, variant, layer_weights=[2, 2, 2])
    assert same.tobytes() == plain.tobytes()
    small, large = (
        of.fuse_affinities(w, 8, 6, variant, layer_weights=weights)
        for weights in ([1, 2, 0.5], np.array([10, 20, 5]))
    )
    np.testing.assert_allclose(small, large, rtol=1e-12)
    everyone = [np.arange(70)] * 3
    expected = partial_fusion(w, everyone, 70, 8, 6, variant, [1, 2, 0.5])
    np.testing.assert_allclose(small, expected, rtol=1e-10)
    assert not np.allclose(small, plain, rtol=1e-3)
    # With a single layer there is no ratio.
    alone = of.fuse_affinities(w[:1], 8, 6, variant, layer_weights=[7])
    assert alone.tobytes() == of.fuse_affinities(w[:1], 8, 6, variant).tobytes()


def test_changes_are_those_of_the_sum_over_layers() -> None:
    w = random_affinities(10, 66, 3)
    p = [half_diagonal(one) for one in w]
    s = [strongest_neighbors(one, 8, keep_ties=False) for one in p]
    expected = []
    for _ in range(6):
        before = sum(p)
        p = [half_diagonal(a @ (before - own) @ a.T / 2) for a, own in zip(s, p, strict=True)]
        expected.append(np.linalg.norm(sum(p) - before) / np.linalg.norm(sum(p)))
    found = fuse_networks(w, 8, 6, "paper", np.ones(3)).changes
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    assert (np.diff(found) < 0).all()


@pytest.mark.parametrize("variant", ["paper", "snfpy"])
def test_single_precision(variant: str) -> None:
    w = random_affinities(11, 200, 3, 20)
    double = of.fuse_affinities(w, variant=variant)
    single = of.fuse_affinities(w, variant=variant, dtype="float32")
    assert (double.dtype, single.dtype) == (np.float64, np.float32)
    np.testing.assert_allclose(single, double, rtol=5e-6)
    np.testing.assert_array_equal(single, single.T)
    assert single.tobytes() != double.astype(np.float32).tobytes()


@pytest.mark.parametrize("variant", ["paper", "snfpy"])
def test_every_neighbour_and_only_the_patient(variant: str) -> None:
    w = random_affinities(12, 30, 2)
    everyone = [np.arange(30)] * 2
    for k in (1, 2, 29):
        fused = of.fuse_affinities(w, k, 3, variant)
        expected = partial_fusion(w, everyone, 30, k, 3, variant)
        np.testing.assert_allclose(fused, expected, rtol=1e-10)


def test_the_smallest_cohorts() -> None:
    # Two patients: each is the other's only neighbour.
    pair = np.array([[1.0, 0.2], [0.2, 1.0]])
    np.testing.assert_allclose(of.fuse_affinities([pair, pair], 1, 3), 0.5)
    three = random_affinities(13, 3, 2, 2)
    fused = of.fuse_affinities(three, 2, 3)
    expected = partial_fusion(three, [np.arange(3)] * 2, 3, 2, 3, "paper")
    np.testing.assert_allclose(fused, expected, rtol=1e-12)


def test_matrices_in_any_form_give_the_same_and_stay_as_they_are() -> None:
    w = random_affinities(14, 70, 2)
    plain = of.fuse_affinities(w, 6, 3)
    locked = [one.copy() for one in w]
    for one in locked:
        one.setflags(write=False)
    wide = np.zeros((140, 140))
    wide[::2, ::2] = w[0]
    frames = [pd.DataFrame(one, range(70), range(70)) for one in w]
    forms = {
        "read-only": locked,
        "Fortran order": [np.asfortranarray(one) for one in w],
        "every second entry": [wide[::2, ::2], w[1]],
        "tables": frames,
        "one array": np.array(w),
        "lists": [one.tolist() for one in w],
    }
    for form, given_form in forms.items():
        fused = of.fuse_affinities(given_form, 6, 3)
        np.testing.assert_array_equal(fused, plain, err_msg=form)
    np.testing.assert_array_equal(wide[::2, ::2], w[0])
    assert (frames[0].to_numpy() == w[0]).all()
    # What is not symmetric is made so, in a copy.
    skew = w[0] + np.triu(w[0], 1)
    kept = skew.copy()
    even = of.fuse_affinities([(skew + skew.T) / 2, w[1]], 6, 3)
    np.testing.assert_array_equal(of.fuse_affinities([skew, w[1]], 6, 3), even)
    np.testing.assert_array_equal(skew, kept)


@pytest.mark.parametrize("n", [31, 32, 33, 64, 65, 100])
def test_affinity_equals_its_description_at_the_borders_of_blocks(n: int) -> None:
    d = distances(np.random.default_rng(n).normal(size=(n, 3)))
    before = d.copy()
    found = of.affinity_matrix(d, 7, 0.6)
    np.testing.assert_allclose(found, literal_affinity(d, 7, 0.6), rtol=1e-12)
    np.testing.assert_array_equal(found, found.T)
    np.testing.assert_array_equal(d, before)


def test_affinity_of_patients_who_are_all_the_same_is_finite() -> None:
    same = of.affinity_matrix(np.zeros((6, 6)), 3)
    assert np.isfinite(same).all()
    assert (same == same[0, 0]).all()
    # A table's diagonal is taken as 0, whatever rounding left there.
    d = distances(np.random.default_rng(0).normal(size=(12, 3)))
    np.testing.assert_array_equal(of.affinity_matrix(d + 1e-9 * np.eye(12), 4),
                                  of.affinity_matrix(d, 4))  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(8, 25),
    layers=st.integers(1, 4),
    variant=st.sampled_from(["paper", "snfpy"]),
)
def test_invariants(seed: int, n: int, layers: int, variant: str) -> None:
    w = random_affinities(seed, n, layers)
    before = [one.copy() for one in w]
    fused = of.fuse_affinities(w, n_neighbors=5, n_iterations=8, variant=variant)
    for one, kept in zip(w, before, strict=True):
        np.testing.assert_array_equal(one, kept)
    assert np.isfinite(fused).all()
    assert (fused >= 0).all()
    np.testing.assert_array_equal(fused, fused.T)
    if variant == "paper":
        np.testing.assert_array_equal(fused.diagonal(), 0.5)
        assert fused.sum() == pytest.approx(n, rel=1e-12)
    else:
        assert fused.sum() == pytest.approx(1.5 * n, rel=1e-12)
    order = np.random.default_rng(seed).permutation(n)
    permuted = [one[np.ix_(order, order)] for one in w]
    moved = of.fuse_affinities(permuted, n_neighbors=5, n_iterations=8, variant=variant)
    np.testing.assert_allclose(moved, fused[np.ix_(order, order)], rtol=1e-9)
    reversed_layers = of.fuse_affinities(w[::-1], n_neighbors=5, n_iterations=8, variant=variant)
    np.testing.assert_allclose(reversed_layers, fused, rtol=1e-9)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), scale=st.floats(1e-3, 1e6))
def test_affinity_follows_the_scale_of_distances(seed: int, scale: float) -> None:
    d = distances(np.random.default_rng(seed).normal(size=(15, 3)))
    # A density: distances s times as large have affinities s times as small.
    scaled = of.affinity_matrix(d * scale, 5) * scale
    np.testing.assert_allclose(scaled, of.affinity_matrix(d, 5), rtol=1e-6)


def test_one_layer_is_defined() -> None:
    w = random_affinities(1, 20, 1)
    fused = of.fuse_affinities(w, n_neighbors=5)
    np.testing.assert_allclose(fused, of.fuse_affinities(w * 2, n_neighbors=5), rtol=1e-12)
    assert np.isfinite(fused).all()


def test_duplicate_patients_are_each_others_nearest() -> None:
    points = np.random.default_rng(0).normal(size=(20, 3))
    points[1] = points[0]
    fused = of.fuse_affinities([of.affinity_matrix(distances(points), 5)] * 2, 5)
    off = fused - np.diag(fused.diagonal())
    assert np.isfinite(fused).all()
    assert off[0].argmax() == 1


@pytest.mark.parametrize(
    ("matrices", "options", "message"),
    [
        ([], {}, "no affinity matrix"),
        ([np.ones((3, 4))], {}, r"square matrix of patients, found shape \(3, 4\)"),
        ([np.ones((4, 4)), np.ones((5, 5))], {}, r"same patients, found shapes"),
        (
            [np.full((4, 4), np.nan)],
            {},
            "must be finite, found missing or infinite values in 4 rows",
        ),
        ([np.ones((4, 4)), -np.ones((4, 4))], {}, "affinity matrix 2 has a negative entry, -1"),
        ([np.eye(4)], {}, "4 patients have no affinity to any other"),
        ([np.ones((4, 4))], {"variant": "old"}, "variant is 'old'; choose from paper, snfpy"),
        ([np.ones((4, 4))], {"n_iterations": 0}, "n_iterations is 0"),
        ([np.ones((4, 4))], {"n_neighbors": 0}, "n_neighbors is 0"),
        ([np.ones((4, 4))], {"n_neighbors": 2.5}, "n_neighbors is 2.5"),
        ([np.ones((4, 4))], {"dtype": "float16"}, "dtype is 'float16'; choose from float64"),
        ([np.ones((4, 4))], {"alpha": 1.0}, 'alpha belongs to variant "snfpy"'),
        ([np.ones((4, 4))], {"alpha": 0, "variant": "snfpy"}, "alpha is 0"),
        ([np.ones((4, 4))], {"layer_weights": [1, 2]}, "has 2 numbers for 1 layers"),
        ([np.ones((4, 4))], {"layer_weights": [0]}, "layer_weights is 0; it must be a number"),
        ([np.ones((4, 4))], {"layer_weights": [-1.5]}, "layer_weights is -1.5"),
        ([np.ones((4, 4))], {"layer_weights": [np.nan]}, "layer_weights is nan"),
        ([np.ones((4, 4))], {"layer_weights": {"a": 1}}, "a list of numbers"),
        ([np.ones((4, 4))], {"n_threads": 0}, "n_threads is 0"),
        ([np.ones((1, 1))], {}, "at least two patients, found 1"),
    ],
)
def test_refusals(matrices: list[np.ndarray], options: dict, message: str) -> None:
    with pytest.raises(of.StudyError, match=message):
        of.fuse_affinities(matrices, **{"n_neighbors": 2, **options})


def test_more_neighbors_than_patients_is_reduced_with_a_warning() -> None:
    w = random_affinities(2, 12, 2)
    with pytest.warns(of.OmicsfuseWarning, match="with 12 patients each has only 11 others"):
        fused = of.fuse_affinities(w, n_neighbors=20)
    np.testing.assert_array_equal(fused, of.fuse_affinities(w, n_neighbors=11))


def test_affinity_refuses_bad_settings() -> None:
    with pytest.raises(of.StudyError, match="mu is 0"):
        of.affinity_matrix(np.ones((4, 4)), 2, mu=0)
    with pytest.raises(of.StudyError, match="distances must not be negative, found -1"):
        of.affinity_matrix(-np.ones((4, 4)), 2)


@pytest.mark.parametrize(
    ("metric", "expected"), [("euclidean", 0.973430), ("squared_euclidean", 0.982993)]
)
def test_agreement_with_truth_on_digits(metric: str, expected: float) -> None:
    # snfpy 0.2.2: snf.make_affinity and snf.snf with K = 20, mu = 0.5 on load_digits(), then
    # sklearn.cluster.spectral_clustering with 3 clusters; normalised mutual information with truth.
    from sklearn.metrics import normalized_mutual_info_score

    *views, truth = shipped_with_snfpy(
        "digits", ["fourier.csv", "pixel.csv", "profile.csv", "zer.csv", "label.csv"]
    )
    affinities = []
    for view in views:
        spread = view.std(axis=0, ddof=1)
        z = (view - view.mean(axis=0)) / np.where(spread > 0, spread, 1)
        affinities.append(of.affinity_matrix(patient_distances(z, metric)))
    fused = of.fuse_affinities(affinities, variant="snfpy")
    labels = spectral_labels(laplacian_spectrum(fused, 3)[1], 3)
    assert normalized_mutual_info_score(truth, labels) == pytest.approx(expected, abs=5e-7)
