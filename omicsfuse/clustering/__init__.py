"""Clustering of the fused network: subtypes, criteria for their number, a map."""

from omicsfuse.clustering.embedding import embed
from omicsfuse.clustering.rotation import rotation_cost_discrete
from omicsfuse.clustering.spectral import laplacian_spectrum, spectral_labels

__all__ = ["embed", "laplacian_spectrum", "rotation_cost_discrete", "spectral_labels"]
