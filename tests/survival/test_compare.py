"""Survival of subtypes as a whole: on planted subtypes, on real cohorts, and with little data."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omicsfuse.core.cohort import Cohort, Endpoint, Exclusion, Layer
from omicsfuse.core.errors import CohortError, OmicsfuseWarning, StudyError
from omicsfuse.core.results import Subtypes, SurvivalComparison
from omicsfuse.datasets import SimulatedCohort, simulate_cohort
from omicsfuse.pipeline.asked import covariate_terms
from omicsfuse.stats.covariates import as_terms
from omicsfuse.survival import compare_survival
from omicsfuse.survival.comparisons import logrank_table
from omicsfuse.survival.cox import cox_table
from omicsfuse.survival.endpoint import compare_labels
from omicsfuse.survival.restricted_mean import restricted_means


def subtypes_of(labels: pd.Series) -> Subtypes:
    return Subtypes(labels=labels, evidence={}, params={})


def planted(simulated: SimulatedCohort) -> Subtypes:
    discovery = simulated.discovery.clinical.index
    return subtypes_of("S" + simulated.truth.loc[discovery].astype(str))


def test_planted_subtypes_differ_in_survival() -> None:
    simulated = simulate_cohort(200, n_external=0, n_genes=100, hazard_ratio=3, random_state=2)
    found = compare_survival(
        planted(simulated), simulated.discovery, "os", n_permutations=500, n_bootstrap=20
    )
    assert isinstance(found, SurvivalComparison)
    assert (found.endpoint, found.unit) == ("os", "days")
    overall = found.tests.iloc[0]
    assert overall["p_asymptotic"] < 1e-4
    assert overall["p_permutation"] == pytest.approx(1 / 501)
    univariable = found.cox[found.cox["model"] == "univariable"].set_index("term")
    assert univariable.index.tolist() == ["S2 vs S1", "S3 vs S1"]
    assert 1.5 < univariable.loc["S2 vs S1", "hr"] < univariable.loc["S3 vs S1", "hr"] < 25
    adjusted = found.cox[found.cox["model"] == "multivariable"].set_index("term")
    assert adjusted.index.tolist() == ["S2 vs S1", "S3 vs S1", "age", "stage (per step)"]
    assert adjusted.loc["S3 vs S1", "p"] < 0.001
    assert set(found.curves["subtype"]) == {"S1", "S2", "S3"}
    assert found.medians["n"].sum() == 200
    assert found.exclusions == ()


def test_subtypes_without_effect_do_not() -> None:
    simulated = simulate_cohort(200, n_external=0, n_genes=100, hazard_ratio=1, random_state=2)
    found = compare_survival(
        planted(simulated), simulated.discovery, "os", n_permutations=200, n_bootstrap=20
    )
    assert found.tests.loc[0, "p_asymptotic"] > 0.01
    assert found.tests.loc[0, "p_permutation"] > 0.01


def test_same_seed_same_numbers(simulated: SimulatedCohort) -> None:
    subtypes = planted(simulated)
    first, again, other = (
        compare_survival(
            subtypes, simulated.discovery, random_state=seed, n_permutations=300, n_bootstrap=20
        )
        for seed in (1, 1, 2)
    )
    for name in ("tests", "cox", "curves", "medians", "added_value"):
        pd.testing.assert_frame_equal(getattr(first, name), getattr(again, name))
    assert not first.tests["p_permutation"].equals(other.tests["p_permutation"])
    pd.testing.assert_series_equal(first.tests["chi2"], other.tests["chi2"])


def test_covariates_are_the_cohorts_or_those_asked_for(simulated: SimulatedCohort) -> None:
    subtypes, cohort = planted(simulated), simulated.discovery
    none = compare_survival(subtypes, cohort, covariates=(), n_permutations=0, n_bootstrap=20)
    assert set(none.cox["model"]) == {"univariable"}
    sex = compare_survival(subtypes, cohort, covariates=["sex"], n_permutations=0, n_bootstrap=20)
    terms = sex.cox.loc[sex.cox["model"] == "multivariable", "term"].tolist()
    assert terms[2:] in (["sex: male vs female"], ["sex: female vs male"])
    with pytest.raises(StudyError, match=r'covariate "agee" is not a column.*"age"'):
        compare_survival(subtypes, cohort, covariates=["agee"], n_permutations=0)


def test_patients_without_endpoint_subtype_or_covariate_are_counted(
    simulated: SimulatedCohort,
) -> None:
    cohort = simulated.discovery
    clinical = cohort.clinical.copy()
    clinical.iloc[:3, clinical.columns.get_loc("os_time")] = np.nan
    clinical.iloc[10:14, clinical.columns.get_loc("age")] = np.nan
    clinical["centre"] = "one"
    changed = replace(cohort, clinical=clinical)
    labels = planted(simulated).labels.iloc[:-5]
    said = "survival of os: not adjusted for centre: the same value in all patients"
    with pytest.warns(OmicsfuseWarning, match=said):
        found = compare_survival(
            subtypes_of(labels),
            changed,
            covariates=["age", "centre"],
            n_permutations=0,
            n_bootstrap=20,
        )
    n = len(clinical) - 3 - 5
    assert found.tests.loc[0, "n"] == n
    assert found.medians["n"].sum() == n
    adjusted = found.cox[found.cox["model"] == "multivariable"].set_index("term")
    assert set(adjusted["n"]) == {n - 4}
    assert adjusted.loc["age", "note"] == f"4 of {n} patients excluded: missing age"
    assert adjusted.loc["centre", "note"] == "not adjusted: the same value in all patients"
    assert np.isnan(adjusted.loc["centre", "hr"])
    # Each once: three without a time, as the cohort counts them, and five without a subtype.
    assert [(exclusion.step, exclusion.count) for exclusion in found.exclusions] == [
        ("survival", 3),
        ("survival", 5),
    ]
    assert found.exclusions[0].reason == "os: time or event missing, excluded"
    assert found.exclusions[1].reason == "with 'os', without a subtype"


def test_a_patient_without_subtype_and_time_is_counted_once(simulated: SimulatedCohort) -> None:
    cohort = simulated.discovery
    clinical = cohort.clinical.copy()
    clinical.iloc[:4, clinical.columns.get_loc("os_event")] = np.nan
    labels = planted(simulated).labels.drop(clinical.index[[0, 1, 8]])
    found = compare_survival(
        subtypes_of(labels), replace(cohort, clinical=clinical), n_permutations=0, n_bootstrap=20
    )
    assert [exclusion.count for exclusion in found.exclusions] == [4, 1]
    assert found.tests.loc[0, "n"] == len(clinical) - 5


def test_labelled_patients_unknown_to_the_endpoint_are_still_counted() -> None:
    survival = pd.DataFrame({"time": np.arange(1.0, 31), "event": 1})
    labels = pd.Series(["S1", "S2"] * 17)
    kwargs = {"endpoint": "os", "unit": "days", "n_permutations": 0}
    (exclusion,) = compare_labels(labels, survival, **kwargs).exclusions
    assert (exclusion.count, exclusion.examples) == (4, ("30", "31", "32", "33"))
    (exclusion,) = compare_labels(labels, survival, **kwargs, counted=[30, 31, 32]).exclusions
    assert (exclusion.count, exclusion.examples) == (1, ("33",))


def test_what_was_lost_before_comes_first() -> None:
    survival = pd.DataFrame({"time": np.arange(1.0, 31), "event": 1})
    before = Exclusion("verify", "external", "genes", 7, "not found")
    found = compare_labels(
        pd.Series(["S1", "S2"] * 14 + [None] * 2),
        survival,
        "os",
        "months",
        n_permutations=0,
        exclusions=[before],
    )
    assert found.unit == "months"
    assert found.exclusions[0] is before
    assert found.exclusions[1].examples == ("28", "29")


def test_notes_of_encoding_stand_beside_the_terms() -> None:
    rng = np.random.default_rng(3)
    n = 120
    survival = pd.DataFrame({"time": rng.exponential(size=n), "event": 1})
    labels = pd.Series(rng.choice(["S1", "S2"], n))
    covariates = pd.DataFrame(
        {
            "site": ["ear"] * 3 + ["lip"] * 4 + ["neck"] * 60 + ["arm"] * 53,
            "age": rng.normal(size=n),
        }
    )
    cox = compare_labels(labels, survival, "os", "days", covariates, n_permutations=0).cox
    adjusted = cox[cox["model"] == "multivariable"].set_index("term")
    assert adjusted.index.tolist() == [
        "S2 vs S1",
        "site: arm vs neck",
        "site: other vs neck",
        "age",
    ]
    assert adjusted["covariate"].tolist() == ["", "site", "site", "age"]
    assert "pooled as other: ear, lip" in adjusted.loc["site: other vs neck", "note"]
    assert adjusted.loc[["S2 vs S1", "age"], "note"].tolist() == ["", ""]


def test_the_first_present_subtype_is_the_reference() -> None:
    survival = pd.DataFrame({"time": np.arange(1.0, 31), "event": 1})
    found = compare_labels(
        pd.Series(["S10", "S2", "S3"] * 10), survival, "os", "days", n_permutations=0
    )
    assert found.cox["term"].tolist() == ["S3 vs S2", "S10 vs S2"]
    assert found.medians.index.tolist() == ["S2", "S3", "S10"]


def test_one_subtype_only() -> None:
    survival = pd.DataFrame({"time": np.arange(1.0, 31), "event": 1})
    found = compare_labels(
        pd.Series("S1", index=range(30)), survival, "os", "days", survival[["time"]]
    )
    assert found.tests["note"].tolist() == ["only one subtype: no comparison"]
    assert found.cox.empty
    fitted = cox_table(survival, survival[["time"]], "os", "univariable")
    assert found.cox.columns.tolist() == [*fitted.columns, "covariate", "reason"]
    assert found.medians.index.tolist() == ["S1"]


def test_everybody_censored_and_tiny_groups() -> None:
    labels = pd.Series(["S1"] * 9 + ["S2"] * 2 + ["S3"])
    survival = pd.DataFrame({"time": np.arange(1.0, 13), "event": 0})
    covariates = pd.DataFrame({"age": np.arange(12.0)})
    found = compare_labels(labels, survival, "os", "days", covariates)
    assert found.tests["note"].str.startswith("no p-value: 0 events").all()
    assert found.cox["note"].str.startswith("not estimated: 0 events").all()
    assert found.cox["hr"].isna().all()
    assert found.medians["median"].isna().all()
    one = compare_labels(labels, survival.assign(event=[1] + [0] * 11), "os", "days", covariates)
    assert set(one.tests["events"]) == {1, 0}
    assert one.tests["p_asymptotic"].isna().all()


@pytest.mark.parametrize("last", [0.0, 1.0])
def test_nobody_followed_beyond_the_median_event_time_is_no_fault(last: float) -> None:
    patients = [f"P{i}" for i in range(40)]
    labels = pd.Series(["S1", "S2"] * 20, patients)
    time = np.r_[np.zeros(8), np.full(32, last)]
    survival = pd.DataFrame({"time": time, "event": [1, 0, 1, 1] * 10}, patients)
    covariates = pd.DataFrame({"age": np.arange(40.0) % 17}, patients)
    found = compare_labels(
        labels, survival, "os", "years", covariates, n_permutations=9, n_bootstrap=10
    )
    late = found.time_varying[found.time_varying["period"] == "late"]
    assert (late["note"] == "not estimated: no patient is at risk in this period").all()
    assert (late["n"] == 0).all()
    integrated = found.added_value[found.added_value["measure"] == "integrated Brier score"]
    assert len(integrated)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 100_000), st.integers(1, 70), st.integers(1, 4))
def test_every_row_has_its_numbers_or_a_reason(seed: int, n: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    labels = pd.Series(rng.choice(["S1", "S2", "S3", "S4"][:k], n))
    survival = pd.DataFrame(
        {
            "time": rng.integers(0, rng.choice([2, 10, 1000]), n) * 1.0,
            "event": (rng.random(n) < rng.choice([0.1, 0.5, 0.95])) * 1,
        }
    )
    if seed % 3 == 0:
        survival["event"] = survival["event"].where(labels != "S1", 0)
    covariates = pd.DataFrame(
        {"age": rng.normal(60, 10, n), "grade": rng.choice(["G1", "G2", "G3", None], n)}
    )
    found = compare_labels(labels, survival, "os", "days", covariates, n_permutations=9)
    cox, numbers = found.cox, ["hr", "hr_ci_low", "hr_ci_high", "p"]
    estimated = cox["hr"].notna()
    assert np.isfinite(cox.loc[estimated, numbers].to_numpy(dtype=float)).all()
    assert cox.loc[~estimated, numbers].isna().all(axis=None)
    assert (cox.loc[~estimated, "note"] != "").all()
    tests = found.tests
    tested = tests["p_asymptotic"].notna()
    assert (tests.loc[tested, "events"] >= 10).all()
    assert tests.loc[tested, ["chi2", "p_permutation"]].notna().all(axis=None)
    assert (tests.loc[~tested, "note"] != "").all()
    assert (found.curves.groupby("subtype")["time"].min() == 0).all()
    assert found.medians["events"].sum() == survival["event"].sum()


def test_refusals_name_the_cause(simulated: SimulatedCohort) -> None:
    subtypes = planted(simulated)
    with pytest.raises(CohortError, match="pfs"):
        compare_survival(subtypes, simulated.discovery, "pfs")
    bare = Cohort("bare", simulated.discovery.omics)
    with pytest.raises(CohortError, match="clinical table"):
        compare_survival(subtypes, bare, "os")
    strangers = subtypes_of(subtypes.labels.add_prefix("X"))
    with pytest.raises(
        StudyError, match=r"none of the 90 patients with a subtype.*same identifiers"
    ):
        compare_survival(strangers, simulated.discovery, "os")
    followed = simulated.discovery.survival("os")
    with pytest.raises(CohortError, match=r"none of the 90 patients with a subtype.*identifiers"):
        logrank_table(strangers.labels, followed, "os")


def test_real_hpv_status(real_data: Path) -> None:
    folder = real_data / "tcga_hnsc_radiogenomic"
    clinical = pd.read_csv(folder / "clinical.tsv", sep="\t", index_col="sample")
    table = pd.read_csv(folder / "cn_arm.tsv.gz", sep="\t", index_col=0)
    cohort = Cohort(
        "hnsc",
        {"arms": Layer("continuous", table)},
        clinical,
        {"os": Endpoint("time", "event")},
        ("age", "stage"),
    )
    labels = clinical["hpv_status"].dropna()
    found = compare_survival(subtypes_of(labels), cohort, "os", n_permutations=200, n_bootstrap=20)
    overall = found.tests.iloc[0]
    assert overall["n"] == 82
    assert overall["events"] == clinical.loc[labels.index, "event"].sum()
    # Two subtypes: the only pair is the overall test.
    pair = found.tests.iloc[1]
    numbers = ["n", "events", "chi2", "p_asymptotic", "p_permutation", "p_ci_low", "p_ci_high"]
    assert pair[numbers].tolist() == overall[numbers].tolist()
    assert pair["fdr"] == pair["p_permutation"]
    assert found.cox["hr"].notna().all()
    plain = logrank_table(labels, cohort.survival("os"), "os", n_permutations=200)
    pd.testing.assert_frame_equal(plain, found.tests)


def test_restricted_means_without_an_event_in_a_subtype_claim_no_certainty() -> None:
    patients = [f"P{i}" for i in range(40)]
    labels = pd.Series(["S1"] * 20 + ["S2"] * 20, patients)
    survival = pd.DataFrame(
        {"time": np.r_[np.arange(1.0, 21), np.arange(1.0, 21) + 0.5], "event": [0] * 20 + [1] * 20},
        patients,
    )
    table = restricted_means(labels, survival, "os", 99).set_index("comparison")
    assert table.loc[["S1", "S2 minus S1"], ["ci_low", "ci_high"]].isna().all(axis=None)
    assert table.loc["S2", ["ci_low", "ci_high"]].notna().all()
    assert table.loc["S2 minus S1", "note"] == "no asymptotic p-value: no variance in S1"
    assert np.isnan(table.loc["S2 minus S1", "p_asymptotic"])
    assert table.loc["S2 minus S1", "p_permutation"] < 0.05


def test_a_single_event_is_singular() -> None:
    patients = [f"P{i}" for i in range(20)]
    survival = pd.DataFrame({"time": np.arange(20) + 1.0, "event": [0] * 19 + [1]}, patients)
    found = compare_labels(pd.Series(["S1", "S2"] * 10, patients), survival, "os", "days")
    assert found.tests.loc[0, "note"] == "no p-value: 1 event, fewer than 10"
    assert found.cox.loc[0, "note"] == "not estimated: 1 event, fewer than the 10 for 1 term"


def test_covariates_that_all_fall_out_leave_rows_that_say_so(simulated: SimulatedCohort) -> None:
    cohort = simulated.discovery
    changed = replace(cohort, clinical=cohort.clinical.assign(age=np.nan))
    with pytest.warns(OmicsfuseWarning, match="survival of os: not adjusted for age: no"):
        found = compare_survival(
            planted(simulated), changed, covariates=["age"], n_permutations=0, n_bootstrap=0
        )
    row = found.cox[found.cox["model"] == "multivariable"].iloc[0]
    assert row[["term", "note"]].tolist() == ["age", "not adjusted: no known value"]
    assert np.isnan(row["hr"])
    assert found.cox["model"].tolist()[-1] == "multivariable"


def test_strata_and_terms_are_judged_on_the_patients_of_the_analysis(
    simulated: SimulatedCohort,
) -> None:
    cohort, subtypes = simulated.discovery, planted(simulated)
    sites = pd.Series("A", cohort.clinical.index)
    sites.iloc[20:50], sites.iloc[50:52], sites.iloc[52:54] = "B", "C", "D"
    alone = replace(cohort, clinical=cohort.clinical.assign(site=sites), strata=("site",))
    # Patients of no layer make C and D frequent, which says nothing about those compared.
    more = cohort.clinical.iloc[:20].assign(site=["C"] * 10 + ["D"] * 10)
    more.index = [f"X{i:02d}" for i in range(20)]
    both = replace(cohort, clinical=pd.concat([alone.clinical, more]), strata=("site",))
    few = {"covariates": ["site"], "n_permutations": 0, "n_bootstrap": 0}
    first, second = (compare_survival(subtypes, one, **few) for one in (alone, both))
    pd.testing.assert_frame_equal(first.cox, second.cox)
    pd.testing.assert_frame_equal(first.tests, second.tests)
    terms = covariate_terms(both, ["site"], subtypes.labels.index).terms
    assert set(terms.columns) <= set(first.cox["term"])
    table = both.clinical[["site"]]
    given = as_terms(table, "markers", subtypes.labels.index)
    assert given is not None
    pd.testing.assert_frame_equal(given.terms, terms)
