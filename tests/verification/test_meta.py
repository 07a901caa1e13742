from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omicsfuse.core.errors import StudyError
from omicsfuse.core.results import META_COLUMNS
from omicsfuse.verification import meta_analysis
from omicsfuse.verification.meta import across_cohorts

REFERENCE = pd.read_csv(Path(__file__).parent / "meta_reference.csv")
MODEL = {"FE": "fixed", "DL": "dersimonian_laird", "REML": "reml"}
INTERVAL = {"z": "normal", "knha": "hartung_knapp", "adhoc": "hartung_knapp_modified"}


@pytest.mark.parametrize("row", REFERENCE.to_dict("records"), ids=lambda r: "-".join(
    (r["set"], r["method"], r["test"])
))  # fmt: skip
def test_as_metafor_has_it(row: dict) -> None:
    y = [float(value) for value in row["yi"].split()]
    se = [float(value) for value in row["sei"].split()]
    found = meta_analysis(y, se, model=MODEL[row["method"]], interval=INTERVAL[row["test"]])
    for ours, theirs in (
        ("log_hr", "beta"), ("se", "se"), ("ci_low", "ci_low"), ("ci_high", "ci_high"),
        ("p", "p"), ("q", "q"), ("q_p", "q_p"), ("tau2", "tau2"),
    ):  # fmt: skip
        assert getattr(found, ours) == pytest.approx(row[theirs], rel=1e-7, abs=1e-9), ours
    if row["method"] != "REML":  # metafor's I2 of REML is that of tau2, another definition
        assert found.i2 == pytest.approx(row["i2"], abs=1e-9)
    assert found.weights[0] == pytest.approx(row["weight_1"], rel=1e-7)
    assert found.weights.sum() == pytest.approx(1)


numbers = st.integers(-16, 16).map(lambda i: i / 8)
errors = st.integers(1, 16).map(lambda i: i / 16)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(numbers, errors), min_size=2, max_size=6), st.randoms())
def test_order_and_sign(cohorts: list, chance) -> None:
    y, se = (np.array(values) for values in zip(*cohorts, strict=True))
    order = list(range(len(y)))
    chance.shuffle(order)
    for model in MODEL.values():
        for interval in INTERVAL.values():
            found = meta_analysis(y, se, model=model, interval=interval)
            again = meta_analysis(y[order], se[order], model=model, interval=interval)
            assert (found.log_hr, found.se, found.p) == (again.log_hr, again.se, again.p) or (
                np.isnan(found.p) and np.isnan(again.p)
            )
            turned = meta_analysis(-y, se, model=model, interval=interval)
            assert turned.log_hr == pytest.approx(-found.log_hr, abs=1e-9)
            assert turned.tau2 == pytest.approx(found.tau2, rel=1e-6, abs=1e-9)
            assert y.min() - 1e-9 <= found.log_hr <= y.max() + 1e-9
    # More variance between cohorts never makes the normal interval shorter.
    fixed = meta_analysis(y, se)
    assert meta_analysis(y, se, model="reml").se >= fixed.se - 1e-12
    modified = meta_analysis(y, se, model="reml", interval="hartung_knapp_modified")
    assert modified.se >= meta_analysis(y, se, model="reml").se - 1e-12


def test_restricted_likelihood_is_at_its_top() -> None:
    y, se = np.array([0.9, -0.2, 0.35, 0.05]), np.array([0.12, 0.2, 0.15, 0.3])

    def likelihood(tau2: float) -> float:
        w = 1 / (se**2 + tau2)
        mean = (w * y).sum() / w.sum()
        return np.log(w).sum() - np.log(w.sum()) - (w * (y - mean) ** 2).sum()

    best = meta_analysis(y, se, model="reml").tau2
    assert all(likelihood(best) >= likelihood(t) for t in np.linspace(0, 2, 4001))


def test_cohorts_that_agree_exactly() -> None:
    found = meta_analysis([0.0, 0.0], [0.1, 0.1], model="reml", interval="hartung_knapp")
    assert found.se == 0
    assert np.isnan(found.statistic)
    assert (found.i2, found.tau2) == (0, 0)
    assert meta_analysis([0.5, 0.5], [0.1, 0.1]).p < 1e-6


