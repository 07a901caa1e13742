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
    """Say how many genes were tested, and list the pairs that were found."""
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
    shown["FDR of the correlation"] = [p_text(float(x)) for x in shown["correlation_fdr"]]
    columns = ["subtype", "gene", "expression", "expression interval", "methylation"]
    columns += ["methylation interval", "p", "fdr", "correlation within subtypes"]
    columns += ["FDR of the correlation"]
    return Content(
        "Which genes change in opposite directions in expression and methylation?",
        (" ".join(pair_sentences(results)),),
        tables=[
            make_table(
                shown.sort_values(["p", "gene"], kind="stable"),
                [*columns, "n_expression", "n_methylation", "n_both"],
                "Genes raised and less methylated in a subtype, or lowered and more methylated. "
                "Differences in means with 95% CI (methylation: M-values). p: the larger of both "
                "p-values. FDR: over all genes and subtypes.",
                most=20,
                file="expression_methylation.tsv",
            )
        ],
    )


def summary(results: RunResults) -> list[str]:
    """Say how many genes change in opposite directions, and which most, in which subtype."""
    pairs = _pairs(results)
    if pairs.empty:
        return []
    tested = pairs[pairs["p"].notna()]
    genes = plural(pairs["gene"].nunique(), "gene")
    family = f"over {plural(len(tested), 'comparison')}"
    opposed = tested[tested["fdr"] <= FDR]
    if opposed.empty:
        return [
            "There is no evidence that expression and methylation change in opposite directions "
            f"in a subtype ({genes}, FDR above {FDR:g} {family})."
        ]
    n, best = opposed["gene"].nunique(), opposed.sort_values(["p", "gene"], kind="stable").iloc[0]
    raised = best["expression_effect"] > 0
    return [
        f"Expression and methylation of {n} of {genes} change in opposite directions in a subtype "
        f"(FDR at most {FDR:g} {family}).",
        f"Smallest p: {clean(best['gene'])}, {'raised and less' if raised else 'lowered and more'} "
        f"methylated in {best['subtype']} (expression {_difference(best, 'expression')}; "
        f"methylation {_difference(best, 'methylation')}; {format_p(float(best['fdr']), 'FDR')}).",
    ]


def _difference(row: pd.Series, kind: str) -> str:
    low, high = row[f"{kind}_effect_ci_low"], row[f"{kind}_effect_ci_high"]
    return f"{row[f'{kind}_effect']:.2f}, 95% CI {low:.2f} to {high:.2f}"


def pair_sentences(results: RunResults) -> list[str]:
    """Say in how many patients genes were measured, and how many correlate within subtypes."""
    pairs = _pairs(results)
    n = {kind: int(pairs[f"n_{kind}"].max()) for kind in ("expression", "methylation", "both")}
    said = [
        f"{plural(pairs['gene'].nunique(), 'gene')} have both expression (up to "
        f"{plural(n['expression'], 'patient')}) and methylation (up to {n['methylation']}; both in "
        f"up to {n['both']})."
    ]
    each = pairs[pairs["p"].notna() & (pairs["fdr"] <= FDR)]
    if each.empty:
        return said
    each = each.sort_values(["p", "gene"], kind="stable").drop_duplicates("gene")
    within = each[(each["correlation_fdr"] <= FDR) & (each["correlation"] < 0)]
    tested = int(each["correlation_p"].notna().sum())
    said.append(
        f"Within subtypes, expression and methylation correlate negatively in {len(within)} of "
        f"{plural(tested, 'gene')} tested (Spearman correlation, FDR at most {FDR:g}). In the "
        "other genes, differences between subtypes do not indicate that methylation regulates "
        "expression."
        if tested
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
        "Difference between each subtype and all other patients in methylation (x-axis) and "
        f"expression (y-axis). Colour: opposite directions, FDR at most {FDR:g} over all genes and "
        "subtypes. Names: the six genes with the smallest p.",
        "Scatter of differences in expression against differences in methylation by subtype.",
        partial(plot.methylation_quadrants, pairs, results.subtypes.names),
    )


SECTION = Section("methylation", content, figures, summary=summary, on_subtypes=True)
