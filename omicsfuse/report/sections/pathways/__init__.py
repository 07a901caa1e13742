"""The section on gene sets: enrichment, over-representation, scores of each patient."""

from collections.abc import Iterator
from functools import partial

import pandas as pd

from omicsfuse import plot
from omicsfuse.core.results import Biology, RunResults
from omicsfuse.plot.biology import one_direction
from omicsfuse.plot.numbers import clean, format_number, format_p
from omicsfuse.plot.running_sums import enrichment_plots
from omicsfuse.report.references import Citations
from omicsfuse.report.section import Content, Plan, Section
from omicsfuse.report.sections.pathways.patient_scores import (
    EACH,
    overall_table,
    rest_table,
    score_sentences,
    told_once,
)
from omicsfuse.report.tables import Table, make_table, with_interval
from omicsfuse.report.words import first_genes, plural, settings_of
from omicsfuse.stats.levels import FDR

REFERENCES = {
    "gsea": "Subramanian A et al. Gene set enrichment analysis: a knowledge-based approach for "
    "interpreting genome-wide expression profiles. Proc Natl Acad Sci USA 2005;102:15545-15550. "
    "doi:10.1073/pnas.0506580102",
    "gseapy": "Fang Z, Liu X, Peltz G. GSEApy: a comprehensive package for performing gene set "
    "enrichment analysis in Python. Bioinformatics 2023;39:btac757. "
    "doi:10.1093/bioinformatics/btac757",
}


def content(results: RunResults) -> Content | None:
    """Say which gene sets tell the subtypes apart, and what the evidence is worth."""
    biology = results.biology or Biology()
    parts = (results.enrichment, biology.gene_sets, biology.over_representation, biology.scores)
    if all(part.empty for part in parts):
        return None
    texts = [
        " ".join(sentences)
        for sentences in (
            _coverage_sentences(results, biology),
            _enrichment_sentences(results),
            _marker_sentences(biology.over_representation, results.subtypes.names),
            score_sentences(biology.score_tests, results.subtypes.names),
        )
        if sentences
    ]
    return Content(
        "Which gene sets differ?",
        tuple(texts),
        details=[
            enrichment_table(results.enrichment, results.subtypes.names),
            marker_table(biology.over_representation, results.subtypes.names),
            overall_table(told_once(biology)),
            rest_table(told_once(biology), results.subtypes.names),
        ],
    )


def figures(results: RunResults) -> Iterator[Plan]:
    """Figures of gene sets: dots, heatmap, running sums, scores of each patient."""
    names, table = results.subtypes.names, results.enrichment
    biology = results.biology or Biology()
    against = "a subtype against all other patients"
    if len(names) == 2:
        against = f"{names[0]} against {names[1]}, which shows the opposite"
    if len(table) and table["nes"].notna().any():
        yield Plan(
            "pathways",
            "Gene sets of the subtypes",
            f"Gene sets raised (red) or lowered (blue) in {against}; of sets made of much the same "
            "genes, one. Larger dots have a smaller false discovery rate; a dark rim marks one "
            f"below {FDR:g}. Genes were permuted, not patients: where genes of a set are "
            "correlated, p is too small.",
            "Dot plot of enrichment scores of gene sets in each subtype.",
            partial(plot.pathways, table, subtypes=names),
        )
        if "group" in table and table["gene_set"].nunique() > 1 and len(names) > 1:
            yield Plan(
                "pathway_heatmap",
                "Gene sets by subtype",
                f"Normalised enrichment scores; a dot marks a false discovery rate below {FDR:g}. "
                "One row a group of sets that share most of their genes, named by the set with the "
                "smallest p.",
                "Heatmap of enrichment scores, gene sets against subtypes.",
                partial(plot.pathway_heatmap, table, subtypes=names),
            )
    if len(biology.running_sums):
        yield Plan(
            "enrichment_plots",
            "How enrichment comes about",
            f"Genes are ranked by their moderated t in {against}. Above, the running sum of a set: "
            "its largest excursion from zero is the enrichment score. Ticks: genes of the set at "
            "their places in the ranking. Below, their t.",
            "Running sums of gene sets along the ranking of genes.",
            partial(enrichment_plots, biology.running_sums, enrichment=table, subtypes=names),
        )
    if len(biology.scores) and len(biology.scores.columns):
        method = clean(biology.params.get("method", ""))
        yield Plan(
            "gene_set_scores",
            "Gene sets in each patient",
            f"Scores of gene sets{f' ({method})' if method else ''} as z-scores over the patients; "
            "the sets that differ most between subtypes (one of a group of like sets), by the "
            "subtype in which they are highest. Grey: no score.",
            "Heatmap of gene set scores over patients by subtype.",
            partial(
                plot.score_heatmap, biology.scores, results.subtypes, tests=biology.score_tests
            ),
            image=True,
        )


