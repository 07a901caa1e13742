"""Values so extreme that exponentials overflow give numbers, not warnings of numpy."""

import numpy as np
import pandas as pd

from omicsfuse.survival.added_value import added_value
from omicsfuse.survival.competing import _limits, cumulative_incidence


def test_an_incidence_next_to_one_has_limits() -> None:
    found = _limits(np.array([1 - 1e-9, 0.5]), np.array([0.01, 0.01]))
    assert found["ci_low"][1:].tolist()[0] == 0
    assert 0 < found["ci_low"][2] < 0.5 < found["ci_high"][2] < 1
    patients = [f"P{i}" for i in range(30)]
    survival = pd.DataFrame({"time": np.arange(30) + 1.0, "cause": 1}, patients)
    table = cumulative_incidence(pd.Series("S1", patients), survival, "os", {1: "a", 2: "b"})
    assert table["ci_low"].dropna().between(0, 1).all()


def test_a_patient_far_outside_a_covariate_does_not_overflow() -> None:
    rng = np.random.default_rng(0)
    patients = [f"P{i}" for i in range(80)]
    outlying = pd.DataFrame({"volume": np.r_[1e12, rng.normal(size=79)]}, patients)
    groups = pd.DataFrame({"S2 vs S1": np.arange(80) % 2.0}, patients)
    survival = pd.DataFrame({"time": rng.exponential(900, 80), "event": 1}, patients)
    found = added_value(survival, groups, outlying, "os", "days", 20, n_permutations=0)
    brier = found.measures[found.measures["measure"] == "integrated Brier score"]
    assert brier["estimate"].notna().all()
