"""The section on imaging heterogeneity: the index, how far to trust it, its associations."""

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
from omicsfuse.report.section import Content, Plan, Points, Section
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
    "survival": "Survival",
    "clinical": "Clinical columns",
    "genome": "Genome",
    "technical": "Technical variables",
    "scores": "Scores",
}
#: From this correlation with volume on, the index is said to be largely about size.
_LARGELY = 0.5
#: Share of the variance of the index from which its groups are said to follow it.
_FOLLOW = 0.5


def summary(results: RunResults) -> Iterator[str]:
    """Say what the index is, and whether it largely measures size."""
    index = results.heterogeneity
    if index is None:
        return
    said = (
        f"The heterogeneity index places {plural(len(index.patients), 'patient')} between 0 (even "
        "images) and 1 (uneven images)."
    )
    volume = index.params.get("correlation_with_volume")
    if volume is not None and pd.notna(volume["correlation"]):
        value = (
            f"{volume['correlation']:.2f} (95% CI {volume['low']:.2f} to {volume['high']:.2f}, "
            f"n = {volume['n']})"
        )
        told = "Its rank correlation with tumour volume is"
        if _measures_size(index):
            told = "It largely measures tumour size: its rank correlation with tumour volume is"
        if index.params.get("adjust_volume"):
            told = f"Its features were adjusted for tumour volume. {told}"
        said += f" {told} {value}."
    yield said


def _measures_size(index: HeterogeneityIndex) -> bool:
    """Whether the index is said to be largely about size."""
    volume = index.params.get("correlation_with_volume")
    return volume is not None and abs(volume["correlation"]) >= _LARGELY


def caveats(results: RunResults) -> Iterator[str]:
    """Size, groups that do not follow the index, subtypes of the same images."""
    index = results.heterogeneity
    if index is None:
        return
    if index.params.get("correlation_with_volume") is None:
        yield "Tumour volume is not known: the index may reflect tumour size."
    elif _measures_size(index):
        yield "Associations with the index may reflect tumour size."
    share = group_share(index)
    if share < _FOLLOW:
        yield (
            f"The groups do not follow the index: they explain {_percent(share)} of its variance."
        )
    tests = index.tests
    if len(tests) and ((tests["of"] == OF_SUBTYPES) & (tests["fdr"] <= FDR)).any():
        yield (
            "If the subtypes were found with the same images, their association with the index is "
            "a description and no evidence."
        )


def group_share(index: HeterogeneityIndex) -> float:
    """Share of the variance of the index that its groups explain; NaN where there is one group."""
    values, group = index.patients["index"], index.patients["group"]
    about = values - values.mean()
    total = float((about**2).sum())
    if group.nunique() < 2 or not total:
        return float("nan")
    return float((about.groupby(group).transform("mean") ** 2).sum()) / total


def _percent(share: float) -> str:
    return f"{format_number(100 * share, 2)}%"


def content(results: RunResults) -> Content | None:
    """Say what the heterogeneity index is made of, how stable it is, and its associations."""
    index = results.heterogeneity
    if index is None:
        return None
    return Content(
        "How heterogeneous are the images?",
        (
            " ".join(index_sentences(index)),
            Points("Associations with the index:", association_sentences(index)),
        ),
        tables=[_tests_table(index)],
        details=[_groups_table(index), _features_table(index)],
    )


def index_sentences(index: HeterogeneityIndex) -> list[str]:
    """Say what the index is made of, and how stable it is."""
    params: Mapping[str, Any] = index.params
    said = [
        f"The index combines {params['first_order_features']} first-order and "
        f"{params['texture_features']} texture features of layer {clean(params['layer'])} that "
        "measure heterogeneity. It compares patients of this cohort only. Its rank correlation "
        "with the disorder of grey levels (entropies) is "
        f"{params['correlation_with_disorder']:.2f}."
    ]
    stability = params.get("stability", {})
    if stability.get("n_resamples"):
        said.append(
            f"In {stability['n_resamples']} resamples of {100 * stability['share']:.0f}% of the "
            "patients, the median rank correlation with the reported index is "
            f"{stability['rank_correlation']:.2f} (5% to 95%: {stability['low']:.2f} to "
            f"{stability['high']:.2f}); the median adjusted Rand index of the groups is "
            f"{stability['group_agreement']:.2f}."
        )
    return said


