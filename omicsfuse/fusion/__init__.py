"""Integration of layers: distances, affinities, and one file for each method."""

from omicsfuse.fusion.affinity import affinity_matrix
from omicsfuse.fusion.distances import patient_distances
from omicsfuse.fusion.distances_choice import METRICS
from omicsfuse.fusion.exact import fuse_affinities
from omicsfuse.fusion.fuse import fuse
from omicsfuse.fusion.method import Description, Joined, Method
from omicsfuse.fusion.methods import METHODS
from omicsfuse.fusion.nemo import NEMO
from omicsfuse.fusion.snf import SNF

__all__ = [
    "Description",
    "Joined",
    "METHODS",
    "METRICS",
    "Method",
    "NEMO",
    "SNF",
    "affinity_matrix",
    "fuse",
    "fuse_affinities",
    "patient_distances",
]
