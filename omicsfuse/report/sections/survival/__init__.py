"""The section on survival: whether subtypes differ, beyond what is known, and how sure that is."""

from collections.abc import Iterator

from omicsfuse.core.results import RunResults, SurvivalComparison
from omicsfuse.plot.numbers import clean
from omicsfuse.report.references import Citations
from omicsfuse.report.section import Content, Plan, Points, Section
from omicsfuse.report.sections.survival import (
    added_value,
    cox,
    curves,
    log_rank,
    restricted_means,
)
from omicsfuse.report.sections.survival.endpoints import (
    endpoint_in_words,
    first_rows,
    rows_of,
)
from omicsfuse.report.words import listing, sentence_case

REFERENCES = {
    **curves.REFERENCES,
    **log_rank.REFERENCES,
    **cox.REFERENCES,
    **restricted_means.REFERENCES,
    **added_value.REFERENCES,
    "lifelines": "Davidson-Pilon C. lifelines: survival analysis in Python. J Open Source Softw "
    "2019;4:1317. doi:10.21105/joss.01317",
}


def summary(results: RunResults) -> Iterator[str]:
    """Say for each endpoint whether survival differs between subtypes."""
    if not results.survival:
        yield _not_compared(results)
    for comparison in results.survival.values():
        yield log_rank.survival_sentence(comparison, several=len(results.survival) > 1)


def _not_compared(results: RunResults) -> str:
    clinical = results.cohort.clinical
    why = "there is no clinical table" if clinical is None else "the clinical table has no endpoint"
    return f"Survival was not compared: {why}."


def caveats(results: RunResults) -> Iterator[str]:
    """Doubts about the survival data, then what weakens the comparison of each endpoint."""
    yield from (clean(doubt) for each in results.survival.values() for doubt in each.doubts)
    comparisons = list(results.survival.values())
    yield from log_rank.caveats(comparisons)
    yield from cox.caveats(comparisons)


def content(results: RunResults) -> Content:
    """Say what each endpoint shows beyond the log-rank test; short tables, and long ones."""
    if not results.survival:
        return Content("Does survival differ?", (_not_compared(results),))
    paragraphs = [_paragraph(comparison) for comparison in results.survival.values()]
    side_by_side, measures = added_value.tables(rows_of(results, "added_value"))
    return Content(
        "Does survival differ?",
        tuple(text for text in paragraphs if text),
        tables=[
            log_rank.tests_table(results),
            curves.medians_table(results),
            curves.at_years_table(results),
            side_by_side,
        ],
        details=[
            cox.cox_table(results),
            cox.proportional_table(results),
            restricted_means.table(results),
            cox.time_varying_table(results),
            cox.diagnostics_table(results),
            measures,
        ],
    )


def _paragraph(comparison: SurvivalComparison) -> str:
    sentences = (
        *curves.sentences(comparison),
        *cox.sentences(comparison),
        restricted_means.sentence(comparison),
        added_value.sentence(comparison),
    )
    said = [text for text in sentences if text]
    name = sentence_case(endpoint_in_words(comparison.endpoint))
    return Points(f"{name}.", said) if said else ""


def figures(results: RunResults) -> Iterator[Plan]:
    """Curves, hazard ratios and predictions, endpoint by endpoint."""
    for number, (endpoint, comparison) in enumerate(results.survival.items(), start=1):
        stem = (str(number), endpoint)
        yield from curves.figures(stem, comparison)
        yield from cox.figures(stem, comparison)
        yield from added_value.figures(stem, comparison)


def methods(results: RunResults, cite: Citations) -> Iterator[str]:
    """Describe what was computed for these endpoints; nothing where there is none."""
    if not results.survival:
        return
    yield f"{curves.methods(results, cite)} {log_rank.methods(results, cite)}"
    yield cox.methods(results, cite)
    yield restricted_means.methods(results, cite)
    yield added_value.methods(results, cite)
    yield _software(results, cite)


def _software(results: RunResults, cite: Citations) -> str:
    text = f"Kaplan-Meier estimates were computed with lifelines {cite('lifelines')}"
    computed_here = {
        "the log-rank test and its permutation": log_rank.tested_at_all(results),
        "Cox models": len(first_rows(results, "cox", "hr")),
        "the test of proportional hazards": len(first_rows(results, "proportional", "p")),
        "restricted means": len(first_rows(results, "restricted_means", "estimate")),
        "cumulative incidence": len(first_rows(results, "incidence", "incidence")),
        "the measures of added value": len(first_rows(results, "added_value", "estimate")),
    }
    named = [name for name, done in computed_here.items() if done]
    return f"{text}; omicsfuse itself computed {listing(named)}." if named else f"{text}."


SECTION = Section(
    "survival", content, figures, methods, REFERENCES, summary, caveats, on_subtypes=True
)
