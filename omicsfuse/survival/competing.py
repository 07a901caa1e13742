"""Competing events: cumulative incidence of each cause by the Aalen-Johansen estimator."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from omicsfuse.stats.levels import Z
from omicsfuse.survival._input import check_entry, patients_in_common

INCIDENCE_COLUMNS = [
    "endpoint", "subtype", "cause", "time", "incidence", "ci_low", "ci_high",
]  # fmt: skip


def cumulative_incidence(
    labels: pd.Series, survival: pd.DataFrame, endpoint: str, causes: Mapping[int, str]
) -> pd.DataFrame:
    """Estimate, for each subtype, the share of patients in whom each event came first.

    One minus a Kaplan-Meier curve that takes other events for censoring overstates it. This is the
    estimate of Aalen and Johansen (Scand J Stat 1978;5:141-150), with 95% limits of its log(-log)
    transform and the variance of Aalen's form (Marubini and Valsecchi 1995, section 10.2). A row at
    time 0, at each time of any event, and at the end of follow-up.
    """
    matched, survival, names = patients_in_common(
        labels, survival.assign(event=(survival["cause"] > 0).astype(int))
    )
    tables = []
    for name in names:
        inside = (matched == name).to_numpy()
        part = survival[inside]
        time, cause = part["time"].to_numpy(dtype=float), part["cause"].to_numpy(dtype=int)
        entry = check_entry(part["entry"].to_numpy() if "entry" in part else None, time)
        # The curves go on to the last time at which anybody was followed.
        at = np.unique(np.r_[time[cause > 0], time.max()])
        at_risk = ((time[:, None] >= at) & (entry[:, None] < at)).sum(axis=0)
        for code, text in causes.items():
            estimate, variance = _incidence(time, cause, at, at_risk, code)
            tables.append(
                pd.DataFrame(
                    {
                        "endpoint": endpoint,
                        "subtype": name,
                        "cause": text,
                        "time": np.r_[0.0, at],
                        "incidence": np.r_[0.0, estimate],
                        **_limits(estimate, variance),
                    }
                )
            )
    if not tables:
        return pd.DataFrame(columns=INCIDENCE_COLUMNS)
    return pd.concat(tables, ignore_index=True)[INCIDENCE_COLUMNS]


def _incidence(
    time: np.ndarray, cause: np.ndarray, at: np.ndarray, at_risk: np.ndarray, code: int
) -> tuple[np.ndarray, np.ndarray]:
    """Cumulative incidence of one cause at each event time, and its variance."""
    n = at_risk.astype(float)
    any_event = (time[:, None] == at) & (cause[:, None] > 0)
    d = any_event.sum(axis=0)
    of_cause = (any_event & (cause[:, None] == code)).sum(axis=0)
    survival = np.cumprod(1 - d / n)
    before = np.r_[1.0, survival[:-1]] if len(at) else survival
    estimate = np.cumsum(before * of_cause / n)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.where(n > d, d / (n * (n - d)), 0.0)
    variance = np.zeros(len(at))
    for last in range(len(at)):
        upto = slice(0, last + 1)
        rest = estimate[last] - estimate[upto]
        hazard = (n[upto] - of_cause[upto]) / n[upto] * of_cause[upto] / n[upto] ** 2
        variance[last] = (
            (rest**2 * spread[upto]).sum()
            + (before[upto] ** 2 * hazard).sum()
            - 2 * (rest * before[upto] * of_cause[upto] / n[upto] ** 2).sum()
        )
    return estimate, variance


def _limits(estimate: np.ndarray, variance: np.ndarray) -> dict[str, np.ndarray]:
    """95% limits on the log(-log) scale; undefined where the estimate is 0 or 1."""
    inner = (estimate > 0) & (estimate < 1)
    safe = np.where(inner, estimate, 0.5)
    half = Z * np.sqrt(np.maximum(variance, 0)) / np.abs(safe * np.log(safe))
    with np.errstate(over="ignore"):  # an estimate next to 0 has a lower limit of 0
        low = np.where(inner, safe ** np.exp(half), np.nan)
        high = np.where(inner, safe ** np.exp(-half), np.nan)
    return {"ci_low": np.r_[np.nan, low], "ci_high": np.r_[np.nan, high]}
