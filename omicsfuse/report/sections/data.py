"""The section on what was fused, and who was excluded on the way."""

from collections.abc import Iterator
from functools import partial

import pandas as pd

from omicsfuse import plot
from omicsfuse.core.results import RunResults
from omicsfuse.core.variables import level_list
from omicsfuse.report.section import Content, Plan, Section
from omicsfuse.report.tables import Table, exclusions_table, make_table
from omicsfuse.report.words import plural


def content(results: RunResults) -> Content:
    """List the layers as they went into the fusion, and everything left out."""
    metrics = results.fusion.params.get("metrics", {})
    coverage = results.fusion.coverage
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
    text = f"{len(results.subtypes.labels)} of {plural(len(coverage), 'patient')} were fused."
    if coverage.all(axis=None):
        text += " Every patient has every fused layer."
    exclusions = exclusions_table(results.exclusions)
    if exclusions is None:
        text += " Nothing was excluded."
    layers = make_table(
        frame, list(frame.columns), "The layers as they went into the fusion.", file="run.json"
    )
    return Content(
        "Who and what was analysed?",
        (text,),
        tables=[layers, exclusions],
        details=[_variables(results)],
    )


def _variables(results: RunResults) -> Table | None:
    """What was decided of the clinical columns, and words that were taken as missing."""
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
        "The clinical columns, and what each holds: decided once, for every analysis.",
    )


def _measured(results: RunResults, name: str) -> int | None:
    """Number of features that a layer came with, before any was left out."""
    layer = results.cohort.omics.get(name)
    return None if layer is None else layer.table.shape[1]


def figures(results: RunResults) -> Iterator[Plan]:
    """Layers that came together, where not every patient brought all."""
    fusion = results.fusion
    if fusion.coverage.all(axis=None):
        return
    yield Plan(
        "coverage",
        "Which layers came together",
        "Each column of dots is one combination of layers, the "
        "bar above it the number of patients that brought exactly these; in brackets, all "
        "patients of a layer.",
        f"Bar chart of layer combinations over {plural(len(fusion.coverage), 'patient')}.",
        partial(plot.coverage, fusion),
    )


SECTION = Section("data", content, figures)
