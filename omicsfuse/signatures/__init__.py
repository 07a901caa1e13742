"""Signatures: derived from subtypes, locked with a hash, scored in other cohorts."""

from omicsfuse.signatures.lock import (
    content_hash,
    load_signature,
    lock,
    require_locked,
    save_signature,
)
from omicsfuse.signatures.score import (
    MINIMUM_PATIENTS,
    gene_coverage,
    score_signature,
    standardise,
    template_scores,
    weighted_scores,
)
from omicsfuse.signatures.templates import derive_signature, signature_losses
from omicsfuse.signatures.training import (
    patient_digest,
    relation,
    training_patients,
    without_patients,
)

__all__ = [
    "MINIMUM_PATIENTS",
    "content_hash",
    "derive_signature",
    "gene_coverage",
    "load_signature",
    "lock",
    "patient_digest",
    "relation",
    "require_locked",
    "save_signature",
    "score_signature",
    "signature_losses",
    "standardise",
    "template_scores",
    "training_patients",
    "weighted_scores",
    "without_patients",
]
