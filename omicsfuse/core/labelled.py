"""Layers met with labels: which layer is taken, the patients that have both, and the others."""

import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from omicsfuse.core.checks.arguments import require
from omicsfuse.core.checks.tables import count, listed
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import OmicsfuseWarning, StudyError
from omicsfuse.core.kinds import OfKind, layers_that
from omicsfuse.core.layers import Exclusion
from omicsfuse.core.results import Fusion, Prepared, PreparedLayer, Subtypes

#: Where a user has the data from.
_FROM: dict[type, str] = {
    Cohort: "from of.read_cohort",
    Prepared: "from of.preprocess",
}

#: Values of z-scored layers beyond this many standard deviations are set to it.
Z_LIMIT = 10.0


class Labelled(NamedTuple):
    """Values of the labelled patients of one layer, each patient's subtype, and the features."""

    matrix: npt.NDArray[np.float64]
    subtype: npt.NDArray[Any]
    features: list[str]


def labelled(layer: PreparedLayer, subtypes: Subtypes) -> Labelled:
    """Patients of a layer that have a label, sorted; z-scores are limited to +-``Z_LIMIT``."""
    table = layer.values  # noqa: PD011 - a field of ours, not the pandas attribute
    table = table.loc[table.index.isin(subtypes.labels.index)]
    matrix = table.to_numpy(dtype=float)
    if layer.scale == "zscore":
        matrix = np.clip(matrix, -Z_LIMIT, Z_LIMIT)
    subtype_of = subtypes.labels.reindex(table.index).to_numpy()
    return Labelled(matrix, subtype_of, [str(name) for name in table.columns])


def require_labelled(
    subtypes: Subtypes, data: Cohort | Prepared, kind: type[Cohort] | type[Prepared]
) -> Subtypes:
    """Refuse other types, and do as `tell_strangers`."""
    require_subtypes(subtypes)
    require(data, kind, kind.__name__.lower(), _FROM[kind])
    return tell_strangers(subtypes, data, stacklevel=4)


def require_subtypes(subtypes: Subtypes) -> None:
    """Refuse what are no subtypes."""
    require(subtypes, Subtypes, "subtypes", "from of.cluster or of.Subtypes.from_labels")


def tell_strangers(
    subtypes: Subtypes, data: Cohort | Prepared | Fusion | pd.DataFrame, *, stacklevel: int = 3
) -> Subtypes:
    """Refuse subtypes of patients of whom none is in the data, and warn of those who are not.

    The data: a cohort, layers, a network, or a map of patients. Gives the subtypes of those there.
    """
    patients, where = _everybody(data)
    if patients.empty:
        return subtypes
    refuse_strangers(subtypes, patients, where)
    known = subtypes.labels.dropna().index
    absent = known[~known.isin(patients)]
    if n := len(absent):
        warnings.warn(
            f"{n:,} of {count(len(known), 'patient')} with a subtype {'is' if n == 1 else 'are'} "
            f"not in {where} and {'takes' if n == 1 else 'take'} no part: {listed(absent, 3)}. If "
            f"it names them otherwise, give labels under its names ({listed(patients, 3)}).",
            OmicsfuseWarning,
            stacklevel=stacklevel,
        )
    labels = subtypes.labels
    return replace(subtypes, labels=labels[labels.index.isin(patients)]) if n else subtypes


def refuse_strangers(subtypes: Subtypes, patients: pd.Index, where: str) -> None:
    """Refuse subtypes of patients of whom none is there, as where names are written differently."""
    known = subtypes.labels.dropna().index
    if not known.isin(patients).any():
        raise StudyError(
            f"none of the {count(len(known), 'patient')} with a subtype (e.g. "
            f"{listed(known, 3)}) is in {where} (e.g. {listed(patients, 3)}); use the same "
            "identifiers in both."
        )


def _everybody(data: Cohort | Prepared | Fusion | pd.DataFrame) -> tuple[pd.Index, str]:
    """All patients of the data, and what to call the data."""
    if isinstance(data, pd.DataFrame):
        return data.index, "the map"
    if isinstance(data, Fusion):
        return data.patients, "the fused network"
    if isinstance(data, Cohort):
        parts = [layer.table.index for layer in data.omics.values()]
        parts += [] if data.clinical is None else [data.clinical.index]
        where = f'cohort "{data.name}"'
    else:
        parts = [layer.scaled.index for layer in data.layers.values()]
        where = "the prepared layers"
    return (parts[0].append(parts[1:]).unique() if parts else pd.Index([])), where


def without_layer(
    labels: pd.Series, layer: PreparedLayer, name: str, step: str
) -> tuple[Exclusion, ...]:
    """Count the patients that have a label but not the layer."""
    there = layer.values.index  # noqa: PD011 - a field of ours, not the pandas attribute
    absent = labels.index[~labels.index.isin(there)]
    if absent.empty:
        return ()
    examples = tuple(str(patient) for patient in absent[:5])
    reason = f"have a subtype but not layer {name}"
    return (Exclusion(step, name, "patients", len(absent), reason, examples),)


def expression_layer(
    layers: Mapping[str, OfKind],
    wanted: str | None,
    who: str,
    *,
    trained: str | None = None,
    key: str = "layer=",
) -> str:
    """Choose the layer to use: the one asked for by ``key``, else one of kind expression."""
    listed = ", ".join(f"{name} ({layer.kind})" for name, layer in layers.items()) or "none"
    if wanted is not None:
        if wanted not in layers:
            raise StudyError(f"{who}: there is no layer {wanted!r}; the layers are {listed}.")
        return wanted
    if trained is not None and trained in layers:
        return trained
    expression = layers_that(layers, lambda kind: kind.transcriptome)
    if trained is not None and len(expression) != 1:
        raise StudyError(
            f"{who}: the signature was trained on layer {trained!r}, which the cohort does "
            f"not have, and {len(expression)} layers are of kind expression. The layers are "
            f"{listed}; name one with {key}, or rename it as in training."
        )
    if not expression:
        raise StudyError(
            f"{who}: a layer of kind expression is needed; the layers are {listed}. Add one, "
            f"or name another layer of genes with {key}."
        )
    return expression[0]
