"""The section on survival: what was found in words, and the tables behind it."""

import math
from collections.abc import Iterator
from typing import Any

import pandas as pd

from omicsfuse.plot.numbers import clean, format_number, format_p, format_ratio, p_text, years_text
from omicsfuse.plot.rows import fullest_model, rows_with
from omicsfuse.report.added_value import added_value_tables
from omicsfuse.report.plans import FigureView
from omicsfuse.report.survival_words import ALL_TERMS, added_value_sentence, not_proportional
from omicsfuse.report.tables import Table, make_table, with_interval
from omicsfuse.report.views import Section, present
from omicsfuse.report.words import listing, plural
from omicsfuse.results import RunResults, SurvivalComparison

#: Differences of restricted means that are also said in words; more are left to the table.
_MOST_DIFFERENCES = 3


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
        tables=present(_tests(results), _medians(results), _at_years(results), short),
        details=present(
            _cox(results),
            _proportional(results),
            _restricted_means(results),
            _time_varying(results),
            _diagnostics(results),
            full,
        ),
    )


def rows_of(results: RunResults, name: str) -> pd.DataFrame:
    """Rows of one table over all endpoints, whichever of them are empty.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import pandas as pd
    >>> from omicsfuse.report.survival import rows_of
    >>> from omicsfuse.results import SurvivalComparison
    >>> none = pd.DataFrame()
    >>> os = SurvivalComparison("os", "days", none, none, none, none)
    >>> rows_of(SimpleNamespace(survival={"os": os}), "times").empty
    True
    """
    tables = [getattr(comparison, name) for comparison in results.survival.values()]
    # Row by row: empty tables and columns must not decide the types of the others.
    rows = [row for table in tables for row in table.to_dict("records")]
    return pd.DataFrame(rows)


