"""Fuse and cluster again with the settings of a fusion, on some of its patients or layers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from omicsfuse.clustering import laplacian_spectrum, spectral_labels
from omicsfuse.clustering.spectral import weighted_by_evidence
from omicsfuse.core.errors import StudyError
from omicsfuse.core.results import Fusion, Prepared
from omicsfuse.fusion import Method
from omicsfuse.fusion.layers import layer_distances
from omicsfuse.fusion.methods import method_of

#: So many patients are fused again at most, by the exact engine; of more, as many are drawn.
MOST_REFITTED = 2000

#: Group of a patient who has none of the layers that were fused again.
NO_GROUP = -1


@dataclass(frozen=True, eq=False)
class Refit:
    """The layers and the settings of a fusion, to repeat it on parts of the data.

    ``positions``: of each layer's patients in ``patients``, rising; ``distances`` (n_v, n_v): empty
    for large cohorts, where those of a part are computed when it is fused.
    """

    prepared: Prepared
    patients: pd.Index
    positions: Mapping[str, np.ndarray]
    distances: Mapping[str, np.ndarray]
    method: Method
    weights: Mapping[str, float]
    metrics: Mapping[str, Any]

    def labels(
        self,
        k: int,
        rows: np.ndarray | None = None,
        layers: Sequence[str] | None = None,
        random_state: int = 0,
        n_threads: int = 1,
    ) -> np.ndarray:
        """Group the patients in ``rows`` by ``layers`` alone: (n,), 0 to k - 1 or ``NO_GROUP``."""
        network, there = self.network(rows, layers, n_threads=n_threads)
        groups = np.full(len(there), NO_GROUP)
        if len(network) > k:
            groups[there] = spectral_labels(laplacian_spectrum(network, k)[1], k, random_state)
        return groups

    def network(
        self,
        rows: np.ndarray | None = None,
        layers: Sequence[str] | None = None,
        *,
        shuffled: Mapping[str, np.ndarray] | None = None,
        n_threads: int = 1,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Fuse the patients in ``rows`` by ``layers`` alone: network (m, m), and who is in it."""
        names = list(self.positions) if layers is None else list(layers)
        rows = np.arange(len(self.patients)) if rows is None else rows
        members = {name: np.flatnonzero(np.isin(rows, self.positions[name])) for name in names}
        # A layer of which hardly anyone was drawn has no neighbourhoods.
        members = {name: positions for name, positions in members.items() if len(positions) > 2}
        there = np.zeros(len(rows), dtype=bool)
        for positions in members.values():
            there[positions] = True
        n = int(there.sum())
        if n == 0:
            return np.empty((0, 0)), there
        place = np.cumsum(there) - 1
        weights = np.array([self.weights[name] for name in members])
        network = self.method.network(
            (
                self._distances(name, rows[positions], (shuffled or {}).get(name))
                for name, positions in members.items()
            ),
            [place[positions] for positions in members.values()],
            n,
            weights,
            n_threads,
        ).network
        if not self.method.weighs_evidence:
            return network, there
        brought = sum(
            weight * np.bincount(place[positions], minlength=n)
            for weight, positions in zip(weights, members.values(), strict=True)
        )
        return np.asarray(weighted_by_evidence(network, brought / weights.sum())), there

    def order(self, name: str, chance: np.random.Generator) -> np.ndarray:
        """Random order (n_v,) of a layer's patients, among those who brought the same layers."""
        rows = self.positions[name]
        brought = np.array([np.isin(rows, positions) for positions in self.positions.values()])
        pattern = np.unique(brought, axis=1, return_inverse=True)[1].ravel()
        order = np.arange(len(rows))
        for same in range(int(pattern.max(initial=0)) + 1):
            places = np.flatnonzero(pattern == same)
            order[places] = chance.permutation(places)
        return order

    def among(self, rows: np.ndarray) -> "Refit":
        """Take the patients in ``rows`` (rising) as the whole cohort, with their distances."""
        positions, distances = {}, {}
        for name, members in self.positions.items():
            rows_there = np.flatnonzero(np.isin(rows, members))
            # A layer of which hardly anyone was taken has no neighbourhoods.
            if len(rows_there) > 2:
                positions[name] = rows_there
                distances[name] = self._distances(name, rows[rows_there])
        return replace(self, patients=self.patients[rows], positions=positions, distances=distances)

    def _distances(
        self, name: str, rows: np.ndarray, order: np.ndarray | None = None
    ) -> np.ndarray:
        """Distances between some of a layer's patients, given by their positions among all."""
        at = np.searchsorted(self.positions[name], rows)
        if order is not None:
            at = order[at]
        if name in self.distances:
            whole = self.distances[name]
            same = len(at) == len(whole) and order is None
            return whole if same else whole[np.ix_(at, at)]
        people = self.patients[self.positions[name][at]]
        return layer_distances(self.prepared.layers[name], self.metrics[name], people, name)


def refit(prepared: Prepared, fusion: Fusion) -> Refit:
    """Collect what is needed to repeat a fusion."""
    method, patients = method_of(fusion).exact(), fusion.patients
    positions, distances = {}, {}
    for name in fusion.params["layers"]:
        has = fusion.coverage.loc[patients, name].to_numpy()
        positions[name] = np.flatnonzero(has)
        present = patients[has]
        if (
            name not in prepared.layers
            or not present.isin(prepared.layers[name].scaled.index).all()
        ):
            raise StudyError(
                f"layer {name!r} of the fusion, or some of its patients, are missing from the "
                "prepared layers; give the prepared layers that were fused."
            )
        if len(patients) <= MOST_REFITTED:
            distances[name] = layer_distances(
                prepared.layers[name], fusion.metrics[name], present, name
            )
    weights = fusion.params["layer_weights"]
    return Refit(prepared, patients, positions, distances, method, weights, fusion.metrics)
