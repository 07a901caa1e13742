"""Compiled inner loops of decision curves; imported only when survival is compared."""

from typing import Any

from omicsfuse.stats.compiled import compiled


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
