"""The section on survival: whether subtypes differ, beyond what is known, and how sure that is."""

from collections.abc import Iterator

from omicsfuse.core.results import RunResults, SurvivalComparison
from omicsfuse.plot.numbers import clean
from omicsfuse.report.references import Citations
from omicsfuse.report.section import Content, Plan, Section
from omicsfuse.report.sections.survival import (
    added_value,
    cox,
    curves,
    log_rank,
    restricted_means,
)
from omicsfuse.report.sections.survival.endpoints import first_rows, rows_of
from omicsfuse.report.words import listing

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
    """Say for each endpoint whether survival differs, and whether the subtypes add anything."""
    if not results.survival:
        yield "Survival was not compared: the cohort has no endpoint."
    for comparison in results.survival.values():
        yield log_rank.survival_sentence(comparison, several=len(results.survival) > 1)
        yield added_value.sentence(comparison)


def caveats(results: RunResults) -> Iterator[str]:
    """Doubts about the survival data, then what weakens the comparison of each endpoint."""
    yield from (clean(doubt) for each in results.survival.values() for doubt in each.doubts)
    for comparison in results.survival.values():
        yield from log_rank.caveats(comparison, several=len(results.survival) > 1)
        yield from cox.caveats(comparison)


def content(results: RunResults) -> Content:
    """Say what each endpoint shows beyond the log-rank test; short tables, and long ones."""
    if not results.survival:
        why = (
            "There is no clinical table"
            if results.cohort.clinical is None
            else "The clinical table has no endpoint"
        )
        return Content("Does survival differ?", (f"{why}: survival was not compared.",))
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
    return " ".join(text for text in sentences if text)


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
    if not named:
        return f"{text}."
    verb = "is" if named == ["cumulative incidence"] else "are"
    return f"{text}; {listing(named)} {verb} code of omicsfuse itself."


SECTION = Section(
    "survival", content, figures, methods, REFERENCES, summary, caveats, on_subtypes=True
)
