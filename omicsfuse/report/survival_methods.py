"""Methods of survival: what was computed for these endpoints, with sources."""

from collections.abc import Mapping

import pandas as pd

from omicsfuse.core.results import RunResults
from omicsfuse.plot.numbers import clean, years_text
from omicsfuse.plot.rows import rows_with
from omicsfuse.report.references import Citations
from omicsfuse.report.words import chosen_with_outcome, listing


def survival_methods(results: RunResults, cite: Citations) -> list[str]:
    """Describe how survival was compared, paragraph by paragraph.

    Parameters
    ----------
    results : RunResults
        The run; only what was done is described.
    cite : Citations
        Numbers the references.

    Returns
    -------
    list of str
        Paragraphs; none where there is no endpoint.
    """
    if not results.survival:
        return []
    parts = [
        _curves(results, cite),
        _log_rank(results, cite),
        _cox(results, cite),
        _restricted_means(results, cite),
        _added_value(results, cite),
        _software(results, cite),
    ]
    curves, log_rank, *others = parts
    return [" ".join([curves, log_rank]), *(text for text in others if text)]


def _any(results: RunResults, name: str, *columns: str) -> pd.DataFrame:
    """Rows with numbers in these columns, of the first endpoint that has any."""
    for comparison in results.survival.values():
        rows = rows_with(getattr(comparison, name), *columns)
        if len(rows):
            return rows
    return pd.DataFrame()


def _texts(results: RunResults, name: str, column: str) -> set[str]:
    """Texts in a column of a table, over all endpoints."""
    found: set[str] = set()
    for comparison in results.survival.values():
        table = getattr(comparison, name)
        if column in table:
            found |= {clean(text) for text in table[column].dropna() if text}
    return found


def _curves(results: RunResults, cite: Citations) -> str:
    text = (
        f"Survival ({listing(list(results.survival))}) was estimated by the Kaplan-Meier method "
        f"{cite('km')}"
    )
    if len(_any(results, "medians", "follow_up")):
        text += f"; follow-up is the median by the reverse Kaplan-Meier method {cite('follow-up')}"
    text += "."
    if len(_any(results, "incidence", "incidence")):
        text += (
            " Where other events compete, cumulative incidence is the Aalen-Johansen estimate "
            f"{cite('incidence')}; log-rank tests and hazard ratios are then of the "
            "cause-specific hazard."
        )
    return text


def _log_rank(results: RunResults, cite: Citations) -> str:
    survival = results.settings.get("survival")
    settings = survival if isinstance(survival, Mapping) else {}
    asked = settings.get("n_permutations")
    if not _log_rank_done(results):
        return "No log-rank test was computed: the table of tests says why."
    comparisons = _texts(results, "tests", "comparison")
    if "overall, full pipeline" in comparisons:
        return _full_pipeline(results, cite)
    drawn = _any(results, "tests", "n_permutations")
    permuted = ""
    if len(drawn):
        counts = pd.concat(
            [rows_with(c.tests, "n_permutations") for c in results.survival.values()]
        )["n_permutations"].astype(int)
        few, most = int(counts.min()), int(counts.max())
        count = f"{most:,}" if few == most else f"{few:,} to {most:,}"
        adaptive = (
            ": as many as it took until the 95% confidence interval of the p-value was narrow or "
            "clear of 0.05"
        )
        permuted = (
            f" and by permutation of subtypes {cite('permutation')} ({count} permutations"
            f"{adaptive if asked == 'adaptive' else ''})"
        )
    elif asked != 0:
        count = f" ({asked:,} permutations)" if isinstance(asked, int) else ""
        permuted = f" and by permutation of subtypes{count}"
    text = (
        f"Survival of the subtypes was compared by the log-rank test {cite('logrank')}, "
        f"asymptotic{permuted}."
    )
    strata = sorted(_after(comparisons, "overall, stratified by "))
    if strata:
        text += f" It was repeated stratified by {listing(strata)}."
    trends = sorted(_after(comparisons, "trend over "))
    if trends:
        text += f" A trend over {listing(trends)} was tested as well {cite('trend')}."
    return text + (
        f" Log-rank tests were corrected by the Benjamini-Hochberg method {cite('fdr')}: tests of "
        "all subtypes over the endpoints, tests of pairs within an endpoint."
    )


def _full_pipeline(results: RunResults, cite: Citations) -> str:
    """The one test that is left where features or the number of subtypes saw the outcome."""
    rows = [rows_with(c.tests, "n_permutations") for c in results.survival.values()]
    counts = pd.concat(rows)["n_permutations"].astype(int) if any(map(len, rows)) else None
    often = "" if counts is None else f" ({int(counts.max()):,} times)"
    return (
        f"Survival of the subtypes was compared by the log-rank test {cite('logrank')}. As "
        f"{chosen_with_outcome(results) or 'features or the number of subtypes'} had been chosen "
        f"with the outcome, outcomes were permuted{often} and the whole pipeline (selection, "
        "fusion, clustering) repeated in each permutation; this is the only p-value given, "
        f"corrected over the endpoints by the Benjamini-Hochberg method {cite('fdr')}."
    )


def _log_rank_done(results: RunResults) -> bool:
    """Tell whether any log-rank test gave a p-value."""
    names = ("p_asymptotic", "p_permutation")
    return any(len(_any(results, "tests", name)) for name in names)


def _after(texts: set[str], start: str) -> set[str]:
    """What follows a beginning, in those texts that have it."""
    return {text.removeprefix(start) for text in texts if text.startswith(start)}


