"""The section on imaging heterogeneity: the index, how far to trust it, what goes with it."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import pandas as pd

from omicsfuse import plot
from omicsfuse.core.results import HeterogeneityIndex, RunResults
from omicsfuse.imaging.heterogeneity.mutant_alleles import MATH
from omicsfuse.imaging.heterogeneity.tests import OF_MATH, OF_SUBTYPES
from omicsfuse.plot.heterogeneity import heterogeneity_correlates, heterogeneity_survival
from omicsfuse.plot.numbers import clean, format_number, format_p
from omicsfuse.report.references import Citations
from omicsfuse.report.section import Content, Plan, Section
from omicsfuse.report.tables import make_table, with_interval
from omicsfuse.report.words import listing, plural, two_decimals
from omicsfuse.stats.levels import FDR

REFERENCES = {
    "su": "Su GH et al. Radiogenomic-based multiomic analysis reveals imaging intratumor "
    "heterogeneity phenotypes and therapeutic targets. Sci Adv 2023;9:eadf0837.",
    "math": "Mroz EA, Rocco JW. MATH, a novel measure of intratumor genetic heterogeneity, is high "
    "in poor-outcome classes of head and neck squamous cell carcinoma. Oral Oncol 2013;49:211-215.",
}

_FAMILIES = {
    "survival": "endpoints and adjustments",
    "clinical": "clinical columns",
    "genome": "burden of the genome",
    "technical": "technical variables",
    "scores": "scores",
}
#: From this correlation with volume on, the index is said to be largely about size.
_LARGELY = 0.5


def content(results: RunResults) -> Content | None:
    """Say what the heterogeneity index is made of, how stable it is, and what goes with it."""
    index = results.heterogeneity
    if index is None:
        return None
    return Content(
        "How heterogeneous are the images?",
        (" ".join(index_sentences(index)), " ".join(association_sentences(index))),
        tables=[_tests_table(index)],
        details=[_groups_table(index), _features_table(index)],
    )


def index_sentences(index: HeterogeneityIndex) -> list[str]:
    """Say what the index is, and how far to trust it."""
    params: Mapping[str, Any] = index.params
    said = [
        f"An index from 0 (even) to 1 (uneven) of {plural(len(index.patients), 'patient')}, from "
        f"{params['first_order_features']} first-order and {params['texture_features']} texture "
        f"features of layer {clean(params['layer'])} that measure heterogeneity, fused; it has a "
        "meaning within this cohort only. Its rank correlation with the disorder of grey levels "
        f"(entropies) is {params['correlation_with_disorder']:.2f}."
    ]
    volume = params.get("correlation_with_volume")
    if volume is None:
        said.append("Tumour volume is not known: how far the index is one of size cannot be said.")
    elif pd.notna(volume["correlation"]):
        told = (
            f"{volume['correlation']:.2f} (95% CI {volume['low']:.2f} to {volume['high']:.2f}, "
            f"n = {volume['n']})"
        )
        if params.get("adjust_volume"):
            said.append(f"Features were adjusted for tumour volume; what is left is {told}.")
        else:
            said.append(f"Its rank correlation with tumour volume is {told}.")
        if abs(volume["correlation"]) >= _LARGELY:
            said.append(
                "It is largely an index of size; what goes with it is to be read with the "
                "adjustment for volume."
            )
    stability = params.get("stability", {})
    if stability.get("n_resamples"):
        said.append(
            f"In {stability['n_resamples']} resamples of {100 * stability['share']:.0f}% of the "
            f"patients its rank correlation with itself is {stability['rank_correlation']:.2f} "
            f"(5% to 95%: {stability['low']:.2f} to {stability['high']:.2f}), the adjusted Rand "
            f"index of the groups {stability['group_agreement']:.2f}."
        )
    return said


def association_sentences(index: HeterogeneityIndex) -> list[str]:
    """Say what goes with the index, family by family, and what does not."""
    tests = index.tests
    if tests.empty or not tests["p"].notna().any():
        return ["Nothing could be tested against it: there is no endpoint and no variable."]
    said = _math_sentence(tests)
    tested = tests[tests["p"].notna()]
    for family, rows in tested.groupby("family", sort=False):
        significant = rows[rows["fdr"] <= FDR]
        words = _FAMILIES.get(str(family), str(family))
        if significant.empty:
            best = rows.sort_values("p", kind="stable").iloc[0]
            said.append(
                f"Of the {words} ({plural(len(rows), 'test')}) none goes with the index at a false "
                f"discovery rate of {FDR:g} (smallest: {_effect(best)})."
            )
        else:
            strongest = significant.sort_values("p", kind="stable").head(3)
            told = "; ".join(_effect(row) for _, row in strongest.iterrows())
            more = f"; and {len(significant) - 3} more" if len(significant) > 3 else ""
            said.append(
                f"Of the {words} ({plural(len(rows), 'test')}), {len(significant)} "
                f"{'goes' if len(significant) == 1 else 'go'} with it at a false discovery rate of "
                f"{FDR:g}: {told}{more}."
            )
            said += _subtypes_sentence(significant)
    untested = tests[(tests["family"] == "survival") & tests["p"].isna()]
    if len(untested):
        notes = listing(list(dict.fromkeys(untested["note"].astype(str))))
        said.append(f"Survival was not tested in {plural(len(untested), 'model')}: {notes}.")
    return said


def _math_sentence(tests: pd.DataFrame) -> list[str]:
    """Set the heterogeneity of the genome beside that of the image, where it is known."""
    rows = tests[tests["of"] == OF_MATH]
    if rows.empty:
        return []
    row = rows.iloc[0]
    if not pd.notna(row["p"]):
        patients = plural(int(row["n"]), "patient")
        return [
            f"{MATH} is known of {patients} with an index and was not compared with it: "
            f"{clean(row['note'])}."
        ]
    return [f"Beside heterogeneity of the genome: {_effect(row)}."]


def _effect(row: pd.Series) -> str:
    name, adjusted = clean(row["variable"]), str(row["adjusted_for"])
    with_ = f" adjusted for {clean(adjusted)}" if adjusted else ""
    interval = f"{float(row['effect_ci_low']):.2f} to {float(row['effect_ci_high']):.2f}"
    return (
        f"{name}{with_}, {clean(row['effect_name'])} {float(row['effect']):.2f} (95% CI "
        f"{interval}), n = {int(row['n'])}{_events(row)}, {format_p(float(row['p']))}, "
        f"{format_p(float(row['fdr']), 'FDR')}"
    )


def _events(row: pd.Series) -> str:
    """Events of a survival model, on which its precision hangs more than on patients."""
    return f" with {plural(int(row['events']), 'event')}" if row["kind"] == "survival" else ""


def _subtypes_sentence(tests: pd.DataFrame) -> list[str]:
    """Say that subtypes are no independent variable, where they are found to go with the index."""
    if not (tests["of"] == OF_SUBTYPES).any():
        return []
    return [
        "Where the subtypes were found on the same images, that they go with the index describes "
        "them and is no evidence."
    ]


def figures(results: RunResults) -> Iterator[Plan]:
    """Figures: patients along the index, its correlates, its hazard ratios."""
    index = results.heterogeneity
    if index is None:
        return
    blocks = dict.fromkeys(sorted(index.features["block"].astype(str)))
    yield Plan(
        "heterogeneity",
        "Patients along the heterogeneity index",
        "Above: the index of each patient, in the colour of the group. Below: "
        f"{' and, under the line, '.join(f'{name} features' for name in blocks)} that follow the "
        "index, with their rank correlation; entropies and uniformities first.",
        "Bars of the index of each patient above a heatmap of features.",
        partial(plot.heterogeneity_heatmap, index, results.prepared),
        image=True,
    )
    tests = index.tests
    if tests.empty:
        return
    if ((tests["effect_name"] == "Spearman correlation") & tests["effect"].notna()).any():
        yield Plan(
            "heterogeneity_correlates",
            "What goes with the index",
            "Spearman correlations with 95% intervals; filled squares: false discovery rate at "
            f"most {FDR:g} within the family of tests (the table names it). Categories are in the "
            "table.",
            "Dots with intervals of correlations with the index.",
            partial(heterogeneity_correlates, index),
        )
    ratios = tests[(tests["kind"] == "survival") & tests["effect"].notna()]
    adjusted = (ratios["adjusted_for"].fillna("").astype(str) != "").any()
    if len(ratios):
        yield Plan(
            "heterogeneity_survival",
            "Survival and the index",
            "Hazard ratios per standard deviation of the index"
            + (", alone and with covariates." if adjusted else "."),
            "Forest plot of hazard ratios of the index.",
            partial(heterogeneity_survival, index),
        )


def _tests_table(index: HeterogeneityIndex) -> Any:
    tests = index.tests
    if tests.empty:
        return None
    table = with_interval(tests, "effect", two_decimals)
    columns = ["variable", "adjusted_for", "n", "events", "effect_name", "effect"]
    columns += ["effect_interval", "p", "fdr", "family", "note"]
    said = [
        ("What goes with the heterogeneity index; FDR within each family.", True),
        ("Hazard ratios are per SD of the index.", (tests["kind"] == "survival").any()),
        ("Stage and grade are taken as steps.", (tests["kind"] == "order").any()),
        (
            "Subtypes that were fused from the same radiomic features are not independent of the "
            "index.",
            (tests["of"] == OF_SUBTYPES).any(),
        ),
    ]
    return make_table(
        table,
        columns,
        " ".join(text for text, there in said if there),
        file="heterogeneity_tests.tsv",
    )


def _groups_table(index: HeterogeneityIndex) -> Any:
    return make_table(
        index.groups.reset_index(),
        ["group", "n", "index_mean", "disorder_mean"],
        "Groups along the index, from the least disorder of grey levels to the most. They cut what "
        "may be a continuum.",
        file="heterogeneity_groups.tsv",
    )


def _features_table(index: HeterogeneityIndex) -> Any:
    features = index.features
    order = (-features["correlation"].abs()).argsort(kind="stable")
    table = features.iloc[order].assign(
        correlation=[format_number(value, 2) for value in features["correlation"].iloc[order]]
    )
    return make_table(
        table,
        ["feature", "block", "correlation"],
        "Features of the index and their rank correlation with it.",
        most=25,
        file="heterogeneity_features.tsv",
    )


def methods(results: RunResults, cite: Citations) -> Iterator[str]:
    """Say what the index is, and whose idea."""
    if results.heterogeneity is None:
        return
    text = (
        "The heterogeneity index is the coordinate of a patient along the fused network "
        f"{cite('snf')} of first-order and of texture features that follows the entropy of grey "
        "levels most. Similarity network fusion of first-order and texture features is the method "
        f"of Su et al. {cite('su')}; choice of features, order and scale of the index are those of "
        "omicsfuse."
    )
    if "math" in results.heterogeneity.patients:
        text += (
            f" Heterogeneity of the genome is MATH {cite('math')}, from all variants of the MAF."
        )
    yield text


SECTION = Section("heterogeneity", content, figures, methods, REFERENCES)
