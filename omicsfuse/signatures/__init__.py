"""Signatures: derived from subtypes, locked with a hash, scored in other cohorts."""

from omicsfuse.signatures.lock import (
    content_hash,
    load_signature,
    lock,
    require_locked,
    save_signature,
)
from omicsfuse.signatures.score import (
    gene_coverage,
    score_signature,
    standardise,
    template_scores,
)
from omicsfuse.signatures.templates import derive_signature

__all__ = [
    "content_hash",
    "derive_signature",
    "gene_coverage",
    "load_signature",
    "lock",
    "require_locked",
    "save_signature",
    "score_signature",
    "standardise",
    "template_scores",
]
