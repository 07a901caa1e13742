"""The section on immune and stromal context: scores and shares of cells that differ."""

from collections.abc import Iterator
from functools import partial

import pandas as pd

from omicsfuse import plot
from omicsfuse.core.results import ImmuneContext, RunResults
from omicsfuse.plot.immune import MOST_SCORES, immune_strips
from omicsfuse.plot.numbers import clean, format_p
from omicsfuse.report.references import Citations
from omicsfuse.report.section import Content, Plan, Points, Section
from omicsfuse.report.tables import Table, make_table, with_interval
from omicsfuse.report.words import listing, plural, told_apart, two_decimals
from omicsfuse.stats.levels import FDR, SIGNIFICANCE

REFERENCES = {
    "cibersort": "Newman AM et al. Robust enumeration of cell subsets from tissue expression "
    "profiles. Nat Methods 2015;12:453-457. doi:10.1038/nmeth.3337",
}

_TEST_COLUMNS = ["score", "comparison", "n", "effect", "effect_interval", "p", "fdr", "note"]
_OF_SCORES = (
    "Scores of one subtype against all other patients. Effect: rank-biserial correlation, positive "
    "where the subtype is higher; FDR within the collection."
)
_OF_SHARES = (
    "Shares of cell types of one subtype against all other patients. FDR over all cell types and "
    "comparisons."
)


def summary(results: RunResults) -> list[str]:
    """Say how many scores differ, and which most, in which subtype."""
    immune = results.immune
    if immune is None:
        return []
    tested = immune.tests[immune.tests["p"].notna()] if len(immune.tests) else immune.tests
    if tested.empty:
        return ["No immune or stromal score was compared between subtypes."]
    several = plural(tested["score"].nunique(), "immune or stromal score")
    found = tested[tested["fdr"] <= FDR]
    n = found["score"].nunique()
    if not n:
        return [
            "There is no evidence that immune or stromal scores differ between subtypes "
            f"({several} tested, FDR above {FDR:g} within each collection)."
        ]
    said = [
        f"{n} of {several} {'differs' if n == 1 else 'differ'} between subtypes (FDR at most "
        f"{FDR:g} within each collection)."
    ]
    single = found[found["comparison"].isin(told_apart(results.subtypes.names))]
    if len(single):
        best = _strongest(single)
        said.append(
            f"Smallest p of one subtype against the others: {clean(best['score'])}, "
            f"{_side(best)} in {best['comparison']} (rank-biserial correlation {_interval(best)}, "
            f"n = {int(best['n'])}, {format_p(float(best['fdr']), 'FDR')})."
        )
    return said


def _strongest(rows: pd.DataFrame) -> pd.Series:
    return rows.sort_values(["p", "score"], kind="stable").iloc[0]


def _side(row: pd.Series) -> str:
    return "higher" if row["effect"] > 0 else "lower"


def content(results: RunResults) -> Content | None:
    """Say which scores could be computed, which differ between subtypes, and their limits."""
    immune = results.immune
    if immune is None:
        return None
    first, *others = score_sentences(immune, results.subtypes.names)
    paragraphs: list[str] = [Points(first, others)]
    if len(immune.fractions):
        paragraphs.append(" ".join(fraction_sentences(immune)))
    paragraphs.append(
        "Scores are relative and are no cell counts: compare one score between patients, not one "
        "score with another. Where the subtypes were found on the same expression, the tests "
        "describe the subtypes and are no evidence that the subtypes exist."
    )
    remarks = immune.params.get("remarks", {})
    notes = tuple(f"{clean(name)}: {clean(text)}." for name, text in remarks.items())
    absent = immune.coverage[immune.coverage["used"] == 0].drop(columns="note")
    return Content(
        "Which immune and stromal scores differ?",
        tuple(paragraphs),
        notes=notes,
        tables=[_tests_table(immune.tests, results.subtypes.names, _OF_SCORES)],
        details=[
            _tests_table(immune.fraction_tests, results.subtypes.names, _OF_SHARES),
            make_table(
                immune.coverage[immune.coverage["used"] > 0],
                ["score", "method", "size", "found", "note"],
                "Genes of each score. Size: genes of the set; found: genes measured.",
                file="immune_coverage.tsv",
            ),
            make_table(
                absent,
                ["score", "size", "found"],
                "Scores that were not computed. Too few genes of the set are measured; notes in "
                "immune_coverage.tsv give the number needed.",
                file="immune_coverage.tsv",
            ),
        ],
    )


def score_sentences(immune: ImmuneContext, subtypes: list[str]) -> list[str]:
    """Say how many scores there are, and for each collection how many differ and which most."""
    coverage = immune.coverage
    computed = coverage[coverage["used"] > 0]
    n_genes = immune.params.get("n_genes")
    layer = immune.params.get("layer", "")
    among = f" among the {n_genes:,} genes of layer {clean(layer)}" if n_genes else ""
    said = [
        f"{len(computed)} of {plural(len(coverage), 'score')} have enough measured genes{among}."
    ]
    lacking = [
        str(name)
        for name, rows in coverage.groupby("collection", sort=False)
        if not (rows["used"] > 0).any()
    ]
    if lacking:
        said.append(f"No score of {listing(lacking)} could be computed.")
    if immune.tests.empty:
        return said
    collections = coverage.set_index("score")["collection"]
    tested = immune.tests[immune.tests["p"].notna()]
    tested = tested.assign(collection=tested["score"].map(collections))
    for name, rows in tested.groupby("collection", sort=False):
        said.append(_of_collection(str(name), rows, subtypes))
    return said


