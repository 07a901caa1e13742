"""Evidence for subtypes: composes fusion and clustering, again and again."""

from omicsfuse.assessment.assess import BUDGETS, assess
from omicsfuse.assessment.choose import cluster

__all__ = ["BUDGETS", "assess", "cluster"]
