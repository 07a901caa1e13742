"""Scores of gene sets, patient by patient, compared between subtypes."""

import pandas as pd

from omicsfuse.core.results import Biology
from omicsfuse.plot.numbers import clean, format_p
from omicsfuse.report.tables import Table, make_table, with_interval
from omicsfuse.report.words import plural, told_apart, two_decimals
from omicsfuse.stats.levels import FDR

#: Rows of each subtype in the tables.
EACH = 6


def score_sentence(table: pd.DataFrame, names: list[str]) -> str:
    """Say how many sets differ when patients are the units, and which most, in which subtype."""
    if table.empty:
        return ""
    overall = table[table["comparison"] == "overall"].dropna(subset=["p"])
    if overall.empty:
        return "Patient scores of gene sets could not be compared: too few patients have scores."
    differing = overall[overall["fdr"] <= FDR]
    text = (
        f"Patient scores of {len(differing):,} of {plural(len(overall), 'gene set')} differ "
        f"between subtypes (FDR at most {FDR:g} over all sets, overall and each subtype against "
        "the rest)"
    )
    rest = table[table["comparison"].isin(told_apart(names)) & (table["fdr"] <= FDR)]
    if rest.empty:
        return f"{text}."
    first = (
        rest.assign(size=-rest["effect"].abs()).sort_values(["p", "size"], kind="stable").iloc[0]
    )
    where = "higher" if first["effect"] > 0 else "lower"
    low, high = (two_decimals(float(first[name])) for name in ("effect_ci_low", "effect_ci_high"))
    return (
        f"{text}; smallest p: {clean(first['score'])}, {where} in {clean(first['comparison'])} "
        f"(rank-biserial correlation {two_decimals(float(first['effect']))}, 95% CI {low} to "
        f"{high}, n = {int(first['n'])}, {format_p(first['fdr'], 'FDR')})."
    )


def circular_sentence(table: pd.DataFrame) -> list[str]:
    """Say that differences in genes that made the subtypes are no evidence for them."""
    if table.empty or not (table["fdr"] <= FDR).any():
        return []
    return [
        "Where the subtypes were found on the same genes, differences in patient scores describe "
        "the subtypes and are no evidence that the subtypes exist."
    ]


def told_once(biology: Biology) -> pd.DataFrame:
    """Keep of the compared scores, in each comparison, the set of a group with the smallest p.

    Groups are those of sets that share most of their genes; a set that has none is its own.
    """
    tests, sets = biology.score_tests, biology.gene_sets
    if tests.empty or "group" not in sets:
        return tests
    groups = dict(zip(sets["gene_set"], sets["group"], strict=True))
    group = [groups.get(score) or score for score in tests["score"]]
    first = tests.assign(_group=group).sort_values("p", kind="stable")
    first_of_group = first.drop_duplicates(["comparison", "_group"]).index
    return tests.loc[sorted(first_of_group)]


def overall_table(table: pd.DataFrame) -> Table | None:
    """List the scores compared between all subtypes."""
    if table.empty:
        return None
    rows = table[table["comparison"] == "overall"].dropna(subset=["p"])
    rows = rows.sort_values(["p", "score"], kind="stable").head(12)
    rows = with_interval(rows, "effect", two_decimals)
    rows = rows.rename(columns={"score": "gene_set"})
    return make_table(
        rows,
        ["gene_set", "n", "effect", "effect_interval", "p", "fdr", "note"],
        "Patient scores compared between all subtypes, smallest p first. One set of each group of "
        "similar sets. Effect: epsilon squared, the share of the variance of the ranks between "
        "subtypes (Kruskal-Wallis test).",
        file="gene_set_tests.tsv",
    )


def rest_table(table: pd.DataFrame, names: list[str]) -> Table | None:
    """List the scores of each subtype against the rest."""
    if table.empty:
        return None
    rows = table[table["comparison"].isin(told_apart(names)) & (table["fdr"] <= FDR)]
    if rows.empty:
        return None
    rows = rows.sort_values(["p", "score"], kind="stable")
    parts = [rows[rows["comparison"] == name].head(EACH) for name in names]
    rows = with_interval(pd.concat(parts), "effect", two_decimals)
    rows = rows.rename(columns={"score": "gene_set", "comparison": "subtype"})
    return make_table(
        rows,
        ["subtype", "gene_set", "n", "effect", "effect_interval", "p", "fdr", "note"],
        f"Patient scores of each subtype against all other patients, up to {EACH} sets with an FDR "
        f"of at most {FDR:g}. Effect: rank-biserial correlation (Wilcoxon rank-sum test).",
        file="gene_set_tests.tsv",
    )
