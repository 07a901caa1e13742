"""Signatures: derived from a target, locked with a hash, scored in other cohorts."""

from omicsfuse.signatures.coexpression import CoexpressionModules, coexpression_modules
from omicsfuse.signatures.derive import derive, derive_signature
from omicsfuse.signatures.lock import load_signature, lock, save_signature
from omicsfuse.signatures.score import score_signature
from omicsfuse.signatures.target import feature_target, score_target, survival_target

__all__ = [
    "CoexpressionModules",
    "coexpression_modules",
    "derive",
    "derive_signature",
    "feature_target",
    "load_signature",
    "lock",
    "save_signature",
    "score_signature",
    "score_target",
    "survival_target",
]
