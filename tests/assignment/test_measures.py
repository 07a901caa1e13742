"""Measures against scikit-learn's and scipy's."""

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn import metrics

from omicsfuse.assignment.measures import (
    balanced_accuracy,
    brier_score,
    calibration_bins,
    calibration_error,
    log_loss,
    p_above_rate,
)
from omicsfuse.stats.intervals import wilson_interval


def drawn(seed: int = 0, n: int = 200) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    p = rng.dirichlet([1, 1, 1], size=n)
    return p, np.array([rng.choice(3, p=row) for row in p])


def test_scores_are_those_of_scikit_learn() -> None:
    p, codes = drawn()
    assert log_loss(p, codes) == pytest.approx(metrics.log_loss(codes, p))
    ours = brier_score(p, codes)
    one_by_one = [metrics.brier_score_loss(codes == k, p[:, k]) for k in range(3)]
    assert ours == pytest.approx(sum(one_by_one))
    predicted = p.argmax(axis=1)
    expected = metrics.balanced_accuracy_score(codes, predicted)
    assert balanced_accuracy(predicted, codes) == pytest.approx(expected)


@pytest.mark.parametrize(("right", "n"), [(0, 12), (7, 12), (12, 12), (80, 106)])
def test_interval_and_p_are_those_of_scipy(right: int, n: int) -> None:
    expected = binomtest(right, n).proportion_ci(method="wilson")
    assert wilson_interval(right / n, n) == pytest.approx((expected.low, expected.high))
    p = binomtest(right, n, 0.4, alternative="greater").pvalue
    assert p_above_rate(right, n, 0.4) == pytest.approx(p)


def test_a_mean_number_right_is_rounded_down() -> None:
    assert p_above_rate(7.9, 12, 0.4) == p_above_rate(7, 12, 0.4)
    assert p_above_rate(8 - 1e-12, 12, 0.4) == p_above_rate(8, 12, 0.4)


def test_true_probabilities_are_calibrated_and_exaggerated_ones_are_not() -> None:
    p, codes = drawn(n=4000)
    sharp = p**4 / (p**4).sum(axis=1, keepdims=True)
    honest = calibration_error(calibration_bins(p, codes))
    assert honest < 0.03
    assert calibration_error(calibration_bins(sharp, codes)) > 0.1


def test_bins_hold_everybody_once() -> None:
    p, codes = drawn()
    bins = calibration_bins(np.vstack([p, [[1.0, 0.0, 0.0]]]), np.append(codes, 0))
    assert bins["n"].sum() == 201
    assert bins["bin"].between(4, 10).all()
    inside = (bins["predicted"] >= (bins["bin"] - 1) / 10) & (bins["predicted"] <= bins["bin"] / 10)
    assert inside.all()
