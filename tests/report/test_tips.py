"""Texts at the marks of a figure: dots of a map, cells of a heatmap."""

import re

import numpy as np
from synthetic_results import make_results

from omicsfuse.plot import patient_map, save_figure
from omicsfuse.plot.canvas import new_figure
from omicsfuse.plot.tips import tell, told
from omicsfuse.report.inline import inline_svg


def test_each_dot_of_a_map_names_its_patient(tmp_path) -> None:
    results = make_results(3)
    labels = results.subtypes.labels
    ax = patient_map(results.embedding, results.subtypes)
    tips = told(ax.figure)
    svg, _ = save_figure(ax, tmp_path / "map")
    titles = re.findall(r"<title>(.*?)</title>", inline_svg(svg.read_bytes(), "a map", 3, tips))
    placed = results.embedding.dropna(subset=["x", "y"]).index
    assert sorted(titles) == sorted(f"{p}: {labels[p]}" for p in labels.index if p in placed)


def test_cells_of_an_image_are_told_from_the_top_left(tmp_path) -> None:
    figure = new_figure(4, 3)
    ax = figure.subplots()
    tell(ax.imshow(np.zeros((2, 3)), aspect="auto"), [["a<b", "b", "c"], ["d", "e", "f"]])
    tips = told(figure)
    svg, _ = save_figure(ax, tmp_path / "cells")
    page = inline_svg(svg.read_bytes(), "cells", 0, tips)
    cells = re.findall(r'<rect x="([\d.-]+)" y="([\d.-]+)"[^>]*><title>(.*?)</title>', page)
    assert [text for *_, text in cells] == ["a&lt;b", "b", "c", "d", "e", "f"]
    x, y = (np.array([float(cell[i]) for cell in cells]).reshape(2, 3) for i in (0, 1))
    assert (np.diff(x, axis=1) > 0).all()
    # The image and its cells hang upside down: the first row is the higher one.
    assert "scale(1 -1)" in page
    assert (np.diff(y, axis=0) < 0).all()


def test_dots_that_are_drawn_as_an_image_have_no_texts(tmp_path) -> None:
    figure = new_figure(4, 3)
    ax = figure.subplots()
    tell(ax.scatter([1, 2], [1, 2], rasterized=True), [["a", "b"]])
    tips = told(figure)
    svg, _ = save_figure(ax, tmp_path / "dots")
    assert "<title>" not in inline_svg(svg.read_bytes(), "dots", 0, tips)
    assert told(new_figure(1, 1)) == {}
