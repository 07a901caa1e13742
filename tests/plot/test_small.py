"""The three small pictures of the first screen: colours, legends, calls."""

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from omicsfuse.core.results import Prepared, PreparedLayer, Subtypes
from omicsfuse.plot import top_markers
from omicsfuse.plot.annotation_rows import MISSING, annotation_row
from omicsfuse.plot.heatmap_colours import CALLS, cell_colours
from omicsfuse.plot.small import small_heatmap, small_map

N = 60
PATIENTS = pd.Index([f"P{i:02}" for i in range(N)], name="patient")
SUBTYPES = Subtypes(pd.Series([f"S{i % 5 + 1}" for i in range(N)], PATIENTS), {}, {})
PLACES = pd.DataFrame(np.random.default_rng(0).normal(size=(N, 2)), PATIENTS, ["x", "y"])
LONG = [f"squamous cell carcinoma of the {where}, keratinising" for where in
        ("tongue", "palate", "lip", "gum", "cheek", "tonsil", "larynx", "pharynx")]  # fmt: skip


def legend_boxes(axes):
    """Boxes of the legends and of their axes, as drawn."""
    figure = axes[0].figure
    figure.savefig(io.BytesIO(), format="svg")
    return [(ax.get_legend().get_window_extent(), ax.get_window_extent()) for ax in axes]


@pytest.mark.parametrize(
    "levels",
    [LONG, ["HPV+", "HPV-"], [f"a{i}" for i in range(8)], ["x" * 40, "x" * 39 + "y", "z"]],
)
def test_legends_of_the_map_never_overlap(levels):
    known = pd.Series([levels[i % len(levels)] for i in range(N)], PATIENTS, name="histology " * 5)
    known.iloc[:4] = None
    axes = small_map(PLACES, SUBTYPES, known, "categorical")
    (left, left_map), (right, right_map) = legend_boxes(axes)
    width, height = axes[0].figure.bbox.width, axes[0].figure.bbox.height
    assert left.x1 <= right.x0
    assert right.x1 <= width + 1
    assert min(left.y0, right.y0) >= -1
    assert max(left.y1, right.y1) <= min(left_map.y0, right_map.y0) + 1
    assert left_map.height > 0.4 * height
    texts = [text.get_text() for text in axes[1].get_legend().get_texts()]
    assert len(texts) == len(levels) + 1
    assert texts[-1] == "missing (n = 4)"
    assert len(set(texts)) == len(texts)


def test_a_label_has_the_colours_of_the_heatmap():
    known = pd.Series(np.where(np.arange(N) < 20, "HPV+", "HPV-"), PATIENTS, name="hpv")
    known.iloc[50:] = None
    _, right = small_map(PLACES, SUBTYPES, known, "categorical")
    row = annotation_row("hpv", known.reindex(SUBTYPES.labels.index), "categorical")
    (dots,) = right.collections
    drawn = {to_hex(colour) for colour in dots.get_facecolors()}
    assert drawn == {colour.lower() for _, colour in row.key}
    shown = {
        handle.get_label(): to_hex(handle.get_color())
        for handle in right.get_legend().legend_handles
    }
    expected = dict(row.key)
    assert shown == {
        "HPV- (n = 30)": expected["HPV-"].lower(),
        "HPV+ (n = 20)": expected["HPV+"].lower(),
        "missing (n = 10)": MISSING,
    }


def test_levels_that_begin_alike_are_shown_by_how_they_go_on():
    known = pd.Series(np.where(np.arange(N) < 20, "steroid-phenotype-high",
                               "steroid-phenotype-low"), PATIENTS, name="type")  # fmt: skip
    _, right = small_map(PLACES, SUBTYPES, known, "categorical")
    texts = [text.get_text() for text in right.get_legend().get_texts()]
    assert texts == ["...high (n = 20)", "...low (n = 40)"]


def test_a_number_as_known_label_has_no_counts():
    known = pd.Series(np.arange(N, dtype=float), PATIENTS, name="purity")
    _, right = small_map(PLACES, SUBTYPES, known)
    texts = [text.get_text() for text in right.get_legend().get_texts()]
    assert all("n =" not in text for text in texts)
    assert len(texts) == 2


def with_mutations():
    """A mutated gene and an expressed one that mark the first subtype."""
    first = (SUBTYPES.labels == "S1").to_numpy()
    mutated = pd.DataFrame({"TP53": first.astype(float)}, PATIENTS)
    mutated.iloc[3] = np.nan
    expressed = pd.DataFrame({"A": first + np.linspace(0, 1, N)}, PATIENTS)
    layers = {
        "mutation": PreparedLayer("mutation", mutated, mutated, "binary", None),
        "rna": PreparedLayer("expression", expressed, expressed, "log2", None),
    }
    markers = pd.DataFrame(
        {"layer": ["mutation", "rna"], "feature": ["TP53", "A"], "subtype": "S1",
         "effect": 1.0, "p": 1e-6, "fdr": 1e-5},
    )  # fmt: skip
    return markers, Prepared("x", layers)


def test_mutations_are_drawn_as_altered_or_not():
    markers, prepared = with_mutations()
    ax = top_markers(markers, SUBTYPES, prepared)
    scores, calls = ax.images
    assert calls.get_label() == "mutation"
    drawn = {tuple(colour) for colour in np.asarray(calls.get_array()).reshape(-1, 3)}
    layer = prepared.layers["mutation"]
    assert drawn == {tuple(c) for c in cell_colours(layer, "TP53", PATIENTS)}
    assert len(drawn) == 3
    # Where calls are drawn there is no z-score, and the key names the calls.
    assert scores.get_array().mask[0].all()
    texts = [text.get_text() for text in ax.texts]
    assert {"mutations", *(text for text, _ in CALLS.values())} <= set(texts)
    small = small_heatmap(markers, prepared, SUBTYPES)
    assert [image.get_label() for image in small.images[1:]] == ["mutation"]


def test_calls_alone_need_no_scale_of_z_scores():
    markers, prepared = with_mutations()
    alone = replace(prepared, layers={"mutation": prepared.layers["mutation"]})
    ax = top_markers(markers.iloc[:1], SUBTYPES, alone)
    assert [other.get_xlabel() for other in ax.figure.axes] == [""]


def test_a_map_without_places_says_so_and_counts_are_of_patients_with_a_place():
    known = pd.Series("HPV+", PATIENTS, name="hpv")
    (ax,) = small_map(PLACES.assign(x=np.nan), SUBTYPES, known)
    said = " ".join(text.get_text() for text in ax.texts).replace("\n", " ")
    assert "no patient has a place on the map" in said
    some = PLACES.assign(x=PLACES["x"].where(np.arange(N) < 50))
    left, _ = small_map(some, SUBTYPES, known)
    assert left.get_legend().get_texts()[0].get_text() == "S1 (n = 10)"
