"""Fuse the prepared layers of a cohort into one network of patients."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from omicsfuse.checks.arguments import require
from omicsfuse.checks.tables import did_you_mean
from omicsfuse.cohort import MINIMUM_PATIENTS, Loss
from omicsfuse.errors import CohortError, StudyError
from omicsfuse.fusion.affinity import affinity_matrix, usable_neighbors
from omicsfuse.fusion.distances import METRICS, default_metric, patient_distances
from omicsfuse.fusion.exact import check_settings, fuse_affinities
from omicsfuse.fusion.snfpy_engine import fuse_with_snfpy
from omicsfuse.results import Fusion, Prepared

ENGINES = ("exact", "snfpy")


def fuse(
    prepared: Prepared,
    *,
    layers: Sequence[str] | None = None,
    n_neighbors: int = 20,
    mu: float = 0.5,
    n_iterations: int = 20,
    variant: str | None = None,
    engine: str = "exact",
    metrics: Mapping[str, str] | None = None,
) -> Fusion:
    """Fuse layers by similarity network fusion, on the patients whom every layer covers.

    Distances between patients are computed in each layer, turned into affinities, and fused; see
    ``fuse_affinities`` for the method and its two variants.

    Parameters
    ----------
    prepared : Prepared
        What ``preprocess`` returned.
    layers : sequence of str, optional
        Layers to fuse; all by default.
    n_neighbors : int
        Neighbours of each patient (K of the paper); reduced with a warning in small cohorts.
    mu : float
        Width of the affinity kernel.
    n_iterations : int
        Iterations of the fusion (t of the paper).
    variant : {"paper", "snfpy"}, optional
        Normalisation, see ``fuse_affinities``; ``"paper"`` unless the engine is snfpy, which knows
        only its own.
    engine : {"exact", "snfpy"}
        ``"exact"`` is this library's kernel; ``"snfpy"`` runs the snfpy package as a reference
        (it needs two layers or more).
    metrics : mapping of str to str, optional
        Distance for a layer by name, in place of ``default_metric``.

    Returns
    -------
    Fusion
        The fused network, each layer's affinity, who brought which layer, and who was left out.

    Raises
    ------
    StudyError
        If a setting or a layer's name is unknown or out of range.
    CohortError
        If fewer than ten patients are present in every layer, or a layer is the same for all.

    Examples
    --------
    >>> import omicsfuse as of
    >>> cohort = of.simulate_cohort(40, n_external=0).discovery
    >>> fusion = of.fuse(of.preprocess(cohort), n_neighbors=8)
    >>> fusion.affinity.shape
    (40, 40)
    """
    require(prepared, Prepared, "prepared", "what of.preprocess returns")
    names = _chosen_layers(prepared, layers)
    variant = check_fusion(names, n_iterations, variant, engine, metrics or {})
    chosen_metrics = {
        name: (metrics or {}).get(name) or default_metric(prepared.layers[name]) for name in names
    }

    coverage = _coverage(prepared, names)
    patients = coverage.index[coverage.all(axis=1)]
    losses = _patients_lost(coverage, len(patients))
    k = usable_neighbors(n_neighbors, len(patients))
    per_layer = {}
    for name in names:
        table = prepared.layers[name].scaled.loc[patients].to_numpy(dtype=np.float64)
        distances = patient_distances(table, chosen_metrics[name])
        if not distances.any():
            raise CohortError(
                f"layer {name!r}: all {len(patients)} patients have the same values in it, so it "
                "cannot tell any of them apart; leave it out."
            )
        per_layer[name] = affinity_matrix(distances, k, mu)
    arrays = list(per_layer.values())
    if engine == "snfpy":
        fused = fuse_with_snfpy(arrays, k, n_iterations)
    else:
        fused = fuse_affinities(arrays, k, n_iterations, variant)

    params = {
        "layers": names,
        "variant": variant,
        "engine": engine,
        "n_neighbors": k,
        "n_neighbors_asked": n_neighbors,
        "mu": mu,
        "n_iterations": n_iterations,
        "metrics": chosen_metrics,
    }
    columns = patients.rename(None)
    return Fusion(
        affinity=pd.DataFrame(fused, patients, columns),
        per_layer={
            name: pd.DataFrame(array, patients, columns) for name, array in per_layer.items()
        },
        coverage=coverage,
        params=params,
        losses=losses,
    )


def check_fusion(
    layers: Sequence[str],
    n_iterations: int,
    variant: str | None,
    engine: str,
    metrics: Mapping[str, str],
) -> str:
    """Refuse settings of a fusion that do not exist or do not go together.

    Parameters
    ----------
    layers : sequence of str
        Layers to be fused.
    n_iterations, variant, engine, metrics
        As in ``fuse``.

    Returns
    -------
    str
        The variant: the one asked for, or the engine's.

    Raises
    ------
    StudyError
        If a setting is unknown or out of range.

    Examples
    --------
    >>> check_fusion(["radiomics"], 20, None, "exact", {})
    'paper'
    """
    if engine not in ENGINES:
        raise StudyError(f"engine is {engine!r}; choose from {', '.join(ENGINES)}.")
    variant = variant or ("snfpy" if engine == "snfpy" else "paper")
    check_settings(n_iterations, variant)
    if engine == "snfpy" and variant != "snfpy":
        raise StudyError('engine "snfpy" knows only variant "snfpy"; set variant or engine.')
    if engine == "snfpy" and len(layers) < 2:
        raise StudyError('engine "snfpy" needs at least two layers; use engine "exact" for one.')
    for name, metric in metrics.items():
        if name not in layers:
            raise StudyError(
                f"metrics names {name}, which is not among the fused layers ({', '.join(layers)})."
            )
        if metric not in METRICS:
            raise StudyError(f"metric of {name} is {metric!r}; {did_you_mean(metric, METRICS)}.")
    return variant


def _chosen_layers(prepared: Prepared, layers: Sequence[str] | None) -> list[str]:
    """Layers by name in the order asked for, or all of them."""
    if isinstance(layers, str):
        layers = [layers]
    names = list(prepared.layers) if layers is None else list(layers)
    if not names:
        raise StudyError("there is nothing to fuse: name at least one layer.")
    for name in names:
        if name not in prepared.layers:
            raise StudyError(f"layer {name!r} is not there; {did_you_mean(name, prepared.layers)}")
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise StudyError(f"layers are named more than once: {', '.join(repeated)}.")
    return names


def _coverage(prepared: Prepared, names: list[str]) -> pd.DataFrame:
    """Patients x layers: who brought what, patients in order of first appearance."""
    order: dict[str, None] = {}
    for name in names:
        order.update(dict.fromkeys(prepared.layers[name].scaled.index))
    patients = pd.Index(list(order), name="patient")
    return pd.DataFrame(
        {name: patients.isin(prepared.layers[name].scaled.index) for name in names},
        index=patients,
    )


def _patients_lost(coverage: pd.DataFrame, kept: int) -> tuple[Loss, ...]:
    """Count the patients each layer lacks; refuse if too few are left."""
    if kept < MINIMUM_PATIENTS:
        counts = ", ".join(f"{name} {int(has.sum())}" for name, has in coverage.items())
        raise CohortError(
            f"only {kept} patients are present in every layer ({counts}); at least "
            f"{MINIMUM_PATIENTS} are needed. Leave out the layer that few patients have, or check "
            "that the tables name patients alike."
        )
    lost = coverage.index[~coverage.all(axis=1)]
    if not len(lost):
        return ()
    # One count of patients; what each layer lacks is in the coverage, not counted again.
    lacking = ", ".join(f"{name} lacks {int((~has).sum())}" for name, has in coverage.items())
    reason = f"not in every fused layer ({lacking})"
    return (Loss("fuse", "", "patients", len(lost), reason, tuple(map(str, lost[:5]))),)
