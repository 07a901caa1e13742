"""A figure is laid out once, saved twice, and left as it was; any number of processes may draw."""

from functools import partial
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.layout_engine import ConstrainedLayoutEngine
from PIL import Image

from omicsfuse import plot
from omicsfuse.plot.canvas import new_figure, nothing
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
