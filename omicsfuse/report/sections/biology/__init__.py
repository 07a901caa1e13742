"""The section on what marks the subtypes: portraits, the comprehensive heatmap, drivers, labels."""

from collections.abc import Iterator
from functools import partial

import pandas as pd

from omicsfuse import plot
from omicsfuse.core.results import RunResults
from omicsfuse.plot.biology import one_direction, select_markers
from omicsfuse.plot.network import MOST_DRAWN
from omicsfuse.report.references import Citations
from omicsfuse.report.section import Content, Plan, Section
from omicsfuse.report.sections.biology.drivers import driver_tables
from omicsfuse.report.sections.biology.known_labels import label_marker_sentences, label_table
from omicsfuse.report.sections.biology.portraits import portraits
from omicsfuse.report.tables import Table, make_table
from omicsfuse.report.words import drawn_of, listing, names_of_tests, plural
from omicsfuse.stats.levels import FDR


def content(results: RunResults) -> Content:
    """Sentences on all comparisons, a paragraph on each subtype, then what marks known labels."""
    texts = []
    if len(results.subtypes.names) == 1:
        texts.append("With one group there is nothing to compare features with.")
    elif results.markers.empty:
        texts.append("No markers were computed.")
    else:
        texts.append(_marker_sentences(results))
    texts += portraits(results)
    texts += label_marker_sentences(results)
    drivers = driver_tables(results)
    strongest = None if drivers else _strongest(results)
    return Content(
        "What characterises each subtype?",
        tuple(texts),
        details=(*drivers, strongest, label_table(results)),
    )


def _strongest(results: RunResults) -> Table | None:
    """Strongest markers of each layer, where no drivers were computed."""
    names = results.subtypes.names
    group, each = "subtype", "of each subtype"
    best = select_markers(results.markers, names, per_subtype=3)
    if len(names) == 2:
        group, each = " vs ".join(names), f"that tell {' from '.join(names)}"
        best = best.assign(**{group: _direction(best["effect"])}) if len(best) else best
    return make_table(
        best,
        ["layer", group, "feature", "effect", "p", "fdr", "n", "effect_name"],
        f"Strongest markers {each}, by layer. Up to three with a false discovery rate of at most "
        f"{FDR:g} (over all features and subtypes of a layer), raised ones first; markers.tsv has "
        "them all, with the tests.",
        file="markers.tsv",
    )


def _marker_sentences(results: RunResults) -> str:
    """Say how many comparisons found something, and what their p-values are worth."""
    names, fused = results.subtypes.names, list(results.fusion.per_layer)
    tested = one_direction(results.markers, names).dropna(subset=["p"])
    significant = int((tested["fdr"] <= FDR).sum())
    pair = "a feature with a subtype" if len(names) > 2 else f"a feature between {listing(names)}"
    texts = [
        f"{significant:,} of {len(tested):,} comparisons of {pair} have a false discovery rate of "
        f"at most {FDR:g} (Benjamini-Hochberg over all features and subtypes of one layer)."
    ]
    if len(names) == 2:
        texts.append(
            f"Two subtypes mirror each other: what is raised in {names[0]} is lowered in "
            f"{names[1]}, so each comparison is counted and shown once, as {' vs '.join(names)}."
        )
    layers = list(dict.fromkeys(results.markers["layer"]))
    same = [name for name in layers if name in fused]
    other = [name for name in layers if name not in fused]
    if same:
        texts.append(
            f"Subtypes were found on the fused layers ({listing(same)}): p-values of their "
            "features describe the subtypes and are no evidence that the subtypes exist."
        )
    if other:
        texts.append(
            f"Layers that were not fused ({listing(other)}) took no part in finding the subtypes; "
            "but where one measures the same as a fused layer, on another scale for instance, its "
            "p-values are as circular."
        )
    return " ".join(texts)


def _direction(effect: pd.Series) -> list[str]:
    """Write on which side of the other subtype the first one is."""
    return ["raised" if x > 0 else "lowered" if x < 0 else "" for x in effect]


def figures(results: RunResults) -> Iterator[Plan]:
    """All layers at a glance."""
    names = results.subtypes.names
    chosen = plot.heatmap_rows.heatmap_rows(results.prepared, results.subtypes, results.markers)
    if len(names) < 2 or chosen.empty:
        return
    bars = "the subtype that a row marks"
    if len(names) == 2:
        bars = f"the subtype in which a row is raised; {listing(names)} mirror each other"
    n = len(results.subtypes.labels)
    drivers = None if results.biology is None else results.biology.drivers
    annotated = not plot.annotation_rows.annotation_table(results.cohort, results.subtypes).empty
    yield Plan(
        "comprehensive_heatmap",
        "All layers at a glance",
        "Columns are patients by subtype, the most confident first; "
        + ("clinical values on top, below them, " if annotated else "")
        + f"layer by layer, features with a false discovery rate of at most {FDR:g}, strongest for "
        f"each subtype (bars at the left: {bars}). Of features that go together (correlation of "
        f"{plot.heatmap_rows.TOGETHER:g} or more) one is shown."
        + (" Clinical values took no part in finding the subtypes." if annotated else "")
        + drawn_of(n, MOST_DRAWN),
        f"Heatmap of marker features of {plural(chosen['layer'].nunique(), 'layer')} over "
        f"{plural(n, 'patient')} by subtype{', with clinical values on top' if annotated else ''}.",
        partial(
            plot.comprehensive_heatmap,
            results.prepared,
            results.subtypes,
            results.markers,
            cohort=results.cohort,
            drivers=drivers,
        ),
        image=True,
    )


def methods(results: RunResults, cite: Citations) -> Iterator[str]:
    """Name the tests of features."""
    if len(results.markers):
        tests = names_of_tests(results.markers)
        moderated = f" {cite('limma')}" if "moderated t" in tests else ""
        yield (
            f"Features of each subtype were compared with all other patients "
            f"({'; '.join(tests)}{moderated}); the false discovery rate {cite('fdr')} is over all "
            "features and subtypes of a layer."
        )


SECTION = Section(
    "biology",
    content,
    figures,
    methods,
    on_subtypes=True,
    paragraph="biology",
)
