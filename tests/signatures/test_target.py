# ruff: noqa: PD011 - the values of a target are a field of ours

import numpy as np
import pandas as pd
import pytest

from omicsfuse.core.errors import SignatureError, StudyError
from omicsfuse.core.results import Prepared, PreparedLayer, Subtypes, Target
from omicsfuse.signatures import feature_target, score_target, survival_target
from omicsfuse.signatures.target import as_target, group_names, subtype_target

PATIENTS = [f"P{i:02d}" for i in range(12)]


def ready(table: pd.DataFrame) -> Prepared:
    return Prepared("toy", {"radiomics": PreparedLayer("radiomics", table, table, "raw", None)})


def test_subtypes_of_any_size() -> None:
    labels = pd.Series(["S1"] * 9 + ["S10", "S2", "S2"], PATIENTS[::-1])
    target = subtype_target(Subtypes(labels, {}, {}))
    assert (target.kind, target.source, target.exclusions) == ("groups", "subtypes", ())
    assert target.values.index.tolist() == PATIENTS
    assert group_names(target) == ["S1", "S2", "S10"]


def test_a_feature_and_who_lacks_it() -> None:
    table = pd.DataFrame({"Mean": np.arange(12.0), "Flat": 1.0}, PATIENTS)
    table.iloc[:2, 0] = np.nan
    target = feature_target(ready(table), "radiomics", "Mean")
    assert (target.name, target.kind, len(target.values)) == ("Mean", "continuous", 10)
    assert target.exclusions == ("2 patients have no value of Mean: P00, P01",)
    with pytest.raises(StudyError, match=r"no feature 'Maen' .*did you mean .Mean."):
        feature_target(ready(table), "radiomics", "Maen")
    with pytest.raises(StudyError, match=r"no layer 'radiomic'.*did you mean .radiomics."):
        feature_target(ready(table), "radiomic", "Mean")
    with pytest.raises(SignatureError, match="'Flat' is constant: all 12 patients have 1"):
        feature_target(ready(table), "radiomics", "Flat")
    with pytest.raises(SignatureError, match=r"9 patients have a value .2 patients have no value"):
        feature_target(ready(table.iloc[:11]), "radiomics", "Mean")


def test_numbers_are_scores_and_words_are_groups() -> None:
    flags = pd.Series([0, 1] * 6, PATIENTS)
    assert score_target(flags).kind == "continuous"
    assert score_target(flags).name == "score"
    asked = score_target(flags.astype(float), "necrosis", kind="groups")
    assert (asked.kind, asked.name, group_names(asked)) == ("groups", "necrosis", ["0", "1"])
    for words in (
        flags.map({0: "no", 1: "yes"}),
        flags.map({0: "no", 1: "yes"}).astype("category"),
    ):
        assert group_names(score_target(words)) == ["no", "yes"]
    assert group_names(score_target(flags == 1)) == ["False", "True"]
    with pytest.raises(StudyError, match=r"12 values are not finite numbers.*'no' of patient P00"):
        score_target(flags.map({0: "no", 1: "yes"}), kind="continuous")
    with pytest.raises(StudyError, match="kind is 'survival'"):
        score_target(flags, kind="survival")


def test_scores_that_will_not_do() -> None:
    score = pd.Series(np.arange(12.0), PATIENTS)
    with pytest.raises(SignatureError, match="1 patients occur more than once: P03"):
        score_target(pd.concat([score, score.iloc[[3]]]))
    with pytest.raises(SignatureError, match="0 patients have a value"):
        score_target(score * np.nan)
    with pytest.raises(StudyError, match="not finite"):
        score_target(score.replace(3.0, np.inf))
    words = pd.Series(["a"] * 8 + ["b"] * 4, PATIENTS)
    with pytest.raises(SignatureError, match=r"1 of 2 groups have fewer than 5 patients \(b 4\)"):
        score_target(words)
    with pytest.raises(SignatureError, match="all patients are in one group, 'a'"):
        score_target(pd.Series("a", PATIENTS))


def test_survival() -> None:
    table = pd.DataFrame({"time": np.arange(12.0), "event": [0, 1] * 6}, PATIENTS)
    table.loc["P03", "time"] = np.nan
    target = survival_target(table, "os")
    assert target.exclusions == ("1 patient has no value of os: P03",)
    assert list(target.values.columns) == ["time", "event"]
    with pytest.raises(StudyError, match="no column event"):
        survival_target(table[["time"]])
    with pytest.raises(SignatureError, match="events must be 0 or 1"):
        survival_target(table.assign(event=2))
    with pytest.raises(SignatureError, match="0 events among 11 patients"):
        survival_target(table.assign(event=0))


def test_whatever_is_given() -> None:
    score = pd.Series(np.arange(12.0), PATIENTS, name="grade")
    assert as_target(score).name == "grade"
    own = Target("own", "continuous", score.where(score > 0), exclusions=("1 had no scan",))
    assert as_target(own).exclusions == ("1 had no scan", "1 patient has no value of own: P00")
    with pytest.raises(StudyError, match="target is of type list"):
        as_target([1.0])
    with pytest.raises(StudyError, match="kind is 'text'"):
        as_target(Target("own", "text", score))
