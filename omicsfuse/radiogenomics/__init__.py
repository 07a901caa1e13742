"""What the images go with: radiomic features against genes, gene sets, mutations and scores."""

from omicsfuse.radiogenomics.heterogeneity import heterogeneity_index
from omicsfuse.radiogenomics.maps import radiogenomic_map
from omicsfuse.radiogenomics.module_pairs import map_modules
from omicsfuse.radiogenomics.redundancy import cluster_radiomic_features

__all__ = ["cluster_radiomic_features", "heterogeneity_index", "map_modules", "radiogenomic_map"]
