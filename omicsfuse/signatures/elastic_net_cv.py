"""Which penalty: cross-validated deviance of elastic nets, everything repeated in each fold."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from omicsfuse.signatures.elastic_net_path import (
    Outcome,
    Path,
    elastic_net_path,
    largest_penalty,
    mean_loss,
)
from omicsfuse.stats.arrays import Array

#: Rules that choose a penalty.
RULES = ("minimum", "one_standard_error")


class CrossValidation(NamedTuple):
    """Held-out deviance along a path: mean and standard error (k,); ``selected`` (k, p) of folds.

    Gaussian: squared error; binomial: minus twice the log likelihood; Cox: per event, partial.
    """

    deviance: Array
    se: Array
    selected: Array


def folds_of(outcome: Outcome, n_folds: int, random_state: int) -> np.ndarray:
    """Draw folds of equal size over which classes, or patients with the event, are spread evenly.

    Gives (n,): fold of each patient, from 0.
    """
    strata = {"binomial": outcome.y, "cox": outcome.event}.get(outcome.family)
    random = np.random.default_rng(random_state)
    drawn = random.permutation(len(outcome.y))
    if strata is not None:
        drawn = drawn[np.argsort(strata[drawn], kind="stable")]
    folds = np.empty(len(drawn), dtype=int)
    folds[drawn] = np.arange(len(drawn)) % n_folds
    return folds


class Standard(NamedTuple):
    """Means and standard deviations (n in the denominator) that columns are brought to."""

    mean: Array
    sd: Array

    def apply(self, x: Array) -> Array:
        """Standardise; missing values and columns that do not vary become 0."""
        z: Array = x - self.mean
        z /= self.sd
        z[np.isnan(z)] = 0.0
        return z


def standard_of(x: Array) -> Standard:
    """Means and SDs of columns (n, p) over what is observed; infinite if constant or unseen."""
    observed = ~np.isnan(x)
    n = np.maximum(observed.sum(axis=0), 1)
    mean = np.where(observed, x, 0.0).sum(axis=0) / n
    centred = np.where(observed, x - mean, 0.0)
    sd = np.sqrt(np.einsum("ij,ij->j", centred, centred) / n)
    return Standard(mean, np.where(sd > 1e-9 * np.maximum(np.abs(mean), 1e-300), sd, np.inf))


def penalties(
    x: Array,
    outcome: Outcome,
    l1_ratio: float,
    covariates: Array,
    n_penalties: int,
    smallest: float,
) -> Array:
    """Series of penalties, falling by a constant factor from where no column has a coefficient.

    Gives (n_penalties,).
    """
    # A hair above, so that rounding puts no column into the first fit.
    top = largest_penalty(x, outcome, l1_ratio, covariates) * (1 + 1e-9)
    return top * smallest ** (np.arange(n_penalties) / max(n_penalties - 1, 1))


def cross_validate(
    x: Array,
    outcome: Outcome,
    series: Sequence[tuple[float, Array]],
    folds: np.ndarray,
    covariates: Array | None = None,
    *,
    standardise: bool = True,
    tolerance: float = 1e-9,
) -> list[CrossValidation]:
    """Held-out deviance of x (n, p), folds (n,), for each penalty of one or more series.

    A fold whose path saturates early keeps its last fit. Cox: van Houwelingen et al. 2006, Stat Med
    25:3201-3216; Simon et al. 2011, J Stat Softw 39(5), section 3.
    """
    extra = np.empty((len(x), 0)) if covariates is None else covariates
    numbers = np.unique(folds)
    deviance = [np.empty((len(numbers), len(strengths))) for _, strengths in series]
    selected = [np.zeros((len(strengths), x.shape[1])) for _, strengths in series]
    size = np.empty(len(numbers))
    for place, fold in enumerate(numbers):
        inside, outside = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        scaled, scaled_extra = x, extra
        if standardise:
            scaled = standard_of(x[inside]).apply(x)
            scaled_extra = standard_of(extra[inside]).apply(extra)
        size[place] = outcome.event[outside].sum() if outcome.family == "cox" else len(outside)
        for which, (ratio, strengths) in enumerate(series):
            path = elastic_net_path(
                scaled[inside],
                outcome.take(inside),
                strengths,
                ratio,
                scaled_extra[inside],
                tolerance=tolerance,
            )
            eta = linear_predictor(path, scaled, scaled_extra)
            reached = np.minimum(np.arange(len(strengths)), len(path.strengths) - 1)
            each = [_held_out(outcome, row, inside, outside) for row in eta]
            deviance[which][place] = np.array(each)[reached]
            selected[which] += (path.coefficients != 0)[reached]
    share = (size / size.sum())[:, None]
    result = []
    for values, count in zip(deviance, selected, strict=True):
        mean = (share * values).sum(axis=0)
        spread = (share * (values - mean) ** 2).sum(axis=0)
        se = np.sqrt(spread / (len(numbers) - 1))
        result.append(CrossValidation(mean, se, count / len(numbers)))
    return result


def linear_predictor(path: Path, x: Array, covariates: Array) -> Array:
    """Linear predictor of each patient under each fit of a path.

    ``x``, ``covariates``: columns, standardised as those fitted. Gives (k, n).
    """
    eta = np.repeat(path.intercept[:, None], len(x), axis=1)
    used = np.flatnonzero((path.coefficients != 0).any(axis=0))
    eta += np.einsum("kj,ij->ki", path.coefficients[:, used], np.ascontiguousarray(x[:, used]))
    eta += np.einsum("kj,ij->ki", path.unpenalised, covariates)
    return eta


def _held_out(outcome: Outcome, eta: Array, inside: np.ndarray, outside: np.ndarray) -> float:
    if outcome.family == "cox":
        everyone = _excess_loss(outcome, eta)
        training = _excess_loss(outcome.take(inside), eta[inside])
        return 2 * (everyone - training) / float(outcome.event[outside].sum())
    return 2 * mean_loss(outcome.take(outside), eta[outside])


def _excess_loss(outcome: Outcome, eta: Array) -> float:
    """Minus the log partial likelihood, above the least it can be with the ties there are."""
    _, ties = np.unique(outcome.y[outcome.event > 0], return_counts=True)
    return mean_loss(outcome, eta) * len(eta) - float((ties * np.log(ties)).sum())


def chosen_step(validation: CrossValidation, rule: str = "minimum") -> int:
    """Position of the penalty that a rule chooses; the larger penalty where two are equal."""
    best = int(np.argmin(validation.deviance))
    if rule == "minimum":
        return best
    limit = validation.deviance[best] + validation.se[best]
    return int(np.argmax(validation.deviance <= limit))
