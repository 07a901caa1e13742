"""Every function of survival on data at the edge: nothing crashes, and what is missing is said."""

import numpy as np
import pandas as pd
import pytest

from omicsfuse.core.errors import CohortError
from omicsfuse.core.results import SurvivalComparison
from omicsfuse.stats.covariates import combined_strata
from omicsfuse.survival.added_value import added_value
from omicsfuse.survival.comparisons import logrank_table
from omicsfuse.survival.competing import cumulative_incidence
from omicsfuse.survival.cox import cox_table
from omicsfuse.survival.cox_model import CoxData, fit_cox
from omicsfuse.survival.curves import kaplan_meier, survival_at_times
from omicsfuse.survival.endpoint import compare_labels
from omicsfuse.survival.logrank import logrank_test, permutation_logrank
from omicsfuse.survival.models import fit_model, model_diagnostics
from omicsfuse.survival.proportional import proportional_hazards, time_varying_effects
from omicsfuse.survival.restricted_mean import restricted_means

P_COLUMNS = ("p", "p_asymptotic", "p_permutation", "fdr")


def people(n: int, k: int = 2) -> pd.Series:
    return pd.Series([f"S{i % k + 1}" for i in range(n)], index=[f"P{i}" for i in range(n)])


def survival_of(labels: pd.Series, time: object, event: object, **more: object) -> pd.DataFrame:
    return pd.DataFrame({"time": time, "event": event, **more}, index=labels.index)


def everything(
    labels: pd.Series, survival: pd.DataFrame, age: object = None, **options: object
) -> SurvivalComparison:
    """All of it: covariates, strata, trend, permutations and bootstrap."""
    values = np.arange(len(labels)) * 7 % 31 + 40.0 if age is None else age
    terms = pd.DataFrame({"age": values}, index=labels.index)
    sites = pd.Series(["a", "b", "b"] * len(labels), name="site")[: len(labels)]
    options = {"n_permutations": 49, "n_bootstrap": 5, "unit": "days"} | options
    return compare_labels(
        labels, survival, "os", covariates=terms, strata=sites.set_axis(labels.index),
        order_by=terms["age"], **options,
    )  # fmt: skip


def p_values(found: SurvivalComparison) -> np.ndarray:
    tables = (
        found.tests, found.cox, found.restricted_means, found.proportional, found.time_varying,
        found.added_value,
    )  # fmt: skip
    values = [
        table[column].to_numpy(dtype=float)
        for table in tables
        for column in P_COLUMNS
        if column in table
    ]
    return np.concatenate(values)


@pytest.mark.parametrize(
    ("n", "time", "event"),
    [
        (2, [1.0, 2.0], [1, 1]),
        (2, [0.0, 0.0], [0, 1]),
        (30, np.arange(30.0), np.zeros(30)),
        (30, np.zeros(30), np.zeros(30)),
        (30, np.arange(30.0), np.arange(30) == 3),
    ],
    ids=["two patients", "two at zero", "nobody with events", "nothing at all", "one event"],
)
def test_too_little_gives_no_p_and_a_reason(n: int, time: object, event: object) -> None:
    labels = people(n)
    found = everything(labels, survival_of(labels, time, np.array(event) * 1))
    assert np.isnan(p_values(found)).all()
    for table in (found.tests, found.cox, found.proportional, found.added_value):
        assert (table["note"] != "").all()
    pairs = found.restricted_means["comparison"].str.contains("minus")
    assert found.restricted_means.loc[pairs, "note"].str.startswith("no p-value").all()
    assert found.calibration.empty
    assert found.decision.empty


@pytest.mark.parametrize("at", [0.0, 5.0])
def test_everyone_has_the_event_at_one_time(at: float) -> None:
    labels = people(40)
    found = everything(labels, survival_of(labels, at, 1))
    tests = found.tests.set_index("comparison")
    assert tests["p_asymptotic"].isna().all()
    assert (found.curves.groupby("subtype")["survival"].last() == 0).all()
    assert np.isnan(found.restricted_means["p_asymptotic"]).all()
    late = found.time_varying[found.time_varying["period"] == "late"]
    assert late["note"].str.contains("no patient is at risk in this period").all()
    value = found.added_value.set_index("measure")["estimate"]
    assert value.loc["concordance (Harrell)"].isna().all()


