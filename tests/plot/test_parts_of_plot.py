"""Small functions, each by an example."""

import numpy as np
import pandas as pd

from omicsfuse.core.results import (
    Interpretation,
    PreparedLayer,
    RadiogenomicMap,
    Subtypes,
    SurvivalComparison,
)
from omicsfuse.datasets import simulate_cohort
from omicsfuse.plot import evidence
from omicsfuse.plot.biology import one_direction
from omicsfuse.plot.canvas import axes_or_new, new_figure, panel_grid, panels, styled
from omicsfuse.plot.choice import criteria_table
from omicsfuse.plot.colours import marker, position
from omicsfuse.plot.forest import Line, draw_lines
from omicsfuse.plot.heatmap_colours import call_levels, cell_colours, z_scores
from omicsfuse.plot.heatmap_key import text_width
from omicsfuse.plot.heatmap_rows import driver_ranks, features_apart
from omicsfuse.plot.interpretation import gene_rows
from omicsfuse.plot.kaplan import time_ticks
from omicsfuse.plot.layers import column_title, layer_columns
from omicsfuse.plot.network import coverage_table, mark_subtypes
from omicsfuse.plot.numbers import (
    format_number,
    format_ratio,
    short_names,
    shorten,
    years_text,
)
from omicsfuse.plot.predicted import legend_beside, model_style
from omicsfuse.plot.radiogenomic_map import radiogenomic_pairs, strongest
from omicsfuse.plot.residuals import drawn_residuals
from omicsfuse.plot.settings import setting_name
from omicsfuse.plot.tested import is_void, overall_test, pipeline_test


def test_one_direction() -> None:
    table = pd.DataFrame({"subtype": ["S1", "S2"], "effect": [0.7, -0.7]})
    assert one_direction(table, ["S1", "S2"])["effect"].tolist() == [0.7]
    assert len(one_direction(table, ["S1", "S2", "S3"])) == 2


def test_model_style() -> None:
    assert model_style("clinical")[1:] == ("o", "--")


def test_legend_beside() -> None:
    axes = panels(None, 2, 6, 3)
    axes[1].plot([0, 1], label="clinical")
    legend_beside(axes)
    assert axes[1].get_legend().get_texts()[0].get_text() == "clinical"


def test_styled() -> None:
    assert styled(len)("abc") == 3


def test_axes_or_new() -> None:
    assert float(axes_or_new(None, 4, 3).figure.get_figwidth()) == 4.0


def test_panels() -> None:
    assert len(panels(None, 3, 6, 2)) == 3


def test_panel_grid() -> None:
    panels = panel_grid(None, 5, 4, 9, 4)
    assert (len(panels), len(panels[0].figure.axes)) == (5, 5)


def test_criteria_table() -> None:
    table = pd.DataFrame({"eigengap": [0.1]}, [2])
    assert criteria_table(Subtypes(pd.Series(dtype=str), {"n_clusters": table}, {})).shape == (1, 1)


def test_position() -> None:
    assert (position("S3"), position("all patients")) == (2, 0)


def test_marker() -> None:
    assert (marker("S1"), marker("S2")) == ("o", "s")


def test_tested_statistic() -> None:
    assert (
        evidence.tested_statistic(pd.DataFrame({"statistic": ["silhouette", "eigengap"]}))
        == "silhouette"
    )


def test_draw_lines() -> None:
    assert (
        draw_lines([Line("os"), Line("age", 1.5, 1.1, 2.0, 0.01, "40 / 90")], None).get_xlabel()
        == "hazard ratio (log scale)"
    )


def test_cell_colours() -> None:
    calls = pd.DataFrame({"TP53": [1.0, 0.0]}, ["P1", "P2"])
    layer = PreparedLayer("mutation", calls, calls, "binary", None)
    assert cell_colours(layer, "TP53", calls.index).tolist() == [[28, 28, 28], [241, 242, 244]]


def test_call_levels() -> None:
    table = pd.DataFrame({"EGFR": [2.0]})
    assert (
        call_levels(PreparedLayer("copy_number", table, table, "gistic", None))[2][0] == "amplified"
    )


def test_text_width() -> None:
    assert (text_width("") == 0, text_width("missing") < text_width("not mutated")) == (True, True)


def test_driver_ranks() -> None:
    found = pd.DataFrame({"layer": "rna", "feature": ["A", "B"], "subtype": "S1"})
    drivers = pd.DataFrame({"layer": ["rna"], "feature": ["B"], "subtype": ["S2"], "rank": [1]})
    assert repr(driver_ranks(found, drivers, by_subtype=False).tolist()) == "[inf, 1.0]"


def test_features_apart() -> None:
    table = pd.DataFrame({"A": [1.0, 2, 9], "B": [2.0, 4, 18], "C": [4.0, 0, 1]}, list("abc"))
    subtypes = Subtypes(pd.Series(["S1", "S1", "S2"], list("abc")), {}, {})
    assert features_apart(["A", "B", "C"], table, subtypes, [], 5) == ["A", "C"]


def test_z_scores() -> None:
    assert repr(z_scores(np.array([1.0, 3.0, np.nan])).tolist()) == "[-1.0, 1.0, nan]"


def test_gene_rows() -> None:
    none = pd.DataFrame()
    assert len(gene_rows(Interpretation("m", pd.Series(dtype=float), "score", none, none))) == 0


def test_time_ticks() -> None:
    assert time_ticks(1800).tolist() == [0.0, 500.0, 1000.0, 1500.0]


def test_layer_columns() -> None:
    assert layer_columns(pd.DataFrame({"agreement": [0.2], "n": [90], "note": ["x"]})) == [
        "agreement"
    ]


