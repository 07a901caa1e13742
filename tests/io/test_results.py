"""Result files: the fast way to lay a table out says what pandas says."""

import numpy as np
import pandas as pd
import pytest

from omicsfuse.io.results import as_tsv, name_rows

MIXED = pd.DataFrame(
    {
        "number": [0.1 + 0.2, np.inf, -np.inf, np.nan, 1e-300],
        "nullable": pd.array([1.5, None, 2, 3, 4], "Float64"),
        "single": np.array([0.1, 0.2, 0.3, np.nan, 5], "float32"),
        "whole": range(5),
        "text": ["x", "y\tz", '"q"', None, ""],
        "flag": [True, False, True, None, 1.23456789012345],
    },
    index=list("edcba"),
)
TABLES = {
    "mixed": MIXED,
    "columns of one name": MIXED.set_axis(["a", "a", "c", "d", "e", "f"], axis=1),
    "nothing": pd.DataFrame(),
    "no rows": MIXED.iloc[:0],
    "no columns": pd.DataFrame(index=[1, 2]),
    "one empty cell": pd.DataFrame({"p": [np.nan, 1.0]}),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_laid_out_as_pandas_does_it(name: str) -> None:
    expected = TABLES[name].to_csv(sep="\t", index=False, float_format="%.10g", lineterminator="\n")
    assert as_tsv(TABLES[name]) == expected


def test_rows_are_named_in_the_first_column() -> None:
    tables = {
        "a": pd.DataFrame({"p": [0.1, 0.2]}),
        "none": pd.DataFrame(),
        "b": pd.DataFrame({"p": [0.3], "model": ["old"], "n": [5.0]}),
    }
    named = name_rows(tables, "model")
    assert list(named.columns) == ["model", "p", "n"]
    assert named["model"].tolist() == ["a", "a", "b"]
    assert named["p"].tolist() == [0.1, 0.2, 0.3]
    assert name_rows({"none": pd.DataFrame()}, "model").empty
