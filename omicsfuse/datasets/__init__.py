"""Cohorts to try things on: simulated with planted truth, or fetched by manifest."""

from omicsfuse.datasets.simulate import SIMULATED_LAYERS, SimulatedCohort, simulate_cohort
from omicsfuse.datasets.write import write_simulated_study

__all__ = ["SIMULATED_LAYERS", "SimulatedCohort", "simulate_cohort", "write_simulated_study"]
