"""Endpoints as portals write them: two columns of time, coded words, negative times."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import omicsfuse as of
from omicsfuse.biology.variables import variables
from omicsfuse.core.cohort import Cohort, Endpoint, Layer
from omicsfuse.core.errors import CohortError, OmicsfuseWarning
from omicsfuse.core.results import Subtypes
from omicsfuse.imaging.interpretation.groupings import clinical_variables
from omicsfuse.survival import compare_survival

N = 60
PATIENTS = [f"P{i:02d}" for i in range(N)]
TWO = ("days_to_death", "days_to_last_follow_up")
CODED = Endpoint(TWO, "OS_STATUS")


def clinical() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    days, dead = rng.integers(5, 3000, N).astype(float), rng.random(N) < 0.5
    return pd.DataFrame(
        {
            TWO[0]: np.where(dead, days, np.nan),
            TWO[1]: np.where(dead, np.nan, days),
            "OS_STATUS": np.where(dead, "1:DECEASED", "0:LIVING"),
            "OS_STATUS_01": dead.astype(int),
            "days": days,
            "age": rng.integers(40, 80, N),
        },
        PATIENTS,
    )


def cohort(table: pd.DataFrame, end: Endpoint) -> Cohort:
    values = np.random.default_rng(0).normal(size=(N, 3))
    return Cohort(
        "a",
        {"x": Layer("continuous", pd.DataFrame(values, PATIENTS, list("abc")))},
        table,
        {"os": end},
        covariates=("age",),
    )


def test_two_columns_of_time_are_one_endpoint_everywhere() -> None:
    table = clinical()
    two = cohort(table.drop(columns=["days", "OS_STATUS_01"]), CODED)
    one = cohort(table[["days", "OS_STATUS_01", "age"]], Endpoint("days", "OS_STATUS_01"))
    pd.testing.assert_frame_equal(two.survival("os"), one.survival("os"))
    labels = pd.Series(["S1", "S2"] * 30, PATIENTS)
    found = [compare_survival(Subtypes(labels, {}, {}), each, "os") for each in (two, one)]
    pd.testing.assert_frame_equal(found[0].tests, found[1].tests)
    pd.testing.assert_frame_equal(found[0].cox, found[1].cox)
    # Neither column explains the outcome, or is compared with subtypes.
    assert list(clinical_variables(two)) == ["age"]
    named = [each.name for each in variables(Subtypes(labels, {}, {}), two)]
    assert "age" in named
    assert not set(named) & {*TWO, "OS_STATUS"}
    for column in TWO:
        with pytest.raises(CohortError, match=f'column "{column}" is the time of endpoint "os"'):
            replace(two, covariates=(column,))


def test_two_columns_in_a_manifest(tmp_path: Path) -> None:
    clinical().to_csv(tmp_path / "c.tsv", sep="\t", index_label="patient")
    pd.DataFrame({"a": np.arange(N) ** 0.5}, PATIENTS).to_csv(tmp_path / "x.tsv", sep="\t")
    (tmp_path / "a.toml").write_text(
        'name = "a"\n[clinical]\nfile = "c.tsv"\n[clinical.endpoints.os]\n'
        'time = ["days_to_death", "days_to_last_follow_up"]\nevent = "OS_STATUS"\n'
        '[layers.x]\nfile = "x.tsv"\nkind = "continuous"\n'
    )
    read = of.read_cohort(tmp_path / "a.toml")
    assert read.endpoints["os"].times == TWO
    assert read.survival("os")["time"].tolist() == clinical()["days"].tolist()


def test_negative_times_are_excluded_and_counted() -> None:
    table = clinical().assign(days=lambda t: t["days"].where(np.arange(N) != 3, -1.0))
    found = cohort(table, Endpoint("days", "OS_STATUS_01"))
    assert "P03" not in found.survival("os").index
    counted = {each.reason: each.count for each in found.survival_exclusions("os")}
    assert counted == {"os: negative time, excluded": 1}


def test_times_of_the_dead_only_are_questioned() -> None:
    with pytest.warns(OmicsfuseWarning, match="every patient with a time .*days_to_last_follow_up"):
        cohort(clinical(), Endpoint(TWO[0], "OS_STATUS"))


def test_a_word_that_tells_nothing() -> None:
    table = clinical()
    table.loc[PATIENTS[:4], "OS_STATUS"] = "Lost"
    values = {"1:DECEASED": 1, "0:LIVING": 0, "Lost": "missing"}
    found = cohort(table, Endpoint("days", "OS_STATUS", event_values=values))
    assert found.survival("os").index.tolist() == PATIENTS[4:]
    assert found.causes("os") == {1: "os"}
    assert found.survival_exclusions("os")[0].count == 4
    # It may stand in both places, which say the same.
    both = replace(found, clinical=table, missing=("Lost",))
    assert both.survival("os").index.tolist() == PATIENTS[4:]
    with pytest.raises(CohortError, match="Lost"):
        cohort(table, Endpoint("days", "OS_STATUS", event_values={**values, "Lost": "gone"}))
