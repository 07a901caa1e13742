"""The log-rank tests of the subtypes: what they show, what weakens them, how they were made."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from omicsfuse.core.results import PAIR, STRATIFIED, TREND, RunResults, SurvivalComparison
from omicsfuse.plot.numbers import clean, format_p, format_ratio
from omicsfuse.plot.rows import rows_with
from omicsfuse.plot.tested import is_void, log_rank_text, overall_test, pipeline_test
from omicsfuse.report.references import Citations
from omicsfuse.report.sections.survival.endpoints import (
    endpoint_in_words,
    first_rows,
    rows_of,
)
from omicsfuse.report.tables import Table, make_table, with_interval
from omicsfuse.report.words import (
    chosen_with_outcome,
    listing,
    plural,
    sentence_case,
    settings_of,
)
from omicsfuse.stats.levels import FDR, SIGNIFICANCE
from omicsfuse.stats.p_values import p_text
from omicsfuse.survival.logrank import STOPPING

REFERENCES = {
    "logrank": "Mantel N. Evaluation of survival data and two new rank order statistics arising in "
    "its consideration. Cancer Chemother Rep 1966;50:163-170.",
    "trend": "Tarone RE. Tests for trend in life table analysis. Biometrika 1975;62:679-690. "
    "doi:10.1093/biomet/62.3.679",
}


def best_p(test: pd.Series | None) -> float:
    """P-value that sentences rest on: the permutation test's where there is one; NaN if void."""
    if test is None or is_void(test):
        return math.nan
    permuted = _value(test, "p_permutation")
    return permuted if math.isfinite(permuted) else _value(test, "p_asymptotic")


def _value(test: pd.Series | None, name: str) -> float:
    return math.nan if test is None else float(test.get(name, math.nan))


def deciding_test(comparison: SurvivalComparison) -> pd.Series | None:
    """Test over all subtypes that counts: with the whole pipeline permuted, where that was done."""
    pipeline = pipeline_test(comparison)
    return overall_test(comparison) if pipeline is None else pipeline


def overall_fdr(test: pd.Series | None) -> float:
    """Tell the false discovery rate of a test over all subtypes; NaN where there is none."""
    return _value(test, "fdr")


def differs(comparison: SurvivalComparison, *, several: bool = False) -> bool | None:
    """Whether an endpoint differs between the subtypes; None where it was not tested.

    Of several endpoints the false discovery rate over them decides, of one its p-value.
    """
    test = deciding_test(comparison)
    p, fdr = best_p(test), overall_fdr(test)
    if math.isnan(p):
        return None
    return p <= SIGNIFICANCE and not (several and fdr > FDR)


def log_rank_name(comparison: SurvivalComparison | None) -> str:
    """Name the log-rank test whose p a table of verification gives: permuted, where it could be."""
    test = overall_test(comparison) if comparison is not None else None
    asymptotic, permuted = (
        math.isfinite(_value(test, name)) for name in ("p_asymptotic", "p_permutation")
    )
    return (
        "asymptotic log-rank test"
        if asymptotic and not permuted
        else "log-rank test by permutation"
    )


def both_tests(comparison: SurvivalComparison) -> str:
    """Write the log-rank test of a cohort as a sentence with a space before it."""
    text = tests_in_a_line(comparison)
    return f" {text[:1].upper()}{text[1:]}." if text else ""


def tests_in_a_line(comparison: SurvivalComparison) -> str:
    """Write the log-rank test with patients and events in one line."""
    text = log_rank_text(overall_test(comparison), pipeline_test(comparison))
    return text.replace("\n", "; ")


def survival_sentence(comparison: SurvivalComparison, *, several: bool = False) -> str:
    """Say whether one endpoint differs, with the size of the difference, events and patients.

    Where there are several endpoints, the false discovery rate over them is given, and decides.
    """
    name, test = endpoint_in_words(comparison.endpoint), deciding_test(comparison)
    if test is None:
        return f"{sentence_case(name)} was not tested over all subtypes."
    counts = f"{plural(int(test['events']), 'event')} in {plural(int(test['n']), 'patient')}"
    p = best_p(test)
    if math.isnan(p):
        note = clean(test.get("note", "") or "no p-value")
        return f"{sentence_case(name)} was not tested ({note}; {counts})."
    which = "permutation p" if math.isfinite(_value(test, "p_permutation")) else "p"
    if pipeline_test(comparison) is not None:
        which = "p with the whole pipeline permuted"
    values = [f"log-rank, {format_p(p, which)}"]
    values += [format_p(overall_fdr(test), "FDR over the endpoints")] if several else []
    parts = (", ".join(filter(None, values)), counts, _hazard_ratios(comparison))
    evidence = "; ".join(filter(None, parts))
    if differs(comparison, several=several):
        return f"{sentence_case(name)} differs between subtypes ({evidence})."
    return f"There is no evidence that {name} differs between subtypes ({evidence})."


