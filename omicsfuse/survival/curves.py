"""Kaplan-Meier curves of the subtypes, their medians, and survival at given times."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from omicsfuse.stats.levels import Z
from omicsfuse.survival._input import (
    PER_YEAR,
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
    """Estimate the survival of each subtype over time.

    Confidence limits (95%) are those of the log(-log) transformed estimate with Greenwood's
    variance, so they stay between 0 and 1; they are NaN where survival is 0. The median is the
    first time at which survival is 0.5 or less; its limits are the first times at which the lower
    and the upper confidence limit of the curve are (Brookmeyer & Crowley). Where the curve lies on
    0.5 exactly for a while, R's ``survfit`` gives the middle of that stretch instead.

    Parameters
    ----------
    labels : pandas.Series
        Patient -> subtype. Patients without survival are left aside.
    survival : pandas.DataFrame
        Index patient; columns ``time``, ``event`` (0 or 1) and perhaps ``entry`` (left truncation)
        and ``cause`` (competing events: 2 and more).

    Returns
    -------
    curves : pandas.DataFrame
        For each subtype a row at time 0 and one at each distinct time: columns ``subtype``,
        ``time``, ``survival`` (just after that time), ``ci_low``, ``ci_high``, ``at_risk`` (just
        before it), ``events`` and ``censored`` (at it).
    medians : pandas.DataFrame
        Index subtype; columns ``n``, ``events``, ``median``, ``ci_low``, ``ci_high``,
        ``follow_up``, ``follow_up_ci_low``, ``follow_up_ci_high``, in the unit of ``time``; NaN
        where not reached. Follow-up is the median of the reverse Kaplan-Meier estimate, in which
        censoring is the event and the event censors; so does a competing event, after which the
        patient could not have been followed either.

    Raises
    ------
    CohortError
        If no patient has both a subtype and survival, or values cannot be survival data.

    References
    ----------
    Kaplan EL, Meier P. J Am Stat Assoc 1958;53:457-481. Brookmeyer R, Crowley J. Biometrics
    1982;38:29-41. Schemper M, Smith TL. A note on quantifying follow-up in studies of failure time.
    Control Clin Trials 1996;17:343-346.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.survival.curves import kaplan_meier
    >>> patients = ["P1", "P2", "P3", "P4"]
    >>> labels = pd.Series("S1", index=patients)
    >>> survival = pd.DataFrame({"time": [2, 3, 3, 5], "event": [1, 0, 1, 1]}, index=patients)
    >>> curves, medians = kaplan_meier(labels, survival)
    >>> curves[["time", "survival", "at_risk"]].round(3).values.tolist()
    [[0.0, 1.0, 4.0], [2.0, 0.75, 4.0], [3.0, 0.5, 3.0], [5.0, 0.0, 1.0]]
    >>> float(medians.loc["S1", "median"])
    3.0
    """
    matched, survival, names = patients_in_common(labels, survival)
    times, events = check_survival(survival["time"].to_numpy(), survival["event"].to_numpy())
    began = check_entry(entries(survival), times)
    lost = (survival["cause"] == 0).to_numpy() if "cause" in survival else ~events
    curves, medians = [], []
    for name in names:
        inside = (matched == name).to_numpy()
        curve = _curve(times[inside], events[inside], began[inside])
        reverse = _curve(times[inside], lost[inside], began[inside])
        curves.append(curve.assign(subtype=name)[["subtype", *curve.columns]])
        row = {"subtype": name, "n": int(inside.sum()), "events": int(events[inside].sum())}
        for prefix, found in (("", curve), ("follow_up_", reverse)):
            row[f"{prefix}median" if not prefix else "follow_up"] = _first_half(
                found["time"], found["survival"]
            )
            row[f"{prefix}ci_low"] = _first_half(found["time"], found["ci_low"])
            row[f"{prefix}ci_high"] = _first_half(found["time"], found["ci_high"])
        medians.append(row)
    return pd.concat(curves, ignore_index=True), pd.DataFrame(medians).set_index("subtype")


def survival_at_times(
    curves: pd.DataFrame, endpoint: str, unit: str, years: Sequence[float] = YEARS
) -> pd.DataFrame:
    """Read survival at 1, 3 and 5 years off Kaplan-Meier curves.

    Parameters
    ----------
    curves : pandas.DataFrame
        As `kaplan_meier` returns them.
    endpoint, unit : str
        Name of the endpoint and unit of its times.
    years : sequence of float
        Times to read at.

    Returns
    -------
    pandas.DataFrame
        Columns ``endpoint``, ``subtype``, ``years``, ``time``, ``survival``, ``ci_low``,
        ``ci_high``, ``at_risk``; NaN where nobody of the subtype was followed as long.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.survival.curves import kaplan_meier
    >>> from omicsfuse.survival.curves import survival_at_times
    >>> survival = pd.DataFrame({"time": [200, 500, 900], "event": [1, 0, 1]})
    >>> curves, _ = kaplan_meier(pd.Series("S1", survival.index), survival)
    >>> survival_at_times(curves, "os", "days")[["years", "survival", "at_risk"]].round(3).values
    array([[1.   , 0.667, 2.   ],
           [3.   , 0.   , 0.   ],
           [5.   , 0.   , 0.   ]])
    """
    rows = []
    for subtype, curve in curves.groupby("subtype", sort=False):
        steps = curve["time"].to_numpy()
        for year in years:
            at = year * PER_YEAR[unit]
            last = curve.iloc[int(np.searchsorted(steps, at, side="right")) - 1]
            after = int(np.searchsorted(steps, at, side="left"))
            at_risk = int(curve["at_risk"].iloc[after]) if after < len(curve) else 0
            known = at_risk > 0 or last["survival"] <= 0
            found = [float(last[name]) if known else np.nan for name in _ESTIMATES]
            if last["survival"] >= 1:
                # Without an event yet, an interval of no width would claim certainty.
                found[1:] = [np.nan, np.nan]
            rows.append([endpoint, subtype, year, at, *found, at_risk])
    return pd.DataFrame(rows, columns=TIMES_COLUMNS)


def _curve(times: np.ndarray, events: np.ndarray, began: np.ndarray) -> pd.DataFrame:
    """One Kaplan-Meier curve: a row at time 0 and one at each distinct time."""
    from lifelines import KaplanMeierFitter

    if np.isfinite(began).any():
        return _truncated_curve(times, events, began)
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


def _truncated_curve(times: np.ndarray, events: np.ndarray, began: np.ndarray) -> pd.DataFrame:
    """The same where patients enter late, after their entry and up to their time at risk."""
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
