"""The altered genome: genes that differ between subtypes, and how often they are altered."""

import math
from collections.abc import Iterator
from functools import partial

import pandas as pd

from omicsfuse import plot
from omicsfuse.biology.alterations import MINIMUM_ALTERED
from omicsfuse.core.results import RunResults
from omicsfuse.plot.alterations_grid import LONG, MOST_PATIENTS
from omicsfuse.plot.altered_cells import ONE_LEVEL, SAME_PATIENTS, STAR, oncoprint_genes
from omicsfuse.plot.numbers import clean
from omicsfuse.report.references import Citations
from omicsfuse.report.section import Plan
from omicsfuse.report.tables import Table, make_table
from omicsfuse.report.words import drawn_of, listing, names_of_tests
from omicsfuse.stats.levels import FDR

REFERENCES = {
    "freeman": "Freeman GH, Halton JH. Note on an exact treatment of contingency, goodness of fit "
    "and other problems of significance. Biometrika 1951;38:141-149.",
}

#: Genes of a layer and an alteration in the table of altered genes; two whose shares are nearer
#: than this in every subtype are taken for neighbours, and the first stands for both.
_MOST_GENES, _SAME_SHARE = 5, 0.08


def sentences(results: RunResults) -> list[str]:
    """Say how many genes differ, family by family, and what that is worth."""
    table = results.alterations
    tested = table.dropna(subset=["p"]) if len(table) else table
    if tested.empty:
        return ["No gene was altered in enough patients to be tested."] if len(table) else []
    parts = []
    for (layer, alteration), rows in tested.groupby(["layer", "alteration"], sort=False):
        differing = int((rows["fdr"] <= FDR).sum())
        parts.append(f"{differing:,} of {len(rows):,} {clean(alteration)} ({clean(layer)})")
    fused = [name for name in dict.fromkeys(tested["layer"]) if name in results.fusion.per_layer]
    text = (
        f"Altered genes that differ between subtypes (FDR at most {FDR:g}): {listing(parts)}. "
        "Neighbouring genes share copy-number changes and are not separate findings."
    )
    if fused and not results.subtypes.given:
        noun = "Layer" if len(fused) == 1 else "Layers"
        text += (
            f" {noun} {listing(fused)} {'was' if len(fused) == 1 else 'were'} fused: p-values "
            "describe the subtypes and are no evidence that the subtypes exist."
        )
    return [text]


def genes_table(results: RunResults) -> Table | None:
    """The altered genes with the smallest false discovery rates."""
    table = results.alterations
    if table.empty:
        return None
    named = {f"share_{name}": name for name in results.subtypes.names}
    shares = [str(column) for column in table if column in named]
    rows: list[int] = []
    for _, family in table.dropna(subset=["p"]).groupby(["layer", "alteration"], sort=False):
        rows += _apart(family.sort_values(["p", "gene"], kind="stable"), shares)
    best = table.loc[rows]
    percent = {
        name: [f"{100 * x:.0f}%" if math.isfinite(x) else "-" for x in best[name]]
        for name in shares
    }
    frame = best.assign(**percent).rename(columns=named)
    columns = ["gene", "alteration", "layer", "n", "n_altered", *(named[share] for share in shares)]
    caption = (
        "Altered genes by subtype. Percentages: patients of the subtype with the alteration. Up to "
        f"{_MOST_GENES} genes of each layer and kind of alteration, smallest p first; of "
        "neighbouring genes with nearly the same percentages, one is shown. FDR: "
        "Benjamini-Hochberg over the genes tested of one layer and one kind of alteration."
    )
    return make_table(
        frame, [*columns, "test", "effect", "p", "fdr"], caption, file="alterations.tsv"
    )


def _apart(family: pd.DataFrame, shares: list[str]) -> list[int]:
    """Rows of the first genes whose shares are not those of one before."""
    taken: list[int] = []
    values = family[shares].fillna(0)
    for row in family.index:
        near = (values.loc[taken] - values.loc[row]).abs().max(axis=1)
        if not (near < _SAME_SHARE).any():
            taken.append(row)
        if len(taken) == _MOST_GENES:
            break
    return taken


def figures(results: RunResults) -> Iterator[Plan]:
    """Altered genes over patients."""
    altered = results.alterations
    if len(altered):
        yield Plan(
            "oncoprint",
            "Altered genes",
            _caption(results),
            "Grid of altered genes over patients by subtype.",
            partial(plot.oncoprint, altered, results.subtypes, results.cohort),
        )


def _caption(results: RunResults) -> str:
    """Say what the rows and the percentages are, with the marks that are drawn."""
    marks = set(oncoprint_genes(results.cohort, results.subtypes, results.alterations).values())
    rows = "Rows: genes most often mutated, amplified or deleted"
    if STAR in marks:
        rows = (
            "Rows: genes that differ between subtypes by mutations, amplifications or deletions "
            f"({STAR}: FDR at most {FDR:g}), and genes most often altered in these ways"
        )
    any_change = ""
    if ONE_LEVEL in marks:
        rows += (
            "; last, up to a quarter, genes and arms that differ only by gains or losses of one "
            f"level ({ONE_LEVEL})"
        )
        any_change = f" (rows with {ONE_LEVEL}: with any change)"
    some = drawn_of(len(results.subtypes.labels), MOST_PATIENTS)
    return (
        f"Columns: patients by subtype. {rows}. Of genes altered in nearly the same patients "
        f"({SAME_PATIENTS:.0%} or more in common), one is shown. Percentages: patients with a "
        f"mutation, amplification or deletion{any_change}, of patients in whom a layer measures "
        "the gene. White: not measured. Above: altered genes of each patient, and clinical values; "
        f"at the right: patients with each alteration. {LONG}: a long gene, mutated often in any "
        f"disease.{some}"
    )


def methods(results: RunResults, cite: Citations) -> Iterator[str]:
    """Name the tests of altered genes."""
    if len(results.alterations) and results.alterations["p"].notna().any():
        tests = names_of_tests(results.alterations)
        yield (
            "Mutations and copy-number changes of each gene were compared between subtypes "
            f"({'; '.join(tests)}; Fisher's test of more than two subtypes by Freeman and Halton "
            f"{cite('freeman')}), where at least {MINIMUM_ALTERED} patients had the alteration and "
            f"at least {MINIMUM_ALTERED} did not. The false discovery rate is over the genes of a "
            "layer and a kind of alteration."
        )
