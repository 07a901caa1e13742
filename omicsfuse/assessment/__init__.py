"""Evidence for subtypes, by repeated fusion and clustering."""

from omicsfuse.assessment.assess import assess
from omicsfuse.assessment.choose import cluster

__all__ = [
    "assess",
    "cluster",
]