def association_sentences(index: HeterogeneityIndex) -> list[str]:
    """Say what is associated with the index, family by family, and what is not."""
    tests = index.tests
    if tests.empty or not tests["p"].notna().any():
        return ["Not tested: there is no endpoint and no variable."]
    said = _math_sentence(tests)
    tested = tests[tests["p"].notna()]
    for family, rows in tested.groupby("family", sort=False):
        significant = rows[rows["fdr"] <= FDR]
        name = _FAMILIES.get(str(family), clean(family))
        among = f"among {plural(len(rows), 'test')} (FDR at most {FDR:g})"
        if significant.empty:
            best = rows.sort_values("p", kind="stable").iloc[0]
            said.append(f"{name}: no association {among}. Smallest p: {_effect(best)}.")
        else:
            strongest = significant.sort_values("p", kind="stable").head(3)
            told = "; ".join(_effect(row) for _, row in strongest.iterrows())
            more = f"; and {len(significant) - 3} more" if len(significant) > 3 else ""
            count = plural(len(significant), "association")
            said.append(f"{name}: {count} {among}: {told}{more}.")
    untested = tests[(tests["family"] == "survival") & tests["p"].isna()]
    if len(untested):
        notes = listing(list(dict.fromkeys(untested["note"].astype(str))))
        said.append(f"Survival was not tested in {plural(len(untested), 'model')}: {notes}.")
    return said


def _math_sentence(tests: pd.DataFrame) -> list[str]:
    """Say how the heterogeneity of the genome is associated with that of the image."""
    rows = tests[tests["of"] == OF_MATH]
    if rows.empty:
        return []
    row = rows.iloc[0]
    if not pd.notna(row["p"]):
        patients = plural(int(row["n"]), "patient")
        return [
            f"Heterogeneity of the genome was not tested: {MATH} and the index are known for "
            f"{patients} ({clean(row['note'])})."
        ]
    return [f"Heterogeneity of the genome: {_effect(row)}."]


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
    """Events of a survival model: its precision depends on them more than on patients."""
    return f" with {plural(int(row['events']), 'event')}" if row["kind"] == "survival" else ""


def figures(results: RunResults) -> Iterator[Plan]:
    """Figures: patients along the index, its correlates, its hazard ratios."""
    index = results.heterogeneity
    if index is None:
        return
    blocks = dict.fromkeys(sorted(index.features["block"].astype(str)))
    yield Plan(
        "heterogeneity",
        "Patients along the heterogeneity index",
        "Above: the index of each patient, coloured by group. Below: "
        f"{' and, under the line, '.join(f'{name} features' for name in blocks)} correlated with "
        "the index, with their rank correlation; entropies and uniformities come first.",
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
            "Associations with the index",
            "Spearman correlations with 95% intervals. Filled squares: false discovery rate at "
            f"most {FDR:g} within the family of tests. The table names the families and adds "
            "categorical variables.",
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
            + (", unadjusted and adjusted for covariates." if adjusted else "."),
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
        ("Associations with the heterogeneity index. FDR is within each family.", True),
        ("Hazard ratios are per SD of the index.", (tests["kind"] == "survival").any()),
        ("Ordered categories are ranked.", (tests["kind"] == "order").any()),
        (
            "Subtypes fused from the same radiomic features are not independent of the index.",
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
    share = group_share(index)
    order = "from the least to the most disorder of grey levels"
    if share < _FOLLOW:
        caption = (
            f"Groups of the fused network, {order}. They explain {_percent(share)} of the variance "
            "of the index and do not follow it."
        )
    else:
        caption = f"Groups along the index, {order}. "
        if share == share:
            caption += f"They explain {_percent(share)} of its variance. "
        caption += "They may divide a continuum."
    return make_table(
        index.groups.reset_index(),
        ["group", "n", "index_mean", "disorder_mean"],
        caption,
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
        f"{cite('snf')} of first-order and texture features; of the first coordinates, the one "
        "most correlated with the entropy of grey levels was taken. Fusing first-order and texture "
        f"features by similarity network fusion is the method of Su et al. {cite('su')}. The "
        "choice of features, their order and the scale of the index are specific to omicsfuse."
    )
    if "math" in results.heterogeneity.patients:
        text += (
            f" Heterogeneity of the genome was measured by MATH {cite('math')}, from all variants "
            "of the MAF."
        )
    yield text


SECTION = Section("heterogeneity", content, figures, methods, REFERENCES, summary, caveats)
