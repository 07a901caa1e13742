"""Kaplan-Meier curves and medians against R's survival, and at the edges."""

import numpy as np
import pandas as pd
import pytest

from omicsfuse.survival.curves import kaplan_meier, median_follow_up


# R 4.2.2, survival 3.5-3, survfit(Surv(time, status) ~ sex, lung, conf.type = "log-log")
def test_lung_equals_r(lung: pd.DataFrame) -> None:
    labels = lung["sex"].map({1: "S1", 2: "S2"})
    curves, medians = kaplan_meier(labels, lung[["time"]].assign(event=lung["status"]))
    # Follow-up: survfit(Surv(time, status == 0) ~ sex, lung, conf.type = "log-log")
    assert medians.loc["S1"].iloc[:-1].tolist() == [138, 112, 270, 210, 306, 840, 806]
    assert np.isnan(medians.loc["S1", "follow_up_ci_high"])
    assert medians.loc["S2"].tolist() == [90, 53, 426, 345, 524, 529, 376, 740]
    follow_up = ["follow_up", "follow_up_ci_low", "follow_up_ci_high"]
    assert medians.columns.tolist() == ["n", "events", "median", "ci_low", "ci_high", *follow_up]
    reference = {  # survival, lower, upper at 100, 500 and 900 days
        "S1": [
            (0.8260869565217, 0.75185172298593, 0.8798705431286),
            (0.2232116893343, 0.14997886219876, 0.3056414513420),
            (0.0357138702935, 0.00860267883495, 0.0968278320086),
        ],
        "S2": [
            (0.9220883534137, 0.84350520559535, 0.9620777376656),
            (0.4110461351067, 0.28832787501480, 0.5296426638980),
            (0.0832144434136, 0.01850525121216, 0.2123638548319),
        ],
    }
    for subtype, values in reference.items():
        curve = curves[curves["subtype"] == subtype]
        for time, value in zip((100, 500, 900), values, strict=True):
            last = curve[curve["time"] <= time].iloc[-1]
            assert last[["survival", "ci_low", "ci_high"]].tolist() == pytest.approx(
                value, rel=1e-6
            )
        # summary(fit, times): numbers at risk at 500 days are those of the first later row.
        at_risk = curve[curve["time"] >= 500].iloc[0]["at_risk"]
        assert at_risk == {"S1": 20, "S2": 21}[subtype]


# R 4.2.2, survival 3.5-3, survfit(Surv(time, status) ~ celltype, veteran, conf.type = "log-log")
def test_veteran_medians_equal_r(veteran: pd.DataFrame) -> None:
    survival = veteran[["time"]].assign(event=veteran["status"])
    _, medians = kaplan_meier(veteran["celltype"], survival)
    own = medians[["n", "events", "median", "ci_low", "ci_high"]]
    assert own.to_dict("index") == {
        "adeno": {"n": 27, "events": 26, "median": 51, "ci_low": 24, "ci_high": 90},
        "large": {"n": 27, "events": 26, "median": 156, "ci_low": 100, "ci_high": 216},
        "smallcell": {"n": 48, "events": 45, "median": 51, "ci_low": 24, "ci_high": 61},
        "squamous": {"n": 35, "events": 31, "median": 118, "ci_low": 44, "ci_high": 242},
    }
    # survfit(Surv(time, status == 0) ~ celltype, veteran): few are censored, so few are reached
    assert medians["follow_up_ci_low"].to_dict() == pytest.approx(
        {"adeno": 83, "large": 182, "smallcell": 103, "squamous": np.nan}, nan_ok=True
    )
    assert medians[["follow_up", "follow_up_ci_high"]].isna().all(axis=None)


