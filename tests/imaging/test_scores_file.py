"""Scores of imaging models: what is read, what is refused and how it is said."""

from pathlib import Path

import pandas as pd
import pytest

from omicsfuse.core.errors import CohortError, OmicsfuseWarning, StudyError
from omicsfuse.imaging.interpretation import read_scores
from omicsfuse.imaging.interpretation.scores_file import match_scores, read_column

PATIENTS = pd.Index([f"P{i:02}" for i in range(20)])


def written(folder: Path, text: str, name: str = "scores.tsv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_every_column_is_a_model(tmp_path: Path) -> None:
    path = written(tmp_path, "id\trisk\tgroup\tgood\nP1\t0.5\thigh\tTRUE\nP2\tNA\t\tfalse\n")
    found = read_scores(path)
    assert list(found) == ["risk", "group", "good"]
    assert found["risk"].tolist()[0] == 0.5
    assert found["risk"].isna().sum() == 1
    assert found["group"].dropna().to_dict() == {"P1": "high"}
    assert found["good"].tolist() == ["true", "false"]
    assert list(read_scores(path, ["group"])) == ["group"]


def test_a_column_that_is_not_there(tmp_path: Path) -> None:
    path = written(tmp_path, "id,risk\nP1,1\n", "scores.csv")
    with pytest.raises(CohortError, match='no column "risks"; did you mean "risk"'):
        read_scores(path, ["risks"])


def test_a_patient_twice_in_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, "id\trisk\nP1\t1\nP1\t2\n")
    with pytest.raises(CohortError, match="P1"):
        read_scores(path)


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (["0,5", "1.5"], "Write numbers with a decimal point"),
        (["0.5", "unknown"], '"unknown" of P2'),
        (["2021-03-01", "2021-03-02"], "holds dates"),
        (["1-Mar", "2-Mar"], "holds dates"),
        ([None, None], "is empty"),
        ([1.0, float("inf")], "infinite"),
    ],
)
def test_cells_that_are_neither_scores_nor_classes(cells: list[object], said: str) -> None:
    with pytest.raises(CohortError, match=said):
        read_column(pd.Series(cells, ["P1", "P2"], dtype=object), "scores.tsv: column risk")


def test_dates_as_such() -> None:
    column = pd.Series(pd.to_datetime(["2021-03-01", "2021-03-02"]), ["P1", "P2"])
    with pytest.raises(CohortError, match="holds dates"):
        read_column(column, "scores")


def test_numbers_as_text_are_numbers() -> None:
    found = read_column(pd.Series(["1", " 2.5 ", None], ["P1", "P2", "P3"], dtype=object), "s")
    assert found.dtype == "float64"
    assert found.isna().sum() == 1


def test_patients_are_met_and_counted() -> None:
    scores = pd.Series(range(14), [*PATIENTS[:12], "X1", "X2"], dtype=float)
    scores.iloc[0] = float("nan")
    found = match_scores(scores.sample(frac=1, random_state=0), PATIENTS, "risk")
    assert found.scores.index.tolist() == PATIENTS[1:12].tolist()
    assert {
        (exclusion.count, exclusion.reason.split(" ")[0]) for exclusion in found.exclusions
    } == {
        (2, "with"),
        (8, "in"),
        (1, "in"),
    }
    assert all(exclusion.layer == "risk" for exclusion in found.exclusions)


def test_too_few_patients_are_named_from_both_sides() -> None:
    scores = pd.Series(range(12), [f"X{i}" for i in range(12)], dtype=float)
    with pytest.raises(CohortError, match=r'risk: 0 patients.*at least 10.*"X0".*"P00"') as error:
        match_scores(scores, PATIENTS, "risk")
    assert "TCGA" not in str(error.value)


def test_sample_barcodes_get_a_hint() -> None:
    patients = pd.Index([f"TCGA-BA-40{i}" for i in range(10, 25)])
    scores = pd.Series(range(15), [f"{p}-01A" for p in patients], dtype=float)
    with pytest.raises(CohortError, match=r"Shortened to the patient .* 15 of the barcodes"):
        match_scores(scores, patients, "risk")


def test_missing_scores_are_said_where_they_leave_too_few() -> None:
    scores = pd.Series([1.0, 2.0] + [float("nan")] * 18, PATIENTS)
    with pytest.raises(CohortError, match="18 shared patients have no score"):
        match_scores(scores, PATIENTS, "risk")


def test_a_constant_score() -> None:
    with pytest.raises(CohortError, match="all 20 patients of the cohort have the same score"):
        match_scores(pd.Series(1.0, PATIENTS), PATIENTS, "risk")


def test_duplicates_and_types_in_python() -> None:
    twice = pd.Series(range(20), [*PATIENTS[:19], PATIENTS[0]], dtype=float)
    with pytest.raises(CohortError, match="more than one score"):
        match_scores(twice, PATIENTS, "risk")
    with pytest.raises(StudyError, match=r"pandas\.Series"):
        match_scores([1, 2, 3], PATIENTS, "risk")


def test_two_numbers_are_classes() -> None:
    found = match_scores(pd.Series([0, 1] * 10, PATIENTS), PATIENTS, "risk")
    assert found.kind == "class"
    assert set(found.scores) == {"0", "1"}


def test_few_whole_numbers_are_a_score_with_a_warning() -> None:
    with pytest.warns(OmicsfuseWarning, match="4 different whole numbers"):
        found = match_scores(pd.Series([1, 2, 3, 4] * 5, PATIENTS), PATIENTS, "risk")
    assert found.kind == "score"


def test_small_classes_and_identifiers() -> None:
    small = pd.Series(["a"] * 18 + ["b"] * 2, PATIENTS)
    with pytest.raises(CohortError, match='fewer in "b" 2'):
        match_scores(small, PATIENTS, "group")
    many = pd.Series([f"text {i}" for i in range(30)], [f"P{i:02}" for i in range(30)])
    with pytest.raises(CohortError, match="at most 20 classes"):
        match_scores(many, many.index, "group")
