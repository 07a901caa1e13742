"""Which patients have which gene altered: mutations, and copy number by stated thresholds."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from omicsfuse.core.cohort import Layer
from omicsfuse.core.kinds import kind_of

#: Levels of a copy-number layer from which on (downwards, to which) a gene counts as altered. For
#: log2 ratios: one copy gained in a third of a diploid sample is 0.22, four copies in all of it
#: are 1, one copy in all of it is -1; normal cells in a sample bring ratios nearer to 0.
THRESHOLDS: dict[str, dict[str, float]] = {
    "gistic": {"amplified": 2, "deleted": -2, "gained": 1, "lost": -1},
    "log2": {"amplified": 1.0, "deleted": -1.0, "gained": 0.2, "lost": -0.2},
}


def altered(layer: Layer) -> dict[str, pd.DataFrame]:
    """Tell which genes are altered, a table (patients x genes) a way: 1, 0, NaN not measured.

    ``"mutated"``; or by ``THRESHOLDS`` ``"amplified"``, ``"deleted"``, ``"gained"`` (amplified
    genes among them) and ``"lost"`` (deleted ones among them).
    """
    table = layer.table
    values = table.to_numpy(dtype=float)
    which = kind_of(layer).alterations
    if which == "mutations":
        return {"mutated": _frame(values > 0, values, table)}
    if which != "copies":
        return {}
    limits = THRESHOLDS[layer.scale or "gistic"]
    return {
        name: _frame(values >= limit if limit > 0 else values <= limit, values, table)
        for name, limit in limits.items()
    }


def _frame(
    calls_made: npt.NDArray[np.bool_], values: npt.NDArray[np.float64], table: pd.DataFrame
) -> pd.DataFrame:
    calls = np.where(np.isnan(values), np.nan, calls_made.astype(float))
    return pd.DataFrame(calls, table.index, table.columns)
