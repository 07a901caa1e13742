"""Fixtures shared by all tests: a planted cohort, and the folder of real cohorts."""

import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
from stand_ins import no_layout

from omicsfuse.datasets import SimulatedCohort, simulate_cohort

#: Fixtures hold no doctests; collected as modules, their like names would get in each other's way.
collect_ignore_glob = ["conftest.py", "*/conftest.py"]


@pytest.fixture(scope="session")
def simulated() -> SimulatedCohort:
    """A small cohort with three planted subtypes, and an external one without images."""
    return simulate_cohort(90, n_external=80, n_genes=300, effect=1.3, random_state=3)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real cohorts; tests that need it skip where it is absent."""
    folder = os.environ.get("OMICSFUSE_DATA", "")
    if not folder:
        neighbour = Path(__file__).parents[2] / "shared" / "data"
        folder = str(neighbour) if neighbour.is_dir() else ""
    if not folder or not Path(folder).is_dir():
        pytest.skip("real cohorts are absent: set OMICSFUSE_DATA to their folder")
    return Path(folder)


@pytest.fixture
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs without drawing, where figures are not what is looked at."""
    rendering = import_module("omicsfuse.report.render")
    monkeypatch.setattr(rendering, "draw_figures", lambda results, folder, n_jobs: [])


#: Fewer repeats for runs whose signatures and classifier are not what is looked at.
QUICK_SIGNATURE = "n_permutations = 0\nn_shuffled = 5\nn_random = 50\n"
QUICK_ASSIGNMENT = '[assignment]\nlayers = ["radiomics"]\nn_repeats = 1\n'
QUICK_IMAGING = "[radiogenomics]\nmodules = false\n[heterogeneity]\nindex = false\n"


@pytest.fixture(scope="session")
def quick() -> Callable[[Path], Path]:
    """Make a written study quick, in place."""

    def shorten(study: Path) -> Path:
        text = study.read_text().replace(
            '[signature]\nlayer = "expression"\n', "[signature]\n" + QUICK_SIGNATURE
        )
        study.write_text(f"{text}\n{QUICK_ASSIGNMENT}{QUICK_IMAGING}")
        return study

    return shorten


@pytest.fixture
def no_map(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the map of patients out of runs: compiling UMAP takes half a minute."""
    monkeypatch.setattr("omicsfuse.pipeline.stages.map.embed", no_layout)
