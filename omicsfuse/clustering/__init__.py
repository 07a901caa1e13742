"""Clustering of the fused network: subtypes, criteria for their number, a map to look at."""

from omicsfuse.clustering.cluster import AUTO_RANGE, cluster, cluster_range
from omicsfuse.clustering.criteria import (
    affinity_silhouettes,
    eigengap,
    mean_affinity_to_groups,
)
from omicsfuse.clustering.embedding import embed
from omicsfuse.clustering.evidence import weighted_by_evidence
from omicsfuse.clustering.spectral import laplacian_spectrum, ordered_by_size, spectral_labels

__all__ = [
    "AUTO_RANGE",
    "affinity_silhouettes",
    "cluster",
    "cluster_range",
    "eigengap",
    "embed",
    "laplacian_spectrum",
    "mean_affinity_to_groups",
    "ordered_by_size",
    "spectral_labels",
    "weighted_by_evidence",
]
