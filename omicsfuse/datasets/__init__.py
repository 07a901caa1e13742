"""Example cohorts: simulated with known subtypes, or fetched by manifest."""

from omicsfuse.datasets.simulate import SimulatedCohort, simulate_cohort

__all__ = ["SimulatedCohort", "simulate_cohort"]
