"""How well a model predicts: concordance, area under the curve, Brier score, net benefit."""

from typing import NamedTuple

import numpy as np
from scipy.integrate import trapezoid

from omicsfuse.stats.concordance import area_under_curve, concordance
from omicsfuse.survival.cox_model import CoxData

#: Risk thresholds of decision curves.
THRESHOLDS = np.arange(1, 40) / 50


class Outcome(NamedTuple):
    """Survival of patients with what weighting for censoring needs; times ascending.

    ``before`` is the probability of being uncensored just before each time.
    """

    time: np.ndarray
    event: np.ndarray
    before: np.ndarray


def outcome(time: np.ndarray, event: np.ndarray) -> tuple[Outcome, np.ndarray]:
    """Sort survival and estimate the probability of being uncensored by Kaplan-Meier.

    Also returns the order in which patients were put.
    """
    order = np.lexsort((~event.astype(bool), time))
    time, event = time[order], event[order].astype(bool)
    return Outcome(time, event, uncensored(time, event, time, before=True)), order


def uncensored(
    time: np.ndarray, event: np.ndarray, at: np.ndarray, *, before: bool = False
) -> np.ndarray:
    """Kaplan-Meier estimate of the probability of being uncensored, at or just before times.

    At a time with both, events come before censorings. ``time`` is ascending.
    """
    when, censored = np.unique(time[~event], return_counts=True)
    deaths = np.searchsorted(time[event], when, side="right")
    gone = deaths + np.searchsorted(time[~event], when, side="left")
    curve = np.r_[1.0, np.cumprod(1 - censored / (len(time) - gone))]
    share: np.ndarray = curve[np.searchsorted(when, at, side="left" if before else "right")]
    return share


def harrell(outcome: Outcome, risk: np.ndarray) -> float:
    """Harrell's concordance index: the share of comparable pairs in the right order."""
    return float(concordance(risk, outcome.time, outcome.event)[0])


def uno(outcome: Outcome, risk: np.ndarray, until: float) -> float:
    """Uno's concordance index up to a time: pairs weighted so that censoring does not matter."""
    counts = outcome.event & (outcome.time <= until)
    return float(concordance(risk, outcome.time, counts, _weights(outcome, until) ** 2)[0])


def area_under_curve_at(outcome: Outcome, risk: np.ndarray, at: float) -> float:
    """Area under the receiver operating characteristic for the event by a time."""
    inside = outcome.event & (outcome.time <= at)
    known = (outcome.time > at).astype(float)
    return float(area_under_curve(risk, inside, _weights(outcome, at), known)[0])


def brier(outcome: Outcome, survival: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Weighted mean squared difference of predicted survival and being alive, at each time.

    ``survival`` is patients x times.
    """
    time = outcome.time[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        dead = np.where(outcome.event, 1 / outcome.before, 0.0)[:, None] * (time <= at)
    # Where nobody can be uncensored (all left at one time) nobody is alive to be weighted.
    known = uncensored(outcome.time, outcome.event, at)
    alive = (time > at) / np.where(known > 0, known, 1.0)
    score: np.ndarray = (dead * survival**2 + alive * (1 - survival) ** 2).sum(axis=0)
    return score / len(time)


def integrated_brier(outcome: Outcome, survival: np.ndarray, at: np.ndarray) -> float:
    """Mean of the Brier score from 0 to the last of the times, which begin at 0.

    NaN where the last is 0 as well.
    """
    if not at[-1] > 0:
        return np.nan
    return float(trapezoid(brier(outcome, survival, at), at) / at[-1])


def decision_curve(outcome: Outcome, risk: np.ndarray, at: float) -> np.ndarray:
    """Net benefit at each of ``THRESHOLDS`` of treating those whose risk reaches it."""
    from omicsfuse.survival.prediction_kernel import net_benefit

    benefit = np.empty(len(THRESHOLDS))
    net_benefit(outcome.time, outcome.event, risk, at, THRESHOLDS, benefit)
    return benefit


def baseline_hazard(data: CoxData, coefficients: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Cumulative baseline hazard of a fit without strata at times, for the terms as centred.

    Efron's form of Breslow's estimate.
    """
    _, _, sums, rows = data.steps(coefficients)
    when = data.time[rows]
    order = np.argsort(when, kind="stable")
    hazard = np.r_[0.0, np.cumsum(1 / sums[order])]
    cumulative: np.ndarray = hazard[np.searchsorted(when[order], at, side="right")]
    return cumulative


def _weights(outcome: Outcome, until: float) -> np.ndarray:
    """One over the probability of being uncensored, of those whose event counts; else 0."""
    counts = outcome.event & (outcome.time <= until) & (outcome.before > 0)
    return np.where(counts, 1 / np.where(counts, outcome.before, 1.0), 0.0)
