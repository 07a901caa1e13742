"""Repeated work: same bytes however it is done, taken up where it was interrupted."""

import io
import os
import pickle
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from joblib import parallel_config, register_parallel_backend
from joblib._parallel_backends import ThreadingBackend
from made_tasks import (
    CALLS,
    applied,
    counted,
    doubtful,
    draw,
    failing,
    process_of,
    threads_of,
    tripled,
    unwell,
)

import omicsfuse as of
from omicsfuse.assessment.refit import Refit, refit
from omicsfuse.cli import main
from omicsfuse.datasets import simulate_cohort
from omicsfuse.datasets.write import write_simulated_study
from omicsfuse.pipeline.run import run
from omicsfuse.pipeline.workspace import Workspace
from omicsfuse.stats import kept_tasks as kept
from omicsfuse.stats.kept_tasks import kept_tasks
from omicsfuse.stats.tasks import TASKS_A_FILE, Runner
from omicsfuse.terminal import Bars


def seeds(n: int, seed: int = 0) -> list[np.random.SeedSequence]:
    return np.random.SeedSequence(seed).spawn(n)


def interrupted_at(limit: int) -> Callable[[str, int, int], None]:
    def progress(what: str, done: int, total: int) -> None:
        if done == limit:
            raise KeyboardInterrupt

    return progress


class AllAtOnce(ThreadingBackend):
    """A backend that cannot hand out results as they come."""

    supports_return_generator = False


register_parallel_backend("all at once", AllAtOnce)


@pytest.fixture(scope="module")
def table() -> np.ndarray:
    """More than a megabyte, so that processes share it as a file."""
    return np.random.default_rng(0).normal(size=(60, 3000))


def test_same_bytes_in_processes_in_threads_and_when_kept(
    table: np.ndarray, tmp_path: Path
) -> None:
    alone = Runner().map(draw, seeds(12), table, label="draws")
    again = Runner(2, tmp_path).map(draw, seeds(12), table, label="draws")
    taken_up = Runner(1, tmp_path).map(draw, seeds(12), table, label="draws")
    with parallel_config(backend="threading"):
        threads = Runner(2).map(draw, seeds(12), table, label="draws")
    with parallel_config(backend="all at once"):
        at_once = Runner(2).map(draw, seeds(12), table, label="draws")
    for other in (again, taken_up, threads, at_once):
        same(other, alone)
    assert len({one["both"][0] for one in alone}) == 12


