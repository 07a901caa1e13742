"""What the gate checks and reads of the clinical side of a cohort, and of its common patients."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

import numpy as np
import pandas as pd

from omicsfuse.core.checks.clinical import (
    check_apart,
    check_unit,
    check_words,
    read_endpoint,
    require_column,
    warn_of_dead_only,
)
from omicsfuse.core.checks.patients import first_five, where_layer
from omicsfuse.core.checks.tables import (
    count,
    did_you_mean,
    listed,
    named_axes,
    refuse_duplicates,
    refuse_empty,
)
from omicsfuse.core.clean_table import CleanTable, clean_table
from omicsfuse.core.errors import CohortError
from omicsfuse.core.faults import Faults
from omicsfuse.core.layers import Endpoint, Exclusion
from omicsfuse.core.variables import Decision

if TYPE_CHECKING:
    from omicsfuse.core.cohort import Cohort

#: Lists of clinical columns that a cohort names.
ROLES = ("covariates", "known_labels", "technical", "ignore", "strata")
#: What an ``Exclusion`` of words taken as missing counts.
CELLS = "cells"

_TABLE_LINES = '[clinical]\nfile = "clinical.tsv"\n\n'
_ENDPOINT_LINES = """[clinical.endpoints.{name}]
time = "TIME_COLUMN"
event = "EVENT_COLUMN"
unit = "days"
or in Python, to of.Cohort.from_tables:
{table}endpoints={{"{name}": ("TIME_COLUMN", "EVENT_COLUMN")}}"""


def outcome_values(
    endpoints: Mapping[str, Endpoint], clinical: pd.DataFrame | None
) -> dict[str, pd.Series]:
    """Clinical columns that endpoints are read from, and times and events as they are read."""
    values: dict[str, pd.Series] = {}
    if clinical is None:
        return values
    for name, end in endpoints.items():
        for column in end.columns:
            if column in clinical:
                values[column] = pd.to_numeric(clinical[column].astype(object), errors="coerce")
        # What is wrong with an endpoint is said later.
        with suppress(CohortError, KeyError):
            read = read_endpoint(clinical, end, name, "")
            values |= {f"{name} {part}": read[part] for part in ("time", "event")}
    finite = {name: column.astype(float) for name, column in values.items()}
    return {name: column.where(np.isfinite(column)) for name, column in finite.items()}


def where_clinical(cohort: "Cohort") -> str:
    """Name the clinical table in messages."""
    return "clinical table" + (f" ({cohort.clinical_source})" if cohort.clinical_source else "")


def role_columns(columns: Iterable[str], role: str) -> tuple[str, ...]:
    """Columns of a role, or words for missing, as a tuple; one string is no list."""
    if isinstance(columns, str):
        content = "words" if role == "missing" else "columns"
        raise CohortError(f'{role} = "{columns}": expected a list of {content}, ["{columns}"].')
    if not isinstance(columns, Iterable):
        raise CohortError(f"{role} = {columns!r}: expected a list, [{columns!r}].")
    if role != "missing":
        return tuple(columns)
    words = tuple(columns)
    if truth := [word for word in words if isinstance(word, bool)]:
        raise CohortError(
            f"missing holds {truth[0]}: expected words and numbers that mean missing; write a "
            'word in quotes, "true".'
        )
    return tuple(map(str, words))


def clean_clinical(cohort: "Cohort", decided: pd.DataFrame | None = None) -> CleanTable | None:
    """Check the clinical table, and take words for missing out of it.

    ``decided``: ``variables`` of the cohort whose table, made clean before, this is a part of.
    """
    if cohort.clinical is None:
        return None
    where = where_clinical(cohort)
    clinical = named_axes(cohort.clinical, where)
    # A cohort without layers may be a cohort of nobody; with layers, an empty table is a fault.
    if cohort.omics:
        refuse_empty(clinical, where)
    refuse_duplicates(clinical.index, "patient", where)
    refuse_duplicates(clinical.columns, "clinical column", where)
    ends = cohort.endpoints.values()
    events: dict[str, list[str]] = {}
    for end in ends:
        events.setdefault(end.event, []).extend(map(str, end.event_values))
        if end.competing:
            events.setdefault(end.competing, [])
    check_words(cohort.endpoints, cohort.missing, where)
    if decided is not None:
        if unknown := [name for name in clinical.columns if name not in decided.index]:
            raise CohortError(
                f"{where}: decided does not say what {listed(unknown)} hold. Give the "
                "variables of the cohort that the table is part of, or omit decided."
            )
        decisions = {
            name: Decision(decided["type"][name], decided["why"][name], clinical[name])
            for name in clinical.columns
        }
        return CleanTable(clinical, decisions, {})
    return clean_table(
        clinical,
        where,
        missing=cohort.missing,
        labels=cohort.known_labels,
        ignored=cohort.ignore,
        times={column for end in ends for column in (*end.times, end.entry) if column},
        events=events,
    )


def missing_cells(
    before: Mapping[str, Mapping[str, int]], clean: CleanTable
) -> dict[str, dict[str, int]]:
    """Words taken as missing by column, those that a cohort made of this table took included."""
    cells: dict[str, dict[str, int]] = {}
    for name in clean.table.columns:
        words = dict(before.get(name, {}))
        if sum(words.values()) > int(clean.table[name].isna().sum()):
            words = {}  # of another table, which this one has taken the place of
        for word, n in clean.cells.get(name, {}).items():
            words[word] = words.get(word, 0) + n
        if words:
            cells[name] = words
    return cells


def excluded_cells(cells: Mapping[str, Mapping[str, int]]) -> list[Exclusion]:
    """Count the words taken as missing, in one exclusion or none."""
    total = sum(n for words in cells.values() for n in words.values())
    if not total:
        return []
    every = [(name, *each) for name, words in cells.items() for each in words.items()]
    examples = [f'{name}: "{word}" ({n})' for name, word, n in every]
    reason = f"words for missing in {count(len(cells), 'clinical column')}: read as missing"
    return [Exclusion("read", "clinical", CELLS, total, reason, tuple(examples[:5]))]


def check_columns(cohort: "Cohort") -> None:
    """Check every clinical column that the cohort names."""
    named = [(role, column) for role in ROLES for column in getattr(cohort, role)]
    if cohort.clinical is None:
        if named or cohort.endpoints:
            raise CohortError(
                f'cohort "{cohort.name}": clinical columns or endpoints are named '
                f"({listed([*cohort.endpoints, *(column for _, column in named)])}) but "
                "there is no clinical table. Give one (clinical=table in Python; [clinical] with "
                "file = ... in a manifest), or leave them out."
            )
        return
    where = where_clinical(cohort)
    adjusted = {role: getattr(cohort, role) for role in ("covariates", "strata")}
    with Faults() as faults:
        for role, column in named:
            with faults.gathered():
                require_column(column, f"one of {role}", cohort.clinical, where)
        for name, endpoint in cohort.endpoints.items():
            with faults.gathered():
                check_unit(endpoint.unit, name, where)
            with faults.gathered():
                warn_of_dead_only(times_and_events(cohort, name), endpoint, name, where)
            with faults.gathered():
                check_apart(endpoint, name, adjusted, where)


def times_and_events(cohort: "Cohort", name: str) -> pd.DataFrame:
    """Columns ``time`` and ``event`` of all clinical patients, missing ones NaN."""
    if not isinstance(name, str):
        raise CohortError(f'the endpoint is {name!r}; expected one name as text, such as "os".')
    if cohort.clinical is None:
        raise CohortError(
            f'cohort "{cohort.name}": endpoint "{name}" needs a clinical table; the cohort '
            f"has none. Add to the manifest:\n{_TABLE_LINES}"
            + _ENDPOINT_LINES.format(name=name, table="clinical=table, ")
        )
    if name not in cohort.endpoints:
        there = did_you_mean(name, cohort.endpoints) or "it has none"
        raise CohortError(
            f'cohort "{cohort.name}": there is no endpoint "{name}"; {there}. To add it, write '
            "in the manifest, with your own columns out of "
            f"{listed(cohort.clinical.columns, 30)}:\n"
            + _ENDPOINT_LINES.format(name=name, table="")
        )
    endpoint, where = cohort.endpoints[name], where_clinical(cohort)
    columns = [("time", column) for column in endpoint.times] or [("time", "")]
    columns += [("event", endpoint.event), ("entry", endpoint.entry)]
    columns += [("competing event", endpoint.competing)]
    with Faults() as faults:
        for role, column in columns:
            with faults.gathered():
                if column or role in ("time", "event"):
                    named = f'{role} of endpoint "{name}"'
                    require_column(column, named, cohort.clinical, where)
    return read_endpoint(cohort.clinical, endpoint, name, where)


def survival_exclusions(table: pd.DataFrame, endpoint: str) -> tuple[Exclusion, ...]:
    """Count in what ``times_and_events`` gave who lacks a value, is at zero, or never at risk."""
    lacking = "time, event or entry" if "entry" in table else "time or event"
    counted = (
        (table.isna().any(axis=1), f"{endpoint}: {lacking} missing, excluded"),
        (table["time"] < 0, f"{endpoint}: negative time, excluded"),
        (
            # With late entry nobody is at risk at zero: left out below.
            table["time"].eq(0) & table["event"].notna() & ("entry" not in table),
            f"{endpoint}: time of zero, kept (counted only)",
        ),
        (
            (table.get("entry", pd.Series(-1.0, table.index)) >= table["time"])
            & (table["time"] >= 0),
            f"{endpoint}: entry at or after the end of follow-up, never at risk, excluded",
        ),
    )
    return tuple(
        Exclusion(
            "survival",
            "clinical",
            "patients",
            int(rows.sum()),
            reason,
            first_five(table.index[rows]),
        )
        for rows, reason in counted
        if rows.any()
    )


def refuse_few_patients(
    cohort: "Cohort", names: Sequence[str], n_common: int, least: int
) -> NoReturn:
    """Say how many patients each of the layers has, and how they are named."""
    first = cohort.omics[names[0]].table.index if names else pd.Index([])
    lines = []
    for name in names:
        layer = cohort.omics[name]
        index = layer.table.index
        line = f"  {where_layer(name, layer)}: {count(len(index), 'patient')}"
        if name != names[0]:
            line += f", {int(index.isin(first).sum())} of them in {names[0]}"
        lines.append(f"{line}, e.g. {listed(index[:3])}")
    if cohort.clinical is not None:
        lines.append(
            f"  {where_clinical(cohort)}: {count(len(cohort.clinical), 'patient')}, e.g. "
            f"{listed(cohort.clinical.index[:3])}"
        )
    raise CohortError(
        f'cohort "{cohort.name}": {count(n_common, "patient")} in common in '
        f"{', '.join(names) or 'no layers'}; at least {least} are needed. Remove the "
        "layer with the fewest patients; or, if the identifiers below name the same patients "
        "differently, unify them:\n" + "\n".join(lines)
    )
