"""Score tests of many variables at once against R's survival, and at the edges."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omicsfuse.core.errors import CohortError
from omicsfuse.survival.logrank import logrank_test
from omicsfuse.survival.score import score_z


# R 4.2.2, survival 3.5-3, sqrt(summary(coxph(Surv(time, status) ~ x, lung))$sctest["test"])
def test_lung_equals_r(lung: pd.DataFrame) -> None:
    z = score_z(lung["time"], lung["status"], lung[["sex", "age"]])
    np.testing.assert_allclose(z, [-3.21327690929, 2.03810581810], rtol=1e-10)


# R 4.2.2, survival 3.5-3, coxph(Surv(coarse, status) ~ x, veteran), Efron ties
def test_heavy_ties_equal_r(veteran: pd.DataFrame) -> None:
    x = veteran[["karno", "age", "diagtime", "trt"]]
    z = score_z(veteran["coarse"], veteran["status"], x)
    expected = [-6.487109319251, 0.861097469278, 0.964675619853, 0.150789410698]
    np.testing.assert_allclose(z, expected, rtol=1e-9)


def test_many_columns_equal_one_at_a_time(
    lung: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    X = np.random.default_rng(0).normal(size=(len(lung), 23))
    together = score_z(lung["time"], lung["status"], X)
    alone = [score_z(lung["time"], lung["status"], X[:, [j]])[0] for j in range(23)]
    np.testing.assert_allclose(together, alone, rtol=1e-12)
    monkeypatch.setattr("omicsfuse.survival.score._BATCH_CELLS", len(lung) * 5)
    np.testing.assert_allclose(score_z(lung["time"], lung["status"], X), together, rtol=1e-12)


def test_null_is_standard_normal() -> None:
    rng = np.random.default_rng(1)
    z = score_z(rng.exponential(size=150), rng.random(150) < 0.5, rng.normal(size=(150, 2000)))
    assert abs(z.mean()) < 0.1
    assert z.std() == pytest.approx(1, abs=0.06)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.01, 1e4), st.floats(-1e4, 1e4))
def test_scale_location_order_and_unit(seed: int, scale: float, shift: float) -> None:
    rng = np.random.default_rng(seed)
    time, event = rng.integers(1, 20, 30), rng.integers(0, 2, 30)
    event[:3] = 1
    x = rng.normal(size=30)
    order = rng.permutation(30)
    plain = score_z(time, event, x[:, None])
    other = score_z(time[order] / 365.25, event[order], (shift - scale * x[order])[:, None])
    np.testing.assert_allclose(other, -plain, rtol=1e-5, atol=1e-7)


def test_equals_the_log_rank_test_without_ties(lung: pd.DataFrame) -> None:
    time = np.random.default_rng(0).permutation(len(lung)) + 1.0
    z = score_z(time, lung["status"], lung[["sex"]])[0]
    assert z**2 == pytest.approx(logrank_test(time, lung["status"], lung["sex"]).chi2, rel=1e-10)


def test_no_answer_is_nan() -> None:
    time = np.arange(1.0, 9)
    x = np.column_stack([np.arange(8) % 3, np.ones(8), np.r_[np.nan, np.arange(7)]])
    z = score_z(time, np.ones(8), x)
    assert np.isfinite(z[0])
    assert np.isnan(z[1:]).all()
    assert np.isnan(score_z(time, np.zeros(8), x)).all()
    assert score_z(time, np.ones(8), np.zeros((8, 0))).shape == (0,)
    # The last patient at risk has nobody to be compared with.
    assert np.isnan(score_z(time, time == 8, x)).all()


def test_refuses_a_wrong_shape() -> None:
    with pytest.raises(CohortError, match=r"X has shape \(3,\) but there are 3 patients"):
        score_z([1, 2, 3], [1, 1, 1], np.ones(3))
    with pytest.raises(CohortError, match=r"X has shape \(2, 1\) but there are 3 patients"):
        score_z([1, 2, 3], [1, 1, 1], np.ones((2, 1)))
