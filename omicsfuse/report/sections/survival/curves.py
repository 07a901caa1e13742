"""Survival over time: follow-up, competing events, curves, medians, survival at stated times."""

import math
from collections.abc import Iterator
from functools import partial
from typing import Any

import pandas as pd

from omicsfuse import plot
from omicsfuse.core.results import RunResults, SurvivalComparison
from omicsfuse.plot.numbers import clean, time_text, years_text
from omicsfuse.plot.rows import rows_with
from omicsfuse.report.references import Citations
from omicsfuse.report.section import Plan, file_name
from omicsfuse.report.sections.survival.endpoints import (
    first_rows,
    rows_of,
    shown_time,
    unit_column,
)
from omicsfuse.report.sections.survival.log_rank import both_tests, tests_in_a_line
from omicsfuse.report.tables import Table, make_table
from omicsfuse.report.words import listing

REFERENCES = {
    "km": "Kaplan EL, Meier P. Nonparametric estimation from incomplete observations. J Am Stat "
    "Assoc 1958;53:457-481. doi:10.1080/01621459.1958.10501452",
    "follow-up": "Schemper M, Smith TL. A note on quantifying follow-up in studies of failure "
    "time. Control Clin Trials 1996;17:343-346. doi:10.1016/0197-2456(96)00075-X",
    "incidence": "Aalen OO, Johansen S. An empirical transition matrix for non-homogeneous Markov "
    "chains based on censored observations. Scand J Stat 1978;5:141-150.",
}


def sentences(comparison: SurvivalComparison) -> list[str]:
    """Say how long patients were followed, and what competing events are taken for."""
    return [_follow_up(comparison), _competing(comparison)]


#: Columns of the table of medians that are times.
_TIMES = ("median", "ci_low", "ci_high", "follow_up", "follow_up_ci_low", "follow_up_ci_high")


def _follow_up(comparison: SurvivalComparison) -> str:
    table = rows_with(comparison.medians, "follow_up")
    if table.empty:
        return ""
    unit, factor = shown_time(comparison)
    values = table["follow_up"].astype(float) * factor
    if len(values) == 1:
        each = f"{time_text(values.iloc[0])} {unit} ({clean(values.index[0])})"
    else:
        each = (
            f"{time_text(values.min())} {unit} ({clean(values.idxmin())}) to "
            f"{time_text(values.max())} {unit} ({clean(values.idxmax())})"
        )
    return f"Median follow-up by the reverse Kaplan-Meier method: {each}."


def _competing(comparison: SurvivalComparison) -> str:
    if rows_with(comparison.incidence, "incidence").empty:
        return ""
    return (
        f"Other events compete with {clean(comparison.endpoint)}. Kaplan-Meier curves, medians, "
        "survival at stated times, tests and hazard ratios censor these events and describe the "
        "cause-specific hazard. The cumulative incidence gives the share of patients with the "
        "event. Restricted means and prediction measures are not computed."
    )


def medians_table(results: RunResults) -> Table | None:
    """Median time to the event and median follow-up of each subtype."""
    rows = []
    for endpoint, comparison in results.survival.items():
        shown, factor = shown_time(comparison)
        for name, row in comparison.medians.iterrows():
            times = {time: float(row[time]) * factor for time in _TIMES if pd.notna(row.get(time))}
            median = times.get("median", math.nan)
            rows.append(
                {
                    **row,
                    "endpoint": endpoint,
                    "subtype": str(name),
                    "unit": shown,
                    "median": "not reached" if math.isnan(median) else time_text(median),
                    "interval": _bounds(times.get("ci_low"), times.get("ci_high")),
                    "follow_up": time_text(times["follow_up"]) if "follow_up" in times else "",
                    "follow_up_interval": _bounds(
                        times.get("follow_up_ci_low"), times.get("follow_up_ci_high")
                    ),
                }
            )
    if not rows:
        return None
    table = pd.DataFrame(rows)
    unit, where = unit_column(table)
    columns = ["endpoint", "subtype", *unit, "n", "events", "median", "interval"]
    return make_table(
        table,
        [*columns, "follow_up", "follow_up_interval"],
        f"Median time to the event and median follow-up{where}. Follow-up: reverse Kaplan-Meier "
        "method, in which events are censored.",
        file="survival_medians.tsv",
    )


