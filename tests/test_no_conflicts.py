"""No file of the package holds what a merge left undone."""

import re
from pathlib import Path

import omicsfuse

LEFT = re.compile(r"^\s*(<{7,8}|>{7,8})( |$)", re.MULTILINE)


def test_no_marks_of_a_conflict() -> None:
    files = sorted(Path(omicsfuse.__file__).parent.rglob("*.py"))
    assert files
    assert [str(path) for path in files if LEFT.search(path.read_text(encoding="utf-8"))] == []
