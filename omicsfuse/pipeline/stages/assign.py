"""Fit a classifier that assigns new patients to the subtypes."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from omicsfuse.assignment import cross_validate_assignment, save_classifier
from omicsfuse.core.errors import OmicsfuseWarning, StudyError
from omicsfuse.core.results import ASSIGNMENT_COLUMNS, AssignmentEvidence
from omicsfuse.pipeline.asked import fused_layers
from omicsfuse.pipeline.asked_signatures import signature_layer
from omicsfuse.pipeline.keys import Count, Table
from omicsfuse.pipeline.stage import Context, Stage
from omicsfuse.report.sections import assignment

if TYPE_CHECKING:
    from omicsfuse.pipeline.study import Study

#: Name of the classifier among the files of a run.
CLASSIFIER_FILE = "classifier.json"


class AssignmentSettings(Table):
    """``[assignment]``: the classifier of new patients, and how often it is cross-validated."""

    layers: tuple[str, ...] | None = None
    n_repeats: Count = 3


class Assign(Stage[AssignmentSettings, AssignmentEvidence | None]):
    """Fit a classifier a layer, and see how well held-out patients are assigned."""

    name = "assign"
    table = "assignment"
    settings = AssignmentSettings
    sections = (assignment.SECTION,)
    holds = {
        "classifier.json": "Classifier for new patients, for omicsfuse assign",
        "assignment.tsv": "Accuracy of assignment in held-out patients, by set of layers",
        "assignment_confusion.tsv": "True against assigned subtype of held-out patients",
        "assignment_calibration.tsv": "Calibration: probability of the assigned subtype and "
        "observed share of correct assignments",
    }

    def named_layers(self, study: "Study") -> list[tuple[str, str | None]]:
        return [("[assignment] layers", name) for name in study.assignment.layers or ()]

    def run(self, context: Context) -> AssignmentEvidence | None:
        """With one subtype there is nothing to assign."""
        study, asked = context.study, context.study.assignment
        if asked.n_repeats == 0 or context.subtypes.labels.nunique() < 2:
            return None
        layers = list(asked.layers or fused_layers(study, context.cohort))
        if asked.layers is None and study.signature is not None:
            layers.append(signature_layer(study, context.cohort, ""))
        try:
            return context.remembered(
                cross_validate_assignment,
                context.subtypes,
                context.cohort,
                layers=list(dict.fromkeys(layers)),
                n_repeats=asked.n_repeats,
                n_jobs=context.n_jobs,
                random_state=study.seed,
            )
        except StudyError as error:
            # Subtypes may be too small to be told apart; everything else still stands.
            warnings.warn(
                f"no classifier for new patients was fitted: {error}",
                OmicsfuseWarning,
                stacklevel=2,
            )
            return None

    def tables(self, result: AssignmentEvidence | None) -> dict[str, pd.DataFrame]:
        if result is None:
            return {}
        return {
            "assignment.tsv": result.table[ASSIGNMENT_COLUMNS],
            "assignment_confusion.tsv": result.confusion,
            "assignment_calibration.tsv": result.calibration,
        }

    def write(self, result: AssignmentEvidence | None, folder: Path) -> None:
        if result is not None and result.classifier is not None:
            save_classifier(result.classifier, folder / CLASSIFIER_FILE)

    def fields(self, result: AssignmentEvidence | None) -> dict[str, Any]:
        return {"assignment": result}


ASSIGN = Assign()
