"""Sections on imaging models: associations of the score or class that each gives."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from omicsfuse.core.results import Interpretation, RunResults
from omicsfuse.plot.interpretation import interpretation_groups
from omicsfuse.plot.numbers import clean
from omicsfuse.report.references import Citations
from omicsfuse.report.section import Content, Plan, Points, Section, file_name
from omicsfuse.report.sections.interpretation import associations, gene_sets, rankings
from omicsfuse.report.words import listing, plural

REFERENCES = {
    "lane": "Freedman D, Lane D. A nonstochastic interpretation of reported significance levels. "
    "J Bus Econ Stat 1983;1:292-298.",
}

_CAVEAT = (
    "Whether the model was trained on these patients, their outcome or their molecular data cannot "
    "be seen from its scores; associations with its training data arise by construction. "
    "Associations are not causal, and they need confirmation in another cohort."
)


def model_sections(models: Mapping[str, Interpretation]) -> Iterator[Section]:
    """One section a model."""
    for name, model in models.items():
        yield Section(
            file_name("interpretation", name),
            partial(content, name, model),
            partial(figures, name, model),
            summary=partial(summary, model),
            caveats=lambda _: [_CAVEAT],
        )


def summary(model: Interpretation, _: object = None) -> list[str]:
    """Count the associations and those that remain; say whether the score measures volume."""
    said = [associations.found_sentence(model), *associations.volume_sentences(model)]
    return [" ".join(text for text in said if text)]


def opening(model: Interpretation) -> str:
    """Say which score or class the model gives, and to how many patients."""
    params, n = model.params, len(model.scores)
    if model.kind == "class":
        sizes = [f"{clean(name)} ({count})" for name, count in params.get("classes", {}).items()]
        return (
            f"{clean(model.name)} gives each of {plural(n, 'patient')} one class: {listing(sizes)}."
        )
    return f"{clean(model.name)} gives a score to {plural(n, 'patient')} of the cohort."


def content(name: str, model: Interpretation, _: object = None) -> Content:
    """Say what is associated with a model, what is not, and how stable that is."""
    found = associations.significant_sentences(model)
    lead = "Significant associations by layer, with the strongest:"
    paragraphs = (
        f"{opening(model)} {associations.adjusting_sentences(model)}",
        Points(lead, found) if found else "",
        associations.nothing_sentence(model),
        " ".join([*gene_sets.sentences(model), *rankings.sentences(model)]),
    )
    return Content(
        f"Which features are associated with the imaging model {clean(name)}?",
        tuple(text for text in paragraphs if text),
        tables=[associations.families_table(model), associations.significant_table(model)],
        details=[gene_sets.table(model), *associations.layer_tables(model), rankings.table(model)],
    )


def figures(name: str, model: Interpretation, _: object = None) -> Iterator[Plan]:
    """Genes, gene sets, and the score by subtype, each where there is one."""
    yield from associations.figures(name, model)
    yield from gene_sets.figures(name, model)
    if model.params.get("subtypes"):
        yield Plan(
            file_name("interpretation_subtypes", name),
            "By subtype",
            "Each dot is a patient; the line is the median."
            if model.kind == "score"
            else "Share of each class among the patients of a subtype.",
            f"{clean(name)} by subtype.",
            partial(interpretation_groups, model),
        )


def methods(results: RunResults, cite: Citations) -> Iterator[str]:
    """Say how associations with the models were tested."""
    if not results.interpretations:
        return
    names = listing([clean(name) for name in results.interpretations])
    yield (
        f"Associations with the imaging models ({names}) were tested by the moderated t "
        f"{cite('limma')} of each gene on normal scores of the model's score, and by partial rank "
        "correlation elsewhere, unadjusted and adjusted for covariates. P-values of gene sets on "
        "this ranking are from shuffled patients, with covariates by the method of Freedman and "
        f"Lane {cite('lane')}."
    )


def _parts(results: RunResults) -> Iterable[Section[RunResults]]:
    return model_sections(results.interpretations)


SECTION = Section("interpretation", methods=methods, references=REFERENCES, parts=_parts)
