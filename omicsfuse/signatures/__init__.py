"""Signatures: derived from a target, locked with a hash, scored in other cohorts."""

from omicsfuse.signatures.agreement import cross_validated_agreement
from omicsfuse.signatures.coexpression import CoexpressionModules, coexpression_modules
from omicsfuse.signatures.cut_points import fix_cut_points
from omicsfuse.signatures.derive import derive, derive_signature, signature_exclusions
from omicsfuse.signatures.identifiers import (
    guess_namespace,
    match_genes,
    match_summary,
    rename_genes,
)
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
from omicsfuse.signatures.scorer import Scorer, make_scorer
from omicsfuse.signatures.shuffled import shuffled_signatures
from omicsfuse.signatures.target import (
    as_target,
    feature_target,
    score_target,
    subtype_target,
    survival_target,
)
from omicsfuse.signatures.training import (
    patient_digest,
    relation,
    training_patients,
    without_patients,
)

__all__ = [
    "CoexpressionModules",
    "coexpression_modules",
    "MINIMUM_PATIENTS",
    "Scorer",
    "as_target",
    "content_hash",
    "cross_validated_agreement",
    "derive",
    "derive_signature",
    "fix_cut_points",
    "feature_target",
    "gene_coverage",
    "guess_namespace",
    "load_signature",
    "lock",
    "make_scorer",
    "match_genes",
    "match_summary",
    "patient_digest",
    "relation",
    "rename_genes",
    "require_locked",
    "save_signature",
    "score_signature",
    "score_target",
    "shuffled_signatures",
    "signature_exclusions",
    "standardise",
    "subtype_target",
    "survival_target",
    "template_scores",
    "training_patients",
    "weighted_scores",
    "without_patients",
]
