"""What a signature was trained on, held against a cohort that is to verify it."""

import hashlib
import re
import warnings
from dataclasses import replace

import pandas as pd

from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import OmicsfuseWarning
from omicsfuse.core.results import Signature

#: What is said of a cohort of the training cohort's study.
NOT_INDEPENDENT = "internal-external, not independent"


def patient_digest(patient: str) -> str:
    """First 16 hex digits of SHA-256 of ``"omicsfuse:"`` and patient: fingerprint, no secret."""
    return hashlib.sha256(f"omicsfuse:{patient}".encode()).hexdigest()[:16]


def training_patients(signature: Signature, patients: pd.Index) -> pd.Index:
    """Those of the patients that were among the labelled ones of the training cohort."""
    digests = set(signature.trained_on.get("patient_digests", ()))
    return patients[[patient_digest(str(patient)) in digests for patient in patients]]


def relation(signature: Signature, cohort: Cohort) -> tuple[str, str]:
    """Whether a cohort is of the training cohort's study: yes, no, "by name" or empty; a note."""
    trained = str(signature.trained_on.get("study", ""))
    if trained and cohort.study:
        if trained.strip().casefold() == cohort.study.strip().casefold():
            return "yes", f"same study as the training cohort: {NOT_INDEPENDENT}"
        return "no", ""
    trained_words, other = (
        [word for word in re.split(r"[^a-z0-9]+", name.lower()) if word]
        for name in (str(signature.trained_on.get("cohort", "")), cohort.name)
    )
    shared = min(2, len(trained_words), len(other))
    if shared and trained_words[:shared] == other[:shared]:
        return "by name", f"the names suggest the same study: {NOT_INDEPENDENT}"
    return "", ""


def without_patients(cohort: Cohort, layer: str, patients: pd.Index) -> Cohort:
    """The cohort with this layer only and without these patients; itself if none is to leave."""
    if patients.empty:
        return cohort
    scored_layer, clinical = cohort.omics[layer], cohort.clinical
    omics = {layer: replace(scored_layer, table=scored_layer.table.drop(index=patients))}
    if clinical is not None:
        clinical = clinical.loc[~clinical.index.isin(patients)]
    with warnings.catch_warnings():
        # Whatever the gate has to say of this cohort, it has said before.
        warnings.simplefilter("ignore", OmicsfuseWarning)
        return replace(cohort, omics=omics, clinical=clinical, decided=cohort.variables)
