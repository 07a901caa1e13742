"""The section on immune and stromal context: which cells differ between subtypes."""

from collections.abc import Iterator
from functools import partial

import pandas as pd

from omicsfuse import plot
from omicsfuse.core.results import ImmuneContext, RunResults
from omicsfuse.plot.immune import MOST_SCORES, immune_strips
from omicsfuse.plot.numbers import clean, format_number, format_p
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


def content(results: RunResults) -> Content | None:
    """Say which scores could be computed, which differ between subtypes, and what they are not."""
    immune = results.immune
    if immune is None:
        return None
    first, *others = score_sentences(immune, results.subtypes.names)
    paragraphs: list[str] = [Points(first, others)]
    if len(immune.fractions):
        paragraphs.append(" ".join(fraction_sentences(immune)))
    paragraphs.append(
        "Scores are relative: those of one row can be compared between patients, not with those of "
        "another row, and none is a count of cells. Where subtypes were found on the same "
        "expression, the tests describe them and are no evidence that they exist."
    )
    remarks = immune.params.get("remarks", {})
    notes = tuple(f"{clean(name)}: {clean(text)}." for name, text in remarks.items())
    absent = immune.coverage[immune.coverage["used"] == 0]
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
                "What each score rests on. Size: genes of the set; found: of them measured.",
                file="immune_coverage.tsv",
            ),
            make_table(
                absent,
                ["score", "size", "found", "note"],
                "Scores that were not computed. Too few of their genes are measured.",
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
        return [*said, "No score was compared between subtypes."]
    collections = coverage.set_index("score")["collection"]
    tested = immune.tests[immune.tests["p"].notna()]
    tested = tested.assign(collection=tested["score"].map(collections))
    for name, rows in tested.groupby("collection", sort=False):
        said.append(_of_collection(str(name), rows, subtypes))
    return said


def _of_collection(name: str, rows: pd.DataFrame, subtypes: list[str]) -> str:
    """One collection in a sentence: how many scores differ, and the strongest."""
    tested = rows["score"].nunique()
    differing = rows[rows["fdr"] <= FDR]
    family = f"(FDR over the {plural(len(rows), 'comparison')} of this collection)"
    if differing.empty:
        return (
            f"{clean(name)}: none of {plural(tested, 'score')} differs between subtypes {family}."
        )
    text = (
        f"{clean(name)}: {differing['score'].nunique()} of {plural(tested, 'score')} "
        f"{'differs' if differing['score'].nunique() == 1 else 'differ'} at FDR {FDR:g} {family}"
    )
    single = differing[differing["comparison"].isin(told_apart(subtypes))]
    if single.empty:
        return text + "."
    best = single.sort_values(["p", "score"], kind="stable").iloc[0]
    cell = clean(str(best["score"]).removeprefix(f"{name}: "))
    return (
        f"{text}, most of all {cell}, which is {'higher' if best['effect'] > 0 else 'lower'} in "
        f"{best['comparison']} than in the others (rank-biserial correlation "
        f"{_interval(best)}, n = {int(best['n'])}, {format_p(float(best['p']))}, "
        f"{format_p(float(best['fdr']), 'FDR')})."
    )


def _interval(row: pd.Series) -> str:
    """Effect with its interval."""
    text = f"{row['effect']:.2f}"
    if pd.notna(row["effect_ci_low"]) and pd.notna(row["effect_ci_high"]):
        text += f", 95% CI {row['effect_ci_low']:.2f} to {row['effect_ci_high']:.2f}"
    return text


def fraction_sentences(immune: ImmuneContext) -> list[str]:
    """Say how well the reference matrix explains the patients, and which shares differ."""
    fit = immune.fit
    correlations = fit["correlation"].dropna()
    said = [
        f"{plural(immune.fractions.shape[1], 'cell type')} of the reference matrix were estimated "
        f"in {plural(len(immune.fractions), 'patient')} from "
        f"{int(fit['n_genes'].median()):,} shared genes (median correlation of patient and fit "
        f"{format_number(float(correlations.median()), 2)})."
        if len(correlations)
        else "The reference matrix explains no patient."
    ]
    if fit["p"].notna().any():
        poor = int((fit["p"] > SIGNIFICANCE).sum())
        said.append(
            f"In {plural(poor, 'patient')} the matrix explains expression no better than random "
            f"mixtures (p > {SIGNIFICANCE:g}): shares there mean nothing."
            if poor
            else f"In every patient the matrix explains expression better than random mixtures (p "
            f"at most {SIGNIFICANCE:g}); that does not make the shares right."
        )
    tests = immune.fraction_tests
    if len(tests):
        differing = tests[tests["fdr"] <= FDR]
        tested = tests.loc[tests["p"].notna(), "score"].nunique()
        said.append(
            f"{differing['score'].nunique()} of {plural(tested, 'share')} differ between subtypes "
            f"at FDR {FDR:g} (family: all cell types and comparisons). Shares add up to 1, so that "
            "one that rises lowers the others."
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
            "Which scores tell the subtypes apart",
            "Rank-biserial correlation of each subtype against all other patients, from -1 (every "
            f"patient of the subtype lower) to 1; a dot: FDR at most {FDR:g} within the collection."
            + (f" The {MOST_SCORES} scores with the smallest p." if many > MOST_SCORES else ""),
            "Heatmap of immune and stromal scores by subtype.",
            partial(plot.immune_heatmap, immune, names),
        )
        yield Plan(
            "immune_strongest",
            "The scores that differ most",
            "One dot a patient, with median and quartiles. Each score has its own scale. FDR of "
            "the test of all subtypes at once, within the collection.",
            "Immune and stromal scores of patients by subtype.",
            partial(immune_strips, immune, results.subtypes),
        )
    if len(immune.fractions) and immune.fractions.notna().all(axis=1).any():
        yield Plan(
            "cell_fractions",
            "Shares of cell types",
            "Estimated shares of the cell types of the reference matrix, one column a patient. "
            "Cells that the matrix does not hold are not counted.",
            "Stacked bars of the shares of cell types of each patient.",
            partial(plot.cell_fractions, immune, results.subtypes),
        )


def methods(results: RunResults, cite: Citations) -> Iterator[str]:
    """Say where scores and shares come from, and how they were compared."""
    immune = results.immune
    if immune is None or immune.coverage.empty:
        return
    text = (
        "Immune and stromal scores were made from the marker sets given, each collection by the "
        "method of its authors (named in the section), and compared between subtypes by ranks; the "
        f"false discovery rate {cite('fdr')} is over the scores and comparisons of a collection."
    )
    if len(immune.fractions):
        text += (
            " Shares of cells are those of the reference matrix given, with p-values by random "
            f"mixtures {cite('cibersort')}."
        )
    yield text


SECTION = Section("immune", content, figures, methods, REFERENCES, on_subtypes=True)
