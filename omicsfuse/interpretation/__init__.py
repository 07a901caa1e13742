"""What the score or class of an imaging model goes with: genes, pathways, cells, subtypes."""

from omicsfuse.interpretation.command import interpretation_summary
from omicsfuse.interpretation.explain import interpret
from omicsfuse.interpretation.scores_file import match_scores, read_scores

__all__ = [
    "interpret",
    "interpretation_summary",
    "match_scores",
    "read_scores",
]
