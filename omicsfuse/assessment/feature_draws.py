"""Fuse some of the patients again on some of the features."""

from dataclasses import replace

import numpy as np

from omicsfuse.assessment.refit import Refit
from omicsfuse.core.errors import OmicsfuseError
from omicsfuse.fusion.layers import layer_distances


def with_features_drawn(
    repeat: Refit, rows: np.ndarray, share: float, rng: np.random.Generator
) -> tuple[Refit, list[str]]:
    """Prepare the fusion of some patients, with distances on some of each layer's features.

    ``rows``: positions of the patients to take, rising. Gives ``part``: fusion of these patients
    alone, ready to be made; ``whole``: layers that kept all of their features, because the distance
    is undefined on those drawn. Layers whose distances were given keep these, and are not among
    them.
    """
    positions: dict[str, np.ndarray] = {}
    distances: dict[str, np.ndarray] = {}
    whole = []
    for name, own in repeat.positions.items():
        inside = np.isin(rows, own)
        positions[name] = np.flatnonzero(inside)
        layer, metric = repeat.prepared.layers[name], repeat.metrics[name]
        n_features = layer.scaled.shape[1]
        size = min(max(round(share * n_features), 2), n_features)
        columns = np.sort(rng.choice(n_features, size, replace=False))
        people = repeat.patients[rows[inside]]
        if len(people) < 3:
            continue
        part = replace(layer, scaled=layer.scaled.iloc[:, columns])
        try:
            # Distances that were given do not depend on the features.
            distances[name] = layer_distances(part, metric, people, name)
            continue
        except OmicsfuseError:
            whole.append(name)
        if name in repeat.distances:
            at = np.searchsorted(own, rows[inside])
            distances[name] = repeat.distances[name][np.ix_(at, at)]
        else:
            distances[name] = layer_distances(layer, metric, people, name)
    patients = repeat.patients[rows]
    return replace(repeat, patients=patients, positions=positions, distances=distances), whole
