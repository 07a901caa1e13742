"""The section on what marks the subtypes: portraits, the comprehensive heatmap, drivers, labels."""

from collections.abc import Iterator
from functools import partial

import pandas as pd

from omicsfuse import plot
from omicsfuse.core.results import RunResults
from omicsfuse.plot.biology import one_direction, select_markers
from omicsfuse.plot.network import MOST_DRAWN
from omicsfuse.plot.numbers import clean
from omicsfuse.report.references import Citations
from omicsfuse.report.section import Content, Plan, Section
from omicsfuse.report.sections.biology.drivers import driver_tables
from omicsfuse.report.sections.biology.known_labels import label_marker_sentences, label_table
from omicsfuse.report.sections.biology.portraits import portraits
from omicsfuse.report.tables import Table, make_table
from omicsfuse.report.words import drawn_of, listing, names_of_tests, plural, sentence_case
from omicsfuse.stats.levels import FDR


def summary(results: RunResults) -> list[str]:
    """Say how many features differ, and which subtype and layer most."""
    names = results.subtypes.names
    if len(names) < 2 or results.markers.empty:
        return []
    tested = one_direction(results.markers, names).dropna(subset=["p"])
    found = tested[tested["fdr"] <= FDR]
    pair = "a feature with a subtype" if len(names) > 2 else f"a feature between {listing(names)}"
    counts = (
        f"{len(found):,} of {len(tested):,} comparisons of {pair} have an FDR of at most {FDR:g} "
        "(Benjamini-Hochberg over all features and subtypes of a layer)."
    )
    if found.empty:
        return [counts]
    most = ""
    sizes = found["subtype"].astype(str).value_counts()
    first = sizes.index[sizes == sizes.max()]
    if len(names) > 2 and len(first) == 1:
        found, tested = (
            table[table["subtype"].astype(str) == first[0]] for table in (found, tested)
        )
        most = f"{first[0]} differs most ({plural(len(found), 'feature')}); "
    shares = found.groupby("layer").size() / tested.groupby("layer").size()
    layer = shares.idxmax()
    n, of = (int((table["layer"] == layer).sum()) for table in (found, tested))
    said = f"{most}the largest share of features is in {clean(layer)} ({n:,} of {of:,})."
    return [counts, sentence_case(said)]


def content(results: RunResults) -> Content:
    """A paragraph on each subtype, then the markers of known labels."""
    texts = []
    if len(results.subtypes.names) == 1:
        texts.append("All patients form one group: features cannot be compared.")
    elif results.markers.empty:
        texts.append("No markers were computed.")
    else:
        texts.append(_worth(results))
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
        group, each = " vs ".join(names), f"that distinguish {' from '.join(names)}"
        best = best.assign(**{group: _direction(best["effect"])}) if len(best) else best
    return make_table(
        best,
        ["layer", group, "feature", "effect", "p", "fdr", "n", "effect_name"],
        f"Strongest markers {each}, by layer. Up to three with an FDR of at most {FDR:g} (over all "
        "features and subtypes of a layer), raised features first.",
        file="markers.tsv",
    )


def _worth(results: RunResults) -> str:
    """What the p-values of features are worth, in fused layers and in others."""
    names, fused = results.subtypes.names, list(results.fusion.per_layer)
    texts = []
    if len(names) == 2:
        texts.append(
            f"A feature raised in {names[0]} is lowered in {names[1]}: each comparison is counted "
            f"and shown once, as {' vs '.join(names)}."
        )
    if results.subtypes.given:
        texts.append(
            "The subtypes are given labels: where they were derived from these data, p-values of "
            "features describe the labels and are no evidence for them."
        )
        return " ".join(texts)
    layers = list(dict.fromkeys(results.markers["layer"]))
    same = [name for name in layers if name in fused]
    other = [name for name in layers if name not in fused]
    if same:
        texts.append(
            f"The subtypes were found on the fused layers ({listing(same)}): p-values of these "
            "features describe the subtypes and are no evidence that the subtypes exist."
        )
    if other:
        texts.append(
            f"Layers that were not fused ({listing(other)}) took no part in finding the subtypes. "
            "The p-values of a layer with the same measurements as a fused layer, for instance on "
            "another scale, are equally circular."
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
    bars = "subtype marked by the row"
    if len(names) == 2:
        bars = "subtype in which the row is raised"
    n = len(results.subtypes.labels)
    drivers = None if results.biology is None else results.biology.drivers
    annotated = not plot.annotation_rows.annotation_table(results.cohort, results.subtypes).empty
    yield Plan(
        "comprehensive_heatmap",
        "All layers at a glance",
        "Columns: patients by subtype, highest confidence first. Rows: features of each layer with "
        f"an FDR of at most {FDR:g}, the strongest of each subtype (bars at the left: {bars}). Of "
        f"correlated features (correlation {plot.heatmap_rows.TOGETHER:g} or more), one is shown."
        + (" Top: clinical values, not used to find the subtypes." if annotated else "")
        + drawn_of(n, MOST_DRAWN),
        f"Heatmap of marker features of {plural(chosen['layer'].nunique(), 'layer')} over "
        f"{plural(n, 'patient')} by subtype{', with clinical values on top' if annotated else ''}.",
        partial(
            plot.comprehensive_heatmap,
            results.subtypes,
            results.prepared,
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
            f"Features were compared between each subtype and all other patients "
            f"({'; '.join(tests)}{moderated}); the false discovery rate {cite('fdr')} is over all "
            "features and subtypes of a layer."
        )


SECTION = Section(
    "biology",
    content,
    figures,
    methods,
    summary=summary,
    on_subtypes=True,
    paragraph="biology",
)
