"""Kaplan-Meier curves of the subtypes, and their medians."""

import numpy as np
import pandas as pd

from omicsfuse.survival._input import check_survival, patients_in_common


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
        Index patient; columns ``time`` and ``event`` (0 or 1).

    Returns
    -------
    curves : pandas.DataFrame
        For each subtype a row at time 0 and one at each distinct time: columns ``subtype``,
        ``time``, ``survival`` (just after that time), ``ci_low``, ``ci_high``, ``at_risk`` (just
        before it), ``events`` and ``censored`` (at it).
    medians : pandas.DataFrame
        Index subtype; columns ``n``, ``events``, ``median``, ``ci_low``, ``ci_high``, in the unit
        of ``time``; NaN where not reached.

    Raises
    ------
    CohortError
        If no patient has both a subtype and survival, or values cannot be survival data.

    References
    ----------
    Kaplan EL, Meier P. J Am Stat Assoc 1958;53:457-481. Brookmeyer R, Crowley J. Biometrics
    1982;38:29-41.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.survival import kaplan_meier
    >>> patients = ["P1", "P2", "P3", "P4"]
    >>> labels = pd.Series("S1", index=patients)
    >>> survival = pd.DataFrame({"time": [2, 3, 3, 5], "event": [1, 0, 1, 1]}, index=patients)
    >>> curves, medians = kaplan_meier(labels, survival)
    >>> curves[["time", "survival", "at_risk"]].round(3).values.tolist()
    [[0.0, 1.0, 4.0], [2.0, 0.75, 4.0], [3.0, 0.5, 3.0], [5.0, 0.0, 1.0]]
    >>> float(medians.loc["S1", "median"])
    3.0
    """
    from lifelines import KaplanMeierFitter

    matched, survival, names = patients_in_common(labels, survival)
    times, events = check_survival(survival["time"].to_numpy(), survival["event"].to_numpy())
    curves, medians = [], []
    for name in names:
        inside = (matched == name).to_numpy()
        fitted = KaplanMeierFitter().fit(times[inside], events[inside])
        counts = fitted.event_table
        curve = pd.DataFrame(
            {
                "subtype": name,
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
        curves.append(curve)
        medians.append(
            {
                "subtype": name,
                "n": int(inside.sum()),
                "events": int(events[inside].sum()),
                "median": _first_half(curve["time"], curve["survival"]),
                "ci_low": _first_half(curve["time"], curve["ci_low"]),
                "ci_high": _first_half(curve["time"], curve["ci_high"]),
            }
        )
    return pd.concat(curves, ignore_index=True), pd.DataFrame(medians).set_index("subtype")


def _first_half(time: pd.Series, survival: pd.Series) -> float:
    """Return the first time at which survival is 0.5 or less, up to rounding of the product."""
    reached = survival.to_numpy() <= 0.5 + 1e-9
    return float(time.to_numpy()[reached][0]) if reached.any() else float(np.nan)
