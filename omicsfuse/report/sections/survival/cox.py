"""Cox models of the subtypes: hazard ratios, whether they last, how far to trust them."""

import math
from collections.abc import Iterator, Sequence
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
from omicsfuse.report.sections.survival.endpoints import (
    first_rows,
    rows_of,
    texts_of,
    unit_column,
)
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
    return f"No Cox model could be estimated{why}."


def _hazards(comparison: SurvivalComparison) -> str:
    """Say whether hazards are proportional in the fullest model, where no caveat says it."""
    table = rows_with(comparison.proportional, "p")
    if table.empty or len(not_proportional(comparison, corrected=True)[0]):
        return ""
    model = fullest_model(table["model"])
    changing, tested = not_proportional(comparison)
    together = table[(table["model"].astype(str) == model) & (table["term"] == ALL_TERMS)]
    evidence = f"in the {clean(model)} model ({plural(tested, 'term')} tested"
    if len(together):
        evidence += f"; all terms together, {format_p(float(together['p'].iloc[0]))}"
    if changing.empty:
        return f"There is no evidence against proportional hazards {evidence})."
    return (
        f"Hazards may not be proportional for {_terms(changing)} {evidence}): compare the "
        "restricted means and the hazard ratios of early and late follow-up."
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
    changing = table[(benjamini_hochberg(p) if corrected else p.to_numpy()) <= SIGNIFICANCE]
    if changing.empty:
        changing = table[(table["p"] <= SIGNIFICANCE) & together]
    return changing, int((~together).sum())


def caveats(comparisons: Sequence[SurvivalComparison]) -> Iterator[str]:
    """Hazard ratios that covariates explain, that change, that rest on too few events."""
    yield from _after_adjustment(comparisons)
    yield from _changing(comparisons)
    yield from _few_events(comparisons)


def _after_adjustment(comparisons: Sequence[SurvivalComparison]) -> Iterator[str]:
    """Name contrasts of subtypes that are significant alone, but not beside the covariates."""
    lost = []
    for comparison in comparisons:
        cox = rows_with(comparison.cox, "hr", "p")
        if cox.empty or (fullest := fullest_model(cox["model"])) not in ADJUSTED_MODELS:
            continue
        cox = cox.drop_duplicates(["model", "term"])
        alone = cox[cox["model"] == "univariable"].set_index("term")
        beside = cox[cox["model"].astype(str) == fullest].set_index("term")
        for term in alone.index.intersection(beside.index):
            before, after = float(alone["p"][term]), float(beside["p"][term])
            # A hazard ratio without an upper limit comes from separation and says nothing.
            if before <= SIGNIFICANCE < after and math.isfinite(float(beside["hr_ci_high"][term])):
                lost.append(
                    f"{clean(term)} in {clean(comparison.endpoint)} (hazard ratio "
                    f"{format_ratio(beside['hr'][term])}, {format_p(after)}; unadjusted "
                    f"{format_ratio(alone['hr'][term])}, {format_p(before)})"
                )
    if lost:
        yield f"Not significant after adjustment for the covariates: {listing(lost)}."


def _changing(comparisons: Sequence[SurvivalComparison]) -> Iterator[str]:
    """Name terms whose hazard ratio changes over follow-up."""
    named, by_means = [], False
    for comparison in comparisons:
        changing, tested = not_proportional(comparison, corrected=True)
        if changing.empty:
            continue
        terms = list(changing["term"].astype(str))
        named.append(
            f"{_terms(changing)} in {clean(comparison.endpoint)} ({plural(tested, 'term')} tested)"
        )
        pairs = {" vs ".join(pair) for pair in permutations(map(str, comparison.medians.index), 2)}
        subtypes = bool(pairs & set(terms)) or terms == [ALL_TERMS]
        by_means |= subtypes and len(rows_with(comparison.restricted_means, "estimate")) > 0
    if named:
        instead = " For the subtypes, read the restricted mean survival time." if by_means else ""
        yield (
            f"Hazards are not proportional for {listing(named)}: hazard ratios are averages over "
            f"follow-up.{instead}"
        )


def _few_events(comparisons: Sequence[SurvivalComparison]) -> Iterator[str]:
    """Name the fullest models that have too few events for their terms."""
    few: dict[str, list[str]] = {}
    for comparison in comparisons:
        table = rows_with(comparison.diagnostics, "events_per_variable")
        estimated = rows_with(comparison.cox, "hr")
        if table.empty or estimated.empty:
            continue
        model = fullest_model(estimated["model"])
        each = float(table.loc[table["model"].astype(str) == model, "events_per_variable"].min())
        if each < EVENTS_PER_VARIABLE:
            known = few.setdefault(clean(model), [])
            known.append(f"{clean(comparison.endpoint)} {format_number(each, 2)}")
    for model, endpoints in few.items():
        yield (
            f"Hazard ratios of the {model} Cox model are unreliable: fewer than "
            f"{EVENTS_PER_VARIABLE} events for each variable ({', '.join(endpoints)})."
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
    table = rows_of(results, "time_varying", ("split",))
    if table.empty:
        return None
    unit, where = unit_column(table)
    columns = ["endpoint", "model", "term", "period", *unit, "split", "n", "events", "hr"]
    return _hazard_ratios(
        table,
        [*columns, "hr_interval", "p", "note"],
        f"Hazard ratios of early and late follow-up. Split at the median event time{where}; p: "
        "test of equal hazard ratios in both periods.",
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
        "changes over follow-up. p-values are not adjusted for the number of terms.",
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
        "How the Cox models were fitted. Variance inflation: 1 for a term that is unrelated to the "
        "others; above 5, the terms can hardly be separated. With fewer than "
        f"{EVENTS_PER_VARIABLE} events per variable, hazard ratios are unreliable.",
        file="cox_diagnostics.tsv",
    )


def figures(stem: tuple[str, str], comparison: SurvivalComparison) -> Iterator[Plan]:
    """Forest of hazard ratios, and residuals over time."""
    endpoint = clean(comparison.endpoint)
    estimated = rows_with(comparison.cox, "hr")
    if len(estimated):
        models = estimated["model"].astype(str)
        both = (
            " Univariable: the subtypes alone. Multivariable: subtypes and covariates together."
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
            "Hazard ratios of Cox models with 95% confidence intervals; above 1: more "
            f"events.{both}{stratified} p-values are not adjusted for multiplicity.",
            f"Forest plot of hazard ratios for {endpoint}.",
            partial(plot.forest, comparison.cox),
        )
    residuals = drawn_residuals(comparison)
    if len(residuals):
        terms = residuals["term"].astype(str).nunique()
        some = f" Of {terms} terms {MOST_TERMS} are drawn." if terms > MOST_TERMS else ""
        yield Plan(
            file_name("schoenfeld", *stem),
            f"Hazard ratios over time, {endpoint}",
            f"Scaled Schoenfeld residuals of the {clean(residuals['model'].iloc[0])} Cox model; "
            "each dot is an event. Blue line with 95% band: log hazard ratio over time. Dashed: "
            "log hazard ratio of the model. Dotted: no effect. A line that is flat within its band "
            "is compatible with proportional hazards; p is small where the hazard ratio "
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
            " Proportional hazards were tested by the score test for a time-varying coefficient "
            f"{cite('zph')}, for each term and for all terms together; plots show scaled "
            "Schoenfeld residuals."
        )
    if len(first_rows(results, "time_varying", "hr")):
        text += (
            " Hazard ratios before and after the median event time are from separate models of "
            "each period."
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
