"""What the images go with: radiomic features against genes, gene sets, mutations and scores."""

from omicsfuse.radiogenomics.maps import radiogenomic_map
from omicsfuse.radiogenomics.redundancy import cluster_radiomic_features

__all__ = ["cluster_radiomic_features", "radiogenomic_map"]
