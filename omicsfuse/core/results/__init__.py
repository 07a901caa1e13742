"""What the stages hand to one another: frozen dataclasses over pandas, patients always in rows."""

from omicsfuse.core.results.assignment import ASSIGNMENT_COLUMNS, AssignmentEvidence
from omicsfuse.core.results.biology import SCORE_TEST_COLUMNS, Biology, ImmuneContext
from omicsfuse.core.results.fusion import Fusion, Prepared, PreparedLayer
from omicsfuse.core.results.imaging import (
    ASSOCIATION_COLUMNS,
    HeterogeneityIndex,
    Interpretation,
    RadiogenomicMap,
)
from omicsfuse.core.results.run import RunResults
from omicsfuse.core.results.signatures import (
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
from omicsfuse.core.results.subtypes import CHOSEN_WITH, NOT_TESTED, VERDICTS, Assessment, Subtypes
from omicsfuse.core.results.survival import COX_COLUMNS, SURVIVAL_COLUMNS, SurvivalComparison
from omicsfuse.core.results.targets import TARGET_KINDS, Target

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
