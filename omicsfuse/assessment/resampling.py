"""Repeated work: many tasks, each with a seed of its own, on any number of processes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from joblib import Parallel, delayed

Task = TypeVar("Task")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Runner:
    """How repeated work is done: on how many processes, and where finished tasks are kept.

    Attributes
    ----------
    n_jobs : int
        Processes; results do not depend on it.
    folder : Path, optional
        Folder that finished tasks are kept in, so that interrupted work can be taken up.
    progress : callable, optional
        Called with what is done, the number of finished tasks, and the number of all.
    """

    n_jobs: int = 1
    folder: Path | None = None
    progress: Callable[[str, int, int], None] | None = None

    def map(
        self,
        function: Callable[..., Result],
        tasks: Sequence[Task],
        *shared: Any,
        what: str,
    ) -> list[Result]:
        """Call ``function(*shared, task)`` for each task, and return the results in their order.

        Parameters
        ----------
        function : callable
            A function of a module, so that it can be sent to another process.
        tasks : sequence
            Small things that differ, such as seeds.
        *shared
            What is the same for all tasks.
        what : str
            What is done, in a few words, for the progress bar.

        Returns
        -------
        list
            One result a task.
        """
        jobs = (delayed(function)(*shared, task) for task in tasks)
        return list(Parallel(n_jobs=self.n_jobs)(jobs))
