"""Figures show themselves in a notebook, and a script keeps none."""

import base64
import gc
import subprocess
import sys
import weakref
from pathlib import Path
from types import SimpleNamespace

import pytest

from omicsfuse import plot
from omicsfuse.plot import canvas
from omicsfuse.plot.canvas import nothing


class Shell:
    """What IPython's shell in a notebook offers, as far as figures use it."""

    kernel = object()

    def __init__(self) -> None:
        self.callbacks: list = []
        self.shown: list[dict] = []
        self.events = SimpleNamespace(register=self.register, unregister=self.unregister)
        self.display_pub = SimpleNamespace(publish=self.shown.append)

    def register(self, event: str, function) -> None:
        assert event == "post_execute"
        if function not in self.callbacks:
            self.callbacks.append(function)

    def unregister(self, event: str, function) -> None:
        self.callbacks.remove(function)

    def end_cell(self) -> None:
        for function in self.callbacks.copy():
            function()


def ipython(shell: object) -> SimpleNamespace:
    """IPython in front of a shell; matplotlib asks for its version."""
    return SimpleNamespace(get_ipython=lambda: shell, version_info=(9, 0, 0))


@pytest.fixture
def notebook(monkeypatch) -> Shell:
    shell = Shell()
    monkeypatch.setitem(sys.modules, "IPython", ipython(shell))
    return shell


def test_a_cell_shows_each_figure_that_it_draws_when_it_ends(notebook) -> None:
    nothing("first")
    ax = nothing("second")
    ax.set_title("changed after it was drawn")
    assert notebook.shown == []
    notebook.end_cell()
    assert len(notebook.shown) == 2
    for shown in notebook.shown:
        assert base64.b64decode(shown["image/png"]).startswith(b"\x89PNG")
    assert canvas._DRAWN == []
    notebook.end_cell()
    assert len(notebook.shown) == 2
    nothing("a cell later")
    notebook.end_cell()
    assert len(notebook.shown) == 3


def test_a_saved_figure_and_the_callers_axes_are_not_shown(notebook, tmp_path) -> None:
    from matplotlib.figure import Figure

    plot.save_figure(nothing("saved"), tmp_path / "saved")
    nothing("on axes of the caller", ax=Figure().add_subplot())
    notebook.end_cell()
    assert notebook.shown == []


def test_ipython_in_a_terminal_shows_nothing(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "IPython", ipython(SimpleNamespace()))
    nothing("in a terminal")
    assert canvas._DRAWN == []


def test_a_script_keeps_no_figure() -> None:
    figures = [weakref.ref(nothing(str(i)).figure) for i in range(20)]
    gc.collect()
    assert [figure() for figure in figures] == [None] * 20


def test_a_script_needs_neither_pyplot_nor_a_display(tmp_path: Path) -> None:
    # Twenty figures of pyplot are the most that matplotlib keeps without a warning.
    code = (
        "import sys, warnings; warnings.simplefilter('error'); from omicsfuse import plot; "
        "from omicsfuse.plot.canvas import nothing; "
        "kept = [nothing(str(i)) for i in range(30)]; plot.save_figure(kept[0], 'x'); "
        "print(sorted({'matplotlib.pyplot', 'IPython'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout == "[]\n"
    assert done.stderr == ""
