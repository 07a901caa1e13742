"""Figures of survival: curves, hazard ratios, whether they last, and what predictions are worth."""

from collections.abc import Iterator
from functools import partial

import pandas as pd

from omicsfuse import plot
from omicsfuse.core.results import RunResults, SurvivalComparison
from omicsfuse.plot.numbers import clean, years_text
from omicsfuse.plot.residuals import MOST_TERMS, drawn_residuals
from omicsfuse.plot.rows import rows_with
from omicsfuse.plot.tested import log_rank_text, overall_test, pipeline_test
from omicsfuse.report.plans import Plan, file_name
from omicsfuse.report.words import listing


def survival_plans(results: RunResults) -> Iterator[Plan]:
    """List the figures of survival, endpoint by endpoint, without those with nothing to show.

    Parameters
    ----------
    results : RunResults
        The run.

    Yields
    ------
    Plan
        One for each figure there is anything to show in.
    """
    for number, (endpoint, comparison) in enumerate(results.survival.items(), start=1):
        stem = (str(number), endpoint)
        yield from _curves(stem, comparison)
        yield from _models(stem, comparison)
        yield from _predictions(stem, comparison)


def both_tests(comparison: SurvivalComparison) -> str:
    """Write the log-rank test of a cohort as a sentence with a space before it.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.report.survival_figures import both_tests
    >>> from omicsfuse.core.results import SurvivalComparison
    >>> none = pd.DataFrame()
    >>> both_tests(SurvivalComparison("os", "days", none, none, none, none))
    ''
    """
    text = _test(comparison)
    return f" {text[:1].upper()}{text[1:]}." if text else ""


def _test(comparison: SurvivalComparison) -> str:
    text = log_rank_text(overall_test(comparison), pipeline_test(comparison))
    return text.replace("\n", "; ")


def _curves(stem: tuple[str, str], comparison: SurvivalComparison) -> Iterator[Plan]:
    endpoint = clean(comparison.endpoint)
    if len(comparison.curves):
        yield Plan(
            file_name("kaplan_meier", *stem),
            "survival",
            f"Survival of the subtypes, {endpoint}",
            f"Kaplan-Meier curves with 95% confidence bands; upright "
            f"ticks are censored patients.{both_tests(comparison)}",
            f"Kaplan-Meier curves of the subtypes for {endpoint}; {_test(comparison)}.",
            partial(plot.kaplan_meier, comparison),
        )
    incidence = rows_with(comparison.incidence, "time", "incidence")
    if len(incidence):
        causes = listing(list(dict.fromkeys(incidence["cause"].astype(str))))
        yield Plan(
            file_name("cumulative_incidence", *stem),
            "survival",
            f"Cumulative incidence of each event, {endpoint}",
            "Share of the patients who have had the event by a time, where another event can come "
            "before it (Aalen-Johansen), with 95% confidence bands. One minus a Kaplan-Meier curve "
            "that takes the other events for censoring would be too high.",
            f"Cumulative incidence curves of the subtypes for {causes}.",
            partial(plot.cumulative_incidence, comparison),
        )


def _models(stem: tuple[str, str], comparison: SurvivalComparison) -> Iterator[Plan]:
    endpoint = clean(comparison.endpoint)
    estimated = rows_with(comparison.cox, "hr")
    if len(estimated):
        models = dict.fromkeys(estimated["model"].astype(str))
        both = (
            " Univariable: the subtypes alone; multivariable: subtypes and covariates together."
            if len(models) > 1
            else ""
        )
        stratified = (
            " Stratified: each stratum has its own baseline hazard."
            if any("stratified" in name for name in models)
            else ""
        )
        yield Plan(
            file_name("forest", *stem),
            "survival",
            f"Hazard ratios, {endpoint}",
            "From Cox models, with 95% confidence "
            f"intervals; above 1 means more events.{both}{stratified} p-values are not adjusted "
            "for multiplicity.",
            f"Forest plot of hazard ratios for {endpoint}.",
            partial(plot.forest, comparison.cox),
        )
    residuals = drawn_residuals(comparison)
    if len(residuals):
        terms = residuals["term"].astype(str).nunique()
        some = f" Of {terms} terms {MOST_TERMS} are drawn." if terms > MOST_TERMS else ""
        yield Plan(
            file_name("schoenfeld", *stem),
            "survival",
            f"Whether hazard ratios last, {endpoint}",
            f"Scaled Schoenfeld residuals of the {clean(residuals['model'].iloc[0])} Cox model, a "
            "dot for each event. Blue line with 95% band: the log hazard ratio as it changes over "
            "time; dashed: the one of the model; dotted: no effect. A line that is flat within its "
            "band speaks for proportional hazards; p: test of that, small where the hazard ratio "
            f"changes.{some}",
            f"Residuals of the Cox model over time for {endpoint}, a panel for each term.",
            partial(plot.schoenfeld, comparison),
        )


def _predictions(stem: tuple[str, str], comparison: SurvivalComparison) -> Iterator[Plan]:
    endpoint = clean(comparison.endpoint)
    risks = rows_with(comparison.calibration, "years", "predicted", "observed")
    if len(risks):
        yield Plan(
            file_name("calibration", *stem),
            "survival",
            f"Calibration of predicted risks, {endpoint}",
            "Patients grouped by predicted risk of the event by the stated time; dots: mean "
            "predicted risk against the risk observed in the group, with 95% confidence interval. "
            "On the dashed diagonal predictions come true; below it risks are overstated. The "
            "models were fitted to the same patients: in others they will do less well.",
            f"Predicted against observed risk for {endpoint} at {_moments(risks['years'])}.",
            partial(plot.calibration, comparison),
        )
    curves = rows_with(comparison.decision, "years", "threshold", "net_benefit")
    if len(curves):
        yield Plan(
            file_name("decision_curve", *stem),
            "survival",
            f"Decision curve, {endpoint}",
            "Net benefit of treating those whose predicted risk is above a threshold: true "
            "positives per patient, less false positives weighed by the odds of the threshold. A "
            "model is of use where its line is above both treating all and treating none; "
            "subtypes are of use where the model with them is above the model without. Corrected "
            "for optimism.",
            f"Decision curves for {endpoint} at {_moments(curves['years'])}.",
            partial(plot.decision_curve, comparison),
        )


def _moments(years: pd.Series) -> str:
    """List the times of a figure in words."""
    return listing([years_text(float(year)) for year in sorted(years.unique())])
