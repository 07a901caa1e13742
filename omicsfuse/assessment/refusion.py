"""Fuse and cluster again with the settings of a fusion, on some of its patients or layers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from omicsfuse.clustering import laplacian_spectrum, spectral_labels
from omicsfuse.errors import StudyError
from omicsfuse.fusion import affinity_matrix, fuse_affinities, patient_distances
from omicsfuse.results import Fusion, Prepared


@dataclass(frozen=True, eq=False)
class Refusion:
    """Distances of every layer and the settings of a fusion, to repeat it on parts of the data.

    Attributes
    ----------
    distances : mapping of str to array of shape (n, n)
        Distances between the fused patients in each layer.
    params : mapping of str to object
        Settings of the fusion that is repeated.
    """

    distances: Mapping[str, np.ndarray]
    params: Mapping[str, Any]

    def labels(
        self,
        k: int,
        rows: np.ndarray | None = None,
        layers: Sequence[str] | None = None,
        random_state: int = 0,
    ) -> np.ndarray:
        """Groups 0 to k - 1 of the patients in ``rows``, from ``layers`` alone (all by default)."""
        names = list(self.distances) if layers is None else list(layers)
        n = len(next(iter(self.distances.values()))) if rows is None else len(rows)
        # A subsample may be too small for the neighbours of the whole.
        neighbors = min(self.params["n_neighbors"], n - 1)
        arrays = []
        for name in names:
            distances = self.distances[name]
            part = distances if rows is None else distances[np.ix_(rows, rows)]
            arrays.append(affinity_matrix(part, neighbors, self.params["mu"]))
        network = fuse_affinities(
            arrays, neighbors, self.params["n_iterations"], self.params["variant"]
        )
        return spectral_labels(laplacian_spectrum(network, k)[1], k, random_state)


def refusion(prepared: Prepared, fusion: Fusion) -> Refusion:
    """Collect what is needed to repeat a fusion.

    Parameters
    ----------
    prepared : Prepared
        The layers that were fused.
    fusion : Fusion
        The fusion to repeat. One made by engine ``"snfpy"`` is repeated by the exact engine with
        variant ``"snfpy"``, which gives the same network.

    Returns
    -------
    Refusion
        Distances and settings.

    Raises
    ------
    StudyError
        If the fusion was not made from these layers.

    Examples
    --------
    >>> import omicsfuse as of
    >>> ready = of.preprocess(of.simulate_cohort(40, n_external=0).discovery)
    >>> repeat = refusion(ready, of.fuse(ready, n_neighbors=8))
    >>> len(repeat.labels(2, rows=np.arange(30)))
    30
    """
    patients = fusion.affinity.index
    distances = {}
    for name in fusion.params["layers"]:
        if (
            name not in prepared.layers
            or not patients.isin(prepared.layers[name].scaled.index).all()
        ):
            raise StudyError(
                f"layer {name!r} of the fusion, or some of its patients, is not among the prepared "
                "layers; give the same prepared layers that were fused."
            )
        table = prepared.layers[name].scaled.loc[patients].to_numpy(dtype=np.float64)
        distances[name] = patient_distances(table, fusion.params["metrics"][name])
    return Refusion(distances, fusion.params)