def _bounds(low: Any, high: Any) -> str:
    """Write two bounds as one interval; empty where neither is known."""
    a, b = (math.nan if value is None or pd.isna(value) else float(value) for value in (low, high))
    if math.isnan(a) and math.isnan(b):
        return ""
    first, second = ("not reached" if math.isnan(value) else time_text(value) for value in (a, b))
    return f"{first} to {second}"


def at_years_table(results: RunResults) -> Table | None:
    """Survival at stated times, a row for each subtype and a column for each time."""
    table = rows_of(results, "times")
    if table.empty or table["survival"].isna().all():
        return None
    moments = sorted(table["years"].dropna().unique())
    rows = []
    for (endpoint, subtype), times in table.groupby(["endpoint", "subtype"], sort=False):
        row = {"endpoint": endpoint, "subtype": str(subtype)}
        by_year = times.drop_duplicates("years").set_index("years")
        for moment in moments:
            cell = by_year.loc[moment] if moment in by_year.index else None
            row[years_text(float(moment))] = "not followed" if cell is None else _share(cell)
        rows.append(row)
    return make_table(
        pd.DataFrame(rows),
        ["endpoint", "subtype", *map(years_text, moments)],
        "Survival at stated times. Kaplan-Meier estimate with 95% confidence interval, and number "
        "of patients at risk.",
        file="survival_at_times.tsv",
    )


def _share(row: pd.Series) -> str:
    """Write a survival probability with its interval and the patients at risk."""
    value = float(row["survival"])
    if math.isnan(value):
        return "not followed"
    text = f"{100 * value:.0f}%"
    low, high = float(row["ci_low"]), float(row["ci_high"])
    if math.isfinite(low) and math.isfinite(high):
        text += f" ({100 * low:.0f} to {100 * high:.0f}%)"
    at_risk = float(row.get("at_risk", math.nan))
    return text if math.isnan(at_risk) else f"{text}, {at_risk:.0f} at risk"


def figures(stem: tuple[str, str], comparison: SurvivalComparison) -> Iterator[Plan]:
    """Kaplan-Meier curves, and cumulative incidence where events compete."""
    endpoint = clean(comparison.endpoint)
    if len(comparison.curves):
        yield Plan(
            file_name("kaplan_meier", *stem),
            f"Survival of the subtypes, {endpoint}",
            "Kaplan-Meier curves with 95% confidence bands. Ticks: censored patients."
            f"{both_tests(comparison)}",
            f"Kaplan-Meier curves of the subtypes for {endpoint}; {tests_in_a_line(comparison)}.",
            partial(plot.kaplan_meier, comparison),
        )
    incidence = rows_with(comparison.incidence, "time", "incidence")
    if len(incidence):
        causes = listing(list(dict.fromkeys(incidence["cause"].astype(str))))
        yield Plan(
            file_name("cumulative_incidence", *stem),
            f"Cumulative incidence of each event, {endpoint}",
            "Share of patients with the event over time where another event can come first "
            "(Aalen-Johansen estimate), with 95% confidence bands. One minus a Kaplan-Meier curve "
            "that censors the other events would be too high.",
            f"Cumulative incidence curves of the subtypes for {causes}.",
            partial(plot.cumulative_incidence, comparison),
        )


def methods(results: RunResults, cite: Citations) -> str:
    """Name the estimates of survival and incidence."""
    text = (
        f"Survival ({listing(list(results.survival))}) was estimated by the Kaplan-Meier method "
        f"{cite('km')}"
    )
    if len(first_rows(results, "medians", "follow_up")):
        text += f"; follow-up is the median by the reverse Kaplan-Meier method {cite('follow-up')}"
    text += "."
    if len(first_rows(results, "incidence", "incidence")):
        text += (
            " Where other events compete, cumulative incidence is the Aalen-Johansen estimate "
            f"{cite('incidence')}; log-rank tests and hazard ratios then refer to the "
            "cause-specific hazard."
        )
    return text
