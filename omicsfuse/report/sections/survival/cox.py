"""Cox models of the subtypes: hazard ratios, whether they last, how far to trust them."""

import math
from collections.abc import Iterator
from functools import partial
from itertools import permutations

import pandas as pd

from omicsfuse import plot
from omicsfuse.core.results import (
    ADJUSTED_MODELS,
    PENALISED,
    STRATIFIED_MODELS,
    RunResults,
    SurvivalComparison,
)
from omicsfuse.plot.numbers import clean, format_number, format_p, format_ratio
from omicsfuse.plot.residuals import MOST_TERMS, drawn_residuals, schoenfeld
from omicsfuse.plot.rows import fullest_model, rows_with
from omicsfuse.report.references import Citations
from omicsfuse.report.section import Plan, file_name
from omicsfuse.report.sections.survival.endpoints import first_rows, rows_of, texts_of
from omicsfuse.report.tables import Table, make_table, with_interval
from omicsfuse.report.words import listing, plural
from omicsfuse.stats.levels import SIGNIFICANCE
from omicsfuse.stats.multiple_testing import benjamini_hochberg

REFERENCES = {
    "cox": "Cox DR. Regression models and life-tables. J R Stat Soc B 1972;34:187-220. "
    "doi:10.1111/j.2517-6161.1972.tb00899.x",
    "efron": "Efron B. The efficiency of Cox's likelihood function for censored data. J Am Stat "
    "Assoc 1977;72:557-565. doi:10.1080/01621459.1977.10480613",
    "firth": "Firth D. Bias reduction of maximum likelihood estimates. Biometrika 1993;80:27-38. "
    "doi:10.1093/biomet/80.1.27",
    "firth in cox": "Heinze G, Schemper M. A solution to the problem of monotone likelihood in Cox "
    "regression. Biometrics 2001;57:114-119. doi:10.1111/j.0006-341X.2001.00114.x",
    "zph": "Grambsch PM, Therneau TM. Proportional hazards tests and diagnostics based on weighted "
    "residuals. Biometrika 1994;81:515-526. doi:10.1093/biomet/81.3.515",
}

#: Name of the joint test of proportional hazards.
ALL_TERMS = "all terms"
#: Events for each term of a Cox model below which its hazard ratios are unreliable (Peduzzi et
#: al. J Clin Epidemiol 1995;48:1503-1510).
EVENTS_PER_VARIABLE = 10


def sentences(comparison: SurvivalComparison) -> list[str]:
    """Say why there is no hazard ratio, or whether hazards are proportional."""
    return [_not_fitted(comparison), _hazards(comparison)]


def _not_fitted(comparison: SurvivalComparison) -> str:
    cox = comparison.cox
    if cox.empty or len(rows_with(cox, "hr")):
        return ""
    reasons = [clean(reason) for reason in cox["reason"] if reason]
    why = f": {reasons[0]}" if reasons else ""
    return f"No Cox model of {clean(comparison.endpoint)} could be estimated{why}."


def _hazards(comparison: SurvivalComparison) -> str:
    """Say whether hazards are proportional, in the fullest model that was tested."""
    table = rows_with(comparison.proportional, "p")
    endpoint = clean(comparison.endpoint)
    if table.empty:
        return ""
    model = fullest_model(table["model"])
    changing, tested = not_proportional(comparison)
    together = table[(table["model"].astype(str) == model) & (table["term"] == ALL_TERMS)]
    joint = ""
    if len(together):
        joint = f", all terms together {format_p(float(together['p'].iloc[0]))}"
    if changing.empty:
        return (
            f"There is no evidence against proportional hazards in the {clean(model)} model of "
            f"{endpoint} ({plural(tested, 'term')} tested{joint})."
        )
    terms = changing[changing["term"] != ALL_TERMS]
    which = _terms(terms) if len(terms) else "the terms together"
    sure = len(not_proportional(comparison, corrected=True)[0]) > 0
    return (
        f"In the {clean(model)} model of {endpoint} hazards {'are' if sure else 'may'} not "
        f"{'' if sure else 'be '}proportional for {which} "
        f"({plural(tested, 'term')} tested{joint}): the hazard ratio of such a term is an average "
        "over follow-up. Compare the restricted means, and the hazard ratios of early and late "
        "follow-up."
    )


def _terms(rows: pd.DataFrame) -> str:
    """Terms with their p-values, as in a sentence."""
    return listing(
        [
            f"{clean(term)} ({format_p(float(p))})"
            for term, p in zip(rows["term"], rows["p"], strict=True)
        ]
    )


