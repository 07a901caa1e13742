"""What the subtypes are: markers, pathways and clinical associations."""

from omicsfuse.biology.alterations import MINIMUM_ALTERED, alterations
from omicsfuse.biology.altered import altered
from omicsfuse.biology.associations import associate
from omicsfuse.biology.burden import burden
from omicsfuse.biology.covariates import covariate_table
from omicsfuse.biology.deconvolution import deconvolve
from omicsfuse.biology.drivers import driver_features
from omicsfuse.biology.enrichment import EMPTY_ENRICHMENT, enrich, enrichment_exclusions
from omicsfuse.biology.gene_sets import gene_set_coverage
from omicsfuse.biology.immune import immune_scores
from omicsfuse.biology.known_groups import label_concentration, label_markers
from omicsfuse.biology.layer_tests import covariate_exclusions
from omicsfuse.biology.markers import differential_features, pairwise_features
from omicsfuse.biology.methylation_pairs import expression_methylation_pairs
from omicsfuse.biology.over_represented import over_representation
from omicsfuse.biology.ranked_enrichment import enrich_ranking
from omicsfuse.biology.redundant_sets import group_gene_sets
from omicsfuse.biology.running_sum import running_sums
from omicsfuse.biology.score_comparison import compare_scores
from omicsfuse.biology.set_scores import gene_set_score_exclusions, gene_set_scores
from omicsfuse.biology.table_one import NOTES as TABLE_ONE_NOTES
from omicsfuse.biology.table_one import table_one
from omicsfuse.biology.technical import EXPLAINED, VOLUME
from omicsfuse.stats.multiple_testing import benjamini_hochberg

__all__ = [
    "EMPTY_ENRICHMENT",
    "EXPLAINED",
    "MINIMUM_ALTERED",
    "TABLE_ONE_NOTES",
    "VOLUME",
    "alterations",
    "altered",
    "associate",
    "benjamini_hochberg",
    "burden",
    "compare_scores",
    "covariate_exclusions",
    "covariate_table",
    "deconvolve",
    "expression_methylation_pairs",
    "immune_scores",
    "differential_features",
    "driver_features",
    "enrich",
    "enrich_ranking",
    "enrichment_exclusions",
    "gene_set_coverage",
    "gene_set_score_exclusions",
    "gene_set_scores",
    "group_gene_sets",
    "over_representation",
    "running_sums",
    "label_concentration",
    "label_markers",
    "pairwise_features",
    "table_one",
]
