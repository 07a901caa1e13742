"""New patients assigned to existing subtypes, from the layers that they have."""

from omicsfuse.assignment.assign import Assignment, assign
from omicsfuse.assignment.classifier import SubtypeClassifier
from omicsfuse.assignment.cross_validation import cross_validate_assignment
from omicsfuse.assignment.multilayer import MultiLayerClassifier
from omicsfuse.assignment.saved import load_classifier, save_classifier
from omicsfuse.assignment.training import fit_classifier

__all__ = [
    "Assignment",
    "MultiLayerClassifier",
    "SubtypeClassifier",
    "assign",
    "cross_validate_assignment",
    "fit_classifier",
    "load_classifier",
    "save_classifier",
]
