"""The section on survival: what was found in words, and the tables behind it."""

import math
from collections.abc import Iterator
from typing import Any

import pandas as pd

from omicsfuse.core.results import RunResults, SurvivalComparison
from omicsfuse.plot.numbers import clean, format_p
from omicsfuse.plot.rows import fullest_model, rows_with
from omicsfuse.report.added_value import added_value_tables
from omicsfuse.report.plans import FigureView
from omicsfuse.report.survival_tables import (
    at_years_table,
    cox_table,
    diagnostics_table,
    medians_table,
    proportional_table,
    restricted_means_table,
    rows_of,
    tests_table,
    time_text,
    time_varying_table,
)
from omicsfuse.report.survival_words import ALL_TERMS, added_value_sentence, not_proportional
from omicsfuse.report.views import Section, present
from omicsfuse.report.words import listing, plural

#: Differences of restricted means that are also said in words; more are left to the table.
_MOST_DIFFERENCES = 3
_P_VALUES = ("p_permutation", "p_asymptotic")


def survival_section(results: RunResults, figures: tuple[FigureView, ...]) -> Section:
    """Say whether subtypes differ in survival: curves, tests, models, what they add.

    Parameters
    ----------
    results : RunResults
        The run.
    figures : tuple of FigureView
        Figures of the section.

    Returns
    -------
    Section
        Paragraphs, one an endpoint; short tables, and long ones to be opened.
    """
    if not results.survival:
        why = (
            "There is no clinical table"
            if results.cohort.clinical is None
            else "The clinical table has no endpoint"
        )
        return Section("survival", "Survival", (f"{why}: survival was not compared.",))
    paragraphs = [" ".join(_sentences(comparison)) for comparison in results.survival.values()]
    short, full = added_value_tables(rows_of(results, "added_value"))
    return Section(
        "survival",
        "Survival",
        tuple(text for text in paragraphs if text),
        figures=figures,
        tables=present(
            tests_table(results), medians_table(results), at_years_table(results), short
        ),
        details=present(
            cox_table(results),
            proportional_table(results),
            restricted_means_table(results),
            time_varying_table(results),
            diagnostics_table(results),
            full,
        ),
    )


def _sentences(comparison: SurvivalComparison) -> Iterator[str]:
    """What one endpoint shows beyond the log-rank test."""
    sentences = [
        _follow_up(comparison),
        _competing(comparison),
        _not_fitted(comparison),
        _hazards(comparison),
        _means(comparison),
        added_value_sentence(comparison),
    ]
    yield from (text for text in sentences if text)


def _follow_up(comparison: SurvivalComparison) -> str:
    """Say how long patients were followed."""
    table = rows_with(comparison.medians, "follow_up")
    if table.empty:
        return ""
    values = table["follow_up"].astype(float)
    unit, endpoint = clean(comparison.unit), clean(comparison.endpoint)
    if len(values) == 1:
        each = f"{time_text(values.iloc[0])} {unit} ({clean(values.index[0])})"
    else:
        each = (
            f"from {time_text(values.min())} {unit} ({clean(values.idxmin())}) to "
            f"{time_text(values.max())} {unit} ({clean(values.idxmax())})"
        )
    return f"Endpoint {endpoint}: median follow-up by the reverse Kaplan-Meier method is {each}."


def _competing(comparison: SurvivalComparison) -> str:
    """Say what competing events are taken for."""
    if rows_with(comparison.incidence, "incidence").empty:
        return ""
    return (
        f"Other events compete with {clean(comparison.endpoint)}. Its Kaplan-Meier curves, "
        "medians, survival at stated times, tests and hazard ratios take them for censoring, and "
        "tell of its hazard; the share of patients who come to it is the cumulative incidence. "
        "Restricted means and measures of prediction are left out."
    )


def _not_fitted(comparison: SurvivalComparison) -> str:
    """Say why there is no hazard ratio, where no Cox model could be estimated."""
    cox = comparison.cox
    if cox.empty or len(rows_with(cox, "hr")):
        return ""
    notes = cox["note"] if "note" in cox else pd.Series(dtype=str)
    told = [clean(note).removeprefix("not estimated: ") for note in notes.dropna() if note]
    known = list(dict.fromkeys(told))
    why = f": {known[0]}" if known else ""
    return f"No Cox model of {clean(comparison.endpoint)} could be estimated{why}."


def _hazards(comparison: SurvivalComparison) -> str:
    """Say whether hazards are proportional, in the fullest model that was tested."""
    table = rows_with(comparison.proportional, "p")
    endpoint = clean(comparison.endpoint)
    if table.empty:
        return ""
    model = fullest_model(table["model"])
    found, tested = not_proportional(comparison)
    own = table[(table["model"].astype(str) == model) & (table["term"] == ALL_TERMS)]
    joint = f", all terms together {format_p(float(own['p'].iloc[0]))}" if len(own) else ""
    named = found[found["term"] != ALL_TERMS]
    if found.empty:
        return (
            f"There is no evidence against proportional hazards in the {clean(model)} model of "
            f"{endpoint} ({plural(tested, 'term')} tested{joint})."
        )
    each = [
        f"{clean(term)} ({format_p(float(p))})"
        for term, p in zip(named["term"], named["p"], strict=True)
    ]
    which = listing(each) if each else "the terms together"
    sure = len(not_proportional(comparison, corrected=True)[0]) > 0
    return (
        f"In the {clean(model)} model of {endpoint} hazards {'are' if sure else 'may'} not "
        f"{'' if sure else 'be '}proportional for {which} "
        f"({plural(tested, 'term')} tested{joint}): the hazard ratio of such a term is an average "
        "over follow-up. Compare the restricted means, and the hazard ratios of early and late "
        "follow-up."
    )


def _means(comparison: SurvivalComparison) -> str:
    """Say by how much restricted means differ, where the differences are few."""
    table = rows_with(comparison.restricted_means, "estimate", "tau")
    if table.empty:
        return ""
    table = table[table["comparison"].astype(str).str.contains(" minus ", regex=False)]
    tested = [any(_finite(row.get(p)) for p in _P_VALUES) for _, row in table.iterrows()]
    table = table[tested]
    if table.empty or len(table) > _MOST_DIFFERENCES:
        return ""
    unit = clean(comparison.unit)
    each = []
    for _, row in table.iterrows():
        text = f"{clean(row['comparison'])} {time_text(float(row['estimate']))} {unit}"
        low, high = float(row["ci_low"]), float(row["ci_high"])
        brackets = []
        if math.isfinite(low) and math.isfinite(high):
            brackets.append(f"95% CI {time_text(low)} to {time_text(high)}")
        permuted = format_p(float(row.get("p_permutation", math.nan)), "permutation p")
        p = permuted or format_p(float(row.get("p_asymptotic", math.nan)))
        brackets += [p] if p else []
        each.append(f"{text} ({', '.join(brackets)})" if brackets else text)
    taus = table["tau"].astype(float)
    until = (
        f"{time_text(taus.iloc[0])} {unit}" if taus.nunique() == 1 else "a time stated in the table"
    )
    return (
        f"Difference in restricted mean survival time of {clean(comparison.endpoint)} up to "
        f"{until}: {'; '.join(each)}."
    )


def _finite(value: Any) -> bool:
    """Tell whether there is a number."""
    return value is not None and pd.notna(value) and math.isfinite(float(value))
