"""What weakens a comparison of survival: every point in a sentence."""

import math
import re

import pandas as pd

from omicsfuse.core.results import SurvivalComparison
from omicsfuse.plot.numbers import clean, format_number, format_p
from omicsfuse.plot.rows import fullest_model, rows_with
from omicsfuse.plot.tested import is_void, overall_test, pipeline_test
from omicsfuse.report.survival_words import (
    ALL_TERMS,
    best_p,
    deciding_test,
    not_proportional,
    overall_fdr,
)
from omicsfuse.report.words import listing, plural
from omicsfuse.stats.levels import FDR, SIGNIFICANCE

#: Events for each term of a Cox model below which its hazard ratios are unreliable (Peduzzi et
#: al. J Clin Epidemiol 1995;48:1503-1510).
EVENTS_PER_VARIABLE = 10


def survival_caveats(comparison: SurvivalComparison, *, several: bool) -> list[str]:
    """List what weakens the comparison of one endpoint.

    Parameters
    ----------
    comparison : SurvivalComparison
        The comparison.
    several : bool
        Whether there are other endpoints as well, over which p-values were corrected.

    Returns
    -------
    list of str
        One sentence each; empty if nothing needs saying.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.report.survival_caveats import survival_caveats
    >>> from omicsfuse.core.results import SurvivalComparison
    >>> none = pd.DataFrame()
    >>> survival_caveats(SurvivalComparison("os", "days", *[none] * 4), several=False)
    ['Survival (os) could not be tested.']
    """
    return [
        *_tested(comparison, several=several),
        *_void(comparison),
        *_adjusted(comparison),
        *_proportional(comparison),
        *_few_events(comparison),
    ]


def _tested(comparison: SurvivalComparison, *, several: bool) -> list[str]:
    """What the test over all subtypes does not show."""
    test = deciding_test(comparison)
    endpoint, p = clean(comparison.endpoint), best_p(test)
    if test is None or math.isnan(p):
        return [f"Survival ({endpoint}) could not be tested."]
    texts = []
    if p >= SIGNIFICANCE:
        texts.append(
            f"There is no evidence of a survival difference ({endpoint}); with "
            f"{plural(int(test['events']), 'event')} this does not show that survival is the same."
        )
    elif several and overall_fdr(test) >= FDR:
        texts.append(
            f"The survival difference ({endpoint}) does not withstand correction for the number of "
            f"endpoints ({format_p(overall_fdr(test), 'FDR')})."
        )
    asymptotic = float(test.get("p_asymptotic", math.nan))
    if (
        pipeline_test(comparison) is None
        and math.isfinite(asymptotic)
        and (asymptotic < SIGNIFICANCE) != (p < SIGNIFICANCE)
    ):
        texts.append(
            f"The asymptotic and the permutation test of {endpoint} fall on different sides of "
            f"{SIGNIFICANCE}: rely on the permutation test."
        )
    return texts


def _adjusted(comparison: SurvivalComparison) -> list[str]:
    """Name contrasts of subtypes that are significant alone, but not beside the covariates."""
    cox = rows_with(comparison.cox, "hr", "p")
    if cox.empty:
        return []
    fullest = fullest_model(cox["model"])
    if not fullest.startswith("multivariable"):
        return []
    cox = cox.drop_duplicates(["model", "term"])
    alone = cox[cox["model"] == "univariable"].set_index("term")
    beside = cox[cox["model"].astype(str) == fullest].set_index("term")
    texts = []
    for term in alone.index.intersection(beside.index):
        before, after = float(alone["p"][term]), float(beside["p"][term])
        # A hazard ratio without an upper limit comes from separation and says nothing.
        if before < SIGNIFICANCE <= after and math.isfinite(float(beside["hr_ci_high"][term])):
            texts.append(
                f"{clean(comparison.endpoint)}: the difference of {clean(term)} "
                f"({format_p(before)}) is not evident beside the covariates ({format_p(after)}; "
                f"hazard ratio {beside['hr'][term]:.2f} instead of {alone['hr'][term]:.2f})."
            )
    return texts


def _void(comparison: SurvivalComparison) -> list[str]:
    """Name p-values that mean nothing because the subtypes were made with the outcome."""
    endpoint, pipeline = clean(comparison.endpoint), pipeline_test(comparison)
    if pipeline is not None:
        whole = best_p(pipeline)
        counts = (
            f"only the p-value with the whole pipeline permuted ({format_p(whole)}) counts"
            if math.isfinite(whole)
            else "the whole pipeline was permuted, but without a p-value"
        )
        usual = format_p(float(_value(overall_test(comparison), "p_asymptotic")))
        return [
            f"{endpoint}: features or subtypes were chosen with the outcome, so that the usual "
            f"log-rank test{f' ({usual})' if usual else ''} is void, and so are those of pairs, "
            f"hazard ratios and restricted means; {counts}."
        ]
    tests = comparison.tests
    if "note" not in tests:
        return []
    void = tests[[is_void(row) for _, row in tests.iterrows()]]
    notes = dict.fromkeys(clean(note).rstrip(".") for note in void["note"])
    return [f"A p-value of {endpoint} does not count: {note}." for note in notes]


def _value(row: pd.Series | None, name: str) -> float:
    return math.nan if row is None else float(row.get(name, math.nan))


def _proportional(comparison: SurvivalComparison) -> list[str]:
    """Name terms whose hazard ratio changes over follow-up."""
    found, tested = not_proportional(comparison, corrected=True)
    if found.empty:
        return []
    endpoint, terms = clean(comparison.endpoint), list(found["term"].astype(str))
    if terms == [ALL_TERMS]:
        p = format_p(float(found["p"].iloc[0]))
        which, own = f"the terms of the model together ({p})", "hazard ratios are averages"
    else:
        each = [
            f"{clean(term)} ({format_p(float(p))})"
            for term, p in zip(terms, found["p"], strict=True)
        ]
        which = f"{listing(each)}, {plural(tested, 'term')} tested"
        own = "its hazard ratio is an average"
        if len(terms) > 1:
            own = "their hazard ratios are averages"
    text = f"{endpoint}: hazards are not proportional for {which}; {own} over follow-up"
    subtype = any(re.match(r"S\d+ vs ", term) for term in terms) or terms == [ALL_TERMS]
    means = rows_with(comparison.restricted_means, "estimate")
    if subtype and len(means):
        text += ", and the restricted mean survival time of the subtypes is to be read instead"
    return [f"{text}."]


def _few_events(comparison: SurvivalComparison) -> list[str]:
    """Name the fullest model where it has too few events for its terms."""
    table = rows_with(comparison.diagnostics, "events_per_variable")
    if table.empty:
        return []
    estimated = rows_with(comparison.cox, "hr")
    model = fullest_model(estimated["model"]) if len(estimated) else ""
    rows = table[table["model"].astype(str) == model]
    each = float(rows["events_per_variable"].min())
    if rows.empty or each >= EVENTS_PER_VARIABLE:
        return []
    return [
        f"{clean(comparison.endpoint)}: {format_number(each, 2)} events for each variable of the "
        f"{clean(model)} Cox model, fewer than {EVENTS_PER_VARIABLE}: its hazard ratios are "
        "unreliable."
    ]
