"""Each figure shows what the results hold, in shapes from one subtype to ten."""

import importlib.util
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pandas as pd
import pytest

from omicsfuse import plot
from omicsfuse.core.errors import StudyError
from omicsfuse.core.results import RunResults, Subtypes
from omicsfuse.plot.biology import select_markers
from omicsfuse.plot.choice import consensus_cdf
from omicsfuse.plot.evidence import consensus_matrix, structure_tests
from omicsfuse.plot.gains import feature_groups, layer_gains
from omicsfuse.plot.network import patients_in_order
from omicsfuse.plot.numbers import time_text
from omicsfuse.plot.settings import sensitivity
from omicsfuse.stats.p_values import p_text


@pytest.fixture(scope="session")
def make_results() -> Callable[..., RunResults]:
    """The function of the report's tests that makes results of a run in a given shape."""
    path = Path(__file__).parents[1] / "report" / "synthetic_results.py"
    spec = importlib.util.spec_from_file_location("synthetic_results_for_figures", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.make_results


@pytest.fixture(scope="module")
def results(make_results) -> RunResults:
    return make_results()


def words(axes) -> str:
    """All text of a figure."""
    first = axes if not isinstance(axes, list) else axes[0]
    figure = first.figure
    return "\n".join(text.get_text() for text in figure.findobj(matplotlib.text.Text))


def all_figures(results) -> dict[str, object]:
    survival, verification = results.survival["os"], results.verification
    return {
        "network": plot.fused_network(results.fusion, results.subtypes),
        "map": plot.patient_map(results.embedding, results.subtypes),
        "choice": plot.choice_of_k(results.subtypes),
        "criteria": plot.choice_of_k(results.subtypes, results.assessment),
        "tests": structure_tests(results.assessment),
        "cdf": consensus_cdf(results.assessment),
        "consensus": consensus_matrix(results.assessment, results.subtypes),
        "settings": sensitivity(results.assessment),
        "gains": layer_gains(results.assessment),
        "groups": feature_groups(results.assessment),
        "held together": plot.subtype_layers(results.assessment),
        "curves": plot.kaplan_meier(survival),
        "forest": plot.forest(survival.cox),
        "markers": plot.top_markers(results.markers, results.subtypes, results.prepared),
        "pathways": plot.pathways(results.enrichment),
        "coverage": plot.coverage(results.fusion),
        "stability": plot.stability(results.assessment),
        "layers": plot.layer_contributions(results.assessment),
    } | ({"verification": plot.verification_forest(verification)} if verification else {})


@pytest.mark.parametrize(("k", "n"), [(1, 40), (10, 200)])
def test_every_figure_can_be_drawn_and_saved(make_results, tmp_path, k, n):
    for name, axes in all_figures(make_results(k, n)).items():
        svg, png = plot.save_figure(axes, tmp_path / name, dpi=40)
        assert ElementTree.parse(svg).getroot().tag.endswith("svg")
        assert png.read_bytes().startswith(b"\x89PNG")


def test_given_axes_are_drawn_on(results):
    ax = plot.canvas.new_figure(4, 3).subplots()
    assert plot.kaplan_meier(results.survival["os"], ax=ax) is ax
    ax = plot.canvas.new_figure(4, 3).subplots()
    inside = plot.choice_of_k(results.subtypes, ax=ax)
    assert len(inside) == 4
    assert all(panel.figure is ax.figure for panel in inside)


def test_settings_of_matplotlib_are_left_alone(results):
    before = dict(matplotlib.rcParams)
    plot.fused_network(results.fusion, results.subtypes)
    assert dict(matplotlib.rcParams) == before


def test_heatmap_is_ordered_by_subtype_then_confidence(results):
    labels = patients_in_order(results.subtypes)
    assert labels.str[1:].astype(int).is_monotonic_increasing
    confidence = results.subtypes.evidence["patients"]["confidence"]
    for name in results.subtypes.names:
        assert confidence[labels.index[labels == name]].is_monotonic_decreasing


def test_order_puts_s10_after_s9():
    labels = pd.Series(["S10", "S9", "S2"], list("abc"))
    assert patients_in_order(Subtypes(labels, {}, {})).tolist() == ["S2", "S9", "S10"]


def test_diagonal_does_not_decide_the_colour_scale(results):
    affinity = results.fusion.affinity.copy()
    scale = plot.fused_network(results.fusion, results.subtypes).images[0].get_clim()
    affinity = affinity.mask(np.eye(len(affinity), dtype=bool), 1e6)
    other = replace(results.fusion, affinity=affinity)
    assert plot.fused_network(other, results.subtypes).images[0].get_clim() == scale


def test_numbers_at_risk_are_those_of_the_curves(results):
    comparison = results.survival["os"]
    ax = plot.kaplan_meier(comparison)
    tick = ax.get_xticks()[1]
    for name in results.subtypes.names:
        steps = comparison.curves[comparison.curves["subtype"] == name]
        expected = int(steps[steps["time"] >= tick * 365.25]["at_risk"].iloc[0])
        at_tick = [text.get_text() for text in ax.texts if getattr(text, "xy", None) == (tick, 0)]
        assert str(expected) in at_tick
    assert "Number at risk" in words(ax)
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("Overall survival", "Time (years)")
    assert [text.get_text() for text in ax.get_yticklabels()][::2] == ["0%", "50%", "100%"]
    assert "log-rank p = 0.004 (permutation p = 0.005)" in words(ax)


def test_times_are_shown_in_the_unit_asked_for(results):
    comparison = results.survival["os"]
    for unit, factor in (("days", 1), ("months", 12 / 365.25), ("years", 1 / 365.25)):
        ax = plot.kaplan_meier(comparison, unit=unit)
        assert ax.get_xlabel() == f"Time ({unit})"
        assert ax.lines[0].get_xdata()[-1] <= comparison.curves["time"].max() * factor + 1e-9
        median = float(comparison.medians["median"].iloc[0]) * factor
        assert f"median {time_text(median)} {unit}" in words(ax)
    with pytest.raises(StudyError, match='unit is "yeas"; did you mean "years"'):
        plot.kaplan_meier(comparison, unit="yeas")


def test_pairwise_tests_are_written_where_asked_for(results):
    comparison = results.survival["os"]
    assert "Pairwise" not in words(plot.kaplan_meier(comparison))
    ax = plot.kaplan_meier(comparison, pairwise=True)
    assert "Pairwise log-rank tests, FDR" in words(ax)
    pairs = comparison.tests[comparison.tests["kind"] == "pair"]
    assert words(ax).count(p_text(float(pairs["fdr"].iloc[0]))) == len(pairs) == 3
    void = replace(comparison, tests=comparison.tests.assign(void=True))
    assert words(plot.kaplan_meier(void, pairwise=True)).count("\nvoid") == 3


def test_survival_without_p_value_says_so(make_results):
    text = words(plot.kaplan_meier(make_results(few_events=True).survival["os"]))
    assert "log-rank not tested: no p-value: fewer than 10 events" in text


def test_forest_shows_infinite_and_missing_hazard_ratios():
    columns = ["model", "term", "n", "events", "hr", "hr_ci_low", "hr_ci_high", "p"]
    rows = [
        ["univariable", "age", 90, 40, 1.5, 1.1, 2.0, 0.01],
        ["univariable", "empty group", 90, 40, np.inf, 0.0, np.inf, 0.99],
        ["univariable", "constant", 90, 40, np.nan, np.nan, np.nan, np.nan],
    ]
    text = words(plot.forest(pd.DataFrame(rows, columns=columns)))
    assert "1.50 (1.10 to 2.00)" in text
    assert "infinite (0.00 to infinite)" in text
    assert "not estimated" in text


def test_verification_forest_leaves_out_tests_without_hazard_ratio(results):
    text = words(plot.verification_forest(results.verification))
    assert "S1 score per SD" in text
    assert "assigned subtypes" not in text


def test_markers_are_significant_and_shown_once(results):
    table = results.markers.copy()
    table.loc[table["subtype"] == "S1", "fdr"] = 0.5
    chosen = select_markers(table, results.subtypes.names)
    assert set(chosen["subtype"]) == {"S2", "S3"}
    assert not chosen.duplicated(["layer", "feature"]).any()


def test_two_subtypes_are_drawn_in_one_direction(make_results):
    results = make_results(2)
    names = results.subtypes.names
    first = results.markers[results.markers["subtype"] == "S1"].copy()
    first.loc[first.index[::2], "effect"] *= -1
    both = pd.concat([first, first.assign(subtype="S2", effect=-first["effect"])])
    chosen = select_markers(both, names, per_subtype=2)
    assert set(chosen["subtype"]) == {"S1"}
    for _, rows in chosen.groupby("layer"):
        assert (rows["effect"] > 0).tolist() == [True, True, False, False]
    text = words(plot.top_markers(both, results.subtypes, results.prepared))
    assert "raised in S1" in text
    assert "raised in S2" in text

    sets = pd.DataFrame(
        {
            "subtype": ["S1", "S1", "S2", "S2"],
            "gene_set": ["UP", "DOWN", "UP", "DOWN"],
            "nes": [1.5, -1.6, -1.5, 1.6],
            "fdr": [0.04, 0.01, 0.04, 0.01],
        }
    )
    axes = plot.pathways(sets, subtypes=names)
    assert [text.get_text() for text in axes.get_xticklabels()] == ["S1 vs S2"]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["UP", "DOWN"]
    assert len(axes.collections[0].get_offsets()) == 2
    # Of three subtypes, two may have been tested: those do not mirror each other.
    assert len(plot.pathways(sets, subtypes=["S1", "S2", "S3"]).get_xticklabels()) == 2


def test_stability_has_one_line_at_one_threshold(results):
    axes = plot.stability(results.assessment)
    upright = [line.get_xdata()[0] for line in axes.lines if line.get_linestyle() == "--"]
    assert upright == [0.75]
    assert "unstable: below" in words(axes)
    assert "no evidence" not in words(axes)
    assert "0.6" not in [text.get_text() for text in axes.texts]


def test_many_patients_stay_readable_in_small_files(make_results, tmp_path):
    results = make_results(10, 700)
    svg, _ = plot.save_figure(plot.patient_map(results.embedding, results.subtypes), tmp_path / "m")
    content = svg.read_text(encoding="utf-8")
    assert content.count("<use") < 100
    assert "data:image/png" in content
    axes = plot.top_markers(results.markers, results.subtypes, results.prepared)
    image, rows = axes.images[0], len(axes.get_yticks())
    assert image.get_array().shape[0] == 12 * rows
    assert image.get_extent() == [-0.5, 695.5, rows - 0.5, -0.5]


def test_missing_criteria_and_tables_give_a_calm_sentence(make_results):
    results = make_results(1)
    empty = pd.DataFrame(columns=["subtype", "gene_set", "nes", "fdr"])
    assert "Nothing to show: no gene set was tested" in words(plot.pathways(empty))
    assert "Nothing to show: stability was not assessed" in words(
        plot.stability(results.assessment)
    )
    nothing = Subtypes(results.subtypes.labels, {}, {})
    assert "Nothing to show" in words(plot.choice_of_k(nothing))
    assert "Nothing to show: no feature is a marker of a subtype" in words(
        plot.top_markers(results.markers, results.subtypes, results.prepared)
    )


def test_coverage_counts_combinations(results):
    ax = plot.coverage(results.fusion)
    n = len(results.fusion.coverage)
    assert f"expression ({n})" in words(ax)
    assert str(int(results.fusion.coverage.all(axis=1).sum())) in words(ax)
    assert plot.coverage(results.cohort).get_yticklabels()[0].get_text() == f"radiomics ({n})"
    assert len(plot.coverage(results.prepared).get_yticklabels()) == 5


@pytest.mark.parametrize("n_layers", [1, 2, 3])
def test_coverage_of_few_layers_has_room_for_its_bars(results, tmp_path, n_layers):
    few = dict(list(results.cohort.omics.items())[:n_layers])
    ax = plot.coverage(replace(results.cohort, omics=few))
    plot.save_figure(ax, tmp_path / "few")  # a layout that does not fit warns
    bars, dots = ax.figure.axes
    assert bars.get_position().height > 0.4
    assert bars.get_position().y0 > dots.get_position().y1


def test_maps_are_coloured_by_any_column(results):
    patients = results.embedding.index
    numbers = pd.Series(np.linspace(0, 1, len(patients)), patients, name="EGFR")
    ax = plot.patient_map(results.embedding, results.subtypes, colour=numbers)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("UMAP 1", "UMAP 2")
    coloured = [dots for dots in ax.collections if dots.get_array() is not None]
    drawn = np.concatenate([dots.get_array() for dots in coloured])
    labelled = results.subtypes.labels.index.intersection(patients)
    np.testing.assert_allclose(sorted(drawn), sorted(numbers[labelled]))
    assert "EGFR" in words(ax)
    words_ = pd.Series(["yes", "no", None] * len(patients), name="smoker")[: len(patients)]
    words_.index = patients
    ax = plot.patient_map(results.embedding, results.subtypes, colour=words_)
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend == ["no", "yes", "missing", *results.subtypes.names]
    assert ax.get_legend().get_title().get_text() == "smoker"
    for wrong, said in (
        (numbers.rename(index=lambda p: f"x{p}"), "colour has no value for patients on the map"),
        (pd.concat([numbers, numbers]), "more than once; give one value per patient"),
        ([1, 2], "colour is of type list; expected Series"),
    ):
        with pytest.raises(StudyError, match=said):
            plot.patient_map(results.embedding, results.subtypes, colour=wrong)


def test_names_from_data_stay_text_in_svg(results, tmp_path):
    table = results.enrichment.assign(gene_set="<script>$x^2$</script>\x07 & \u57fa\u56e0")
    svg, _ = plot.save_figure(plot.pathways(table), tmp_path / "pathways")
    content = svg.read_text(encoding="utf-8")
    assert "<script" not in content
    texts = ["".join(e.itertext()) for e in ElementTree.parse(svg).iter() if e.tag.endswith("text")]
    assert "<script>$x^2$</script>  & \u57fa\u56e0" in texts


def test_saved_figures_are_the_same_bytes_each_time(results, tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        plot.save_figure(plot.kaplan_meier(results.survival["os"]), tmp_path / folder / "curves")
    for name in ("curves.svg", "curves.png"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert "<text" in (tmp_path / "a" / "curves.svg").read_text(encoding="utf-8")
