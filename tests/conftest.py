"""Fixtures shared by all tests: a planted cohort, and the folder of real cohorts."""

import gc
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest
from stand_ins import without_map

from omicsfuse.datasets import SimulatedCohort, simulate_cohort
from omicsfuse.datasets.write import write_simulated_study

#: Fixtures hold no doctests; collected as modules, their like names would get in each other's way.
collect_ignore_glob = ["conftest.py", "*/conftest.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests begin first, so that at the end no worker waits for that of another."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_collection_finish() -> None:
    """What was imported and collected stays: searches for garbage pass it over, and are rarer."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


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
    monkeypatch.setattr(rendering, "draw_figures", lambda *_: [])


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


@pytest.fixture(scope="session")
def brief(tmp_path_factory: pytest.TempPathFactory, quick: Callable[[Path], Path]) -> Path:
    """A study of one layer and three subtypes of 40 patients, which runs in a few seconds.

    For what depends on neither images nor size. The other layers lie beside it, in ``study.toml``.
    """
    made = simulate_cohort(40, n_external=30, n_genes=100, effect=2, random_state=1)
    study = quick(write_simulated_study(made, tmp_path_factory.mktemp("brief")))
    text = study.read_text().replace(
        'endpoints = ["os"]', 'endpoints = ["os"]\nn_permutations = 99\nn_bootstrap = 20'
    )
    study.write_text(text)
    layers = '["radiomics", "expression", "methylation", "mutation", "copy_number"]'
    for long, short in (
        (layers, '["expression"]'),
        ('n_clusters = "auto"', "n_clusters = 3"),
        (QUICK_ASSIGNMENT, "[assignment]\nn_repeats = 0\n"),
    ):
        assert long in text
        text = text.replace(long, short)
    path = study.with_name("brief.toml")
    path.write_text(text)
    return path


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], None]], Path]:
    """Make a folder once for all workers: the first that asks makes it, the others wait for it.

    What is made is shared: tests look at it, and change copies only.
    """
    base = tmp_path_factory.getbasetemp()
    root = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def made(name: str, make: Callable[[Path], None]) -> Path:
        folder, done = root / name, root / f"{name}.done"
        with (root / f"{name}.lock").open("w") as lock:
            if os.name == "posix":
                import fcntl

                fcntl.flock(lock, fcntl.LOCK_EX)
            else:
                folder, done = base / name, base / f"{name}.done"
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                make(folder)
                done.touch()
        return folder

    return made


@pytest.fixture(scope="session")
def finished(
    simulated: SimulatedCohort,
    once: Callable[[str, Callable[[Path], None]], Path],
) -> Path:
    """A folder with a study (``study/``) and its finished run (``results/``), shared by all tests.

    The study has every stage, with few repeats. The run is one of the command in a fresh process;
    ``said.json`` holds what it said.
    """

    def make(folder: Path) -> None:
        study = write_simulated_study(simulated, folder / "study")
        text = study.read_text()
        text = text.replace(
            'endpoints = ["os"]', 'endpoints = ["os"]\nn_permutations = 99\nn_bootstrap = 20'
        )
        few = "n_permutations = 19\nn_shuffled = 5\nn_random = 50\n"
        text = text.replace('[signature]\nlayer = "expression"\n', f"[signature]\n{few}")
        text += "\n[enrichment]\nn_permutations = 50\n\n[assignment]\nn_repeats = 1\n"
        study.write_text(text)
        words = ["run", "study/study.toml", "--out", "results"]
        done = subprocess.run(
            [sys.executable, "-m", "omicsfuse.cli", *words],
            capture_output=True,
            text=True,
            cwd=folder,
        )
        assert done.returncode == 0, done.stderr
        said = {"stdout": done.stdout, "stderr": done.stderr}
        (folder / "said.json").write_text(json.dumps(said))

    return once("finished", make)


@pytest.fixture
def no_map() -> Iterator[None]:
    """Leave the map of patients out of runs."""
    with without_map():
        yield
