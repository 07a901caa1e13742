"""Settings of a fusion: which exist, which go together, and which engine "auto" means."""

from collections.abc import Mapping, Sequence

from omicsfuse.core.checks.arguments import positive_number, whole_number
from omicsfuse.core.errors import StudyError
from omicsfuse.fusion.distances import Metric, check_metric, metric_name
from omicsfuse.fusion.exact import check_settings
from omicsfuse.fusion.memory import available_memory, usable_memory
from omicsfuse.fusion.neighbors import SPARSE_METRICS

ENGINES = ("auto", "exact", "sparse", "snfpy")

#: Whom to fuse: all who brought any layer, or those who brought every one.
PATIENTS = ("all", "complete")

#: Up to so many patients "auto" keeps every pair.
EXACT_LIMIT = 5000

#: Strongest neighbours of each patient that engine "sparse" keeps.
N_KEPT = 60


def check_fusion(
    layers: Sequence[str],
    *,
    n_iterations: int = 20,
    variant: str | None = None,
    engine: str = "auto",
    metrics: Mapping[str, Metric] | None = None,
    patients: str | None = None,
    min_layers: int = 1,
    layer_weights: Mapping[str, float] | None = None,
    alpha: float | None = None,
    dtype: str = "float64",
    n_kept: int = N_KEPT,
    n_neighbors: int = 0,
    mu: float = 0.5,
) -> tuple[str, str]:
    """Refuse settings of a fusion that do not exist or do not go together.

    Parameters
    ----------
    layers : sequence of str
        Layers to be fused.
    n_iterations, variant, engine, metrics, patients, min_layers, layer_weights, alpha, dtype, \
n_kept, n_neighbors, mu
        As in ``fuse``.

    Returns
    -------
    variant : str
        The variant: the one asked for, or the engine's.
    patients : str
        Whom to fuse: as asked for, or the engine's.

    Raises
    ------
    StudyError
        If a setting is unknown or out of range.

    Examples
    --------
    >>> check_fusion(["radiomics"])
    ('paper', 'all')
    """
    if engine not in ENGINES:
        raise StudyError(f"engine is {engine!r}; choose from {', '.join(ENGINES)}.")
    reference = engine == "snfpy"
    variant = variant or ("snfpy" if reference else "paper")
    patients = patients or ("complete" if reference else "all")
    check_settings(n_iterations, variant, alpha, dtype)
    whole_number(n_kept, "n_kept")
    positive_number(mu, "mu")
    if patients not in PATIENTS:
        raise StudyError(f"patients is {patients!r}; choose from {', '.join(PATIENTS)}.")
    if whole_number(min_layers, "min_layers") > len(layers):
        raise StudyError(
            f"min_layers is {min_layers}, but {len(layers)} layers are fused; ask for at most that."
        )
    if reference:
        _check_reference(layers, variant, patients, layer_weights, alpha, dtype)
    if engine == "sparse" and n_kept < n_neighbors:
        raise StudyError(
            f'n_kept is {n_kept}, fewer than n_neighbors, {n_neighbors}; engine "sparse" must '
            "keep at least as many, and three times as many for networks close to the exact ones."
        )
    if engine == "sparse" and (dtype != "float64" or alpha is not None):
        raise StudyError('dtype and alpha belong to engine "exact"; engine "sparse" has neither.')
    for setting, named in (("metrics", metrics), ("layer_weights", layer_weights)):
        for name in named or {}:
            if name not in layers:
                raise StudyError(
                    f"{setting} names {name}, which is not among the fused layers "
                    f"({', '.join(layers)})."
                )
    for name, metric in (metrics or {}).items():
        check_metric(metric, name)
        # A function may bear the name of a metric that it is not.
        known = isinstance(metric, str) and metric in SPARSE_METRICS
        if engine == "sparse" and not known:
            raise StudyError(
                f'layer {name}: engine "sparse" cannot use metric {metric_name(metric)!r}; choose '
                f"from {', '.join(SPARSE_METRICS)}, or another engine."
            )
    for name, weight in (layer_weights or {}).items():
        positive_number(weight, f"layer_weights of {name}")
    return variant, patients


def _check_reference(
    layers: Sequence[str],
    variant: str,
    patients: str,
    layer_weights: Mapping[str, float] | None,
    alpha: float | None,
    dtype: str,
) -> None:
    """Refuse what the snfpy package cannot do."""
    if variant != "snfpy":
        raise StudyError('engine "snfpy" knows only variant "snfpy"; set variant or engine.')
    if patients != "complete":
        raise StudyError(
            'engine "snfpy" fuses only patients who have every layer; set patients = "complete", '
            "or leave the engine out."
        )
    if len(layers) < 2:
        raise StudyError('engine "snfpy" needs at least two layers; use engine "exact" for one.')
    if layer_weights or alpha is not None or dtype != "float64":
        raise StudyError(
            'engine "snfpy" takes no layer_weights, alpha or dtype; leave them out, or leave the '
            "engine out."
        )


def only_exact(metrics: Mapping[str, Metric], alpha: float | None, dtype: str) -> str:
    """Say what was asked for that only the exact engine knows; empty if nothing was.

    Examples
    --------
    >>> only_exact({"a": "gower"}, None, "float64")
    "metric 'gower' of a"
    """
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
    """Choose the engine for so many patients, and say why.

    Parameters
    ----------
    engine : str
        What was asked for.
    n : int
        Patients to fuse.
    sizes : mapping of str to int
        Patients of each layer.
    dtype : str
        Precision.
    exact_only : str
        What was asked for that only the exact engine knows, from ``only_exact``.
    k : int
        Neighbours.

    Returns
    -------
    engine : str
        ``"exact"``, ``"sparse"`` or ``"snfpy"``.
    reason : str
        Why, in words.

    Examples
    --------
    >>> chosen_engine("auto", 100, {"a": 100}, "float64")
    ('exact', '100 patients, at most 5,000')
    """
    if engine != "auto":
        return engine, "as asked"
    if exact_only and n > EXACT_LIMIT:
        return "exact", f"{exact_only} is known to no other engine"
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
    """Estimate the bytes that an exact fusion takes at its peak.

    Parameters
    ----------
    n : int
        Patients to fuse.
    sizes : mapping of str to int
        Patients of each layer.
    dtype : str
        Precision.
    engine : str
        ``"exact"`` or ``"snfpy"``.
    k, n_threads : int
        Neighbours, and threads to be used.

    Returns
    -------
    int
        Affinities of the layers, which the result keeps, and the larger of what the last layer's
        distances and the iterations need.

    Examples
    --------
    >>> exact_memory(1000, {"a": 1000, "b": 1000}) // 10**6
    49
    """
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
