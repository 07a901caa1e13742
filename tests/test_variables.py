"""What a clinical column holds is decided once, whatever the order, case and brackets."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import OmicsfuseWarning
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
    random.shuffle(order)  # type: ignore[attr-defined]
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
    assert 'add it to missing = ["..."] of [clinical]' in first
    assert 'numbers and words in "ca125": taken as categories everywhere' in second
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
        "ordered: stage (Stage I < Stage II < Stage IIA; 1 missing)",
        "categorical: sex (f, m; 1 missing), barcode (w, x, y, z)",
        '"Stage X" taken as missing: stage (1)',
        '"[Unknown]" taken as missing: sex (1)',
    ]
    assert levels(pd.Series(list("abcdefgh")), CATEGORICAL) == tuple("abcdefgh")
    assert Cohort("none", {}).variables.empty
