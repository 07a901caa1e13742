"""Alluvial plot and oncoprint: what is drawn is what the cohort holds."""

from xml.etree import ElementTree

import matplotlib
import numpy as np
import pandas as pd
import pytest

from omicsfuse import plot
from omicsfuse.biology import alterations
from omicsfuse.core.cohort import Cohort, Layer
from omicsfuse.core.errors import StudyError
from omicsfuse.core.results import Subtypes
from omicsfuse.plot.alterations_grid import GLYPHS, LONG, MOST_PATIENTS
from omicsfuse.plot.altered_cells import ONE_LEVEL, STAR, WAYS, memo_sort, oncoprint_genes
from omicsfuse.plot.colours import subtype_colour
from omicsfuse.plot.flows import MOST_GROUPS, UNKNOWN, flow_counts


def groups(*sizes: int) -> Subtypes:
    names = np.repeat([f"S{i + 1}" for i in range(len(sizes))], sizes)
    return Subtypes(pd.Series(names, [f"P{i:04d}" for i in range(len(names))]), {}, {})


def words(ax) -> list[str]:
    return [text.get_text() for text in ax.figure.findobj(matplotlib.text.Text) if text.get_text()]


@pytest.fixture
def altered_cohort() -> tuple[Cohort, Subtypes]:
    rng = np.random.default_rng(0)
    subtypes = groups(30, 20, 10)
    patients = subtypes.labels.index
    calls = pd.DataFrame(
        (rng.random((60, 12)) < 0.15).astype(float), patients, list("ABCDEFGHIJKL")
    )
    calls["A"] = [1.0] * 28 + [0.0] * 32
    levels = pd.DataFrame(rng.choice([-2.0, -1, 0, 0, 0, 1, 2], (60, 4)), patients, list("ABXY"))
    levels["Z"] = levels["Y"]
    arms = pd.DataFrame(rng.choice([-1.0, 0, 1], (50, 2)), patients[:50], ["8p", "8q"])
    arms["8p"] = [-1.0] * 30 + [0.0] * 20
    layers = {"mutation": Layer("mutation", calls), "cn": Layer("copy_number", levels)}
    return Cohort("x", layers | {"arm": Layer("copy_number", arms)}), subtypes


def test_ribbons_hold_every_patient_once() -> None:
    subtypes = groups(6, 4)
    known = pd.Series(["x"] * 5 + ["y"] * 4, subtypes.labels.index[:9])
    counts = flow_counts(subtypes, known)
    assert counts.to_dict() == {
        "S1": {"x": 5, "y": 1, UNKNOWN: 0},
        "S2": {"x": 0, "y": 3, UNKNOWN: 1},
    }
    ax = plot.alluvial(subtypes, known, name="label")
    ribbons = [p for p in ax.patches if isinstance(p, matplotlib.patches.PathPatch)]
    assert len(ribbons) == 4
    heights = [p.get_path().vertices[0, 1] - p.get_path().vertices[7, 1] for p in ribbons]
    assert sorted(round(10 * height) for height in heights) == [1, 1, 3, 5]
    colours = {matplotlib.colors.to_hex(p.get_facecolor()) for p in ribbons}
    assert colours == {subtype_colour("S1").lower(), subtype_colour("S2").lower()}


def test_alluvial_with_many_groups_numbers_and_no_one() -> None:
    subtypes = groups(40, 20)
    known = pd.Series([float(i % 20) for i in range(60)], subtypes.labels.index)
    counts = flow_counts(subtypes, known)
    assert len(counts) == MOST_GROUPS
    assert "9 others" in counts.index
    assert "18" in counts.index
    assert int(counts.to_numpy().sum()) == 60
    text = words(plot.alluvial(subtypes, pd.Series(dtype=object), name="HPV"))
    assert text == ["Nothing to show: HPV is known for no patient with a subtype"]


def test_genes_that_differ_come_first_and_twins_once(altered_cohort) -> None:
    cohort, subtypes = altered_cohort
    table = alterations(subtypes, cohort)
    genes = oncoprint_genes(cohort, subtypes, table, 8)
    assert next(iter(genes)) == "A"
    assert (genes["A"], genes["8p"]) == (STAR, ONE_LEVEL)
    assert len(genes) == 8
    all_genes = oncoprint_genes(cohort, subtypes, table, 50)
    assert len({"Y", "Z"} & set(all_genes)) == 1


def test_cells_drawn_are_those_of_the_layers(altered_cohort) -> None:
    cohort, subtypes = altered_cohort
    ax = plot.oncoprint(alterations(subtypes, cohort), subtypes, cohort, n_genes=50)
    labels = [text.get_text() for text in ax.get_yticklabels()]
    assert sum(label.startswith("A*  ") for label in labels) == 1
    drawn = {}
    for bars in ax.collections:
        colour = matplotlib.colors.to_hex(bars.get_facecolor()[0])
        drawn[colour] = drawn.get(colour, 0) + len(bars.get_paths())
    row = labels.index(next(label for label in labels if label.startswith("A*")))
    marks = [
        len(bars.get_paths())
        for bars in ax.collections
        if matplotlib.colors.to_hex(bars.get_facecolor()[0]) == GLYPHS["mutated"][0]
        and abs(np.mean(bars.get_paths()[0].vertices[:4, 1]) - row) < 0.3
    ]
    assert marks == [28]
    assert drawn[GLYPHS["amplified"][0]] >= 10
    assert {"mutated", "deleted", "not altered"} <= set(words(ax))
    assert "S3" in words(ax)


