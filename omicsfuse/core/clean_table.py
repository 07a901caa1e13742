"""A clinical table at the gate: words for missing taken out, what is no value refused."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from omicsfuse.core.doubtful_words import warn_of_doubtful_words
from omicsfuse.core.errors import CohortError
from omicsfuse.core.missing import AMBIGUOUS, folded, without_missing
from omicsfuse.core.variables import CATEGORICAL, Decision, decide


@dataclass(frozen=True, eq=False)
class CleanTable:
    """A clinical table whose columns have been decided, and what became of its words.

    ``cells``: words taken as missing and their cells, by column.
    """

    table: pd.DataFrame
    decisions: dict[str, Decision]
    cells: dict[str, dict[str, int]]


def clean_table(
    table: pd.DataFrame,
    where: str,
    *,
    missing: Iterable[str] = (),
    labels: Iterable[str] = (),
    ignored: Iterable[str] = (),
    times: Iterable[str] = (),
    events: Mapping[str, Iterable[str]] | None = None,
) -> CleanTable:
    """Take words for missing out of a clinical table, and decide what each column holds.

    Columns of ``times`` and ``events`` keep unknown words for their reader to refuse. Warns of
    doubtful words (`warn_of_doubtful_words`); refuses cells that are no single or finite value.
    """
    events, times = dict(events or {}), set(times)
    labels, ignored = set(labels), set(ignored)
    columns: dict[str, pd.Series] = {}
    decisions: dict[str, Decision] = {}
    cells: dict[str, dict[str, int]] = {}
    for name in table.columns:
        _refuse_cells(table[name], _no_single_value(table[name]), "lists or complex numbers", where)
        answered = [folded(word) for word in events.get(name, ())]
        if name in events:
            answered.append(AMBIGUOUS)
        column, taken = without_missing(table[name], missing, answered)
        decision = decide(column, label=name in labels)
        if name in events or name in times:
            columns[name] = column
            if decision.unread or decision.not_told:
                # Such words may mean something to the endpoint.
                decision = Decision(CATEGORICAL, "words", column)
        else:
            columns[name] = decision.column
            if pd.api.types.is_float_dtype(decision.column):
                _refuse_cells(column, np.isinf(decision.column), "infinite values", where)
            taken = {**taken, **decision.not_told, **decision.unread}
        decisions[name] = decision
        if taken:
            cells[name] = dict(sorted(taken.items()))
    read_elsewhere = {*events, *times, *ignored}
    warn_of_doubtful_words(
        where,
        {name: decision for name, decision in decisions.items() if name not in read_elsewhere},
        cells,
    )
    return CleanTable(pd.DataFrame(columns, table.index, table.columns), decisions, cells)


def _no_single_value(column: pd.Series) -> pd.Series:
    """Say which cells are no number, word or date: lists, complex numbers."""
    if pd.api.types.is_complex_dtype(column):
        return pd.Series(True, column.index)
    if column.dtype != object:
        return pd.Series(False, column.index)
    return pd.Series([not _hashable(cell) for cell in column], column.index, dtype=bool)


def _hashable(cell: object) -> bool:
    try:
        hash(cell)
    except TypeError:
        return False
    return True


def _refuse_cells(column: pd.Series, wrong: pd.Series, fault: str, where: str) -> None:
    """Refuse a column with such cells, naming the first patients who have one."""
    wrong = wrong.fillna(False).astype(bool)
    if wrong.any():
        shown = [f'{patient}: "{cell}"' for patient, cell in column[wrong].iloc[:5].items()]
        raise CohortError(
            f"{where}: clinical column {str(column.name)!r} has {fault} in "
            f"{int(wrong.sum())} of {len(column)} patients ({', '.join(shown)}): expected one "
            "number, word or date for each patient. Correct the cells, leave them empty, or "
            "remove the column."
        )
