"""The section on what marks the subtypes: portraits, the comprehensive heatmap, drivers, labels."""

import pandas as pd

from omicsfuse.core.results import RunResults
from omicsfuse.plot.biology import one_direction, select_markers
from omicsfuse.report.drivers import driver_tables, label_marker_sentences, label_table
from omicsfuse.report.plans import FigureView
from omicsfuse.report.portraits import portraits
from omicsfuse.report.tables import Table, make_table
from omicsfuse.report.views import Section, present
from omicsfuse.report.words import listing
from omicsfuse.stats.levels import FDR


def biology_section(results: RunResults, figures: tuple[FigureView, ...]) -> Section:
    """Describe the subtypes by what marks them.

    Parameters
    ----------
    results : RunResults
        The run.
    figures : tuple of FigureView
        Figures of the section.

    Returns
    -------
    Section
        Sentences on all comparisons, a paragraph on each subtype, then what marks known labels.
    """
    texts = []
    if len(results.subtypes.names) == 1:
        texts.append("With one group there is nothing to compare features with.")
    elif results.markers.empty:
        texts.append("No markers were computed.")
    else:
        texts += _marker_sentences(results)
    texts += portraits(results)
    texts += label_marker_sentences(results)
    drivers = driver_tables(results)
    strongest = () if drivers else present(_strongest(results))
    return Section(
        "biology",
        "What marks the subtypes",
        tuple(texts),
        figures=figures,
        details=(*drivers, *strongest, *present(label_table(results))),
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
        "0.05 (over all features and subtypes of a layer), raised ones first; markers.tsv has them "
        "all, with the tests.",
    )


def _marker_sentences(results: RunResults) -> list[str]:
    """Say how many comparisons found something, and what their p-values are worth."""
    names, fused = results.subtypes.names, list(results.fusion.per_layer)
    tested = one_direction(results.markers, names).dropna(subset=["p"])
    found = int((tested["fdr"] <= FDR).sum())
    what = "a feature with a subtype" if len(names) > 2 else f"a feature between {listing(names)}"
    texts = [
        f"{found:,} of {len(tested):,} comparisons of {what} have a false discovery rate of at "
        "most 0.05 (Benjamini-Hochberg over all features and subtypes of one layer)."
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
    return [" ".join(texts)]


def _direction(effect: pd.Series) -> list[str]:
    """Write on which side of the other subtype the first one is."""
    return ["raised" if x > 0 else "lowered" if x < 0 else "" for x in effect]
