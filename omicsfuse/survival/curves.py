"""Kaplan-Meier curves of the subtypes, their medians, and survival at given times."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from omicsfuse.core.time_to_event import PER_YEAR
from omicsfuse.stats.levels import Z
from omicsfuse.survival._input import (
    YEARS,
    check_entry,
    check_survival,
    patients_in_common,
)
from omicsfuse.survival.models import entries

TIMES_COLUMNS = [
    "endpoint", "subtype", "years", "time", "survival", "ci_low", "ci_high", "at_risk",
]  # fmt: skip
_ESTIMATES = ("survival", "ci_low", "ci_high")


def kaplan_meier(labels: pd.Series, survival: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Estimate the survival of each subtype over time: curves, and medians by subtype.

    Limits (95%) are those of the log(-log) transform with Greenwood's variance; NaN where survival
    is 0. The median is the first time at which survival is 0.5 or less, its limits the first times
    at which those of the curve are (Brookmeyer and Crowley 1982, Biometrics 38:29-41); where the
    curve lies on 0.5 for a while, R's ``survfit`` gives the middle of that stretch instead.
    Follow-up is the median of the reverse Kaplan-Meier estimate (Schemper and Smith 1996, Control
    Clin Trials 17:343-346), in which events censor, competing ones too. A curve has a row at time 0
    and at each distinct time, ``survival`` just after it and ``at_risk`` just before.
    """
    matched, survival, names = patients_in_common(labels, survival)
    times, events = check_survival(survival["time"].to_numpy(), survival["event"].to_numpy())
    began = check_entry(entries(survival), times)
    lost = _lost(survival, events)
    curves, medians = [], []
    for name in names:
        inside = (matched == name).to_numpy()
        curve = _curve(times[inside], events[inside], began[inside])
        reverse = _curve(times[inside], lost[inside], began[inside])
        curves.append(curve.assign(subtype=name)[["subtype", *curve.columns]])
        row = {"subtype": name, "n": int(inside.sum()), "events": int(events[inside].sum())}
        for prefix, estimate in (("", curve), ("follow_up_", reverse)):
            row[f"{prefix}median" if not prefix else "follow_up"] = _first_half(
                estimate["time"], estimate["survival"]
            )
            row[f"{prefix}ci_low"] = _first_half(estimate["time"], estimate["ci_low"])
            row[f"{prefix}ci_high"] = _first_half(estimate["time"], estimate["ci_high"])
        medians.append(row)
    return pd.concat(curves, ignore_index=True), pd.DataFrame(medians).set_index("subtype")


def median_follow_up(survival: pd.DataFrame) -> float:
    """Median follow-up of all patients together, as ``kaplan_meier`` gives it for subtypes."""
    times, events = check_survival(survival["time"].to_numpy(), survival["event"].to_numpy())
    # Without limits and without lifelines, which takes long to load where nothing else needs it.
    curve = _curve_with_entry(times, _lost(survival, events), check_entry(entries(survival), times))
    return _first_half(curve["time"], curve["survival"])


def _lost(survival: pd.DataFrame, events: np.ndarray) -> np.ndarray:
    """Who had neither the event nor a competing one."""
    return (survival["cause"] == 0).to_numpy() if "cause" in survival else ~events


def survival_at_times(
    curves: pd.DataFrame, endpoint: str, unit: str, years: Sequence[float] = YEARS
) -> pd.DataFrame:
    """Read survival at 1, 3 and 5 years off the curves; NaN where nobody was followed so long."""
    rows = []
    for subtype, curve in curves.groupby("subtype", sort=False):
        steps = curve["time"].to_numpy()
        for year in years:
            at = year * PER_YEAR[unit]
            last = curve.iloc[int(np.searchsorted(steps, at, side="right")) - 1]
            after = int(np.searchsorted(steps, at, side="left"))
            at_risk = int(curve["at_risk"].iloc[after]) if after < len(curve) else 0
            known = at_risk > 0 or last["survival"] <= 0
            estimates = [float(last[name]) if known else np.nan for name in _ESTIMATES]
            if last["survival"] >= 1:
                # Without an event yet, an interval of no width would claim certainty.
                estimates[1:] = [np.nan, np.nan]
            rows.append([endpoint, subtype, year, at, *estimates, at_risk])
    return pd.DataFrame(rows, columns=TIMES_COLUMNS)


def _curve(times: np.ndarray, events: np.ndarray, began: np.ndarray) -> pd.DataFrame:
    """One Kaplan-Meier curve: a row at time 0 and one at each distinct time."""
    from lifelines import KaplanMeierFitter

    if np.isfinite(began).any():
        return _curve_with_entry(times, events, began)
    fitted = KaplanMeierFitter().fit(times, events)
    counts = fitted.event_table
    curve = pd.DataFrame(
        {
            "time": counts.index.to_numpy(dtype=float),
            "survival": fitted.survival_function_.iloc[:, 0].to_numpy(),
            "ci_low": fitted.confidence_interval_.iloc[:, 0].to_numpy(),
            "ci_high": fitted.confidence_interval_.iloc[:, 1].to_numpy(),
            "at_risk": counts["at_risk"].to_numpy(dtype=int),
            "events": counts["observed"].to_numpy(dtype=int),
            "censored": counts["censored"].to_numpy(dtype=int),
        }
    )
    # The limits are undefined once nobody survives (log 0); lifelines would put 0.
    curve.loc[curve["survival"] <= 0, ["ci_low", "ci_high"]] = np.nan
    return curve


def _curve_with_entry(times: np.ndarray, events: np.ndarray, began: np.ndarray) -> pd.DataFrame:
    """The same; patients may enter late, and are at risk after their entry."""
    at = np.unique(np.r_[0.0, times])
    at_risk = ((times[:, None] >= at) & (began[:, None] < at)).sum(axis=0)
    deaths = ((times[:, None] == at) & events[:, None]).sum(axis=0)
    survival = np.cumprod(1 - deaths / np.maximum(at_risk, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(np.where(deaths > 0, deaths / (at_risk * (at_risk - deaths)), 0.0))
        half = Z * np.sqrt(greenwood) / np.log(survival)
        limits = [survival ** np.exp(sign * half) for sign in (-1, 1)]
    inner = (survival > 0) & (survival < 1)
    ends = np.where(survival >= 1, 1.0, np.nan)
    return pd.DataFrame(
        {
            "time": at,
            "survival": survival,
            "ci_low": np.where(inner, limits[0], ends),
            "ci_high": np.where(inner, limits[1], ends),
            "at_risk": at_risk,
            "events": deaths,
            "censored": (times[:, None] == at).sum(axis=0) - deaths,
        }
    )


def _first_half(time: pd.Series, survival: pd.Series) -> float:
    """Return the first time at which survival is 0.5 or less, up to rounding of the product."""
    reached = survival.to_numpy() <= 0.5 + 1e-9
    return float(time.to_numpy()[reached][0]) if reached.any() else float(np.nan)
