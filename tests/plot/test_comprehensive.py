"""The comprehensive heatmap: rows, columns, annotations and key, from tiny to 2,000 patients."""

import time
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from omicsfuse import plot
from omicsfuse.core.cohort import Cohort, Endpoint
from omicsfuse.core.results import Prepared, PreparedLayer, Subtypes
from omicsfuse.plot.annotation_rows import (
    CATEGORIES,
    EVENT,
    MISSING,
    annotation_row,
    annotation_table,
)
from omicsfuse.plot.colours import subtype_colour
from omicsfuse.plot.heatmap_colours import CALLS, LEVELS
from omicsfuse.plot.heatmap_rows import heatmap_rows
from omicsfuse.plot.network import MOST_DRAWN

KINDS = {
    "rna": ("expression", "log2"),
    "ct": ("radiomics", "normal_score"),
    "mut": ("mutation", "binary"),
    "cn": ("copy_number", "gistic"),
    "prot": ("protein", "raw"),
    "meth": ("methylation", "m_value"),
}


def study(n: int = 30, k: int = 3, layers=tuple(KINDS), n_features: int = 12, seed: int = 0):
    """Layers with a feature or two that mark each subtype, and the markers as a table."""
    rng = np.random.default_rng(seed)
    patients = [f"P{i:04d}" for i in range(n)]
    codes = np.sort(np.arange(n) % k)
    labels = pd.Series([f"S{c + 1}" for c in codes], patients)
    prepared, rows = {}, []
    for layer in layers:
        kind, scale = KINDS[layer]
        values = rng.normal(size=(n, n_features))
        for j in range(n_features):
            values[codes == j % k, j] += 2
        if scale == "binary":
            values = (values > 1).astype(float)
        if scale == "gistic":
            values = np.clip(values.round(), -2, 2)
        names = [f"{layer}_{j}" for j in range(n_features)]
        table = pd.DataFrame(values, patients, names)
        prepared[layer] = PreparedLayer(kind, table, table, scale, None)
        for j, name in enumerate(names):
            rows.append((layer, name, f"S{j % k + 1}", 1.0 - 0.01 * j, 0.001 * (j + 1), 0.01))
    columns = ["layer", "feature", "subtype", "effect", "p", "fdr"]
    confidence = pd.DataFrame({"confidence": rng.random(n)}, patients)
    return (
        Prepared("made", prepared),
        Subtypes(labels, {"patients": confidence}, {}),
        pd.DataFrame(rows, columns=columns),
    )


def words(ax) -> str:
    return "\n".join(text.get_text() for text in ax.figure.findobj(matplotlib.text.Text))


def names_of(ax) -> list[str]:
    return [text.get_text() for text in ax.get_yticklabels()]


def image(ax, label: str) -> np.ndarray:
    (found,) = [one for one in ax.images if one.get_label() == label]
    return np.asarray(found.get_array())


