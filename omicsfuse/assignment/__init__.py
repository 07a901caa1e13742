"""New patients assigned to existing subtypes, from whichever layers they have."""

from omicsfuse.assignment.assign import Assignment, assign, assignment
from omicsfuse.assignment.classifier import SubtypeClassifier
from omicsfuse.assignment.cross_validation import LABELS_NOTE, cross_validate_assignment
from omicsfuse.assignment.multilayer import MultiLayerClassifier
from omicsfuse.assignment.saved import classifier_hash, load_classifier, save_classifier
from omicsfuse.assignment.training import Settings, fit_classifier

__all__ = [
    "LABELS_NOTE",
    "Assignment",
    "MultiLayerClassifier",
    "Settings",
    "SubtypeClassifier",
    "assign",
    "assignment",
    "classifier_hash",
    "cross_validate_assignment",
    "fit_classifier",
    "load_classifier",
    "save_classifier",
]
