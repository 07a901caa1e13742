"""Scores of gene sets, patient by patient, compared between subtypes."""

import pandas as pd

from omicsfuse.core.results import Biology
from omicsfuse.plot.numbers import clean, format_number, format_p
from omicsfuse.report.tables import Table, make_table, with_interval
from omicsfuse.report.words import told_apart, two_decimals
from omicsfuse.stats.levels import FDR

#: Rows of each subtype in the tables.
EACH = 6


def score_sentences(table: pd.DataFrame, names: list[str]) -> list[str]:
    """What differs between subtypes when patients are the units."""
    if table.empty:
        return []
    overall = table[table["comparison"] == "overall"].dropna(subset=["p"])
    if overall.empty:
        return ["Scores of patients could not be compared: too few patients have them."]
    differing = overall[overall["fdr"] <= FDR]
    text = (
        f"Scores of each patient, compared between subtypes: {len(differing):,} of "
        f"{len(overall):,} gene sets differ at a false discovery rate of at most {FDR} (family: "
        "all sets, overall and each subtype against the rest)."
    )
    rest = table[table["comparison"].isin(told_apart(names)) & (table["fdr"] <= FDR)]
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
        "Scores of patients, all subtypes at once, smallest p first. One set a group of like "
        "sets. Effect: epsilon squared, the "
        "share of the variance of the ranks between subtypes (Kruskal-Wallis test).",
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
        f"Scores of patients, each subtype against all others, up to {EACH} found. "
        "Effect: rank-biserial correlation (Wilcoxon rank-sum test); gene_set_tests.tsv has all.",
        file="gene_set_tests.tsv",
    )
