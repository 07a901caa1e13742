"""The section on gene sets: enrichment, over-representation, scores of each patient."""

from collections.abc import Iterator
from functools import partial

import pandas as pd

from omicsfuse import plot
from omicsfuse.core.results import Biology, RunResults
from omicsfuse.plot.biology import one_direction
from omicsfuse.plot.numbers import clean, format_number, format_p
from omicsfuse.report.pathways_tables import (
    enrichment_table,
    marker_table,
    overall_table,
    rest_table,
    told_once,
)
from omicsfuse.report.plans import FigureView, Plan
from omicsfuse.report.views import Section, present
from omicsfuse.report.words import plural
from omicsfuse.stats.levels import FDR


def pathways_section(results: RunResults, figures: tuple[FigureView, ...]) -> Section | None:
    """Say which gene sets tell the subtypes apart, and what the evidence is worth.

    Parameters
    ----------
    results : RunResults
        The run.
    figures : tuple of FigureView
        Figures of the section.

    Returns
    -------
    Section or None
        None where no gene set was looked at.
    """
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
            _score_sentences(biology.score_tests, results.subtypes.names),
        )
        if sentences
    ]
    return Section(
        "pathways",
        "Gene sets",
        tuple(texts),
        figures=figures,
        details=present(
            enrichment_table(results.enrichment, results.subtypes.names),
            marker_table(biology.over_representation, results.subtypes.names),
            overall_table(told_once(biology)),
            rest_table(told_once(biology), results.subtypes.names),
        ),
    )


def pathways_plans(results: RunResults) -> Iterator[Plan]:
    """Figures of gene sets: dots, heatmap, running sums, scores of each patient."""
    names, table = results.subtypes.names, results.enrichment
    biology = results.biology or Biology()
    against = "a subtype against all other patients"
    if len(names) == 2:
        against = f"{names[0]} against {names[1]}, which shows the opposite"
    if len(table) and table["nes"].notna().any():
        yield Plan(
            "pathways",
            "pathways",
            "Gene sets of the subtypes",
            f"Gene sets raised (red) or lowered (blue) in {against}; of sets made of much the same "
            "genes, one. Larger dots have a smaller false discovery rate; a dark rim marks one "
            "below 0.05. Genes were permuted, not patients: where genes of a set are correlated, p "
            "is too small.",
            "Dot plot of enrichment scores of gene sets in each subtype.",
            partial(plot.pathways, table, subtypes=names),
        )
        if "group" in table and table["gene_set"].nunique() > 1 and len(names) > 1:
            yield Plan(
                "pathway_heatmap",
                "pathways",
                "Gene sets by subtype",
                "Normalised enrichment scores; a dot marks a false discovery rate below 0.05. One "
                "row a group of sets that share most of their genes, named by the set with the "
                "smallest p.",
                "Heatmap of enrichment scores, gene sets against subtypes.",
                partial(plot.pathway_heatmap, table, subtypes=names),
            )
    if len(biology.running_sums):
        yield Plan(
            "enrichment_plots",
            "pathways",
            "How enrichment comes about",
            f"Genes are ranked by their moderated t in {against}. Above, the running sum of a set: "
            "its largest excursion from zero is the enrichment score. Ticks: genes of the set at "
            "their places in the ranking. Below, their t.",
            "Running sums of gene sets along the ranking of genes.",
            partial(plot.enrichment_plots, biology.running_sums, enrichment=table, subtypes=names),
        )
    if len(biology.scores) and len(biology.scores.columns):
        method = clean(biology.params.get("method", ""))
        yield Plan(
            "gene_set_scores",
            "pathways",
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
    found = tested[tested["fdr"] <= FDR]
    texts = [
        f"Enrichment on genes ranked by moderated t: {len(found):,} of {len(tested):,} comparisons "
        f"of a gene set with a subtype have a false discovery rate of at most {FDR} "
        "(Benjamini-Hochberg over all sets and subtypes)."
    ]
    for name in names:
        own = found[found["subtype"] == name]
        if own.empty:
            continue
        own = own[own["representative"]] if "representative" in own else own
        first = own.sort_values(["p", "gene_set"], kind="stable").iloc[0]
        side = "raised" if first["nes"] > 0 else "lowered"
        texts.append(
            f"Smallest p in {name}: {clean(first['gene_set'])}, {side} (NES {first['nes']:.2f}, "
            f"{format_p(first['fdr'], 'FDR')})."
        )
    floored = tested[tested["note"].astype(str).str.startswith("p at its floor")]
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
    found = tested[tested["fdr"] <= FDR]
    return [
        f"Over-representation among markers (one-sided Fisher tests against the {background:,} "
        f"genes measured, not the genome): {len(found):,} of {len(tested):,} comparisons of a set "
        f"with raised or lowered markers have a false discovery rate of at most {FDR}. This test "
        "too takes genes as independent."
    ]


def _score_sentences(table: pd.DataFrame, names: list[str]) -> list[str]:
    """What differs between subtypes when patients are the units."""
    if table.empty:
        return []
    overall = table[table["comparison"] == "overall"].dropna(subset=["p"])
    if overall.empty:
        return ["Scores of patients could not be compared: too few patients have them."]
    found = overall[overall["fdr"] <= FDR]
    text = (
        f"Scores of each patient, compared between subtypes: {len(found):,} of {len(overall):,} "
        f"gene sets differ at a false discovery rate of at most {FDR} (family: all sets, overall "
        "and each subtype against the rest)."
    )
    rest = table[(table["comparison"] != "overall") & (table["fdr"] <= FDR)]
    if len(names) == 2:
        rest = rest[rest["comparison"] == names[0]]
    if rest.empty:
        return [text]
    first = (
        rest.assign(size=-rest["effect"].abs()).sort_values(["p", "size"], kind="stable").iloc[0]
    )
    where = "higher" if first["effect"] > 0 else "lower"
    low, high = (format_number(first[name], 2) for name in ("effect_ci_low", "effect_ci_high"))
    return [
        text,
        f"The strongest: {clean(first['score'])} is {where} in {clean(first['comparison'])} "
        f"(rank-biserial correlation {format_number(first['effect'], 2)}, 95% CI {low} to {high}, "
        f"n = {int(first['n'])}, {format_p(first['fdr'], 'FDR')}).",
        "Where the subtypes were found on the same genes, such differences describe them and are "
        "no evidence that they exist.",
    ]
