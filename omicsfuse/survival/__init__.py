"""Survival of subtypes: log-rank tests, Kaplan-Meier curves and Cox models."""

from omicsfuse.survival._input import MINIMUM_EVENTS, MINIMUM_EVENTS_PER_TERM
from omicsfuse.survival.compare import compare_labels, compare_survival
from omicsfuse.survival.comparisons import logrank_table
from omicsfuse.survival.covariates import encode_covariates
from omicsfuse.survival.cox import HazardRatio, cox_table, hazard_ratio
from omicsfuse.survival.curves import kaplan_meier
from omicsfuse.survival.logrank import LogRank, PermutationP, logrank_test, permutation_logrank
from omicsfuse.survival.score import score_z

__all__ = [
    "MINIMUM_EVENTS",
    "MINIMUM_EVENTS_PER_TERM",
    "HazardRatio",
    "LogRank",
    "PermutationP",
    "compare_labels",
    "compare_survival",
    "cox_table",
    "encode_covariates",
    "hazard_ratio",
    "kaplan_meier",
    "logrank_table",
    "logrank_test",
    "permutation_logrank",
    "score_z",
]
