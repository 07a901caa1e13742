"""Figures of survival show what a comparison holds, and say calmly what it lacks."""

import importlib.util
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.lines import Line2D

from omicsfuse import plot
from omicsfuse.core.results import COX_COLUMNS, RunResults, SurvivalComparison
from omicsfuse.plot.colours import subtype_colour
from omicsfuse.plot.free_space import FreeSpace
from omicsfuse.plot.predicted import calibration, decision_curve
from omicsfuse.plot.residuals import MOST_TERMS, schoenfeld
from omicsfuse.plot.rows import fullest_model, rows_with
from omicsfuse.plot.tested import log_rank_text

NONE = pd.DataFrame()
DRAWN = {
    "incidence": plot.cumulative_incidence,
    "calibration": calibration,
    "decision": decision_curve,
    "residuals": schoenfeld,
}
NUMBERS = {
    "incidence": "incidence",
    "calibration": "observed",
    "decision": "net_benefit",
    "residuals": "residual",
}


@pytest.fixture(scope="module")
def make_results() -> Callable[..., RunResults]:
    """The function of the report's tests that makes results of a run in a given shape."""
    path = Path(__file__).parents[1] / "report" / "synthetic_results.py"
    spec = importlib.util.spec_from_file_location("synthetic_results_for_survival", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.make_results


@pytest.fixture(scope="module")
def comparison(make_results) -> SurvivalComparison:
    return make_results(n=93, competing=True).survival["os"]


def words(axes) -> list[str]:
    """Texts of a figure that are not empty."""
    first = axes if not isinstance(axes, list) else axes[0]
    texts = first.figure.findobj(matplotlib.text.Text)
    return [text.get_text() for text in texts if text.get_text()]


def titles(drawn) -> list[str]:
    return [panel.get_title(loc="left") for panel in drawn]


def lines(panel) -> dict[str, Line2D]:
    """Lines of a panel that have a name of their own."""
    return {line.get_label(): line for line in panel.lines if not line.get_label().startswith("_")}


@pytest.mark.parametrize("name", list(DRAWN))
def test_nothing_to_draw_is_said_calmly(comparison, name):
    column = NUMBERS[name]
    table = getattr(comparison, name)
    for nothing in (NONE, table.iloc[:0], table.assign(**{column: np.nan}), table[["time"]]
                    if "time" in table else table[["years"]]):  # fmt: skip
        axes = DRAWN[name](replace(comparison, **{name: nothing}))
        assert len(axes) == 1
        assert words(axes)[-1].startswith("Nothing to show: no ")
        assert "endpoint os" in words(axes)[-1]


@pytest.mark.parametrize("name", list(DRAWN))
def test_figures_are_vector_and_the_same_bytes_each_time(comparison, tmp_path, name):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        plot.save_figure(DRAWN[name](comparison), tmp_path / folder / name, dpi=40)
    content = (tmp_path / "a" / f"{name}.svg").read_bytes()
    assert content == (tmp_path / "b" / f"{name}.svg").read_bytes()
    assert ElementTree.fromstring(content).tag.endswith("svg")
    assert b"<image" not in content


@pytest.mark.parametrize("name", list(DRAWN))
def test_given_axes_are_drawn_in(comparison, name):
    ax = plot.canvas.new_figure(9, 5).subplots()
    assert all(panel.figure is ax.figure for panel in DRAWN[name](comparison, ax=ax))


def test_incidence_has_a_panel_for_each_cause_in_subtype_colours(comparison):
    drawn = plot.cumulative_incidence(comparison)
    assert titles(drawn) == ["death of the tumour", "other death"]
    for panel, cause in zip(drawn, titles(drawn), strict=True):
        for name in ("S1", "S2", "S3"):
            line = lines(panel)[name]
            assert to_hex(line.get_color()) == subtype_colour(name).lower()
            own = comparison.incidence
            own = own[(own["cause"] == cause) & (own["subtype"] == name)].sort_values("time")
            np.testing.assert_allclose(line.get_ydata(), own["incidence"])
            np.testing.assert_allclose(line.get_xdata(), own["time"] / 365.25)
    assert drawn[0].get_ylim() == drawn[1].get_ylim()
    assert drawn[0].get_xlabel() == "Time (years)"


def test_incidence_begins_with_nobody_and_does_without_intervals(comparison):
    table = comparison.incidence
    table = table[table["time"] > 0].assign(ci_low=np.nan, ci_high=np.nan)
    drawn = plot.cumulative_incidence(replace(comparison, incidence=table))
    line = lines(drawn[0])["S1"]
    assert (line.get_xdata()[0], line.get_ydata()[0]) == (0, 0)


def test_names_of_curves_cross_no_curve_and_no_other_name():
    ax = plot.canvas.new_figure(4, 3).subplots()
    ax.set_xlim(0, 10)
    ax.set_ylim(0, 1)
    time = np.array([0.0, 4, 9])
    curves = {
        "S1": (time, np.array([1.0, 0.8, 0.5])),
        "S2": (time, np.array([1.0, 0.7, 0.5])),
        "S3": (np.array([0.0, 2.0]), np.array([1.0, 0.2])),
    }
    space = FreeSpace(curves, (10, 1), 3.3, 2.5)
    assert space.label_curves(ax) == ["S1", "S2", "S3"]
    boxes = space.taken
    for i, box in enumerate(boxes):
        assert replace(space, taken=boxes[:i]).is_free(box, 0)
    # The curve that ends first has its name at its end.
    assert boxes[2][0] == pytest.approx(0.2 + 4 / 72 / 3.3)


def test_a_box_among_curves_is_free_of_them_or_not_there():
    fall = {"S1": (np.array([0.0, 5, 10]), np.array([1.0, 0.4, 0.1]))}
    high = {"S1": (np.array([0.0, 9]), np.array([1.0, 0.9]))}
    full = {f"S{i}": (np.array([0.0, 10]), np.array([i / 9, i / 9])) for i in range(10)}
    assert FreeSpace(fall, (10, 1), 4, 3).corner(1.5, 0.8) == pytest.approx((0.615, 0.99))
    assert FreeSpace(high, (10, 1), 4, 3).corner(1.5, 0.8)[1] < 0.4
    assert FreeSpace(full, (10, 1), 4, 3).corner(1.5, 0.8) is None


def test_calibration_draws_both_models_at_each_time(comparison):
    drawn = calibration(comparison)
    assert titles(drawn) == ["1 year", "3 years", "5 years"]
    for panel, years in zip(drawn, (1, 3, 5), strict=True):
        own = comparison.calibration[comparison.calibration["years"] == years]
        for model in ("clinical", "clinical + subtypes"):
            rows = own[own["model"] == model].sort_values("predicted")
            np.testing.assert_allclose(lines(panel)[model].get_xdata(), rows["predicted"])
            np.testing.assert_allclose(lines(panel)[model].get_ydata(), rows["observed"])
        diagonal = panel.lines[0]
        np.testing.assert_array_equal(diagonal.get_xdata(), diagonal.get_ydata())
    both = lines(drawn[0])
    # Told apart without colour: by marker and by kind of line.
    assert len({line.get_marker() for line in both.values()}) == 2
    assert len({line.get_linestyle() for line in both.values()}) == 2


def test_groups_without_an_interval_are_still_drawn(comparison):
    table = comparison.calibration.copy()
    table.loc[table["group"] == 1, ["ci_low", "ci_high"]] = np.nan
    panel = calibration(replace(comparison, calibration=table))[0]
    assert len(lines(panel)["clinical"].get_xdata()) == 4
    assert [len(bars.get_segments()) for bars in panel.collections] == [3, 3]


def test_decision_curve_has_both_models_and_both_rules_without_one(comparison):
    drawn = decision_curve(comparison)
    assert titles(drawn) == ["1 year", "3 years", "5 years"]
    assert set(lines(drawn[0])) == {"clinical", "clinical + subtypes", "treat all", "treat none"}
    assert set(lines(drawn[0])["treat none"].get_ydata()) == {0.0}
    low, high = drawn[0].get_ylim()
    assert low == pytest.approx(-0.2 * comparison.decision["net_benefit"].max())
    assert high > comparison.decision["net_benefit"].max()
    assert "treat all" in words(drawn)


def test_one_time_gives_one_panel(comparison):
    table = comparison.decision[comparison.decision["years"] == 3]
    assert titles(decision_curve(replace(comparison, decision=table))) == ["3 years"]


def test_residuals_show_the_fit_the_constant_and_the_p_of_each_term(comparison):
    drawn = schoenfeld(comparison)
    assert titles(drawn) == ["S2 vs S1", "S3 vs S1", "age", "stage (per step)"]
    events = int((comparison.curves["events"] > 0).sum())
    assert all(len(panel.lines[1].get_xdata()) == events for panel in drawn)
    assert "p = 0.40" in words(drawn)
    across = [set(line.get_ydata()) for line in drawn[0].lines]
    assert {0.7} in across
    assert {0} in across


def test_residuals_of_the_fullest_model_only_and_not_too_many(comparison):
    table = comparison.residuals
    other = table.assign(model="univariable", residual=99.0)
    many = pd.concat([table.assign(term=f"gene {i}") for i in range(12)])
    drawn = schoenfeld(replace(comparison, residuals=pd.concat([other, many])))
    assert len(drawn) == MOST_TERMS
    assert max(panel.lines[1].get_ydata().max() for panel in drawn) < 99


def test_residuals_without_a_fit_or_a_test_are_still_dots(comparison):
    table = comparison.residuals.assign(
        fit=np.nan, fit_low=np.nan, fit_high=np.nan, coefficient=np.nan
    )
    drawn = schoenfeld(replace(comparison, residuals=table, proportional=NONE))
    assert len(drawn) == 4
    assert not any("p = " in text for text in words(drawn))


def test_forest_groups_the_rows_of_every_model():
    rows = [
        ["os", "univariable", "S2 vs S1", 90, 40, 2.0, 1.2, 3.1, 0.01, ""],
        ["os", "multivariable, stratified", "S2 vs S1", 88, 39, 1.8, 1.1, 3.0, 0.02, ""],
        ["os", "univariable", "S3 vs S1", 90, 40, 1.5, 0.9, 2.4, 0.2, ""],
        ["os", "multivariable, stratified", "age", np.nan, np.nan, *[np.nan] * 4, "constant"],
    ]
    ax = plot.forest(pd.DataFrame(rows, columns=COX_COLUMNS, index=[0, 1, 0, 1]))
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        "univariable",
        "S2 vs S1",
        "S3 vs S1",
        "multivariable, stratified",
        "S2 vs S1",
        "age",
    ]
    assert words(ax).count("not estimated") == 1
    assert "39 / 88" in words(ax)
    assert "Nothing to show: no Cox model was fitted" in words(plot.forest(NONE))


