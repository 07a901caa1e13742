"""What the stages hand to one another: frozen dataclasses over pandas, patients always in rows."""

from omicsfuse.results.assigning import ASSIGNMENT_COLUMNS, AssignmentEvidence
from omicsfuse.results.biology import SCORE_TEST_COLUMNS, Biology, ImmuneContext
from omicsfuse.results.elsewhere import (
    AGREEMENT_COLUMNS,
    CUT_POINT_COLUMNS,
    DISCOVERY_COLUMNS,
    META_COLUMNS,
    SCALINGS,
    SCORERS,
    VERIFICATION_COLUMNS,
    DerivedSignature,
    Signature,
    Verification,
)
from omicsfuse.results.groups import CHOSEN_WITH, NOT_TESTED, VERDICTS, Assessment, Subtypes
from omicsfuse.results.imaging import (
    ASSOCIATION_COLUMNS,
    HeterogeneityIndex,
    Interpretation,
    RadiogenomicMap,
)
from omicsfuse.results.networks import Fusion, Prepared, PreparedLayer
from omicsfuse.results.outcomes import COX_COLUMNS, SURVIVAL_COLUMNS, SurvivalComparison
from omicsfuse.results.run import RunResults
from omicsfuse.results.targets import TARGET_KINDS, Target

__all__ = [
    "CHOSEN_WITH",
    "COX_COLUMNS",
    "NOT_TESTED",
    "SURVIVAL_COLUMNS",
    "VERDICTS",
    "VERIFICATION_COLUMNS",
    "Assessment",
    "Fusion",
    "Prepared",
    "PreparedLayer",
    "RunResults",
    "Signature",
    "Subtypes",
    "SurvivalComparison",
    "Verification",
    "ASSIGNMENT_COLUMNS",
    "AssignmentEvidence",
    "AGREEMENT_COLUMNS",
    "CUT_POINT_COLUMNS",
    "DISCOVERY_COLUMNS",
    "META_COLUMNS",
    "SCALINGS",
    "SCORERS",
    "DerivedSignature",
    "TARGET_KINDS",
    "Target",
    "ASSOCIATION_COLUMNS",
    "SCORE_TEST_COLUMNS",
    "Biology",
    "HeterogeneityIndex",
    "ImmuneContext",
    "Interpretation",
    "RadiogenomicMap",
]
