"""Result files: tidy tab-separated tables and readable JSON."""

import csv
import io
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd


def stacked(tables: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    """Put tables with the same columns under one another; none gives a table of headings."""
    filled = [table for table in tables if len(table)]
    if not filled:
        return pd.DataFrame({column: [] for column in columns})
    return pd.concat(filled, ignore_index=True)[columns]


def name_rows(tables: Mapping[str, pd.DataFrame], key: str) -> pd.DataFrame:
    """Put tables under one another, with the name of each in the first column, ``key``."""
    parts = [table.assign(**{key: name}) for name, table in tables.items() if len(table)]
    if not parts:
        return pd.DataFrame()
    table = pd.concat(parts, ignore_index=True)
    return table[[key, *(column for column in table.columns if column != key)]]


def filled(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Tables with at least one row: where there is nothing to tell there is no file."""
    return {name: table for name, table in tables.items() if len(table)}


def patients_first(table: pd.DataFrame, taken: str = "score patient") -> pd.DataFrame:
    """Put the patients in the first column; no rows where there is no other column.

    ``taken`` is the new name of a column that is called as they are.
    """
    if not len(table.columns):
        return table.iloc[:0]
    return table.rename(columns={"patient": taken}).reset_index(names="patient")


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table as UTF-8 TSV; ten significant digits, so that the last bits do not show."""
    path.write_text(as_tsv(table), encoding="utf-8", newline="\n")


def as_tsv(table: pd.DataFrame) -> str:
    """Table as TSV without index, as ``DataFrame.to_csv`` but without asking each number."""
    if not len(table.columns):
        return str(table.to_csv(sep="\t", index=False, lineterminator="\n"))
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t", lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows(zip(*(_cells(column) for _, column in table.items()), strict=True))
    return text.getvalue()


def _cells(column: pd.Series) -> list[Any]:
    """What stands in a column: numbers with ten digits, nothing where a value is missing."""
    if column.dtype.kind == "f":
        values = column.to_numpy(dtype=float, na_value=np.nan).tolist()
        return [f"{number:.10g}" if number == number else "" for number in values]
    known = column.astype(object)
    return list(known.where(known.notna(), ""))


def write_json(content: Mapping[str, Any], path: Path) -> None:
    """Write a mapping as readable JSON; what is not a number becomes null."""
    text = json.dumps(_plain(content), indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def file_name(text: str) -> str:
    """Turn a cohort's name into one that any file system takes."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in text)


def _plain(value: Any) -> Any:
    """Turn mappings, sequences and numpy scalars into what JSON knows."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
