"""Fuse the prepared layers of a cohort into one network of patients."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from omicsfuse.core.checks.arguments import positive_number, require
from omicsfuse.core.checks.arguments import seed as checked_seed
from omicsfuse.core.checks.tables import did_you_mean
from omicsfuse.core.errors import CohortError, StudyError
from omicsfuse.core.results import Fusion, Prepared, PreparedLayer
from omicsfuse.fusion.affinity import affinities_of, usable_neighbors
from omicsfuse.fusion.distances import (
    Metric,
    default_metric,
    distance_table,
    metric_name,
    patient_distances,
    precomputed_distances,
)
from omicsfuse.fusion.exact import (
    Fused,
    checked_weights,
    fuse_networks,
    layer_neighbors,
    refuse_isolated,
)
from omicsfuse.fusion.members import Members, fused_patients, pairs_by_coverage
from omicsfuse.fusion.memory import require_memory
from omicsfuse.fusion.settings import (
    N_KEPT,
    check_fusion,
    chosen_engine,
    exact_memory,
    only_exact,
)
from omicsfuse.fusion.snfpy_engine import fuse_with_snfpy
from omicsfuse.fusion.threads import usable_threads


def fuse(
    prepared: Prepared,
    *,
    layers: Sequence[str] | None = None,
    n_neighbors: int = 20,
    mu: float = 0.5,
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
    random_state: int = 0,
    n_threads: int | None = None,
) -> Fusion:
    """Fuse layers by similarity network fusion, with all patients who brought any of them.

    Distances between patients are computed in each layer, turned into affinities, and fused; see
    ``fuse_affinities`` for the method and its two variants. Where layers cover different patients,
    each layer's network is that of its own patients; pairs that only some layers see rest on
    those, and pairs that none sees get their similarity through neighbours. With complete data the
    result is the same as without them.

    Parameters
    ----------
    prepared : Prepared
        What ``preprocess`` returned.
    layers : sequence of str, optional
        Layers to fuse; all by default.
    n_neighbors : int
        Neighbours of each patient (K of the paper); reduced with a warning in small cohorts, and in
        proportion for a layer that only some patients have.
    mu : float
        Width of the affinity kernel.
    n_iterations : int
        Iterations of the fusion (t of the paper).
    variant : {"paper", "snfpy"}, optional
        Normalisation, see ``fuse_affinities``; ``"paper"`` unless the engine is snfpy, which knows
        only its own.
    engine : {"auto", "exact", "sparse", "snfpy"}
        ``"exact"`` keeps every pair of patients; ``"sparse"`` keeps the strongest of each patient,
        for cohorts of many thousands (see ``fuse_sparse``); ``"auto"`` is exact for up to 5,000
        patients if memory allows, and sparse beyond; ``"snfpy"`` runs the snfpy package as a
        reference (it needs two layers or more, and patients who have them all).
    metrics : mapping of str to metric, optional
        Distance for a layer by name, in place of ``default_metric``: a name of ``METRICS``, a
        table of distances (pandas.DataFrame, patients x patients), or a function that turns the
        layer's array (n, p) into distances (n, n).
    patients : {"all", "complete"}, optional
        Fuse all patients who have any layer, or only those who have every one. ``"all"`` unless the
        engine is snfpy.
    min_layers : int
        With all patients: how many of the layers a patient must have brought.
    layer_weights : mapping of str to float, optional
        Positive weight of a layer in every mean over layers, 1 where not named.
    alpha : float, optional
        Weight of the identity in variant ``"snfpy"``.
    dtype : {"float64", "float32"}
        Precision of the exact engine.
    n_kept : int
        Strongest neighbours of each patient that engine ``"sparse"`` keeps.
    random_state : int
        Seed of the search for neighbours in engine ``"sparse"``.
    n_threads : int, optional
        Threads to use, as many as there are processors by default. The result does not depend on
        it.

    Returns
    -------
    Fusion
        The fused network, each layer's affinity, who brought which layer, who was left out, and how
        much the network still changed in each iteration.

    Raises
    ------
    StudyError
        If a setting or a layer's name is unknown or out of range, or memory does not suffice.
    CohortError
        If fewer than ten patients are left, layers have too few patients in common to be fused, or
        a layer is the same for all.

    Examples
    --------
    >>> import omicsfuse as of
    >>> cohort = of.simulate_cohort(40, n_external=0).discovery
    >>> fusion = of.fuse(of.preprocess(cohort), n_neighbors=8)
    >>> fusion.affinity.shape, fusion.params["engine"]
    ((40, 40), 'exact')
    """
    require(prepared, Prepared, "prepared", "what of.preprocess returns")
    names = _chosen_layers(prepared, layers)
    for setting, given in (("metrics", metrics), ("layer_weights", layer_weights)):
        if given is not None:
            require(given, Mapping, setting, "a dict with names of layers")
    asked: dict[str, Metric] = dict(metrics or {})
    variant, patients = check_fusion(
        names,
        n_iterations=n_iterations,
        variant=variant,
        engine=engine,
        metrics=asked,
        patients=patients,
        min_layers=min_layers,
        layer_weights=layer_weights,
        alpha=alpha,
        dtype=dtype,
        n_kept=n_kept,
        n_neighbors=n_neighbors,
        mu=mu,
    )
    mu, random_state = positive_number(mu, "mu"), checked_seed(random_state)
    n_iterations, n_kept, min_layers = int(n_iterations), int(n_kept), int(min_layers)
    n_threads = usable_threads(n_threads)
    chosen: dict[str, Metric] = {
        name: asked[name] if name in asked else default_metric(prepared.layers[name])
        for name in names
    }
    used = {name: prepared.layers[name] for name in names}
    members, coverage, exclusions = fused_patients(
        {name: layer.scaled.index for name, layer in used.items()}, patients, min_layers
    )
    n = len(members.patients)
    k = usable_neighbors(n_neighbors, n)
    weights = checked_weights([(layer_weights or {}).get(name, 1.0) for name in names], len(names))
    engine_used, why = chosen_engine(
        engine, n, members.sizes(), dtype, only_exact(chosen, alpha, dtype), k
    )
    params: dict[str, Any] = {
        "layers": names,
        "variant": variant,
        "engine": engine_used,
        "engine_asked": engine,
        "engine_reason": why,
        "patients": patients,
        "min_layers": min_layers,
        "n_neighbors": k,
        "n_neighbors_asked": n_neighbors,
        "n_neighbors_per_layer": {
            name: layer_neighbors(k, size, n) for name, size in members.sizes().items()
        },
        "mu": mu,
        "n_iterations": n_iterations,
        "metrics": {name: metric_name(metric) for name, metric in chosen.items()},
        "layer_weights": dict(zip(names, weights.tolist(), strict=True)),
        "alpha": alpha,
        "dtype": dtype,
        "pairs": pairs_by_coverage(coverage.loc[members.patients]),
    }
    settings = {"k": k, "mu": mu, "n_iterations": n_iterations, "variant": variant}
    if engine_used == "sparse":
        found = _sparse(
            used, chosen, members, coverage, exclusions, params, weights, settings,
            n_kept, random_state, n_threads,
        )  # fmt: skip
        return replace(found, prepared=prepared)
    needed, single = (
        exact_memory(n, members.sizes(), precision, engine_used, k, n_threads)
        for precision in (dtype, "float32")
    )
    require_memory(
        needed,
        f"fusing {n:,} patients in {len(names)} layers with engine {engine_used!r}",
        'use engine="sparse", or fewer layers'
        + (', or dtype="float32"' if single < needed and engine_used == "exact" else ""),
    )
    arrays = [
        affinities_of(
            layer_distances(used[name], chosen[name], members.names(name), name, n_threads),
            layer_neighbors(k, len(members.positions[name]), n),
            mu,
            n_threads,
        )
        for name in names
    ]
    for name, array in zip(names, arrays, strict=True):
        refuse_isolated(array, f"layer {name!r}", n_threads, list(members.names(name)))
    if engine_used == "snfpy":
        fused = Fused(fuse_with_snfpy(arrays, k, n_iterations), np.empty(0))
    else:
        fused = fuse_networks(
            arrays, k, n_iterations, variant, weights, alpha, dtype, n_threads,
            None if members.complete else list(members.positions.values()), n,
        )  # fmt: skip
    return Fusion(
        affinity=_named(fused.network, members.patients),
        per_layer={
            name: _named(array, members.names(name))
            for name, array in zip(names, arrays, strict=True)
        },
        coverage=coverage,
        params=params,
        exclusions=exclusions,
        convergence=_convergence(fused.changes),
        metrics=chosen,
        prepared=prepared,
    )


def layer_distances(
    layer: PreparedLayer, metric: Metric, patients: pd.Index, name: str, n_threads: int = 1
) -> np.ndarray:
    """Compute the distances between some patients in one layer.

    Parameters
    ----------
    layer : PreparedLayer
        The layer.
    metric : str, callable or pandas.DataFrame
        The distance.
    patients : pandas.Index
        Patients of the layer that are wanted.
    name : str
        Name of the layer, for messages.
    n_threads : int
        Threads to use; the result does not depend on it.

    Returns
    -------
    array of shape (n, n)
        Symmetric distances with a zero diagonal.

    Raises
    ------
    StudyError
        If the distance is undefined for a patient.
    CohortError
        If all patients are the same in this layer.
    """
    try:
        if isinstance(metric, pd.DataFrame):
            distances = precomputed_distances(metric, patients, name)
        else:
            table = distance_table(layer, metric).loc[patients]
            distances = patient_distances(
                table.to_numpy(dtype=np.float64), metric, n_jobs=n_threads
            )
    except StudyError as error:
        raise StudyError(f"layer {name!r}: {error}") from error
    if not distances.any():
        raise _all_the_same(name, len(patients))
    return distances


def _all_the_same(name: str, n: int) -> CohortError:
    """What to say of a layer in which nobody differs."""
    return CohortError(
        f"layer {name!r}: all {n} patients have the same values in it, so it cannot tell any of "
        "them apart; leave it out."
    )


def _sparse(
    used: Mapping[str, PreparedLayer],
    metrics: Mapping[str, Metric],
    members: Members,
    coverage: pd.DataFrame,
    exclusions: tuple[Any, ...],
    params: dict[str, Any],
    weights: np.ndarray,
    settings: Mapping[str, Any],
    n_kept: int,
    random_state: int,
    n_threads: int,
) -> Fusion:
    """Fuse with the strongest neighbours of each patient only."""
    from omicsfuse.fusion.sparse import fuse_sparse, sparse_memory

    n = len(members.patients)
    tables = [
        distance_table(layer, metrics[name]).loc[members.names(name)].to_numpy(dtype=np.float64)
        for name, layer in used.items()
    ]
    for name, table in zip(used, tables, strict=True):
        if (table == table[0]).all():
            raise _all_the_same(name, len(table))
    require_memory(
        sparse_memory(n, len(tables), sum(table.shape[1] for table in tables), n_kept),
        f'fusing {n:,} patients in {len(tables)} layers with engine "sparse"',
        "keep fewer neighbours (n_kept), or use fewer layers or features",
    )
    fused = fuse_sparse(
        tables,
        list(members.positions.values()),
        n,
        [metric_name(metrics[name]) for name in used],
        n_neighbors=settings["k"],
        n_kept=n_kept,
        mu=settings["mu"],
        n_iterations=settings["n_iterations"],
        variant=settings["variant"],
        layer_weights=weights.tolist(),
        random_state=random_state,
        n_threads=n_threads,
    )
    return Fusion(
        affinity=fused.network,
        per_layer=dict(zip(used, fused.per_layer, strict=True)),
        coverage=coverage,
        params={**params, "n_kept": n_kept, "random_state": random_state, "sparse": fused.params},
        exclusions=exclusions,
        convergence=_convergence(fused.changes),
        metrics=metrics,
        patients=members.patients,
        whole=fused.smooth,
    )


def _named(array: np.ndarray, patients: pd.Index) -> pd.DataFrame:
    return pd.DataFrame(array, patients, patients.rename(None))


def _convergence(changes: np.ndarray) -> pd.DataFrame:
    """Change of the network in each iteration, counted from 1."""
    index = pd.RangeIndex(1, len(changes) + 1, name="iteration")
    return pd.DataFrame({"change": changes}, index)


def _chosen_layers(prepared: Prepared, layers: Sequence[str] | None) -> list[str]:
    """Layers by name in the order asked for, or all of them."""
    if isinstance(layers, str):
        layers = [layers]
    if layers is not None and not isinstance(layers, Sequence | np.ndarray | pd.Index):
        raise StudyError(f"layers must be a list of names, found {layers!r}.")
    names = list(prepared.layers) if layers is None else list(layers)
    if not names:
        raise StudyError("there is nothing to fuse: name at least one layer.")
    for name in names:
        if not isinstance(name, str) or name not in prepared.layers:
            raise StudyError(
                f"layer {name!r} is not there; {did_you_mean(str(name), prepared.layers)}"
            )
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise StudyError(f"layers are named more than once: {', '.join(repeated)}.")
    return names