def channels(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def test_rows_are_named_and_stacked_by_layer_with_annotations_on_top():
    prepared, subtypes, markers = study()
    known = pd.DataFrame({"hpv": ["+", "-", "+"] * 10, "age": np.linspace(40, 80, 30)})
    known.index = subtypes.labels.index
    ax = plot.comprehensive_heatmap(prepared, subtypes, markers, annotations=known, per_subtype=2)
    assert [one.get_label() for one in ax.images] == ["annotations", *KINDS]
    rows = heatmap_rows(prepared, subtypes, markers, per_subtype=2)
    assert names_of(ax) == ["hpv", "age", *rows["feature"]]
    assert rows.groupby(["layer", "group"]).size().max() == 2
    places = ax.get_yticks()
    assert len(places) == len(set(places))
    assert list(places) == sorted(places)
    text = words(ax)
    assert all(layer in text for layer in KINDS)
    assert all(f"\n{name}" in text for name in ("S1", "S2", "S3"))
    assert "row marks" in text
    bars = [p for p in ax.patches if p.get_x() == pytest.approx(-0.022)]
    assert [matplotlib.colors.to_hex(bar.get_facecolor()) for bar in bars] == [
        subtype_colour(name).lower() for name in rows["group"]
    ]


def test_columns_are_patients_by_subtype_the_most_confident_first():
    prepared, subtypes, markers = study(12, 2, ("mut",))
    labels = subtypes.labels.sample(frac=1, random_state=1)
    subtypes = replace(subtypes, labels=labels)
    ax = plot.comprehensive_heatmap(prepared, subtypes, markers)
    confidence = subtypes.evidence["patients"]["confidence"]
    order = sorted(labels.index, key=lambda p: (labels[p], -confidence[p]))
    shown = heatmap_rows(prepared, subtypes, markers)["feature"]
    expected = prepared.layers["mut"].values.loc[order, shown].to_numpy().T  # noqa: PD011
    drawn = image(ax, "mut")
    assert (drawn[expected == 1] == channels(CALLS[1][1])).all()
    assert (drawn[expected == 0] == channels(CALLS[0][1])).all()


def test_levels_are_drawn_as_they_are_and_missing_values_are_grey():
    prepared, subtypes, markers = study(15, 3, ("cn", "rna"))
    for layer in prepared.layers.values():
        layer.values.iloc[3, :] = np.nan  # noqa: PD011
    prepared.layers["cn"].values.iloc[4, :] = [-2, -1, 0, 1, 2] * 2 + [0, 0]  # noqa: PD011
    subtypes = replace(subtypes, evidence={})
    ax = plot.comprehensive_heatmap(prepared, subtypes, markers)
    column = image(ax, "cn")[:, 4].tolist()
    shown = heatmap_rows(prepared, subtypes, markers)
    values = prepared.layers["cn"].values.iloc[4]  # noqa: PD011
    wanted = [values[f] for f in shown.loc[shown["layer"] == "cn", "feature"]]
    assert column == [channels(LEVELS[int(v)][1]) for v in wanted]
    for layer in ("cn", "rna"):
        assert (image(ax, layer)[:, 3] == channels(MISSING)).all()
    assert not (image(ax, "rna")[:, 4] == channels(MISSING)).all(axis=1).any()


def test_patients_who_lack_a_layer_are_grey():
    prepared, subtypes, markers = study(20, 2, ("rna", "ct"))
    layer = prepared.layers["ct"]
    layers = {**prepared.layers, "ct": replace(layer, values=layer.values.iloc[:10])}  # noqa: PD011
    ax = plot.comprehensive_heatmap(Prepared("x", layers), replace(subtypes, evidence={}), markers)
    assert (image(ax, "ct")[:, 10:] == channels(MISSING)).all()


def test_two_subtypes_are_shown_by_direction():
    prepared, subtypes, markers = study(20, 2, ("rna",))
    first = markers.assign(subtype="S1", effect=np.where(markers["subtype"] == "S1", 1.0, -1.0))
    both = pd.concat([first, first.assign(subtype="S2", effect=-first["effect"])])
    rows = heatmap_rows(prepared, subtypes, both, per_subtype=3)
    assert rows["group"].tolist() == ["S1"] * 3 + ["S2"] * 3
    assert rows["effect"].tolist() == [1.0] * 3 + [-1.0] * 3
    assert "raised in" in words(plot.comprehensive_heatmap(prepared, subtypes, both))


def test_one_group_or_no_marker_says_so():
    prepared, subtypes, markers = study(10, 1, ("rna",))
    text = words(plot.comprehensive_heatmap(prepared, subtypes, markers))
    assert "Nothing to show: all patients form one group" in text
    prepared, subtypes, markers = study(10, 2, ("rna",))
    text = words(plot.comprehensive_heatmap(prepared, subtypes, markers.assign(fdr=0.3)))
    assert "no feature is a marker of a subtype at a false discovery rate of 0.05" in text
    text = words(plot.comprehensive_heatmap(prepared, subtypes, markers.head(0)))
    assert "Nothing to show" in text


def test_a_layer_without_markers_keeps_its_place():
    prepared, subtypes, markers = study(20, 2, ("rna", "prot"))
    markers.loc[markers["layer"] == "prot", "fdr"] = 0.5
    ax = plot.comprehensive_heatmap(prepared, subtypes, markers)
    assert "prot" in words(ax)
    assert "no feature at a false discovery rate of 0.05" in words(ax)
    assert [one.get_label() for one in ax.images] == ["rna"]


def test_of_features_that_go_together_one_is_shown_and_drivers_go_first():
    prepared, subtypes, markers = study(30, 3, ("rna",))
    values = prepared.layers["rna"].values  # noqa: PD011
    values["rna_3"] = -2 * values["rna_0"] + 1
    shown = heatmap_rows(prepared, subtypes, markers)
    assert "rna_0" in set(shown["feature"])
    assert "rna_3" not in set(shown["feature"])
    drivers = pd.DataFrame({"subtype": ["S1"], "rank": [1], "layer": ["rna"], "feature": ["rna_9"]})
    shown = heatmap_rows(prepared, subtypes, markers, drivers=drivers, per_subtype=1)
    assert shown["feature"].tolist() == ["rna_9", "rna_1", "rna_2"]
    other = drivers.assign(subtype="S3")
    shown = heatmap_rows(prepared, subtypes, markers, drivers=other, per_subtype=1)
    assert shown["feature"].tolist() == ["rna_0", "rna_1", "rna_2"]


def test_rows_are_limited_and_the_figure_stays_legible():
    prepared, subtypes, markers = study(40, 8, n_features=48)
    rows = heatmap_rows(prepared, subtypes, markers)
    assert len(rows) <= 72
    assert rows.groupby(["layer", "group"]).size().eq(1).all()
    ax = plot.comprehensive_heatmap(prepared, subtypes, markers)
    assert ax.figure.get_figwidth() == 8
    renderer = FigureCanvasAgg(ax.figure).get_renderer()
    boxes = [text.get_window_extent(renderer) for text in ax.get_yticklabels()]
    assert all(a.y0 >= b.y0 for a, b in pairwise(boxes))
    heights = sorted(ax.transData.transform((0, y))[1] for y in ax.get_yticks())
    assert min(np.diff(heights)) / ax.figure.dpi > 0.13


def test_long_names_are_shortened_and_the_key_does_not_overlap():
    prepared, subtypes, markers = study(20, 2, ("rna", "mut"))
    long = "wavelet-LLH_glszm_SizeZoneNonUniformityNormalized"
    values = prepared.layers["rna"].values.rename(columns={"rna_0": long})  # noqa: PD011
    layer = replace(prepared.layers["rna"], values=values)
    markers = markers.replace({"feature": {"rna_0": long}})
    known = pd.DataFrame(
        {f"variable {i}": [f"level {j % 6} of a long name" for j in range(20)] for i in range(4)},
        subtypes.labels.index,
    )
    ax = plot.comprehensive_heatmap(
        Prepared("x", {**prepared.layers, "rna": layer}), subtypes, markers, annotations=known
    )
    assert max(map(len, names_of(ax))) <= 26
    ax.figure.set_dpi(100)
    renderer = FigureCanvasAgg(ax.figure).get_renderer()
    below = [t for t in ax.texts if t.get_window_extent(renderer).y1 < ax.bbox.y0]
    boxes = [t.get_window_extent(renderer) for t in below]
    assert len(boxes) > 20
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[i + 1 :])


