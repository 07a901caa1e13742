"""Similarity network fusion, with its three engines."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from omicsfuse.core.checks.arguments import positive_number, whole_number
from omicsfuse.core.errors import StudyError
from omicsfuse.core.faults import Faults
from omicsfuse.core.results import Fusion
from omicsfuse.fusion.affinity import affinities_of, layer_neighbors, usable_neighbors
from omicsfuse.fusion.distances_choice import Metric, metric_name
from omicsfuse.fusion.engines import ENGINES, N_KEPT, chosen_engine, exact_memory, only_exact
from omicsfuse.fusion.exact import check_settings, fuse_networks, refuse_isolated
from omicsfuse.fusion.layers import Layers
from omicsfuse.fusion.method import (
    Cite,
    Description,
    Joined,
    Method,
    enough_patients,
    neighbors_to_try,
)
from omicsfuse.fusion.neighbors import SPARSE_METRICS
from omicsfuse.fusion.snfpy_engine import fuse_with_snfpy
from omicsfuse.stats.memory import require_memory


@dataclass(frozen=True)
class SNF(Method):
    """Similarity network fusion: each layer's network diffuses through its neighbourhoods.

    See ``fuse_affinities`` for the method and its two variants, and ``docs/fusion.md`` for patients
    without some layers.

    Parameters
    ----------
    n_neighbors : int
        Neighbours of each patient (K of the paper); reduced with a warning in small cohorts, and in
        proportion for a layer of some patients.
    mu : float
        Width of the affinity kernel.
    n_iterations : int
        Iterations of the fusion (t of the paper).
    variant : {"paper", "snfpy"}, optional
        Normalisation, see ``fuse_affinities``; ``"paper"``, or ``"snfpy"`` with the engine of that
        name.
    engine : {"auto", "exact", "sparse", "snfpy"}
        ``"exact"`` keeps every pair of patients; ``"sparse"`` keeps the strongest pairs of each
        patient, for cohorts of many thousands (see ``fuse_sparse``); ``"auto"`` is exact for up to
        5,000 patients if memory allows, and sparse beyond; ``"snfpy"`` runs the snfpy package as a
        reference (two or more layers, and patients with all of them).
    alpha : float, optional
        Weight of the identity in variant ``"snfpy"``.
    dtype : {"float64", "float32"}
        Precision of the exact engine.
    n_kept : int
        Strongest neighbours of each patient that engine ``"sparse"`` keeps.

    Raises
    ------
    StudyError
        If a setting is unknown or out of range, or settings are incompatible.

    References
    ----------
    Wang B et al. Similarity network fusion for aggregating data types on a genomic scale.
    Nature Methods 2014;11:333-337.

    Examples
    --------
    >>> from omicsfuse.fusion import SNF
    >>> SNF(engine="snfpy").variant
    'snfpy'
    """

    n_neighbors: int = 20
    mu: float = 0.5
    n_iterations: int = 20
    variant: str | None = None
    engine: str = "auto"
    alpha: float | None = None
    dtype: str = "float64"
    n_kept: int = N_KEPT

    name: ClassVar[str] = "snf"
    title: ClassVar[str] = "similarity network fusion"
    references: ClassVar[Mapping[str, str]] = {
        "snf": "Wang B et al. Similarity network fusion for aggregating data types on a genomic "
        "scale. Nat Methods 2014;11:333-337. doi:10.1038/nmeth.2810",
        "snfpy": "Markello R. snfpy: similarity network fusion in Python (software).",
    }
    weighs_evidence: ClassVar[bool] = True
    technical: ClassVar[tuple[str, ...]] = ("alpha", "dtype", "n_kept")

    def __post_init__(self) -> None:
        reference = self.engine == "snfpy"
        variant = self.variant or ("snfpy" if reference else "paper")
        used: dict[str, Any] = {"variant": variant}
        with Faults() as faults:
            with faults.gathered():
                if self.engine not in ENGINES:
                    raise StudyError(
                        f"engine is {self.engine!r}; choose from {', '.join(ENGINES)}."
                    )
            with faults.gathered():
                check_settings(self.n_iterations, variant, self.alpha, self.dtype)
            with faults.gathered():
                used["mu"] = positive_number(self.mu, "mu")
            for setting in ("n_iterations", "n_kept", "n_neighbors"):
                with faults.gathered():
                    used[setting] = whole_number(getattr(self, setting), setting)
        for setting, value in used.items():
            object.__setattr__(self, setting, value)
        n_kept, n_neighbors = self.n_kept, self.n_neighbors
        if reference and variant != "snfpy":
            raise StudyError('engine "snfpy" supports only variant "snfpy"; set variant or engine.')
        if self.engine == "sparse" and n_kept < n_neighbors:
            raise StudyError(
                f'n_kept is {n_kept}, fewer than n_neighbors, {n_neighbors}; engine "sparse" '
                "needs at least this number, and three times it for networks close to the "
                "exact engine."
            )
        if self.engine == "sparse" and (self.dtype != "float64" or self.alpha is not None):
            raise StudyError('dtype and alpha apply only to engine "exact".')

    @property
    def whom(self) -> str:
        """All patients; engine "snfpy" knows only those who have every layer."""
        return "complete" if self.engine == "snfpy" else "all"

    @property
    def repeats_whole(self) -> bool:
        """Not with engine "sparse": repeats are exact."""
        return self.engine != "sparse"

    def check(
        self,
        layers: Sequence[str],
        metrics: Mapping[str, Metric],
        patients: str,
        layer_weights: Mapping[str, float] | None,
    ) -> None:
        """Refuse settings that the engine does not support."""
        super().check(layers, metrics, patients, layer_weights)
        if self.engine == "sparse":
            for name, metric in metrics.items():
                # A function may bear the name of a metric that it is not.
                if not (isinstance(metric, str) and metric in SPARSE_METRICS):
                    raise StudyError(
                        f'layer {name}: engine "sparse" cannot use metric '
                        f"{metric_name(metric)!r}; choose from {', '.join(SPARSE_METRICS)}, or "
                        "another engine."
                    )
        if self.engine != "snfpy":
            return
        if patients != "complete":
            raise StudyError(
                'engine "snfpy" fuses only patients with every layer; set patients = '
                '"complete", or remove the engine.'
            )
        if len(layers) < 2:
            raise StudyError(
                'engine "snfpy" needs at least two layers; use engine "exact" for one.'
            )
        if layer_weights or self.alpha is not None or self.dtype != "float64":
            raise StudyError(
                'engine "snfpy" takes no layer_weights, alpha or dtype; remove them, or '
                "remove the engine."
            )

    def affinity(self, distances: np.ndarray, n: int, n_threads: int = 1) -> np.ndarray:
        """Kernel of one layer, its neighbours in proportion to its patients."""
        k = layer_neighbors(min(self.n_neighbors, n - 1), len(distances), n)
        return affinities_of(distances, k, self.mu, n_threads)

    def network(
        self,
        distances: Iterable[np.ndarray],
        members: Sequence[np.ndarray] | None,
        n: int,
        weights: np.ndarray,
        n_threads: int = 1,
    ) -> Joined:
        """Fuse exactly."""
        affinities = [self.affinity(array, n, n_threads) for array in distances]
        return self._fused(affinities, members, n, weights, n_threads)

    def _fused(
        self,
        affinities: Sequence[np.ndarray],
        members: Sequence[np.ndarray] | None,
        n: int,
        weights: np.ndarray,
        n_threads: int,
    ) -> Joined:
        fused = fuse_networks(
            affinities, min(self.n_neighbors, n - 1), self.n_iterations, str(self.variant), weights,
            self.alpha, self.dtype, n_threads, members, n,
        )  # fmt: skip
        return Joined(fused.network, affinities, fused.changes)

    def fuse(self, layers: Layers) -> Fusion:
        """Fuse with the requested engine, or with the engine that fits."""
        n, sizes = layers.n, layers.members.sizes()
        k = usable_neighbors(self.n_neighbors, n)
        used = replace(self, n_neighbors=k)
        engine, why = chosen_engine(
            self.engine, n, sizes, self.dtype, only_exact(layers.metrics, self.alpha, self.dtype), k
        )
        record = layers.params(self.name, {})
        params = {
            "method": self.name,
            "layers": layers.names,
            "variant": self.variant,
            "engine": engine,
            "engine_asked": self.engine,
            "engine_reason": why,
            "patients": layers.patients,
            "min_layers": layers.min_layers,
            "n_neighbors": k,
            "n_neighbors_asked": self.n_neighbors,
            "n_neighbors_per_layer": {
                name: layer_neighbors(k, size, n) for name, size in sizes.items()
            },
            "mu": self.mu,
            "n_iterations": self.n_iterations,
            "metrics": record["metrics"],
            "layer_weights": record["layer_weights"],
            "alpha": self.alpha,
            "dtype": self.dtype,
            "pairs": record["pairs"],
        }
        if engine == "sparse":
            return used._sparse(layers, params)
        needed, single = (
            exact_memory(n, sizes, precision, engine, k, layers.n_threads)
            for precision in (self.dtype, "float32")
        )
        require_memory(
            needed,
            f"fusing {n:,} patients in {len(sizes)} layers with engine {engine!r}",
            'use engine="sparse", or fewer layers'
            + (', or dtype="float32"' if single < needed and engine == "exact" else ""),
        )
        affinities = [
            used.affinity(distances, n, layers.n_threads) for distances in layers.distances()
        ]
        for name, array in zip(layers.names, affinities, strict=True):
            people = list(layers.members.names(name))
            refuse_isolated(array, f"layer {name!r}", layers.n_threads, people)
        if engine == "snfpy":
            joined = Joined(fuse_with_snfpy(affinities, k, self.n_iterations), affinities)
        else:
            joined = used._fused(affinities, layers.positions, n, layers.weights, layers.n_threads)
        return layers.fusion(used, params, joined.network, affinities, joined.changes)

    def _sparse(self, layers: Layers, params: Mapping[str, Any]) -> Fusion:
        """Fuse with the strongest neighbours of each patient only."""
        from omicsfuse.fusion.sparse import fuse_sparse, sparse_memory

        tables = layers.tables()
        n, n_features = layers.n, sum(table.shape[1] for table in tables)
        require_memory(
            sparse_memory(n, len(tables), n_features, self.n_kept),
            f'fusing {n:,} patients in {len(tables)} layers with engine "sparse"',
            "keep fewer neighbours (n_kept), or use fewer layers or features",
        )
        fused = fuse_sparse(
            tables,
            list(layers.members.positions.values()),
            n,
            [metric_name(metric) for metric in layers.metrics.values()],
            n_neighbors=self.n_neighbors,
            n_kept=self.n_kept,
            mu=self.mu,
            n_iterations=self.n_iterations,
            variant=str(self.variant),
            layer_weights=layers.weights.tolist(),
            random_state=layers.random_state,
            n_threads=layers.n_threads,
        )
        params = {
            **params,
            "n_kept": self.n_kept,
            "random_state": layers.random_state,
            "sparse": fused.params,
        }
        return layers.fusion(
            self, params, fused.network, fused.per_layer, fused.changes, fused.smooth
        )

    def describe(self, fusion: Fusion, cite: Cite) -> Description:
        """Describe the variant, the engine and the settings."""
        params = fusion.params
        engine = params.get("engine", "exact")
        cited = cite("snf", "snfpy") if engine == "snfpy" else cite("snf")
        clause = (
            f"{self.title} {cited} (variant {params.get('variant', 'paper')}, engine {engine}, "
            f"K = {params.get('n_neighbors', 'not recorded')} neighbours, "
            f"mu = {params.get('mu', 'not recorded')}, "
            f"{params.get('n_iterations', 'not recorded')} iterations)"
        )
        pairs = params.get("pairs", {})
        partial = (
            "Patients with missing layers were fused by their other layers: K is "
            "proportional to the patients of a layer, pairs without a layer start from the "
            "layers of both patients, and pairs are weighted by the layers of both patients "
            f"for clustering ({pairs.get('in_every_layer', math.nan):.0%} of the pairs have "
            f"every layer in common; {pairs.get('in_no_layer', math.nan):.0%} have none and "
            "are linked through neighbours only)."
        )
        sparse = (
            f"The sparse engine kept the {params.get('n_kept', 'not recorded')} strongest "
            "pairs of each patient and a smooth approximation of the others (reason for this "
            f"engine: {params.get('engine_reason', 'not recorded')})."
        )
        return Description(clause, partial, (sparse,) if engine == "sparse" else ())

    def exact(self) -> Self:
        """Engine "exact", in the same variant."""
        return replace(self, engine="exact")

    def of_part(self, share: float) -> Self:
        """Neighbours in proportion to the patients, two at least."""
        return replace(self, n_neighbors=max(round(share * self.n_neighbors), 2))

    def moved(self, n: int) -> Mapping[str, Sequence[Any]]:
        """Neighbours, kernel, iterations and variant."""
        return {
            "n_neighbors": neighbors_to_try(n),
            "mu": (0.3, 0.4, 0.5, 0.6, 0.7, 0.8),
            "n_iterations": (10, 20, 40),
            "variant": ("paper", "snfpy"),
        }

    def changed(self, setting: str, value: Any, n: int) -> Self:
        """Another value of a setting; only variant "snfpy" has an alpha."""
        if setting == "n_neighbors":
            enough_patients(value, n)
        alone = setting == "variant" and value != "snfpy"
        changes: dict[str, Any] = {setting: value, "alpha": None if alone else self.alpha}
        return replace(self, **changes)
