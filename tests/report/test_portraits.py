"""Portraits, driver tables and known labels: what is said, on planted results."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from synthetic_results import make_results

from omicsfuse.biology import differential_features, driver_features, label_markers
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.results import (
    Biology,
    ImmuneContext,
    Prepared,
    PreparedLayer,
    RunResults,
    Subtypes,
)
from omicsfuse.core.results.biology import SCORE_TEST_COLUMNS
from omicsfuse.report.sections.biology import content as biology_section
from omicsfuse.report.sections.biology import figures as biology_plans
from omicsfuse.report.sections.biology.drivers import driver_tables
from omicsfuse.report.sections.biology.known_labels import label_marker_sentences, label_table
from omicsfuse.report.sections.biology.portraits import marks, portraits

EVIL = "<b>gene</b>"


@cache
def made() -> RunResults:
    """What the planted results are filled into."""
    return make_results(3)


@cache
def planted(k: int = 3) -> RunResults:
    """Sixty patients; genes and proteins up and down, one mutation, one segment lost in S1."""
    rng = np.random.default_rng(1)
    n = 60
    patients = [f"P{i:03d}" for i in range(n)]
    codes = np.repeat(np.arange(k), n // k)
    labels = pd.Series([f"S{c + 1}" for c in codes], patients)
    first = codes == 0
    genes = pd.DataFrame(rng.normal(size=(n, 40)), patients, [f"N{j}" for j in range(40)])
    for j, shift in enumerate((3.6, 2.6, 1.6)):
        genes[f"UP{j}"] = rng.normal(size=n) + shift * first
        genes[f"DOWN{j}"] = rng.normal(size=n) - shift * first
    protein = pd.DataFrame(rng.normal(size=(n, 5)), patients, [f"PR{j}" for j in range(5)])
    mutated = np.where(first, np.arange(n) % 10 == 0, np.arange(n) % 10 != 0)
    calls = pd.DataFrame({"TP53": mutated.astype(float)}, patients)
    levels = pd.DataFrame({"SEG": np.where(first, -1.0, np.arange(n) % 2)}, patients)
    prepared = {
        "mri": ("radiomics", protein.rename(columns=lambda x: f"ct_{x}"), "normal_score"),
        "rna": ("expression", genes, "log2"),
        "mut": ("mutation", calls, "binary"),
        "cn": ("copy_number", levels, "gistic"),
        "rppa": ("protein", protein, "raw"),
    }
    layers = {
        name: PreparedLayer(kind, table, table, scale, None)
        for name, (kind, table, scale) in prepared.items()
    }
    clinical = pd.DataFrame({"hpv": np.where(first, "HPV+", "HPV-")}, patients)
    clinical.iloc[0, 0], clinical.iloc[-1, 0] = None, "HPV+"
    subtypes = Subtypes(labels, {}, {})
    ready = Prepared("planted", layers)
    markers = differential_features(subtypes, ready)
    cohort = Cohort("planted", {}, clinical, known_labels=("hpv",))
    tested = pd.DataFrame({"p": [1e-9], "fdr": [2e-9]}, pd.Index(["hpv"], name="variable"))
    return replace(
        made(),
        prepared=ready,
        subtypes=subtypes,
        markers=markers,
        cohort=cohort,
        clinical=tested,
        enrichment=made().enrichment.head(0),
        biology=Biology(
            drivers=driver_features(markers, ready, subtypes),
            label_markers=label_markers(subtypes, cohort, ready, markers=markers),
        ),
    )


def sets(rows) -> pd.DataFrame:
    columns = ["subtype", "gene_set", "nes", "p", "fdr", "size", "leading_edge", "note"]
    table = [(*row[:3], row[3], row[3], 20, "A;B", "") for row in rows]
    genes = [("A", "B")] * len(rows)
    return pd.DataFrame(table, columns=columns).assign(at_floor=False, leading_genes=genes)


def test_a_portrait_names_what_was_planted_and_what_is_absent():
    first, second, third = portraits(planted())
    assert first.startswith("S1 (20 of 60 patients, 33%) against all other patients. In rna, ")
    assert "raised UP0, UP1 and UP2; lowered DOWN0, DOWN1 and DOWN2" in first
    assert "In mut, 1 of 1 gene differs: TP53 is mutated in 10% against 90%" in first
    assert "In cn, 1 of 1 feature differs: SEG is lost in 100% against 0%" in first
    assert "In rppa (5 tested) and mri (5 tested), no feature reached FDR 0.05." in first
    assert "No gene set was tested." in first
    assert "are in S1" not in second
    assert second.startswith("S2 (20 of 60 patients, 33%) against all other patients. ")
    assert "No level of a known label (hpv) has most of its patients in S3." in third
    assert "rppa (5 tested)" in third


def test_labels_are_counted_and_only_where_they_go_with_the_subtypes():
    results = planted()
    text = portraits(results)[0]
    assert (
        "19 of 20 patients with hpv = HPV+ are in S1 (19 of 19 patients of S1 with known hpv; 1 of "
        "40 other patients)." in text
    )
    unrelated = replace(results, clinical=results.clinical.assign(fdr=0.4))
    assert "HPV+" not in portraits(unrelated)[0]
    assert (
        "No level of a known label (hpv) has most of its patients in S1." in portraits(unrelated)[0]
    )
    untested = replace(results, clinical=results.clinical.drop(columns="fdr"))
    assert "HPV+" not in portraits(untested)[0]
    nobody = replace(results, cohort=Cohort("none", {}))
    assert "known label" not in portraits(nobody)[0]


def test_gene_sets_are_named_once_a_group_and_their_absence_is_said():
    results = planted()
    rows = [("S1", "CYCLE", 2.0, 0.001), ("S1", "CYCLE_LIKE", 1.9, 0.002)]
    rows += [("S1", "HYPOXIA", -2.0, 0.01), ("S1", "OTHER", 1.0, 0.6), ("S2", "CYCLE", -1.0, 0.5)]
    results = replace(results, enrichment=sets(rows))
    first, second, _ = portraits(results)
    assert (
        "With permuted genes, 3 of 4 gene sets reached FDR 0.05: raised CYCLE and CYCLE_LIKE; "
        "lowered HYPOXIA. Permuting genes finds too many sets" in first
    )
    assert "No gene set reached FDR 0.05 (1 tested)." in second
    coverage = pd.DataFrame(
        {
            "gene_set": ["CYCLE", "CYCLE_LIKE", "HYPOXIA", "SMALL"],
            "tested": [True, True, True, False],
            "group": ["CYCLE", "CYCLE", "HYPOXIA", ""],
        }
    )
    grouped = replace(results, biology=replace(results.biology, gene_sets=coverage))
    first, second, _ = portraits(grouped)
    assert "3 of 4 gene sets reached FDR 0.05: raised CYCLE; lowered HYPOXIA." in first
    assert "No gene set reached FDR 0.05 (1 tested)." in second
    untested = replace(grouped, enrichment=grouped.enrichment.head(0))
    assert "No gene set was tested (3 of 4 sets had enough genes)." in portraits(untested)[0]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["CYCLE", "HYPOXIA"], "reach FDR 0.05 in the same direction for 1 of these sets (over"),
        (["CYCLE"], "of this set also reach FDR 0.05"),
        (["HYPOXIA"], "of this set do not reach FDR 0.05"),
    ],
)
def test_gene_sets_of_permuted_genes_are_held_against_patients(rows, said):
    # Of HYPOXIA the patients' scores are raised, where its genes are lowered.
    results = planted()
    signs = {"CYCLE": 2.0, "HYPOXIA": -2.0}
    tests = pd.DataFrame(
        {"score": ["CYCLE", "HYPOXIA", "HYPOXIA"], "comparison": ["S1", "S1", "S2"],
         "effect": [0.5, 0.5, -0.5], "fdr": [0.01, 0.01, 0.01]}
    )  # fmt: skip
    results = replace(
        results,
        enrichment=sets([("S1", name, signs[name], 0.001) for name in rows]),
        biology=replace(results.biology, score_tests=tests),
    )
    assert f"Patient scores {said}" in portraits(results)[0]


def test_immune_scores_are_those_of_the_subtype():
    def row(score, comparison, effect, fdr):
        values = {"score": score, "comparison": comparison, "effect": effect, "p": fdr, "fdr": fdr}
        return {name: values.get(name, np.nan) for name in SCORE_TEST_COLUMNS}

    tests = pd.DataFrame(
        [
            row("A: T cells", "S1", 0.6, 0.001),
            row("A: B cells", "S1", -0.5, 0.01),
            row("A: T cells", "overall", 0.3, 0.001),
            row("A: T cells", "S2", -0.1, 0.4),
        ]
    )
    none = pd.DataFrame()
    results = replace(planted(), immune=ImmuneContext(none, none, tests))
    first, second, third = portraits(results)
    assert (
        "2 of 2 immune or stromal scores reached FDR 0.05 within the collection: higher A: T "
        "cells; lower A: B cells." in first
    )
    assert "No immune or stromal score reached FDR 0.05 (1 tested)." in second
    assert "mmune" not in third


def test_two_subtypes_get_one_paragraph_and_one_table():
    results = planted(2)
    (text,) = portraits(results)
    assert text.startswith("S1 (30 patients) against S2 (30). ")
    assert "differ (raised UP0, UP1 and UP2" in text
    assert "HPV- are in S2" in text
    (table,) = driver_tables(results)
    assert table.title == "Features that distinguish S1 from S2"
    assert marks(results, "S1").startswith("rna \u25b2 UP")
    # Of two subtypes too, each line has the label of its own subtype.
    assert marks(results, "S1").endswith("with hpv = HPV+ are in S1")
    assert marks(results, "S2").endswith("with hpv = HPV- are in S2")


def test_a_line_names_features_and_one_known_label():
    results = planted()
    assert marks(results, "S1") == (
        "rna \u25b2 UP0, UP1 \u25bc DOWN0, DOWN1; \u25bc TP53 mutated in 10% against 90%; 19 "
        "of 20 patients with hpv = HPV+ are in S1"
    )
    markers = results.markers.assign(fdr=0.9)
    nothing = marks(replace(results, markers=markers), "S3")
    assert nothing == "no marker with a name at FDR 0.05"


def test_one_group_or_no_markers_have_no_portraits():
    assert portraits(make_results(1)) == []
    empty = replace(planted(), markers=planted().markers.head(0), biology=None)
    assert portraits(empty) == []
    assert "No markers were computed." in biology_section(empty).paragraphs


def test_driver_table_says_both_numbers_in_words():
    results = planted()
    table = driver_tables(results)[0]
    assert table.title == "Features that distinguish S1 from all other patients"
    heads = [cell.text for cell in table.headings]
    rows = {row[heads.index("feature")].text: [c.text for c in row] for row in table.rows}
    both = heads.index("subtype vs others")
    assert rows["TP53"][both] == "mutated in 10% against 90%"
    assert rows["TP53"][heads.index("direction")] == "less often"
    assert rows["SEG"][both] == "lost in 100% against 0%"
    up = results.prepared.layers["rna"].values["UP0"]  # noqa: PD011
    inside = results.subtypes.labels == "S1"
    means = f"{up[inside].mean():.2f} against {up[~inside].mean():.2f}"
    assert rows["UP0"][both] == f"mean log2 value {means}"
    assert rows["UP0"][heads.index("FDR")] == "< 0.001"
    assert " to " in rows["UP0"][heads.index("95% CI")]
    without = replace(results, biology=None)
    assert driver_tables(without) == ()
    assert "Strongest markers" in biology_section(without).details[0].caption


def test_known_labels_are_laid_beside_their_subtype():
    results = planted()
    said = label_marker_sentences(results)
    positive = next(text for text in said if text.startswith("hpv = HPV+ (20 patients, 19 in S1)"))
    assert "rna 6 of 6 (UP0 +" in positive
    assert "mut 1 of 1 (TP53 -0." in positive
    assert "In rppa and mri, no feature marks the label." in positive
    assert "is no test of the subtypes" in said[-1]
    table = label_table(results)
    heads = [cell.text for cell in table.headings]
    (row,) = [
        [c.text for c in row]
        for row in table.rows
        if row[heads.index("feature")].text == "TP53" and row[0].text == "hpv = HPV+"
    ]
    assert row[heads.index("agrees")] == "yes"
    assert row[heads.index("subtype")] == "S1"
    labels = results.biology.label_markers
    none = replace(results, biology=replace(results.biology, label_markers=labels.head(0)))
    assert label_marker_sentences(none) == []
    assert label_table(none) is None


def test_a_label_marker_that_the_subtype_lacks_is_no():
    results = planted()
    labels = results.biology.label_markers.assign(agrees=False)
    other = replace(results, biology=replace(results.biology, label_markers=labels))
    assert "rna 0 of 6." in label_marker_sentences(other)[0]
    heads = [cell.text for cell in label_table(other).headings]
    assert {row[heads.index("agrees")].text for row in label_table(other).rows} == {"no"}


def test_names_from_the_data_are_escaped_on_the_page(tmp_path, monkeypatch):
    from omicsfuse.report import write_report

    monkeypatch.setattr("omicsfuse.report.render.draw_figures", lambda *_: [])
    results = made()
    markers = results.markers.assign(
        feature=[EVIL if i == 0 else f for i, f in enumerate(results.markers["feature"])]
    )
    drivers = pd.DataFrame(
        {
            "subtype": ["S1"], "rank": [1], "layer": ["expression"], "feature": [EVIL],
            "direction": ["raised"], "inside": [1.0], "outside": [0.5], "summary": ["mean"],
            "effect": [1.0], "effect_ci_low": [0.5], "effect_ci_high": [1.5],
            "effect_name": ["difference"], "fdr": [0.01],
        }
    )  # fmt: skip
    labels = pd.DataFrame(
        {
            "label": [EVIL], "level": [EVIL], "subtype": ["S1"], "layer": ["expression"],
            "feature": [EVIL], "label_effect": [1.0], "label_fdr": [0.01],
            "subtype_effect": [1.0], "subtype_fdr": [0.01], "agrees": [True],
            "effect_name": ["difference"], "rank": [1], "n_level": [9], "n_both": [8],
        }
    )  # fmt: skip
    results = replace(
        results, markers=markers, biology=Biology(drivers=drivers, label_markers=labels)
    )
    write_report(results, tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert EVIL not in page
    assert "&lt;b&gt;gene&lt;/b&gt;" in page


@pytest.mark.parametrize("k", [1, 2, 3])
def test_the_heatmap_is_planned_where_there_are_markers(k):
    results = make_results(1) if k == 1 else planted(k)
    plans = list(biology_plans(results))
    assert [plan.name for plan in plans] == ([] if k == 1 else ["comprehensive_heatmap"])
    for plan in plans:
        assert plan.image
        assert len(plan.draw().images) > 1
    no_rows = replace(results, markers=results.markers.assign(fdr=0.5))
    assert list(biology_plans(no_rows)) == []
