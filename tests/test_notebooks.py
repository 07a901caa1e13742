"""The saved notebooks show their pictures."""

import re
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


def test_there_are_notebooks() -> None:
    assert [path.name for path in NOTEBOOKS] == ["quickstart.ipynb", "real_cohort.ipynb"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_every_cell_that_draws_holds_a_picture_for_each_figure(path: Path) -> None:
    drawn = 0
    for cell in nbformat.read(path, as_version=4).cells:
        wanted = len(re.findall(r"\bplot\.[a-z_]+\(", cell.source))
        if cell.cell_type != "code" or not wanted:
            continue
        pictures = [out for out in cell.outputs if "image/png" in out.get("data", {})]
        assert len(pictures) == wanted, cell.source
        drawn += wanted
    assert drawn >= 3
