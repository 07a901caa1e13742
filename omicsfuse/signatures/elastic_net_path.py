"""Elastic net regression along a falling penalty: of a number, of a class, or of survival."""

from typing import NamedTuple

import numpy as np

from omicsfuse.core.errors import SignatureError
from omicsfuse.signatures.elastic_net_kernel import (
    BINOMIAL,
    COX,
    GAUSSIAN,
    loss_and_score,
    path,
)
from omicsfuse.stats.arrays import Array

#: Families by name.
FAMILIES = {"gaussian": GAUSSIAN, "binomial": BINOMIAL, "cox": COX}

#: The path ends where this share of the null deviance is explained: beyond, nothing but noise is.
SATURATED = {"gaussian": 0.999, "binomial": 0.98, "cox": 0.98}

#: Steps of Newton's kind, and sweeps of coordinate descent in each, before a fit is given up.
MAX_STEPS = 300
MAX_SWEEPS = 20_000


class Outcome(NamedTuple):
    """What is regressed on genes: number, class or time (n,), and ``event`` (n,), else ones."""

    family: str
    y: Array
    event: Array

    def take(self, rows: np.ndarray) -> "Outcome":
        """The outcome of some patients."""
        return Outcome(self.family, self.y[rows], self.event[rows])


class Path(NamedTuple):
    """Fits along falling penalties (k,), ended early where saturated or no longer converging.

    ``coefficients`` (k, p), ``unpenalised`` (k, c), ``intercept`` and ``losses`` (k,).
    """

    strengths: Array
    coefficients: Array
    unpenalised: Array
    intercept: Array
    losses: Array


def largest_penalty(x: Array, outcome: Outcome, l1_ratio: float, covariates: Array) -> float:
    """Smallest penalty at which no column has a coefficient.

    ``x`` (n, p): patients x columns, centred; ``covariates`` (n, c): unpenalised columns, centred.
    """
    empty = elastic_net_path(np.zeros((len(x), 0)), outcome, np.ones(1), l1_ratio, covariates)
    eta = empty.intercept[0] + np.einsum("ij,j->i", covariates, empty.unpenalised[0])
    order, last = _order(outcome)
    score, weight = np.empty(len(x)), np.empty(len(x))
    family = FAMILIES[outcome.family]
    y, event = outcome.y[order], outcome.event[order]
    loss_and_score(family, eta[order], y, event, last, score, weight)
    gradient = np.abs(np.einsum("ij,i->j", x[order], score))
    return float(gradient.max(initial=0.0)) / l1_ratio


def elastic_net_path(
    x: Array,
    outcome: Outcome,
    strengths: Array,
    l1_ratio: float = 1.0,
    covariates: Array | None = None,
    *,
    tolerance: float = 1e-9,
    saturated: float | None = None,
    most: int | None = None,
) -> Path:
    """Fit an elastic net of x (n, p), complete, at each of a series of falling penalties (k,).

    Minimises ``loss / n + strength * sum of (l1_ratio |b| + (1 - l1_ratio) b^2 / 2)``: half
    squares, or minus the (Breslow) log likelihood. Friedman, Hastie and Tibshirani 2010, J Stat
    Softw 33(1); Simon et al. 2011, 39(5); Tibshirani et al. 2012, J R Stat Soc B 74:245-266.
    """
    n, p = x.shape
    extra = np.empty((n, 0)) if covariates is None else covariates
    with_intercept = outcome.family != "cox"
    order, last = _order(outcome)
    q = p + extra.shape[1] + with_intercept
    whole = np.ones((q, n))  # columns x patients
    whole[:p] = x.T
    whole[p : p + extra.shape[1]] = extra.T
    if outcome.family == "cox":
        whole = np.take(whole, order, axis=1)
    factor = np.r_[np.ones(p), np.zeros(q - p)]
    start = np.zeros(q)
    table, losses = np.zeros((len(strengths), q)), np.zeros(len(strengths))
    # The null model first, so that what is explained is measured against it.
    rest = np.ascontiguousarray(whole[p:])
    common = (outcome.y[order], outcome.event[order], last)
    family = FAMILIES[outcome.family]
    if q > p:
        unpenalised = np.zeros(q - p)
        done = path(
            family,
            rest,
            *common,
            np.zeros(q - p),
            np.ones(1),
            1.0,
            min(tolerance, 1e-14),
            MAX_STEPS,
            MAX_SWEEPS,
            2.0,
            q,
            unpenalised,
            np.zeros((1, q - p)),
            np.zeros(1),
        )
        _require_converged(done, outcome, "without any gene")
        start[p:] = unpenalised
    limit = SATURATED[outcome.family] if saturated is None else saturated
    done = path(
        family,
        whole,
        *common,
        factor,
        np.ascontiguousarray(strengths, dtype=float),
        float(l1_ratio),
        tolerance,
        MAX_STEPS,
        MAX_SWEEPS,
        float(limit) if limit < 1 else 2.0,
        p if most is None else most,
        start,
        table,
        losses,
    )
    if done < -1:
        # Close to saturation the partial likelihood is all but flat: the path ends before.
        done = -done - 1
    _require_converged(done, outcome, f"at penalty {strengths[0]}")
    return Path(
        strengths=np.asarray(strengths[:done], dtype=float),
        coefficients=table[:done, :p],
        unpenalised=table[:done, p : p + extra.shape[1]],
        intercept=table[:done, -1] if with_intercept else np.zeros(done),
        losses=losses[:done],
    )


def _require_converged(done: int, outcome: Outcome, where: str) -> None:
    if done < 0:
        raise SignatureError(
            f"elastic net: the {outcome.family} model of {len(outcome.y)} patients does not "
            f"converge {where}. A covariate may separate the outcome completely: remove it, "
            "or increase smallest_penalty."
        )


def _order(outcome: Outcome) -> tuple[np.ndarray, np.ndarray]:
    """Order of the patients for the loops, and where each one's time ends."""
    n = len(outcome.y)
    if outcome.family != "cox":
        return np.arange(n), np.zeros(n, dtype=np.int64)
    order = np.argsort(outcome.y, kind="stable")
    time = outcome.y[order]
    return order, np.searchsorted(time, time, side="right").astype(np.int64)


def mean_loss(outcome: Outcome, eta: Array) -> float:
    """Mean loss of a linear predictor: see `elastic_net_path`.

    ``eta`` (n,): linear predictor of each patient.
    """
    order, last = _order(outcome)
    n = len(order)
    y, event = outcome.y[order], outcome.event[order]
    family = FAMILIES[outcome.family]
    loss = loss_and_score(
        family, np.asarray(eta, dtype=float)[order], y, event, last, np.empty(n), np.empty(n)
    )
    return float(loss)
