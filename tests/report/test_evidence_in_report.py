"""What the report says of the tests, of stability, settings and layers, and when it says less."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from said import caveats, summary_sentences
from synthetic_results import make_results

from omicsfuse.core.results import VERDICTS
from omicsfuse.report import write_report
from omicsfuse.report.page import methods_text, shown
from omicsfuse.report.sections import choice, layers, stability, verdict
from omicsfuse.report.sections.choice import content as choice_section
from omicsfuse.report.sections.layers import content as layers_section
from omicsfuse.report.sections.layers.gains import adds_sentence, adds_sentences
from omicsfuse.report.sections.sensitivity import sentences as sensitivity_sentences
from omicsfuse.report.sections.stability import content as stability_section
from omicsfuse.report.sections.verdict import answer, exploratory_mark, how_tested
from omicsfuse.report.sections.verdict import content as verdict_section

SUPPORTED, CONTINUUM, NOTHING = VERDICTS


def evidence_plans(results):
    """Figures of the sections that ask whether there are subtypes."""
    parts = (verdict, choice, stability, layers)
    return [plan for part in parts for plan in part.SECTION.figures(results)]


@pytest.fixture(scope="module")
def results():
    return make_results()


def assessed(results, **changes):
    """Results with another assessment."""
    return replace(results, assessment=replace(results.assessment, **changes))


@pytest.fixture
def page_of(tmp_path, monkeypatch):
    """The page of some results, without figures: those take their time."""
    monkeypatch.setattr("omicsfuse.report.render.draw_figures", lambda *_: [])

    def page(results) -> str:
        write_report(results, tmp_path)
        return (tmp_path / "report.html").read_text(encoding="utf-8")

    return page


def figure_names(results) -> set[str]:
    return {plan.name for plan in evidence_plans(results)}


@pytest.mark.parametrize("verdict", [SUPPORTED, CONTINUUM, NOTHING, "not tested"])
def test_sections_are_marked_unless_the_tests_support_subtypes(page_of, verdict):
    page = page_of(make_results(verdict=verdict))
    assert page.count('<p class="exploratory"') == (0 if verdict == SUPPORTED else 5)


def test_both_tests_are_told_with_the_number_of_draws():
    results = make_results(verdict=CONTINUUM)
    first, second, floor = how_tested(results)
    assert "permuted within each layer, 199 times" in first
    assert "redrawn 199 times as a continuum" in second
    assert floor == (
        "A test is significant where p is at most 0.05. With 199 draws, no p-value can be below "
        "0.005."
    )
    assert "(shared structure: p = 0.005; groups: p = 0.32)" in answer(results)


def test_groups_of_one_layer_are_not_called_shared():
    results = assessed(make_results(verdict=NOTHING), p_structure=0.005)
    assert "one layer may form the groups by itself" in how_tested(results)[-1]


def test_one_layer_has_nothing_to_share():
    results = assessed(make_results(), p_shared=float("nan"))
    assert not any("Shared structure:" in text for text in how_tested(results))
    assert "shared structure" not in answer(results)


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        (SUPPORTED, "without groups (shared structure: p = 0.005; groups: p = 0.010)."),
        (CONTINUUM, "No evidence of groups: the layers share structure, but a continuum"),
        (NOTHING, "layers whose patients were permuted (shared structure: p = 0.40; groups:"),
        ("not tested", "Clustering always returns groups, even from noise."),
    ],
)
def test_the_answer_is_what_the_tests_say(verdict, said):
    results = make_results(verdict=verdict)
    assert said in answer(results)
    assert answer(results) in summary_sentences(results) or results.assessment.tests.empty


def test_sections_that_rest_on_the_subtypes_are_marked():
    results = make_results(verdict=CONTINUUM)
    views = shown(results).views((), exploratory_mark(results))
    marked = {view.anchor for view in views if view.mark}
    assert marked == {"survival", "clinical", "biology", "pathways", "verification"}
    assert exploratory_mark(results) == "Exploratory: subtypes are not supported by the tests."
    untested = exploratory_mark(make_results(verdict="not tested"))
    assert untested == "Exploratory: the existence of subtypes was not tested."
    assert exploratory_mark(make_results(1)) == ""


@pytest.mark.parametrize("k", [1, 3])
def test_results_from_before_the_tests_still_make_a_report(page_of, k):
    results = make_results(k, assessed="before", verdict="not tested")
    assert results.assessment.verdict == "not tested"
    page = page_of(results)
    assert ("clustering always returns groups" in page) == (k > 1)
    assert 'id="tests"' not in page
    names = figure_names(results)
    assert not names & {"structure_tests", "consensus_cdf", "sensitivity", "layer_gains"}
    if k > 1:
        assert {"choice_of_k", "stability", "layer_contributions"} <= names
    text = " ".join(methods_text(results)[0])
    assert "two tests" not in text
    assert "permuted" not in text.replace("genes, not patients", "").split("Survival")[0]


def test_quick_budget_leaves_out_what_it_did_not_do(page_of):
    results = make_results(assessed="quick")
    page = page_of(results)
    assert not figure_names(results) & {"feature_groups", "sensitivity"}
    assert "Groups of features" not in page
    assert "Other settings" not in page
    assert "Sensitivity:" not in page


ROW = {
    "p_adds": 0.01,
    "fdr_adds": 0.02,
    "shared_gain": 0.039,
    "shared_gain_low": 0.016,
    "shared_gain_high": 0.056,
    "held_out_gain": 0.02,
    "held_out_gain_low": -0.0004,
    "held_out_gain_high": 0.05,
    "held_out_gain_p": 0.11,
}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {},
            "Layer radiomics shares structure with the other layers (p = 0.010, FDR over the "
            "layers = 0.020; gain in silhouette over permuted copies 0.039, 0.016 to 0.056 over "
            "95% of the copies), but there is no evidence that groups found with it separate "
            "better in a held-out layer "
            "than with permuted copies (p = 0.11; gain in silhouette over permuted copies 0.020, "
            "0.000 to 0.050 over 95% of the copies).",
        ),
        ({"held_out_gain_p": 0.01}, ", and groups found with it separate better in a held-out"),
        ({"p_adds": 0.2, "fdr_adds": 0.3, "held_out_gain_p": 0.01}, ": a hint only, because the"),
        ({"p_adds": 0.2, "fdr_adds": 0.3}, "There is no evidence that layer radiomics adds anythi"),
        (
            {"fdr_adds": 0.06},
            "; after correction for 4 layers, shared structure is not significant.",
        ),
        ({"held_out_gain_p": np.nan}, "0.016 to 0.056 over 95% of the copies)."),
        (
            {"p_adds": 0.2, "held_out_gain_p": np.nan},
            "There is no evidence that layer radiomics shares structure with the other layers (p",
        ),
        ({"p_adds": np.nan}, "Layer radiomics was not tested: too few patients or one subtype."),
    ],
)
def test_one_sentence_says_whether_a_layer_adds_anything(changes, said):
    text = adds_sentence(rows(radiomics=ROW | changes), 4)
    assert said in text
    assert text.endswith(".")


def rows(**layers):
    return pd.DataFrame(layers).T


def test_layers_with_the_same_answer_share_a_sentence(results):
    first, second = (ROW | {"held_out_gain_p": np.nan} | p for p in ({}, {"p_adds": 0.02}))
    shown = rows(rna=first, mirna=second, ct=ROW | {"p_adds": 0.4, "held_out_gain_p": np.nan})
    together = (
        "Layers rna and mirna share structure with the other layers (each p from 0.010 to 0.020, "
        "FDR over the layers = 0.020)."
    )
    first, second = adds_sentences(assessed(results, layers=shown))
    assert first == together
    assert second.startswith("There is no evidence that layer ct shares structure with")
    untested = (
        "Whether groups found with a layer separate better in a held-out layer was not tested."
    )
    quick = results.assessment.layers.assign(held_out_gain_p=np.nan)
    assert untested in layers_section(assessed(results, layers=quick)).paragraphs
    assert untested not in layers_section(results).paragraphs


def test_one_layer_cannot_add_to_others():
    text = adds_sentence(rows(ct=ROW | {"p_adds": np.nan}), 1)
    assert text == "Layer ct was not tested: there is no other layer."


def test_radiomics_is_answered_first_and_in_the_summary(results):
    sentence, *others = adds_sentences(results)
    assert sentence.startswith("Layer radiomics shares structure")
    assert all("radiomics" not in text for text in others)
    assert {sentence, *others} <= set(summary_sentences(results))
    assert sentence in layers_section(results).paragraphs


def test_every_layer_is_answered(results):
    text = " ".join(adds_sentences(results))
    assert all(text.count(name) == 1 for name in results.assessment.layers.index)


def test_intervals_of_gains_are_not_called_confidence_intervals(results):
    section = layers_section(results)
    headings = [h.text for table in section.details for h in table.headings]
    assert headings.count("gain, 95% range over copies") == 2
    assert "95% CI" not in headings
    assert "do not show how the gain would vary with other patients" in " ".join(section.paragraphs)
    assert "no sampling error of the patients" in " ".join(methods_text(results)[0])


def test_captions_describe_the_panels_that_are_drawn(results):
    def plan(name, **changes):
        return next(p for p in evidence_plans(assessed(results, **changes)) if p.name == name)

    layers, tests = results.assessment.layers, results.assessment.tests
    quick = layers.assign(held_out_gain=np.nan)
    full, few = plan("layer_gains"), plan("layer_gains", layers=quick)
    assert (len(full.draw()), len(few.draw())) == (3, 2)
    assert "Improves separation in a held-out layer:" in full.caption
    assert "held out" not in few.caption
    assert "Agreement:" in few.caption
    alone = layers[["agreement_alone"]]
    told = plan("layer_contributions", layers=alone)
    assert len(told.draw()) == 1
    assert told.caption.startswith("Layer alone:")
    assert "Without the layer" not in told.caption
    one = plan("structure_tests", tests=tests[tests["test"] == "structure"])
    assert len(one.draw()) == 1
    assert "Patients permuted" not in one.caption
    assert "Continuum without groups:" in one.caption


def test_layer_that_carries_the_subtypes_alone_is_named(results):
    layers = results.assessment.layers.copy()
    layers["agreement_without"] = 0.95
    layers.loc["methylation", "agreement_without"] = 0.2
    found = caveats(assessed(results, layers=layers))
    assert any(text.startswith("There is no evidence that methylation (p = ") for text in found)
    assert any("depend on methylation (0.20): without this layer" in text for text in found)
    layers.loc["methylation", "p_adds"] = 0.01
    found = caveats(assessed(results, layers=layers))
    assert not any("There is no evidence that methylation" in text for text in found)


def test_criteria_stand_in_rows_and_the_chosen_k_is_named(results):
    (table,) = choice_section(results).details
    assert [h.text for h in table.headings][:3] == ["criterion", "k = 2", "k = 3 (chosen)"]
    rows = [row[0].text for row in table.rows]
    assert rows[0] == "gain over the continuum in normalised cut"
    assert "proportion of ambiguous clustering (smaller is better)" in rows
    assert "prediction strength" in rows
    assert len(rows) == len(set(rows))
    # Nothing that holds a criterion is lost, whatever it is called.
    table = results.assessment.n_clusters.assign(new_criterion=0.5)
    (table,) = choice_section(assessed(results, n_clusters=table)).details
    assert "new criterion" in [row[0].text for row in table.rows]


def test_borderline_patients_are_counted_and_named(results):
    section = stability_section(results)
    patients = results.assessment.patients
    border = patients[patients["membership"] == "borderline"]
    counts = {row[0].text: [cell.text for cell in row[1:4]] for row in section.tables[0].rows}
    for name, own in patients.groupby("subtype"):
        few = int((own["membership"] == "borderline").sum())
        assert counts[name] == [str(len(own)), str(len(own) - few), str(few)]
    named = next(table for table in section.details if "Borderline" in table.caption)
    assert {row[0].text for row in named.rows} == set(border.index)
    shares = [float(row[2].text) for row in named.rows]
    assert shares == sorted(shares)
    assert f"{len(border)} of {len(patients)} patients are borderline." in " ".join(
        summary_sentences(results)
    )


@pytest.mark.parametrize(
    ("lowest", "said"),
    [
        (
            0.9,
            "depend on none of the settings that were changed; the largest effect is that of "
            "kernel width mu (adjusted Rand index 0.82 at 0.3).",
        ),
        (
            0.7,
            "change somewhat with neighbours K (adjusted Rand index 0.70 at 10); with the other 2 "
            "settings the index is 0.8 or more.",
        ),
        (
            0.3,
            "The subtypes depend on neighbours K (adjusted Rand index 0.30 at 10); with the other "
            "2 settings the index is 0.8 or more.",
        ),
    ],
)
def test_one_sentence_says_what_the_result_hangs_on(results, lowest, said):
    table = results.assessment.sensitivity.copy()
    table.loc[0, "agreement"] = lowest
    changed = assessed(results, sensitivity=table)
    (text,) = sensitivity_sentences(changed)
    assert said in text
    assert "chooses another number of subtypes than 3 under 1 of 3 other settings" in text
    assert text.count("(") == text.count(")")
    assert any("depend on 1 setting (neighbours K)" in t for t in caveats(changed)) == (
        lowest < 0.65
    )


def test_sensitivity_of_drawn_patients_is_compared_with_the_draw(results):
    table = results.assessment.sensitivity.copy()
    table.loc[table["note"] == "as reported", "agreement"] = 0.93
    (text,) = sensitivity_sentences(assessed(results, sensitivity=table))
    assert "with no setting changed, the adjusted Rand index is 0.93" in text


def test_nothing_moved_says_nothing(results):
    table = results.assessment.sensitivity
    only = table[table["note"] == "as reported"]
    assert sensitivity_sentences(assessed(results, sensitivity=only)) == []
    assert sensitivity_sentences(assessed(results, sensitivity=pd.DataFrame())) == []


def test_tests_have_a_section_with_the_draws(results):
    section = verdict_section(results)
    (table,) = section.details
    assert len(table.rows) == 10
    assert {row[0].text for row in table.rows} == {
        "patients permuted within layers",
        "continuum without groups",
    }
    assert verdict_section(assessed(results, tests=pd.DataFrame())) is None


def test_methods_describe_tests_and_resampling_with_their_sources(results):
    paragraphs, references = methods_text(results)
    text = " ".join(paragraphs)
    for said in (
        "patients were permuted within every layer (199 draws)",
        "multiplied by the same random orthogonal matrix",
        "patients were drawn (199 draws) from their own coordinates",
        "its maximum over k",
        "split into halves 25 times",
        "99 copies of itself",
        "3 settings of fusion and clustering were changed one at a time",
    ):
        assert said in text, said
    for author in ("Monti", "Senbabaoglu", "Tibshirani R, Walther G. Cluster", "Langsrud"):
        assert sum(reference.startswith(author) for reference in references) == 1, author
    for author in ("Tibshirani R, Walther G, Hastie", "Phipson", "Hennig", "Steinley", "Shi"):
        assert sum(reference.startswith(author) for reference in references) == 1, author
    cited = {int(n) for group in re.findall(r"\[([\d, ]+)\]", text) for n in group.split(", ")}
    assert cited == set(range(1, len(references) + 1))


def test_a_supported_verdict_does_not_vouch_for_unstable_subtypes() -> None:
    assert "are unstable when" in " ".join(how_tested(make_results(jaccard=0.5)))
    assert "unstable" not in " ".join(how_tested(make_results()))
    assert "One subtype was chosen or requested" in " ".join(how_tested(make_results(1)))


def test_one_layer_is_not_said_to_share(results) -> None:
    alone = assessed(results, p_shared=np.nan, p_structure=0.4, verdict=CONTINUUM)
    assert answer(alone).startswith("No evidence of groups in the one layer")
    assert "permuted within each layer" not in " ".join(how_tested(alone))


def layered(results, **columns):
    """Results whose layers have these p-values, from 19 copies, and a significant whole."""
    table = results.assessment.layers.assign(n_permutations=19, **columns)
    return assessed(results, layers=table, p_shared=0.025)


def test_tests_of_layers_are_reconciled_with_that_of_the_whole_network(results) -> None:
    n = len(results.assessment.layers)
    said = [
        text
        for text in layers.caveats(layered(results, p_adds=[0.1] + [0.05] * (n - 1), fdr_adds=0.07))
        if text.startswith("The layers together share structure (p = 0.025)")
    ]
    assert len(said) == 1
    assert f"corrected for {n} layers, and with 19 copies no p can be below 0.050 (here" in said[0]
    assert said[0].endswith('budget = "standard" can settle it.')
    for columns in ({"p_adds": 0.05, "fdr_adds": 0.05}, {"p_adds": 0.2, "fdr_adds": 0.2}):
        settled = " ".join(layers.caveats(layered(results, **columns)))
        assert "The layers together share structure" not in settled


def test_layers_without_which_subtypes_change_are_told_apart_by_how_much(results) -> None:
    n = len(results.assessment.layers)
    without = [0.57, 0.17] + [0.95] * (n - 2)
    said = layers.layer_sentences(layered(results, agreement_without=without))
    assert "the subtypes change substantially (ARI 0.57)" in said[0]
    assert "the subtypes are largely lost (ARI 0.17)" in said[1]
