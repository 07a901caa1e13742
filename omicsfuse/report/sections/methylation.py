"""The section on genes whose expression and methylation move against each other in a subtype."""

from collections.abc import Iterator
from functools import partial

import pandas as pd

from omicsfuse import plot
from omicsfuse.core.results import RunResults
from omicsfuse.plot.numbers import clean, format_p
from omicsfuse.report.section import Content, Plan, Section
from omicsfuse.report.tables import make_table, with_interval
from omicsfuse.report.words import plural, told_apart, two_decimals
from omicsfuse.stats.levels import FDR
from omicsfuse.stats.p_values import p_text


def content(results: RunResults) -> Content | None:
    """Say how many genes were looked at, how many pairs were found, and which."""
    pairs = _pairs(results)
    if pairs.empty:
        return None
    told = pairs["subtype"].isin(told_apart(results.subtypes.names))
    shown = pairs[told & (pairs["fdr"] <= FDR)]
    for kind in ("expression", "methylation"):
        shown = with_interval(shown, f"{kind}_effect", two_decimals, f"{kind} interval")
    shown = shown.rename(columns={"correlation": "correlation within subtypes"})
    shown["expression"] = shown["expression_effect"].round(2)
    shown["methylation"] = shown["methylation_effect"].round(2)
    shown["correlation within subtypes"] = shown["correlation within subtypes"].round(2)
    shown["its FDR"] = [p_text(float(value)) for value in shown["correlation_fdr"]]
    columns = ["subtype", "gene", "expression", "expression interval", "methylation"]
    columns += ["methylation interval", "p", "fdr", "correlation within subtypes", "its FDR"]
    return Content(
        "Expression against methylation",
        (" ".join(pair_sentences(results)),),
        tables=[
            make_table(
                shown.sort_values(["p", "gene"], kind="stable"),
                [*columns, "n_expression", "n_methylation", "n_both"],
                "Genes raised and less methylated in a subtype, or lowered and more methylated. "
                "Differences of means with 95% CI (methylation: M-values); p: the larger of the "
                "two; FDR over all genes and subtypes.",
                most=20,
                file="expression_methylation.tsv",
            )
        ],
    )


def pair_sentences(results: RunResults) -> list[str]:
    """Say what was found, and how much of it goes together within subtypes."""
    pairs = _pairs(results)
    tested = pairs[pairs["p"].notna()]
    genes = pairs["gene"].nunique()
    family = f"FDR over {plural(len(tested), 'comparison')} of {plural(genes, 'gene')}"
    opposed = tested[tested["fdr"] <= FDR]
    most = int(pairs["n_methylation"].max()) if len(pairs) else 0
    said = [
        f"{plural(genes, 'gene')} have both expression (up to {int(pairs['n_expression'].max())} "
        f"patients) and methylation (up to {most}; both in {int(pairs['n_both'].max())})."
    ]
    if opposed.empty:
        said.append(f"None of them moves in opposite directions in a subtype at FDR {FDR:g} "
                    f"({family}).")  # fmt: skip
        return said
    best = opposed.sort_values(["p", "gene"], kind="stable").iloc[0]
    raised, n = best["expression_effect"] > 0, opposed["gene"].nunique()
    said.append(
        f"{plural(n, 'gene')} {'moves' if n == 1 else 'move'} in opposite directions in a subtype "
        f"({family}), most of all {clean(best['gene'])}, which is "
        f"{'raised and less' if raised else 'lowered and more'} methylated in {best['subtype']} "
        f"(expression {best['expression_effect']:.2f}, 95% CI "
        f"{best['expression_effect_ci_low']:.2f} to {best['expression_effect_ci_high']:.2f}; "
        f"methylation {best['methylation_effect']:.2f}, 95% CI "
        f"{best['methylation_effect_ci_low']:.2f} to {best['methylation_effect_ci_high']:.2f}; "
        f"{format_p(float(best['p']))}, {format_p(float(best['fdr']), 'FDR')})."
    )
    each = opposed.drop_duplicates("gene")
    within = each[(each["correlation_fdr"] <= FDR) & (each["correlation"] < 0)]
    asked = int(each["correlation_p"].notna().sum())
    said.append(
        f"Within subtypes, {len(within)} of the {asked} that could be asked go together (negative "
        f"Spearman correlation at FDR {FDR:g}); for the others, the differences between subtypes "
        "are no sign that methylation sets expression."
        if asked
        else "Too few patients have both for a correlation within subtypes."
    )
    return said


def _pairs(results: RunResults) -> pd.DataFrame:
    biology = results.biology
    return biology.methylation_pairs if biology is not None else pd.DataFrame()


def figures(results: RunResults) -> Iterator[Plan]:
    """Figure of differences in expression against differences in methylation."""
    pairs = _pairs(results)
    if pairs.empty or not pairs["p"].notna().any():
        return
    yield Plan(
        "methylation_pairs",
        "Expression against methylation, gene by gene",
        "Difference of each subtype from all other patients in methylation (across) and in "
        f"expression (upwards). Coloured: opposite directions at FDR {FDR:g} over all genes and "
        "subtypes; the six with the smallest p are named.",
        "Scatter of differences in expression against differences in methylation by subtype.",
        partial(plot.methylation_quadrants, pairs, results.subtypes.names),
    )


SECTION = Section("methylation", content, figures, on_subtypes=True)