def _coverage_sentences(results: RunResults, biology: Biology) -> list[str]:
    """How many of the sets could be tested at all."""
    table = biology.gene_sets
    if table.empty:
        return []
    settings = results.settings.get("enrichment")
    low, high = (
        (settings.get("min_size", 10), settings.get("max_size", 500))
        if isinstance(settings, dict)
        else (10, 500)
    )
    tested = int(table["tested"].sum())
    text = (
        f"{plural(len(table), 'gene set')} were given; {tested:,} could be tested for enrichment, "
        f"having {low} to {high} genes among those measured."
        if tested < len(table)
        else f"All {plural(len(table), 'gene set')} given have {low} to {high} genes among those "
        "measured."
    )
    texts = [text]
    if tested < len(table) / 2:
        texts.append(
            "Nothing can be said of the others: what they stand for may be present or absent."
        )
    if tested and "group" in table:
        groups = table.loc[table["tested"], "group"].replace("", pd.NA).nunique()
        if groups < tested:
            texts.append(
                f"The sets tested fall into {plural(groups, 'group')} that share most of their "
                "genes; of each group one set is shown."
            )
    return texts


def _enrichment_sentences(results: RunResults) -> list[str]:
    """What was found on rankings of genes, and on what the p-values rest."""
    names = results.subtypes.names
    table = one_direction(results.enrichment, names)
    tested = table.dropna(subset=["p"]) if len(table) else table
    if tested.empty:
        return ["No gene set was tested for enrichment."]
    enriched = tested[tested["fdr"] <= FDR]
    texts = [
        f"Enrichment on genes ranked by moderated t: {len(enriched):,} of {len(tested):,} "
        f"comparisons of a gene set with a subtype have a false discovery rate of at most {FDR} "
        "(Benjamini-Hochberg over all sets and subtypes)."
    ]
    for name in names:
        rows = enriched[enriched["subtype"] == name]
        if rows.empty:
            continue
        rows = rows[rows["representative"]] if "representative" in rows else rows
        first = rows.sort_values(["p", "gene_set"], kind="stable").iloc[0]
        side = "raised" if first["nes"] > 0 else "lowered"
        texts.append(
            f"Smallest p in {name}: {clean(first['gene_set'])}, {side} (NES {first['nes']:.2f}, "
            f"{format_p(first['fdr'], 'FDR')})."
        )
    floored = tested[tested["at_floor"]]
    if len(floored) and (floored["fdr"] > FDR).any():
        texts.append(
            f"{plural(int((floored['fdr'] > FDR).sum()), 'comparison')} went beyond every random "
            "set and still miss that rate, since so many sets were tested: more random sets "
            "(n_permutations) would tell."
        )
    text = (
        "The null hypothesis permutes genes, not patients. Genes of a set are correlated, which "
        "makes these p-values too small: with labels shuffled among 106 head and neck tumours, "
        "sets were found in more than half of the data sets (docs/pathways.md). They order gene "
        "sets, and prove nothing by themselves."
    )
    if results.biology is not None and len(results.biology.score_tests):
        text += " The comparison of patients below does not have this fault."
    texts.append(text)
    return texts


