"""Biology of the subtypes: markers, gene sets and clinical associations."""

from omicsfuse.biology.alterations import alterations
from omicsfuse.biology.associations import associate
from omicsfuse.biology.burden import burden
from omicsfuse.biology.covariates import covariate_table
from omicsfuse.biology.deconvolution import deconvolve
from omicsfuse.biology.drivers import driver_features
from omicsfuse.biology.enrichment import enrich
from omicsfuse.biology.immune import immune_scores
from omicsfuse.biology.known_groups import label_markers
from omicsfuse.biology.markers import differential_features, pairwise_features
from omicsfuse.biology.methylation_pairs import expression_methylation_pairs
from omicsfuse.biology.over_represented import over_representation
from omicsfuse.biology.ranked_enrichment import enrich_ranking
from omicsfuse.biology.running_sum import running_sums
from omicsfuse.biology.score_comparison import compare_scores
from omicsfuse.biology.set_scores import gene_set_scores
from omicsfuse.biology.table_one import table_one

__all__ = [
    "alterations",
    "associate",
    "burden",
    "compare_scores",
    "covariate_table",
    "deconvolve",
    "differential_features",
    "driver_features",
    "enrich",
    "enrich_ranking",
    "expression_methylation_pairs",
    "gene_set_scores",
    "immune_scores",
    "label_markers",
    "over_representation",
    "pairwise_features",
    "running_sums",
    "table_one",
]
