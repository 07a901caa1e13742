"""Cohorts to try things on: simulated with planted truth, or fetched by manifest."""

from omicsfuse.datasets.simulate import SimulatedCohort, simulate_cohort

__all__ = ["SimulatedCohort", "simulate_cohort"]
