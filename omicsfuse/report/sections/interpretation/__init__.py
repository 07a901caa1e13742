"""Sections on imaging models: what goes with the score or class that each gives."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from omicsfuse.core.results import Interpretation, RunResults
from omicsfuse.plot.interpretation import interpretation_groups
from omicsfuse.plot.numbers import clean
from omicsfuse.report.references import Citations
from omicsfuse.report.section import Content, Plan, Section, file_name
from omicsfuse.report.sections.interpretation import associations, gene_sets, rankings
from omicsfuse.report.words import listing, plural

REFERENCES = {
    "lane": "Freedman D, Lane D. A nonstochastic interpretation of reported significance levels. "
    "J Bus Econ Stat 1983;1:292-298.",
}

_CIRCULAR = (
    "Whether the model was trained on these patients, on their outcome or on molecular data, "
    "cannot be seen from its scores: what it was trained on goes with it by construction. "
    "Associations are no causes, and hold for this cohort until they are found in another."
)


def model_sections(models: Mapping[str, Interpretation]) -> Iterator[Section]:
    """One section a model."""
    for name, model in models.items():
        yield Section(
            file_name("interpretation", name),
            partial(content, name, model),
            partial(figures, name, model),
        )


def opening(model: Interpretation) -> str:
    """Say what the model gives to whom, and whether that is a measure of volume."""
    params, n = model.params, len(model.scores)
    if model.kind == "class":
        sizes = [f"{clean(name)} ({count})" for name, count in params.get("classes", {}).items()]
        first = f"{clean(model.name)} gives {plural(n, 'patient')} one of the classes "
        first += f"{listing(sizes)}."
    else:
        first = f"{clean(model.name)} gives a score to {plural(n, 'patient')} of the cohort."
    return " ".join([first, *associations.volume_sentences(model)])


def content(name: str, model: Interpretation, _: object = None) -> Content:
    """Say what goes with a model, what does not, and how stable that is."""
    paragraphs = (
        opening(model),
        associations.significant_sentences(model),
        associations.nothing_sentence(model),
        " ".join([*gene_sets.sentences(model), *rankings.sentences(model)]),
        associations.adjusting_sentences(model),
        _CIRCULAR,
    )
    return Content(
        f"Imaging model: {clean(name)}",
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
            "Each dot is a patient, the line the median."
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
        f"What goes with the imaging models ({names}) was tested by the moderated t "
        f"{cite('limma')} of each gene on normal scores of the model's score, by partial rank "
        "correlation elsewhere, alone and with covariates; gene sets on that ranking have p-values "
        f"by shuffled patients, with covariates as by Freedman and Lane {cite('lane')}."
    )


def _parts(results: RunResults) -> Iterable[Section[RunResults]]:
    return model_sections(results.interpretations)


SECTION = Section("interpretation", methods=methods, references=REFERENCES, parts=_parts)
