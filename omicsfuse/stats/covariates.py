"""Covariates as numeric terms of a model, by the one decision of what a clinical column holds."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from omicsfuse.core.checks.arguments import require
from omicsfuse.core.checks.tables import did_you_mean, names_as_text
from omicsfuse.core.clean_table import clean_table
from omicsfuse.core.errors import StudyError
from omicsfuse.core.missing import level_text
from omicsfuse.core.variables import CATEGORICAL, ORDERED, steps
from omicsfuse.stats.ranks import normal_scores

#: Fewest patients of a category that has a term of its own.
MINIMUM_LEVEL = 5
#: What the term of a column of words in order is called after the column.
PER_STEP = " (per step)"


class Encoded(NamedTuple):
    """Covariates as numeric terms (patients x terms), notes by column, and the column of each."""

    terms: pd.DataFrame
    notes: dict[str, str]
    columns: dict[str, str]

    @property
    def used(self) -> list[str]:
        """Columns that have a term, in order."""
        return list(dict.fromkeys(self.columns.values()))

    @property
    def left_out(self) -> dict[str, str]:
        """Columns that have no term, and why."""
        return {name: note for name, note in self.notes.items() if name not in self.used}


def encode_covariates(
    clinical: pd.DataFrame,
    names: Iterable[str] | None = None,
    variables: pd.DataFrame | None = None,
    *,
    scores: bool = False,
) -> Encoded:
    """Turn clinical columns (patients x columns) into numeric terms: always the same way.

    As ``variables`` has decided: numbers as they are; ordered ones in steps, substages merged,
    ``"stage (per step)"``; categories 0/1 against the most frequent, ``"gender: FEMALE vs MALE"``,
    several of fewer than 5 patients pooled as ``other``. Constant columns are left out with a note.
    """
    table, types, taken = _decided(clinical, names, variables, "covariate")
    parts: list[pd.DataFrame] = []
    notes: dict[str, str] = {}
    columns: dict[str, str] = {}
    for name in table.columns:
        if types[name] == CATEGORICAL:
            part, note = _indicators(table[name], name)
        else:
            part, note = _number(table[name], name, types[name], scores)
        if note := "; ".join(filter(None, [taken.get(name, ""), note])):
            notes[name] = note
        parts.append(part)
        columns |= dict.fromkeys(map(str, part.columns), name)
    terms = pd.concat(parts, axis=1) if parts else pd.DataFrame(index=clinical.index)
    return Encoded(terms.astype(float), notes, columns)


def as_terms(
    covariates: pd.DataFrame | Encoded | None, who: str, patients: pd.Index | None = None
) -> Encoded | None:
    """Covariates that a user gave, as terms of the patients of the analysis; None without any.

    A column that gives no term is refused. ``who`` begins messages.
    """
    if covariates is None or isinstance(covariates, Encoded):
        return covariates if covariates is not None and covariates.columns else None
    require(covariates, pd.DataFrame, "covariates", "patients x columns")
    axes = ((covariates.index, "row", "patient"), (covariates.columns, "column", "name"))
    for index, axis, each in axes:
        twice = index[index.duplicated()].unique()
        if len(twice):
            named = ", ".join(str(label) for label in twice[:5])
            raise StudyError(
                f"{who}: the covariates have more than one {axis} for {len(twice)} "
                f"{each}{'s' if len(twice) > 1 else ''} ({named}); give each {each} one {axis}."
            )
    covariates = covariates.set_axis(covariates.columns.astype(str), axis=1)
    if patients is not None:
        here = names_as_text(covariates.index).isin(names_as_text(patients))
        covariates = covariates[here] if here.any() else covariates
    encoded = encode_covariates(covariates)
    for name, why in encoded.left_out.items():
        raise StudyError(f"{who}: covariate {name!r} cannot be adjusted for ({why}). Remove it.")
    return encoded if encoded.columns else None


def combined_strata(
    clinical: pd.DataFrame, names: Sequence[str], variables: pd.DataFrame | None = None
) -> pd.Series:
    """One stratum a patient; ``not known`` is one, and combinations below 5 are ``other``."""
    table, _, _ = _decided(clinical, names, variables, "stratum")
    parts = [
        table[name].astype(object).map(level_text, na_action="ignore").fillna("not known")
        for name in table.columns
    ]
    joined = parts[0]
    for part in parts[1:]:
        joined = joined + ", " + part
    counts = joined.value_counts()
    rare = counts.index[counts < MINIMUM_LEVEL]
    return joined.where(~joined.isin(rare), "other").rename(", ".join(table.columns))


def _decided(
    clinical: pd.DataFrame, names: Iterable[str] | None, variables: pd.DataFrame | None, role: str
) -> tuple[pd.DataFrame, dict[str, str], dict[str, str]]:
    """Columns wanted without words for missing, their types, and notes on such words."""
    wanted = list(dict.fromkeys(clinical.columns if names is None else names))
    for name in wanted:
        if name not in clinical.columns:
            raise StudyError(
                f'{role} "{name}" is not a column of the clinical table; '
                f"{did_you_mean(name, map(str, clinical.columns))}."
            )
    known = [] if variables is None else [name for name in wanted if name in variables.index]
    rest = clean_table(clinical[[name for name in wanted if name not in known]], "covariates")
    types = {name: rest.decisions[name].type for name in rest.decisions}
    if variables is not None:
        types |= {name: str(variables["type"][name]) for name in known}
    columns = {n: clinical[n] if n in known else rest.table[n] for n in wanted}
    notes = {
        name: "read as missing: " + ", ".join(f'"{word}" ({n})' for word, n in cells.items())
        for name, cells in rest.cells.items()
    }
    return pd.DataFrame(columns, clinical.index, wanted), types, notes


def _number(column: pd.Series, name: str, kind: str, scores: bool) -> tuple[pd.DataFrame, str]:
    """One term of a column of numbers or steps, and why there is none."""
    empty = pd.DataFrame(index=column.index)
    numbers = pd.api.types.is_numeric_dtype(column) or kind != ORDERED
    if numbers:
        column = pd.Series(column.to_numpy(dtype=float, na_value=np.nan), column.index)
    else:
        column = steps(column)
    if column.nunique() < 2:
        return empty, _why_left_out(column, "value" if numbers else "step")
    if scores:
        column = pd.Series(normal_scores(column.to_numpy()), column.index)
    return column.rename(name if numbers else f"{name}{PER_STEP}").to_frame(), ""


def _indicators(column: pd.Series, name: str) -> tuple[pd.DataFrame, str]:
    """A term for each category but the most frequent one, and what was pooled or left out."""
    empty, notes = pd.DataFrame(index=column.index), []
    text = column.astype(object).map(level_text, na_action="ignore")
    counts = text.value_counts()
    if len(counts) < 2:
        return empty, _why_left_out(text, "value")
    rare = sorted(counts.index[counts < MINIMUM_LEVEL])
    if len(rare) == len(counts):
        return empty, (f"{len(rare)} categories, none of {MINIMUM_LEVEL} patients or more")
    if len(rare) > 1:
        text = text.where(~text.isin(rare), "other")
        notes.append(
            f"{len(rare)} categories of fewer than {MINIMUM_LEVEL} patients pooled as other: "
            + ", ".join(rare[:5])
            + (" ..." if len(rare) > 5 else "")
        )
        counts = text.value_counts()
    levels = sorted(counts.index)
    reference = max(levels, key=lambda level: (counts[level], -levels.index(level)))
    known = text.notna()
    terms = {
        f"{name}: {level} vs {reference}": (text == level).astype(float).where(known)
        for level in levels
        if level != reference
    }
    return pd.DataFrame(terms, column.index), "; ".join(notes)


def _why_left_out(column: pd.Series, content: str) -> str:
    return f"the same {content} in all patients" if column.notna().any() else "no known value"