def test_percentages_count_what_the_mark_is_about() -> None:
    subtypes = groups(20, 20)
    patients = subtypes.labels.index
    levels = pd.DataFrame(0.0, patients, ["OFTEN", "ONCE"])
    levels["ONCE"] = [1.0] * 18 + [2.0] + [0.0] * 21  # one level marks S1; amplified in one patient
    levels["OFTEN"] = ([2.0] * 3 + [0.0] * 7) * 4
    cohort = Cohort("x", {"cn": Layer("copy_number", levels, "gistic")})
    ax = plot.oncoprint(alterations(subtypes, cohort), subtypes, cohort)
    labels = [text.get_text() for text in ax.get_yticklabels()]
    assert labels == ["OFTEN  30%", f"ONCE{ONE_LEVEL}  48%"]
    assert {"95", "0"} <= set(words(ax))


def test_burden_tracks_counts_and_long_genes_stand_around_the_grid() -> None:
    subtypes = groups(3, 3)
    patients = subtypes.labels.index
    calls = pd.DataFrame({"TTN": [1.0, 1, 0, 0, 1, 0], "TP53": [1.0, 0, 0, 0, 0, 0]}, patients)
    levels = pd.DataFrame({"TTN": [2.0, 1, 0, 0, 0, -1], "TP53": 0.0}, patients)
    clinical = pd.DataFrame({"hpv": list("++-+--"), "age": [50.0, 60, 70, 61, 71, 81]}, patients)
    layers = {"m": Layer("mutation", calls), "cn": Layer("copy_number", levels, "gistic")}
    cohort = Cohort("x", layers, clinical)
    table = alterations(subtypes, cohort)
    ax = plot.oncoprint(table, subtypes, cohort, tracks=["hpv", "age"])
    assert [text.get_text() for text in ax.get_yticklabels()] == [f"TTN{LONG}  50%", "TP53  17%"]
    tracks, burden, counts = ax.child_axes
    assert [text.get_text() for text in tracks.get_yticklabels()] == ["hpv", "age"]
    assert [bar.get_height() for bar in burden.patches] == [2, 1, 0, 1, 0, 0]
    widths = {bar.get_width() for bar in counts.patches if bar.get_y() < 0.5}
    assert widths == {3.0, 1.0}  # TTN: mutated 3; amplified, gained (of it not amplified), lost 1
    assert any("long gene" in text for text in words(ax))
    assert len(plot.oncoprint(table, subtypes, cohort, tracks=()).child_axes) == 2
    with pytest.raises(StudyError, match=r'tracks names "hp", .* did you mean "hpv"'):
        plot.oncoprint(table, subtypes, cohort, tracks=["hp"])


def test_memo_sort_by_subtype_then_by_genes() -> None:
    subtypes = groups(4, 2)
    first = np.array([0, 1, 0, 1, 0, 1], dtype=bool)
    second = np.array([1, 0, 0, 1, 1, 0], dtype=bool)
    cells = [{"mutated": first}, {"mutated": second}]
    assert memo_sort(subtypes, [first, second], cells).tolist() == [3, 1, 0, 2, 5, 4]


@pytest.mark.parametrize("n", [3, 900])
def test_small_and_large_cohorts(tmp_path, n: int) -> None:
    rng = np.random.default_rng(1)
    sizes = np.bincount(np.arange(n) % 8) if n > 100 else [2, 1]
    subtypes = groups(*sizes)
    calls = pd.DataFrame(rng.integers(0, 2, (n, 30)).astype(float), subtypes.labels.index)
    cohort = Cohort("x", {"m": Layer("mutation", calls.rename(columns=lambda i: f"GENE{i}"))})
    ax = plot.oncoprint(alterations(subtypes, cohort), subtypes, cohort)
    svg, png = plot.save_figure(ax, tmp_path / "onco", dpi=50)
    again, _ = plot.save_figure(
        plot.oncoprint(alterations(subtypes, cohort), subtypes, cohort), tmp_path / "onco2", dpi=50
    )
    assert ElementTree.parse(svg).getroot().tag.endswith("svg")
    assert svg.stat().st_size < 2_000_000
    assert png.stat().st_size > 1000
    assert again.exists()
    left, right = ax.get_xlim()
    assert right - left < MOST_PATIENTS * 1.2


def test_nothing_to_draw() -> None:
    subtypes = groups(3, 3)
    text = words(plot.oncoprint(pd.DataFrame(), subtypes, Cohort("x", {})))
    assert text == ["Nothing to show: no gene is altered in any patient"]


def test_every_way_of_being_altered_has_a_glyph() -> None:
    assert tuple(GLYPHS) == WAYS
