"""Gene sets on the ranking of genes by an imaging model."""

from collections.abc import Iterator
from functools import partial

import pandas as pd

from omicsfuse import plot
from omicsfuse.core.results import Interpretation
from omicsfuse.plot.numbers import clean, format_p
from omicsfuse.report.section import Plan, file_name
from omicsfuse.report.tables import Table, make_table
from omicsfuse.report.words import first_genes, listing, plural
from omicsfuse.stats.levels import FDR

#: Gene sets that a sentence names.
_NAMED = 4


def sentences(model: Interpretation) -> list[str]:
    """Say which gene sets are associated, by the test that shuffles patients."""
    table, said = model.enrichment, []
    if table.empty:
        return []
    shuffled = bool(table["fdr_patients"].notna().any())
    p, rate = ("p_patients", "fdr_patients") if shuffled else ("p", "fdr")
    how = "patients shuffled" if shuffled else "random genes, so p-values too small"
    for adjusted in (False, True):
        block = table[table["adjusted"] == adjusted]
        if block.empty:
            continue
        ranking = "the adjusted ranking" if adjusted else "the ranking"
        family = f"{plural(len(block), 'test')}, {how}"
        significant = block[block[rate] <= FDR].sort_values([p, "gene_set"], kind="stable")
        if significant.empty:
            low = format_p(float(block[rate].min()), "smallest FDR")
            said.append(f"No gene set is associated with {ranking} of genes ({family}; {low}).")
        else:
            names = _named(significant, several=block["score"].nunique() > 1)
            be = "is" if len(significant) == 1 else "are"
            said.append(f"{names} {be} associated with {ranking} of genes ({family}).")
    return said


def _named(significant: pd.DataFrame, *, several: bool) -> str:
    """Name the first sets with their scores, and count the others."""
    names = [
        f"{clean(row['gene_set'])} (NES {row['nes']:.1f}"
        + (f", {clean(row['score'])}" if several else "")
        + ")"
        for _, row in significant.head(_NAMED).iterrows()
    ]
    if len(significant) > _NAMED:
        return f"{', '.join(names)} and {len(significant) - _NAMED} more"
    return listing(names)


def table(model: Interpretation) -> Table | None:
    """Gene sets with both kinds of p-values."""
    if model.enrichment.empty:
        return None
    rows = model.enrichment.sort_values(["p_patients", "p", "gene_set"], kind="stable")
    return make_table(
        rows.assign(leading_edge=[first_genes(genes) for genes in rows["leading_genes"]]),
        [
            *("gene_set", "score", "nes", "p_patients", "fdr_patients", "p", "fdr", "size"),
            *("stability", "leading_edge"),
        ],
        "Gene sets on the ranking of genes. p and FDR (patients): from shuffled patients, which "
        "keeps the correlation of genes. p and FDR: from random genes; too small where genes of a "
        "set are correlated. Stability: share of subsamples with the same sign.",
        most=30,
        file="interpretation_gene_sets.tsv",
    )


def figures(name: str, model: Interpretation) -> Iterator[Plan]:
    """Dots of gene sets."""
    if len(model.enrichment) and model.enrichment["nes"].notna().any():
        yield Plan(
            file_name("interpretation_gene_sets", name),
            "Gene sets",
            "Gene sets whose genes rise (red) or fall (blue) with the score. Dark rim: false "
            f"discovery rate at most {FDR:g} when patients are shuffled.",
            f"Dot plot of gene sets on the ranking of genes by {clean(name)}.",
            partial(plot.interpretation_gene_sets, model),
        )
