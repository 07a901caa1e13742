"""Columns of a layer whose numbers tell that they are no features.

Row numbers, dates as numbers, the outcome in any unit, and copies of clinical columns; never what
chance alone may have made equal.
"""

import math
import re
from collections.abc import Collection

import numpy as np
import pandas as pd

from omicsfuse.core.kinds import KINDS
from omicsfuse.core.no_features import CLINICAL, DATE, IDENTIFIER, OUTCOME
from omicsfuse.core.radiomic_names import told_by

#: Names under which tables number their rows.
_NUMBERS = re.compile(
    r"(?:\w*[ _.-])?(?:id|index|idx|nr|no|num|number|row|rowname|unnamed.*)", re.IGNORECASE
)
#: Levels up to which a column may be calls of alterations, as IDH status is.
_CALLS = 5
#: A column counts as another one if chance makes it so less often than in one of so many layers.
_CHANCE = 1000
#: Patients from which on a column that counts up is more than a small table's numbering.
_ENOUGH = 10
#: Correlation in a few patients below which a column is not looked at further.
_ALIKE = 0.95
#: Correlation from which on a column is the outcome, perhaps in another unit, rounded.
_SAME = 0.999


def valued_otherwise(
    table: pd.DataFrame,
    kind: str,
    clinical: pd.DataFrame,
    outcomes: pd.DataFrame,
    kept: Collection[str] = (),
) -> dict[str, str]:
    """Columns of a layer (patients x features, float64) that values tell are no features, and why.

    ``clinical``: patients x columns; ``outcomes``: patients x times and events, float64.
    """
    row = KINDS[kind]
    reasons: dict[str, str] = {}
    if kept and table.columns.isin(list(kept)).all():
        return reasons
    values = table.to_numpy()
    if not row.names_genes:
        for j, name in enumerate(table.columns):
            if reason := _numbers_of_rows(name, values[:, j]):
                reasons[name] = reason
    rows = clinical.index.get_indexer(table.index)
    there = rows >= 0
    for j in range(outcomes.shape[1]):
        outcome = np.full(len(table), np.nan)
        outcome[there] = outcomes.iloc[rows[there], j]
        for feature in table.columns[_equal(values, outcome) | _proportional(values, outcome)]:
            reasons.setdefault(str(feature), OUTCOME)
    for name in clinical.columns:
        known = np.full(len(table), np.nan)
        known[there] = _floats(clinical[name])[rows[there]]
        # A mutation may well be a clinical column, as IDH status is.
        if row.alterations and len(np.unique(known[~np.isnan(known)])) <= _CALLS:
            continue
        for feature in table.columns[_equal(values, known)]:
            # The tumour volume that somebody copied to the clinical table stays known.
            if not (row.radiomic and told_by(str(feature)).volume):
                reasons.setdefault(str(feature), CLINICAL)
    return {name: reason for name, reason in reasons.items() if name not in kept}


def _numbers_of_rows(name: str, values: np.ndarray) -> str:
    """Whether a column numbers the rows, or holds dates as numbers (20190312)."""
    known = values[~np.isnan(values)]
    if len(known) < _ENOUGH or (known != np.round(known)).any():
        return ""
    if known.min() >= 19000101 and known.max() <= 21001231:
        month, day = known // 100 % 100, known % 100
        if ((month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)).all():
            return DATE
    running = np.array_equal(np.sort(known), known.min() + np.arange(len(known)))
    return IDENTIFIER if running and _NUMBERS.fullmatch(name) else ""


def _surprising(column: np.ndarray, n_features: int) -> bool:
    """Whether a feature with the values of a column is none by chance, of so many features.

    Chance puts the values in one order of all that they have: n! / (n_1! n_2! ...).
    """
    counts = np.unique(column, return_counts=True)[1]
    orders = math.lgamma(len(column) + 1) - sum(math.lgamma(n + 1) for n in counts)
    return len(counts) > 1 and orders > math.log(_CHANCE * n_features)


def _counted_up(column: np.ndarray) -> bool:
    """Whether values rise or fall by the same step from patient to patient, as row numbers do."""
    return len(column) > 2 and bool(np.ptp(np.diff(column)) == 0)


def _equal(values: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Which features (n, p) hold a column's values in all patients where it is known."""
    same = np.zeros(values.shape[1], dtype=bool)
    places = np.flatnonzero(~np.isnan(column))
    if not len(places) or not _surprising(column[places], values.shape[1]):
        return same
    if _counted_up(column[places]) and len(places) < _ENOUGH:
        return same
    same = values[places[0]] == column[places[0]]
    candidates = np.flatnonzero(same)
    same[candidates] = (values[np.ix_(places, candidates)] == column[places, None]).all(axis=0)
    return same


def _proportional(values: np.ndarray, outcome: np.ndarray) -> np.ndarray:
    """Which features (n, p) are the outcome: as it is, in another unit, or the other way round."""
    found = np.zeros(values.shape[1], dtype=bool)
    known = np.flatnonzero(~np.isnan(outcome))
    if not len(known) or not _surprising(outcome[known], values.shape[1]):
        return found
    if _counted_up(outcome[known]):
        return found
    # Most features are told by a few patients, from the lowest value to the highest.
    order = known[np.argsort(outcome[known], kind="stable")]
    few = order[np.unique(np.linspace(0, len(order) - 1, 12).round().astype(int))]
    alike = ~(np.abs(_correlations(values[few], outcome[few])) < _ALIKE)
    for j in np.flatnonzero(alike):
        both = known[~np.isnan(values[known, j])]
        if len(both) and _surprising(outcome[both], values.shape[1]):
            r = _correlations(values[both, j][:, None], outcome[both])[0]
            found[j] = abs(r) > _SAME
    return found


def _correlations(values: np.ndarray, outcome: np.ndarray) -> np.ndarray:
    """Pearson's correlation of features (n, p) with an outcome (n), each where it is known.

    0 for a feature that is the same in all, NaN for one that half of the patients lack.
    """
    there = ~np.isnan(values)
    n = np.maximum(there.sum(axis=0), 1)
    x = np.where(there, values, 0.0)
    x = np.where(there, x - x.sum(axis=0) / n, 0.0)
    y = outcome - outcome.mean()
    varies = np.maximum(y * y @ there - (y @ there) ** 2 / n, 0.0)
    lengths = np.sqrt((x * x).sum(axis=0) * varies)
    r = np.divide(y @ x, lengths, out=np.zeros(len(lengths)), where=lengths > 0)
    r[2 * n < len(outcome)] = np.nan
    return r


def _floats(column: pd.Series) -> np.ndarray:
    """Values as float64; words are NaN."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return np.full(len(column), np.nan)
    numbers = pd.to_numeric(column.astype(object), errors="coerce")
    values = numbers.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)
