"""Reference values: tests/reference/clinical.R, R 4.2.2."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from omicsfuse.stats.effect_sizes import (
    cramer_interval,
    epsilon_interval,
    noncentrality_interval,
)
from omicsfuse.stats.group_tests import contingency, kruskal


@pytest.mark.parametrize(
    ("statistic", "freedom", "expected"),
    [
        (12, 2, (1.60444113099843, 28.1663798368383)),
        (7.779, 2, (0.111330218752374, 21.2436050712979)),
        (40, 40, (0, 23.2959566278507)),
        (0.01, 2, (0, 0)),
        (200, 3, (146.549184772057, 257.143297290891)),
        (3000, 60, (2731.20597291129, 3158.49576306701)),
    ],
)
def test_noncentrality_against_r(
    statistic: float, freedom: int, expected: tuple[float, float]
) -> None:
    found = noncentrality_interval(statistic, freedom)
    assert found == pytest.approx(expected, rel=1e-7, abs=1e-9)


def test_intervals_in_the_tests_against_r() -> None:
    counts = np.array([[20, 12], [15, 18], [10, 25]])
    rows, columns = np.indices(counts.shape).reshape(2, -1)
    values = pd.Series(np.repeat(rows, counts.ravel())).map("grade {}".format)
    labels = pd.Series(np.repeat(columns, counts.ravel())).map(["S1", "S2"].__getitem__)
    found = contingency(values, labels, 99, 0)
    interval = found["effect_ci_low"], found["effect_ci_high"]
    assert found["effect"] == pytest.approx(0.278910193382591)
    assert interval == pytest.approx((0.033369995940063, 0.460909527547545), rel=1e-7)
    # adjusted residuals 2.413 for grade 0 in S1 and 2.423 for grade 2 in S2
    assert found["stands_out"] == "S2: more grade 2"


def test_kruskal_against_r() -> None:
    volume = [5.1, 6.2, 4.7, 7.0, 12.8, 16.6, 7.3, 15.9, 8.0, 6.2, 4.4, 6.9, 11.5, 30.1]
    labels = pd.Series(["S1"] * 4 + ["S2"] * 4 + ["S3"] * 6)
    found = kruskal(pd.Series(volume), labels)
    assert found["statistic"] == pytest.approx(5.41785976505139, rel=1e-12)
    assert found["p"] == pytest.approx(0.0666080470255191, rel=1e-12)
    # summary(lm(rank(volume) ~ subtype))$r.squared: epsilon squared is eta squared of the ranks
    assert found["effect"] == pytest.approx(0.416758443465492, rel=1e-12)
    assert (found["effect_ci_low"], found["effect_ci_high"]) == (0, 1)
    assert found["stands_out"] == "S2: higher"


def test_a_perfect_association_and_none_at_all() -> None:
    low, high = cramer_interval(60.0, 60, 2, 2)
    assert 0.7 < low < 0.8
    assert high == 1
    assert cramer_interval(0.0, 60, 2, 2) == (0, 0)
    assert epsilon_interval(0.0, 60, 3) == (0, 0)
    assert epsilon_interval(1e5, 10**6, 3)[0] == pytest.approx(0.0988, abs=1e-4)


@pytest.mark.parametrize("odds", [1.0, 2.0, 3.0])
def test_coverage_of_cramers_v(odds: float) -> None:
    joint = np.array([[odds, 1.5, 1], [1, 1.5, odds]])
    joint /= joint.sum()
    expected = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0)
    true = np.sqrt(((joint - expected) ** 2 / expected).sum())
    tables = np.random.default_rng(0).multinomial(120, joint.ravel(), 1500).reshape(-1, 2, 3)
    margins = tables.sum(axis=2, keepdims=True) * tables.sum(axis=1, keepdims=True) / 120
    statistics = ((tables - margins) ** 2 / margins).sum(axis=(1, 2))
    edges = np.array([cramer_interval(float(x), 120, 2, 3) for x in statistics[:400]])
    covered = np.mean((edges[:, 0] <= true) & (true <= edges[:, 1]))
    # 400 draws: three standard errors are 0.033
    assert covered > 0.95 - 0.033


@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_coverage_of_epsilon_squared(shift: float) -> None:
    rng = np.random.default_rng(1)
    groups = np.repeat(np.arange(3), 40)

    def statistic(groups: np.ndarray) -> float:
        ranks = stats.rankdata(rng.normal(shift * groups))
        n = len(ranks)
        means = np.array([ranks[groups == g].mean() for g in range(3)])
        return float(12 / (n * (n + 1)) * (n / 3 * (means - (n + 1) / 2) ** 2).sum())

    large = np.repeat(np.arange(3), 20_000)
    true = statistic(large) / (len(large) - 1)
    edges = np.array([epsilon_interval(statistic(groups), 120, 3) for _ in range(300)])
    covered = np.mean((edges[:, 0] <= true + 1e-4) & (true - 1e-4 <= edges[:, 1]))
    assert covered > 0.95 - 0.038
