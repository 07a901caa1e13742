"""Survival of subtypes: tests, curves, models, and added value beyond covariates."""

from omicsfuse.survival.compare import compare_survival

__all__ = ["compare_survival"]
