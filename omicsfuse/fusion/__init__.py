"""Similarity network fusion: distances, affinities, the exact kernel and the reference engine."""

from omicsfuse.fusion.affinity import affinity_matrix
from omicsfuse.fusion.distances import METRICS, default_metric, patient_distances
from omicsfuse.fusion.exact import VARIANTS, fuse_affinities
from omicsfuse.fusion.fuse import ENGINES, check_fusion, fuse

__all__ = [
    "ENGINES",
    "METRICS",
    "VARIANTS",
    "affinity_matrix",
    "check_fusion",
    "default_metric",
    "fuse",
    "fuse_affinities",
    "patient_distances",
]
