"""The report of a run: its sections in order, and what is gathered from them."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from omicsfuse.core.results import RunResults
from omicsfuse.plot.numbers import clean
from omicsfuse.report.references import SHARED, Citations
from omicsfuse.report.section import (
    Content,
    Page,
    Section,
)
from omicsfuse.report.sections import (
    assignment,
    biology,
    choice,
    clinical,
    closing,
    data,
    given_labels,
    heterogeneity,
    immune,
    interpretation,
    layers,
    methylation,
    network,
    pathways,
    radiogenomic_modules,
    radiogenomics,
    sensitivity,
    stability,
    survival,
    verdict,
    verification,
)


def methods_content(results: RunResults) -> Content:
    """Show the methods, ready to paste, with the references that they cite."""
    paragraphs, references = methods_text(results)
    first = "Text for a manuscript, with references."
    return Content("Methods", (first, *paragraphs), ordered=tuple(references))


def software(results: RunResults, cite: Citations) -> Iterator[str]:
    """Name the software and the seed."""
    versions = results.provenance.get("versions", {})
    listed = ", ".join(f"{clean(name)} {clean(version)}" for name, version in versions.items())
    seed = results.provenance.get("seed", results.settings.get("seed", "not recorded"))
    yield (
        f"Computed with omicsfuse, seed {clean(seed)}"
        + (f" ({listed})" if listed else "")
        + f". Clustering and agreement measures use scikit-learn {cite('sklearn')}."
    )


METHODS = Section(
    "methods",
    methods_content,
    methods=software,
    references={
        "sklearn": "Pedregosa F et al. Scikit-learn: machine learning in Python. J Mach Learn Res "
        "2011;12:2825-2830."
    },
)

#: All sections in the order of the page. To add one: its file, and its row here.
SECTIONS: tuple[Section[RunResults], ...] = (
    data.SECTION,
    network.SECTION,
    verdict.SECTION,
    choice.SECTION,
    given_labels.SECTION,
    stability.SECTION,
    layers.SECTION,
    sensitivity.SECTION,
    survival.SECTION,
    clinical.SECTION,
    biology.SECTION,
    pathways.SECTION,
    immune.SECTION,
    methylation.SECTION,
    radiogenomics.SECTION,
    radiogenomic_modules.SECTION,
    heterogeneity.SECTION,
    interpretation.SECTION,
    verification.SECTION,
    assignment.SECTION,
    METHODS,
    closing.WARNINGS,
    closing.PROVENANCE,
)


def sections_of(results: RunResults) -> tuple[Section[RunResults], ...]:
    """All sections in order; those of stages that have no place in it precede the methods."""
    brought = [section for section in results.sections if section not in SECTIONS]
    end = SECTIONS.index(METHODS)
    return (*SECTIONS[:end], *brought, *SECTIONS[end:])


def references(sections: Iterable[Section[RunResults]] = SECTIONS) -> dict[str, str]:
    """All references by key: those of the sections, and those that several cite."""
    return {**SHARED, **{key: text for part in sections for key, text in part.references.items()}}


def methods_text(results: RunResults) -> tuple[list[str], list[str]]:
    """Write the methods, and the references they cite, numbered from 1 in this order."""
    cite = Citations()
    paragraphs: list[str] = []
    sections = sections_of(results)
    for _, together in groupby(sections, key=lambda section: section.paragraph or section.name):
        sharing = list(together)
        texts = [text for part in sharing for text in part.methods(results, cite) if text]
        paragraphs += [" ".join(texts)] if sharing[0].paragraph and texts else texts
    method = results.fusion.method
    known = references(sections) | dict(method.references if method else {})
    return paragraphs, [known[key] for key in cite.keys]


def shown(results: RunResults) -> Page[RunResults]:
    """The sections that have something to show, and what."""
    return Page.of(sections_of(results), results)
