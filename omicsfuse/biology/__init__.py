"""What the subtypes are: markers, pathways and clinical associations."""

from omicsfuse.biology.alterations import MINIMUM_ALTERED, alterations
from omicsfuse.biology.altered import altered
from omicsfuse.biology.associations import associate
from omicsfuse.biology.burden import burden
from omicsfuse.biology.enrichment import EMPTY_ENRICHMENT, enrich, enrichment_losses
from omicsfuse.biology.gene_sets import gene_set_coverage
from omicsfuse.biology.markers import differential_features
from omicsfuse.biology.ranked_enrichment import enrich_ranking
from omicsfuse.biology.redundant_sets import group_gene_sets
from omicsfuse.biology.score_comparison import compare_scores
from omicsfuse.biology.table_one import NOTES as TABLE_ONE_NOTES
from omicsfuse.biology.table_one import table_one
from omicsfuse.biology.technical import EXPLAINED, VOLUME
from omicsfuse.statistics import benjamini_hochberg

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
    "differential_features",
    "enrich",
    "enrich_ranking",
    "enrichment_losses",
    "gene_set_coverage",
    "group_gene_sets",
    "table_one",
]
