"""Repeated work: many tasks, each with a seed of its own, on any number of processes.

joblib does the work, and no backend is named here: what a user chooses by
``joblib.parallel_config``, a dask cluster for instance, is what is used.
"""

import copy
import multiprocessing
import pickle
import threading
import uuid
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from joblib import Parallel, delayed

from omicsfuse.core.errors import OmicsfuseWarning
from omicsfuse.stats.kept_tasks import kept_tasks
from omicsfuse.stats.one_thread import one_thread

Task = TypeVar("Task")
Result = TypeVar("Result")

#: Tasks whose results share a file. No more than these are lost when work is interrupted, beside
#: those under way; the number of processes plays no part, so that another number finds them too.
TASKS_A_FILE = 5

#: Arrays of so many bytes reach workers as files that they share, as joblib has it.
_LARGE = 2**20

#: A warning: its class, text, file and line.
Heard = tuple[type[Warning], str, str, int]


@dataclass(frozen=True)
class Runner:
    """How repeated work is done: on how many processes, and where finished tasks are kept.

    Results do not depend on ``n_jobs``; a dask cluster uses all its workers. ``progress`` is told,
    in the thread that called ``map``, the label, how many are done, and of how many.
    """

    n_jobs: int = 1
    folder: Path | None = None
    progress: Callable[[str, int, int], None] | None = None

    def map(
        self,
        function: Callable[..., Result],
        tasks: Sequence[Task],
        *shared: Any,
        label: str,
    ) -> list[Result]:
        """Call ``function(*shared, task)`` for each task, and return the results in their order.

        The same bytes for any number of processes: one thread of linear algebra, a copy of its seed
        a task. Warnings are issued again, each once. With a folder, results must be numbers, text,
        NumPy arrays of them, and tuples, lists and dicts of these.
        """
        tasks = list(tasks)
        store = kept_tasks(self.folder, function, shared)
        files = [tasks[i : i + TASKS_A_FILE] for i in range(0, len(tasks), TASKS_A_FILE)]
        finished = {i: old for i, file in enumerate(files) if store and (old := store.load(file))}
        missing = [i for i in range(len(files)) if i not in finished]
        done = sum(len(results) for results, _ in finished.values())
        heard: dict[Heard, None] = {}
        self._tell(label, done, len(tasks))
        fresh_tasks = [task for i in missing for task in files[i]]
        # Entered here too: where tasks are threads of this process, the limit holds between them.
        with one_thread(), self._results(function, shared, fresh_tasks) as fresh:
            for i in missing:
                results, messages = [], []
                for _ in files[i]:
                    result, told = next(fresh)
                    results.append(result)
                    messages += [text for kind, text, *_ in told if _is_ours(kind)]
                    heard.update(dict.fromkeys(said for said in told if not _is_ours(said[0])))
                    done += 1
                    self._tell(label, done, len(tasks))
                if store:
                    store.save(files[i], results, messages)
                finished[i] = results, messages
        _repeat(heard, [text for i in range(len(files)) for text in finished[i][1]])
        return [result for i in range(len(files)) for result in finished[i][0]]

    def _tell(self, label: str, done: int, total: int) -> None:
        if self.progress:
            self.progress(label, done, total)

    @contextmanager
    def _results(
        self, function: Callable[..., Any], shared: tuple[Any, ...], tasks: list[Any]
    ) -> Iterator[Iterator[tuple[Any, list[Heard]]]]:
        """Results of tasks as they come, in order; work that is not waited for is called off."""
        if not tasks:
            yield iter(())
            return
        work = _Work(function, shared)
        # Copy on write: compiled loops need not be compiled once more for read-only arrays.
        settings: dict[str, Any] = {"n_jobs": self.n_jobs, "mmap_mode": "c"}
        try:
            parallel = Parallel(return_as="generator", **settings)
        except ValueError:
            # A backend that gives its results all at once, such as multiprocessing.
            parallel = Parallel(**settings)
        fresh = parallel(delayed(_run_task)(work, task) for task in tasks)
        try:
            yield (pickle.loads(pickle.dumps(result, protocol=5)) for result in fresh)
        finally:
            if isinstance(fresh, Generator):
                with warnings.catch_warnings():
                    # joblib would tell us that results were not waited for.
                    warnings.simplefilter("ignore")
                    fresh.close()


