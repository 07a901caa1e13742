"""New patients assigned to existing subtypes, from whichever layers they have."""

from omicsfuse.assignment.classifier import SubtypeClassifier
from omicsfuse.assignment.cross_validation import LABELS_NOTE, cross_validate_assignment
from omicsfuse.assignment.multilayer import MultiLayerClassifier
from omicsfuse.assignment.training import Settings, fit_classifier

__all__ = [
    "LABELS_NOTE",
    "MultiLayerClassifier",
    "Settings",
    "SubtypeClassifier",
    "cross_validate_assignment",
    "fit_classifier",
]
