"""A figure is laid out once, saved twice, and left as it was; any number of processes may draw."""

import gc
import io
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.layout_engine import ConstrainedLayoutEngine
from PIL import Image
from pydantic import ValidationError

from omicsfuse import plot
from omicsfuse.core.errors import StudyError
from omicsfuse.core.results import Subtypes
from omicsfuse.pipeline.figures import FigureSettings
from omicsfuse.plot.canvas import new_figure, nothing, styled
from omicsfuse.plot.colours import PALETTES, subtype_colour
from omicsfuse.plot.png import smaller_png
from omicsfuse.plot.saving import FigureOptions
from omicsfuse.report.figures import draw_figures
from omicsfuse.report.section import Plan


def chart(label: str) -> Axes:
    ax = new_figure(3, 2).subplots()
    ax.plot([0, 1], [0, 1])
    ax.set_ylabel(label)
    ax.figure.colorbar(ax.imshow(np.eye(3)))
    return ax


def test_a_figure_is_laid_out_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = []
    execute = ConstrainedLayoutEngine.execute
    monkeypatch.setattr(
        ConstrainedLayoutEngine,
        "execute",
        lambda engine, figure: (done.append(figure), execute(engine, figure)),
    )
    ax = chart("a label")
    engine, dpi = ax.figure.get_layout_engine(), ax.figure.dpi
    plot.save_figure(ax, tmp_path / "chart", dpi=60)
    assert done == [ax.figure]
    assert ax.figure.get_layout_engine() is engine
    assert ax.figure.dpi == dpi


@pytest.mark.parametrize("dpi", [40, 170])
def test_nothing_is_cut_off(tmp_path: Path, dpi: int) -> None:
    """Text is wider in pixels than in the SVG that the layout is made for."""
    ax = chart("a label\nthat needs more room than there is on so small a figure")
    _, png = plot.save_figure(ax, tmp_path / "chart", dpi=dpi)
    ink = np.asarray(Image.open(png).convert("L")) < 250
    margin = int(0.06 * dpi) - 1
    for edge in (ink[:margin], ink[-margin:], ink[:, :margin], ink[:, -margin:]):
        assert not edge.any()


def test_the_callers_matplotlib_adds_no_second_layout(tmp_path: Path) -> None:
    plot.save_figure(chart("a label"), tmp_path / "plain", dpi=60)
    with matplotlib.rc_context({"figure.constrained_layout.use": True}):
        plot.save_figure(chart("a label"), tmp_path / "other", dpi=60)
    assert (tmp_path / "other.png").read_bytes() == (tmp_path / "plain.png").read_bytes()


def test_the_search_for_garbage_goes_on_after_a_figure(tmp_path: Path) -> None:
    on = []

    def draw() -> Axes:
        on.append(gc.isenabled())
        return chart("a label")

    draw_figures([Plan("a", "a", "", "", draw, section="s")], tmp_path)
    assert on == [False]
    assert gc.isenabled()

    def fail() -> Axes:
        raise ValueError("no figure")

    with pytest.raises(ValueError, match="no figure"):
        draw_figures([Plan("a", "a", "", "", fail, section="s")], tmp_path)
    assert gc.isenabled()


def test_processes_draw_the_same(tmp_path: Path) -> None:
    plans = [Plan(name, name, "", "", partial(nothing, name), section="s") for name in "abc"]
    drawn = []
    for n_jobs in (1, 2):
        folder = tmp_path / str(n_jobs)
        folder.mkdir()
        views = draw_figures(plans, folder, n_jobs)
        assert [view.title for view in views] == ["a", "b", "c"]
        drawn.append(([view.markup for view in views], [p.read_bytes() for p in folder.iterdir()]))
        assert len(drawn[-1][1]) == 6
    assert drawn[0][0] == drawn[1][0]
    assert sorted(drawn[0][1]) == sorted(drawn[1][1])


def test_every_format_is_written_with_the_same_bytes_each_time(tmp_path: Path) -> None:
    contents = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
        paths = plot.save_figure(
            chart("axis_label"), folder / "chart", dpi=60, formats=["pdf", "png", "svg"]
        )
        assert [path.suffix for path in paths] == [".pdf", ".png", ".svg"]
        contents.append([path.read_bytes() for path in paths])
    assert contents[0] == contents[1]
    pdf, png, svg = contents[0]
    assert b"CreationDate" not in pdf
    assert b"/Type3" not in pdf
    assert b"/FontFile2" in pdf
    assert b"axis_label</text>" in svg
    assert Image.open(io.BytesIO(png)).info["dpi"][0] == pytest.approx(60, abs=0.1)