def test_twenty_subtypes() -> None:
    labels = people(120, 20)
    rng = np.random.default_rng(0)
    survival = survival_of(labels, rng.exponential(900, 120), (rng.random(120) < 0.8) * 1)
    found = everything(labels, survival, n_permutations=9)
    assert len(found.tests) == 1 + 190 + 2
    assert found.tests["comparison"].iloc[19] == "S1 vs S20"
    assert (found.cox["model"] == "univariable").sum() == 19
    assert found.cox["note"].str.startswith("not estimated: ").any()  # too few events for 20 terms


def test_a_subtype_without_follow_up_is_never_at_risk() -> None:
    labels = people(45, 3)
    time = np.where(labels == "S3", 0.0, np.arange(45) + 1)
    found = everything(labels, survival_of(labels, time, (labels != "S3") * 1))
    tests = found.tests.set_index("comparison")
    assert tests.loc["overall", "note"] == "no asymptotic p-value: no events in S3"
    assert tests.loc["overall", "chi2"] == pytest.approx(tests.loc["S1 vs S2", "chi2"])
    assert tests.loc["S1 vs S3", "note"].startswith(
        "no p-value: no event with two subtypes at risk"
    )
    means = found.restricted_means.set_index("comparison")
    # A pair has its own truncation time: S3 spoils only what it is part of.
    assert means["tau"].tolist() == [0, 0, 0, 44, 0, 0]
    known = means[["p_asymptotic", "p_permutation"]].notna().all(axis=1)
    assert known[known].index.tolist() == ["S2 minus S1"]


def test_subtypes_of_equal_place_have_no_trend() -> None:
    labels = people(40)
    survival = survival_of(labels, np.arange(40) + 1.0, 1)
    dose = pd.Series(3.0, index=labels.index, name="dose")
    row = logrank_table(labels, survival, "os", 19, order_by=dose).iloc[-1]
    assert row["comparison"] == "trend over dose"
    assert row["note"] == "no p-value: the subtypes have the same mean of dose"
    assert np.isnan(row["chi2"])
    nobody = dose.where(labels == "S1")
    row = logrank_table(labels, survival, "os", 19, order_by=nobody).iloc[-1]
    assert row["note"] == "only one subtype: no comparison"


def test_a_stratum_for_each_patient_compares_nobody() -> None:
    labels = people(30)
    survival = survival_of(labels, np.arange(30) + 1.0, 1)
    own = pd.Series(labels.index, index=labels.index, name="id")
    row = logrank_table(labels, survival, "os", 19, strata=own).iloc[-1]
    assert row["note"] == "no p-value: no event with two subtypes at risk"
    age = pd.DataFrame({"age": np.arange(30.0) % 7}, index=labels.index)
    table = cox_table(survival, age, "os", "m", own)
    assert table.loc[0, "note"] == "not estimated: the model did not converge"
    # As they come from a clinical table, rare strata are pooled.
    assert set(combined_strata(own.to_frame(), ["id"])) == {"other"}


def test_patients_of_unknown_stratum_are_left_out_and_counted() -> None:
    labels = people(40)
    survival = survival_of(labels, np.arange(40) + 1.0, 1)
    site = pd.Series(["a", "b"] * 20, index=labels.index, name="site").where(np.arange(40) > 3)
    row = logrank_table(labels, survival, "os", 19, strata=site).iloc[-1]
    assert row["n"] == 36
    age = pd.DataFrame({"age": np.arange(40.0) % 7}, index=labels.index)
    table = cox_table(survival, age, "os", "m", site)
    assert table.loc[0, "note"] == "4 of 40 patients excluded: missing site"


