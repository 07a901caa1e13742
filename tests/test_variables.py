"""What a clinical column holds is decided once, whatever the order, case and brackets."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import CohortError, OmicsfuseWarning
from omicsfuse.core.missing import without_missing
from omicsfuse.core.variables import (
    CATEGORICAL,
    NUMERIC,
    ORDERED,
    decide,
    levels,
    steps,
    variable_lines,
)


def decided(name: str, values: list, **how: bool) -> tuple[str, list]:
    """Type of a column and, where it is ordered, its steps."""
    column, _ = without_missing(pd.Series(values, name=name))
    found = decide(column, **how)
    return found.type, steps(found.column).tolist() if found.type == ORDERED else []


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("stage", ["Stage I", "stage iiib", "STAGE IVA", "Stage 0", "IIIC1"], [1, 3, 4, 0, 3]),
        ("figo", ["FIGO IA2", "IC", "FIGO stage IIIC", "IVB"], [1, 1, 3, 4]),
        ("s", ["Stage 1", "stage 2A", "Stage 3", "Clinical Stage IV"], [1, 2, 3, 4]),
        ("Grade", ["IV", "III", "II", "I"], [4, 3, 2, 1]),
        ("grade", ["G1", "g2", "G 3", "Grade 4", "grade II"], [1, 2, 3, 4, 2]),
        ("g", ["Grade Group 1", "ISUP 3", "GG5"], [1, 3, 5]),
        ("x", ["T1", "pT2", "cT3a", "ypT4b", "Tis", "Ta", "T1mi", "T0"], [1, 2, 3, 4, 0, 0, 1, 0]),
        ("x", ["N0", "pN1a", "N2b", "N0 (i-)", "N1mi", "N3"], [0, 1, 2, 0, 1, 3]),
        ("x", ["M0", "cM1", "M1b", "cM0 (i+)"], [0, 1, 1, 0]),
        ("ps", ["ECOG 0", "ECOG 3", "ecog ps 1"], [0, 3, 1]),
        ("gleason", ["3+3", "3+4=7", "4+3", "4+4", "5 + 4", "3+2"], [1, 2, 3, 4, 5, 1]),
        ("g", ["Gleason 6", "Gleason score 10"], [6, 10]),
        ("clin_t", [1, 2, 4, np.nan], [1, 2, 4, np.nan]),
        ("ajcc_pathologic_n", ["0", "2b", "3", "1"], [0, 2, 3, 1]),
        ("pM", [0, 1], [0, 1]),
        ("performance_status_ecog", ["0.0", "1.0", "3"], [0, 1, 3]),
        ("tumor_grade", ["3", "1a", "2"], [3, 1, 2]),
        ("gleason_score", [6, 7, 10], [6, 7, 10]),
        ("gleason", ["6", "7a", "8", "9", "10", "Gleason 10"], [6, 7, 8, 9, 10, 10]),
        # Two notations in one column are one scale, where the name says which.
        ("stage", ["I", "2", "III", "4", "Stage 0", "2.0"], [1, 2, 3, 4, 0, 2]),
        ("M", ["M0", "1", "cM0(i+)", "M1b"], [0, 1, 0, 1]),
        ("isup", ["ISUP 1", "3", "Grade Group 5"], [1, 3, 5]),
        ("ecog", ["ECOG 0", "1", "2"], [0, 1, 2]),
        ("asa", ["1", "2", "III", "ASA IV"], [1, 2, 3, 4]),
        ("clark_level", ["I", "V", "Clark level II"], [1, 5, 2]),
        # A word for steps weighs more than one for codes.
        ("histology_grade", ["G1", "G2", "G3"], [1, 2, 3]),
        ("histology_grade", [1, 2, 3], [1, 2, 3]),
    ],
)
def test_ordered(name: str, values: list, expected: list) -> None:
    kind, found = decided(name, values)
    assert kind == ORDERED
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("age", [61, 72.5, 80]),
        ("age", ["61", " 72.5 ", "[Not Available]", "none"]),
        ("n_lesions", [0, 1, 2, 3]),
        ("karnofsky_performance_status", [100, 80, 60]),
        ("stage_days", [120, 400]),
        ("mutated", [0, 1, 1]),
        ("mutated", ["TRUE", "false", None]),
        ("mutated", [True, False]),
        ("mutated", pd.array([True, None], dtype="boolean").tolist()),
        ("nothing", [None, None]),
        ("site_distance", [1.5, 2.5, 3.0]),
        ("sex", [0, 1, 0]),
    ],
)
def test_numeric(name: str, values: list) -> None:
    assert decided(name, values)[0] == NUMERIC


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("sex", ["f", "m"]),
        ("stage", ["Stage V", "Stage I"]),
        ("stage", ["Stage IID", "Stage I"]),
        ("fab", ["M0", "M1", "M2", "M3"]),
        ("subtype_protein", [1, 2, 3]),
        ("subtype", ["1", "2", "3"]),
        ("cluster", ["I", "II", "III"]),
        ("tissue_source_site", ["BA", "01", "02"]),
        ("patient_id", [101, 102, 103]),
        ("date", pd.to_datetime(["2011-03-04", "2012-03-04"]).tolist()),
        ("her2", ["0", "1+", "2+", "3+"]),
    ],
)
def test_categorical(name: str, values: list) -> None:
    assert decided(name, values)[0] == CATEGORICAL


def test_a_known_label_is_categories_whatever_it_holds() -> None:
    for values in ([1, 2, 3.0], ["Stage I", "Stage II"], ["1", "2"], [True, False]):
        assert decided("x", values, label=True) == (CATEGORICAL, [])


def test_an_order_that_was_given() -> None:
    values = pd.Categorical(["low", "high", None], ["low", "mid", "high"], ordered=True)
    kind, found = decided("risk", values)
    assert kind == ORDERED
    np.testing.assert_array_equal(found, [0, 2, np.nan])
    # Without an order, a category is no more than its words.
    assert decided("x", pd.Categorical(["Stage I", "Stage II"]))[0] == ORDERED
    assert decided("x", pd.Categorical(["f", "m"]))[0] == CATEGORICAL


WORDS = ["Stage I", "Stage IIA", "Stage IV", "unknown", "Stage X", "a", "b", "61", "70.5", "G2"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=30), st.randoms())
def test_neither_order_nor_case_nor_brackets_matter(words: list[str], random: object) -> None:
    column = pd.Series(words, name="x")
    order = list(range(len(words)))
    random.shuffle(order)
    first = decide(without_missing(column)[0])
    again = decide(without_missing(column.iloc[order])[0])
    assert (first.type, first.why) == (again.type, again.why)
    pd.testing.assert_series_equal(again.column.sort_index(), first.column, check_dtype=False)
    changed = [f"[{word}]" if word == "unknown" else word.upper() for word in words]
    second = decide(without_missing(pd.Series(changed, name="x"))[0])
    assert second.type == first.type
    if first.type == ORDERED:
        pd.testing.assert_series_equal(steps(second.column), steps(first.column))


def test_what_is_read_once_is_read_again_in_the_same_way() -> None:
    for values in (["Stage I", "GX", "II"], ["61", "NA"], ["TRUE", ""], ["a", "b"]):
        first = decide(without_missing(pd.Series(values, name="x"))[0])
        again = decide(without_missing(first.column)[0])
        assert again.type == first.type
        assert again.not_told == again.unread == {}
        pd.testing.assert_series_equal(again.column, first.column)


def test_words_that_are_not_on_the_list_are_named_with_the_key() -> None:
    clinical = pd.DataFrame(
        {
            "age": [*map(str, range(50, 69)), "lost"],
            "stage": ["Stage I"] * 10 + ["Stage III"] * 9 + ["I/II NOS"],
            "ca125": [str(i) if i % 3 else f"<{i}" for i in range(20)],
            "note": ["first"] * 10 + ["2"] * 10,
        },
        [f"P{i:02d}" for i in range(20)],
    )
    with pytest.warns(OmicsfuseWarning) as warned:
        cohort = Cohort("toy", {}, clinical)
    first, second = (str(one.message) for one in warned)
    assert '"age" (numeric): "lost" (1); "stage" (ordered): "I/II NOS" (1)' in first
    assert 'add it to missing = ["..."] ([clinical] of a manifest' in first
    assert 'numbers and words in "ca125" ("<0" (1), "<3" (1), "<6" (1) and 4 more)' in second
    assert cohort.variables["type"].tolist() == [NUMERIC, ORDERED, CATEGORICAL, CATEGORICAL]
    assert cohort.clinical.loc["P19", ["age", "stage"]].isna().all()
    assert cohort.missing_cells == {"age": {"lost": 1}, "stage": {"I/II NOS": 1}}
    told = Cohort("toy", {}, clinical[["age"]], missing=("lost",))
    assert told.clinical["age"].equals(cohort.clinical["age"])


def test_the_table_and_the_lines() -> None:
    clinical = pd.DataFrame(
        {
            "age": [61.0, 50, np.nan, 70],
            "stage": ["Stage II", "Stage I", "Stage IIA", "Stage X"],
            "sex": ["m", "f", "[Unknown]", "f"],
            "barcode": ["w", "x", "y", "z"],
        },
        list("abcd"),
    )
    table = Cohort("toy", {}, clinical, known_labels=("sex",)).variables
    assert table["type"].tolist() == [NUMERIC, ORDERED, CATEGORICAL, CATEGORICAL]
    assert table["why"].tolist() == ["numbers", 'steps such as "Stage I"', "known label", "words"]
    assert table["levels"].tolist() == [
        (),
        ("Stage I", "Stage II", "Stage IIA"),
        ("f", "m"),
        ("w", "x", "y", "z"),
    ]
    assert table[["n_known", "n_missing"]].to_numpy().tolist() == [[3, 1], [3, 1], [3, 1], [4, 0]]
    assert variable_lines(table) == [
        "numeric: age (1 missing)",
        "ordered: stage (Stage I < Stage II = Stage IIA; 1 missing)",
        "categorical: sex (f, m; 1 missing), barcode (w, x, y, z)",
        '"Stage X" read as missing: stage (1)',
        '"[Unknown]" read as missing: sex (1)',
    ]
    assert levels(pd.Series(list("abcdefgh")), CATEGORICAL) == tuple("abcdefgh")
    assert Cohort("none", {}).variables.empty


@pytest.mark.parametrize(
    ("name", "word"), [("T", "T10"), ("T", "12"), ("stage", "Stage 10"), ("N", "N10"), ("t", "-1")]
)
def test_what_is_no_step_is_not_read_as_one(name: str, word: str) -> None:
    others = {"stage": "Stage 1", "N": "N1"}.get(name, "T1")
    with pytest.warns(OmicsfuseWarning, match=rf'"{name}" \(ordered\): "{word}" \(1\)'):
        cohort = gate(**{name: [others] * 19 + [word]})
    assert cohort.clinical[name].isna().sum() == 1
    assert steps(cohort.clinical[name]).dropna().eq(1).all()


def gate(**columns: list) -> Cohort:
    clinical = pd.DataFrame(columns)
    return Cohort("toy", {}, clinical.set_axis([f"P{i:02d}" for i in range(len(clinical))]))


def test_codes_off_a_named_scale_are_warned_of() -> None:
    said = (
        r'codes outside the scale .*: "ecog" \("9" \(5\)\). If such a number means missing, '
        r"add it to"
    )
    with pytest.warns(OmicsfuseWarning, match=said):
        some = gate(ecog=[0, 1, 2, 9] * 5)
    assert some.variables["type"]["ecog"] == NUMERIC
    with pytest.warns(OmicsfuseWarning, match=r'"stage" \(ordered\): "9" \(1\)'):
        few = gate(stage=[1, 2, 3] * 6 + [4, 9])
    assert few.variables["levels"]["stage"] == ("1", "2", "3", "4")
    assert few.missing_cells == {"stage": {"9": 1}}
    # Nothing of a scale: months, and codes of a column that says so.
    gate(stage_months=list(range(3, 23)), stage_code=[1, 2, 3, 9] * 5)


def test_words_that_keep_a_column_from_being_steps_are_named() -> None:
    said = (
        r'steps of a scale with words outside the scale, .*: "grade" \("High Grade" \(4\)\)\. If '
        r"such a word means "
    )
    with pytest.warns(OmicsfuseWarning, match=said):
        cohort = gate(grade=["G1", "G2", "G3", "GX", "High Grade"] * 4)
    assert cohort.variables["type"]["grade"] == CATEGORICAL
    gate(subtype=["I", "II", "other"] * 4, group=["G1", "x"] * 6)


def test_decimal_commas_are_read_where_the_whole_column_has_them() -> None:
    with pytest.warns(OmicsfuseWarning, match=r'commas read as decimal commas: "age" \("61,5"'):
        cohort = gate(age=["61,5", "70", "55,25", "NA"] * 5)
    assert cohort.clinical["age"].iloc[:3].tolist() == [61.5, 70.0, 55.25]
    assert cohort.variables.loc["age", ["type", "why"]].tolist() == [
        NUMERIC,
        "numbers with decimal commas",
    ]


@pytest.mark.parametrize(
    "cells",
    [
        [f"{i} years" for i in range(20)],
        [f"{i}%" for i in range(20)],
        [f"1,{i + 100}" for i in range(20)],
        [f"{i},5" if i % 3 else f"{i}.5" for i in range(20)],
        ["0.5 cm", "1.2 cm", "> 4 cm"] * 4,
    ],
)
def test_numbers_are_never_categories_without_a_word(cells: list) -> None:
    with pytest.warns(OmicsfuseWarning, match=r'numbers written with units, .*: "size" \("'):
        assert gate(size=cells).variables["type"]["size"] == CATEGORICAL


def test_a_decimal_among_few_numbers_and_words_is_doubted() -> None:
    with pytest.warns(OmicsfuseWarning, match='numbers and words in "breslow" ."thick"'):
        gate(breslow=["0.5", "1.2", "thick", "2"] * 5)
    gate(her2=["0", "1+", "2+", "3+"] * 5, plate=[f"{i:02d}A" for i in range(20)])


@pytest.mark.parametrize("cells", [["Inf", "61", "70"], [np.inf, 61, 70], ["1e400", "2", "3"]])
def test_infinite_values_are_refused_with_column_and_patients(cells: list) -> None:
    with pytest.raises(CohortError, match=r"clinical column 'age' has infinite values in 1 of 3 "):
        gate(age=cells)


def test_cells_that_are_no_single_value_are_refused() -> None:
    for cell in ([1, 2], {"a": 1}, ([1],)):
        clinical = pd.DataFrame({"x": [cell, "a"]}, ["P1", "P2"])
        with pytest.raises(CohortError, match=r"'x' has lists .* in 1 of 2 patients \(P1: "):
            Cohort("toy", {}, clinical)
    with pytest.raises(CohortError, match="complex numbers in 2 of 2"):
        Cohort("toy", {}, pd.DataFrame({"x": [1j, 2j]}, ["P1", "P2"]))


def test_case_makes_no_second_category() -> None:
    with pytest.warns(OmicsfuseWarning, match='"sex": MALE is male, Male is male; "stage": '):
        cohort = gate(
            sex=["male", "Male", "female", "male", "MALE", "female"],
            stage=["Stage II", "stage ii", "Stage I", "Stage II", "Stage IIA", "Stage I"],
            code=["aB", "Ab", "x", "y", "z", "w"],
        )
    assert cohort.variables["levels"].tolist() == [
        ("female", "male"),
        ("Stage I", "Stage II", "Stage IIA"),
        ("Ab", "aB", "w", "x", "y", "z"),
    ]
    assert cohort.variables["steps"].tolist() == [(), (1.0, 2.0, 2.0), ()]
    assert cohort.clinical["sex"].value_counts().to_dict() == {"male": 4, "female": 2}


def test_substages_of_one_step_are_shown_as_equal() -> None:
    lines = variable_lines(gate(stage=["Stage IIIB", "stage iiia", "Stage I"] * 4).variables)
    assert lines == ["ordered: stage (Stage I < stage iiia = Stage IIIB)"]