def _cox(results: RunResults, cite: Citations) -> str:
    """Cox models and the test of proportional hazards."""
    if _any(results, "cox", "hr").empty:
        return ""
    text = (
        f"Hazard ratios are from Cox models {cite('cox')} of the subtypes{_adjusted(results)}; "
        f"ties were handled by Efron's approximation {cite('efron')}, and p-values were not "
        "adjusted for multiplicity."
    )
    if any("firth" in method.lower() for method in _texts(results, "diagnostics", "method")):
        text += (
            " Where a group without events made the likelihood monotone, Firth's penalty was used "
            f"{cite('firth', 'firth in cox')}."
        )
    strata = sorted(_texts(results, "diagnostics", "strata"))
    if strata:
        text += f" Baseline hazards were stratified by {listing(strata)}."
    if len(_any(results, "proportional", "p")):
        text += (
            " Proportional hazards were tested for each term and for all together by the score "
            f"test for a coefficient that changes with time {cite('zph')}; its plot shows scaled "
            "Schoenfeld residuals."
        )
    if len(_any(results, "time_varying", "hr")):
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
    found = {endpoint: names for endpoint, names in by_endpoint.items() if names}
    if not found:
        return ""
    first = next(iter(found.values()))
    if len(found) == len(by_endpoint) and all(names == first for names in found.values()):
        return f", alone and adjusted for {listing(first)}"
    each = [f"for {listing(names)} ({clean(endpoint)})" for endpoint, names in found.items()]
    return f", alone and adjusted {'; '.join(each)}"


def _has_term(cox: pd.DataFrame, covariate: str) -> bool:
    """Tell whether a covariate has a hazard ratio in a multivariable model."""
    if cox.empty:
        return False
    rows = cox[cox["model"].astype(str).str.startswith("multivariable") & cox["hr"].notna()]
    own = (f"{covariate}: ", f"{covariate} (per step)")
    return any(term == covariate or term.startswith(own) for term in rows["term"].astype(str))


def _restricted_means(results: RunResults, cite: Citations) -> str:
    means = _any(results, "restricted_means", "estimate")
    if means.empty:
        return ""
    text = (
        f"Restricted mean survival time {cite('rmst')} is the area under the Kaplan-Meier curve up "
        "to the longest time to which the curves compared are known (their longest follow-up, or "
        "for ever where a curve ends at 0), a rule that does not look at differences"
    )
    if len(_any(results, "restricted_means", "p_permutation")):
        text += (
            "; differences were tested asymptotically and by a studentised permutation test, which "
            "holds its level in small groups with unequal censoring "
            f"{cite('rmst permuted', 'rmst studentised')}"
        )
    return f"{text}."


def _added_value(results: RunResults, cite: Citations) -> str:
    """How the model with subtypes was set against the model without."""
    measures = {
        measure
        for comparison in results.survival.values()
        for measure in rows_with(comparison.added_value, "estimate").get("measure", ())
    }
    if not measures:
        return ""
    sources = {
        "concordance (Harrell)": ("Harrell's concordance index", "optimism"),
        "concordance (Uno)": ("Uno's concordance index", "uno"),
        "area under the ROC curve": ("the time-dependent area under the ROC curve", "auc"),
        "Brier score": ("the Brier score", "brier"),
        "integrated Brier score": ("its integral over time", "brier"),
    }
    text = (
        "What the subtypes add to the clinical covariates was asked by comparing models of "
        "proportional hazards with and without them in the same patients"
    )
    if "likelihood ratio" in measures:
        text += ", by the likelihood ratio test"
        if len(_any(results, "added_value", "p_permutation")):
            text += (
                ", asymptotically and by permutation of what of the subtypes the covariates do not "
                f"explain {cite('potter')},"
            )
    named = [f"{words} {cite(key)}" for name, (words, key) in sources.items() if name in measures]
    if named:
        text += f"{' and' if 'likelihood ratio' in measures else ''} by {listing(named)}"
    text += "."
    if measures & {"concordance (Uno)", "area under the ROC curve", "Brier score"}:
        text += " Censoring was allowed for by weights of inverse probability of being uncensored."
    if len(_any(results, "added_value", "corrected")):
        text += (
            " Optimism was estimated by fitting the models again in bootstrap samples and judging "
            f"them there and in the whole cohort {cite('optimism')}; the subtypes were not found "
            "anew in the samples, so that the optimism of finding them is not taken off."
        )
    risks = _any(results, "calibration", "years", "observed")
    if len(risks):
        moments = [years_text(float(year)) for year in sorted(set(risks["years"]))]
        text += (
            f" Calibration at {listing(moments)} compares mean predicted risk with one minus the "
            "Kaplan-Meier estimate in groups of patients by predicted risk."
        )
    if len(_any(results, "decision", "net_benefit")):
        text += (
            f" Decision curves give the net benefit {cite('decision')}, with censoring allowed for "
            f"by Kaplan-Meier estimates among those above the threshold {cite('decision censored')}"
            "."
        )
    return text


def _software(results: RunResults, cite: Citations) -> str:
    text = f"Kaplan-Meier estimates were computed with lifelines {cite('lifelines')}"
    own = {
        "the log-rank test and its permutation": _log_rank_done(results),
        "Cox models": len(_any(results, "cox", "hr")) > 0,
        "the test of proportional hazards": len(_any(results, "proportional", "p")) > 0,
        "restricted means": len(_any(results, "restricted_means", "estimate")) > 0,
        "cumulative incidence": len(_any(results, "incidence", "incidence")) > 0,
        "the measures of added value": len(_any(results, "added_value", "estimate")) > 0,
    }
    named = [name for name, done in own.items() if done]
    if not named:
        return f"{text}."
    verb = "is" if named == ["cumulative incidence"] else "are"
    return f"{text}; {listing(named)} {verb} code of omicsfuse itself."