# ---- late entry


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ([0.0, 2.0, 0.0], r"1 patients enter at or after the end .*entry 2.0, time 2.0 at posit"),
        ([0.0, 5.0, 7.0], r"2 patients enter at or after the end"),
        ([np.nan, 0.0, 0.0], r"or have no entry time \(first: entry nan, time 1.0 at posit"),
        ([0.0], r"entry has shape \(1,\) and time \(3,\)"),
    ],
)
def test_refuses_impossible_entries(entry: list[float], message: str) -> None:
    time, event = np.array([1.0, 2.0, 3.0]), np.ones(3, dtype=int)
    with pytest.raises(CohortError, match=message):
        logrank_test(time, event, ["a", "b", "a"], entry=entry)
    with pytest.raises(CohortError, match=message):
        permutation_logrank(time, event, ["a", "b", "a"], 9, entry=entry)
    with pytest.raises(CohortError, match=message):
        fit_cox(CoxData(time, event, np.arange(3.0), None, entry))
    if len(entry) == 3:
        labels = pd.Series(["S1", "S2", "S1"])
        survival = pd.DataFrame({"time": time, "event": event, "cause": event, "entry": entry})
        with pytest.raises(CohortError, match=r"enter at or after"):
            kaplan_meier(labels, survival)
        with pytest.raises(CohortError, match=r"enter at or after"):
            cumulative_incidence(labels, survival, "os", {1: "x", 2: "y"})


def test_late_entry_leaves_out_what_needs_everybody_from_the_start() -> None:
    labels = people(60)
    rng = np.random.default_rng(1)
    time = rng.integers(2, 900, 60).astype(float)
    survival = survival_of(labels, time, 1, entry=np.floor(time * 0.4))
    found = everything(labels, survival)
    assert found.restricted_means.empty
    assert found.added_value["measure"].tolist() == ["likelihood ratio"]
    assert found.added_value["note"].str.startswith("left truncation").all()
    assert 0 < found.added_value.loc[0, "p"] <= 1
    assert found.calibration.empty
    assert found.cox["hr"].notna().all()
    assert found.time_varying["hr"].notna().all()
    assert (found.curves.groupby("subtype")["at_risk"].first() == 0).all()


# ---- models


def test_collinear_terms_and_covariates_missing_in_all() -> None:
    labels = people(60)
    survival = survival_of(labels, np.arange(60) + 1.0, 1)
    found = everything(labels, survival, age=(labels == "S2") * 2.0 + 1)
    adjusted = found.cox[found.cox["model"] == "multivariable"]
    assert adjusted["note"].str.contains("not estimated: the terms are collinear").all()
    inflation = found.diagnostics.loc[
        found.diagnostics["model"] == "multivariable", "variance_inflation"
    ]
    assert np.isinf(inflation).all()
    assert found.added_value.loc[0, "note"] == "not compared: the terms are collinear"
    missing = everything(labels, survival, age=np.nan)
    assert missing.cox.loc[missing.cox["model"] == "univariable", "hr"].notna().all()
    note = missing.cox.loc[missing.cox["term"] == "age", "note"]
    assert note.str.contains("no known value").all()


def test_a_model_without_fit_has_empty_company() -> None:
    survival = pd.DataFrame({"time": np.arange(1.0, 6), "event": 1})
    terms = pd.DataFrame({"x": np.arange(5.0), "y": 1.0})
    model = fit_model(survival, terms, "os", "m")
    assert model.reason == "5 events, fewer than the 10 for 1 term"
    tests, residuals = proportional_hazards(model)
    assert tests["note"].tolist() == [model.reason]
    assert residuals.empty
    assert time_varying_effects(model, terms).empty
    table = model_diagnostics(model)
    assert table["method"].tolist() == ["not fitted", "not fitted"]
    assert table["variance_inflation"].isna().tolist() == [False, True]


