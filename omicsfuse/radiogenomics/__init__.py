"""What the images go with: radiogenomic maps, modules against modules, the heterogeneity index."""

from omicsfuse.radiogenomics.heterogeneity import heterogeneity_index
from omicsfuse.radiogenomics.heterogeneity_blocks import heterogeneity_features
from omicsfuse.radiogenomics.heterogeneity_tests import index_tests
from omicsfuse.radiogenomics.maps import radiogenomic_map
from omicsfuse.radiogenomics.module_pairs import ModulePairs, map_modules, with_modules
from omicsfuse.radiogenomics.module_volume import adjust_modules
from omicsfuse.radiogenomics.mutant_alleles import math_score
from omicsfuse.radiogenomics.redundancy import cluster_radiomic_features

__all__ = [
    "ModulePairs",
    "adjust_modules",
    "cluster_radiomic_features",
    "heterogeneity_features",
    "heterogeneity_index",
    "index_tests",
    "map_modules",
    "math_score",
    "radiogenomic_map",
    "with_modules",
]
