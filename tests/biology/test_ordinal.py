"""Proportional odds against MASS::polr: tests/reference/differential.R."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from omicsfuse.biology.ordinal import INFINITE, proportional_odds

HERE = Path(__file__).parent


def column(text: str) -> np.ndarray:
    return np.array([float(x) for x in text.split(";")])[:, None]


def test_estimate_profile_interval_and_likelihood_ratio_are_those_of_polr() -> None:
    cases = pd.read_csv(HERE / "differential_polr.csv", skipinitialspace=True)
    for _, case in cases.iterrows():
        found = proportional_odds(column(case["inside"]), column(case["outside"]))
        np.testing.assert_allclose(
            [found.effect[0], found.low[0], found.high[0]],
            case[["effect", "low", "high"]].astype(float),
            rtol=1e-6,
        )
        np.testing.assert_allclose(found.p[0], case["p"], rtol=1e-6)


def test_features_fitted_together_are_as_fitted_alone() -> None:
    rng = np.random.default_rng(0)
    values = rng.choice([-2.0, -1, 0, 1, 2, np.nan], (50, 40), p=[0.05, 0.2, 0.4, 0.2, 0.05, 0.1])
    values[:, 3] = np.where(values[:, 3] > 0, 1, 0)
    whole = proportional_odds(values[:18], values[18:])
    for j in range(40):
        one = proportional_odds(values[:18, [j]], values[18:, [j]])
        for together, alone in zip(whole[:5], one[:5], strict=True):
            np.testing.assert_allclose(together[j], alone[0], rtol=1e-7, atol=1e-9)


def test_levels_that_hardly_overlap_have_an_infinite_end_and_say_so() -> None:
    low = np.array([[-1.0], [0], [0], [0], [0], [1]])
    high = np.array([[1.0], [1], [1], [2], [2], [1]])
    found = proportional_odds(high, low)
    assert found.effect[0] == found.high[0] == np.inf
    assert 0 < found.low[0] < 10
    assert found.p[0] < 0.01
    assert found.note[0] == INFINITE
    back = proportional_odds(low, high)
    assert back.effect[0] == back.low[0] == -np.inf
    assert back.high[0] == pytest.approx(-found.low[0])
    assert back.p[0] == pytest.approx(found.p[0])


def test_too_few_patients_or_one_level_have_no_p_value() -> None:
    inside = np.array([[1.0, 1, 0], [0, 1, 1], [np.nan, 1, 1]])
    outside = np.array([[0.0, 1, 0], [1, 1, 0], [1, 1, 1]])
    found = proportional_odds(inside, outside)
    assert np.isnan(found.p).tolist() == [True, True, False]
    assert np.isnan(found.effect).tolist() == [True, True, False]
    assert found.n.tolist() == [5, 6, 6]
    assert np.isnan(proportional_odds(np.empty((0, 2)), np.ones((4, 2))).p).all()
    assert np.isnan(proportional_odds(np.full((3, 1), np.nan), np.ones((4, 1))).p).all()


@settings(max_examples=40, deadline=None)
@given(arrays(float, (14, 3), elements=st.integers(-2, 2).map(float)), st.integers(3, 11))
def test_swapping_groups_turns_the_effect_round_and_interval_agrees_with_p(
    values: np.ndarray, size: int
) -> None:
    there = proportional_odds(values[:size], values[size:])
    back = proportional_odds(values[size:], values[:size])
    np.testing.assert_allclose(there.p, back.p, rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(there.effect, -back.effect, atol=1e-6)
    np.testing.assert_allclose(there.low, -back.high, atol=1e-5, rtol=1e-5)
    seen = np.flatnonzero(~np.isnan(there.p) & (np.abs(there.p - 0.05) > 1e-6))
    outside = (there.low[seen] > 0) | (there.high[seen] < 0)
    assert (outside == (there.p[seen] < 0.05)).all()
    # Levels are ordered, not measured: squeezing them together changes nothing.
    same = proportional_odds(
        np.sign(values[:size]) * values[:size] ** 2, np.sign(values[size:]) * values[size:] ** 2
    )
    np.testing.assert_array_equal(same.p, there.p)
