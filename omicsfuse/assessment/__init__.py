"""Evidence for subtypes: composes fusion and clustering, again and again."""

from omicsfuse.assessment.assess import assess
from omicsfuse.assessment.choose import cluster

__all__ = [
    "assess",
    "cluster",
]
