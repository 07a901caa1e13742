"""Survival of subtypes: tests, curves, models, and what the subtypes add to other covariates."""

from omicsfuse.stats.covariates import Encoded, combined_strata, encode_covariates
from omicsfuse.survival._input import MINIMUM_EVENTS, MINIMUM_EVENTS_PER_TERM
from omicsfuse.survival.added_value import AddedValue, added_value
from omicsfuse.survival.compare import compare_survival, trend_order
from omicsfuse.survival.comparisons import best_p_values, logrank_table
from omicsfuse.survival.competing import cumulative_incidence
from omicsfuse.survival.concordance import Concordance, concordance_index
from omicsfuse.survival.cox import HazardRatio, cox_table, hazard_ratio
from omicsfuse.survival.curves import kaplan_meier, survival_at_times
from omicsfuse.survival.diagnostics import model_diagnostics
from omicsfuse.survival.doubts import doubtful_survival
from omicsfuse.survival.endpoint import compare_labels
from omicsfuse.survival.logrank import (
    LogRank,
    PermutationP,
    logrank_test,
    permutation_logrank,
)
from omicsfuse.survival.logrank_trend import permutation_trend
from omicsfuse.survival.models import CoxModel, fit_model
from omicsfuse.survival.proportional import proportional_hazards, time_varying_effects
from omicsfuse.survival.restricted_mean import restricted_means
from omicsfuse.survival.score import score_z

__all__ = [
    "MINIMUM_EVENTS",
    "MINIMUM_EVENTS_PER_TERM",
    "AddedValue",
    "Concordance",
    "CoxModel",
    "Encoded",
    "HazardRatio",
    "LogRank",
    "PermutationP",
    "added_value",
    "best_p_values",
    "combined_strata",
    "compare_labels",
    "compare_survival",
    "concordance_index",
    "cox_table",
    "cumulative_incidence",
    "doubtful_survival",
    "encode_covariates",
    "fit_model",
    "hazard_ratio",
    "kaplan_meier",
    "logrank_table",
    "logrank_test",
    "model_diagnostics",
    "permutation_logrank",
    "permutation_trend",
    "proportional_hazards",
    "restricted_means",
    "score_z",
    "survival_at_times",
    "time_varying_effects",
    "trend_order",
]