def test_one_event_gives_curves_and_no_p(make_results):
    one = make_results(n=93, few_events=True).survival["os"]
    text = "\n".join(words(plot.kaplan_meier(one)))
    assert "89 patients, 1 event" in text
    assert "1 events" not in text
    assert "not tested" in text
    for name in DRAWN:
        assert "Nothing to show" in words(DRAWN[name](one))[-1]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "log-rank p = 0.010 (permutation p = 0.012)"),
        ({"p_permutation": np.nan}, "log-rank p = 0.010\n"),
        ({"void": True}, "log-rank p is invalid (see"),
        ({"p_permutation": np.nan, "p_asymptotic": np.nan, "note": "few"}, "not tested: few"),
    ],
)
def test_log_rank_text(changes, said):
    row = {"n": 90, "events": 40, "p_asymptotic": 0.01, "p_permutation": 0.012}
    assert said in log_rank_text(pd.Series(row | changes, dtype=object))


def test_whole_pipeline_replaces_the_usual_p_in_the_figure(comparison):
    tests = comparison.tests
    row = tests.iloc[[0]].assign(kind="overall, full pipeline", p_permutation=0.41)
    ax = plot.kaplan_meier(replace(comparison, tests=pd.concat([tests, row])))
    text = "\n".join(words(ax))
    assert "log-rank p = 0.41, whole pipeline permuted" in text
    assert "0.004" not in text


def test_rows_with_numbers_in_every_kind_of_column():
    table = pd.DataFrame(
        {"a": pd.array([1, None, 3], dtype="Float64"), "b": [1.0, 2.0, np.inf], "c": list("xyz")}
    )
    assert rows_with(table, "a").index.tolist() == [0, 2]
    assert rows_with(table, "a", "b").index.tolist() == [0]
    assert rows_with(table, "c").empty
    assert rows_with(table, "not there").empty


def test_the_fullest_model_is_the_last_with_covariates():
    assert fullest_model(pd.Series(["multivariable", "univariable"])) == "multivariable"
    assert fullest_model(pd.Series([], dtype=object)) == ""


def test_given_labels_have_their_own_names() -> None:
    curves = pd.DataFrame(
        {"subtype": ["S1", "S2"], "time": [1.0, 2.0], "survival": [0.9, 0.8], "ci_low": 0.5}
    ).assign(ci_high=1.0, at_risk=[9, 9], events=1, censored=0)
    named = {"S1": "HPV-", "S2": "HPV+"}
    ax = plot.kaplan_meier(
        SurvivalComparison("os", "days", NONE, NONE, curves, NONE, label_names=named)
    )
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts == ["S1 HPV-", "S2 HPV+"]