def test_size_and_dots_are_those_asked_for(tmp_path: Path) -> None:
    widths = []
    for dpi, size in ((60, 1.0), (120, 1.0), (60, 2.0)):
        _, png = plot.save_figure(chart("y"), tmp_path / f"{dpi}_{size}", dpi=dpi, size=size)
        widths.append(Image.open(io.BytesIO(png.read_bytes())).width)
    assert widths[1] == pytest.approx(2 * widths[0], rel=0.03)
    assert widths[2] == pytest.approx(2 * widths[0], rel=0.12)
    assert plot.save_figure(chart("y").figure, tmp_path / "whole", formats=["svg"])[0].exists()
    small, dpi = smaller_png((tmp_path / "120_1.0.png").read_bytes(), 120, most=60)
    assert (Image.open(io.BytesIO(small)).width, dpi) == (-(-widths[1] // 2), 60)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"formats": ["jpg"]}, r"formats names 'jpg'; .*Valid: svg, png, pdf"),
        ({"formats": []}, "formats is .*; name one of svg, png, pdf"),
        ({"dpi": 10}, "dpi is 10; it must be a whole number from 20 to 1200"),
        ({"size": 0}, "size is 0; it must be a number from 0.5 to 4"),
    ],
)
def test_what_cannot_be_saved_is_refused(wrong: dict, said: str, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=said):
        plot.save_figure(nothing("x"), tmp_path / "x", **wrong)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_and_what_is_no_figure(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="does not exist; create it"):
        plot.save_figure(nothing("x"), tmp_path / "no" / "x")
    with pytest.raises(StudyError, match="axes is of type DataFrame; expected Axes or Figure"):
        plot.save_figure(pd.DataFrame(), tmp_path / "x")


def test_palettes_hold_as_long_as_asked_for() -> None:
    before = subtype_colour("S1")
    for name, colours in PALETTES.items():
        with plot.use_palette(name):
            assert subtype_colour("S2") == colours[1]
            assert subtype_colour(f"S{len(colours) + 1}") == colours[0]
    assert subtype_colour("S1") == before
    for wrong, said in (
        ("okabe", 'palette is "okabe"; did you mean "okabe-ito"'),
        (["red", "#000000"], "'red' is not a colour; expected"),
        (["#000000"], "give at least two different colours"),
    ):
        with pytest.raises(StudyError, match=said):
            plot.use_palette(wrong)
    assert subtype_colour("S1") == before


def test_the_study_file_says_how_figures_are_saved(tmp_path: Path) -> None:
    asked = FigureSettings(format=["pdf"], dpi=100, palette=["#1b9e77", "#d95f02"])
    plan = Plan("one", "one", "", "", partial(subtypes_drawn, 3), section="s")
    (view,) = draw_figures([plan], tmp_path, 1, asked.options())
    assert [path.name for path in tmp_path.iterdir()] == ["one.pdf"]
    assert "#1b9e77" in view.markup
    assert PALETTES["okabe-ito"][0].lower() not in view.markup.lower()
    heatmap = replace(plan, image=True)
    (image,) = draw_figures([heatmap], tmp_path, 1, FigureOptions(("svg",)))
    assert image.markup.startswith("<img")
    assert not (tmp_path / "one.png").exists()
    for wrong in ({"palette": "rainbow"}, {"format": ["gif"]}, {"dpi": 10}, {"size": 9}):
        with pytest.raises(ValidationError, match=next(iter(wrong))):
            FigureSettings(**wrong)


def subtypes_drawn(k: int) -> Axes:
    place = pd.DataFrame({"x": range(k), "y": range(k)}, [f"P{i}" for i in range(k)])
    labels = pd.Series([f"S{i % 2 + 1}" for i in range(k)], place.index)
    return plot.patient_map(place, Subtypes(labels, {}, {}))


def test_one_format_needs_no_list(tmp_path: Path) -> None:
    (path,) = plot.save_figure(chart("a label"), tmp_path / "one", formats="pdf")
    assert path.name == "one.pdf"
    assert path.read_bytes().startswith(b"%PDF")


def test_text_in_place_of_a_list_is_called_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r'type str; expected list: \["#1b9e77"\]'):
        take_a_list("#1b9e77")


@styled
def take_a_list(names: Sequence[str]) -> None:
    """Stand for any function of figures that takes a list."""
