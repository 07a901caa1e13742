"""What the score or class of an imaging model goes with: genes, pathways, cells, subtypes."""

from omicsfuse.imaging.interpretation.command import interpretation_summary
from omicsfuse.imaging.interpretation.explain import interpret
from omicsfuse.imaging.interpretation.scores_file import match_scores, read_scores

__all__ = [
    "interpret",
    "interpretation_summary",
    "match_scores",
    "read_scores",
]