def not_proportional(
    comparison: SurvivalComparison, *, corrected: bool = False
) -> tuple[pd.DataFrame, int]:
    """Terms of the fullest model whose hazards are not proportional, and how many were tested.

    Where only the test of all terms together is significant, its row is given. ``corrected`` takes
    the false discovery rate over the terms of the model in place of each p-value.
    """
    table = rows_with(comparison.proportional, "p")
    if table.empty:
        return table, 0
    table = table[table["model"].astype(str) == fullest_model(table["model"])]
    together = table["term"] == ALL_TERMS
    p = table["p"].astype(float).where(~together)
    changing = table[(benjamini_hochberg(p) if corrected else p.to_numpy()) < SIGNIFICANCE]
    if changing.empty:
        changing = table[(table["p"] < SIGNIFICANCE) & together]
    return changing, int((~together).sum())


def caveats(comparison: SurvivalComparison) -> Iterator[str]:
    """Hazard ratios that covariates explain, that do not last, that rest on too few events."""
    yield from _beside_covariates(comparison)
    yield from _not_lasting(comparison)
    yield from _few_events(comparison)


def _beside_covariates(comparison: SurvivalComparison) -> Iterator[str]:
    """Name contrasts of subtypes that are significant alone, but not beside the covariates."""
    cox = rows_with(comparison.cox, "hr", "p")
    if cox.empty:
        return
    fullest = fullest_model(cox["model"])
    if fullest not in ADJUSTED_MODELS:
        return
    cox = cox.drop_duplicates(["model", "term"])
    alone = cox[cox["model"] == "univariable"].set_index("term")
    beside = cox[cox["model"].astype(str) == fullest].set_index("term")
    for term in alone.index.intersection(beside.index):
        before, after = float(alone["p"][term]), float(beside["p"][term])
        # A hazard ratio without an upper limit comes from separation and says nothing.
        if before < SIGNIFICANCE <= after and math.isfinite(float(beside["hr_ci_high"][term])):
            yield (
                f"{clean(comparison.endpoint)}: the difference of {clean(term)} "
                f"({format_p(before)}) is not evident beside the covariates ({format_p(after)}; "
                f"hazard ratio {beside['hr'][term]:.2f} instead of {alone['hr'][term]:.2f})."
            )


def _not_lasting(comparison: SurvivalComparison) -> Iterator[str]:
    """Name terms whose hazard ratio changes over follow-up."""
    changing, tested = not_proportional(comparison, corrected=True)
    if changing.empty:
        return
    terms = list(changing["term"].astype(str))
    if terms == [ALL_TERMS]:
        p = format_p(float(changing["p"].iloc[0]))
        which, ratios = f"the terms of the model together ({p})", "hazard ratios are averages"
    else:
        which = f"{_terms(changing)}, {plural(tested, 'term')} tested"
        ratios = "its hazard ratio is an average"
        if len(terms) > 1:
            ratios = "their hazard ratios are averages"
    text = (
        f"{clean(comparison.endpoint)}: hazards are not proportional for {which}; {ratios} over "
        "follow-up"
    )
    contrasts = {" vs ".join(pair) for pair in permutations(map(str, comparison.medians.index), 2)}
    subtype = bool(contrasts & set(terms)) or terms == [ALL_TERMS]
    if subtype and len(rows_with(comparison.restricted_means, "estimate")):
        text += ", and the restricted mean survival time of the subtypes is to be read instead"
    yield f"{text}."


def _few_events(comparison: SurvivalComparison) -> Iterator[str]:
    """Name the fullest model where it has too few events for its terms."""
    table = rows_with(comparison.diagnostics, "events_per_variable")
    if table.empty:
        return
    estimated = rows_with(comparison.cox, "hr")
    model = fullest_model(estimated["model"]) if len(estimated) else ""
    rows = table[table["model"].astype(str) == model]
    each = float(rows["events_per_variable"].min())
    if each < EVENTS_PER_VARIABLE:
        yield (
            f"{clean(comparison.endpoint)}: {format_number(each, 2)} events for each variable of "
            f"the {clean(model)} Cox model, fewer than {EVENTS_PER_VARIABLE}: its hazard ratios "
            "are unreliable."
        )


def cox_table(results: RunResults) -> Table | None:
    """Hazard ratios of all models; None where none could be estimated."""
    return _hazard_ratios(
        rows_of(results, "cox"),
        ["endpoint", "model", "term", "n", "events", "hr", "hr_interval", "p", "note"],
        "Cox models: hazard ratios. p-values of Cox models are not adjusted for multiplicity.",
    )


def time_varying_table(results: RunResults) -> Table | None:
    """Hazard ratios early and late; None where none could be estimated."""
    columns = ["endpoint", "model", "term", "period", "split", "n", "events", "hr", "hr_interval"]
    return _hazard_ratios(
        rows_of(results, "time_varying"),
        [*columns, "p", "note"],
        "Hazard ratios of early and late follow-up. Split at the median time of the events; p: "
        "that the hazard ratio is the same in both periods.",
    )


