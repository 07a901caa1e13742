"""Reference values: tests/reference/markers.R, R 4.2.2."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from omicsfuse.stats.group_tests import contingency
from omicsfuse.stats.moments import moments, welch_t
from omicsfuse.stats.rank_tests import rank_sum
from omicsfuse.stats.shares import fisher_groups, mutated_share

X = np.array([2.1, 3.4, 1.9, 5.6, 4.4, 3.3, 2.8])[:, None]
Y = np.array([4.9, 6.1, 5.5, 3.9, 7.2, 6.6, 5.1, 4.7, 8.0])[:, None]


def with_gaps(values: np.ndarray) -> np.ndarray:
    """The same observations with missing ones between them."""
    return np.vstack([values[:2], [[np.nan]], values[2:], [[np.nan]]])


@pytest.mark.parametrize("gaps", [False, True])
def test_welch_against_r(gaps: bool) -> None:
    first, second = (with_gaps(X), with_gaps(Y)) if gaps else (X, Y)
    t, p = welch_t(moments(first), moments(second))  # what enrichment ranks genes by
    assert_allclose(t, -3.68231558003697, rtol=1e-12)  # t.test(x, y)
    assert_allclose(p, 0.00272975736439212, rtol=1e-12)


@pytest.mark.parametrize("gaps", [False, True])
def test_rank_sum_against_r(gaps: bool) -> None:
    result = rank_sum(with_gaps(X), with_gaps(Y)) if gaps else rank_sum(X, Y)
    assert_allclose(result.statistic, 6)  # wilcox.test(x, y, exact = FALSE)
    assert_allclose(result.p, 0.00813822733357592, rtol=1e-12)
    assert_allclose(result.effect, 2 * 6 / 63 - 1, rtol=1e-12)


def test_rank_sum_with_ties_against_r() -> None:
    u = np.array([-1, 0, 0, 1, 2, 1, 0, 2.0])[:, None]
    v = np.array([-2, -1, 0, 0, 0, -1, 0, 1, 0, -1.0])[:, None]
    result = rank_sum(u, v)  # wilcox.test(u, v, exact = FALSE)
    assert_allclose(result.statistic, 61)
    assert_allclose(result.p, 0.0545659124190207, rtol=1e-12)


@pytest.mark.parametrize(
    ("counts", "p"),
    [
        ((8, 12, 3, 37), 0.0040360376255748),
        ((0, 10, 9, 21), 0.080893287743133),
        ((5, 5, 5, 5), 1.0),
        ((1, 19, 30, 10), 1.70716644906295e-07),
    ],
)
def test_fisher_against_r(counts: tuple[int, int, int, int], p: float) -> None:
    a, b, c, d = counts
    inside = np.repeat([1.0, 0.0], [a, b])[:, None]
    outside = np.repeat([1.0, 0.0], [c, d])[:, None]
    result = mutated_share(inside, outside)  # fisher.test(matrix(counts, 2))
    assert_allclose(result.p, p, rtol=1e-11)
    assert_allclose(result.effect, a / (a + b) - c / (c + d))


def test_mutations_genes_and_clinical_columns_have_one_fisher_test() -> None:
    inside, outside = np.repeat([1.0, 0.0], [8, 12]), np.repeat([1.0, 0.0], [3, 37])
    p = mutated_share(inside[:, None], outside[:, None]).p[0]
    assert fisher_groups((8, 3), (20, 40)) == p
    column = pd.Series(np.concatenate([inside, outside])).map(str)
    found = contingency(column, pd.Series(np.repeat(["S1", "S2"], [20, 40])), 99, 0)
    assert found["test"] == "Fisher exact"
    assert found["p"] == pytest.approx(p, rel=1e-12)


@pytest.mark.parametrize("compare", [rank_sum, mutated_share])
def test_no_p_value_without_three_patients_a_group_or_without_variation(compare) -> None:
    inside = np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0], [np.nan, 1.0, 1.0]])
    outside = np.array([[0.0, 1.0, 0.0], [1.0, 1.0, 0.0], [1.0, 1.0, 1.0]])
    result = compare(inside, outside)
    assert np.isnan(result.p).tolist() == [True, True, False]
    assert np.isnan(result.effect).tolist() == [True, True, False]
    assert result.n.tolist() == [5, 6, 6]


@pytest.mark.parametrize("compare", [rank_sum, mutated_share])
def test_an_empty_group_gives_no_p_value(compare) -> None:
    assert np.isnan(compare(np.empty((0, 2)), np.ones((4, 2))).p).all()


def test_constant_in_each_group_is_no_infinite_t() -> None:
    inside, outside = np.full((4, 1), 0.1 + 0.2), np.full((5, 1), 0.3)
    t, p = welch_t(moments(inside), moments(outside))
    assert np.isnan(t).all()
    assert np.isnan(p).all()


@settings(max_examples=40, deadline=None)
@given(arrays(float, (11, 2), elements=st.integers(0, 1).map(float)))
def test_swapping_the_groups_turns_the_effect_round(values: np.ndarray) -> None:
    for compare in (rank_sum, mutated_share):
        forward, back = compare(values[:5], values[5:]), compare(values[5:], values[:5])
        assert_allclose(forward.p, back.p, rtol=1e-9)
        assert_allclose(forward.effect, -back.effect, atol=1e-12)
        observed = forward.p[~np.isnan(forward.p)]
        assert ((observed >= 0) & (observed <= 1)).all()
