"""Survival of subtypes: tests, curves, models, and what the subtypes add to other covariates."""

from omicsfuse.survival.compare import compare_survival

__all__ = ["compare_survival"]
