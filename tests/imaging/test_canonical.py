from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.cross_decomposition import CCA

from omicsfuse.imaging.modules import canonical
from omicsfuse.imaging.modules.canonical import (
    block_components,
    canonical_correlation,
    correlate_pairs,
    leading_pair,
    make_splits,
)

REFERENCE = Path(__file__).parents[1] / "reference"


def scores(block: np.ndarray, k: int) -> np.ndarray:
    return block_components(block, np.ones(len(block), dtype=bool), k, above_average=False)


def test_in_sample_correlation_is_that_of_r() -> None:
    """R 4.2.2, stats::cancor and prcomp: tests/reference/canonical.R."""
    table = pd.read_csv(REFERENCE / "canonical_data.csv").to_numpy()
    x, y = table[:, :3], table[:, 3:]
    expected = pd.read_csv(REFERENCE / "canonical_correlations.csv").set_index("what")
    for what, k in (("features", 4), ("two components", 2), ("one component", 1)):
        found = canonical_correlation(scores(x, k), scores(y, k))
        assert found == pytest.approx(expected.loc[what, "correlation"], abs=1e-12), what


def test_in_sample_correlation_is_that_of_scikit_learn() -> None:
    random = np.random.default_rng(5)
    x, y = random.standard_normal((80, 3)), random.standard_normal((80, 3))
    y[:, 0] += x[:, 1]
    model = CCA(n_components=1, tol=1e-12, max_iter=5000).fit(x, y)
    expected = np.corrcoef(*(part.ravel() for part in model.transform(x, y)))[0, 1]
    assert canonical_correlation(scores(x, 3), scores(y, 3)) == pytest.approx(expected, abs=1e-6)


def test_leading_pair_is_that_of_a_singular_value_decomposition() -> None:
    random = np.random.default_rng(1)
    cross = random.standard_normal((3, 3, 50))
    cross[:, :, 0] = 0.0
    cross[:, 1:, 1] = 0.0
    left, right, value = leading_pair(cross)
    assert not left[:, 0].any()
    assert value[0] == 0.0
    for i in range(1, 50):
        u, s, v = np.linalg.svd(cross[:, :, i])
        assert value[i] == pytest.approx(s[0], rel=1e-3)
        if s[1] < 0.95 * s[0]:
            together = np.sign(left[:, i] @ u[:, 0])
            assert left[:, i] == pytest.approx(together * u[:, 0], abs=1e-6)
            assert right[:, i] == pytest.approx(together * v[0], abs=1e-6)


def test_held_out_correlation_by_hand() -> None:
    """The statistic, written out fold by fold with numpy's own decompositions."""
    random = np.random.default_rng(2)
    x, y = random.standard_normal((60, 5)), random.standard_normal((60, 30))
    y[:, :10] += 1.5 * x[:, [0]]
    splits = make_splits(60, 5, 1, 3)
    found = correlate_pairs([x], [y], splits, n_components=2, n_permutations=19)
    first, second = [], []
    for held_out in splits.held_out:
        sides = []
        for block in (x, y):
            train = block[~held_out]
            z = (block - train.mean(axis=0)) / train.std(axis=0)
            _, s, v = np.linalg.svd(z[~held_out], full_matrices=False)
            keep = min(2, max(1, int((s**2 / (~held_out).sum() > 1 + 1e-9).sum())))
            part = z @ v[:keep].T
            sides.append(part / part[~held_out].std(axis=0))
        u, _, v = np.linalg.svd(sides[0][~held_out].T @ sides[1][~held_out])
        first.append(sides[0][held_out] @ u[:, 0])
        second.append(sides[1][held_out] @ v[0])
    a, b = np.concatenate(first), np.concatenate(second)
    expected = (a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum())
    assert found.correlation[0, 0] == pytest.approx(expected, abs=1e-9)


