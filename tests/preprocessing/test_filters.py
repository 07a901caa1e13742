import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from omicsfuse.preprocessing.filters import identical_profiles, largest, near_duplicates, summarise


def test_quartiles_are_those_of_numpy_with_missing_values() -> None:
    values = np.random.default_rng(1).normal(size=(31, 7))
    values[np.random.default_rng(2).random(values.shape) < 0.3] = np.nan
    summary = summarise(values)
    expected = np.nanquantile(values, [0.25, 0.5, 0.75], axis=0)
    np.testing.assert_allclose([summary.low, summary.median, summary.high], expected, rtol=1e-14)
    np.testing.assert_allclose(summary.missing, np.isnan(values).mean(axis=0))


def test_constant_features_are_recognised_in_spite_of_rounding_noise() -> None:
    noise = np.random.default_rng(0).normal(size=20)
    summary = summarise(
        np.column_stack(
            [
                np.full(20, 0.0),
                np.full(20, 1e14) + noise,  # equal to 13 digits
                np.full(20, 1e6) + noise,
                np.where(np.arange(20) == 3, 1.0, np.nan),  # a single value
                np.full(20, np.nan),
                noise * 1e-300,
            ]
        )
    )
    assert summary.constant.tolist() == [True, True, False, True, True, False]


def test_share_of_identical_values_counts_observed_patients_only() -> None:
    column = np.array([7.0] * 18 + [1.0, np.nan])
    assert summarise(column[:, None]).identical[0] == 18 / 19


def _greedy(values: np.ndarray, threshold: float) -> list[bool]:
    """The rule as stated, pair by pair, with scipy's correlation."""
    marked = [False] * values.shape[1]
    for i in range(values.shape[1]):
        for j in range(i + 1, values.shape[1]):
            rho = spearmanr(values[:, i], values[:, j]).statistic
            if not marked[i] and abs(rho) > threshold:
                marked[j] = True
    return marked


def test_near_duplicates_follow_the_stated_rule() -> None:
    rng = np.random.default_rng(5)
    factors = rng.normal(size=(40, 4))
    values = np.exp(factors[:, np.arange(24) % 4] + 0.35 * rng.normal(size=(40, 24)))
    values[:, 7] = -(values[:, 3] ** 3)
    values = np.round(values, 1)  # ties
    for threshold in (0.8, 0.9, 0.95):
        expected = _greedy(values, threshold)
        assert 0 < sum(expected) < 24
        assert near_duplicates(values, threshold).tolist() == expected


def test_near_duplicates_agree_beyond_one_block() -> None:
    rng = np.random.default_rng(6)
    base = rng.normal(size=(12, 150))
    values = np.hstack([base, np.exp(base[:, ::-1]), -base])
    assert near_duplicates(values, 0.9999).tolist() == [False] * 150 + [True] * 300


def test_of_two_near_duplicates_the_more_complete_one_stays() -> None:
    x = np.random.default_rng(3).normal(size=30)
    holed = np.where(np.arange(30) < 4, np.nan, x)
    assert near_duplicates(np.column_stack([holed, x]), 0.95).tolist() == [True, False]


def test_features_sharing_few_patients_are_no_duplicates() -> None:
    x = np.arange(20.0)
    first = np.where(x < 11, x, np.nan)
    last = np.where(x > 8, x, np.nan)  # two patients in common
    assert not near_duplicates(np.column_stack([first, last]), 0.95).any()


def test_threshold_of_one_keeps_even_copies() -> None:
    x = np.random.default_rng(3).normal(size=30)
    assert not near_duplicates(np.column_stack([x, x, -x]), 1.0).any()


def test_identical_profiles_need_equal_missing_values_and_one_zero() -> None:
    nan = np.nan
    values = np.array([[0.0, -0.0, 0.0, 0.0], [1.0, 1.0, nan, nan], [2.0, 2.0, 2.0, 2.0]])
    assert identical_profiles(values).tolist() == [False, True, False, True]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 5), min_size=1, max_size=20), st.integers(1, 25))
def test_largest_marks_as_many_as_asked_and_none_smaller(values: list[float], n: int) -> None:
    criterion = np.array(values)
    chosen = largest(criterion, n)
    assert chosen.sum() == min(n, len(values))
    if not chosen.all():
        assert criterion[chosen].min() >= criterion[~chosen].max()
    assert largest(criterion, None).all()


def test_rank_correlation_with_ties_equals_that_of_r() -> None:
    # R 4.2.2: cor(x, y, method = "spearman") = 0.794117647058823 (tests/reference/normal_scores.R)
    pair = np.column_stack([[1.0, 2, 2, 4, 5, 9], [3.0, 1, 2, 8, 8, 20]])
    assert near_duplicates(pair, 0.79411764705).tolist() == [False, True]
    assert near_duplicates(pair, 0.79411764707).tolist() == [False, False]
