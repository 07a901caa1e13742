"""Cox models against R's survival, and what is said where there is no estimate."""

import numpy as np
import pandas as pd
import pytest

from omicsfuse.core.errors import CohortError
from omicsfuse.survival.cox import PENALTY_NOTE, cox_table, hazard_ratio

NUMBERS = ["hr", "hr_ci_low", "hr_ci_high", "p"]


def survival_of(n: int, events: int) -> pd.DataFrame:
    """Patients 0 to n - 1 at times 1 to n; the first ``events`` of them have the event."""
    return pd.DataFrame({"time": np.arange(1.0, n + 1), "event": (np.arange(n) < events) * 1})


# R 4.2.2, survival 3.5-3, coxph(Surv(time, status) ~ sex, lung)
def test_hazard_ratio_equals_r(lung: pd.DataFrame) -> None:
    result = hazard_ratio(lung["time"], lung["status"], lung["sex"])
    assert (result.n, result.events, result.note) == (228, 165, "")
    assert np.log(result.hr) == pytest.approx(-0.5310235, abs=1e-7)
    found = (result.hr, result.ci_low, result.ci_high, result.p)
    expected = (0.588002818564, 0.423717830354, 0.815984813171, 0.00149122920488)
    assert found == pytest.approx(expected, rel=1e-8)


# R 4.2.2, survival 3.5-3, coxph(Surv(time, status) ~ sex + age + ph.ecog, lung)
def test_adjusted_model_equals_r_and_counts_the_missing(lung: pd.DataFrame) -> None:
    survival = lung[["time"]].assign(event=lung["status"])
    table = cox_table(survival, lung[["sex", "age", "ph.ecog"]], "os", "multivariable")
    assert table.columns.tolist() == [
        *("endpoint", "model", "term", "n", "events", "hr", "hr_ci_low", "hr_ci_high", "p", "note")
    ]
    assert table["term"].tolist() == ["sex", "age", "ph.ecog"]
    assert set(table["n"]) == {227}
    assert set(table["events"]) == {164}
    expected = [
        (0.57544455619, 0.414213018549, 0.799435127387, 9.86051372138e-04),
        (1.01112822772, 0.992928097170, 1.029661962242, 2.32415681000e-01),
        (1.58999119005, 1.272675177774, 1.986423581288, 4.44706665186e-05),
    ]
    np.testing.assert_allclose(table[NUMBERS], expected, rtol=1e-7)
    assert set(table["note"]) == {"1 of 228 patients excluded: missing ph.ecog"}


# R 4.2.2, survival 3.5-3, coxph(Surv(coarse, status) ~ celltype + trt + karno + age, veteran)
def test_heavy_ties_equal_r(veteran: pd.DataFrame) -> None:
    terms = pd.DataFrame(
        {name: (veteran["celltype"] == name) * 1.0 for name in ("smallcell", "adeno", "large")}
    ).join(veteran[["trt", "karno", "age"]])
    survival = pd.DataFrame({"time": veteran["coarse"], "event": veteran["status"]})
    table = cox_table(survival, terms, "os", "multivariable")
    expected = [
        (2.341066346297, 1.387345056440, 3.950417102309, 1.44067619091e-03),
        (2.982760509897, 1.673795327030, 5.315381227159, 2.09434836764e-04),
        (1.503861638808, 0.865644006935, 2.612621135893, 1.47627080219e-01),
        (1.382838889492, 0.929757902255, 2.056711096140, 1.09515604124e-01),
        (0.969622341724, 0.959545104303, 0.979805411288, 7.15134493971e-09),
        (0.993366782020, 0.975876023478, 1.011171029804, 4.62773726646e-01),
    ]
    np.testing.assert_allclose(table[NUMBERS], expected, rtol=1e-7)
    assert (table["note"] == "").all()


# R 4.2.2: penalised likelihood of coxph by optim, limits by uniroot (coxphf is not in Debian);
# Surv(time, some) ~ without + karno, veteran, and with time in months: tests/reference/
# survival_models.R. The optimiser's coefficients are good to about 1e-6.
@pytest.mark.parametrize(
    ("time", "expected"),
    [
        (
            "time",
            [
                (-4.1151749210712, -8.9520479706991, -2.1859087151866, 8.34123992392e-12),
                (-0.0302226072374, -0.0409335840256, -0.0195236624924, 3.91436452520e-08),
            ],
        ),
        (
            "coarse",
            [
                (-4.2149396581428, -9.0515769324976, -2.2870511616086, 6.33468472244e-13),
                (-0.0288159720238, -0.0394800367445, -0.0181649056379, 1.38195244214e-07),
            ],
        ),
    ],
)
def test_a_group_without_events_is_penalised_as_in_r(
    veteran: pd.DataFrame, time: str, expected: list[tuple[float, ...]]
) -> None:
    without = veteran["celltype"] == "large"
    survival = pd.DataFrame({"time": veteran[time], "event": veteran["status"].mask(without, 0)})
    terms = pd.DataFrame({"without": without * 1.0, "karno": veteran["karno"]})
    table = cox_table(survival, terms, "os", "univariable")
    found = np.column_stack([np.log(table[NUMBERS[:3]].to_numpy(dtype=float)), table["p"]])
    np.testing.assert_allclose(found[:, :3], np.array(expected)[:, :3], rtol=3e-6)
    np.testing.assert_allclose(found[:, 3], np.array(expected)[:, 3], rtol=1e-5)
    assert set(table["note"]) == {PENALTY_NOTE}


