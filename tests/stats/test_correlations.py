"""Rank correlations against R and scipy, their p-values against enumeration, edge cases."""

from itertools import permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from omicsfuse.core.errors import StudyError
from omicsfuse.stats.correlations import (
    UNTIED,
    doubled_ranks,
    interval,
    kurtosis,
    p_value,
    rank_coefficients,
    rank_correlations,
    smallest_correlation,
)

REFERENCE = Path(__file__).parents[1] / "reference"


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "rank_correlations_data.csv")


@pytest.fixture(scope="module")
def reference() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "rank_correlations.csv")


def test_as_r_has_them(data: pd.DataFrame, reference: pd.DataFrame) -> None:
    x, y = data[["a", "b", "c"]].to_numpy(), data[["u", "v", "w"]].to_numpy(dtype=float)
    found = rank_correlations(x, y)
    np.testing.assert_allclose(found.correlation.ravel(), reference["rho"], atol=1e-14)
    assert found.n.ravel().tolist() == reference["n"].tolist()
    plain = p_value(found.correlation, found.n, shape=0.0)
    np.testing.assert_allclose(plain.ravel(), reference["p_t"], rtol=1e-10)
    # Corrected, p lies near the Edgeworth series, and where small not below the t distribution.
    small = reference["p_t"].to_numpy() < 0.1
    assert small.sum() >= 4
    assert (found.p.ravel()[small] >= reference["p_t"][small]).all()
    untied = reference["p_edgeworth"].notna().to_numpy()
    assert untied.sum() >= 2
    np.testing.assert_allclose(
        found.p.ravel()[untied], reference["p_edgeworth"][untied], rtol=0.05, atol=1e-4
    )


def test_partial_as_r_has_them(data: pd.DataFrame, reference: pd.DataFrame) -> None:
    x, y = data[["a", "b", "c"]].to_numpy(), data[["u", "v", "w"]].to_numpy(dtype=float)
    found = rank_correlations(x, y, data[["z1", "z2", "z3"]].to_numpy())
    np.testing.assert_allclose(found.correlation.ravel(), reference["partial"], atol=2e-12)
    assert found.n.ravel().tolist() == reference["partial_n"].tolist()


@pytest.mark.parametrize("columns", [5, 30])
def test_ranks_are_those_of_scipy_however_many_columns(columns: int) -> None:
    values = np.random.default_rng(3).integers(0, 9, (25, columns)).astype(float)
    expected = 2 * stats.rankdata(values, axis=0) - 26
    np.testing.assert_array_equal(doubled_ranks(values), expected)


@pytest.mark.parametrize("missing", [0.0, 0.1, 0.8])
def test_a_table_with_itself_is_as_with_another_like_it(missing: float) -> None:
    rng = np.random.default_rng(4)
    x = rng.integers(0, 12, (25, 8)).astype(float)
    x[rng.random(x.shape) < missing] = np.nan
    for once, twice in zip(rank_coefficients(x, x), rank_coefficients(x, x.copy()), strict=True):
        np.testing.assert_array_equal(once, twice)


def test_as_scipy_where_values_are_missing() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.integers(0, 12, (25, 3)).astype(float), rng.integers(0, 9, (25, 4)).astype(float)
    x[rng.random(x.shape) < 0.15] = np.nan
    y[rng.random(y.shape) < 0.15] = np.nan
    found = rank_coefficients(x, y)
    for i in range(3):
        for j in range(4):
            rho = stats.spearmanr(x[:, i], y[:, j], nan_policy="omit").statistic
            assert found.correlation[i, j] == pytest.approx(rho, abs=1e-13)


def test_p_against_all_orders_of_nine_patients() -> None:
    base = doubled_ranks(np.arange(9.0)[:, None])[:, 0]
    orders = np.array(list(permutations(range(9))))
    r = np.abs(base[orders] @ base) / (base @ base)
    assert np.mean(r**4) == pytest.approx(  # the moment that the p-value is made of
        3 / 80 * (1 + 7 * 6 / (3 * 9 * 64) * UNTIED), rel=1e-10
    )
    for wanted in (0.6, 0.7, 0.8, 0.9):
        exact = float((r >= wanted - 1e-9).mean())
        ours = float(p_value(np.array([wanted]), 9)[0])
        by_t = float(p_value(np.array([wanted]), 9, shape=0.0)[0])
        assert abs(np.log(ours / exact)) < abs(np.log(by_t / exact)) + 1e-9


