"""Pooling of layers against direct minimisation, and what it must do at its ends."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from omicsfuse.assignment.pooling import (
    LARGEST_WEIGHT,
    calibrate,
    fit_weight,
    probabilities,
    subsets,
)
from omicsfuse.assignment.training import stratified_folds

PRIOR = np.array([0.5, 0.3, 0.2])


def evidence(seed: int, n: int = 80, strength: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Evidence drawn so that its right weight is one over the strength."""
    rng = np.random.default_rng(seed)
    codes = rng.choice(3, size=n, p=PRIOR)
    return strength * (rng.normal(size=(n, 3)) + np.eye(3)[codes]), codes


@pytest.mark.parametrize("seed", range(5))
def test_the_weight_is_that_of_direct_minimisation(seed: int) -> None:
    e, codes = evidence(seed)

    def loss(weight: float) -> float:
        joint = np.log(PRIOR) + weight * e
        joint -= np.log(np.exp(joint).sum(axis=1, keepdims=True))
        return -joint[np.arange(len(codes)), codes].sum()

    expected = minimize_scalar(loss, bounds=(0, LARGEST_WEIGHT), options={"xatol": 1e-10}).x
    assert fit_weight(e, codes, PRIOR) == pytest.approx(expected, abs=1e-5)


def test_overconfident_evidence_gets_a_smaller_weight_in_proportion() -> None:
    e, codes = evidence(1)
    assert fit_weight(10 * e, codes, PRIOR) == pytest.approx(fit_weight(e, codes, PRIOR) / 10)


def test_contrary_evidence_gets_no_weight_and_perfect_evidence_the_largest() -> None:
    codes = np.array([0, 1, 2] * 10)
    right = np.eye(3)[codes]
    assert fit_weight(-right, codes, PRIOR) == 0.0
    assert fit_weight(right, codes, PRIOR) == LARGEST_WEIGHT


def test_the_same_layer_twice_is_believed_once() -> None:
    e, codes = evidence(2, n=300)
    alone = calibrate(e[None], codes, PRIOR, 1)
    twice = calibrate(2 * alone.weight * e[None], codes, PRIOR, 2)
    assert twice.weight == pytest.approx(0.5, abs=1e-6)
    assert twice.gain == pytest.approx(alone.gain, abs=1e-6)


def test_too_few_patients_fit_no_weight() -> None:
    e, codes = evidence(3, n=9)
    found = calibrate(e[None], codes, PRIOR, 3)
    assert (found.weight, found.n, found.informative) == (1 / 3, 0, False)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.floats(0, 5), st.floats(0, 0.2))
def test_probabilities_sum_to_one_and_none_is_below_the_cautious_share(
    seed: int, weight: float, caution: float
) -> None:
    p = probabilities(20 * evidence(seed)[0], PRIOR, weight, caution)
    assert np.allclose(p.sum(axis=1), 1)
    assert (p >= caution * PRIOR - 1e-15).all()


def test_without_evidence_the_prior_is_left() -> None:
    e, _ = evidence(0)
    assert np.allclose(probabilities(e, PRIOR, 0.0, 0.1), PRIOR)
    assert np.allclose(probabilities(0 * e, PRIOR, 3.0, 0.0), PRIOR)


def test_sets_of_layers() -> None:
    assert len(subsets("abcd")) == 15
    five = subsets("abcde")
    assert [len(chosen) for chosen in five] == [1] * 5 + [4] * 5 + [5]
    assert len(subsets("abcde", 6)) == 31


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(["S1", "S2", "S3"]), min_size=5, max_size=60), st.integers(0, 99))
def test_folds_are_balanced_overall_and_within_subtypes(labels: list[str], seed: int) -> None:
    import pandas as pd

    series = pd.Series(labels)
    folds = stratified_folds(series, np.random.default_rng(seed))
    for own in (folds, *(folds[series == name] for name in set(labels))):
        counts = np.bincount(own, minlength=5)
        assert counts.max() - counts.min() <= 1