def test_a_penalised_model_is_not_tested_for_proportionality() -> None:
    x = np.repeat([0.0, 1.0], 20)
    survival = pd.DataFrame({"time": np.arange(40) + 1.0, "event": (x == 0) * 1})
    terms = pd.DataFrame({"x": x})
    model = fit_model(survival, terms, "os", "m")
    assert model.fit is not None
    assert model.fit.penalised
    tests, _ = proportional_hazards(model)
    assert tests["note"].tolist() == ["not tested: the model has Firth's penalty"]
    assert model_diagnostics(model)["method"].tolist() == ["Efron, Firth penalty"]
    value = added_value(
        survival, terms, pd.DataFrame({"age": np.arange(40.0) % 9}), "os", "days", 0
    ).measures
    assert np.isnan(value.loc[0, "p"])
    assert value.loc[0, "note"].startswith("a group has no events")


# ---- added value


def bootstrap_data() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(2)
    survival = pd.DataFrame({"time": rng.exponential(900, 80), "event": (rng.random(80) < 0.7) * 1})
    rare = pd.DataFrame({"S2 vs S1": (np.arange(80) < 2) * 1.0})
    return survival, rare, pd.DataFrame({"age": rng.normal(60, 9, 80)})


def test_no_bootstrap_leaves_intervals_out() -> None:
    found = added_value(*bootstrap_data(), "os", "days", n_bootstrap=0).measures
    assert found["estimate"].notna().all()
    assert found[["ci_low", "ci_high", "optimism", "corrected"]].isna().all(axis=None)
    assert (found["note"] == "").all()


def test_a_rare_subtype_vanishes_from_some_samples() -> None:
    # Two of 80 patients: about 13% of the samples have neither, and fit the covariates alone.
    survival, rare, age = bootstrap_data()
    found = added_value(survival, rare, age, "os", "days", 30, random_state=1)
    rows = found.measures.iloc[1:]
    assert rows[["estimate", "corrected"]].notna().all(axis=None)
    again = added_value(survival, rare, age, "os", "days", 30, random_state=1)
    pd.testing.assert_frame_equal(again.measures, found.measures)
    other = added_value(survival, rare, age, "os", "days", 30, random_state=2)
    assert not other.measures["corrected"].equals(found.measures["corrected"])


def test_everyone_censored_at_one_time() -> None:
    survival, rare, age = bootstrap_data()
    ended = survival.assign(
        event=survival["event"].where(survival["time"] < 800, 0),
        time=survival["time"].clip(upper=800),
    )
    found = added_value(ended, rare, age, "os", "days", 5).measures
    scores = found.set_index(["measure", "model"])["estimate"]
    assert 0 < scores["integrated Brier score", "clinical"] < 0.3
    assert found.iloc[1:]["corrected"].notna().all()


def test_chance_adds_nothing_once_corrected() -> None:
    rng = np.random.default_rng(5)
    gains = []
    for _ in range(4):
        survival = pd.DataFrame({"time": rng.exponential(900, 70), "event": 1})
        groups = pd.DataFrame(rng.integers(0, 2, (70, 3)) * 1.0, columns=["a", "b", "c"])
        age = pd.DataFrame({"age": rng.normal(size=70)})
        table = added_value(survival, groups, age, "os", "days", 30).measures
        row = table[
            (table["measure"] == "concordance (Harrell)") & (table["model"] == "difference")
        ]
        gains.append(row[["estimate", "corrected"]].to_numpy(dtype=float)[0])
    apparent, corrected = np.mean(gains, axis=0)
    assert apparent > 0.01
    assert corrected < apparent / 2


# ---- competing events


