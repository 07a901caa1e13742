"""What the subtypes are: markers, pathways and clinical associations."""

from omicsfuse.biology.alterations import MINIMUM_ALTERED, alterations
from omicsfuse.biology.altered import altered
from omicsfuse.biology.associations import associate
from omicsfuse.biology.burden import burden
from omicsfuse.biology.drivers import driver_features
from omicsfuse.biology.enrichment import EMPTY_ENRICHMENT, enrich, enrichment_losses
from omicsfuse.biology.gene_sets import gene_set_coverage
from omicsfuse.biology.known_groups import label_concentration, label_markers
from omicsfuse.biology.layer_tests import covariate_losses
from omicsfuse.biology.markers import differential_features, pairwise_features
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
    "covariate_losses",
    "differential_features",
    "driver_features",
    "enrich",
    "enrichment_losses",
    "gene_set_coverage",
    "label_concentration",
    "label_markers",
    "pairwise_features",
    "table_one",
]
