"""One list of words for missing, applied where a cohort is made."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import omicsfuse as of
from omicsfuse.core.cohort import Cohort, Endpoint
from omicsfuse.core.errors import CohortError, OmicsfuseWarning
from omicsfuse.core.missing import MISSING, as_number, folded, without_missing

PORTALS = [
    *("[Not Available]", "[Not Applicable]", "[Not Evaluated]", "[Unknown]", "[Discrepancy]"),
    *("'--", "--", "-", "not reported", "Not Reported", "unknown", "Unknown", "NA", "N/A", "n/a"),
    *("#N/A", "NaN", "nan", "None", "null", "NULL", "", " ", ".", "?", "<NA>", "(missing)"),
    *("not_available", "Not  Reported", '"NA"', "Not Allowed To Collect", "[Pending]", "—"),
]
ANSWERS = ["no", "No", "0", "negative", "x", "other", "not done", "NOS", "indeterminate", "n", "+"]


def column(*cells: object) -> pd.Series:
    return pd.Series(list(cells), [f"P{i:02d}" for i in range(len(cells))], name="x", dtype=object)


@pytest.mark.parametrize("word", PORTALS)
def test_words_of_portals_are_missing(word: str) -> None:
    result, cells = without_missing(column("a", word, "b"))
    assert result.isna().tolist() == [False, True, False]
    assert cells == {word.strip(): 1}


@pytest.mark.parametrize("word", sorted(MISSING))
def test_every_member_in_any_case_and_brackets(word: str) -> None:
    for written in (word, word.upper(), word.title(), f"[{word}]", f" '{word}' ", f"<{word}>"):
        assert folded(written) == word
        assert without_missing(column(written))[0].isna().all()


@pytest.mark.parametrize("word", ANSWERS)
def test_answers_stay(word: str) -> None:
    result, cells = without_missing(column("a", word))
    assert result.tolist() == ["a", word]
    assert cells == {}


def test_a_minus_beside_a_plus_is_an_answer() -> None:
    assert without_missing(column("+", "-", "[Unknown]"))[1] == {"[Unknown]": 1}
    assert without_missing(column("(+)", "(-)", "++"))[1] == {}
    assert without_missing(column("a", "-"))[1] == {"-": 1}


def test_words_and_numbers_of_the_user() -> None:
    more = ("lost", "-9", "999")
    result, cells = without_missing(column("LOST", 61.0, "999", "-9.0", "no"), more)
    assert result.tolist()[1::3] == [61.0, "no"]
    assert cells == {"-9.0": 1, "999": 1, "LOST": 1}
    numbers = pd.Series([61, 999, -9, 70], name="age")
    result, cells = without_missing(numbers, more)
    assert result.dropna().tolist() == [61, 70]
    assert cells == {"-9": 1, "999": 1}
    truth = pd.Series([True, False])
    assert without_missing(truth, ("1",))[0] is truth


def test_numbers_are_read_as_python_reads_them() -> None:
    assert [as_number(text) for text in ("61", "-1.5e3", ".5", "5.")] == [61, -1500, 0.5, 5]
    assert [as_number(text) for text in ("nan", "1_000", "12,5", "inf", "0x1", "")] == [None] * 6


def cohort(clinical: pd.DataFrame, **more: object) -> Cohort:
    return Cohort("toy", {}, clinical, **more)


def test_the_gate_takes_them_and_counts_them_by_column_and_word() -> None:
    clinical = pd.DataFrame(
        {
            "age": ["61", "[Not Available]", "'--", "55.5", "[Not Available]"],
            "sex": ["f", "m", "Unknown", "f", " m "],
            "site": list("ababa"),
        },
        list("abcde"),
    )
    found = cohort(clinical)
    assert found.clinical["age"].dtype == np.float64
    assert found.clinical["age"].dropna().to_dict() == {"a": 61.0, "d": 55.5}
    assert found.clinical["sex"].dropna().tolist() == ["f", "m", "f", "m"]
    cells = {"age": {"'--": 1, "[Not Available]": 2}, "sex": {"Unknown": 1}}
    assert found.missing_cells == cells
    assert found.variables["missing_words"].to_dict() == {**cells, "site": {}}
    (exclusion,) = found.exclusions
    assert (exclusion.layer, exclusion.what, exclusion.count) == ("clinical", "cells", 4)
    assert exclusion.examples == (
        'age: "\'--" (1)',
        'age: "[Not Available]" (2)',
        'sex: "Unknown" (1)',
    )
    # A cohort made from a cohort still knows.
    again = replace(found, name="other")
    assert again.missing_cells == cells
    assert again.exclusions == found.exclusions
    pd.testing.assert_frame_equal(again.clinical, found.clinical)
    pd.testing.assert_frame_equal(again.variables, found.variables)
    # But not of a table that has taken the place of the first.
    assert replace(found, clinical=clinical.assign(age=60.0, sex="f")).missing_cells == {}


def test_endpoints() -> None:
    clinical = pd.DataFrame(
        {
            "time": ["12", "[Not Available]", "3", "4", "5"],
            "event": ["Dead", "Alive", "not reported", "Alive", "lost"],
        },
        list("abcde"),
    )
    end = Endpoint("time", "event", event_values={"Dead": 1, "Alive": 0})
    found = cohort(clinical, endpoints={"os": end}, missing=("lost",))
    assert found.survival("os")["event"].to_dict() == {"a": 1, "d": 0}
    (exclusion,) = found.survival_exclusions("os")
    assert (exclusion.count, exclusion.reason) == (3, "os: time or event missing, excluded")
    with pytest.raises(CohortError, match=r'not understood: patient "e" \(row 5\): "lost"'):
        cohort(clinical, endpoints={"os": end})
    with pytest.raises(CohortError, match='"Alive" is in missing and in event_values of endpoint'):
        cohort(clinical, endpoints={"os": end}, missing=("alive",))
    with pytest.raises(CohortError, match=r'missing = "lost": expected a list of words'):
        cohort(clinical, missing="lost")


def test_none_is_an_event_that_did_not_happen_where_it_is_mapped_and_else_refused() -> None:
    clinical = pd.DataFrame({"t": [1, 2], "relapse": ["none", "yes"]}, ["a", "b"])
    end = Endpoint("t", "relapse", event_values={"none": 0, "yes": 1})
    assert cohort(clinical, endpoints={"rfs": end}).survival("rfs")["event"].tolist() == [0, 1]
    with pytest.raises(CohortError, match='holds "none", "yes"; not understood'):
        cohort(clinical, endpoints={"rfs": Endpoint("t", "relapse")})


def test_the_word_of_the_user_wins() -> None:
    clinical = pd.DataFrame({"t": [1, 2, 3], "e": ["none", "Dead", "Alive"]}, list("abc"))
    end = Endpoint("t", "e", event_values={"Dead": 1, "Alive": 0})
    found = cohort(clinical, endpoints={"os": end}, missing=("none",))
    assert found.survival("os")["event"].to_dict() == {"b": 1, "c": 0}
    assert without_missing(column("+", "-"), ("-",))[1] == {"-": 1}


@pytest.mark.parametrize("word", ["0", "1.0", "TRUE"])
def test_a_code_of_an_event_cannot_mean_missing(word: str) -> None:
    clinical = pd.DataFrame({"t": [1, 2, 3], "e": [0, 1, 0], "c": [1, 0, 0]}, list("abc"))
    said = f'"{word}" is in missing, and in column "e" of endpoint "os" it says that'
    with pytest.raises(CohortError, match=said):
        cohort(clinical, endpoints={"os": Endpoint("t", "e")}, missing=(word,))
    end = Endpoint("t", "e", event_values={"5": 1, "0": 0}, competing="c")
    with pytest.raises(CohortError, match='"5" is in missing and in event_values'):
        cohort(clinical, endpoints={"os": end}, missing=("5.0",))
    with pytest.raises(CohortError, match='"1" is in missing, and in column "c"'):
        cohort(clinical, endpoints={"os": end}, missing=("1",))


def test_true_is_no_word_for_missing(tmp_path: Path) -> None:
    with pytest.raises(CohortError, match="missing holds True: expected words and numbers"):
        cohort(pd.DataFrame({"x": [1, 2]}, list("ab")), missing=(True,))
    (tmp_path / "cohort.toml").write_text(
        'name = "toy"\n[clinical]\nfile = "clinical.tsv"\nmissing = [true]\n'
        '[layers.genes]\nfile = "genes.tsv"\nkind = "expression"\n'
    )
    with pytest.raises(CohortError, match=r"clinical.missing.0 = true: expected text in quotes or"):
        of.read_cohort(tmp_path / "cohort.toml")


def test_a_word_that_an_endpoint_may_mean_stays_in_a_column_of_codes() -> None:
    clinical = pd.DataFrame(
        {"t": 5, "e": ["0"] * 9 + ["1"] * 10 + ["lost"]}, list("abcdefghijklmnopqrst")
    )
    end = Endpoint("t", "e", event_values={"0": 0, "1": 1, "lost": 0})
    found = cohort(clinical, endpoints={"os": end})
    assert found.survival("os")["event"].sum() == 10
    assert found.variables["type"]["e"] == "categorical"


def test_a_time_that_only_the_dead_have_is_warned_of() -> None:
    clinical = pd.DataFrame({"days_to_death": ["5", "'--", "7"], "dead": [1, 0, 1]}, list("abc"))
    with pytest.warns(OmicsfuseWarning, match="1 patient without the event has no time"):
        cohort(clinical, endpoints={"os": Endpoint("days_to_death", "dead")})


def test_none_among_answers_is_warned_of() -> None:
    clinical = pd.DataFrame({"chemotherapy": ["none", "Yes", "none"]}, list("abc"))
    with pytest.warns(OmicsfuseWarning, match=r'"none" is read as missing in "chemotherapy" \(2\)'):
        found = cohort(clinical)
    assert found.clinical["chemotherapy"].isna().tolist() == [True, False, True]
    cohort(clinical, ignore=("chemotherapy",))


def test_files_and_tables_give_the_same_cohort(tmp_path: Path) -> None:
    text = "patient\tage\tstage\tflag\nP1\t61\tStage I\tTRUE\nP2\tNA\t'--\tfalse\nP3\t-9\tGX\t\n"
    (tmp_path / "clinical.tsv").write_text(text)
    (tmp_path / "genes.tsv").write_text("patient\tEGFR\nP1\t7.5\nP2\t3.1\nP3\t2\n")
    (tmp_path / "cohort.toml").write_text(
        'name = "toy"\n[clinical]\nfile = "clinical.tsv"\nmissing = [-9, "lost"]\n'
        '[layers.genes]\nfile = "genes.tsv"\nkind = "expression"\n'
    )
    read = of.read_cohort(tmp_path / "cohort.toml")
    assert read.missing == ("-9", "lost")
    clinical = pd.DataFrame(
        {
            "age": ["61", "NA", "-9"],
            "stage": ["Stage I", "'--", "GX"],
            "flag": ["TRUE", "false", ""],
        },
        ["P1", "P2", "P3"],
    )
    made = cohort(clinical, missing=("-9", "lost"))
    pd.testing.assert_frame_equal(
        read.clinical, made.clinical, check_names=False, check_index_type=False
    )
    assert read.missing_cells["age"] == made.missing_cells["age"] == {"-9": 1, "NA": 1}
    assert read.clinical["flag"].dropna().tolist() == [True, False]
    # An empty cell of a file is missing without a word.
    assert "flag" not in read.missing_cells
