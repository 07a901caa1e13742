"""The section on gene sets, and its figures."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from synthetic_results import make_results

from omicsfuse import plot
from omicsfuse.biology import (
    compare_scores,
    differential_features,
    enrich,
    gene_set_scores,
    over_representation,
    running_sums,
)
from omicsfuse.biology.gene_sets import gene_set_coverage
from omicsfuse.core.results import Biology, Prepared, PreparedLayer, RunResults, Subtypes
from omicsfuse.plot.gene_sets import _rows_to_show
from omicsfuse.plot.running_sums import enrichment_plot, enrichment_plots
from omicsfuse.report.sections.pathways import content as pathways_section
from omicsfuse.report.sections.pathways import figures as pathways_plans
from omicsfuse.report.sections.pathways import summary as pathways_summary

ODD = "<b>ODD</b> & $x$ " + "LONG_" * 12


def made(groups: int = 3) -> RunResults:
    rng = np.random.default_rng(0)
    patients = [f"P{i:02d}" for i in range(12 * groups)]
    genes = [f"G{i:03d}" for i in range(160)]
    values = pd.DataFrame(rng.standard_normal((len(patients), 160)), patients, genes)
    values.iloc[:12, :15] += 1.5
    values.iloc[12:24, 40:52] -= 1.5
    labels = pd.Series(np.repeat([f"S{i + 1}" for i in range(groups)], 12), patients)
    subtypes = Subtypes(labels, {}, {})
    ready = Prepared("toy", {"rna": PreparedLayer("expression", values, values, "log2", None)})
    sets = {
        "RAISED": genes[:15],
        "RAISED TOO": genes[:16],
        ODD: genes[40:52],
        "OTHER": genes[80:100],
        "SMALL": genes[:4],
        "ELSEWHERE": ["X", "Y"],
    }
    enrichment = enrich(subtypes, ready, sets, n_permutations=200)
    scores = gene_set_scores(ready, sets)
    biology = Biology(
        over_representation=over_representation(
            differential_features(subtypes, ready), ready, sets
        ),
        gene_sets=gene_set_coverage(sets, genes, 10, 500, enrichment=enrichment),
        running_sums=running_sums(subtypes, ready, enrichment, sets),
        scores=scores,
        score_tests=compare_scores(subtypes, scores),
        params={"method": "ssgsea"},
    )
    return replace(
        make_results(), prepared=ready, subtypes=subtypes, enrichment=enrichment, biology=biology
    )


@pytest.fixture(scope="module")
def results() -> RunResults:
    return made()


def words(results) -> str:
    section = pathways_section(results)
    cells = [c.text for table in section.details for row in table.rows for c in row]
    captions = [table.caption for table in section.details]
    return " ".join([*pathways_summary(results), *section.paragraphs, *captions, *cells])


def test_the_sentences(results) -> None:
    section = pathways_section(results)
    assert section.title == "Which gene sets differ?"
    text = words(results)
    assert "4 of 6 gene sets could be tested for enrichment, with 10 to 500" in text
    assert "The sets tested fall into 3 groups that share most of their genes" in text
    assert "The null hypothesis permutes genes, not patients." in text
    assert "against the 160 genes measured, not the genome" in text
    first, second = pathways_summary(results)
    assert first.startswith("Patient scores of 3 of 4 gene sets differ between subtypes (FDR at mo")
    assert "; smallest p: " in first
    assert "95% CI" in first
    assert "comparisons of a gene set with a subtype have an FDR of at most 0.05" in second
    assert "smallest p" not in second
    assert len(section.details) == 4
    # One set of a group, in the table as in the sentences.
    rows = [row[1].text for row in section.details[0].rows if row[0].text == "S1"]
    assert len(rows) == 3
    assert len({"RAISED", "RAISED TOO"} & set(rows)) == 1
    assert "p at its floor" in text


def test_two_subtypes_are_told_once() -> None:
    section = pathways_section(made(2))
    for table in section.details:
        column = next((i for i, h in enumerate(table.headings) if h.text == "subtype"), None)
        if column is not None:
            assert {row[column].text for row in table.rows} == {"S1"}
    assert "Smallest p in S2" not in words(made(2))


def test_what_was_not_done_is_not_told(results) -> None:
    nothing = replace(results, biology=None, enrichment=results.enrichment.iloc[:0])
    assert pathways_section(nothing) is None
    assert list(pathways_plans(nothing)) == []
    only = replace(results, biology=None)
    assert "Patient scores" not in words(only)
    (answer,) = pathways_summary(only)
    assert "; smallest p in S2: RAISED, lowered (NES -" in answer
    assert [plan.name for plan in pathways_plans(only)] == ["pathways"]
    biology = replace(results.biology, score_tests=pd.DataFrame(), scores=pd.DataFrame())
    untested = replace(results, biology=biology, enrichment=results.enrichment.iloc[:0])
    assert "No gene set was tested for enrichment." in words(untested)


def test_nothing_found_is_said(results) -> None:
    tests = results.biology.score_tests.assign(p=0.9, fdr=0.9)
    markers = results.biology.over_representation.assign(p=0.9, fdr=0.9)
    biology = replace(results.biology, score_tests=tests, over_representation=markers)
    dull = replace(results, biology=biology, enrichment=results.enrichment.assign(p=0.9, fdr=0.9))
    text = words(dull)
    assert "0 of 12 comparisons of a gene set with a subtype" in text
    assert "Patient scores of 0 of 4 gene sets differ" in text
    assert "; smallest p" not in text
    assert "Smallest p in" not in text
    floored = int(results.enrichment["at_floor"].sum())
    assert floored > 1
    assert f"{floored} comparisons exceeded every random set but are not significant" in text


def test_all_figures_are_drawn(results, tmp_path) -> None:
    plans = list(pathways_plans(results))
    assert [plan.name for plan in plans] == ["pathways", "enrichment_plots", "gene_set_scores"]
    drawn = {plan.name: plan.draw() for plan in plans}
    # What the dots show of more sets, for those who want a matrix.
    drawn["heatmap"] = plot.pathway_heatmap(results.enrichment, subtypes=results.subtypes.names)
    for name, axes in drawn.items():
        svg, _ = plot.save_figure(axes, tmp_path / name)
        text = svg.read_text()
        assert "<b>" not in text
        assert len(text) > 2000
    for plan in pathways_plans(made(2)):
        plan.draw()


def test_the_dots_show_a_group_once(results) -> None:
    ax = plot.pathways(results.enrichment, subtypes=results.subtypes.names)
    shown = {text.get_text() for text in ax.get_yticklabels()}
    assert len(shown & {"RAISED", "RAISED TOO"}) == 1
    table = pd.DataFrame({"gene_set": ["a", "b", "c"], "group": ["a", "a", "c"]})
    assert _rows_to_show([table, table.iloc[::-1]], 2) == ["a", "c"]


def test_heatmap_marks_what_is_found() -> None:
    table = pd.DataFrame(
        {
            "subtype": ["S1", "S2", "S1", "S2"],
            "gene_set": ["A", "A", "B", "B"],
            "group": ["A", "A", "A", "A"],
            "nes": [2.0, -1.0, 1.9, -0.9],
            "fdr": [0.01, 0.2, 0.02, 0.3],
        }
    )
    ax = plot.pathway_heatmap(table)
    assert ax.images[0].get_array().tolist() == [[2.0, -1.0]]
    assert ax.collections[0].get_offsets().tolist() == [[0.0, 0.0]]
    once = plot.pathway_heatmap(table, subtypes=["S1", "S2"])
    assert [text.get_text() for text in once.get_xticklabels()] == ["S1 vs S2"]
    assert "no gene set was tested" in plot.pathway_heatmap(table.iloc[:0]).texts[0].get_text()


def test_scores_are_ordered_by_what_differs() -> None:
    rng = np.random.default_rng(0)
    patients = [f"P{i}" for i in range(30)]
    scores = pd.DataFrame(rng.standard_normal((30, 4)), patients, list("abcd"))
    scores.loc[patients[:10], "c"] += 5
    scores.loc[patients[10:20], "b"] += 5
    scores["empty"] = np.nan
    scores.loc["P3", "a"] = np.nan
    subtypes = Subtypes(pd.Series(np.repeat(["S1", "S2", "S3"], 10), patients), {}, {})
    tests = compare_scores(subtypes, scores)
    ax = plot.score_heatmap(scores, subtypes, tests=tests, most=2)
    assert [text.get_text() for text in ax.get_yticklabels()] == ["c", "b"]
    assert plot.score_heatmap(scores, subtypes).images[0].get_array().mask.sum() == 1
    nobody = plot.score_heatmap(scores[["empty"]], subtypes)
    assert "no gene set was scored" in nobody.texts[0].get_text()


def test_enrichment_plot_says_what_it_lacks(results) -> None:
    sums = results.biology.running_sums
    assert "no running sum of X in S1" in enrichment_plot(sums, "S1", "X").texts[0].get_text()
    assert "no gene set was tested" in enrichment_plots(sums.iloc[:0]).texts[0].get_text()
    frame = enrichment_plot(sums, "S1", sums["gene_set"].iloc[0], enrichment=results.enrichment)
    above, ticks, below = frame.child_axes
    assert "NES" in above.get_title(loc="left")
    first = sums[(sums["subtype"] == "S1") & (sums["gene_set"] == sums["gene_set"].iloc[0])]
    for panel in (ticks, below):
        assert len(panel.collections[0].get_segments()) == len(first)
