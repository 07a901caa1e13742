"""What is to be fused: layers of some patients, the distances between them, and their weights."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.linalg import LinearOperator

from omicsfuse.core.checks.tables import did_you_mean
from omicsfuse.core.cohort import Exclusion
from omicsfuse.core.errors import CohortError, StudyError
from omicsfuse.core.results import Fusion, Prepared, PreparedLayer
from omicsfuse.fusion.distances import patient_distances
from omicsfuse.fusion.distances_choice import Metric, distance_table, metric_name
from omicsfuse.fusion.distances_given import precomputed_distances
from omicsfuse.fusion.members import Members, pairs_by_coverage


@dataclass(frozen=True, eq=False)
class Layers:
    """Layers to fuse, with weights of mean 1, who was asked for, and who brought what (bool)."""

    prepared: Prepared
    metrics: Mapping[str, Metric]
    members: Members
    coverage: pd.DataFrame
    exclusions: tuple[Exclusion, ...]
    weights: np.ndarray
    patients: str
    min_layers: int
    random_state: int
    n_threads: int

    @property
    def names(self) -> list[str]:
        """Names of the layers."""
        return list(self.metrics)

    @property
    def n(self) -> int:
        """Number of patients to fuse."""
        return len(self.members.patients)

    @property
    def positions(self) -> list[np.ndarray] | None:
        """Of each layer, the positions of its patients; None where all layers have everyone."""
        return None if self.members.complete else list(self.members.positions.values())

    def distances(self) -> Iterator[np.ndarray]:
        """Distances between the patients of each layer, (n_v, n_v), one layer at a time."""
        for name, metric in self.metrics.items():
            yield layer_distances(
                self.prepared.layers[name], metric, self.members.names(name), name, self.n_threads
            )

    def tables(self) -> list[np.ndarray]:
        """Values of each layer that distances are computed on, (n_v, p_v)."""
        tables = [
            distance_table(self.prepared.layers[name], metric)
            .loc[self.members.names(name)]
            .to_numpy(dtype=np.float64)
            for name, metric in self.metrics.items()
        ]
        for name, table in zip(self.names, tables, strict=True):
            if (table == table[0]).all():
                raise _all_the_same(name, len(table))
        return tables

    def params(self, method: str, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Record of a fusion: its method, the layers, the method's settings, and the rest."""
        return {
            "method": method,
            "layers": self.names,
            "patients": self.patients,
            "min_layers": self.min_layers,
            **settings,
            "metrics": {name: metric_name(metric) for name, metric in self.metrics.items()},
            "layer_weights": dict(zip(self.names, self.weights.tolist(), strict=True)),
            "pairs": pairs_by_coverage(self.coverage.loc[self.members.patients]),
        }

    def fusion(
        self,
        method: Any,
        params: Mapping[str, Any],
        network: np.ndarray | sparse.csr_array,
        per_layer: Sequence[np.ndarray | sparse.csr_array],
        changes: np.ndarray,
        whole: LinearOperator | None = None,
    ) -> Fusion:
        """Put names to a network and to each layer's own."""
        patients = self.members.patients
        index = pd.RangeIndex(1, len(changes) + 1, name="iteration")
        return Fusion(
            affinity=_named(network, patients),
            per_layer={
                name: _named(array, self.members.names(name))
                for name, array in zip(self.names, per_layer, strict=True)
            },
            coverage=self.coverage,
            params=params,
            exclusions=self.exclusions,
            convergence=pd.DataFrame({"change": changes}, index),
            metrics=self.metrics,
            patients=patients,
            whole=whole,
            prepared=self.prepared,
            method=method,
        )


def layer_distances(
    layer: PreparedLayer, metric: Metric, patients: pd.Index, name: str, n_threads: int = 1
) -> np.ndarray:
    """Distances (n, n) of some patients in one layer; undefined ones, or all equal, are refused."""
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


def chosen_layers(prepared: Prepared, layers: Sequence[str] | None) -> list[str]:
    """Layers by name in the order asked for, or all of them."""
    if isinstance(layers, str):
        layers = [layers]
    if layers is not None and not isinstance(layers, Sequence | np.ndarray | pd.Index):
        raise StudyError(f"layers must be a list of names, found {layers!r}.")
    names = list(prepared.layers) if layers is None else list(layers)
    if not names:
        raise StudyError("no layer: name at least one.")
    for name in names:
        if not isinstance(name, str) or name not in prepared.layers:
            raise StudyError(
                f"layer {name!r} does not exist; {did_you_mean(str(name), prepared.layers)}"
            )
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise StudyError(f"layers are named more than once: {', '.join(repeated)}.")
    return names


def _all_the_same(name: str, n: int) -> CohortError:
    """What to say of a layer in which nobody differs."""
    return CohortError(f"layer {name!r}: all {n} patients have the same values. Remove the layer.")


def _named(
    array: np.ndarray | sparse.csr_array, patients: pd.Index
) -> pd.DataFrame | sparse.csr_array:
    """An array with names; a sparse one keeps to the order of the patients."""
    if not isinstance(array, np.ndarray):
        return array
    return pd.DataFrame(array, patients, patients.rename(None))