def test_a_refusion_is_shared_and_found_again_in_another_process(tmp_path: Path) -> None:
    # Networks of more than 362 patients are arrays that processes share as files.
    ready = of.preprocess(
        simulate_cohort(380, n_external=0, n_genes=100, layers=("expression", "mutation")).discovery
    )
    repeat = refit(ready, of.fuse(ready, n_neighbors=8))
    rows = [np.arange(first, 380) for first in (0, 3)]
    alone = Runner(1, tmp_path).map(Refit.network, rows, repeat, label="fusions")
    processes = Runner(2).map(Refit.network, rows, repeat, label="fusions")
    for one, other in zip(alone, processes, strict=True):
        np.testing.assert_array_equal(one[0], other[0])
        np.testing.assert_array_equal(one[1], other[1])
    (tmp_path / "repeat.pickle").write_bytes(pickle.dumps(repeat))
    code = (
        "import pickle, sys; from pathlib import Path; import numpy as np;"
        "from omicsfuse.stats.kept_tasks import kept_tasks;"
        "from omicsfuse.assessment.refit import Refit;"
        "repeat = pickle.loads(Path('repeat.pickle').read_bytes());"
        "store = kept_tasks(Path(), Refit.network, [repeat]);"
        "print(store.load([np.arange(first, 380) for first in (0, 3)]) is not None)"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert found.stdout == "True\n"


def test_one_job_stays_in_this_process_and_more_do_not() -> None:
    assert set(Runner().map(process_of, range(3), label="x")) == {os.getpid()}
    assert os.getpid() not in Runner(2).map(process_of, range(3), label="x")


def test_a_command_leaves_no_processes_and_later_work_gets_new_ones(tmp_path: Path) -> None:
    before = set(Runner(2).map(process_of, range(4), label="tasks"))
    main(["simulate", "--out", str(tmp_path), "--patients", "40"])
    assert not any(psutil.pid_exists(process) for process in before)
    after = set(Runner(2).map(process_of, range(4), label="tasks"))
    assert not after & before
    assert os.getpid() not in after


_SHARING = """
import numpy as np
from omicsfuse.stats.tasks import Runner, end_processes

if __name__ == "__main__":
    shared = np.random.default_rng(0).normal(size=(2000, 500))
    print(len(Runner(2).map(np.take, range(4), shared, label="tasks")))
    end_processes()
"""


def test_ended_processes_leave_no_shared_memory(tmp_path: Path) -> None:
    script = tmp_path / "sharing.py"
    script.write_text(_SHARING, encoding="utf-8")
    environment = {**os.environ, "JOBLIB_TEMP_FOLDER": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=True, env=environment
    )
    assert (done.stdout.strip(), done.stderr) == ("4", "")
    assert [path.name for path in tmp_path.iterdir()] == ["sharing.py"]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_linear_algebra_has_one_thread_in_tasks_and_its_own_number_after(n_jobs: int) -> None:
    before = threads_of(0)
    inside = Runner(n_jobs).map(threads_of, range(3), label="x")
    assert all(set(one) == {1} for one in inside)
    assert threads_of(0) == before


def test_progress_is_told_in_order_and_kept_tasks_count_as_done(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    runner = Runner(1, tmp_path, lambda *state: told.append(state))
    assert runner.map(tripled, range(7), 2, label="null draws") == [6 * i for i in range(7)]
    assert told == [("null draws", done, 7) for done in range(8)]
    told.clear()
    runner.map(tripled, range(7), 2, label="null draws")
    assert told == [("null draws", 7, 7)]


def test_no_tasks_and_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Runner(2).map(tripled, [], 2, label="x") == []
    assert Runner().map(tripled, range(9), 2, label="x") == [6 * i for i in range(9)]
    assert Runner(1, tmp_path / "kept").map(tripled, [], 2, label="x") == []
    assert list(tmp_path.iterdir()) == []


def test_interrupted_work_is_taken_up_with_another_number_of_jobs(tmp_path: Path) -> None:
    told: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        Runner(1, tmp_path, interrupted_at(13)).map(counted, range(20), 2, label="x")
    assert len(list(tmp_path.iterdir())) == 13 // TASKS_A_FILE
    CALLS.clear()
    runner = Runner(2, tmp_path, lambda what, done, total: told.append(done))
    with parallel_config(backend="threading"):
        assert runner.map(counted, range(20), 2, label="x") == [2 * i for i in range(20)]
    assert sorted(CALLS) == list(range(10, 20))
    assert told == list(range(10, 21))


def test_nothing_is_taken_up_that_differs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def calls(function: Callable[..., int], tasks: list[int], factor: Any) -> list[int]:
        CALLS.clear()
        Runner(1, tmp_path).map(function, tasks, factor, label="x")
        return list(CALLS)

    assert calls(counted, [1, 2, 3], 2) == [1, 2, 3]
    assert calls(counted, [1, 2, 3], 2) == []
    assert calls(counted, [1, 2, 4], 2) == [1, 2, 4]
    assert calls(counted, [1, 2, 3], 3) == [1, 2, 3]
    assert Runner(1, tmp_path).map(tripled, [1, 2, 3], 2, label="x") == [6, 12, 18]
    monkeypatch.setattr(kept, "version", lambda package: "0")
    assert calls(counted, [1, 2, 3], 2) == [1, 2, 3]


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"not an archive"),
        lambda path: path.write_bytes(path.read_bytes()[:-30]),
        lambda path: path.write_bytes(path.read_bytes().replace(b"n\0\0\0a", b"m\0\0\0a")),
        lambda path: np.savez(path, other=np.zeros(3)),
        lambda path: np.savez(path, header=np.array([{"name": path.stem}], dtype=object)),
        lambda path: np.savez(path, header=np.array('{"name": "x", "results": [1, 1, 1]}')),
        lambda path: np.savez(path, header=np.array("[1]")),
        lambda path: path.write_bytes(next(path.parent.glob("other/*")).read_bytes()),
    ],
)  # fmt: skip
def test_a_damaged_or_foreign_file_counts_as_absent(
    tmp_path: Path, damage: Callable[[Path], Any]
) -> None:
    Runner(1, tmp_path / "other").map(tripled, [1, 2, 4], 2, label="x")
    runner = Runner(1, tmp_path)
    assert runner.map(counted, [1, 2, 3], 2, label="x") == [2, 4, 6]
    (path,) = tmp_path.glob("*.npz")
    damage(path)
    CALLS.clear()
    assert runner.map(counted, [1, 2, 3], 2, label="x") == [2, 4, 6]
    assert CALLS == [1, 2, 3]
    CALLS.clear()
    runner.map(counted, [1, 2, 3], 2, label="x")
    assert CALLS == []


def test_a_half_written_file_is_not_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="no space left"):
        Runner(1, tmp_path).map(tripled, range(3), 2, label="x")
    assert list(tmp_path.iterdir()) == []


def test_results_that_cannot_be_kept_are_refused(tmp_path: Path) -> None:
    for value in (object(), {1, 2}, np.array([object()])):
        with pytest.raises(TypeError, match="kept tasks must return numbers, text"):
            Runner(1, tmp_path).map(lambda task, value=value: value, [0], label="x")
    assert list(tmp_path.iterdir()) == []


scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(), st.floats(), st.floats().map(np.float64)
)
numbers = arrays(st.sampled_from(["f8", "f4", "i8", "?", "U3", "c16"]), array_shapes(min_side=0))
values = st.recursive(
    st.one_of(scalars, numbers),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.one_of(st.text(), st.integers()), inner, max_size=3),
    ),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(result=values, task=st.one_of(st.integers(), st.text()))
def test_what_is_kept_comes_back_to_the_last_bit(
    result: Any, task: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    store = kept_tasks(tmp_path_factory.mktemp("kept"), tripled, [])
    assert store is not None
    store.save([task], [result], ["é"])
    loaded = store.load([task])
    assert loaded is not None
    assert loaded[1] == ["é"]
    same(loaded[0][0], result)


def same(one: Any, other: Any) -> None:
    assert type(one) is type(other)
    if isinstance(one, dict):
        assert list(one) == list(other)
        for key in one:
            same(one[key], other[key])
    elif isinstance(one, list | tuple):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            same(a, b)
    elif isinstance(one, np.ndarray):
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        np.testing.assert_array_equal(one, other)
        assert one.flags["F_CONTIGUOUS"] == other.flags["F_CONTIGUOUS"]
    else:
        assert one == other or (one != one and other != other)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_functions_without_a_name_are_shared_but_nothing_is_kept(
    tmp_path: Path, n_jobs: int
) -> None:
    runner = Runner(n_jobs, tmp_path)
    assert runner.map(applied, [1, 2, 3], lambda x: 5 * x, label="x") == [5, 10, 15]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_warnings_of_tasks_are_heard_once_and_again_when_taken_up(
    tmp_path: Path, n_jobs: int
) -> None:
    for _ in range(2):
        with pytest.warns(of.OmicsfuseWarning) as heard:
            assert Runner(n_jobs, tmp_path).map(doubtful, range(8), label="x") == list(range(8))
        assert [str(one.message) for one in heard] == ["doubtful 0", "doubtful 1"]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_warnings_of_others_are_heard_too(n_jobs: int) -> None:
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        Runner(n_jobs).map(unwell, range(4), label="x")
    assert [str(one.message) for one in heard] == ["division by nearly zero"]
    assert heard[0].category is RuntimeWarning


def test_an_interrupt_ends_the_workers(tmp_path: Path, table: np.ndarray) -> None:
    with pytest.raises(KeyboardInterrupt):
        Runner(2, tmp_path, interrupted_at(6)).map(draw, seeds(300), table, label="x")
    workers = [p for p in psutil.Process().children() if "LokyProcess" in " ".join(p.cmdline())]
    assert psutil.wait_procs(workers, timeout=20)[1] == []
    assert len(list(tmp_path.glob("*.npz"))) == 1
    assert len(Runner(2, tmp_path).map(draw, seeds(6), table, label="x")) == 6


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_task_at_fault_says_so_and_the_others_stay(tmp_path: Path, n_jobs: int) -> None:
    with pytest.raises(of.StudyError, match="task 8 is at fault"):
        Runner(n_jobs, tmp_path).map(failing, range(20), label="x")
    if n_jobs == 1:
        assert len(list(tmp_path.glob("*.npz"))) == 1
    assert list(tmp_path.glob("*.tmp")) == []


def test_the_workspace_keeps_finished_tasks_of_an_interrupted_run(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt) as stop, Workspace(out, "study") as workspace:
        Runner(1, workspace.tasks, interrupted_at(6)).map(tripled, range(9), 2, label="x")
    assert any("--resume" in note for note in stop.value.__notes__)
    with Workspace(out, "study", resume=True) as workspace:
        assert len(list(workspace.tasks.glob("*.npz"))) == 1
        told: list[int] = []
        runner = Runner(1, workspace.tasks, lambda what, done, total: told.append(done))
        runner.map(tripled, range(9), 2, label="x")
        assert told[0] == TASKS_A_FILE
    assert not (out / ".omicsfuse").exists()


def test_the_workspace_leaves_nothing_where_nothing_was_finished(tmp_path: Path) -> None:
    out = tmp_path / "a" / "out"
    with pytest.raises(KeyboardInterrupt) as stop, Workspace(out, "study") as workspace:
        Runner(1, workspace.tasks, interrupted_at(3)).map(tripled, range(9), 2, label="x")
    assert not hasattr(stop.value, "__notes__")
    assert list(tmp_path.iterdir()) == []


def test_a_failure_keeps_finished_work_and_the_next_run_without_resume_drops_it(
    tmp_path: Path,
) -> None:
    out = tmp_path / "out"
    with (
        pytest.raises(of.StudyError, match="task 8 is at fault") as stop,
        Workspace(out, "study") as workspace,
    ):
        Runner(1, workspace.tasks).map(failing, range(9), label="x")
    assert any("--resume" in note for note in stop.value.__notes__)
    assert sorted(path.name for path in (out / ".omicsfuse").iterdir()) == ["tasks"]
    with Workspace(out, "study") as workspace:
        assert not workspace.tasks.exists()


def test_how_a_stage_is_computed_is_no_part_of_what_is_remembered(tmp_path: Path) -> None:
    def remember(workspace: Workspace, folder: Path) -> Any:
        how = {"base": 10, "mod": None} if folder.name == "a" else {"base": 10}
        return workspace.remembered("f" * 64, stage, 3, n_jobs=0, how=how)

    with Workspace(tmp_path / "out") as workspace:
        CALLS.clear()
        assert remember(workspace, tmp_path / "a") == remember(workspace, tmp_path / "b") == 30
        assert CALLS == [3]


def stage(x: int, *, base: int, mod: None = None) -> int:
    CALLS.append(x)
    return x * base


def test_the_command_shows_how_many_tasks_are_done() -> None:
    from rich.console import Console
    from rich.progress import Progress, TextColumn

    shown = io.StringIO()
    console = Console(file=shown, force_terminal=True, width=80)
    with Progress(TextColumn("{task.description}"), console=console, auto_refresh=False) as bars:
        progress = Bars(bars, ("fuse", "assess", "map"))
        progress("assess")
        for done in range(3):
            progress.tasks("null draws", done, 199)
        bars.refresh()
        assert "assess: null draws 2/199" in shown.getvalue()
        at = shown.tell()
        progress("map")
        bars.refresh()
        assert "null draws" not in shown.getvalue()[at:]


def test_a_failed_run_says_what_is_at_fault_first_and_then_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        error = of.CohortError("cohort elsewhere has no patients.")
        error.add_note("Finished stages and tasks are kept; continue with --resume")
        raise error

    monkeypatch.setattr("omicsfuse.pipeline.run.run", fail)
    (tmp_path / "study.toml").write_text("")
    with pytest.raises(SystemExit) as stop:
        main(["run", str(tmp_path / "study.toml"), "--out", str(tmp_path / "out")])
    assert stop.value.code == 1
    assert capsys.readouterr().err.splitlines() == [
        "omicsfuse: cohort elsewhere has no patients.",
        "Finished stages and tasks are kept; continue with --resume",
    ]


@pytest.mark.long
@pytest.mark.skipif(os.name != "posix", reason="signals are those of POSIX")
@pytest.mark.usefixtures("no_figures", "no_map")
def test_a_run_told_to_stop_while_assessing_is_resumed(tmp_path: Path) -> None:
    simulated = simulate_cohort(40, n_external=20, n_genes=100, effect=2, random_state=1)
    write_simulated_study(simulated, tmp_path / "study")
    study = tmp_path / "study" / "short.toml"
    study.write_text(
        'name = "short"\ndiscovery = "discovery.toml"\nlayers = ["expression", "mutation"]\n'
        "[subtypes]\nn_clusters = 3\n[survival]\nn_permutations = 99\nn_bootstrap = 20\n"
        "[assignment]\nn_repeats = 0\n"
    )
    out = tmp_path / "out"
    words = ["run", str(study), "--out", str(out), "--jobs", "2"]
    going = subprocess.Popen(
        [sys.executable, "-m", "omicsfuse.cli", *words], stderr=subprocess.PIPE, text=True
    )
    try:
        give_up = time.monotonic() + 120
        while not list(out.glob(".omicsfuse/tasks/*.npz")):
            assert going.poll() is None, "the run ended before a task was kept"
            assert time.monotonic() < give_up, "no task was kept in two minutes"
            time.sleep(0.01)
        workers = psutil.Process(going.pid).children(recursive=True)
        going.send_signal(signal.SIGTERM)
        said = going.communicate(timeout=60)[1]
    finally:
        going.kill()
    assert going.returncode == 130, said
    assert "continue with --resume" in said
    assert "Traceback" not in said
    assert psutil.wait_procs(workers, timeout=20)[1] == []
    assert [path.name for path in out.iterdir()] == [".omicsfuse"]
    assert not (out / ".omicsfuse" / "lock").exists()

    told: list[int] = []

    class Progress:
        def __call__(self, stage: str) -> None: ...

        def tasks(self, what: str, done: int, total: int) -> None:
            told.append(done)

    run(study, out, resume=True, progress=Progress())
    assert told[0] >= TASKS_A_FILE, "the finished tasks were computed again"
    assert (out / "run.json").is_file()
    assert not (out / ".omicsfuse").exists()
