"""Labels that come from elsewhere: checked, named S1 to Sk by size, their own names kept."""

import warnings
from collections.abc import Mapping
from typing import Any

import pandas as pd

from omicsfuse.core.checks.arguments import require
from omicsfuse.core.checks.tables import (
    count,
    in_canonical_order,
    listed,
    named_axes,
    refuse_duplicates,
)
from omicsfuse.core.errors import CohortError, OmicsfuseWarning
from omicsfuse.core.identifiers import to_patients
from omicsfuse.core.layers import Exclusion
from omicsfuse.core.missing import level_text, without_missing

#: Key in ``Subtypes.params``: the names that given labels had, by subtype.
NAMES = "names"
#: More labels, of patients not even twice as many, are no groups.
MOST_LABELS = 6
#: More labels than these are doubtful.
MANY_LABELS = 12


def named_by_size(labels: pd.Series | Mapping[str, Any]) -> tuple[pd.Series, dict[str, str], int]:
    """Labels S1 to Sk of the labelled patients, the name each had, and how many have no label."""
    labels = pd.Series(labels, dtype=object) if isinstance(labels, Mapping) else labels
    require(labels, pd.Series, "labels", 'a column indexed by patient, such as table["subtype"]')
    where = "labels"
    table = named_axes(labels.to_frame("label"), where)
    samples: list[Exclusion] = []
    table = to_patients(table, where, "the column", samples)
    refuse_duplicates(table.index, "patient", where)
    column, _ = without_missing(in_canonical_order(table)["label"])
    known = column.dropna().map(level_text)
    if known.empty:
        raise CohortError(
            f"labels: none of {count(len(column), 'patient')} has a label; expected a label, "
            "or an empty cell for patients without one."
        )
    _refuse_measurements(known)
    sizes = known.value_counts()
    if len(sizes) == 1:
        others = len(column) - len(known)
        raise CohortError(
            f'labels: there is one label only, "{sizes.index[0]}", of '
            f"{count(len(known), 'patient')}; expected two groups at least. "
            + (
                f"{count(others, 'patient')} without a label "
                f"{'is' if others == 1 else 'are'} excluded: if they are a "
                "group, give it a name."
                if others
                else "With one group there is nothing to compare."
            )
        )
    if len(sizes) > MOST_LABELS and 2 * len(sizes) > len(known):
        raise CohortError(
            f"labels: {len(sizes)} different labels of {count(len(known), 'patient')} (e.g. "
            f"{listed(sizes.index, 3)}); expected groups, with at least two patients per "
            "label on average. The column may hold identifiers or measurements."
        )
    _warn_of_many(sizes)
    first = {label: place for place, label in reversed(list(enumerate(known)))}
    ordered = sorted(sizes.index, key=lambda label: (-sizes[label], first[label]))
    names = {f"S{i + 1}": label for i, label in enumerate(ordered)}
    back = {label: name for name, label in names.items()}
    subtype = known.map(back).rename("subtype").rename_axis("patient")
    return subtype, names, len(labels) - len(known)


def _refuse_measurements(known: pd.Series) -> None:
    """Refuse numbers with fractions: they are measured, and no names of groups."""
    numbers = pd.to_numeric(known, errors="coerce")
    if numbers.notna().all() and (numbers % 1 != 0).any():
        raise CohortError(
            f"labels: the column holds numbers with fractions (e.g. {listed(known.unique(), 3)}), "
            "a measurement; expected names of groups. Cut it into groups first (pandas.cut)."
        )


def _warn_of_many(sizes: pd.Series) -> None:
    """Warn where labels are many: they may be values of a measurement."""
    if len(sizes) > MANY_LABELS:
        warnings.warn(
            f"labels: {len(sizes)} different labels of {sizes.sum()} patients; the column may hold "
            "a measurement. Cut it into groups (pandas.cut), or join small groups.",
            OmicsfuseWarning,
            stacklevel=3,
        )
