"""Restricted mean survival times: how much the subtypes differ without proportional hazards."""

import math
from typing import Any

import pandas as pd

from omicsfuse.core.results import RunResults, SurvivalComparison
from omicsfuse.plot.numbers import clean, format_number, format_p, time_text
from omicsfuse.plot.rows import rows_with
from omicsfuse.report.references import Citations
from omicsfuse.report.sections.survival.endpoints import (
    first_rows,
    rows_of,
    shown_time,
    unit_column,
)
from omicsfuse.report.tables import Table, make_table, with_interval

REFERENCES = {
    "rmst": "Royston P, Parmar MKB. Restricted mean survival time: an alternative to the hazard "
    "ratio for the design and analysis of randomized trials with a time-to-event outcome. BMC Med "
    "Res Methodol 2013;13:152. doi:10.1186/1471-2288-13-152",
    "rmst permuted": "Horiguchi M, Uno H. On permutation tests for comparing restricted mean "
    "survival time with small sample from randomized trials. Stat Med 2020;39:2655-2670. "
    "doi:10.1002/sim.8565",
    "rmst studentised": "Ditzhaus M, Yu M, Xu J. Studentized permutation method for comparing two "
    "restricted mean survival times with small sample from randomized trials. Stat Med "
    "2023;42:2226-2240. doi:10.1002/sim.9720",
}

#: Differences of restricted means that are also said in words; more are left to the table.
_MOST_DIFFERENCES = 3
_P_VALUES = ("p_permutation", "p_asymptotic")


def sentence(comparison: SurvivalComparison) -> str:
    """Say by how much restricted means differ, where the differences are few."""
    table = rows_with(comparison.restricted_means, "estimate", "tau")
    if table.empty:
        return ""
    # Means of single subtypes have no p-value: what is left are differences.
    table = table[[any(_finite(row.get(p)) for p in _P_VALUES) for _, row in table.iterrows()]]
    if table.empty or len(table) > _MOST_DIFFERENCES:
        return ""
    unit, factor = shown_time(comparison)
    times = ["tau", "estimate", "ci_low", "ci_high"]
    table = table.assign(**{time: table[time].astype(float) * factor for time in times})
    taus = table["tau"]
    until = f"{time_text(taus.iloc[0])} {unit}" if taus.nunique() == 1 else "the time in the table"
    return (
        f"Difference in restricted mean survival time up to {until}: "
        f"{'; '.join(_difference(row, unit) for _, row in table.iterrows())}."
    )


def _difference(row: pd.Series, unit: str) -> str:
    """A difference with its interval and p-value."""
    text = f"{clean(row['comparison'])} {time_text(float(row['estimate']))} {unit}"
    low, high = float(row["ci_low"]), float(row["ci_high"])
    brackets = []
    if math.isfinite(low) and math.isfinite(high):
        brackets.append(f"95% CI {time_text(low)} to {time_text(high)}")
    permuted = format_p(float(row.get("p_permutation", math.nan)), "permutation p")
    p = permuted or format_p(float(row.get("p_asymptotic", math.nan)))
    brackets += [p] if p else []
    return f"{text} ({', '.join(brackets)})" if brackets else text


def _finite(value: Any) -> bool:
    """Tell whether there is a number."""
    return value is not None and pd.notna(value) and math.isfinite(float(value))


def table(results: RunResults) -> Table | None:
    """Restricted means and their differences; None where none could be estimated."""
    means = rows_of(results, "restricted_means", ("tau", "estimate", "ci_low", "ci_high"))
    if rows_with(means, "estimate").empty:
        return None
    means = with_interval(means, "", format_number)
    unit, where = unit_column(means)
    columns = ["endpoint", "comparison", *unit, "n", "events", "tau", "estimate", "interval"]
    columns += ["p_asymptotic", "p_permutation", "fdr", "note"]
    return make_table(
        means,
        columns,
        f"Restricted mean survival time{where}. Mean time without the event up to the truncation "
        "time, the longest time at which all compared curves are known. Proportional hazards are "
        "not assumed.",
        file="restricted_means.tsv",
    )


def methods(results: RunResults, cite: Citations) -> str:
    """Describe the means, their truncation, and the test of their differences."""
    if first_rows(results, "restricted_means", "estimate").empty:
        return ""
    text = (
        f"Restricted mean survival time {cite('rmst')} is the area under the Kaplan-Meier curve up "
        "to the longest time at which all compared curves are known (the longest follow-up, or "
        "any time where a curve ends at 0); this rule does not use the differences"
    )
    if len(first_rows(results, "restricted_means", "p_permutation")):
        text += (
            ". Differences were tested asymptotically and by a studentised permutation test, which "
            "holds its level in small groups with unequal censoring "
            f"{cite('rmst permuted', 'rmst studentised')}"
        )
    return f"{text}."
