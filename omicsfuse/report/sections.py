"""What each section of the report says: results to sentences, tables and figures."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from omicsfuse.core.results import RunResults
from omicsfuse.plot.numbers import clean
from omicsfuse.report.assignment import assignment_section
from omicsfuse.report.caveats import caveats
from omicsfuse.report.clinical import clinical_section
from omicsfuse.report.contributions import layers_section
from omicsfuse.report.evidence import choice_section, stability_section
from omicsfuse.report.findings import biology_section
from omicsfuse.report.heterogeneity import heterogeneity_section
from omicsfuse.report.immune import immune_section
from omicsfuse.report.interpretation import interpretation_sections
from omicsfuse.report.methods import methods_text
from omicsfuse.report.methylation import methylation_section
from omicsfuse.report.pathways import pathways_section
from omicsfuse.report.plans import FigureView
from omicsfuse.report.radiogenomic_modules import radiogenomic_modules_section
from omicsfuse.report.radiogenomics import radiogenomics_section
from omicsfuse.report.summary import summary_sentences
from omicsfuse.report.survival import survival_section
from omicsfuse.report.tables import Table, exclusions_table, flatten, make_table
from omicsfuse.report.verdict import exploratory_mark, verdict_section
from omicsfuse.report.verification import verification_section
from omicsfuse.report.views import Section, present


def summary_section(results: RunResults) -> tuple[list[str], list[str], Table | None]:
    """Opening of the report: a few short paragraphs, caveats, and a table of the subtypes."""
    return summary_sentences(results), caveats(results), _subtype_table(results)


def build_sections(results: RunResults, figures: Sequence[FigureView]) -> list[Section]:
    """All sections after the summary, in the order of the page.

    Parameters
    ----------
    results : RunResults
        The run.
    figures : sequence of FigureView
        Its figures; each goes to the section that it names.

    Returns
    -------
    list of Section
        Sections; one without anything to show says why in a sentence.
    """

    def pictures(section: str) -> tuple[FigureView, ...]:
        return tuple(figure for figure in figures if figure.section == section)

    mark = exploratory_mark(results)
    findings = [
        survival_section(results, pictures("survival")),
        clinical_section(results, pictures("clinical")),
        biology_section(results, pictures("biology")),
        pathways_section(results, pictures("pathways")),
        immune_section(results, pictures("immune")),
        methylation_section(results, pictures("methylation")),
    ]
    elsewhere = [
        verification_section(results, pictures("verification")),
        assignment_section(results, pictures("assignment")),
    ]
    # These do not rest on the subtypes, supported or not.
    images = [
        radiogenomics_section(results, pictures("radiogenomics")),
        radiogenomic_modules_section(results, pictures("radiogenomic_modules")),
        heterogeneity_section(results, pictures("heterogeneity")),
        *interpretation_sections(results, figures),
    ]
    found = [
        _data(results, pictures("data")),
        Section("network", "The fused network", figures=pictures("network")),
        verdict_section(results, pictures("tests")),
        choice_section(results, pictures("choice")),
        stability_section(results, pictures("stability")),
        layers_section(results, pictures("layers")),
        *(replace(section, mark=mark) for section in findings if section is not None),
        *images,
        *(replace(section, mark=mark) for section in elsewhere if section is not None),
        _methods(results),
        _warnings(results),
        _provenance(results),
    ]
    return [section for section in found if section is not None]


def _subtype_table(results: RunResults) -> Table | None:
    """Size, silhouette, stability and median survival of each subtype."""
    names = results.subtypes.names
    sizes = results.subtypes.labels.value_counts()
    frame = pd.DataFrame(
        {"subtype": names, "patients": [int(sizes[name]) for name in names]}, index=names
    )
    frame["share"] = [f"{100 * size / sizes.sum():.0f}%" for size in frame["patients"]]
    evidence = results.subtypes.evidence.get("subtypes", pd.DataFrame())
    if "silhouette" in evidence:
        frame["silhouette"] = evidence["silhouette"].reindex(names)
    stability = results.assessment.stability
    if "jaccard_mean" in stability:
        frame["jaccard_mean"] = stability["jaccard_mean"].reindex(names)
    for endpoint, comparison in results.survival.items():
        if comparison.medians.empty:
            continue
        medians = comparison.medians.reindex(names)
        frame[f"{clean(endpoint)}: events; median ({clean(comparison.unit)})"] = [
            f"{events:.0f}; {_median(median)}"
            for events, median in zip(medians["events"], medians["median"], strict=True)
        ]
    return make_table(frame, list(frame.columns), "The subtypes, largest first.")


def _median(median: float) -> str:
    if pd.isna(median):
        return "not reached"
    return f"{median:.0f}" if median >= 20 else f"{median:g}"


def _data(results: RunResults, figures: tuple[FigureView, ...]) -> Section:
    metrics = results.fusion.params.get("metrics", {})
    coverage = results.fusion.coverage
    rows = [
        {
            "layer": name,
            "kind": layer.kind,
            "patients": len(layer.scaled),
            "measured features": _measured(results, name),
            "features used": layer.scaled.shape[1],
            "scale of analysis": layer.scale,
            "distance": metrics.get(name, "not fused"),
        }
        for name, layer in results.prepared.layers.items()
    ]
    frame = pd.DataFrame(rows)
    fused, considered = len(results.subtypes.labels), len(coverage)
    text = f"{fused} of {considered} patients were fused."
    if coverage.all(axis=None):
        text += " Every patient brought every fused layer."
    exclusions = exclusions_table(results.exclusions)
    if exclusions is None:
        text += " Nothing was left out on the way."
    layers = make_table(frame, list(frame.columns), "The layers as they went into the fusion.")
    return Section(
        "data",
        "What was fused, and who was lost",
        (text,),
        figures=figures,
        tables=present(layers, exclusions),
    )


def _measured(results: RunResults, name: str) -> int | None:
    """Number of features that a layer came with, before any was left out."""
    layer = results.cohort.omics.get(name)
    return None if layer is None else layer.table.shape[1]


def _methods(results: RunResults) -> Section:
    paragraphs, references = methods_text(results)
    return Section("methods", "Methods", tuple(paragraphs), ordered=tuple(references))


def _warnings(results: RunResults) -> Section:
    if not results.warnings:
        return Section("warnings", "Warnings", ("The run gave no warnings.",))
    return Section("warnings", "Warnings", notes=tuple(clean(text) for text in results.warnings))


def _provenance(results: RunResults) -> Section:
    def pairs(values: Any, first: str, second: str, caption: str) -> Table | None:
        rows = flatten(values) if isinstance(values, dict) and values else []
        frame = pd.DataFrame(rows, columns=[first, second])
        return make_table(frame, [first, second], caption)

    def plain(name: str) -> dict[str, Any]:
        value = results.provenance.get(name, {})
        return dict(value) if isinstance(value, Mapping) else {}

    return Section(
        "provenance",
        "Settings, versions and input",
        (
            "The same study file, input and seed give this report again, byte for byte, with the "
            "same versions of the software; run.json also records how long the stages took.",
        ),
        details=present(
            pairs(dict(results.settings), "setting", "value", "Settings, defaults included."),
            pairs(plain("versions"), "software", "version", "Software."),
            pairs(plain("inputs"), "file", "SHA-256", "Input files."),
        ),
    )