def test_one_sided() -> None:
    found = meta_analysis([0.4, 0.5], [0.2, 0.2])
    assert found.one_sided(1) == pytest.approx(found.p / 2)
    assert found.one_sided(-1) == pytest.approx(1 - found.p / 2)
    assert np.isnan(found.one_sided(np.nan))
    assert np.isnan(found.one_sided(0))


@pytest.mark.parametrize(
    ("y", "se", "more", "message"),
    [
        ([0.1], [0.1], {}, "at least two cohorts"),
        ([0.1, 0.2], [0.1], {}, r"log_hr has shape \(2,\) and se \(1,\)"),
        ([0.1, np.nan], [0.1, 0.1], {}, "must be finite"),
        ([0.1, 0.2], [0.1, 0.0], {}, "above 0"),
        ([0.1, 0.2], [0.1, 0.1], {"model": "bayes"}, "model is 'bayes'"),
        ([0.1, 0.2], [0.1, 0.1], {"interval": "t"}, "interval is 't'"),
    ],
)
def test_bad_arguments_of_meta_analysis(y, se, more, message) -> None:
    with pytest.raises(StudyError, match=message):
        meta_analysis(y, se, **more)


def rows(n: int, **more: object) -> pd.DataFrame:
    y, se = np.linspace(0.2, 0.6, n), np.linspace(0.1, 0.2, n)
    p = np.linspace(0.01, 0.04, n)
    table = pd.DataFrame(
        {
            "cohort": [f"c{i}" for i in range(n)], "endpoint": "os", "signature": "toy",
            "role": "external", "comparison": "S1 score per SD", "contrast": "per SD",
            "n": 100, "events": 50.0,
            "hr": np.exp(y), "hr_ci_low": np.exp(y - 1.959963984540054 * se),
            "hr_ci_high": np.exp(y + 1.959963984540054 * se), "p": p, "p_one_sided": p / 2,
        }
    )  # fmt: skip
    return table.assign(**more)


def test_scopes_and_leave_one_out() -> None:
    table = rows(5)
    table["role"] = ["external", "external", "external", "internal-external", "negative control"]
    found = across_cohorts(table)
    assert list(found.columns) == META_COLUMNS
    whole = found[found["left_out"] == ""].set_index(["scope", "model"])
    assert whole.loc[("independent cohorts", "fixed effect"), "cohorts"] == 3
    assert whole.loc[("all but negative controls", "fixed effect"), "cohorts"] == 4
    assert whole.loc[("independent cohorts", "fixed effect"), "events"] == 150
    y, se = np.log(table["hr"].to_numpy()), np.linspace(0.1, 0.2, 5)
    expected = meta_analysis(y[:3], se[:3], model="reml")
    row = whole.loc[("independent cohorts", "random effects, REML")]
    assert row["hr"] == pytest.approx(np.exp(expected.log_hr))
    assert row["p"] == pytest.approx(expected.p)
    assert row["p_one_sided"] == pytest.approx(expected.p / 2)
    left = found[(found["left_out"] == "c1") & (found["scope"] == "independent cohorts")]
    assert left["model"].tolist() == ["fixed effect", "random effects, REML"]
    expected = meta_analysis(y[[0, 2]], se[[0, 2]])
    assert left["hr"].iloc[0] == pytest.approx(np.exp(expected.log_hr))


def test_where_fewer_than_two_cohorts_have_an_estimate() -> None:
    assert across_cohorts(rows(1)).empty
    assert list(across_cohorts(rows(0)).columns) == META_COLUMNS
    table = rows(2)
    table.loc[1, ["hr", "hr_ci_low", "hr_ci_high"]] = np.nan
    assert across_cohorts(table).empty
    table = rows(3)
    table.loc[1, "hr_ci_high"] = np.inf
    found = across_cohorts(table)
    assert found["note"].eq("no usable estimate in c1").all()
    assert found["cohorts"].eq(2).all()
    assert found["left_out"].eq("").all()  # without one of two there is no mean


def test_direction_is_that_of_discovery() -> None:
    table = rows(2)
    table["p_one_sided"] = 1 - table["p"] / 2  # discovery had lower hazard
    found = across_cohorts(table)
    assert (found["p_one_sided"] > 0.5).all()
    assert across_cohorts(rows(2, p_one_sided=np.nan))["p_one_sided"].isna().all()


def test_rows_without_a_hazard_ratio_by_nature_are_left_aside() -> None:
    assert across_cohorts(rows(3, contrast="assigned subtypes")).empty
    assert across_cohorts(rows(3, contrast="")).empty
