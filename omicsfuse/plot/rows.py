"""Rows of a table of results that hold numbers to draw."""

import numpy as np
import pandas as pd

from omicsfuse.core.results import ADJUSTED_MODELS


def rows_with(table: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Keep the rows with a finite number in all these columns; none where a column is absent."""
    if any(name not in table for name in columns):
        return pd.DataFrame()
    numbers = table[list(columns)].apply(pd.to_numeric, errors="coerce")
    return table[np.isfinite(numbers.to_numpy(dtype=float, na_value=np.nan)).all(axis=1)]


def fullest_model(models: pd.Series) -> str:
    """Name the model that adjusts for most: the last one with covariates, else the first one."""
    names = list(dict.fromkeys(models.astype(str)))
    adjusted = [name for name in names if name in ADJUSTED_MODELS]
    return adjusted[-1] if adjusted else names[0] if names else ""
