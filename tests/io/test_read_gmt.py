"""GMT files."""

from pathlib import Path

import pytest

from omicsfuse.core.cohort import Exclusion
from omicsfuse.core.errors import StudyError
from omicsfuse.io import read_gmt


def test_sets_are_read_in_order_and_empty_ones_counted(tmp_path: Path) -> None:
    path = tmp_path / "s.gmt"
    path.write_text("B\thttp://b\tX\tY\tX\t\t\r\nEMPTY\tna\t\t\n\nA\t\tZ\n")
    exclusions: list[Exclusion] = []
    assert read_gmt(path, exclusions) == {"B": ["X", "Y"], "A": ["Z"]}
    assert [(exclusion.count, exclusion.examples) for exclusion in exclusions] == [(1, ("EMPTY",))]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"s\.gmt is empty"),
        ("A\tna\tX\nA\tna\tY\n", r's\.gmt: gene set "A" occurs twice, in lines 1 and 2'),
        ("A\tna\tX\nB,na,Y\n", r"s\.gmt: line 2 is not a gene set: .* found: B,na,Y"),
        ("\tna\tX\n", "line 1 is not a gene set"),
        ("A\tna\nB\tna\t\n", r's\.gmt: no gene set has genes \(sets: "A", "B"\)'),
    ],
)
def test_refusals(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "s.gmt"
    path.write_text(content)
    with pytest.raises(StudyError, match=message):
        read_gmt(path)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"gone\.gmt does not exist"):
        read_gmt(tmp_path / "gone.gmt")
