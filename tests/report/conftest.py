"""The full report of the synthetic results, drawn once for all tests that look at it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from synthetic_results import make_results

from omicsfuse.report import write_report


@pytest.fixture(scope="session")
def full_report(once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """Folder of the report and its figures, to look at only."""

    def make(folder: Path) -> None:
        write_report(make_results(), folder)

    return once("full_report", make)
