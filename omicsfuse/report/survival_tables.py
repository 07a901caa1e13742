"""Tables of survival over all endpoints: tests, times, models."""

import math
from typing import Any

import pandas as pd

from omicsfuse.core.results import RunResults
from omicsfuse.plot.numbers import clean, format_number, format_ratio, p_text, years_text
from omicsfuse.plot.rows import rows_with
from omicsfuse.report.tables import Table, make_table, with_interval


def rows_of(results: RunResults, name: str) -> pd.DataFrame:
    """Rows of one table over all endpoints with their units, whichever of them are empty.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import pandas as pd
    >>> from omicsfuse.report.survival_tables import rows_of
    >>> from omicsfuse.core.results import SurvivalComparison
    >>> none = pd.DataFrame()
    >>> os = SurvivalComparison("os", "days", none, none, none, none)
    >>> rows_of(SimpleNamespace(survival={"os": os}), "times").empty
    True
    """
    # Row by row: empty tables and columns must not decide the types of the others.
    rows = [
        {**row, "endpoint": endpoint, "unit": comparison.unit}
        for endpoint, comparison in results.survival.items()
        for row in getattr(comparison, name).to_dict("records")
    ]
    return pd.DataFrame(rows)


def time_text(value: float) -> str:
    """Write a time in its unit: whole from 20 on, one decimal below where there is one.

    Examples
    --------
    >>> from omicsfuse.report.survival_tables import time_text
    >>> time_text(1825.3), time_text(14.25), time_text(-0.01)
    ('1,825', '14.2', '0')
    """
    if abs(value) >= 20:
        return f"{value:,.0f}"
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def tests_table(results: RunResults) -> Table | None:
    """Log-rank tests of all endpoints."""
    tests = rows_of(results, "tests")
    if tests.empty:
        return None
    names = results.subtypes.names
    # Of two subtypes, the only pair is the overall test once more.
    if len(names) == 2:
        tests = tests[~tests["comparison"].isin([" vs ".join(names), " vs ".join(names[::-1])])]
    tests = with_interval(tests, "p_ci_low", "p_ci_high", "p_interval", _plain_p)
    columns = ["endpoint", "comparison", "n", "events", "chi2", "p_asymptotic", "p_permutation"]
    columns += ["p_interval", "n_permutations", "fdr", "note"]
    return make_table(
        tests,
        columns,
        "Log-rank tests. FDR: Benjamini-Hochberg on the permutation p (asymptotic where nothing "
        "was permuted); overall tests: over the endpoints; pairs: within an endpoint.",
    )


def _plain_p(value: float) -> str:
    return p_text(value) or "-"


def medians_table(results: RunResults) -> Table | None:
    """Median time to the event and median follow-up of each subtype."""
    rows = []
    for endpoint, comparison in results.survival.items():
        for name, row in comparison.medians.iterrows():
            median = float(row.get("median", math.nan))
            rows.append(
                {
                    **row,
                    "endpoint": endpoint,
                    "subtype": str(name),
                    "unit": comparison.unit,
                    "median": "not reached" if math.isnan(median) else time_text(median),
                    "interval": _bounds(row.get("ci_low"), row.get("ci_high")),
                    "follow_up_interval": _bounds(
                        row.get("follow_up_ci_low"), row.get("follow_up_ci_high")
                    ),
                }
            )
    if not rows:
        return None
    table = pd.DataFrame(rows)
    unit, where = _unit(table)
    columns = ["endpoint", "subtype", *unit, "n", "events", "median", "interval"]
    return make_table(
        table,
        [*columns, "follow_up", "follow_up_interval"],
        f"Median time to the event and median follow-up{where}. Follow-up: reverse Kaplan-Meier, "
        "the time for which patients without the event would have been seen.",
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
    for (endpoint, subtype), own in table.groupby(["endpoint", "subtype"], sort=False):
        row = {"endpoint": endpoint, "subtype": str(subtype)}
        by_year = own.drop_duplicates("years").set_index("years")
        for moment in moments:
            cell = by_year.loc[moment] if moment in by_year.index else None
            row[years_text(float(moment))] = "not followed" if cell is None else _share(cell)
        rows.append(row)
    return make_table(
        pd.DataFrame(rows),
        ["endpoint", "subtype", *map(years_text, moments)],
        "Survival at stated times. Kaplan-Meier estimate with its 95% confidence interval, and the "
        "patients still at risk then.",
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


def cox_table(results: RunResults) -> Table | None:
    """Hazard ratios of all models; None where none could be estimated."""
    cox = rows_of(results, "cox")
    if rows_with(cox, "hr").empty:
        return None
    cox = with_interval(cox, "hr_ci_low", "hr_ci_high", "hr_interval", format_ratio)
    columns = ["endpoint", "model", "term", "n", "events", "hr", "hr_interval", "p", "note"]
    caption = "Cox models: hazard ratios. p-values of Cox models are not adjusted for multiplicity."
    return make_table(cox, columns, caption)


def proportional_table(results: RunResults) -> Table | None:
    """Tests of proportional hazards; None where none could be made."""
    table = rows_of(results, "proportional")
    if rows_with(table, "p").empty:
        return None
    return make_table(
        table,
        ["endpoint", "model", "term", "chi2", "dof", "p", "note"],
        "Proportional hazards: score tests. A small p means that the hazard ratio of the term "
        "changes over follow-up; p-values are not adjusted for the number of terms.",
    )


def restricted_means_table(results: RunResults) -> Table | None:
    """Restricted means and their differences; None where none could be estimated."""
    table = rows_of(results, "restricted_means")
    if rows_with(table, "estimate").empty:
        return None
    table = with_interval(table, "ci_low", "ci_high", "interval", format_number)
    unit, where = _unit(table)
    columns = ["endpoint", "comparison", *unit, "n", "events", "tau", "estimate", "interval"]
    columns += ["p_asymptotic", "p_permutation", "fdr", "note"]
    return make_table(
        table,
        columns,
        f"Restricted mean survival time{where}. Mean time without the event up to the "
        "truncation time: the longest to which the curves compared are known; it needs no "
        "proportional hazards.",
    )


def _unit(table: pd.DataFrame) -> tuple[list[str], str]:
    """Where the unit of time is told: in a column where there are several, else in the caption."""
    units = list(dict.fromkeys(clean(unit) for unit in table["unit"]))
    return (["unit"], "") if len(units) > 1 else ([], f", in {units[0]}")


def time_varying_table(results: RunResults) -> Table | None:
    """Hazard ratios early and late; None where none could be estimated."""
    table = rows_of(results, "time_varying")
    if rows_with(table, "hr").empty:
        return None
    table = with_interval(table, "hr_ci_low", "hr_ci_high", "hr_interval", format_ratio)
    columns = ["endpoint", "model", "term", "period", "split", "n", "events", "hr", "hr_interval"]
    return make_table(
        table,
        [*columns, "p", "note"],
        "Hazard ratios of early and late follow-up. Split at the median time of the events; p: "
        "that the hazard ratio is the same in both periods.",
    )


def diagnostics_table(results: RunResults) -> Table | None:
    """How models were fitted; None where none could be."""
    if rows_with(rows_of(results, "cox"), "hr").empty:
        return None
    columns = ["endpoint", "model", "term", "variance_inflation", "n", "events"]
    return make_table(
        rows_of(results, "diagnostics"),
        [*columns, "events_per_variable", "method", "strata"],
        "How the Cox models were fitted. Variance inflation: 1 where a term is unrelated to the "
        "others, above 5 where they can hardly be told apart; with fewer than 10 events for each "
        "variable hazard ratios are unreliable.",
    )
