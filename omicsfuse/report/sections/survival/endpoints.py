"""Rows of results over all endpoints, and times in words."""

from collections.abc import Sequence

import pandas as pd

from omicsfuse.core.results import RunResults, SurvivalComparison
from omicsfuse.core.time_to_event import endpoint_name, per_unit, shown_unit
from omicsfuse.plot.numbers import clean
from omicsfuse.plot.rows import rows_with


def endpoint_in_words(name: str) -> str:
    """Write an endpoint in full where its abbreviation is in use, with its name in brackets."""
    full = endpoint_name(name)
    if full == name:
        return f"survival ({clean(name)})"
    words = full[0].lower() + full[1:]
    return f"{'the ' if words.endswith('interval') else ''}{words} ({clean(name)})"


def rows_of(results: RunResults, name: str, times: Sequence[str] = ()) -> pd.DataFrame:
    """Rows of one table over all endpoints; columns of ``times`` in the unit of the curves."""
    # Row by row: empty tables and columns must not decide the types of the others.
    rows = []
    for endpoint, comparison in results.survival.items():
        unit, factor = shown_time(comparison)
        for row in getattr(comparison, name).to_dict("records"):
            converted = {column: float(row[column]) * factor for column in times if column in row}
            rows.append({**row, **converted, "endpoint": endpoint, "unit": unit})
    return pd.DataFrame(rows)


def shown_time(comparison: SurvivalComparison) -> tuple[str, float]:
    """Unit of the times in the report, that of the curves, and the factor to it."""
    longest = float(comparison.curves["time"].max()) if len(comparison.curves) else 0.0
    unit = shown_unit(comparison.unit, longest)
    return unit, per_unit(comparison.unit, unit)


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
