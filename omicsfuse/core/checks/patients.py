"""Patients of a layer found in the clinical table, and those of the table in no layer."""

import warnings
from collections.abc import Iterable, Mapping

import pandas as pd

from omicsfuse.core.checks.tables import count, listed
from omicsfuse.core.errors import CohortError, OmicsfuseWarning
from omicsfuse.core.layers import Exclusion, Layer
from omicsfuse.core.same_patient import column_that_holds, likely_difference, matched

#: What to do about patients whose names differ.
_MAKE_SAME = (
    "If they are the same patients, make the identifiers the same in both, or map samples to "
    'patients: sample_map = "FILE" in [clinical] of a manifest.'
)


def where_layer(name: str, layer: Layer) -> str:
    """Name a layer, and its file where one is known."""
    return f'layer "{name}"' + (f" ({layer.source})" if layer.source else "")


def first_five(labels: Iterable[object]) -> tuple[str, ...]:
    """Pick the examples that go into an exclusion."""
    return tuple(str(label) for label in list(labels)[:5])


def written_as(
    table: pd.DataFrame, patients: pd.Index, where: str, whose: str
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Name patients as the others do where only one can be meant, and say who was meant."""
    same, by = matched(list(table.index), patients)
    if same:
        # Not silently: who is meant was told by the spelling alone.
        warnings.warn(
            f"{where}: {count(len(same), 'patient')} of {len(table)} are written otherwise than in "
            f"the {whose}, and were matched: {by}. Names that more than one patient could mean "
            "were not.",
            OmicsfuseWarning,
            stacklevel=6,
        )
        table = table.rename(index=same)
    return table, same


def in_clinical(
    name: str, table: pd.DataFrame, clinical: pd.DataFrame, where: str, where_clinical: str
) -> tuple[pd.DataFrame, list[Exclusion]]:
    """Leave out the patients of a layer who are not in the clinical table, and count them."""
    patients = clinical.index
    known = table.index.isin(patients)
    if known.all():
        return table, []
    if not known.any():
        column, held = column_that_holds(table.index, clinical)
        if held:
            way = (
                f'Column "{column}" of the clinical table holds {held} of them: name it, '
                f'patient = "{column}" in [clinical].'
            )
        else:
            told = likely_difference(table.index, patients)
            way = (f"{told[0].upper()}{told[1:]}. " if told else "") + _MAKE_SAME
        raise CohortError(
            f"{where}: none of its {count(len(table), 'patient')} (e.g. {listed(table.index, 3)}) "
            f"is in the {where_clinical} (e.g. {listed(patients, 3)}). {way}"
        )
    absent = table.index[~known]
    table = table.loc[known]
    if table.isna().to_numpy().all():
        raise CohortError(
            f"{where}: every value of the {count(len(table), 'patient')} in the "
            f"{where_clinical} is missing. Correct the layer or remove it."
        )
    if told := likely_difference(absent, patients[~patients.isin(table.index)]):
        warnings.warn(
            f"{where}: {count(len(absent), 'patient')} of {len(known)} are not in the "
            f"{where_clinical} and are excluded; {told}. {_MAKE_SAME}",
            OmicsfuseWarning,
            stacklevel=6,
        )
    reason = "not in the clinical table: excluded"
    return table, [Exclusion("read", name, "patients", len(absent), reason, first_five(absent))]


def patients_without_layer(omics: Mapping[str, Layer], clinical: pd.DataFrame) -> list[Exclusion]:
    """Count the patients of the clinical table who are in no layer."""
    seen = clinical.index.isin([])
    for layer in omics.values():
        seen |= clinical.index.isin(layer.table.index)
    if not omics or seen.all():
        return []
    alone = clinical.index[~seen]
    reason = "in the clinical table but in no layer"
    return [Exclusion("read", "clinical", "patients", len(alone), reason, first_five(alone))]
