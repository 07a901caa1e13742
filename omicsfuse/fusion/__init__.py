"""Similarity network fusion: distances, affinities, the exact, sparse and reference engines."""

from omicsfuse.fusion.affinity import affinities_of, affinity_matrix
from omicsfuse.fusion.distances import (
    METRICS,
    default_metric,
    distance_table,
    metric_name,
    patient_distances,
    precomputed_distances,
)
from omicsfuse.fusion.exact import VARIANTS, fuse_affinities, fuse_networks, layer_neighbors
from omicsfuse.fusion.fuse import fuse, layer_distances
from omicsfuse.fusion.members import fused_patients
from omicsfuse.fusion.settings import ENGINES, PATIENTS, check_fusion

__all__ = [
    "ENGINES",
    "METRICS",
    "PATIENTS",
    "VARIANTS",
    "affinities_of",
    "affinity_matrix",
    "check_fusion",
    "default_metric",
    "distance_table",
    "fuse",
    "fuse_affinities",
    "fuse_networks",
    "fused_patients",
    "layer_distances",
    "layer_neighbors",
    "metric_name",
    "patient_distances",
    "precomputed_distances",
]
