"""Reference coefficients: tests/reference/elastic_net.R; R 4.2.2, glmnet 4.1-6."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omicsfuse.core.errors import SignatureError
from omicsfuse.signatures.elastic_net_cv import standard_of
from omicsfuse.signatures.elastic_net_path import (
    Outcome,
    elastic_net_path,
    largest_penalty,
    mean_loss,
)

REFERENCE = Path(__file__).parents[1] / "reference"
DATA = pd.read_csv(REFERENCE / "elastic_net_data.csv", index_col=0)
GENES = [column for column in DATA if column.startswith("G")]
STRENGTHS = np.array([0.3, 0.2, 0.12, 0.08, 0.05])
FAMILIES = ("gaussian", "binomial", "cox")


def standardised(columns: list[str]) -> np.ndarray:
    x = DATA[columns].to_numpy(dtype=float)
    return standard_of(x).apply(x)


def outcome(family: str) -> Outcome:
    ones = np.ones(len(DATA))
    return {
        "gaussian": Outcome("gaussian", standardised(["y"])[:, 0], ones),
        "binomial": Outcome("binomial", DATA["class"].to_numpy(dtype=float), ones),
        "cox": Outcome("cox", DATA["time"].to_numpy(float), DATA["event"].to_numpy(float)),
    }[family]


@pytest.mark.parametrize("with_covariate", [False, True])
@pytest.mark.parametrize("alpha", [0.5, 0.9, 1.0])
@pytest.mark.parametrize("family", FAMILIES)
def test_coefficients_are_those_of_glmnet(family: str, alpha: float, with_covariate: bool) -> None:
    covariates = standardised(["z"]) if with_covariate else None
    found = elastic_net_path(
        standardised(GENES), outcome(family), STRENGTHS, alpha, covariates, tolerance=1e-18
    )
    table = pd.read_csv(REFERENCE / "elastic_net_coefficients.csv")
    table = table[(table["family"] == family) & (table["alpha"] == alpha)]
    table = table[table["covariate"] == with_covariate]
    expected = table.pivot(index="lambda", columns="column", values="coefficient")
    expected = expected.reindex(index=STRENGTHS, columns=[*GENES, "z"]).fillna(0.0).to_numpy()
    np.testing.assert_array_equal(found.coefficients != 0, expected[:, :-1] != 0)
    np.testing.assert_allclose(found.coefficients, expected[:, :-1], atol=1e-6)
    if with_covariate:
        np.testing.assert_allclose(found.unpenalised, expected[:, -1:], atol=1e-6)


def made_up(seed: int, family: str, n: int, p: int) -> tuple[np.ndarray, Outcome]:
    """Columns of whole numbers, and an outcome with ties that follows the first ones."""
    rng = np.random.default_rng(seed)
    x = rng.integers(-3, 4, (n, p)).astype(float)
    x = standard_of(x).apply(x)
    signal = x[:, 0] - x[:, 1]
    event = np.ones(n)
    if family == "gaussian":
        y = signal + rng.integers(-2, 3, n)
    elif family == "binomial":
        y = (signal + rng.integers(-3, 4, n) > 0).astype(float)
        y[:2] = [0.0, 1.0]
    else:
        y = np.ceil(rng.integers(1, 9, n) * np.exp(-signal / 2))
        event = (rng.random(n) < 0.6).astype(float)
        event[:3] = 1.0
    return x, Outcome(family, y, event)


def slow_score(outcome: Outcome, eta: np.ndarray) -> np.ndarray:
    """Derivative of the log likelihood, from its definition."""
    if outcome.family == "gaussian":
        return outcome.y - eta
    if outcome.family == "binomial":
        return outcome.y - 1 / (1 + np.exp(-eta))
    score = outcome.event.copy()
    for i in np.flatnonzero(outcome.event):
        at_risk = outcome.y >= outcome.y[i]
        score -= np.where(at_risk, np.exp(eta), 0.0) / np.exp(eta[at_risk]).sum()
    return score


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10_000),
    st.sampled_from(FAMILIES),
    st.sampled_from([0.3, 0.7, 1.0]),
    st.booleans(),
    st.sampled_from([(24, 10), (18, 40)]),
)
def test_the_conditions_of_the_optimum_hold(
    seed: int, family: str, l1_ratio: float, with_covariates: bool, shape: tuple[int, int]
) -> None:
    x, outcome = made_up(seed, family, *shape)
    covariates = x[:, 5:7] if with_covariates else np.empty((len(x), 0))
    x = np.delete(x, [5, 6], axis=1)
    top = largest_penalty(x, outcome, l1_ratio, covariates)
    strengths = top * np.array([1.0001, 0.7, 0.4, 0.2])
    found = elastic_net_path(x, outcome, strengths, l1_ratio, covariates, tolerance=1e-16)
    assert not found.coefficients[0].any()
    assert found.coefficients[1].any()
    for k, strength in enumerate(found.strengths):
        b = found.coefficients[k]
        eta = found.intercept[k] + x @ b + covariates @ found.unpenalised[k]
        score = slow_score(outcome, eta) / len(x)
        gradient = x.T @ score - strength * (1 - l1_ratio) * b
        inside = b != 0
        bound = strength * l1_ratio
        np.testing.assert_allclose(gradient[inside], bound * np.sign(b[inside]), atol=2e-6)
        assert (np.abs(gradient[~inside]) <= bound + 2e-6).all()
        np.testing.assert_allclose(covariates.T @ score, 0, atol=2e-6)
        if family != "cox":
            assert score.sum() == pytest.approx(0, abs=2e-6)
        assert found.losses[k] == pytest.approx(mean_loss(outcome, eta))


def test_the_loss_is_minus_the_log_likelihood() -> None:
    eta = np.array([0.5, -1.0, 0.2, 2.0])
    risk = np.exp(eta)
    cox = Outcome("cox", np.array([2.0, 1.0, 2.0, 3.0]), np.array([1.0, 1.0, 1.0, 0.0]))
    late = risk[[0, 2, 3]].sum()
    expected = -(eta[1] - np.log(risk.sum()) + eta[0] + eta[2] - 2 * np.log(late)) / 4
    assert mean_loss(cox, eta) == pytest.approx(expected)
    assert mean_loss(cox, eta + 900) == pytest.approx(expected)
    binary = Outcome("binomial", np.array([1.0, 0.0, 1.0, 0.0]), np.ones(4))
    p = 1 / (1 + np.exp(-eta))
    expected = -np.log(np.where(binary.y == 1, p, 1 - p)).mean()
    assert mean_loss(binary, eta) == pytest.approx(expected)
    assert np.isfinite(mean_loss(binary, 1000 * eta))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_path_ends_where_it_is_saturated_or_full(family: str) -> None:
    strengths = 0.4 * 0.8 ** np.arange(40)
    x = standardised(GENES)
    whole = elastic_net_path(x, outcome(family), strengths)
    assert len(whole.strengths) < 40
    first = elastic_net_path(x, outcome(family), strengths, most=5)
    sizes = (first.coefficients != 0).sum(axis=1)
    assert (sizes[:-1] <= 5).all()
    assert sizes[-1] > 5
    np.testing.assert_array_equal(whole.coefficients[: len(sizes)], first.coefficients)


def test_columns_that_separate_the_classes_completely_are_borne() -> None:
    y = np.repeat([0.0, 1.0], 12)
    x = np.c_[np.where(y > 0, 1.0, -1.0), np.tile([1.0, -1.0], 12)]
    found = elastic_net_path(x, Outcome("binomial", y, np.ones(24)), 0.5 * 0.7 ** np.arange(60))
    assert len(found.strengths) < 60
    assert np.isfinite(found.coefficients).all()
    times = Outcome("cox", np.arange(1.0, 25.0), np.ones(24))
    trend = np.linspace(-1.7, 1.7, 24)[:, None]
    found = elastic_net_path(trend, times, 0.5 * 0.7 ** np.arange(60))
    assert np.isfinite(found.coefficients).all()
    assert (found.coefficients <= 0).all()  # the latest have the lowest hazard


def test_no_column_at_all_is_the_null_model() -> None:
    found = elastic_net_path(np.empty((4, 0)), Outcome("binomial", np.eye(4)[0], np.ones(4)), [1.0])
    assert found.intercept[0] == pytest.approx(np.log(1 / 3))
    assert found.coefficients.shape == (1, 0)


def test_what_does_not_converge_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("omicsfuse.signatures.elastic_net_path.MAX_STEPS", 1)
    with pytest.raises(SignatureError, match="cox model of 50 patients does not converge at pen"):
        elastic_net_path(standardised(GENES), outcome("cox"), STRENGTHS)
