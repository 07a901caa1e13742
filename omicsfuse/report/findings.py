"""The section on what marks the subtypes: features and gene sets."""

from typing import Any

import pandas as pd

from omicsfuse.plot.biology import one_direction, select_markers
from omicsfuse.plot.colours import position
from omicsfuse.report.plans import FigureView
from omicsfuse.report.tables import make_table
from omicsfuse.report.views import Section, present
from omicsfuse.report.words import listing
from omicsfuse.results import RunResults


def biology_section(results: RunResults, figures: tuple[FigureView, ...]) -> Section:
    """Show what marks the subtypes: features and gene sets."""
    texts = []
    if len(results.subtypes.names) == 1:
        texts.append("With one group there is nothing to compare features with.")
    elif results.markers.empty:
        texts.append("No markers were computed.")
    else:
        texts += _marker_sentences(results)
    if results.enrichment.empty:
        texts.append(
            "No gene set was tested: no gene sets were given, or none has enough genes in the "
            "expression layer."
        )
    names = results.subtypes.names
    group, each = "subtype", "of each subtype"
    best = select_markers(results.markers, names, per_subtype=3)
    paths = one_direction(results.enrichment, names)
    if len(names) == 2:
        group, each = " vs ".join(names), f"that tell {' from '.join(names)}"
        best = best.assign(**{group: _direction(best["effect"])}) if len(best) else best
        paths = paths.assign(**{group: _direction(paths["nes"])}) if len(paths) else paths
    columns = ["layer", group, "feature", "effect", "p", "fdr", "n", "effect_name"]
    if len(paths):
        paths = paths.sort_values([group, "fdr", "p"], key=_natural, kind="stable")
        paths = paths.groupby(group, sort=False).head(8)
        paths = paths.assign(leading_edge=[_first_genes(genes) for genes in paths["leading_edge"]])
    named = [group, "gene_set", "size", "nes", "p", "fdr", "leading_edge", "note"]
    return Section(
        "biology",
        "Markers and pathways",
        tuple(texts),
        figures=figures,
        details=present(
            make_table(
                best,
                columns,
                f"Strongest markers {each}, by layer. Up to three with a false discovery rate of "
                "at most 0.05 (over all features and subtypes of a layer), raised ones first; "
                "markers.tsv has them all, with the tests.",
            ),
            make_table(
                paths,
                named,
                f"Gene sets {each}, smallest FDR first. FDR: Benjamini-Hochberg over all gene "
                "sets and subtypes; genes were permuted and those of a set are correlated, which "
                "makes p too small: read it as a ranking.",
            ),
        ),
    )


def _marker_sentences(results: RunResults) -> list[str]:
    """Say how many comparisons found something, and what their p-values are worth."""
    names, fused = results.subtypes.names, list(results.fusion.per_layer)
    tested = one_direction(results.markers, names).dropna(subset=["p"])
    found = int((tested["fdr"] <= 0.05).sum())
    what = "a feature with a subtype" if len(names) > 2 else f"a feature between {listing(names)}"
    texts = [
        f"{found:,} of {len(tested):,} comparisons of {what} have a false discovery rate of at "
        "most 0.05."
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


def _natural(column: pd.Series) -> pd.Series:
    """Sort key: raised before lowered before neither, S10 after S9, numbers as they are."""
    if pd.api.types.is_numeric_dtype(column):
        return column
    places = {"raised": -3, "lowered": -2, "": -1}
    return column.map(lambda name: places.get(name, position(str(name))))


def _first_genes(genes: Any) -> str:
    """Write the first six genes of a leading edge."""
    names = [gene for gene in str(genes).split(";") if gene] if isinstance(genes, str) else []
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
