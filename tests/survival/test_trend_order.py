"""An order of subtypes by a prognostic column must not make a trend where there is none."""

import numpy as np
import pandas as pd

from omicsfuse.survival.comparisons import logrank_table
from omicsfuse.survival.logrank import logrank_test, permutation_trend


def cohort_without_effect(seed: int, k: int = 6, n: int = 120):
    """Stage decides survival; the subtypes have to do with neither."""
    rng = np.random.default_rng(seed)
    patients = [f"P{i}" for i in range(n)]
    labels = pd.Series([f"S{g + 1}" for g in np.r_[np.arange(k), rng.integers(0, k, n - k)]])
    labels.index = patients
    stage = pd.Series(rng.integers(1, 5, n) * 1.0, patients, name="stage")
    time = rng.exponential(np.exp(-1.5 * stage.to_numpy()))
    censored = rng.exponential(np.exp(-3.75) * 2, n)
    survival = pd.DataFrame(
        {"time": np.minimum(time, censored), "event": (time <= censored).astype(int)}, patients
    )
    return labels, survival, stage


def test_type_i_error_of_the_trend() -> None:
    fixed, fresh = [], []
    for seed in range(150):
        labels, survival, stage = cohort_without_effect(seed)
        time, event = survival["time"].to_numpy(), survival["event"].to_numpy()
        codes = labels.to_numpy(dtype=object)
        places = list(stage.groupby(labels).mean().rank())
        fixed.append(logrank_test(time, event, codes, trend=places).p)
        fresh.append(permutation_trend(time, event, codes, stage.to_numpy(), 79, seed).p)
    assert np.mean(np.array(fixed) <= 0.05) > 0.15
    assert np.mean(np.array(fresh) <= 0.05) < 0.11


def test_the_order_of_patients_does_not_matter_and_missing_values_are_no_fault() -> None:
    labels, survival, stage = cohort_without_effect(3)
    survival["time"] = survival["time"].round(2)
    stage.iloc[:30] = np.nan
    table = logrank_table(labels, survival, "os", 99, order_by=stage)
    turned = logrank_table(labels[::-1], survival[::-1], "os", 99, order_by=stage[::-1])
    pd.testing.assert_frame_equal(table, turned)
    trend = table.iloc[-1]
    assert trend["comparison"] == "trend over stage"
    assert np.isnan(trend["p_asymptotic"])
    assert 0 < trend["p_ci_low"] < trend["p_permutation"] < trend["p_ci_high"]
    assert trend["note"] == (
        "no asymptotic p-value: the order of subtypes was estimated from these data"
    )
