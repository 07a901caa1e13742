"""A cohort from tables that are in memory: turned the right way, guessed where nothing is said."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import pandas as pd

from omicsfuse.core.checks.arguments import require
from omicsfuse.core.checks.clinical import UNITS
from omicsfuse.core.checks.layers import check_kind
from omicsfuse.core.checks.tables import (
    count,
    did_you_mean,
    listed,
    name_fault,
    named_axes,
    names_as_text,
    refuse_empty,
    transposed_against,
)
from omicsfuse.core.errors import CohortError
from omicsfuse.core.faults import Faults
from omicsfuse.core.guesses import guessed_kind, guessed_scale, names_features
from omicsfuse.core.identifiers import MOSTLY_BARCODES, is_barcode, patients_of, to_patients
from omicsfuse.core.kinds import KINDS
from omicsfuse.core.layers import Endpoint, Exclusion, Layer
from omicsfuse.core.no_features import without_descriptions

#: Columns that a MAF has: a row a variant, not a patient.
_MAF = {"Hugo_Symbol", "Tumor_Sample_Barcode"}


#: What messages call the clinical table.
_CLINICAL = "the clinical table"


@dataclass
class Found:
    """What became of the tables: layers, clinical table, what was left out, and notes."""

    layers: dict[str, Layer] = field(default_factory=dict)
    clinical: pd.DataFrame | None = None
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    exclusions: list[Exclusion] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_tables(
    tables: Mapping[str, pd.DataFrame | Layer],
    clinical: pd.DataFrame | None,
    endpoints: Mapping[str, Any],
    kinds: Mapping[str, str] | str | None,
    scales: Mapping[str, str] | str | None,
) -> Found:
    """Bring tables to patients in rows, and say what they are where nobody did."""
    require(tables, Mapping, "tables", 'tables by name, such as {"rna": table}')
    if not tables:
        raise CohortError('tables is empty: expected a table at least, such as {"rna": table}.')
    said = {
        "kind": _by_layer(kinds, tables, "kinds"),
        "scale": _by_layer(scales, tables, "scales"),
    }
    found = Found()
    named: dict[str, pd.DataFrame] = {}
    numbered = {_CLINICAL: clinical, **tables}
    with Faults() as faults:
        if clinical is not None:
            with faults.gathered():
                clinical = _named("clinical table", clinical)
                found.clinical = to_patients(clinical, "clinical", "the table", found.exclusions)
        for name, table in tables.items():
            with faults.gathered():
                if fault := name_fault(name):
                    raise CohortError(f"{fault}.")
                content = table.table if isinstance(table, Layer) else table
                named[name] = _named(f'layer "{name}"', content)
                refuse_empty(named[name], f'layer "{name}"')
        with faults.gathered():
            found.endpoints = _endpoints(endpoints, found.notes)
    _numbers_for_names(numbered, found.notes)
    _refuse_clinical_in_columns(found.clinical, named)
    for name, content in _patients_in_rows(named, found.clinical, found.notes).items():
        own = tables[name]
        content = to_patients(content, name, "the table", found.exclusions)
        layer = replace(own, table=content) if isinstance(own, Layer) else Layer("", content)
        kind = layer.kind or said["kind"].get(name, "")
        scale = layer.scale or said["scale"].get(name, "")
        found.layers[name] = _understood(name, layer, kind, scale, found)
    return found


def _by_layer(
    given: Mapping[str, str] | str | None, tables: Mapping[str, Any], what: str
) -> Mapping[str, str]:
    """Kinds or scales by layer; one word is that of all."""
    if given is None:
        return {}
    if isinstance(given, str):
        return dict.fromkeys(tables, given)
    require(given, Mapping, what, f'a dict such as {{"{next(iter(tables), "rna")}": "..."}}')
    for name in given:
        if name not in tables:
            raise CohortError(f"{what} names layer {name!r}; {did_you_mean(str(name), tables)}.")
    return given


def _named(where: str, table: pd.DataFrame) -> pd.DataFrame:
    """Check that rows and columns have names, and that rows are no variants and no mere numbers."""
    if isinstance(table, pd.DataFrame):
        if set(table.columns) >= _MAF:
            raise CohortError(
                f"{where}: found the columns of a MAF, with one variant per row; expected "
                "patients in rows and genes in columns. Read the file with of.read_maf."
            )
        # Columns of the same name are refused below.
        words = [
            column
            for number, column in enumerate(table.columns[:5])
            if (values := table.iloc[:, number]).is_unique
            and not pd.api.types.is_numeric_dtype(values)
        ]
        if isinstance(table.index, pd.RangeIndex) and len(table) > 1 and words:
            raise CohortError(
                f"{where}: rows are numbered from {table.index[0]}, not named by patients, "
                f'and column "{words[0]}" holds names: {listed(table[words[0]], 3)}. If these '
                f'are the patients, pass table.set_index("{words[0]}").'
            )
    return named_axes(table, where)


def _numbers_for_names(tables: Mapping[str, Any], notes: list[str]) -> None:
    """Note rows that are numbered, not named; refuse them where the tables differ in length."""
    lengths = {
        where: len(table)
        for where, table in tables.items()
        if isinstance(table, pd.DataFrame)
        and isinstance(table.index, pd.RangeIndex)
        and table.index.start == 0
    }
    if len(set(lengths.values())) > 1:
        counts = ", ".join(f"{where} {n}" for where, n in lengths.items())
        raise CohortError(
            "rows are numbered from 0, not named by patients, and the tables have different "
            f"numbers of rows ({counts}): row numbers would pair different patients. Set the "
            'patients as the index, for example table.set_index("patient").'
        )
    named = {
        where: (names_as_text(table.index), names_as_text(table.columns))
        for where, table in tables.items()
        if isinstance(table, pd.DataFrame) and where not in lengths
    }
    for numbered in lengths:
        sides = tables[numbered].index.map(str), tables[numbered].columns.map(str)
        for where, axes in named.items():
            # The columns of either may be the patients.
            pairs = [(sides[0], axes[0]), (sides[0], axes[1]), (sides[1], axes[0])]
            if not any(numbers.isin(names).any() for numbers, names in pairs):
                raise CohortError(
                    f"{_called(numbered)}: rows are numbered from 0, not named by patients as in "
                    f"{_called(where)} ({listed(axes[0], 3)}). Name the rows by the patients, for "
                    'example table.set_index("patient").'
                )
    if len(lengths) > 1:
        notes.append(
            f"patients have no names: rows of {', '.join(lengths)} are matched by row number"
        )


def _called(table: str) -> str:
    """What messages call a table."""
    return table if table == _CLINICAL else f'layer "{table}"'


def _refuse_clinical_in_columns(
    clinical: pd.DataFrame | None, tables: Mapping[str, pd.DataFrame]
) -> None:
    """Refuse a clinical table with patients in its columns."""
    if clinical is None:
        return
    # Either side of a layer may be its patients.
    sides = [patients_of(table.index.append(table.columns)) for table in tables.values()]
    columns = patients_of(clinical.columns)
    patients = transposed_against(clinical.index, columns, sides)
    if patients is not None:
        shown = listed(clinical.columns[columns.isin(patients)], 3)
        raise CohortError(
            f"clinical table: patients are in its columns ({shown}), and rows are "
            f"{listed(clinical.index, 3)}; expected patients in rows. Pass clinical.T."
        )


def _patients_in_rows(
    tables: Mapping[str, pd.DataFrame], clinical: pd.DataFrame | None, notes: list[str]
) -> dict[str, pd.DataFrame]:
    """Turn the tables whose columns are evidently the patients, with a note for each.

    Patients are those of the clinical table; without one, those of the tables whose own names tell
    which side the patients are on.
    """
    sides = {name: (patients_of(t.index), patients_of(t.columns)) for name, t in tables.items()}
    told = {} if clinical is not None else {n: _told_by_names(t) for n, t in tables.items()}
    known = [] if clinical is None else [clinical.index]
    of_whom = "the clinical table" if clinical is not None else "the other layers"
    if decided := [sides[name][side == "columns"] for name, (side, _) in told.items() if side]:
        known = [decided[0].append(decided[1:])]
    turned = {}
    for name, table in tables.items():
        side, why = told.get(name, ("", ""))
        rows, columns = sides[name]
        if not side:
            others = known or [sides[other][0] for other in tables if other != name]
            patients = transposed_against(rows, columns, others)
            if patients is not None:
                n = count(int(columns.isin(patients).sum()), "column")
                side, why = "columns", f"{n} of {len(columns)} are patients of {of_whom}"
        if side == "columns":
            notes.append(
                f'layer "{name}": transposed, as {why}. Patients go in rows: pass table.T to '
                "avoid this message."
            )
        turned[name] = table.T.infer_objects() if side == "columns" else table
    return turned


def _told_by_names(table: pd.DataFrame) -> tuple[str, str]:
    """Side that the patients are on, "rows" or "columns", as far as names tell, and what tells."""
    barcodes = [np.mean([is_barcode(str(name)) for name in side]) for side in (table.index, table)]
    if max(barcodes) >= MOSTLY_BARCODES and min(barcodes) == 0:
        return ("rows" if barcodes[0] else "columns"), "its columns are TCGA barcodes"
    features = [names_features(names) for names in (table.index, table.columns)]
    if any(features) and not all(features):
        return ("columns" if features[0] else "rows"), "its rows are genes or other features"
    return "", ""


def _understood(name: str, layer: Layer, kind: str, scale: str, found: Found) -> Layer:
    """Give a layer its kind and scale, guessed where nobody said, without what is no feature."""
    table, guessed, keys = layer.table, [], []
    if not kind:
        kind, why = guessed_kind(name, table)
        guessed.append(f'as kind "{kind}" ({why})')
        keys.append(f'kinds={{"{name}": "{kind}"}}')
    check_kind(kind, scale, f'layer "{name}"')
    if KINDS[kind].radiomic:
        table, descriptions = without_descriptions(table, name, layer.keep)
        found.exclusions += descriptions
    if not scale:
        scale, why = guessed_scale(kind, table)
        if len(KINDS[kind].scales) > 1:
            guessed.append(f'on scale "{scale}" ({why})')
            keys.append(f'scales={{"{name}": "{scale}"}}')
    if guessed:
        found.notes.append(
            f'layer "{name}": read {" ".join(guessed)}. To change this, give '
            f"of.Cohort.from_tables {' and '.join(keys)}."
        )
    return replace(layer, kind=kind, scale=scale, table=table)


def _endpoints(given: Mapping[str, Any], notes: list[str]) -> dict[str, Endpoint]:
    """Endpoints from pairs of columns or from dicts with the keys of a manifest."""
    example = '{"os": ("days", "event")}'
    require(given, Mapping, "endpoints", f"a dict such as {example}")
    known = [each.name for each in fields(Endpoint)]
    made = {}
    for name, one in given.items():
        where = f'endpoint "{name}"'
        if isinstance(one, Endpoint):
            made[name] = one
            continue
        if isinstance(one, Sequence) and not isinstance(one, str) and len(one) == 2:
            one = dict(zip(("time", "event"), one, strict=True))
        if not isinstance(one, Mapping):
            raise CohortError(
                f"{where} is {one!r}; expected the columns of time and event, as in {example}, or "
                f"a dict with {', '.join(known)}."
            )
        for key in one:
            if key not in known:
                raise CohortError(f"{where} has the key {key!r}; {did_you_mean(str(key), known)}.")
        if missing := [key for key in ("time", "event") if key not in one]:
            raise CohortError(f"{where}: {' and '.join(missing)} not given; name the column.")
        if "unit" not in one:
            one = {**one, "unit": _unit(str(one["time"]))}
            notes.append(
                f'{where}: times read as {one["unit"]}. To change this: endpoints={{"{name}": '
                f'{{"time": "{one["time"]}", "event": "{one["event"]}", "unit": "months"}}}}.'
            )
        made[name] = Endpoint(**one)
    return made


def _unit(column: str) -> str:
    """Unit that the name of a column of times tells; days where it tells none."""
    words = {word.rstrip("s") for word in re.findall(r"[a-z]+", column.lower())}
    return next((unit for unit in UNITS if unit.rstrip("s") in words), UNITS[0])
