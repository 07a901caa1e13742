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
    """A classifier of new patients, and what cross-validation says of it.

    Attributes
    ----------
    classifier : object
        The fitted ``omicsfuse.assignment.MultiLayerClassifier``; None where none could be made.
    table : pandas.DataFrame
        Columns ``ASSIGNMENT_COLUMNS`` and ``n_layers``: one row a set of layers (names joined by
        ``" + "``).
        Accuracies are of held-out patients; ``no_information_rate`` is the share of the largest
        subtype; ``accuracy_of_assigned`` is of the patients for whom the classifier does not
        abstain, who are ``share_assigned`` of all.
    confusion : pandas.DataFrame
        Columns ``layers``, ``subtype``, ``assigned``, ``n``; ``assigned`` is ``"none"`` where the
        classifier abstains.
    calibration : pandas.DataFrame
        Columns ``layers``, ``bin``, ``n``, ``predicted``, ``observed``: mean probability of the
        assigned subtype and share of patients who have it.
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
