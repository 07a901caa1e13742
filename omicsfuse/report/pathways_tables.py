"""Tables of the section on gene sets."""

import pandas as pd

from omicsfuse.core.results import Biology
from omicsfuse.plot.biology import one_direction
from omicsfuse.plot.numbers import format_number
from omicsfuse.report.tables import Table, make_table, with_interval
from omicsfuse.stats.levels import FDR

#: Rows of each subtype in the tables.
_EACH = 6


def told_once(biology: Biology) -> pd.DataFrame:
    """Keep of the compared scores, in each comparison, the set of a group with the smallest p.

    Groups are those of sets that share most of their genes; a set that has none is its own.

    Examples
    --------
    >>> sets = pd.DataFrame({"gene_set": ["A", "B"], "group": ["B", "B"]})
    >>> tests = pd.DataFrame({"score": ["A", "B"], "comparison": "overall", "p": [0.2, 0.1]})
    >>> told_once(Biology(gene_sets=sets, score_tests=tests))["score"].tolist()
    ['B']
    """
    tests, sets = biology.score_tests, biology.gene_sets
    if tests.empty or "group" not in sets:
        return tests
    groups = dict(zip(sets["gene_set"], sets["group"], strict=True))
    own = [groups.get(score) or score for score in tests["score"]]
    first = tests.assign(_group=own).sort_values("p", kind="stable")
    kept = first.drop_duplicates(["comparison", "_group"]).index
    return tests.loc[sorted(kept)]


def enrichment_table(table: pd.DataFrame, names: list[str]) -> Table | None:
    """List the sets that represent their groups, those with the smallest p of each subtype."""
    table = one_direction(table, names)
    if table.empty:
        return None
    table = table[table["representative"]] if "representative" in table else table
    table = table.dropna(subset=["p"]).groupby("subtype", sort=False).head(_EACH)
    table = table.assign(
        leading_edge=[first_genes(genes) for genes in table["leading_edge"]],
        note=[
            "p at its floor" if str(note).startswith("p at its floor") else note
            for note in table["note"]
        ],
    )
    columns = ["subtype", "gene_set", "size", "nes", "p", "fdr", "leading_edge", "note"]
    return make_table(
        table,
        columns,
        f"Enrichment, the {_EACH} smallest p of each subtype. One set a group of like sets; NES: "
        "enrichment score over the mean of random sets on its side; p is at its floor where none "
        "of these scored as much. enrichment.tsv has all.",
    )


def marker_table(table: pd.DataFrame, names: list[str]) -> Table | None:
    """List the sets over-represented among markers."""
    table = one_direction(table, names)
    found = table[table["fdr"] <= FDR] if len(table) else table
    if found.empty:
        return None
    found = found.groupby(["subtype", "direction"], sort=False).head(_EACH)
    found = with_interval(
        found, "odds_ratio_ci_low", "odds_ratio_ci_high", "interval", format_number
    )
    found = found.assign(
        genes_in_common=[first_genes(genes) for genes in found["genes"]],
        overlap=[f"{k} of {size}" for k, size in zip(found["overlap"], found["size"], strict=True)],
    )
    columns = ["subtype", "direction", "gene_set", "overlap", "n_marked", "odds_ratio", "interval"]
    return make_table(
        found,
        [*columns, "p", "fdr", "genes_in_common", "note"],
        f"Over-representation among markers, up to {_EACH} sets of each subtype and direction. "
        "Overlap: markers among the measured genes of the set; n marked: markers of the subtype in "
        "that direction; odds ratio with exact interval; over_representation.tsv has all.",
    )


def overall_table(table: pd.DataFrame) -> Table | None:
    """List the scores compared between all subtypes."""
    if table.empty:
        return None
    rows = table[table["comparison"] == "overall"].dropna(subset=["p"])
    rows = rows.sort_values(["p", "score"], kind="stable").head(12)
    rows = with_interval(
        rows, "effect_ci_low", "effect_ci_high", "effect_interval", lambda x: f"{x:.2f}"
    )
    rows = rows.rename(columns={"score": "gene_set"})
    return make_table(
        rows,
        ["gene_set", "n", "effect", "effect_interval", "p", "fdr", "note"],
        "Scores of patients, all subtypes at once, smallest p first. One set a group of like "
        "sets. Effect: epsilon squared, the "
        "share of the variance of the ranks between subtypes (Kruskal-Wallis test).",
    )


def rest_table(table: pd.DataFrame, names: list[str]) -> Table | None:
    """List the scores of each subtype against the rest."""
    if table.empty:
        return None
    rows = table[(table["comparison"] != "overall") & (table["fdr"] <= FDR)]
    if len(names) == 2:
        rows = rows[rows["comparison"] == names[0]]
    if rows.empty:
        return None
    rows = rows.sort_values(["p", "score"], kind="stable")
    parts = [rows[rows["comparison"] == name].head(_EACH) for name in names]
    rows = with_interval(
        pd.concat(parts), "effect_ci_low", "effect_ci_high", "effect_interval", lambda x: f"{x:.2f}"
    )
    rows = rows.rename(columns={"score": "gene_set", "comparison": "subtype"})
    return make_table(
        rows,
        ["subtype", "gene_set", "n", "effect", "effect_interval", "p", "fdr", "note"],
        f"Scores of patients, each subtype against all others, up to {_EACH} found. "
        "Effect: rank-biserial correlation (Wilcoxon rank-sum test); gene_set_tests.tsv has all.",
    )


def first_genes(genes: object) -> str:
    """Write the first six genes of a list."""
    names = [gene for gene in str(genes).split(";") if gene] if isinstance(genes, str) else []
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