def test_rows_carry_what_a_plot_needs() -> None:
    labels = pd.Series(["S1"] * 5 + ["S2"] * 2)
    survival = pd.DataFrame({"time": [4, 2, 2, 7, 4, 3, 1], "event": [1, 0, 1, 0, 1, 1, 1]})
    curves, _ = kaplan_meier(labels, survival)
    assert curves.columns.tolist() == [
        *("subtype", "time", "survival", "ci_low", "ci_high", "at_risk", "events", "censored")
    ]
    first = curves[curves["subtype"] == "S1"]
    assert first["time"].tolist() == [0, 2, 4, 7]
    assert first["at_risk"].tolist() == [5, 5, 3, 1]
    assert first["events"].tolist() == [0, 1, 2, 0]
    assert first["censored"].tolist() == [0, 1, 0, 1]
    assert first["survival"].tolist() == pytest.approx([1, 0.8, 0.8 / 3, 0.8 / 3])
    assert curves["at_risk"].dtype.kind == "i"


def test_times_of_zero_count_in_the_first_row() -> None:
    survival = pd.DataFrame({"time": [0, 0, 3, 5], "event": [1, 0, 1, 0]})
    curves, medians = kaplan_meier(pd.Series("S1", index=range(4)), survival)
    assert curves["time"].tolist() == [0, 3, 5]
    first = curves.loc[0, ["survival", "at_risk", "events", "censored"]].tolist()
    assert first == pytest.approx([0.75, 4, 1, 1])
    assert medians.loc["S1", "median"] == 3


def test_medians_not_reached_are_missing() -> None:
    survival = pd.DataFrame({"time": [1.0, 2, 3, 4], "event": 0})
    curves, medians = kaplan_meier(pd.Series("S1", index=range(4)), survival)
    assert medians.loc["S1", ["n", "events"]].tolist() == [4, 0]
    assert medians.loc["S1", ["median", "ci_low", "ci_high"]].isna().all()
    assert (curves[["survival", "ci_low", "ci_high"]] == 1).all(axis=None)


def test_limits_are_undefined_once_nobody_survives() -> None:
    survival = pd.DataFrame({"time": [1.0, 2, 3], "event": 1})
    curves, medians = kaplan_meier(pd.Series("S1", index=range(3)), survival)
    assert curves["survival"].iloc[-1] == 0
    assert curves[["ci_low", "ci_high"]].iloc[-1].isna().all()
    # R 4.2.2, survival 3.5-3, survfit(Surv(1:3, rep(1, 3)) ~ 1, conf.type = "log-log"): 2, 1, NA
    assert medians.loc["S1", ["median", "ci_low"]].tolist() == [2, 1]
    assert np.isnan(medians.loc["S1", "ci_high"])


def test_survival_of_exactly_one_half_is_the_median_despite_rounding() -> None:
    # 49/50 * 48/49 * ... * 25/26 is 0.5, and a little more in floating point on many machines.
    survival = pd.DataFrame({"time": np.arange(1.0, 51), "event": 1})
    _, medians = kaplan_meier(pd.Series("S1", index=range(50)), survival)
    assert medians.loc["S1", "median"] == 25


def test_competing_events_do_not_shorten_follow_up() -> None:
    # Followed up to 10; two had the event, three died of something else before.
    survival = pd.DataFrame(
        {"time": [2.0, 3, 4, 5, 6, 10, 10], "event": [1, 0, 0, 1, 0, 0, 0]}, index=list("abcdefg")
    )
    labels = pd.Series("S1", index=survival.index)
    plain = kaplan_meier(labels, survival)[1]
    competing = kaplan_meier(labels, survival.assign(cause=[1, 2, 2, 1, 2, 0, 0]))[1]
    assert plain.loc["S1", "follow_up"] == 6
    assert competing.loc["S1", "follow_up"] == 10
    assert competing.loc["S1", "events"] == 2


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("extra", [(), ("entry",), ("cause",)])
def test_follow_up_of_all_is_that_of_one_group(seed: int, extra: tuple[str, ...]) -> None:
    rng = np.random.default_rng(seed)
    time = np.round(rng.exponential(10, 60) + 1)
    cause = rng.integers(0, 3, 60)
    table = pd.DataFrame({"time": time, "event": cause == 1, "cause": cause, "entry": time - 1})
    table = table[["time", "event", *extra]]
    _, medians = kaplan_meier(pd.Series("all", index=table.index), table)
    assert median_follow_up(table) == medians.loc["all", "follow_up"]