def _of_collection(name: str, rows: pd.DataFrame, subtypes: list[str]) -> str:
    """One collection in a sentence: how many scores differ, and the one with the smallest p."""
    several = plural(rows["score"].nunique(), "score")
    found = rows[rows["fdr"] <= FDR]
    text = (
        f"{clean(name)}: {found['score'].nunique()} of {several} reached FDR {FDR:g} over "
        f"{plural(len(rows), 'comparison')}"
    )
    single = found[found["comparison"].isin(told_apart(subtypes))]
    if single.empty:
        return f"{text}."
    best = _strongest(single)
    cell = clean(str(best["score"]).removeprefix(f"{name}: "))
    return (
        f"{text}; smallest p of one subtype against the others: {cell}, {_side(best)} in "
        f"{best['comparison']}."
    )


def _interval(row: pd.Series) -> str:
    """Effect with its interval."""
    text = f"{row['effect']:.2f}"
    if pd.notna(row["effect_ci_low"]) and pd.notna(row["effect_ci_high"]):
        text += f", 95% CI {row['effect_ci_low']:.2f} to {row['effect_ci_high']:.2f}"
    return text


def fraction_sentences(immune: ImmuneContext) -> list[str]:
    """Say how well the reference matrix explains the patients, and how many shares differ."""
    fit = immune.fit
    correlations = fit["correlation"].dropna()
    said = [
        f"Shares of {plural(immune.fractions.shape[1], 'cell type')} were estimated in "
        f"{plural(len(immune.fractions), 'patient')} from {int(fit['n_genes'].median()):,} genes "
        "shared with the reference matrix (median correlation between patient and fit "
        f"{two_decimals(float(correlations.median()))})."
        if len(correlations)
        else "The reference matrix explains no patient."
    ]
    if fit["p"].notna().any():
        poor = int((fit["p"] > SIGNIFICANCE).sum())
        said.append(
            f"In {plural(poor, 'patient')}, the matrix explains expression no better than random "
            f"mixtures (p above {SIGNIFICANCE:g}): these shares cannot be interpreted."
            if poor
            else "In every patient, the matrix explains expression better than random mixtures (p "
            f"at most {SIGNIFICANCE:g}); this does not validate the shares."
        )
    tests = immune.fraction_tests
    if len(tests):
        differing = tests[tests["fdr"] <= FDR]
        tested = tests.loc[tests["p"].notna(), "score"].nunique()
        n = differing["score"].nunique()
        said.append(
            f"{n} of {plural(tested, 'share')} {'differs' if n == 1 else 'differ'} between "
            f"subtypes (FDR at most {FDR:g} over all cell types and comparisons). Shares add up to "
            "1: an increase of one share lowers the others."
        )
    return said


def _tests_table(tests: pd.DataFrame, subtypes: list[str], caption: str) -> Table | None:
    """Comparisons of one subtype with the rest, smallest p first."""
    if tests.empty:
        return None
    rows = tests[tests["comparison"].isin(told_apart(subtypes))]
    rows = with_interval(rows.sort_values(["p", "score"], kind="stable"), "effect", two_decimals)
    return make_table(rows, _TEST_COLUMNS, caption, most=20, file="immune_tests.tsv")


def figures(results: RunResults) -> Iterator[Plan]:
    """Figures of immune and stromal scores, and of shares of cell types."""
    immune = results.immune
    if immune is None:
        return
    names = results.subtypes.names
    if len(immune.tests) and immune.tests["p"].notna().any():
        many = immune.tests.loc[immune.tests["p"].notna(), "score"].nunique()
        yield Plan(
            "immune_scores",
            "Immune and stromal scores of the subtypes",
            "Rank-biserial correlation of each subtype against all other patients, from -1 (every "
            f"patient of the subtype lower) to 1. Dot: FDR at most {FDR:g} within the collection."
            + (f" Shown: {MOST_SCORES} scores with the smallest p." if many > MOST_SCORES else ""),
            "Heatmap of immune and stromal scores by subtype.",
            partial(plot.immune_heatmap, immune, names),
        )
        yield Plan(
            "immune_strongest",
            "The scores that differ most",
            "Each dot is a patient; lines: median and quartiles. Each score has its own scale. "
            "FDR: test of all subtypes at once, within the collection.",
            "Immune and stromal scores of patients by subtype.",
            partial(immune_strips, immune, results.subtypes),
        )
    if len(immune.fractions) and immune.fractions.notna().all(axis=1).any():
        yield Plan(
            "cell_fractions",
            "Shares of cell types",
            "Estimated shares of the cell types of the reference matrix; each column is a patient. "
            "Cell types that are not in the matrix are not counted.",
            "Stacked bars of the shares of cell types of each patient.",
            partial(plot.cell_fractions, immune, results.subtypes),
        )


def methods(results: RunResults, cite: Citations) -> Iterator[str]:
    """Say where scores and shares come from, and how they were compared."""
    immune = results.immune
    if immune is None or immune.coverage.empty:
        return
    text = (
        "Immune and stromal scores were computed from marker sets, each collection by the method "
        "of its authors (named in the section), and compared between subtypes by rank tests; the "
        f"false discovery rate {cite('fdr')} is over the scores and comparisons of a collection."
    )
    if len(immune.fractions):
        text += (
            " Shares of cell types were estimated with a reference matrix, with p-values from "
            f"random mixtures {cite('cibersort')}."
        )
    yield text


SECTION = Section("immune", content, figures, methods, REFERENCES, summary, on_subtypes=True)