def test_column_title() -> None:
    assert column_title("agreement_with_others") == "agreement with others"


def test_mark_subtypes() -> None:
    labels = pd.Series(["S1", "S1", "S2"], list("abc"))
    ax = new_figure(3, 3).subplots()
    mark_subtypes(ax, labels, Subtypes(labels, {}, {}))
    assert [text.get_text().replace(chr(10), " ") for text in ax.texts] == ["S1 n = 2", "S2 n = 1"]


def test_coverage_table() -> None:
    assert coverage_table(simulate_cohort(30, n_external=0).discovery).shape == (30, 5)


def test_format_number() -> None:
    assert [format_number(x) for x in (0.123456, 1234.5, 12.0, float("inf"), float("nan"))] == [
        "0.123",
        "1,234",
        "12",
        "infinite",
        "",
    ]


def test_format_ratio() -> None:
    assert [format_ratio(x) for x in (0.0004, 0.5, 2.346, 12.34, 512.3, float("inf"))] == [
        "< 0.01",
        "0.50",
        "2.35",
        "12.3",
        "512",
        "infinite",
    ]


def test_years_text() -> None:
    assert (years_text(1.0), years_text(2.5)) == ("1 year", "2.5 years")


def test_strongest() -> None:
    table = pd.DataFrame(
        {"feature": ["a", "b"], "layer": ["rna", "rna"], "target": ["G", "H"], "p": [0.1, 0.01]}
    )
    assert strongest(RadiogenomicMap(pd.DataFrame(), table, pd.DataFrame()), most_targets=1) == (
        ["b"],
        [("rna", "H")],
    )


def test_drawn_residuals() -> None:
    none = pd.DataFrame()
    assert drawn_residuals(SurvivalComparison("os", "days", none, none, none, none)).empty


def test_setting_name() -> None:
    assert (setting_name("n_neighbors"), setting_name("metric of expression")) == (
        "neighbours K",
        "distance of expression",
    )


def test_overall_test() -> None:
    tests = pd.DataFrame({"kind": ["overall"], "n": [90]})
    none = pd.DataFrame()
    assert int(overall_test(SurvivalComparison("os", "days", tests, none, none, none))["n"]) == 90


def test_pipeline_test() -> None:
    tests = pd.DataFrame({"kind": ["overall", "overall, full pipeline"], "n": 90})
    none = pd.DataFrame()
    assert (
        pipeline_test(SurvivalComparison("os", "days", tests, none, none, none))["kind"]
        == "overall, full pipeline"
    )


def test_is_void() -> None:
    assert (is_void(pd.Series({"void": True})), is_void(None)) == (True, False)


def test_radiogenomic_pairs() -> None:
    values = {
        "ct": pd.DataFrame({"grain": [1.0, 3.0, 2.0]}),
        "rna": pd.DataFrame({"EGFR": [1.0, 5.0, 2.0]}),
    }
    row = {"feature": "grain", "layer": "rna", "target": "EGFR", "n": 3, "p": 0.1, "fdr": 0.1}
    table = pd.DataFrame([row | {"correlation": 1.0, "adjusted_correlation": float("nan")}])
    none = pd.DataFrame()
    drawn = radiogenomic_pairs(
        RadiogenomicMap(none, table, none, params={"radiomics": "ct"}), values
    )
    assert [panel.get_xlabel() for panel in drawn] == ["grain"]


def test_names_that_differ_stay_different() -> None:
    names = [f"wavelet-LLH_glszm_LargeAreaEmphasis_{end}_of_a_long_name" for end in "abc"]
    short = short_names([*names, "brief"], 20)
    assert len(set(short)) == 4
    assert short[3] == "brief"
    assert shorten(names[0], 20) == shorten(names[1], 20)
    assert shorten("original_firstorder_Entropy", 20) == "origin...der_Entropy"
    assert shorten("wavelet-HHL_firstorder_Kurtosis", 17) == "wavHHL...Kurtosis"
    assert shorten("waveletLLH_GLCM_IMC1", 17) == "wavLLH_GLCM_IMC1"
    assert shorten("waveletLLH_GLCM_IMC1", 20) == "waveletLLH_GLCM_IMC1"


def test_a_mutation_against_a_feature_is_a_box_plot() -> None:
    patients = [f"P{i}" for i in range(8)]
    grain = pd.DataFrame({"grain": [1.0, 2, 3, 4, 5, 6, 7, 80]}, patients)
    calls = pd.DataFrame({"TP53": [0.0, 0, 0, 0, 1, 1, 1, 1]}, patients)
    row = {"feature": "grain", "layer": "dna", "target": "TP53", "n": 8, "p": 0.1, "fdr": 0.1}
    table = pd.DataFrame([row | {"correlation": 0.9, "adjusted_correlation": float("nan")}])
    none = pd.DataFrame()
    map_ = RadiogenomicMap(none, table, none, params={"radiomics": "ct"})
    (panel,) = radiogenomic_pairs(map_, {"ct": grain, "dna": calls})
    assert [text.get_text() for text in panel.get_xticklabels()] == [
        "not altered\nn = 4",
        "altered\nn = 4",
    ]
    assert panel.get_ylabel() == "grain"
    medians = [line.get_ydata()[0] for line in panel.lines if np.ptp(line.get_ydata()) == 0]
    assert medians[0] == 2.5
    assert 6.5 in medians
    # The whisker ends at the largest value within 1.5 times the quartiles' distance.
    assert max(line.get_ydata().max() for line in panel.lines) < 80
    assert sum(len(dots.get_offsets()) for dots in panel.collections) == 8
