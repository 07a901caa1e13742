"""Figures of the evidence show what the assessment holds, and say calmly what it lacks."""

import importlib.util
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest

from omicsfuse import plot
from omicsfuse.core.results import Assessment, RunResults, Subtypes
from omicsfuse.plot.choice import chosen_k, consensus_cdf
from omicsfuse.plot.evidence import consensus_matrix, consensus_order, structure_tests
from omicsfuse.plot.gains import MOST_GROUPS, feature_groups, layer_gains
from omicsfuse.plot.network import MOST_DRAWN
from omicsfuse.plot.settings import sensitivity

NONE = pd.DataFrame()


@pytest.fixture(scope="module")
def make_results() -> Callable[..., RunResults]:
    """The function of the report's tests that makes results of a run in a given shape."""
    path = Path(__file__).parents[1] / "report" / "synthetic_results.py"
    spec = importlib.util.spec_from_file_location("synthetic_results_for_evidence", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.make_results


@pytest.fixture(scope="module")
def results(make_results) -> RunResults:
    return make_results()


def words(axes) -> list[str]:
    """Texts of a figure that are not empty."""
    first = axes if not isinstance(axes, list) else axes[0]
    texts = first.figure.findobj(matplotlib.text.Text)
    return [text.get_text() for text in texts if text.get_text()]


def evidence(**tables) -> Assessment:
    return Assessment(NONE, NONE, {}, **tables)


@pytest.mark.parametrize(
    ("draw", "said"),
    [
        (structure_tests, "was not tested"),
        (consensus_cdf, "not resampled"),
        (sensitivity, "no other settings were tested"),
        (layer_gains, "not compared with permuted copies"),
        (feature_groups, "no groups of features"),
        (plot.subtype_layers, "not compared"),
    ],
)
def test_empty_tables_give_a_calm_sentence(draw, said):
    assert any(said in text for text in words(draw(evidence())))


def test_consensus_of_nobody_gives_a_calm_sentence(results):
    assert "not resampled" in words(consensus_matrix(evidence(), results.subtypes))[-1]
    strangers = results.assessment.consensus.rename(index=str.lower, columns=str.lower)
    axes = consensus_matrix(evidence(consensus=strangers), results.subtypes)
    assert "no resampled patient has a subtype" in words(axes)[-1]


def test_every_criterion_has_a_panel_that_says_what_is_better(results):
    drawn = plot.choice_of_k(results.subtypes, results.assessment)
    titles = [panel.get_title(loc="left") for panel in drawn]
    assert titles == [
        "gain over a continuum",
        "eigengap",
        "mean silhouette",
        "rotation cost",
        "ambiguous pairs (PAC)",
        "prediction strength",
        "above the continuum",
    ]
    text = words(drawn)
    assert text.count("smaller is better") == 2
    assert text.count("larger is better") == 3
    # The chosen k is marked in each panel by a diamond at its value.
    chosen = results.assessment.n_clusters.loc[3]
    for panel, name in zip(drawn[:2], ("gap", "eigengap"), strict=True):
        diamonds = [line for line in panel.lines if line.get_marker() == "D"]
        assert [tuple(line.get_xydata()[0]) for line in diamonds] == [(3, chosen[name])]
    names = [text.get_text() for text in drawn[-1].get_legend().get_texts()]
    assert names == ["silhouette", "normalised cut", "eigengap"]


def test_without_an_assessment_the_subtypes_own_criteria_are_drawn(results):
    assert len(plot.choice_of_k(results.subtypes)) == 4
    before = evidence()
    assert len(plot.choice_of_k(results.subtypes, before)) == 4


def test_chosen_k_may_be_missing():
    table = pd.DataFrame({"chosen": [None, True]}, [2, 3])
    assert chosen_k(table).tolist() == [False, True]
    assert chosen_k(table[[]]).tolist() == [False, False]


def test_distribution_has_one_line_a_k_and_names_the_chosen(results):
    axes = consensus_cdf(results.assessment)
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == ["k = 2", "k = 3 (chosen)", "k = 4", "k = 5", "k = 6"]
    assert len({(str(line.get_color()), line.get_linestyle()) for line in axes.lines}) == 5


def test_consensus_is_ordered_by_subtype_and_then_by_who_is_together():
    rng = np.random.default_rng(0)
    patients = pd.Index([f"p{i}" for i in range(12)])
    labels = pd.Series(["S1"] * 8 + ["S2"] * 4, patients)
    # Within S1, odd and even patients are each together.
    group = np.where(labels == "S2", 2, np.arange(12) % 2)
    together = (group[:, None] == group[None, :]) * 0.8 + rng.uniform(0, 0.1, (12, 12))
    table = pd.DataFrame((together + together.T) / 2, patients, patients)
    shuffled = rng.permutation(12)
    table = table.iloc[shuffled, shuffled]
    order = consensus_order(table, Subtypes(labels, {}, {}))
    assert sorted(order) == sorted(patients)
    assert labels[order].tolist() == labels.tolist()
    parity = [int(name[1:]) % 2 for name in order[:8]]
    assert parity in ([0] * 4 + [1] * 4, [1] * 4 + [0] * 4)


def test_consensus_marks_borderline_patients_and_pairs_never_drawn(results):
    table = results.assessment.consensus.copy()
    table.iloc[0, 1] = table.iloc[1, 0] = np.nan
    assessment = replace(results.assessment, consensus=table)
    axes = consensus_matrix(assessment, results.subtypes)
    assert axes.images[0].get_array().mask.sum() == 2
    border = (results.assessment.patients["membership"] == "borderline").sum()
    assert border > 0
    assert len(axes.collections[0].get_segments()) == border


def test_large_consensus_is_thinned(make_results):
    results = make_results(10, MOST_DRAWN + 60)
    axes = consensus_matrix(results.assessment, results.subtypes)
    assert axes.images[0].get_array().shape == (MOST_DRAWN, MOST_DRAWN)
    n = len(results.subtypes.labels)
    sizes = [text for text in words(axes) if text.startswith("S")]
    assert sum(int(text.split("= ")[1]) for text in sizes) == n


def test_real_network_is_drawn_beside_every_kind_of_draw(results):
    drawn = structure_tests(results.assessment)
    assert [panel.get_title(loc="left") for panel in drawn] == [
        "patients permuted within layers",
        "continuum without groups",
    ]
    assert drawn[0].get_ylabel() == "mean silhouette"
    assert drawn[0].get_ylim() == drawn[1].get_ylim()


def test_gains_show_p_and_fill_only_what_convinces(results):
    left, middle, right = layer_gains(results.assessment)
    assert [text.get_text() for text in left.texts] == [
        "p = 0.010",
        "p = 0.020",
        "p = 0.30",
        "p = 0.040",
        "p = 0.50",
    ]
    dots = [line for line in left.lines if line.get_marker() == "o"]
    filled = [line.get_markerfacecolor() != "white" for line in dots]
    assert filled == [True, True, False, True, False]
    assert all(line.get_markerfacecolor() == "white" for line in middle.lines[1:])
    names = [text.get_text() for text in right.get_legend().get_texts()]
    assert names == ["layer alone", "without the layer"]


def test_layers_that_were_not_tested_say_so(results):
    layers = results.assessment.layers.copy()
    layers.loc[layers.index[1], ["shared_gain", "held_out_gain"]] = np.nan
    drawn = layer_gains(replace(results.assessment, layers=layers))
    assert [text.get_text() for text in drawn[0].texts].count(" not tested") == 1


def test_feature_groups_are_named_by_grouping_and_thinned(results):
    axes = feature_groups(results.assessment)
    labels = [text.get_text() for text in axes.get_yticklabels()]
    assert labels == ["texture (60)", "shape (8)", "wavelet (40)"]
    assert {"by class", "by image"} <= set(words(axes))
    one = results.assessment.feature_groups.iloc[[0]]
    many = pd.concat([one.rename(index={"texture": f"g{i}"}) for i in range(MOST_GROUPS + 5)])
    many["shared_gain_p"] = np.linspace(1, 0.01, len(many))
    axes = feature_groups(replace(results.assessment, feature_groups=many))
    labels = [text.get_text() for text in axes.get_yticklabels()]
    assert len(labels) == MOST_GROUPS
    assert labels[0] == "g5 (60)"


def test_ratios_are_coloured_around_one(results):
    axes = plot.subtype_layers(results.assessment)
    # One scale in every figure: a ratio of 1.2 is always pale.
    assert axes.images[0].get_clim() == (-2.0, 2.0)
    ends = [text.get_text() for text in axes.figure.axes[-1].get_yticklabels()]
    assert ends == ["0.25 or less", "0.5", "1", "2", "4 or more"]
    table = results.assessment.subtype_layers.copy()
    table.loc[0, "ratio"] = np.nan
    axes = plot.subtype_layers(replace(results.assessment, subtype_layers=table))
    assert [text.get_text() for text in axes.texts].count("-") == 1


def test_settings_frame_the_reported_value_and_say_why_a_cell_is_empty(results):
    axes = sensitivity(results.assessment)
    frames = [patch for patch in axes.patches if not patch.get_fill()]
    assert [round(patch.get_x() + 0.49) for patch in frames] == [1, 1, 1]
    text = "\n".join(words(axes))
    assert "neighbours K" in text
    assert "distance of expression" in text
    assert "(a) more neighbours than patients" in text
    assert "framed: settings of the report" in text
    assert sum(name == "(a)" for name in words(axes)) == 1


def test_negative_agreement_is_drawn_as_none():
    table = pd.DataFrame(
        {"setting": ["mu"], "value": ["0.3"], "agreement": [-0.05], "note": [""], "reported": False}
    )
    axes = sensitivity(evidence(sensitivity=table))
    assert "-0.05" in words(axes)


def test_stability_names_the_share_that_dissolves(results):
    text = words(plot.stability(results.assessment))
    assert text.count("5%") == 3
    assert "dissolved" in text
    table = results.assessment.stability.drop(columns="dissolved")
    assert "dissolved" not in words(plot.stability(replace(results.assessment, stability=table)))
