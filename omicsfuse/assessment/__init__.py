"""Evidence for subtypes: composes fusion and clustering, again and again."""

from omicsfuse.assessment.assess import BUDGETS, assess

__all__ = ["BUDGETS", "assess"]
