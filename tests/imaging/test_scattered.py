"""Columns that lack values of many patients: ranked once, against ranking each pair by itself."""

import numpy as np
import pytest

from omicsfuse.imaging.maps import associations
from omicsfuse.imaging.maps.associations import correlate_family, lacks_many_patients
from omicsfuse.imaging.maps.scattered import scattered_correlations, scattered_ranks
from omicsfuse.stats.correlations import rank_coefficients


@pytest.fixture(scope="module")
def tables() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(1)
    common = random.standard_normal((80, 1))
    x = common + random.standard_normal((80, 60))
    y = common + random.standard_normal((80, 50))
    x[random.random(x.shape) < 0.05] = np.nan
    y[random.random(y.shape) < 0.05] = np.nan
    return x, y, common + random.standard_normal((80, 2))


def test_without_missing_values_nothing_changes(tables) -> None:
    x, y, given = (np.nan_to_num(table) for table in tables)
    for covariates in (None, given):
        one = scattered_correlations(scattered_ranks(x, covariates), scattered_ranks(y, covariates))
        other = rank_coefficients(x, y, covariates)
        np.testing.assert_allclose(one.correlation, other.correlation, atol=1e-9)
        np.testing.assert_allclose(one.shape, other.shape, atol=1e-9)
        assert (one.n == other.n).all()
        assert (one.given == other.given).all()


def test_with_missing_values_it_is_nearly_the_same(tables) -> None:
    x, y, given = tables
    for covariates in (None, given):
        one = scattered_correlations(scattered_ranks(x, covariates), scattered_ranks(y, covariates))
        other = rank_coefficients(x, y, covariates)
        assert (one.n == other.n).all()
        assert np.abs(one.correlation - other.correlation).max() < 0.03
        assert np.abs(one.correlation - other.correlation).mean() < 0.005


def test_the_quick_way_is_taken_and_null_p_values_are_right(monkeypatch) -> None:
    random = np.random.default_rng(2)
    x, y = random.standard_normal((60, 80)), random.standard_normal((60, 80))
    x[random.random(x.shape) < 0.1] = np.nan
    y[random.random(y.shape) < 0.1] = np.nan
    assert lacks_many_patients(x, y)
    monkeypatch.setattr(associations, "rank_coefficients", None)
    p = correlate_family(x, y).p
    assert 0.04 < (p < 0.05).mean() < 0.06
    assert 0.005 < (p < 0.01).mean() < 0.015


def test_order_of_patients_and_blocks_change_no_bit(tables) -> None:
    x, y, given = tables
    order = np.random.default_rng(3).permutation(len(x))
    first = correlate_family(x, y, given, block=7)
    second = correlate_family(x[order], y[order], given[order])
    assert (first.correlation == second.correlation).all()
    np.testing.assert_array_equal(first.n, second.n)


def test_too_few_values_are_no_correlation() -> None:
    x = np.full((20, 2), np.nan)
    x[:3, 0] = [1.0, 2.0, 3.0]
    x[:, 1] = 1.0
    found = scattered_correlations(scattered_ranks(x), scattered_ranks(np.arange(20.0)[:, None]))
    assert np.isnan(found.correlation).all()
