"""Clustering of the fused network: subtypes, criteria for their number, a map to look at."""

from omicsfuse.clustering.cluster import AUTO_RANGE, cluster_range, cut
from omicsfuse.clustering.consensus import (
    CONSENSUS_GRID,
    area_under_cdf,
    consensus_cdf,
    consensus_matrix,
    prediction_strength,
    proportion_ambiguous,
)
from omicsfuse.clustering.criteria import (
    affinity_silhouettes,
    eigengap,
    eigengap_ratio,
    mean_affinity_to_groups,
    normalised_cut,
)
from omicsfuse.clustering.discretise import discretised_labels
from omicsfuse.clustering.embedding import embed
from omicsfuse.clustering.evidence import weighted_by_evidence
from omicsfuse.clustering.rotation import rotation_cost, rotation_cost_discrete
from omicsfuse.clustering.spectral import laplacian_spectrum, ordered_by_size, spectral_labels

__all__ = [
    "AUTO_RANGE",
    "CONSENSUS_GRID",
    "affinity_silhouettes",
    "area_under_cdf",
    "cluster_range",
    "cut",
    "consensus_cdf",
    "consensus_matrix",
    "discretised_labels",
    "eigengap",
    "eigengap_ratio",
    "embed",
    "laplacian_spectrum",
    "mean_affinity_to_groups",
    "normalised_cut",
    "ordered_by_size",
    "prediction_strength",
    "proportion_ambiguous",
    "rotation_cost",
    "rotation_cost_discrete",
    "spectral_labels",
    "weighted_by_evidence",
]