def _hazard_ratios(comparison: SurvivalComparison) -> str:
    """Unadjusted hazard ratios of the subtypes against the first: the one, or the outermost two.

    Empty where one of them could not be estimated, or where the subtypes were made with the
    outcome.
    """
    cox, names = comparison.cox, [str(name) for name in comparison.medians.index]
    if pipeline_test(comparison) is not None or len(names) < 2 or "hr_ci_high" not in cox:
        return ""
    alone = cox[cox["model"] == "univariable"].drop_duplicates("term").set_index("term")
    first, *others = names
    rows = alone.reindex([f"{name} vs {first}" for name in others])
    if not rows[["hr", "hr_ci_high"]].apply(np.isfinite).all(axis=None):
        return ""
    if len(rows) == 1:
        ratio = rows.iloc[0]
        bounds = " to ".join(format_ratio(ratio[f"hr_ci_{end}"]) for end in ("low", "high"))
        hazard = f"unadjusted hazard ratio {format_ratio(ratio['hr'])}"
        return f"{hazard}, 95% CI {bounds}, {rows.index[0]}"
    ratios = dict(zip(others, map(float, rows["hr"]), strict=True))
    low, high = (best(others, key=lambda name: ratios[name]) for best in (min, max))
    if low == high:
        return f"unadjusted hazard ratios against {first} of {format_ratio(ratios[low])}"
    return (
        f"unadjusted hazard ratios against {first} from {format_ratio(ratios[low])} in {low} to "
        f"{format_ratio(ratios[high])} in {high}"
    )


def caveats(comparisons: Sequence[SurvivalComparison]) -> Iterator[str]:
    """What the tests over all subtypes do not show, and p-values that do not count."""
    several = len(comparisons) > 1
    tested = [
        (clean(comparison.endpoint), comparison, test)
        for comparison in comparisons
        if (test := deciding_test(comparison)) is not None and math.isfinite(best_p(test))
    ]
    equal = [
        f"{endpoint}, {plural(int(test['events']), 'event')}"
        for endpoint, comparison, test in tested
        if not differs(comparison, several=several)
    ]
    if equal:
        yield f"A test that is not significant does not show equal survival ({'; '.join(equal)})."
    uncorrected = [
        f"{endpoint} ({format_p(overall_fdr(test), 'FDR')})"
        for endpoint, comparison, test in tested
        if differs(comparison) and not differs(comparison, several=several)
    ]
    if uncorrected:
        yield (
            f"Not significant after correction for the number of endpoints: {listing(uncorrected)}."
        )
    contrary = [
        f"{endpoint} ({format_p(_value(test, 'p_asymptotic'))}, "
        f"{format_p(best_p(test), 'permutation p')})"
        for endpoint, comparison, test in tested
        if pipeline_test(comparison) is None
        and math.isfinite(asymptotic := _value(test, "p_asymptotic"))
        and (asymptotic <= SIGNIFICANCE) != differs(comparison)
    ]
    if contrary:
        yield (
            f"The asymptotic and the permutation p-value lie on different sides of {SIGNIFICANCE}: "
            f"{listing(contrary)}. The permutation test decides."
        )
    for comparison in comparisons:
        yield from _void(comparison)


def _void(comparison: SurvivalComparison) -> Iterator[str]:
    """Name p-values that mean nothing because the subtypes were made with the outcome."""
    endpoint, pipeline = clean(comparison.endpoint), pipeline_test(comparison)
    if pipeline is not None:
        whole = best_p(pipeline)
        counts = (
            f"Only the p-value with the whole pipeline permuted ({format_p(whole)}) counts"
            if math.isfinite(whole)
            else "The whole pipeline was permuted, but without a p-value"
        )
        usual = format_p(_value(overall_test(comparison), "p_asymptotic"))
        yield (
            f"Features or subtypes were chosen with the outcome ({endpoint}). The usual log-rank "
            f"test{f' ({usual})' if usual else ''}, tests of pairs, hazard ratios and restricted "
            f"means are void. {counts}."
        )
    elif "note" in comparison.tests:
        tests = comparison.tests
        void = tests[[is_void(row) for _, row in tests.iterrows()]]
        notes = dict.fromkeys(clean(note).rstrip(".") for note in void["note"])
        yield from (f"A p-value of {endpoint} does not count: {note}." for note in notes)


