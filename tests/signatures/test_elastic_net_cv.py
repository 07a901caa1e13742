"""Reference values: tests/reference/elastic_net.R; R 4.2.2, glmnet 4.1-6 (cv.glmnet)."""

import numpy as np
import pandas as pd
import pytest
from test_elastic_net_path import (
    DATA,
    FAMILIES,
    GENES,
    REFERENCE,
    STRENGTHS,
    outcome,
    standardised,
)

from omicsfuse.signatures.elastic_net_cv import (
    CrossValidation,
    chosen_step,
    cross_validate,
    folds_of,
    penalties,
    standard_of,
)
from omicsfuse.signatures.elastic_net_path import Outcome, elastic_net_path


@pytest.mark.parametrize("family", FAMILIES)
def test_cross_validated_deviance_is_that_of_glmnet(family: str) -> None:
    expected = pd.read_csv(REFERENCE / "elastic_net_cv.csv").query("family == @family")
    (found,) = cross_validate(
        standardised(GENES),
        outcome(family),
        [(1.0, STRENGTHS)],
        DATA["fold"].to_numpy(),
        standardise=False,
        tolerance=1e-16,
    )
    np.testing.assert_allclose(found.deviance, expected["deviance"], rtol=1e-5)
    np.testing.assert_allclose(found.se, expected["se"], rtol=1e-5)
    assert STRENGTHS[chosen_step(found)] == expected["lambda_min"].iloc[0]
    assert STRENGTHS[chosen_step(found, "one_standard_error")] == expected["lambda_1se"].iloc[0]


def test_held_out_patients_shape_nothing() -> None:
    # Standardised in the training patients: a held-out patient's own values are not in it.
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((30, 8)), rng.standard_normal(30)
    x[3, 2] = np.nan
    folds = np.arange(30) % 3
    target = Outcome("gaussian", y, np.ones(30))
    strengths = np.array([0.3, 0.1])
    (found,) = cross_validate(x, target, [(1.0, strengths)], folds)
    errors = []
    for fold in range(3):
        own = folds != fold
        scale = standard_of(x[own])
        fit = elastic_net_path(scale.apply(x[own]), target.take(np.flatnonzero(own)), strengths)
        eta = fit.intercept[:, None] + fit.coefficients @ scale.apply(x[~own]).T
        errors.append(((y[~own] - eta) ** 2).mean(axis=1))
    np.testing.assert_allclose(found.deviance, np.mean(errors, axis=0), rtol=1e-10)


def test_a_saturated_fold_keeps_its_last_fit() -> None:
    x = np.linspace(-1.7, 1.7, 20)[:, None]
    target = Outcome("gaussian", 2 * x[:, 0], np.ones(20))
    (found,) = cross_validate(x, target, [(1.0, 2.0 * 0.5 ** np.arange(30))], np.arange(20) % 4)
    assert np.isfinite(found.deviance).all()
    assert found.deviance[-1] == found.deviance[-2]
    assert found.selected[-1].tolist() == [1.0]


def test_folds_are_even_in_size_and_in_classes() -> None:
    y = np.r_[np.ones(11), np.zeros(29)]
    for family, other in (("binomial", np.ones(40)), ("cox", y)):
        target = Outcome(family, y if family == "binomial" else np.arange(40.0), other)
        folds = folds_of(target, 5, 0)
        assert np.bincount(folds).tolist() == [8] * 5
        assert set(np.bincount(folds[y > 0])) <= {2, 3}
        assert (folds == folds_of(target, 5, 0)).all()
        assert (folds != folds_of(target, 5, 1)).any()


def test_penalties_begin_where_the_first_column_enters() -> None:
    x, target = standardised(GENES), outcome("cox")
    found = penalties(x, target, 0.5, np.empty((50, 0)), 10, 0.1)
    assert found[-1] == pytest.approx(found[0] / 10)
    assert (np.diff(np.log(found)) == pytest.approx(np.log(0.1) / 9)) is True
    fit = elastic_net_path(x, target, found * np.r_[1, np.full(9, 0.999)], 0.5)
    assert not fit.coefficients[0].any()
    assert fit.coefficients[1].any()


def test_the_rules_choose_as_they_say() -> None:
    none = np.zeros((4, 1))
    found = CrossValidation(np.array([2.0, 1.4, 1.0, 1.0]), np.array([0.1, 0.1, 0.5, 0.1]), none)
    assert chosen_step(found) == 2  # the larger penalty of two
    assert chosen_step(found, "one_standard_error") == 1


def test_columns_that_do_not_vary_become_nothing() -> None:
    x = np.array([[0.1 + 0.2, np.nan, 1.0], [0.3, np.nan, np.nan], [0.3, np.nan, 3.0]])
    assert standard_of(x).apply(x).tolist() == [[0, 0, -1], [0, 0, 0], [0, 0, 1]]