def test_a_cause_that_nobody_has() -> None:
    labels = people(40)
    cause = np.arange(40) % 2
    survival = survival_of(labels, np.arange(40) + 1.0, cause, cause=cause)
    causes = {1: "cancer", 2: "other"}
    table = cumulative_incidence(labels, survival, "os", causes)
    other = table[table["cause"] == "other"]
    assert (other["incidence"] == 0).all()
    assert other[["ci_low", "ci_high"]].isna().all(axis=None)
    found = everything(labels, survival, causes=causes)
    pd.testing.assert_frame_equal(found.incidence, table)
    said = "competing events: prediction measures not computed"
    assert found.added_value["note"].str.endswith(said).all()
    # One cause alone: one minus Kaplan-Meier.
    curves, _ = kaplan_meier(labels, survival)
    for name in ("S1", "S2"):
        own = table[(table["subtype"] == name) & (table["cause"] == "cancer")]
        curve = curves[(curves["subtype"] == name)].set_index("time")["survival"]
        np.testing.assert_allclose(own["incidence"], 1 - curve.loc[own["time"]], atol=1e-12)


def test_incidences_and_survival_add_to_one() -> None:
    rng = np.random.default_rng(3)
    labels = people(80)
    cause = rng.integers(0, 3, 80)
    survival = survival_of(labels, rng.integers(1, 20, 80) * 1.0, (cause == 1) * 1, cause=cause)
    table = cumulative_incidence(labels, survival, "os", {1: "cancer", 2: "other"})
    curves, _ = kaplan_meier(labels, survival.assign(event=(cause > 0) * 1))
    for name in ("S1", "S2"):
        own = table[table["subtype"] == name].groupby("time")["incidence"].sum()
        curve = curves[curves["subtype"] == name].set_index("time")["survival"]
        np.testing.assert_allclose(own, 1 - curve.loc[own.index], atol=1e-12)
    known = table.dropna()
    assert (known["ci_low"] <= known["incidence"]).all()
    assert (known["incidence"] <= known["ci_high"]).all()


def test_nobody_has_any_event() -> None:
    labels = people(12)
    survival = survival_of(labels, 5.0, 0, cause=0)
    table = cumulative_incidence(labels, survival, "os", {1: "cancer", 2: "other"})
    assert table["time"].tolist() == [0.0, 5.0] * 4
    assert table["incidence"].tolist() == [0.0] * 8


# ---- times


@pytest.mark.parametrize(
    ("unit", "per_year"), [("days", 365.25), ("weeks", 365.25 / 7), ("months", 12), ("years", 1)]
)
def test_years_in_every_unit(unit: str, per_year: float) -> None:
    survival = pd.DataFrame({"time": np.array([0.5, 2, 4, 6]) * per_year, "event": 1})
    curves, _ = kaplan_meier(pd.Series("S1", index=range(4)), survival)
    table = survival_at_times(curves, "os", unit)
    assert table["survival"].tolist() == pytest.approx([0.75, 0.5, 0.25])
    assert table["at_risk"].tolist() == [3, 2, 1]
    short, _ = kaplan_meier(pd.Series("S1", index=range(4)), survival.assign(event=0, time=0.1))
    assert survival_at_times(short, "os", unit)["survival"].isna().all()


def test_one_subtype_has_a_mean_and_no_difference() -> None:
    labels = people(20, 1)
    table = restricted_means(labels, survival_of(labels, np.arange(20) + 1.0, 1), "os")
    assert table["comparison"].tolist() == ["S1"]
    assert table.loc[0, "estimate"] == pytest.approx(10.5)


def test_why_there_is_no_likelihood_ratio_is_said_beside_competing_events() -> None:
    labels = people(80)
    rng = np.random.default_rng(1)
    event = (labels == "S1").to_numpy() * 1  # nobody of S2 has the event
    survival = survival_of(labels, rng.integers(1, 99, 80) * 1.0, event, cause=event)
    age = pd.DataFrame({"age": rng.normal(size=80)}, labels.index)
    second = pd.DataFrame({"S2 vs S1": (labels == "S2") * 1.0})
    row = added_value(survival, second, age, "dss", "days", 2, competing=True).measures.iloc[0]
    assert np.isnan(row["p"])
    assert row["note"] == (
        "a group has no events; see the penalised Cox model; competing events: "
        "prediction measures not computed"
    )
