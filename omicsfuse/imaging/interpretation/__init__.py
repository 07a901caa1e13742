"""What the score or class of an imaging model goes with: genes, pathways, cells, subtypes."""

from omicsfuse.imaging.interpretation.explain import interpret
from omicsfuse.imaging.interpretation.scores_file import read_scores

__all__ = [
    "interpret",
    "read_scores",
]
