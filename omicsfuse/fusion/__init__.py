"""Integration of layers: distances, affinities, and one file for each method."""

from omicsfuse.fusion.affinity import affinities_of, affinity_matrix
from omicsfuse.fusion.distances import (
    METRICS,
    default_metric,
    distance_table,
    metric_name,
    patient_distances,
    precomputed_distances,
)
from omicsfuse.fusion.engines import ENGINES
from omicsfuse.fusion.exact import VARIANTS, fuse_affinities, fuse_networks, layer_neighbors
from omicsfuse.fusion.fuse import fuse
from omicsfuse.fusion.layers import layer_distances
from omicsfuse.fusion.members import fused_patients
from omicsfuse.fusion.method import Description, Joined, Method
from omicsfuse.fusion.methods import METHODS, chosen_method, method_of
from omicsfuse.fusion.nemo import NEMO
from omicsfuse.fusion.settings import PATIENTS, check_fusion
from omicsfuse.fusion.snf import SNF

__all__ = [
    "ENGINES",
    "METHODS",
    "METRICS",
    "NEMO",
    "PATIENTS",
    "SNF",
    "VARIANTS",
    "Description",
    "Joined",
    "Method",
    "affinities_of",
    "affinity_matrix",
    "check_fusion",
    "chosen_method",
    "default_metric",
    "distance_table",
    "fuse",
    "fuse_affinities",
    "fuse_networks",
    "fused_patients",
    "layer_distances",
    "layer_neighbors",
    "method_of",
    "metric_name",
    "patient_distances",
    "precomputed_distances",
]