def _marker_sentences(table: pd.DataFrame, names: list[str]) -> list[str]:
    """What was found among the markers."""
    table = one_direction(table, names)
    if table.empty:
        return []
    tested = table.dropna(subset=["p"])
    background = int(table["background"].iloc[0])
    if tested.empty:
        return [
            "Over-representation was not tested: no subtype has markers among the "
            f"{background:,} genes."
        ]
    enriched = tested[tested["fdr"] <= FDR]
    return [
        f"Over-representation among markers (one-sided Fisher tests against the {background:,} "
        f"genes measured, not the genome): {len(enriched):,} of {len(tested):,} comparisons of a "
        f"set with raised or lowered markers have a false discovery rate of at most {FDR}. This "
        "test too takes genes as independent."
    ]


def enrichment_table(table: pd.DataFrame, names: list[str]) -> Table | None:
    """List the sets that represent their groups, those with the smallest p of each subtype."""
    table = one_direction(table, names)
    if table.empty:
        return None
    table = table[table["representative"]] if "representative" in table else table
    table = table.dropna(subset=["p"]).groupby("subtype", sort=False).head(EACH)
    table = table.assign(
        leading_edge=[first_genes(genes) for genes in table["leading_genes"]],
        note=[
            "p at its floor" if floored else note
            for floored, note in zip(table["at_floor"], table["note"], strict=True)
        ],
    )
    columns = ["subtype", "gene_set", "size", "nes", "p", "fdr", "leading_edge", "note"]
    return make_table(
        table,
        columns,
        f"Enrichment, the {EACH} smallest p of each subtype. One set a group of like sets; NES: "
        "enrichment score over the mean of random sets on its side; p is at its floor where none "
        "of these scored as much. enrichment.tsv has all.",
        file="enrichment.tsv",
    )


def marker_table(table: pd.DataFrame, names: list[str]) -> Table | None:
    """List the sets over-represented among markers."""
    table = one_direction(table, names)
    enriched = table[table["fdr"] <= FDR] if len(table) else table
    if enriched.empty:
        return None
    enriched = enriched.groupby(["subtype", "direction"], sort=False).head(EACH)
    enriched = with_interval(enriched, "odds_ratio", format_number)
    enriched = enriched.assign(
        genes_in_common=[first_genes(genes) for genes in enriched["common"]],
        overlap=[
            f"{k} of {size}" for k, size in zip(enriched["overlap"], enriched["size"], strict=True)
        ],
    )
    columns = ["subtype", "direction", "gene_set", "overlap", "n_marked", "odds_ratio", "interval"]
    return make_table(
        enriched,
        [*columns, "p", "fdr", "genes_in_common", "note"],
        f"Over-representation among markers, up to {EACH} sets of each subtype and direction. "
        "Overlap: markers among the measured genes of the set; n marked: markers of the subtype in "
        "that direction; odds ratio with exact interval; over_representation.tsv has all.",
        file="over_representation.tsv",
    )


def methods(results: RunResults, cite: Citations) -> Iterator[str]:
    """Describe enrichment, and what its p-values are worth."""
    if len(results.enrichment):
        settings = settings_of(results, "enrichment")
        permutations = settings.get("n_permutations")
        random = f"{int(permutations):,} random sets" if permutations else "random sets"
        sizes = ""
        if "min_size" in settings and "max_size" in settings:
            sizes = f" of {settings['min_size']} to {settings['max_size']} genes"
        yield (
            f"Gene sets{sizes} were tested by preranked enrichment analysis {cite('gsea')} with "
            f"gseapy {cite('gseapy')}: genes were ranked by the moderated t of the subtype against "
            f"the rest, and each score was held against {random} of as many genes. This permutes "
            "genes, not patients, so that p-values are too small where genes of a set are "
            "correlated; the false discovery rate is over all gene sets and subtypes."
        )


SECTION = Section(
    "pathways", content, figures, methods, REFERENCES, on_subtypes=True, paragraph="biology"
)
