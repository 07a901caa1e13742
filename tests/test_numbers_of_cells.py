"""Cells of a layer as numbers: what programs and portals write, counted by what it was."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omicsfuse.core.checks.numbers import to_numbers
from omicsfuse.core.cohort import Cohort, Layer
from omicsfuse.core.errors import CohortError

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(FINITE, min_size=1, max_size=8))
def test_numbers_as_text_are_what_python_reads(values: list[float]) -> None:
    table = pd.DataFrame({"a": [repr(value) for value in values], "b": values})
    found = to_numbers(table, "here")
    np.testing.assert_array_equal(found.table["a"], values)
    np.testing.assert_array_equal(found.table["b"], values)
    assert found.failed == found.words == {}


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        *(("(0.56+0j)", 0.56), (0.56 + 0j, 0.56), ("[0.5]", 0.5), ("array(0.5)", 0.5)),
        *(("np.float64(0.5)", 0.5), (" 2 ", 2.0), ("1e-3", 1e-3)),
    ],
)
def test_numbers_in_other_dress(cell: object, value: float) -> None:
    found = to_numbers(pd.DataFrame({"a": [cell, 1.0]}, dtype=object), "here")
    assert found.table["a"].tolist() == [value, 1.0]
    assert found.failed == found.words == {}


@pytest.mark.parametrize(
    "cell",
    ["nan(ind)", "-nan(ind)", "-nan", "1.#IND", "-1.#IND", "1.#QNAN", "(1+2j)", "array(nan)"],
)
def test_failed_computations_are_missing_and_counted(cell: str) -> None:
    found = to_numbers(pd.DataFrame({"a": [cell, "1"]}), "here")
    assert found.table["a"].isna().tolist() == [True, False]
    assert sum(found.failed.values()) == 1


@pytest.mark.parametrize("cell", ["inf", "-Infinity", "1.#INF", np.inf])
def test_infinities_are_failed_in_images_only(cell: object) -> None:
    table = pd.DataFrame({"a": [cell, 1.0]}, dtype=object)
    assert to_numbers(table, "here", image=True).table["a"].isna().tolist() == [True, False]
    with pytest.raises(CohortError, match="infinite values"):
        to_numbers(table, "here")


@pytest.mark.parametrize("word", ["[Not Available]", "'--", "unknown", "<LOD", "-999", -999])
def test_words_for_missing_are_counted_in_exclusions(word: object) -> None:
    table = pd.DataFrame({"A": [word, 1.5, 2], "B": [1.5, 2, 3]}, list("abc"), dtype=object)
    found = Cohort("a", {"x": Layer("protein", table, missing=("<LOD", "-999"))})
    assert np.isnan(found.omics["x"].table.loc["a", "A"])
    (counted,) = found.exclusions
    assert (counted.what, counted.count) == ("values", 1)
    assert counted.examples == (str(word),)


@pytest.mark.parametrize(
    "cells",
    [
        [True, 1.0],
        ["true", "1"],
        ["<0.01", "1"],
        ["1,5", "2"],
        [pd.Timestamp("2020-01-01"), pd.Timestamp("2020-01-02")],
        [[1, 2], 3.0],
    ],
)
def test_other_cells_are_refused(cells: list[object]) -> None:
    with pytest.raises(CohortError, match=r"not a number|not numbers"):
        to_numbers(pd.DataFrame({"a": pd.Series(cells)}), "here")


def test_partial_deletions_are_deep_and_counted() -> None:
    table = pd.DataFrame({"A": [-1.5, 0, 1], "B": [2, -2, -1]}, list("abc"))
    found = Cohort("a", {"x": Layer("copy_number", table, "gistic")})
    assert found.omics["x"].table.loc["a", "A"] == -2
    assert found.exclusions[0].count == 1
    with pytest.raises(CohortError, match="other values than -2"):
        Cohort("a", {"x": Layer("copy_number", table.replace(-1.5, -0.5), "gistic")})
