"""Associations of images: radiogenomic maps, modules, the heterogeneity index."""

from omicsfuse.imaging.heterogeneity.index import heterogeneity_index
from omicsfuse.imaging.heterogeneity.mutant_alleles import math_score
from omicsfuse.imaging.heterogeneity.tests import index_tests
from omicsfuse.imaging.maps.radiogenomic import radiogenomic_map
from omicsfuse.imaging.modules.pairs import ModulePairs, map_modules, with_modules
from omicsfuse.imaging.redundancy import cluster_radiomic_features

__all__ = [
    "ModulePairs",
    "cluster_radiomic_features",
    "heterogeneity_index",
    "index_tests",
    "map_modules",
    "math_score",
    "radiogenomic_map",
    "with_modules",
]
