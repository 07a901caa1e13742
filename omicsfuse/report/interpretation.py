"""The section on an imaging model: what goes with its score or class, said in sentences."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import pandas as pd

from omicsfuse import plot
from omicsfuse.core.kinds import image_families
from omicsfuse.core.results import Interpretation, RunResults
from omicsfuse.plot.numbers import clean, format_number, p_text
from omicsfuse.report.interpretation_words import interpretation_paragraphs
from omicsfuse.report.pathways_tables import first_genes
from omicsfuse.report.plans import FigureView, Plan, file_name
from omicsfuse.report.tables import Table, make_table, with_interval
from omicsfuse.report.views import Section, present
from omicsfuse.report.words import plural
from omicsfuse.stats.levels import FDR

#: Associations in the table of the page, and of each layer in the folded ones.
MOST_ROWS = 15

_CIRCULAR = (
    "Whether the model was trained on these patients, on their outcome or on molecular data, "
    "cannot be seen from its scores: what it was trained on goes with it by construction. "
    "Associations are no causes, and hold for this cohort until they are found in another."
)


def interpretation_anchor(name: str) -> str:
    """Anchor of a model's section.

    Examples
    --------
    >>> from omicsfuse.report.interpretation import interpretation_anchor
    >>> interpretation_anchor("risk / CT")
    'interpretation_risk_CT'
    """
    return file_name("interpretation", name)


def interpretation_sections(results: RunResults, figures: Sequence[FigureView]) -> list[Section]:
    """One section a model.

    Parameters
    ----------
    results : RunResults
        The run.
    figures : sequence of FigureView
        All figures of the report; each section takes those that name it.

    Returns
    -------
    list of Section
        Empty where no model was interpreted.
    """
    return model_sections(results.interpretations, figures)


def interpretation_plans(results: RunResults) -> Iterator[Plan]:
    """Figures of all models.

    Parameters
    ----------
    results : RunResults

    Yields
    ------
    Plan
    """
    yield from model_plans(results.interpretations)


def model_sections(
    interpretations: Mapping[str, Interpretation], figures: Sequence[FigureView]
) -> list[Section]:
    """One section a model, without a run around them.

    Parameters
    ----------
    interpretations : mapping of str to Interpretation
        By name.
    figures : sequence of FigureView
        Figures.

    Returns
    -------
    list of Section
    """
    return [_section(name, one, figures) for name, one in interpretations.items()]


def _section(name: str, one: Interpretation, figures: Sequence[FigureView]) -> Section:
    anchor = interpretation_anchor(name)
    first, *rest = interpretation_paragraphs(one)
    table = one.associations
    shown = table[~table["kind"].isin(image_families())] if len(table) else table
    shown = shown[shown["fdr"] <= FDR] if len(shown) else shown
    if len(shown):
        order = shown["vanishes"].astype(bool)
        shown = shown.assign(_last=order).sort_values(["_last", "p"], kind="stable")
    details = [
        _associations(part, f"Strongest of layer {clean(layer)}. By p; {_family(part)}", MOST_ROWS)
        for layer, part in (table.groupby("layer", sort=False) if len(table) else ())
    ]
    return Section(
        anchor,
        f"Imaging model: {clean(name)}",
        (first, *rest, _CIRCULAR),
        figures=tuple(figure for figure in figures if figure.section == anchor),
        tables=present(
            make_table(
                _readable(one.families),
                [
                    "layer",
                    "kind",
                    "n",
                    "tests",
                    "found",
                    "smallest_fdr",
                    "adjusted_n",
                    "adjusted_found",
                    "kept",
                    "detectable",
                    "note",
                ],
                "Families of tests. Found: false discovery rate of at most 0.05 (Benjamini-"
                "Hochberg over the family); kept: found, and found adjusted. Detectable: the "
                "correlation that a single test at 0.05 over the number of tests finds with a "
                "power of 80%.",
            ),
            _associations(
                shown,
                "What was found, radiomic features apart. Those that stay when adjusted come "
                "first; vanishes: found, and not found once adjusted. Stability: share of "
                "subsamples of 80% of the patients in which the feature is among the strongest "
                "5% of its layer.",
                MOST_ROWS,
            ),
        ),
        details=present(_gene_sets(one), *details, _stability(one)),
    )


def _readable(families: pd.DataFrame) -> pd.DataFrame:
    """Families with their smallest rates as text, and blanks where nothing was adjusted."""
    table = families.copy()
    if table.empty:
        return table
    table["smallest_fdr"] = [p_text(float(value)) for value in table["smallest_fdr"]]
    return table


def _family(part: pd.DataFrame) -> str:
    return f"the family is {plural(len(part), 'test')}."


def _associations(table: pd.DataFrame, caption: str, most: int) -> Table | None:
    if table.empty:
        return None
    table = with_interval(
        table, "effect_ci_low", "effect_ci_high", "effect_interval", format_number
    )
    table = with_interval(
        table, "adjusted_ci_low", "adjusted_ci_high", "adjusted 95% CI", format_number
    )
    table = table.assign(vanishes=["yes" if gone else "" for gone in table["vanishes"]])
    columns = [
        *("feature", "layer", "contrast", "n", "effect", "effect_interval", "effect_name", "p"),
        *("fdr", "vanishes", "adjusted_effect", "adjusted 95% CI", "adjusted_fdr", "stability"),
    ]
    if table["contrast"].nunique() == 1:
        columns.remove("contrast")
    return make_table(table, columns, caption, most=most)


def _gene_sets(one: Interpretation) -> Table | None:
    if one.enrichment.empty:
        return None
    columns = [
        "gene_set",
        "score",
        "nes",
        "p_patients",
        "fdr_patients",
        "p",
        "fdr",
        "size",
        "stability",
        "leading_edge",
    ]
    table = one.enrichment.sort_values(["p_patients", "p", "gene_set"], kind="stable")
    table = table.assign(leading_edge=[first_genes(genes) for genes in table["leading_edge"]])
    return make_table(
        table,
        columns,
        "Gene sets on the ranking of genes. p and FDR (patients): patients shuffled, which keeps "
        "genes correlated as they are; p and FDR without that word: random genes, too small where "
        "genes of a set are correlated. Stability: share of subsamples with the same sign.",
        most=30,
    )


def _stability(one: Interpretation) -> Table | None:
    if one.stability.empty:
        return None
    table = with_interval(one.stability, "low", "high", "interval", format_number)
    table = with_interval(
        table, "split_half_low", "split_half_high", "95% of halves", format_number
    )
    columns = [
        "layer",
        "contrast",
        "n_resamples",
        "rank_correlation",
        "interval",
        "split_half",
        "95% of halves",
    ]
    return make_table(
        table,
        columns,
        "Stability of the rankings. Rank correlation of subsamples of 80% with all patients (about "
        "0.9 by chance alone, since they share patients), and of two halves, which share nobody "
        "(about 0 by chance).",
    )


def model_plans(interpretations: Mapping[str, Interpretation]) -> Iterator[Plan]:
    """Figures of all models, without a run around them.

    Parameters
    ----------
    interpretations : mapping of str to Interpretation

    Yields
    ------
    Plan
        Genes, gene sets, and the score by subtype, each where there is one.
    """
    for name, one in interpretations.items():
        anchor = interpretation_anchor(name)
        genes = plot.interpretation.gene_rows(one)
        if len(genes):
            layer = clean(genes["layer"].iloc[0])
            yield Plan(
                file_name("interpretation_genes", name),
                anchor,
                "Genes that go with it most clearly",
                f"Effects in layer {layer} with 95% intervals, as they are and adjusted; at the "
                "right false discovery rates over all genes of the layer. The strongest of many "
                "look stronger than they are.",
                f"Effects of the {len(genes)} genes most clearly associated with {clean(name)}.",
                partial(plot.interpretation_genes, one),
            )
        if len(one.enrichment) and one.enrichment["nes"].notna().any():
            yield Plan(
                file_name("interpretation_gene_sets", name),
                anchor,
                "Gene sets",
                "Gene sets whose genes rise (red) or fall (blue) with it. A dark rim marks a "
                "false discovery rate of at most 0.05 when patients are shuffled.",
                f"Dot plot of gene sets on the ranking of genes by {clean(name)}.",
                partial(plot.interpretation_gene_sets, one),
            )
        if one.params.get("subtypes"):
            yield Plan(
                file_name("interpretation_subtypes", name),
                anchor,
                "By subtype",
                "Each dot is a patient, the line the median."
                if one.kind == "score"
                else "Share of each class among the patients of a subtype.",
                f"{clean(name)} by subtype.",
                partial(plot.interpretation_groups, one),
            )
