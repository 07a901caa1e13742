"""A locked signature, and what it shows in other cohorts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from omicsfuse.cohort import Loss
from omicsfuse.results.outcomes import SurvivalComparison

#: Columns of the table of a verification, in order.
VERIFICATION_COLUMNS = [
    "cohort",
    "endpoint",
    "comparison",
    "n",
    "events",
    "genes_found",
    "genes_total",
    "hr",
    "hr_ci_low",
    "hr_ci_high",
    "chi2",
    "test",
    "p",
    "fdr",
    "random_null_percentile",
    "same_study",
    "note",
]


@dataclass(frozen=True, eq=False)
class Signature:
    """A set of genes that stands for the subtypes, fitted in one cohort and fixed from then on.

    Attributes
    ----------
    name : str
        Name, usually the study's.
    templates : pandas.DataFrame
        Genes (index) x subtypes (columns): weight of each gene in each subtype's template.
    reference : pandas.DataFrame
        Genes (index); columns ``mean`` and ``sd`` in the training cohort, on scale ``scale``.
    scale : str
        Scale of the expression values it was fitted on: ``"log2"`` or ``"zscore"``.
    trained_on : mapping of str to object
        Cohort, study, layer, patients with a subtype (``n_labelled``), those of them with the
        layer (``n_patients``), subtype sizes, and ``patient_digests``: fingerprints of the
        labelled patients, so that none of them verifies the signature elsewhere.
    settings : mapping of str to object
        How it was derived, and how it is to be scored.
    hash : str
        SHA-256 of the content; empty until locked.
    """

    name: str
    templates: pd.DataFrame
    reference: pd.DataFrame
    scale: str
    trained_on: Mapping[str, Any]
    settings: Mapping[str, Any]
    hash: str = ""


@dataclass(frozen=True, eq=False)
class Verification:
    """What a locked signature shows in other cohorts.

    Attributes
    ----------
    table : pandas.DataFrame
        Columns ``cohort``, ``endpoint``, ``comparison`` (``"S1 score per SD"``,
        ``"assigned S1 vs rest"``, ``"assigned subtypes"``), ``n``, ``events``, ``genes_found``,
        ``genes_total``, ``hr``, ``hr_ci_low``, ``hr_ci_high``, ``chi2``, ``test`` (``"Wald"``,
        ``"log-rank, permutation"``, ``"log-rank, asymptotic"``), ``p``, ``fdr`` over the table,
        ``random_null_percentile``, ``same_study`` (``"yes"``, ``"no"``, ``"by name"`` or empty),
        ``note``.
    assignments : mapping of str to pandas.DataFrame
        For each cohort: index patient, column ``subtype`` and one score column a subtype.
    survival : mapping of str to SurvivalComparison
        For each ``"cohort: endpoint"``: survival of the assigned subtypes there.
    losses : tuple of Loss
        Genes not found or not usable, patients of the training cohort, patients without the
        endpoint, z-scores limited.
    """

    table: pd.DataFrame
    assignments: Mapping[str, pd.DataFrame]
    survival: Mapping[str, SurvivalComparison]
    losses: tuple[Loss, ...] = ()
