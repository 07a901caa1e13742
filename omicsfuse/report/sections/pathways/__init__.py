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
    circular_sentence,
    overall_table,
    rest_table,
    score_sentence,
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


def summary(results: RunResults) -> list[str]:
    """Say how many gene sets differ between patients, then how many are enriched."""
    if _nothing_done(results):
        return []
    names, biology = results.subtypes.names, results.biology or Biology()
    between = score_sentence(biology.score_tests, names)
    return [text for text in (between, _enriched(results, alone=not between)) if text]


def _nothing_done(results: RunResults) -> bool:
    biology = results.biology or Biology()
    parts = (results.enrichment, biology.gene_sets, biology.over_representation, biology.scores)
    return all(part.empty for part in parts)


def content(results: RunResults) -> Content | None:
    """Say which gene sets distinguish the subtypes, and what the evidence is worth."""
    if _nothing_done(results):
        return None
    biology = results.biology or Biology()
    texts = [
        " ".join(sentences)
        for sentences in (
            _coverage_sentences(results, biology),
            _enrichment_sentences(results),
            _marker_sentences(biology.over_representation, results.subtypes.names),
            circular_sentence(biology.score_tests),
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
    """Figures of gene sets: dots, running sums, scores of each patient."""
    names, table = results.subtypes.names, results.enrichment
    biology = results.biology or Biology()
    against = "a subtype against all other patients"
    if len(names) == 2:
        against = f"{names[0]} against {names[1]}, which shows the opposite"
    if len(table) and table["nes"].notna().any():
        yield Plan(
            "pathways",
            "Gene sets of the subtypes",
            f"Gene sets raised (red) or lowered (blue) in {against}; one set of each group of "
            f"similar sets. Larger dots: smaller FDR. Dark rim: FDR at most {FDR:g}. Genes were "
            "permuted, not patients: p is too small where genes of a set are correlated.",
            "Dot plot of enrichment scores of gene sets in each subtype.",
            partial(plot.pathways, table, subtypes=names),
        )
    if len(biology.running_sums):
        yield Plan(
            "enrichment_plots",
            "Running sums of enriched gene sets",
            f"Genes are ranked by moderated t in {against}. Top: running sum of a set; the largest "
            "deviation from zero is the enrichment score. Ticks: ranks of the genes of the set. "
            "Bottom: moderated t of these genes.",
            "Running sums of gene sets along the ranking of genes.",
            partial(enrichment_plots, biology.running_sums, enrichment=table, subtypes=names),
        )
    if len(biology.scores) and len(biology.scores.columns):
        method = clean(biology.params.get("method", ""))
        yield Plan(
            "gene_set_scores",
            "Gene sets in each patient",
            f"Scores of gene sets{f' ({method})' if method else ''} as z-scores over the patients. "
            "Shown: the sets that differ most between subtypes (one of each group of similar "
            "sets), ordered by the subtype with the highest score. Grey: no score.",
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
    texts = [
        f"{tested:,} of {plural(len(table), 'gene set')} could be tested for enrichment, with "
        f"{low} to {high} measured genes."
        if tested < len(table)
        else f"All {plural(len(table), 'gene set')} have {low} to {high} measured genes."
    ]
    if tested < len(table) / 2:
        texts.append("The data say nothing about the other sets.")
    if tested and "group" in table:
        groups = table.loc[table["tested"], "group"].replace("", pd.NA).nunique()
        if groups < tested:
            texts.append(
                f"The sets tested fall into {plural(groups, 'group')} that share most of their "
                "genes; one set of each group is shown."
            )
    return texts


def _enriched(results: RunResults, *, alone: bool) -> str:
    """How many comparisons are enriched; the strongest too, where this is the only answer."""
    tested = _tested(results)
    if tested.empty:
        return "No gene set was tested for enrichment."
    found = tested[tested["fdr"] <= FDR]
    text = (
        f"Enrichment analysis with permuted genes, which finds too many sets: {len(found):,} of "
        f"{len(tested):,} comparisons of a gene set with a subtype have an FDR of at most {FDR:g} "
        "(Benjamini-Hochberg over all sets and subtypes)"
    )
    if found.empty or not alone:
        return f"{text}."
    first = found.sort_values(["p", "gene_set"], kind="stable").iloc[0]
    return f"{text}; smallest p in {clean(first['subtype'])}: {_set_in_words(first)}."


def _tested(results: RunResults) -> pd.DataFrame:
    table = one_direction(results.enrichment, results.subtypes.names)
    return table.dropna(subset=["p"]) if len(table) else table


def _set_in_words(row: pd.Series) -> str:
    side = "raised" if row["nes"] > 0 else "lowered"
    return f"{clean(row['gene_set'])}, {side} (NES {row['nes']:.2f}, {format_p(row['fdr'], 'FDR')})"


def _enrichment_sentences(results: RunResults) -> list[str]:
    """The sets with the smallest p on rankings of genes, and what the p-values are worth."""
    tested = _tested(results)
    if tested.empty:
        return []
    enriched = tested[tested["fdr"] <= FDR]
    each = []
    for name in results.subtypes.names:
        rows = enriched[enriched["subtype"] == name]
        if rows.empty:
            continue
        rows = rows[rows["representative"]] if "representative" in rows else rows
        first = rows.sort_values(["p", "gene_set"], kind="stable").iloc[0]
        each.append(f"Smallest p in {name}: {_set_in_words(first)}.")
    missed = int((tested["at_floor"] & (tested["fdr"] > FDR)).sum())
    if missed:
        each.append(
            f"{plural(missed, 'comparison')} exceeded every random set but "
            f"{'is' if missed == 1 else 'are'} not significant after correction for the number of "
            "sets: more random sets (n_permutations) are needed."
        )
    text = (
        "The null hypothesis permutes genes, not patients. Genes of a set are correlated, which "
        "makes these p-values too small: with shuffled labels of 106 head and neck tumours, more "
        "than half of the data sets had significant sets. These p-values rank "
        "gene sets and prove nothing by themselves."
    )
    if results.biology is not None and len(results.biology.score_tests):
        text += " The comparison of patient scores is not affected."
    return [*each, text]


def _marker_sentences(table: pd.DataFrame, names: list[str]) -> list[str]:
    """Sets over-represented among the markers."""
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
        f"set with raised or lowered markers have an FDR of at most {FDR:g}. This test also "
        "assumes independent genes."
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
        f"Enrichment, the {EACH} smallest p of each subtype. One set of each group of similar "
        "sets. NES: enrichment score divided by the mean of random sets of the same sign. p is at "
        "its floor where no random set scored as high.",
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
        "Overlap: markers among the measured genes of the set. Markers: all markers of the subtype "
        "in this direction. Odds ratio with exact confidence interval.",
        file="over_representation.tsv",
    )


def methods(results: RunResults, cite: Citations) -> Iterator[str]:
    """Describe enrichment, and the limits of its p-values."""
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
            f"the rest, and each score was compared with {random} of the same size. This permutes "
            "genes, not patients: p-values are too small where genes of a set are correlated. The "
            "false discovery rate is over all gene sets and subtypes."
        )


SECTION = Section(
    "pathways",
    content,
    figures,
    methods,
    REFERENCES,
    summary,
    on_subtypes=True,
    paragraph="biology",
)
