"""A locked signature in other cohorts: tests, null distributions, meta-analysis."""

from omicsfuse.verification.discovery import record_discovery
from omicsfuse.verification.meta import MetaAnalysis, meta_analysis
from omicsfuse.verification.replication import replication
from omicsfuse.verification.verify import verify

__all__ = [
    "MetaAnalysis",
    "meta_analysis",
    "record_discovery",
    "replication",
    "verify",
]