def test_two_thousand_patients_are_quick_and_small(tmp_path):
    prepared, subtypes, markers = study(2400, 4, ("rna", "mut"))
    known = pd.DataFrame({"age": np.arange(2400.0)}, subtypes.labels.index)
    start = time.perf_counter()
    ax = plot.comprehensive_heatmap(prepared, subtypes, markers, annotations=known)
    svg, png = plot.save_figure(ax, tmp_path / "large")
    assert time.perf_counter() - start < 20
    assert image(ax, "rna").shape[1] == MOST_DRAWN
    assert image(ax, "annotations").shape[0] == 12
    assert svg.stat().st_size < 3e6
    assert png.stat().st_size < 3e6


def test_same_bytes_each_time_and_names_stay_text(tmp_path):
    prepared, subtypes, markers = study(12, 2, ("rna",))
    known = pd.DataFrame({"<b>hpv</b>": ["<i>$x^2$", "b & c"] * 6}, subtypes.labels.index)
    drawn = []
    for _ in range(2):
        ax = plot.comprehensive_heatmap(prepared, subtypes, markers, annotations=known)
        drawn.append([path.read_bytes() for path in plot.save_figure(ax, tmp_path / "same")])
    assert drawn[0] == drawn[1]
    content = drawn[0][0].decode()
    ElementTree.fromstring(content)
    assert "<b>" not in content
    assert "&lt;b&gt;hpv&lt;/b&gt;" in content


