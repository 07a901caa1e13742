"""What is left of a comparison of survival after features were chosen with the outcome."""

import numpy as np
import pandas as pd

from omicsfuse.assessment.outcome_aware import voided
from omicsfuse.core.results import FULL_PIPELINE
from omicsfuse.survival.endpoint import compare_labels

FULL = pd.Series({"p": 0.02, "ci_low": 0.01, "ci_high": 0.04, "n_permutations": 199.0})


def compared(events: int):
    rng = np.random.default_rng(0)
    patients = [f"P{i}" for i in range(60)]
    labels = pd.Series(["S1", "S2"] * 30, patients)
    survival = pd.DataFrame(
        {"time": rng.permutation(60) + 1.0, "event": (np.arange(60) < events).astype(int)}, patients
    )
    return compare_labels(labels, survival, "os", "days", n_permutations=99)


def test_no_statistic_or_interval_stands_in_for_a_void_p() -> None:
    left = voided(compared(30), FULL)
    usual = left.tests[left.tests["comparison"] != FULL_PIPELINE]
    assert usual[["chi2", "p_asymptotic", "p_permutation"]].isna().all(axis=None)
    means = left.restricted_means.set_index("comparison")
    assert means.loc["S2 minus S1", ["ci_low", "ci_high"]].isna().all()
    assert means.loc[["S1", "S2"], ["ci_low", "ci_high"]].notna().all(axis=None)
    full = left.tests.iloc[-1]
    assert full[["comparison", "p_permutation"]].tolist() == [FULL_PIPELINE, 0.02]
    assert np.isnan(full["p_asymptotic"])
    assert full["note"].startswith("no asymptotic p-value: features or k were chosen")


def test_too_few_events_have_no_p_by_the_whole_pipeline_either() -> None:
    last = voided(compared(4), FULL).tests.iloc[-1]
    assert last["comparison"] == FULL_PIPELINE
    assert last["note"] == "no p-value: 4 events, fewer than 10"
    assert last[["p_permutation", "p_ci_low", "p_ci_high"]].isna().all()