# R as above: firth(Surv(time, event) ~ S2 + S3), a patient of each group at times 1 to 20
def test_a_reference_group_without_events_is_penalised_as_in_r() -> None:
    group = np.arange(60) % 3
    survival = pd.DataFrame({"time": np.arange(60) // 3 + 1.0, "event": (group > 0) * 1})
    terms = pd.DataFrame({"S2 vs S1": (group == 1) * 1.0, "S3 vs S1": (group == 2) * 1.0})
    table = cox_table(survival, terms, "os", "univariable")
    expected = (3.77397434, 1.79293613596, 8.61963088853)
    for _, row in table.iterrows():
        assert np.log([row[name] for name in NUMBERS[:3]]) == pytest.approx(expected, rel=1e-7)
        assert row["p"] == pytest.approx(4.29912693667e-07, rel=1e-6)
    assert set(table["note"]) == {PENALTY_NOTE}


# R as above: firth(Surv(time, event) ~ x), 30 patients
def test_a_variable_that_orders_all_events_is_penalised_as_in_r() -> None:
    result = hazard_ratio(np.arange(1.0, 31), np.ones(30), -np.arange(30.0))
    found = np.log([result.hr, result.ci_low, result.ci_high])
    assert found == pytest.approx((4.04421905492, 2.1812704253, 8.86960085409), rel=1e-7)
    assert result.p == pytest.approx(1.62399040197e-32, rel=1e-5)
    assert result.note == PENALTY_NOTE


@pytest.mark.parametrize(("events", "given"), [(9, False), (10, True)])
def test_one_term_needs_ten_events(events: int, given: bool) -> None:
    terms = pd.DataFrame({"age": np.arange(40) % 7.0})
    table = cox_table(survival_of(40, events), terms, "os", "univariable")
    assert table[NUMBERS].notna().all(axis=None) == given
    told = "" if given else "not estimated: 9 events, fewer than the 10 for 1 term"
    assert table.loc[0, "note"] == told


@pytest.mark.parametrize(("events", "given"), [(14, False), (15, True)])
def test_three_terms_need_fifteen_events(events: int, given: bool) -> None:
    rng = np.random.default_rng(0)
    terms = pd.DataFrame(rng.normal(size=(40, 3)), columns=["a", "b", "c"])
    table = cox_table(survival_of(40, events), terms, "os", "multivariable")
    assert table[NUMBERS].notna().all(axis=None) == given
    if not given:
        assert set(table["note"]) == {"not estimated: 14 events, fewer than the 15 for 3 terms"}


def test_a_term_that_never_varies_is_left_out_of_the_model() -> None:
    terms = pd.DataFrame({"age": np.arange(40) % 7.0, "site": 1.0})
    both = cox_table(survival_of(40, 20), terms, "os", "multivariable").set_index("term")
    alone = cox_table(survival_of(40, 20), terms[["age"]], "os", "multivariable")
    assert both.loc["age", NUMBERS].tolist() == alone.loc[0, NUMBERS].tolist()
    assert both.loc["site", "note"] == "not estimated: the same value in all patients"
    assert both.loc["site", NUMBERS].isna().all()
    nothing = cox_table(survival_of(40, 20), terms[["site"]], "os", "univariable")
    assert nothing.loc[0, "note"] == "not estimated: the same value in all patients"


def test_terms_that_determine_one_another() -> None:
    age = np.arange(40) % 7.0
    terms = pd.DataFrame({"age": age, "age in months": 12 * age})
    table = cox_table(survival_of(40, 20), terms, "os", "multivariable")
    assert set(table["note"]) == {"not estimated: the terms are collinear"}
    assert table[NUMBERS].isna().all(axis=None)


def test_all_terms_missing_for_everybody() -> None:
    terms = pd.DataFrame({"age": [np.nan] * 20})
    table = cox_table(survival_of(20, 15), terms, "os", "univariable")
    assert table.loc[0, ["n", "events"]].tolist() == [0, 0]
    assert "20 of 20 patients excluded: missing age" in table.loc[0, "note"]


def test_location_and_scale_of_a_term(lung: pd.DataFrame) -> None:
    plain = hazard_ratio(lung["time"], lung["status"], lung["age"])
    shifted = hazard_ratio(lung["time"], lung["status"], 1e6 + 1e-3 * lung["age"])
    assert shifted.p == pytest.approx(plain.p, rel=1e-4)
    assert np.log(shifted.hr) == pytest.approx(1e3 * np.log(plain.hr), rel=1e-4)


def test_patients_without_the_variable_are_counted() -> None:
    x = np.where(np.arange(30) < 4, np.nan, np.arange(30) % 5)
    result = hazard_ratio(np.arange(1.0, 31), np.ones(30), x)
    assert (result.n, result.events) == (26, 26)
    assert result.note == "4 of 30 patients excluded: missing x"


def test_times_of_zero_and_identical_times() -> None:
    x = np.arange(30) % 4
    assert np.isfinite(hazard_ratio(np.maximum(np.arange(30.0) - 5, 0), np.ones(30), x).hr)
    # All die at once: with Efron's ties there is still a likelihood, and it says next to nothing.
    together = hazard_ratio(np.full(30, 3.0), np.ones(30), x)
    assert not together.p < 0.05


def test_refusals_name_the_term() -> None:
    with pytest.raises(CohortError, match=r"term 'sex' of the Cox model is not numeric.*encode"):
        cox_table(survival_of(3, 3), pd.DataFrame({"sex": ["m", "f", "m"]}), "os", "univariable")
    infinite = pd.DataFrame({"age": [1.0, np.inf, 3.0]})
    with pytest.raises(CohortError, match="term 'age' of the Cox model has infinite values"):
        cox_table(survival_of(3, 3), infinite, "os", "univariable")
    with pytest.raises(CohortError, match=r"x has shape \(2,\) and time \(3,\)"):
        hazard_ratio([1, 2, 3], [1, 1, 1], [1, 2])
