"""The section on an imaging model: what goes with its score or class, said in sentences."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd

from omicsfuse import plot
from omicsfuse.plot.numbers import clean, format_number, format_p, p_text
from omicsfuse.report.plans import FigureView, Plan, file_name
from omicsfuse.report.tables import Table, make_table, with_interval
from omicsfuse.report.views import Section, present
from omicsfuse.report.words import listing, plural
from omicsfuse.results import Interpretation, RunResults

LEVEL = 0.05
#: From this correlation with the tumour's volume on, a score is called a measure of it.
MEASURE = 0.9
#: Associations in the table of the page, and of each layer in the folded ones.
MOST_ROWS = 15
RADIOMIC = "radiomic feature"

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
    shown = table[table["kind"] != RADIOMIC] if len(table) else table
    shown = shown[shown["fdr"] <= LEVEL] if len(shown) else shown
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


def interpretation_paragraphs(one: Interpretation) -> list[str]:
    """Say what goes with a model: volume first, then what was found and what was not.

    Parameters
    ----------
    one : Interpretation

    Returns
    -------
    list of str
        Paragraphs. The first says what the model gives, and whether that is a measure of volume.
    """
    params, n = one.params, len(one.scores)
    if one.kind == "class":
        sizes = [f"{clean(name)} ({count})" for name, count in params.get("classes", {}).items()]
        first = f"{clean(one.name)} gives {plural(n, 'patient')} one of the classes "
        first += f"{listing(sizes)}."
    else:
        first = f"{clean(one.name)} gives a score to {plural(n, 'patient')} of the cohort."
    paragraphs = [" ".join([first, *_volume(one)])]
    families = one.families[one.families["tests"] > 0] if len(one.families) else one.families
    described = families[families["kind"] != RADIOMIC] if len(families) else families
    found = [_found(one, row) for _, row in described.iterrows() if row["found"]]
    if found:
        paragraphs.append("Found at a false discovery rate of 0.05. " + " ".join(found))
    nothing = described[described["found"] == 0] if len(described) else described
    if len(nothing):
        parts = [
            f"{clean(row['layer'])} ({plural(int(row['tests']), 'test')}, n = {int(row['n'])}, "
            f"smallest {format_p(float(row['smallest_fdr']), 'FDR')})"
            for _, row in nothing.iterrows()
        ]
        many = nothing.iloc[int(nothing["tests"].to_numpy().argmax())]
        paragraphs.append(
            f"Nothing was found at a false discovery rate of 0.05 in {listing(parts)}; with "
            f"{plural(int(many['tests']), 'test')} in {plural(int(many['n']), 'patient')} a "
            f"correlation of {format_number(float(many['detectable']), 2)} or more would be found "
            "in four of five cases, a smaller one less often."
        )
    for further in (_sets(one) + _halves(one), _adjusting(one)):
        if further:
            paragraphs.append(" ".join(further))
    return paragraphs


def _volume(one: Interpretation) -> list[str]:
    """Say how much of the score is volume."""
    said = []
    for contrast, found in one.params.get("volume_correlation", {}).items():
        r = float(found["correlation"])
        if r != r:
            continue
        who = "It" if one.kind == "score" else clean(contrast)
        interval = f"95% CI {found['low']:.2f} to {found['high']:.2f}, n = {found['n']}"
        if abs(r) > MEASURE:
            said.append(
                f"{who} is a measure of the tumour's volume (Spearman correlation {r:.2f}, "
                f"{interval}): what goes with it goes with size, and little can be said of it "
                "beyond that."
            )
        elif one.kind == "score" or found["p"] <= LEVEL:
            said.append(
                f"{who} has a Spearman correlation of {r:.2f} with the tumour's volume "
                f"({interval})."
            )
    return said


def _found(one: Interpretation, row: pd.Series) -> str:
    """Say what was found in one family, and what is left of it once adjusted."""
    table = one.associations
    own = table[(table["layer"] == row["layer"]) & (table["kind"] == row["kind"])]
    own = own[own["fdr"] <= LEVEL]
    kept = own[own["adjusted_fdr"] <= LEVEL]
    top = (kept if len(kept) else own).iloc[0]
    ends = [float(top["effect_ci_low"]), float(top["effect_ci_high"])]
    interval = f", 95% CI {_two(ends[0])} to {_two(ends[1])}" if ends[0] == ends[0] else ""
    few = int(row["tests"]) == 1
    strongest = (
        ("" if few else f"{clean(top['feature'])}: ")
        + f"{clean(top['effect_name'])} {_two(float(top['effect']))}"
        f"{interval}, {format_p(float(top['p']))}, {format_p(float(top['fdr']), 'FDR')}"
    )
    layer, n = clean(row["layer"]), int(row["n"])
    text = f"{layer}: {int(row['found']):,} of {int(row['tests']):,} found (n = {n}; most clearly "
    text = f"{layer} (n = {n}; {strongest})" if few else f"{text}{strongest})"
    if int(row["adjusted_n"]) == 0:
        return f"{text}; not adjusted{_because(row)}."
    if int(row["kept"]) == int(row["found"]):
        return f"{text}; {'it stays' if few else 'all stay'} when adjusted."
    if not row["kept"]:
        gone = "it vanishes" if int(row["found"]) == 1 else "all vanish"
        return f"{text}; {gone} when adjusted (n = {int(row['adjusted_n'])})."
    return f"{text}; {int(row['kept']):,} stay when adjusted (n = {int(row['adjusted_n'])})."


def _because(row: pd.Series) -> str:
    return f" ({clean(row['note'])})" if isinstance(row["note"], str) and row["note"] else ""


def _two(value: float) -> str:
    return f"{value:.2f}" if abs(value) >= 0.095 else f"{value:.2g}"


def _sets(one: Interpretation) -> list[str]:
    """Say which gene sets there are, by the test that shuffles patients."""
    table, said = one.enrichment, []
    if table.empty:
        return []
    shuffled = bool(table["fdr_patients"].notna().any())
    p, rate = ("p_patients", "fdr_patients") if shuffled else ("p", "fdr")
    how = "patients shuffled" if shuffled else "random genes, so too often"
    for adjusted in (False, True):
        own = np.array([str(name).endswith(", adjusted") for name in table["score"]])
        block = table[own == adjusted]
        if block.empty:
            continue
        found = block[block[rate] <= LEVEL].sort_values([p, "gene_set"], kind="stable")
        ranking = "the adjusted ranking" if adjusted else "the ranking"
        family = f"{plural(len(block), 'test')}, {how}"
        if found.empty:
            low = format_p(float(block[rate].min()), "smallest FDR")
            said.append(f"No gene set is found on {ranking} of genes ({family}; {low}).")
            continue
        several = block["score"].nunique() > 1
        names = [
            f"{clean(row['gene_set'])} (NES {row['nes']:.1f}"
            + (f", {clean(row['score'])}" if several else "")
            + ")"
            for _, row in found.head(4).iterrows()
        ]
        more = f" and {len(found) - 4} more" if len(found) > 4 else ""
        joined = ", ".join(names) + more if more else listing(names)
        said.append(f"On {ranking} of genes {joined} are found ({family}).")
    return said


def _halves(one: Interpretation) -> list[str]:
    """Say how far the ranking of genes comes back in other patients."""
    table = one.stability
    own = table[table["layer"] == one.params.get("gene_layer")] if len(table) else table
    if len(own) != 1 or not own["split_half"].notna().all():
        return []
    row = own.iloc[0]
    return [
        f"Rankings of genes in two halves of the patients agree with a rank correlation of "
        f"{row['split_half']:.2f} (95% of divisions {row['split_half_low']:.2f} to "
        f"{row['split_half_high']:.2f}; 0 without any truth in them)."
    ]


def _adjusting(one: Interpretation) -> list[str]:
    names, without = one.params.get("adjusted_for", []), one.params.get("not_adjusted_for", [])
    said = []
    if names:
        said.append(f"Adjusted for {listing(names)}, which {_whole(one)} have.")
    else:
        said.append("Nothing was adjusted for.")
    if without:
        said.append(f"Not adjusted for: {'; '.join(clean(note) for note in without)}.")
    return said


def _whole(one: Interpretation) -> str:
    n, own = len(one.scores), int(one.params.get("n_adjusted", 0))
    return f"all {plural(n, 'patient')}" if own == n else f"{own} of {plural(n, 'patient')}"


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