def _sentences(comparison: SurvivalComparison) -> Iterator[str]:
    """What one endpoint shows beyond the log-rank test."""
    sentences = [
        _follow_up(comparison),
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
        each = f"{_time(values.iloc[0])} {unit} ({clean(values.index[0])})"
    else:
        each = (
            f"from {_time(values.min())} {unit} ({clean(values.idxmin())}) to "
            f"{_time(values.max())} {unit} ({clean(values.idxmax())})"
        )
    return f"Endpoint {endpoint}: median follow-up by the reverse Kaplan-Meier method is {each}."


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
    return (
        f"In the {clean(model)} model of {endpoint} hazards are not proportional for {which} "
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
    if table.empty or len(table) > _MOST_DIFFERENCES:
        return ""
    unit = clean(comparison.unit)
    each = []
    for _, row in table.iterrows():
        text = f"{clean(row['comparison'])} {_time(float(row['estimate']))} {unit}"
        low, high = float(row["ci_low"]), float(row["ci_high"])
        brackets = []
        if math.isfinite(low) and math.isfinite(high):
            brackets.append(f"95% CI {_time(low)} to {_time(high)}")
        permuted = format_p(float(row.get("p_permutation", math.nan)), "permutation p")
        p = permuted or format_p(float(row.get("p_asymptotic", math.nan)))
        brackets += [p] if p else []
        each.append(f"{text} ({', '.join(brackets)})" if brackets else text)
    taus = table["tau"].astype(float)
    until = f"{_time(taus.iloc[0])} {unit}" if taus.nunique() == 1 else "a time stated in the table"
    return (
        f"Difference in restricted mean survival time of {clean(comparison.endpoint)} up to "
        f"{until}: {'; '.join(each)}."
    )


def _time(value: float) -> str:
    """Write a time in its unit: whole from 20 on, one decimal below."""
    if abs(value) >= 20:
        return f"{value:,.0f}"
    return f"{value:.1f}".replace("-0.0", "0.0")


def _tests(results: RunResults) -> Table | None:
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
        "Log-rank tests. FDR: Benjamini-Hochberg on the asymptotic p; overall tests: over "
        "the endpoints; pairs: within an endpoint.",
    )


def _plain_p(value: float) -> str:
    return p_text(value) or "-"


def _medians(results: RunResults) -> Table | None:
    """Median survival and follow-up of each subtype."""
    rows = []
    for endpoint, comparison in results.survival.items():
        for name, row in comparison.medians.iterrows():
            median = float(row.get("median", math.nan))
            text = "not reached" if math.isnan(median) else _time(median)
            rows.append(
                {
                    "endpoint": endpoint,
                    "subtype": str(name),
                    "unit": comparison.unit,
                    "n": row.get("n"),
                    "events": row.get("events"),
                    "median": text,
                    "interval": _bounds(row.get("ci_low"), row.get("ci_high"), "not reached"),
                    "follow_up": row.get("follow_up", math.nan),
                    "follow_up_interval": _bounds(
                        row.get("follow_up_ci_low"), row.get("follow_up_ci_high"), "not reached"
                    ),
                }
            )
    units = list(dict.fromkeys(clean(row["unit"]) for row in rows))
    columns = ["endpoint", "subtype", "unit", "n", "events", "median", "interval"]
    columns += ["follow_up", "follow_up_interval"]
    if len(units) == 1:
        columns.remove("unit")
    where = f", in {units[0]}" if len(units) == 1 else ""
    return make_table(
        pd.DataFrame(rows),
        columns,
        f"Median time to the event and median follow-up{where}. Follow-up: reverse Kaplan-Meier, "
        "the time for which patients without the event would have been seen.",
    )


def _bounds(low: Any, high: Any, unknown: str) -> str:
    """Write two bounds as one interval; empty where neither is known."""
    a, b = (math.nan if value is None or pd.isna(value) else float(value) for value in (low, high))
    if math.isnan(a) and math.isnan(b):
        return ""
    first, second = (unknown if math.isnan(value) else _time(value) for value in (a, b))
    return f"{first} to {second}"


def _at_years(results: RunResults) -> Table | None:
    """Survival at stated times, a row for each subtype and a column for each time."""
    table = rows_of(results, "times")
    if table.empty or table["survival"].isna().all():
        return None
    moments = sorted(table["years"].dropna().unique())
    rows = []
    for (endpoint, subtype), own in table.groupby(["endpoint", "subtype"], sort=False):
        row = {"endpoint": endpoint, "subtype": str(subtype)}
        by_year = own.set_index("years")
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


def _cox(results: RunResults) -> Table | None:
    cox = rows_of(results, "cox")
    if cox.empty:
        return None
    cox = with_interval(cox, "hr_ci_low", "hr_ci_high", "hr_interval", format_ratio)
    columns = ["endpoint", "model", "term", "n", "events", "hr", "hr_interval", "p", "note"]
    caption = "Cox models: hazard ratios. p-values of Cox models are not adjusted for multiplicity."
    return make_table(cox, columns, caption)


def _proportional(results: RunResults) -> Table | None:
    return make_table(
        rows_of(results, "proportional"),
        ["endpoint", "model", "term", "chi2", "dof", "p", "note"],
        "Proportional hazards: score tests. A small p means that the hazard ratio of the term "
        "changes over follow-up; p-values are not adjusted for the number of terms.",
    )


def _restricted_means(results: RunResults) -> Table | None:
    table = rows_of(results, "restricted_means")
    if table.empty:
        return None
    table = with_interval(table, "ci_low", "ci_high", "interval", format_number)
    columns = ["endpoint", "comparison", "n", "events", "tau", "estimate", "interval"]
    columns += ["p_asymptotic", "p_permutation", "fdr", "note"]
    units = listing(sorted({clean(c.unit) for c in results.survival.values()}))
    return make_table(
        table,
        columns,
        f"Restricted mean survival time, in {units}. Mean time without the event up to the "
        "truncation time, which was fixed by rule; it needs no proportional hazards.",
    )


def _time_varying(results: RunResults) -> Table | None:
    table = rows_of(results, "time_varying")
    if table.empty:
        return None
    table = with_interval(table, "hr_ci_low", "hr_ci_high", "hr_interval", format_ratio)
    columns = ["endpoint", "model", "term", "period", "split", "n", "events", "hr", "hr_interval"]
    return make_table(
        table,
        [*columns, "p", "note"],
        "Hazard ratios of early and late follow-up. Split at the median time of the events; p: "
        "that the hazard ratio is the same in both periods.",
    )


def _diagnostics(results: RunResults) -> Table | None:
    columns = ["endpoint", "model", "term", "variance_inflation", "n", "events"]
    return make_table(
        rows_of(results, "diagnostics"),
        [*columns, "events_per_variable", "method", "strata"],
        "How the Cox models were fitted. Variance inflation: 1 where a term is unrelated to the "
        "others, above 5 where they can hardly be told apart; with fewer than 10 events for each "
        "variable hazard ratios are unreliable.",
    )
