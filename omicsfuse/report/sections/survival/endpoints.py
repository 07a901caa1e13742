"""Rows of results over all endpoints, and times in words."""

import pandas as pd

from omicsfuse.core.results import RunResults
from omicsfuse.core.time_to_event import endpoint_name
from omicsfuse.plot.numbers import clean
from omicsfuse.plot.rows import rows_with


def endpoint_in_words(name: str) -> str:
    """Write an endpoint in full where its abbreviation is in use, with its name in brackets."""
    full = endpoint_name(name)
    if full == name:
        return f"survival ({clean(name)})"
    words = full[0].lower() + full[1:]
    return f"{'the ' if words.endswith('interval') else ''}{words} ({clean(name)})"


def rows_of(results: RunResults, name: str) -> pd.DataFrame:
    """Rows of one table over all endpoints with their units, whichever of them are empty."""
    # Row by row: empty tables and columns must not decide the types of the others.
    rows = [
        {**row, "endpoint": endpoint, "unit": comparison.unit}
        for endpoint, comparison in results.survival.items()
        for row in getattr(comparison, name).to_dict("records")
    ]
    return pd.DataFrame(rows)


def first_rows(results: RunResults, name: str, *columns: str) -> pd.DataFrame:
    """Rows with numbers in these columns, of the first endpoint that has any."""
    for comparison in results.survival.values():
        rows = rows_with(getattr(comparison, name), *columns)
        if len(rows):
            return rows
    return pd.DataFrame()


def texts_of(results: RunResults, name: str, column: str) -> set[str]:
    """Texts in a column of a table, over all endpoints."""
    rows = rows_of(results, name)
    return {clean(text) for text in rows[column].dropna() if text} if column in rows else set()


def unit_column(table: pd.DataFrame) -> tuple[list[str], str]:
    """Where the unit of time is told: in a column where there are several, else in the caption."""
    units = list(dict.fromkeys(clean(unit) for unit in table["unit"]))
    return (["unit"], "") if len(units) > 1 else ([], f", in {units[0]}")