def test_it_draws_on_given_axes():
    prepared, subtypes, markers = study(12, 2, ("rna",))
    figure = plot.canvas.new_figure(7, 5)
    given = figure.subplots()
    assert plot.comprehensive_heatmap(prepared, subtypes, markers, ax=given) is given
    figure.draw_without_rendering()


def test_annotations_are_known_labels_covariates_and_events():
    patients = [f"P{i}" for i in range(12)]
    clinical = pd.DataFrame(
        {
            "hpv": ["HPV+", None, "HPV-"] * 4,
            "age": np.arange(12.0),
            "one": "same",
            "time": 5.0,
            "dead": [0, 1] * 6,
        },
        patients,
    )
    cohort = Cohort("x", {}, clinical, {"os": Endpoint("time", "dead")}, ("age", "one"), ("hpv",))
    subtypes = Subtypes(pd.Series("S1", patients), {}, {})
    table = annotation_table(cohort, subtypes)
    assert list(table.columns) == ["hpv", "age", "os"]
    assert table["os"].tolist() == ["none", "event"] * 6
    assert annotation_table(Cohort("none", {}), subtypes).empty
    assert dict(annotation_row("os", table["os"]).key) == EVENT
    assert annotation_row("hpv", table["hpv"]).key[-1] == ("missing", MISSING)


def test_categories_keep_their_colours_apart_and_the_rest_is_other():
    values = pd.Series([f"level {i}" for i in range(12) for _ in range(12 - i)])
    row = annotation_row("many", values)
    assert len(row.key) == len(CATEGORIES)
    assert row.key[-1] == ("other (5 values)", CATEGORIES[-1])
    assert len({colour for _, colour in row.key}) == len(row.key)
    assert len(row.colours) == len(values)


@pytest.mark.parametrize(
    "levels", [["Stage I", "Stage II", "Stage IVA"], ["G1", "G2", "G3"], [1.0, 2.0, 3.0]]
)
def test_stages_run_from_light_to_dark(levels):
    row = annotation_row("stage", pd.Series(levels))
    light = row.colours.astype(int).sum(axis=1)
    assert (np.diff(light) < 0).all()
    assert [text for text, _ in row.key] == [str(x).removesuffix(".0") for x in levels]


def test_numbers_are_a_gradient_and_outliers_do_not_flatten_it():
    values = pd.Series([*np.linspace(0, 1, 99), 1e6])
    row = annotation_row("age", values)
    assert row.gradient
    assert len(np.unique(row.colours, axis=0)) > 50
    constant = annotation_row("age", pd.Series([np.nan, 3.0, 3.0]))
    assert constant.key == (("3", constant.key[0][1]), ("missing", MISSING))


def test_the_cohorts_decision_on_a_column_counts_not_the_look_of_its_values() -> None:
    codes = pd.Series([1.0, 2.0, 3.0, 1.0], name="grade")
    as_categories = annotation_row("grade", codes, "categorical")
    assert [colour for _, colour in as_categories.key] == list(CATEGORIES[:3])
    assert annotation_row("grade", codes, "ordered").key == annotation_row("grade", codes).key
