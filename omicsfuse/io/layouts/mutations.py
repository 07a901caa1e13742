"""Matrices of mutations whose cells name the mutation: ``p.R175H``, ``Missense``, ``MUT``."""

import pandas as pd

from omicsfuse.core.missing import MISSING, folded

#: Words for no mutation.
_NONE = frozenset(
    {
        "wt",
        "wild type",
        "wildtype",
        "wild-type",
        "no",
        "negative",
        "neg",
        "absent",
        "0",
        "false",
        "not mutated",
        "unmutated",
        "normal",
    }
)


def mutated(table: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Write cells that name a mutation as 1, and the others as 0, in a table that has such cells.

    In such a table an empty cell means no mutation; a patient with empty cells alone stays
    missing. Also says what was done.
    """
    words = [i for i in range(table.shape[1]) if table.iloc[:, i].dtype == object]
    texts = {folded(cell) for i in words for cell in table.iloc[:, i].dropna().unique()} - MISSING
    if not any(any(letter.isalpha() for letter in text) for text in texts - _NONE - {"true"}):
        return table, ""
    nobody = table.isna().all(axis=1)
    result = table.notna().astype(float)
    for i in range(table.shape[1]):
        column = table.iloc[:, i]
        cells = column.map(folded, na_action="ignore")
        present = column.notna() & ~cells.isin([*_NONE, *MISSING, "0.0"])
        result.isetitem(i, present.to_numpy(dtype=float))
    result[nobody] = float("nan")
    return result, "cells that name a mutation are mutated, empty cells are not"