def test_components_come_from_training_patients_only() -> None:
    random = np.random.default_rng(0)
    x = random.standard_normal((30, 6))
    train = np.arange(30) < 20
    changed = np.where(train[:, None], x, 100 * x)
    one, two = (block_components(block, train, 3) for block in (x, changed))
    assert one[train] == pytest.approx(two[train])
    assert one[train].mean(axis=0) == pytest.approx(0)


def test_missing_and_constant_features() -> None:
    x = np.array([[1.0, 5.0, np.nan], [2.0, 5.0, 1.0], [4.0, 5.0, 2.0], [9.0, 5.0, 4.0]])
    every = np.ones(4, dtype=bool)
    assert np.isfinite(block_components(x, every, 2)).all()
    assert not block_components(x[:, [1]], every, 2).any()


@pytest.mark.parametrize(("n", "repeats"), [(44, 1), (106, 3)])
def test_each_patient_is_held_out_once_a_repeat(n: int, repeats: int) -> None:
    splits = make_splits(n, 5, 3, 0)
    assert splits.n_repeats == repeats
    folds = splits.held_out.reshape(repeats, 5, n)
    assert (folds.sum(axis=1) == 1).all()
    assert np.ptp(folds.sum(axis=2)) <= 2
    for held_out in splits.held_out:
        for cell in np.unique(splits.cells):
            assert len(set(held_out[splits.cells == cell])) == 1
    assert len(np.unique(splits.held_out, axis=0)) == 5 * repeats


@pytest.mark.parametrize("n", [44, 90])
def test_p_is_uniform_where_nothing_goes_together(n: int) -> None:
    """Correlated blocks of unequal size with heavy tails; 192 pairs."""
    random = np.random.default_rng(n)
    first = [
        random.standard_normal((n, 1)) + 0.7 * random.standard_normal((n, 2 + size))
        for size in range(16)
    ]
    second = [
        random.standard_normal((n, 2)) @ random.standard_normal((2, 10 + size))
        + random.standard_t(3, size=(n, 10 + size))
        for size in range(12)
    ]
    found = correlate_pairs(first, second, make_splits(n, 5, 2, 0), n_permutations=199)
    p = found.p.ravel()
    assert stats.kstest(p, "uniform").pvalue > 0.01
    assert (p <= 0.05).mean() <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / p.size)
    assert abs(found.null_mean.mean()) < 0.05


def test_deciding_early_agrees_with_all_permutations() -> None:
    random = np.random.default_rng(4)
    first = [random.standard_normal((50, 3)) for _ in range(4)]
    second = [random.standard_normal((50, 6)) for _ in range(3)]
    second[0][:, :3] += 2 * first[1][:, [0]]
    splits = make_splits(50, 5, 1, 0)
    early = correlate_pairs(first, second, splits, n_permutations=499)
    late = correlate_pairs(first, second, splits, n_permutations=499, enough=10**6)
    assert (late.n_permutations == 499).all()
    assert early.n_permutations.min() < 200
    assert early.p == pytest.approx(late.p, abs=0.2)
    assert early.p[1, 0] == late.p[1, 0] == 0.002
    assert early.null_mean == pytest.approx(late.null_mean, abs=1e-12)


@pytest.mark.parametrize(("chunk", "at_once"), [(1, 1), (7, 300), (200, 10**6)])
def test_what_is_done_in_one_go_decides_nothing(
    chunk: int, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(4)
    first = [random.standard_normal((50, 3)) for _ in range(4)]
    second = [random.standard_normal((50, 6)) for _ in range(3)]
    second[0][:, :3] += 2 * first[1][:, [0]]
    splits = make_splits(50, 5, 1, 0)
    expected = correlate_pairs(first, second, splits, n_permutations=399)
    monkeypatch.setattr(canonical, "_CHUNK", chunk)
    monkeypatch.setattr(canonical, "_AT_ONCE", at_once)
    found = correlate_pairs(first, second, splits, n_permutations=399)
    assert found.correlation == pytest.approx(expected.correlation, abs=1e-14)
    assert found.p.tolist() == expected.p.tolist()
    assert found.n_permutations.tolist() == expected.n_permutations.tolist()
