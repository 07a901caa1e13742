import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import special, stats

from omicsfuse.stats.rank_tests import brunner_munzel, placements, rank_biserial


def groups(n1: int, n2: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    first = rng.integers(2, 14, (n1, 5)).astype(float)
    return first, rng.integers(0, 12, (n2, 5)).astype(float)


@pytest.mark.parametrize("gaps", [False, True])
def test_variance_and_degrees_of_freedom_are_those_of_scipy(gaps: bool) -> None:
    first, second = groups(15, 30)
    if gaps:
        first[0, 0] = second[3, 0] = second[4, 2] = np.nan
    share, error, df, _, _ = placements(first, second)
    for j in range(5):
        x, y = first[:, j], second[:, j]
        expected = stats.brunnermunzel(x[~np.isnan(x)], y[~np.isnan(y)])
        t = (share[j] - 0.5) / error[j]
        np.testing.assert_allclose(t, -expected.statistic, rtol=1e-10)
        np.testing.assert_allclose(2 * stats.t.sf(abs(t), df[j]), expected.pvalue, rtol=1e-9)


def test_interval_and_p_are_of_the_logit_by_the_delta_method() -> None:
    first, second = groups(20, 40)
    share, error, df, _, _ = placements(first, second)
    found = brunner_munzel(first, second)
    t = special.logit(share) * share * (1 - share) / error
    np.testing.assert_allclose(found.p, 2 * stats.t.sf(np.abs(t), df), rtol=1e-12)
    np.testing.assert_allclose(found.effect, 2 * share - 1)
    # At the lower end the logit is t quantiles away.
    lower = special.logit((found.low + 1) / 2)
    gap = (special.logit(share) - lower) * share * (1 - share) / error
    np.testing.assert_allclose(gap, stats.t.ppf(0.975, df), rtol=1e-9)
    assert set(found.test) == {"Brunner-Munzel, logit"}


def test_small_groups_are_compared_by_wilcoxon_feature_by_feature() -> None:
    first, second = groups(10, 30)
    first[0, 1] = np.nan
    found = brunner_munzel(first, second)
    assert (
        found.test.tolist()
        == ["Brunner-Munzel, logit", "Wilcoxon rank-sum"] + ["Brunner-Munzel, logit"] * 3
    )
    expected = stats.mannwhitneyu(first[1:, 1], second[:, 1], method="asymptotic")
    np.testing.assert_allclose(found.p[1], expected.pvalue)


def test_groups_that_do_not_overlap() -> None:
    first, second = np.arange(20.0, 32)[:, None], np.arange(12.0)[:, None]
    found = brunner_munzel(first, second)
    assert found.effect[0] == found.high[0] == 1.0
    assert 0.5 < found.low[0] < 1
    assert found.p[0] < 1e-4
    assert found.test[0] == "Wilcoxon rank-sum"


def test_small_groups_interval_is_newcombes() -> None:
    # Newcombe's condition at the ends: the observed share is Z standard deviations away.
    first, second = groups(7, 9, seed=4)
    found = brunner_munzel(first, second)
    share = (found.effect + 1) / 2
    for end in (found.low, found.high):
        q = (end + 1) / 2
        variance = q * (1 - q) / 63 * (1 + 7 * ((1 - q) / (2 - q) + q / (1 + q)))
        np.testing.assert_allclose(np.abs(share - q) / np.sqrt(variance), 1.959963984540054)


def test_without_three_patients_or_variation_there_is_no_p_value() -> None:
    first = np.array([[1.0, 1.0, np.nan], [2, 1, np.nan], [np.nan, 1, np.nan]])
    second = np.array([[1.0, 1, 1], [3, 1, 2], [2, 1, 3], [5, 1, 4]])
    found = brunner_munzel(first, second)
    assert np.isnan(found.p).all()
    assert np.isnan(found.effect).all()
    assert np.isnan(brunner_munzel(np.empty((0, 2)), second[:, :2]).p).all()


@settings(max_examples=40, deadline=None)
@given(arrays(float, (26, 2), elements=st.integers(0, 6).map(float)), st.integers(3, 23))
def test_invariances(values: np.ndarray, size: int) -> None:
    there = brunner_munzel(values[:size], values[size:])
    back = brunner_munzel(values[size:], values[:size])
    np.testing.assert_allclose(there.p, back.p, rtol=1e-9)
    np.testing.assert_allclose(there.effect, -back.effect, atol=1e-12)
    np.testing.assert_allclose(there.low, -back.high, atol=1e-9)
    cubed = brunner_munzel(values[:size] ** 3 - 5, values[size:] ** 3 - 5)
    np.testing.assert_array_equal(there.p, cubed.p)
    seen = ~np.isnan(there.p)
    assert (there.low[seen] <= there.effect[seen]).all()
    assert (there.effect[seen] <= there.high[seen]).all()
    assert ((there.low[seen] >= -1) & (there.high[seen] <= 1)).all()


@pytest.mark.parametrize(("n1", "n2", "spread"), [(10, 40, 1.0), (10, 40, 3.0), (12, 60, 1 / 3)])
def test_level_on_nulls_also_where_spread_differs(n1: int, n2: int, spread: float) -> None:
    rng = np.random.default_rng(5)
    values = rng.standard_normal((n1 + n2, 20_000))
    values[:n1] *= spread
    p = brunner_munzel(values[:n1], values[n1:]).p
    for level in (0.05, 0.001):
        most = level + 3 * np.sqrt(level * (1 - level) / 20_000)
        assert (p <= level).mean() <= most
    # The untransformed statistic does not keep its level far out.
    share, error, df, _, _ = placements(values[:n1], values[n1:])
    plain = 2 * stats.t.sf(np.abs((share - 0.5) / error), df)
    assert (plain <= 0.001).mean() > 0.0012


@pytest.mark.parametrize("zeros", [0.5, 0.8, 0.9])
def test_level_on_nulls_that_are_mostly_zero(zeros: float) -> None:
    rng = np.random.default_rng(6)
    values = np.where(rng.random((106, 20_000)) < zeros, 0.0, rng.random((106, 20_000)))
    found = brunner_munzel(values[:10], values[10:])
    for level in (0.05, 0.001):
        most = level + 3 * np.sqrt(level * (1 - level) / 20_000)
        assert (found.p <= level).mean() <= most
    assert ((found.low <= 0) & (found.high >= 0)).mean() > 0.95
    # A group of nothing but zeros has no variance of its own: by itself it looks beyond doubt.
    share, error, df, _, _ = placements(values[:10], values[10:])
    with np.errstate(divide="ignore", invalid="ignore"):
        t = special.logit(share) * share * (1 - share) / error
    assert (2 * stats.t.sf(np.abs(t), df) <= 0.001).mean() > 0.004


def test_a_group_with_two_patients_off_its_common_value_is_compared_by_wilcoxon() -> None:
    first, second = groups(12, 30)
    first[:, 0] = [0.0] * 10 + [3.0, 5.0]
    first[:, 1] = [0.0] * 9 + [3.0, 5.0, 6.0]
    second[:, 2] = [4.0] * 27 + [5.0] + [np.nan] * 2
    found = brunner_munzel(first, second)
    expected = ["Wilcoxon rank-sum", "Brunner-Munzel, logit"] * 2 + ["Brunner-Munzel, logit"]
    assert found.test.tolist() == expected
    p = stats.mannwhitneyu(first[:, 0], second[:, 0], method="asymptotic").pvalue
    np.testing.assert_allclose(found.p[0], p)


def test_interval_has_the_variance_of_brunner_and_munzel() -> None:
    rng = np.random.default_rng(1)
    first, second = rng.normal(0.6, 2, 14), rng.normal(0, 1, 25)
    _, low, high, *_ = rank_biserial(first[:, None], second[:, None])
    found = stats.brunnermunzel(second, first)
    theta = stats.mannwhitneyu(first, second).statistic / (14 * 25)
    error = (theta - 0.5) / found.statistic
    p_at_half = 2 * stats.t.sf(abs(found.statistic), 1e9)
    assert p_at_half < found.pvalue  # finite degrees of freedom
    logit = np.log(theta / (1 - theta))
    half = (np.log((1 + high[0]) / (1 - high[0])) - logit) * theta * (1 - theta) / error
    # The quantile is that of t with the degrees of freedom behind scipy's p-value.
    freedom = _freedom(first, second)
    np.testing.assert_allclose(half, stats.t.ppf(0.975, freedom), rtol=1e-9)
    np.testing.assert_allclose(
        found.pvalue, 2 * stats.t.sf(abs(found.statistic), freedom), rtol=1e-9
    )
    np.testing.assert_allclose(
        logit - np.log((1 + low[0]) / (1 - low[0])), half * error / (theta * (1 - theta))
    )


def _freedom(first: np.ndarray, second: np.ndarray) -> float:
    """Degrees of freedom of Brunner and Munzel, from counted pairs."""
    above = np.array([np.mean(second < x) for x in first])
    below = np.array([np.mean(first < y) for y in second])
    a, b = above.var(ddof=1) / len(first), below.var(ddof=1) / len(second)
    return (a + b) ** 2 / (a**2 / (len(first) - 1) + b**2 / (len(second) - 1))


@pytest.mark.parametrize(("m", "n", "spread"), [(8, 40, 1.0), (15, 60, 2.5), (40, 40, 0.5)])
def test_intervals_cover(m: int, n: int, spread: float) -> None:
    rng = np.random.default_rng(3)
    first, second = rng.normal(0.7, spread, (m, 2000)), rng.normal(0, 1, (n, 2000))
    _, low, high, *_ = rank_biserial(first, second)
    truth = 2 * stats.norm.cdf(0.7 / np.sqrt(1 + spread**2)) - 1
    assert 0.935 < np.mean((low <= truth) & (truth <= high)) < 0.985
