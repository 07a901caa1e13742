"""The section on the layers that were fused, and the patients who were excluded."""

from collections.abc import Iterator
from functools import partial

import pandas as pd

from omicsfuse import plot
from omicsfuse.core.results import RunResults
from omicsfuse.core.variables import level_list
from omicsfuse.report.section import Content, Plan, Section
from omicsfuse.report.tables import Table, exclusions_table, make_table
from omicsfuse.report.words import listing, plural


def summary(results: RunResults) -> list[str]:
    """Count the patients analysed, those excluded and those with missing layers."""
    coverage = results.fusion.coverage
    n, considered, whole = len(results.subtypes.labels), len(coverage), n_patients(results)
    text = f"All {n} patients were analysed"
    if whole > n:
        outside = "in no fused layer"
        outside += " or without a label" if results.subtypes.given else ""
        why = {outside: whole - considered, "without required layers": considered - n}
        said = ", ".join(f"{count} {reason}" for reason, count in why.items() if count)
        text = f"{n} of {whole} patients were analysed; {whole - n} excluded ({said})"
    some = n - int(coverage.loc[results.fusion.patients].all(axis=1).sum())
    lack = "lacks a layer and was" if some == 1 else "lack a layer and were"
    texts = [
        f"{text}. {some} of the {n} {lack} fused by the others."
        if some
        else f"{text}. Each patient analysed has every fused layer."
    ]
    if dropped := dropped_layers(results):
        noun, had = ("Layer", "was") if len(dropped) == 1 else ("Layers", "were")
        texts.append(f"{noun} {listing(dropped)} {had} excluded: no usable feature.")
    return texts


def n_patients(results: RunResults) -> int:
    """Count the patients of the cohort: of its clinical table, else of all its layers."""
    cohort, known = results.cohort, set(results.fusion.coverage.index)
    tables = [layer.table for layer in cohort.omics.values()]
    for table in tables if cohort.clinical is None else [cohort.clinical]:
        known.update(table.index)
    return len(known)


def dropped_layers(results: RunResults) -> list[str]:
    """Name the layers that preprocessing left without any feature."""
    excluded = {each.layer for each in results.exclusions if each.step == "preprocess"}
    return [
        name
        for name in results.cohort.omics
        if name in excluded and name not in results.prepared.layers
    ]


def content(results: RunResults) -> Content:
    """List the fused layers, and all exclusions."""
    metrics = results.fusion.params.get("metrics", {})
    frame = pd.DataFrame(
        [
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
    )
    exclusions = exclusions_table(results.exclusions)
    layers = make_table(frame, list(frame.columns), "The layers analysed.", file="run.json")
    return Content(
        "Who and what was analysed?",
        () if exclusions else ("Nothing was excluded.",),
        notes=tuple(f"{note[:1].upper()}{note[1:]}." for note in results.cohort.notes),
        tables=[layers, exclusions],
        details=[_variables(results)],
    )


def _variables(results: RunResults) -> Table | None:
    """Types of the clinical columns, and words that were taken as missing."""
    known = results.cohort.variables
    if known.empty:
        return None
    frame = pd.DataFrame(
        {
            "clinical column": known.index,
            "type": known["type"],
            "decided by": known["why"],
            "levels": [level_list(row) for _, row in known.iterrows()],
            "known": known["n_known"],
            "missing": known["n_missing"],
            "words taken as missing": [
                ", ".join(f"{word} ({n})" for word, n in cells.items())
                for cells in known["missing_words"]
            ],
        }
    )
    return make_table(
        frame,
        list(frame.columns),
        "The clinical columns and their types. Types are decided once, for every analysis.",
    )


def _measured(results: RunResults, name: str) -> int | None:
    """Number of features that a layer came with, before any was excluded."""
    layer = results.cohort.omics.get(name)
    return None if layer is None else layer.table.shape[1]


def figures(results: RunResults) -> Iterator[Plan]:
    """Combinations of layers, where some patients lack a layer."""
    fusion = results.fusion
    if fusion.coverage.all(axis=None):
        return
    yield Plan(
        "coverage",
        "Combinations of layers",
        "Each column of dots is one combination of layers; the bar above it is the number of "
        "patients with exactly these layers. In brackets: all patients with the layer.",
        f"Bar chart of layer combinations over {plural(len(fusion.coverage), 'patient')}.",
        partial(plot.coverage, fusion),
    )


SECTION = Section("data", content, figures, summary=summary)
