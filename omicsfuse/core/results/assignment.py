"""How well the subtype of a new patient can be told from each set of layers."""

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from omicsfuse.core.shown import Shown

#: Columns of the cross-validated accuracy of each set of layers.
ASSIGNMENT_COLUMNS = [
    "layers",
    "n",
    "accuracy",
    "accuracy_ci_low",
    "accuracy_ci_high",
    "balanced_accuracy",
    "no_information_rate",
    "p",
    "log_loss",
    "brier_score",
    "calibration_error",
    "share_assigned",
    "accuracy_of_assigned",
    "note",
]


@dataclass(frozen=True, eq=False, repr=False)
class AssignmentEvidence(Shown):
    """A classifier of new patients, and its accuracy in cross-validation.

    Attributes
    ----------
    classifier : object
        The fitted ``omicsfuse.assignment.MultiLayerClassifier``, or None.
    table : pandas.DataFrame
        Columns ``ASSIGNMENT_COLUMNS`` and ``n_layers``: one row a set of layers (names joined by
        ``" + "``). Accuracies are of held-out patients; ``no_information_rate`` is the share of the
        largest subtype; ``accuracy_of_assigned`` is among the assigned patients, ``share_assigned``
        their share.
    confusion : pandas.DataFrame
        Columns ``layers``, ``subtype``, ``assigned``, ``n``; ``assigned`` is ``"none"`` without an
        assignment.
    calibration : pandas.DataFrame
        Columns ``layers``, ``bin``, ``n``, ``predicted``, ``observed``: mean probability of the
        assigned subtype, and share of patients with this subtype.
    """

    classifier: Any
    table: pd.DataFrame
    confusion: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(
            {column: [] for column in ("layers", "subtype", "assigned", "n")}
        )
    )
    calibration: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(
            {column: [] for column in ("layers", "bin", "n", "predicted", "observed")}
        )
    )