class _Work:
    """A function and its shared arguments, packed and unpacked once in each process for speed."""

    def __init__(self, function: Callable[..., Any], shared: tuple[Any, ...]) -> None:
        self.function = function
        self.shared = shared
        self._lock = threading.Lock()
        self._packed: tuple[Any, ...] | None = None

    def __sizeof__(self) -> int:
        # dask sends large objects to each worker once, and small ones with every task.
        return _LARGE

    def __reduce__(self) -> tuple[Any, ...]:
        # joblib sends tasks from several threads.
        with self._lock:
            if self._packed is None:
                self._packed = self._pack()
        return self._packed

    def _pack(self) -> tuple[Any, ...]:
        large: list[np.ndarray] = []

        def stays(buffer: pickle.PickleBuffer) -> bool:
            raw = buffer.raw()
            if raw.nbytes >= _LARGE:
                large.append(np.frombuffer(raw, np.uint8))
            return raw.nbytes < _LARGE

        content = _cloudpickle().dumps(
            (self.function, self.shared), protocol=5, buffer_callback=stays
        )
        return _unpacked, (uuid.uuid4().hex, np.frombuffer(content, np.uint8), large)


def end_processes() -> None:
    """End the processes that joblib keeps, where it does: to unload their modules takes a second.

    For commands; a program that goes on has use for them.
    """
    if multiprocessing.active_children():
        from joblib.externals.loky import get_reusable_executor

        executor = get_reusable_executor(reuse=True)
        # Joblib's own kind also drops the memory that processes shared, which killed ones leave.
        end = getattr(executor, "terminate", executor.shutdown)
        end(kill_workers=True)


#: The work that this process last received.
_received: dict[str, _Work] = {}


def _unpacked(key: str, content: np.ndarray, large: list[np.ndarray]) -> _Work:
    """The work that was sent, unpacked where it was not yet; what was sent before is let go."""
    work = _received.get(key)
    if work is None:
        function, shared = pickle.loads(content.data, buffers=large)
        work = _Work(function, shared)
        _received.clear()
        _received[key] = work
    return work


def _cloudpickle() -> Any:
    """The pickler joblib uses, which also takes functions of a notebook; older ones bring it."""
    try:
        return import_module("cloudpickle")
    except ImportError:
        return import_module("joblib.externals.cloudpickle")


def _run_task(work: _Work, task: Any) -> tuple[Any, list[Heard]]:
    """Do one task; a seed that spawns others remembers it, so that each task has a copy."""
    with one_thread(), _listening() as heard:
        result = work.function(*work.shared, copy.deepcopy(task))
    return result, heard


@contextmanager
def _listening() -> Iterator[list[Heard]]:
    """Collect warnings to be heard here; beside other threads they go their usual way instead."""
    heard: list[Heard] = []
    if threading.current_thread() is not threading.main_thread():
        yield heard
        return
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", OmicsfuseWarning)
        yield heard
    heard += [(w.category, str(w.message), w.filename, w.lineno) for w in caught]


def _is_ours(kind: type[Warning]) -> bool:
    return issubclass(kind, OmicsfuseWarning)


def _repeat(heard: dict[Heard, None], messages: list[str]) -> None:
    """Issue the warnings of tasks, each once."""
    for kind, text, file, line in heard:
        warnings.warn_explicit(text, kind, file, line)
    for text in dict.fromkeys(messages):
        warnings.warn(text, OmicsfuseWarning, stacklevel=3)