def _hazard_ratios(table: pd.DataFrame, columns: list[str], caption: str) -> Table | None:
    if rows_with(table, "hr").empty:
        return None
    table = with_interval(table, "hr", format_ratio)
    return make_table(table, columns, caption, file="cox.tsv")


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
        file="proportional_hazards.tsv",
    )


def diagnostics_table(results: RunResults) -> Table | None:
    """How models were fitted; None where none could be."""
    if first_rows(results, "cox", "hr").empty:
        return None
    columns = ["endpoint", "model", "term", "variance_inflation", "n", "events"]
    return make_table(
        rows_of(results, "diagnostics"),
        [*columns, "events_per_variable", "method", "strata"],
        "How the Cox models were fitted. Variance inflation: 1 where a term is unrelated to the "
        "others, above 5 where they can hardly be told apart; with fewer than 10 events for each "
        "variable hazard ratios are unreliable.",
        file="cox_diagnostics.tsv",
    )


def figures(stem: tuple[str, str], comparison: SurvivalComparison) -> Iterator[Plan]:
    """Forest of hazard ratios, and residuals over time."""
    endpoint = clean(comparison.endpoint)
    estimated = rows_with(comparison.cox, "hr")
    if len(estimated):
        models = estimated["model"].astype(str)
        both = (
            " Univariable: the subtypes alone; multivariable: subtypes and covariates together."
            if models.nunique() > 1
            else ""
        )
        stratified = (
            " Stratified: each stratum has its own baseline hazard."
            if models.isin(STRATIFIED_MODELS).any()
            else ""
        )
        yield Plan(
            file_name("forest", *stem),
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
            f"Whether hazard ratios last, {endpoint}",
            f"Scaled Schoenfeld residuals of the {clean(residuals['model'].iloc[0])} Cox model, a "
            "dot for each event. Blue line with 95% band: the log hazard ratio as it changes over "
            "time; dashed: the one of the model; dotted: no effect. A line that is flat within its "
            "band speaks for proportional hazards; p: test of that, small where the hazard ratio "
            f"changes.{some}",
            f"Residuals of the Cox model over time for {endpoint}, a panel for each term.",
            partial(schoenfeld, comparison),
        )


def methods(results: RunResults, cite: Citations) -> str:
    """Cox models and the test of proportional hazards."""
    if first_rows(results, "cox", "hr").empty:
        return ""
    text = (
        f"Hazard ratios are from Cox models {cite('cox')} of the subtypes{_adjusted(results)}; "
        f"ties were handled by Efron's approximation {cite('efron')}, and p-values were not "
        "adjusted for multiplicity."
    )
    if PENALISED in texts_of(results, "diagnostics", "method"):
        text += (
            " Where a group without events made the likelihood monotone, Firth's penalty was used "
            f"{cite('firth', 'firth in cox')}."
        )
    strata = sorted(texts_of(results, "diagnostics", "strata"))
    if strata:
        text += f" Baseline hazards were stratified by {listing(strata)}."
    if len(first_rows(results, "proportional", "p")):
        text += (
            " Proportional hazards were tested for each term and for all together by the score "
            f"test for a coefficient that changes with time {cite('zph')}; its plot shows scaled "
            "Schoenfeld residuals."
        )
    if len(first_rows(results, "time_varying", "hr")):
        text += (
            " Hazard ratios before and after the median event time are from models of their own "
            "for each period."
        )
    return text


def _adjusted(results: RunResults) -> str:
    """Say which covariates multivariable models that could be estimated were adjusted for."""
    by_endpoint = {
        endpoint: [name for name in results.cohort.covariates if _has_term(comparison.cox, name)]
        for endpoint, comparison in results.survival.items()
    }
    known = {endpoint: names for endpoint, names in by_endpoint.items() if names}
    if not known:
        return ""
    first = next(iter(known.values()))
    if len(known) == len(by_endpoint) and all(names == first for names in known.values()):
        return f", alone and adjusted for {listing(first)}"
    each = [f"for {listing(names)} ({clean(endpoint)})" for endpoint, names in known.items()]
    return f", alone and adjusted {'; '.join(each)}"


def _has_term(cox: pd.DataFrame, covariate: str) -> bool:
    """Tell whether a covariate has a hazard ratio in a multivariable model."""
    if cox.empty:
        return False
    rows = cox[cox["model"].isin(ADJUSTED_MODELS) & cox["hr"].notna()]
    return covariate in set(rows["covariate"])