def test_tail_is_not_lighter_than_by_shuffling() -> None:
    rng = np.random.default_rng(0)
    x = doubled_ranks(rng.random((44, 2000)))
    y = doubled_ranks(rng.random((44, 3000)))
    r = np.abs(x.T @ y) / (x[:, 0] @ x[:, 0])
    for p in (1e-2, 1e-3, 1e-4):
        share = float((r >= smallest_correlation(p, 44)).mean())
        assert 0.85 * p < share < 1.1 * p
    assert float((r >= smallest_correlation(1e-4, 44, shape=0.0)).mean()) > 1.15e-4  # by t alone


def test_interval_by_hand() -> None:
    low, high = interval(np.array([0.3]), np.array([50]), 2)
    half = 1.959963984540054 * np.sqrt((1 + 0.09 / 2) / 45)
    assert [low[0], high[0]] == pytest.approx(
        [np.tanh(np.arctanh(0.3) - half), np.tanh(np.arctanh(0.3) + half)], rel=1e-12
    )
    assert np.isnan(interval(np.array([1.0]), np.array([50]))).all()


def test_interval_covers_the_true_correlation() -> None:
    rng = np.random.default_rng(4)
    rho, truth = 0.5, 6 / np.pi * np.arcsin(0.25)
    x = rng.standard_normal((44, 1500))
    y = rho * x + np.sqrt(1 - rho**2) * rng.standard_normal(x.shape)
    r = (doubled_ranks(x) * doubled_ranks(y)).sum(axis=0) / (doubled_ranks(x) ** 2).sum(axis=0)
    low, high = interval(r, np.array(44))
    assert 0.93 < float(((low <= truth) & (truth <= high)).mean()) < 0.97


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(8, 20))
def test_order_scale_and_sign_do_not_matter(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = (rng.integers(-4, 5, (n, k)).astype(float) for k in (3, 2))
    z = rng.integers(-4, 5, (n, 1)).astype(float)
    x[rng.random(x.shape) < 0.1] = np.nan
    first, given_z = rank_correlations(x, y), rank_correlations(x, y, z)
    order = rng.permutation(n)
    again = rank_correlations(x[order] ** 3, -y[order])
    np.testing.assert_array_equal(again.correlation, -first.correlation)
    np.testing.assert_array_equal(again.p, first.p)
    np.testing.assert_array_equal(again.n, first.n)
    other = rank_correlations(x[order], y[order], z[order] * 8)
    np.testing.assert_allclose(other.correlation, given_z.correlation, atol=2e-12)
    swapped = rank_correlations(y, x)
    np.testing.assert_array_equal(swapped.correlation.T, first.correlation)


def test_nothing_where_there_is_too_little() -> None:
    x = np.arange(10.0)[:, None]
    constant = np.ones((10, 1))
    assert np.isnan(rank_correlations(x, constant).p).all()
    few = np.where(x < 4, x, np.nan)
    found = rank_correlations(few, x)
    assert np.isnan(found.correlation).all()
    assert found.n.item() == 4
    assert np.isnan(rank_correlations(x, x, x).correlation).all()  # given itself
    assert np.isnan(rank_correlations(x[:6], x[:6], np.eye(6)[:, :5]).p).all()  # no freedom
    assert rank_correlations(x[:0], x[:0]).n.tolist() == [[0]]
    assert rank_correlations(x[:, :0], x).p.shape == (0, 1)


def test_covariates_that_say_the_same_count_once() -> None:
    rng = np.random.default_rng(1)
    x, y, z = rng.random((30, 2)), rng.random((30, 2)), rng.random((30, 1))
    once, twice = rank_coefficients(x, y, z), rank_coefficients(x, y, np.hstack([z, 3 * z]))
    np.testing.assert_allclose(once.correlation, twice.correlation, atol=1e-11)
    assert twice.given.tolist() == [[1, 1], [1, 1]]
    np.testing.assert_allclose(
        rank_coefficients(x, y, np.ones((30, 1))).correlation,
        rank_coefficients(x, y).correlation,
        atol=1e-11,
    )


def test_kurtosis_of_ranks_and_of_a_rare_mutation() -> None:
    assert kurtosis(doubled_ranks(np.arange(7.0)[:, None])).item() == pytest.approx(-1.2)
    rare = doubled_ranks((np.arange(40.0) < 5)[:, None])
    assert kurtosis(rare).item() == pytest.approx(stats.kurtosis(rare[:, 0], bias=False))


def test_arrays_of_other_shapes_are_refused() -> None:
    with pytest.raises(StudyError, match=r"shapes are \(3,\), \(3, 1\).*values\[:, None\]"):
        rank_correlations(np.arange(3.0), np.arange(3.0)[:, None])
    with pytest.raises(StudyError, match="same patients"):
        rank_correlations(np.ones((3, 1)), np.ones((4, 1)))
