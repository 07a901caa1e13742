"""Tasks for other processes, which import this module: it loads little, so they begin soon."""

import os
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info

from omicsfuse.core.errors import OmicsfuseWarning, StudyError

CALLS: list[Any] = []


def draw(table: np.ndarray, seed: np.random.SeedSequence) -> dict[str, Any]:
    """A resample as real ones are: a draw, linear algebra, and a seed that spawns others."""
    rng, other = (np.random.default_rng(one) for one in seed.spawn(2))
    rows = rng.choice(len(table), len(table) // 2, replace=False)
    values = np.linalg.eigvalsh(table[rows] @ table[rows].T)
    return {"rows": rows, "values": values[-3:], "both": (other.normal(), values.mean())}


def counted(factor: int, task: int) -> int:
    CALLS.append(task)
    return factor * task


def tripled(factor: int, task: int) -> int:
    return 3 * factor * task


def process_of(task: int) -> int:
    return os.getpid()


def threads_of(task: int) -> list[int]:
    return [library["num_threads"] for library in threadpool_info()]


def doubtful(task: int) -> int:
    warnings.warn(f"doubtful {task % 2}", OmicsfuseWarning, stacklevel=2)
    return task


def unwell(task: int) -> float:
    warnings.warn("division by nearly zero", RuntimeWarning, stacklevel=2)
    return 0.0


def failing(task: int) -> int:
    if task == 8:
        raise StudyError("task 8 is at fault")
    return task


def applied(function: Callable[[int], int], task: int) -> int:
    return function(task)
