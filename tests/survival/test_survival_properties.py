"""What must not change: order, names, unit of time, one stratum, entry before everything."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omicsfuse.core.results import SurvivalComparison
from omicsfuse.stats.intervals import clopper_pearson
from omicsfuse.survival.cox import cox_table
from omicsfuse.survival.curves import kaplan_meier
from omicsfuse.survival.endpoint import compare_labels
from omicsfuse.survival.logrank import logrank_test, permutation_logrank
from omicsfuse.survival.restricted_mean import restricted_means

NUMBERS = ["hr", "hr_ci_low", "hr_ci_high", "p"]
SEEDS = st.integers(0, 100_000)


def data_of(seed: int, n: int = 50, k: int = 3) -> tuple[pd.Series, pd.DataFrame, pd.DataFrame]:
    """Labels, survival with ties, and covariates of patients P0, P1, ..."""
    rng = np.random.default_rng(seed)
    patients = [f"P{i}" for i in range(n)]
    labels = pd.Series([f"S{i % k + 1}" for i in range(n)], index=patients)
    time = rng.integers(1, 40, n) * 30.0
    survival = pd.DataFrame({"time": time, "event": rng.random(n) < 0.6}, index=patients)
    survival["event"] = survival["event"].astype(int)
    terms = pd.DataFrame(
        {"age": rng.normal(60, 9, n).round(), "site": rng.choice(["east", "west"], n)},
        index=patients,
    )
    return labels, survival, terms


def compared(
    labels: pd.Series, survival: pd.DataFrame, terms: pd.DataFrame, unit: str = "days"
) -> SurvivalComparison:
    return compare_labels(
        labels, survival, "os", unit, terms[["age"]], strata=terms["site"].rename("site"),
        order_by=terms["age"], n_permutations=99, n_bootstrap=3,
    )  # fmt: skip


TABLES = (
    "tests", "cox", "curves", "medians", "times", "restricted_means", "proportional", "residuals",
    "time_varying", "diagnostics", "added_value", "calibration", "decision",
)  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_depends_on_the_order_of_patients(seed: int) -> None:
    labels, survival, terms = data_of(seed)
    rng = np.random.default_rng(seed)
    plain = compared(labels, survival, terms)
    order, other = rng.permutation(50), rng.permutation(50)
    shuffled = compared(labels.iloc[order], survival.iloc[other], terms.iloc[order])
    for name in TABLES:
        found, expected = getattr(shuffled, name), getattr(plain, name)
        pd.testing.assert_frame_equal(found, expected, rtol=1e-9, obj=name)


@pytest.mark.parametrize("seed", [1, 2])
def test_names_of_the_subtypes_do_not_matter(seed: int) -> None:
    labels, survival, terms = data_of(seed)
    # In natural order, T2 comes before T10 as S1 before S2, though not in alphabetical order.
    names = {"S1": "T2", "S2": "T10", "S3": "T100"}
    plain = compared(labels, survival, terms)
    renamed = compared(labels.map(names), survival, terms)
    for name in TABLES:
        found, expected = getattr(renamed, name), getattr(plain, name)
        numbers = expected.select_dtypes("number").columns
        pd.testing.assert_frame_equal(
            found[numbers].reset_index(drop=True), expected[numbers].reset_index(drop=True)
        )


@pytest.mark.parametrize("seed", [1, 2])
def test_p_values_do_not_depend_on_the_unit_of_time(seed: int) -> None:
    labels, survival, terms = data_of(seed)
    days = compared(labels, survival, terms)
    months = compared(
        labels, survival.assign(time=survival["time"] / (365.25 / 12)), terms, "months"
    )
    for name in ("tests", "cox", "restricted_means", "proportional", "time_varying", "added_value"):
        found, expected = getattr(months, name), getattr(days, name)
        for column in ("p", "p_asymptotic", "p_permutation", "fdr", "hr", "chi2"):
            if column in expected:
                np.testing.assert_allclose(
                    found[column].astype(float), expected[column].astype(float), rtol=1e-6
                )
    np.testing.assert_allclose(months.times["survival"], days.times["survival"])
    # The grid of the integrated score may fall on either side of an event by rounding.
    measures = days.added_value["measure"] != "integrated Brier score"
    np.testing.assert_allclose(
        months.added_value.loc[measures, "estimate"].astype(float),
        days.added_value.loc[measures, "estimate"].astype(float),
        rtol=1e-6,
    )


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_one_stratum_and_entry_before_everything_change_nothing(seed: int) -> None:
    labels, survival, terms = data_of(seed)
    time, event = survival["time"].to_numpy(), survival["event"].to_numpy()
    groups = labels.to_numpy(dtype=object)
    plain = logrank_test(time, event, groups)
    before = np.full(50, -1.0)
    for options in ({"strata": np.full(50, "one")}, {"entry": before}):
        found = logrank_test(time, event, groups, **options)
        assert (found.chi2, found.dof, found.p) == (plain.chi2, plain.dof, plain.p)
        np.testing.assert_array_equal(found.expected, plain.expected)
        permuted = permutation_logrank(time, event, groups, 50, 1, **options)
        assert permuted == permutation_logrank(time, event, groups, 50, 1)
    age, entered = terms[["age"]], survival.assign(entry=before)
    table = cox_table(survival, age, "os", "m")
    pd.testing.assert_frame_equal(cox_table(entered, age, "os", "m"), table, rtol=1e-9)
    one = pd.Series("one", index=labels.index, name="site")
    pd.testing.assert_frame_equal(cox_table(survival, age, "os", "m", one), table, rtol=1e-9)
    curves, medians = kaplan_meier(labels, survival)
    others = kaplan_meier(labels, entered)
    pd.testing.assert_frame_equal(others[0], curves, rtol=1e-9, check_dtype=False)
    pd.testing.assert_frame_equal(others[1], medians)


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.floats(1e-3, 1e3), st.floats(-1e3, 1e3))
def test_scaling_a_covariate_scales_its_coefficient(seed: int, scale: float, shift: float) -> None:
    _, survival, terms = data_of(seed)
    plain = cox_table(survival, terms[["age"]], "os", "m")
    moved = cox_table(survival, scale * terms[["age"]] + shift, "os", "m")
    ends = NUMBERS[:3]
    logs = np.log(moved[ends].to_numpy(dtype=float)) * scale
    np.testing.assert_allclose(
        logs, np.log(plain[ends].to_numpy(dtype=float)), rtol=1e-5, atol=1e-9
    )
    np.testing.assert_allclose(moved["p"], plain["p"], rtol=1e-5)


@settings(max_examples=8, deadline=None)
@given(SEEDS)
def test_an_adaptive_p_lies_in_its_own_interval(seed: int) -> None:
    labels, survival, _ = data_of(seed, n=30, k=2)
    # Some difference, so that p-values of all sizes come up.
    time = survival["time"].to_numpy() * np.where(labels == "S1", 1 + seed % 3, 1)
    arrays = (time, survival["event"].to_numpy(), labels.to_numpy(dtype=object))
    found = permutation_logrank(*arrays, random_state=seed)
    assert found.ci_low <= found.p <= found.ci_high
    assert found.n_permutations >= 5_000
    narrow = (found.ci_high - found.ci_low) / 2 <= 0.05 * found.p
    assert narrow or not found.ci_low <= 0.05 <= found.ci_high or found.n_permutations == 10**7
    extreme = round(found.p * (1 + found.n_permutations)) - 1
    interval = clopper_pearson(extreme, found.n_permutations)
    assert (found.ci_low, found.ci_high) == pytest.approx(interval)


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_restricted_means_are_below_tau_and_differences_antisymmetric(seed: int) -> None:
    labels, survival, _ = data_of(seed, k=2)
    table = restricted_means(labels, survival, "os", 49).set_index("comparison")
    assert (table.loc[["S1", "S2"], "estimate"] <= table["tau"].iloc[0]).all()
    swapped = restricted_means(labels.map({"S1": "S2", "S2": "S1"}), survival, "os", 0)
    swapped = swapped.set_index("comparison")
    row, other = table.loc["S2 minus S1"], swapped.loc["S2 minus S1"]
    assert other["estimate"] == pytest.approx(-row["estimate"])
    assert other["p_asymptotic"] == pytest.approx(row["p_asymptotic"])
