"""Share compiled work out over threads; what comes out does not depend on how many there are."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from omicsfuse.core.checks.arguments import whole_number

#: Gives each thread its number, how many there are, and the arguments.
Share = Callable[..., None]


class Each(tuple[Any, ...]):
    """An argument of which every thread gets its own, such as room to work in."""


def usable_threads(n_threads: int | None) -> int:
    """Threads to use: as many as asked for, or as there are processors for this process."""
    if n_threads is not None:
        return whole_number(n_threads, "n_threads")
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def threads(n_threads: int) -> Iterator[Share]:
    """Threads whose ``share(function, *arguments)`` calls it with (number, n_threads) in each."""

    def work(function: Callable[..., Any], number: int, arguments: tuple[Any, ...]) -> None:
        chosen = (a[number] if isinstance(a, Each) else a for a in arguments)
        function(number, n_threads, *chosen)

    if n_threads == 1:
        yield lambda function, *arguments: work(function, 0, arguments)
        return
    with ThreadPoolExecutor(n_threads - 1) as pool:

        def share(function: Callable[..., Any], *arguments: Any) -> None:
            running = [
                pool.submit(work, function, number, arguments) for number in range(1, n_threads)
            ]
            # The caller works too: waking one thread less is worth it for small shares.
            work(function, 0, arguments)
            for task in running:
                task.result()

        yield share
