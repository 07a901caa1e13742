"""A locked signature in other cohorts: what it shows, by chance and over all of them."""

from omicsfuse.verification.discovery import record_discovery
from omicsfuse.verification.meta import MetaAnalysis, across_cohorts, meta_analysis
from omicsfuse.verification.random_sets import PROLIFERATION_GENES, matched_sets
from omicsfuse.verification.replication import REPLICATION_COLUMNS, replication
from omicsfuse.verification.verify import verify

__all__ = [
    "PROLIFERATION_GENES",
    "REPLICATION_COLUMNS",
    "MetaAnalysis",
    "across_cohorts",
    "matched_sets",
    "meta_analysis",
    "record_discovery",
    "replication",
    "verify",
]