def tests_table(results: RunResults) -> Table | None:
    """Log-rank tests of all endpoints."""
    tests = rows_of(results, "tests")
    if tests.empty:
        return None
    # Of two subtypes, the only pair is the overall test once more.
    if len(results.subtypes.names) == 2:
        tests = tests[tests["kind"] != PAIR]
    tests = with_interval(tests, "p", lambda value: p_text(value) or "-")
    columns = ["endpoint", "comparison", "n", "events", "chi2", "p_asymptotic", "p_permutation"]
    columns += ["p_interval", "n_permutations", "fdr", "note"]
    return make_table(
        tests,
        columns,
        "Log-rank tests. FDR: Benjamini-Hochberg on the permutation p (the asymptotic p without "
        "permutations), over the endpoints for overall tests, within an endpoint for pairs.",
        file="survival.tsv",
    )


def tested_at_all(results: RunResults) -> bool:
    """Tell whether any log-rank test gave a p-value."""
    return any(len(first_rows(results, "tests", p)) for p in ("p_asymptotic", "p_permutation"))


def methods(results: RunResults, cite: Citations) -> str:
    """Describe the tests, and over what they were corrected."""
    if not tested_at_all(results):
        return "No log-rank test was computed: the table of tests says why."
    if any(pipeline_test(comparison) is not None for comparison in results.survival.values()):
        return _whole_pipeline(results, cite)
    text = (
        f"Survival of the subtypes was compared by the log-rank test {cite('logrank')}, "
        f"asymptotically{_permuted(results, cite)}."
    )
    tests = rows_of(results, "tests")
    strata, trends = (sorted(set(tests.loc[tests["kind"] == k, "by"])) for k in (STRATIFIED, TREND))
    if strata:
        text += f" It was repeated stratified by {listing(strata)}."
    if trends:
        text += f" A trend over {listing(trends)} was tested as well {cite('trend')}."
    return text + (
        f" Log-rank tests were corrected by the Benjamini-Hochberg method {cite('fdr')}: tests of "
        "all subtypes over the endpoints, tests of pairs within an endpoint."
    )


def _drawn(results: RunResults) -> list[int]:
    """Numbers of permutations of the tests that were permuted."""
    return [
        int(count)
        for comparison in results.survival.values()
        for count in rows_with(comparison.tests, "n_permutations").get("n_permutations", ())
    ]


def _permuted(results: RunResults, cite: Citations) -> str:
    """Say that subtypes were permuted, and how often."""
    asked, counts = settings_of(results, "survival").get("n_permutations"), _drawn(results)
    if counts:
        few, most = min(counts), max(counts)
        count = f"{most:,}" if few == most else f"{few:,} to {most:,}"
        adaptive = (
            f", until the {100 * STOPPING:.0f}% confidence interval of the p-value excluded "
            f"{SIGNIFICANCE:g} or its 95% interval was narrow"
        )
        return (
            f" and by permutation of the subtypes {cite('permutation')} ({count} permutations"
            f"{adaptive if asked == 'adaptive' else ''})"
        )
    if asked == 0:
        return ""
    count = f" ({asked:,} permutations)" if isinstance(asked, int) else ""
    return f" and by permutation of the subtypes{count}"


def _whole_pipeline(results: RunResults, cite: Citations) -> str:
    """The one test that is left where features or the number of subtypes saw the outcome."""
    counts = _drawn(results)
    often = f" ({max(counts):,} times)" if counts else ""
    return (
        f"Survival of the subtypes was compared by the log-rank test {cite('logrank')}. Because "
        f"{chosen_with_outcome(results) or 'features or the number of subtypes'} had been chosen "
        f"with the outcome, outcomes were permuted{often} and the whole pipeline (selection, "
        "fusion, clustering) was repeated in each permutation. Only this p-value is given, "
        f"corrected over the endpoints by the Benjamini-Hochberg method {cite('fdr')}."
    )
