"""Compiled inner loops of measures of prediction: concordance, curves and errors by weighting.

Imported only when survival is compared. Censored patients are made up for by weighting the others
with one over the probability G of being still uncensored.
"""

from typing import Any

import numpy as np

from omicsfuse.stats.compiled import compiled


@compiled
def concordance(time: Any, event: Any, risk: Any, weight: Any, until: float) -> float:
    """Weighted share of comparable pairs in which who had the event first has the higher risk.

    A pair is comparable where one had an event before ``until`` and the other was observed longer,
    or as long without an event. Equal risks count half. NaN without a pair.
    """
    concordant, total = 0.0, 0.0
    for i in range(len(time)):
        if not event[i] or time[i] > until:
            continue
        for j in range(len(time)):
            if time[j] > time[i] or (time[j] == time[i] and not event[j]):
                total += weight[i]
                if risk[i] > risk[j]:
                    concordant += weight[i]
                elif risk[i] == risk[j]:
                    concordant += 0.5 * weight[i]
    return concordant / total if total > 0.0 else np.nan


@compiled
def area_under_curve(time: Any, event: Any, risk: Any, weight: Any, at: float) -> float:
    """Share of pairs of a patient with the event by ``at`` and one without in which risks agree."""
    concordant, total = 0.0, 0.0
    for i in range(len(time)):
        if not event[i] or time[i] > at:
            continue
        for j in range(len(time)):
            if time[j] > at:
                total += weight[i]
                if risk[i] > risk[j]:
                    concordant += weight[i]
                elif risk[i] == risk[j]:
                    concordant += 0.5 * weight[i]
    return concordant / total if total > 0.0 else np.nan


@compiled
def kaplan_meier_at(time: Any, event: Any, inside: Any, at: float) -> float:
    """Kaplan-Meier estimate at a time of the patients inside; times ascending."""
    at_risk = 0
    for i in range(len(time)):
        if inside[i]:
            at_risk += 1
    survival, i = 1.0, 0
    while i < len(time) and time[i] <= at and at_risk > 0:
        now = time[i]
        deaths, leaving = 0, 0
        while i < len(time) and time[i] == now:
            if inside[i]:
                leaving += 1
                if event[i]:
                    deaths += 1
            i += 1
        survival *= 1.0 - deaths / at_risk
        at_risk -= leaving
        if at_risk <= 0:
            break
    return survival


@compiled
def net_benefit(time: Any, event: Any, risk: Any, at: float, thresholds: Any, out: Any) -> None:
    """Net benefit of treating whoever's risk reaches each threshold; times ascending."""
    n = len(time)
    for k in range(len(thresholds)):
        inside = risk >= thresholds[k]
        share = inside.sum() / n
        if share == 0.0:
            out[k] = 0.0
            continue
        survival = kaplan_meier_at(time, event, inside, at)
        odds = thresholds[k] / (1.0 - thresholds[k])
        out[k] = share * ((1.0 - survival) - survival * odds)
