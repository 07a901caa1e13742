"""Engines of similarity network fusion: which there are, and which one "auto" means."""

from collections.abc import Mapping

from omicsfuse.fusion.distances_choice import Metric, metric_name
from omicsfuse.fusion.neighbors import SPARSE_METRICS
from omicsfuse.stats.memory import available_memory, usable_memory

ENGINES = ("auto", "exact", "sparse", "snfpy")

#: Up to so many patients "auto" keeps every pair.
EXACT_LIMIT = 5000

#: Strongest neighbours of each patient that engine "sparse" keeps.
N_KEPT = 60


def only_exact(metrics: Mapping[str, Metric], alpha: float | None, dtype: str) -> str:
    """Say what was asked for that only the exact engine knows; empty if nothing was."""
    if alpha is not None:
        return "alpha"
    if dtype != "float64":
        return f"dtype {dtype}"
    for name, metric in metrics.items():
        if not isinstance(metric, str) or metric not in SPARSE_METRICS:
            return f"metric {metric_name(metric)!r} of {name}"
    return ""


def chosen_engine(
    engine: str,
    n: int,
    sizes: Mapping[str, int],
    dtype: str,
    exact_only: str = "",
    k: int = 20,
) -> tuple[str, str]:
    """Choose the engine for so many patients, and say why."""
    if engine != "auto":
        return engine, "as asked"
    if exact_only and n > EXACT_LIMIT:
        return "exact", f"{exact_only} is not supported by another engine"
    if n > EXACT_LIMIT:
        return "sparse", f"{n:,} patients, more than {EXACT_LIMIT:,}"
    if not exact_only and exact_memory(n, sizes, dtype, k=k) > usable_memory():
        gib = available_memory() / 2**30
        return "sparse", f"{n:,} patients do not fit exactly into {gib:.1f} GiB of free memory"
    return "exact", f"{n:,} patients, at most {EXACT_LIMIT:,}"


def exact_memory(
    n: int,
    sizes: Mapping[str, int],
    dtype: str = "float64",
    engine: str = "exact",
    k: int = 20,
    n_threads: int = 1,
) -> int:
    """Estimate the bytes that an exact fusion takes at its peak."""
    kept = sum(8 * size * size for size in sizes.values())
    distances = 3 * 8 * max(sizes.values()) ** 2
    if engine == "snfpy":
        # Measured: it holds about four matrices a layer and two more.
        return kept + 8 * n * n * (4 * len(sizes) + 2)
    item = 4 if dtype == "float32" else 8
    # Lower triangles of each layer's P and of their sum, one full matrix between, rounding up; and
    # room to work in.
    iterations = int(item * n * n * (len(sizes) / 2 + 1.75)) + 8 * 2**20
    # S by row and by column, and a tile for each thread.
    iterations += 56 * k * sum(sizes.values()) + n_threads * 64 * item * n
    return kept + max(distances, iterations)
