"""From the columns of ``obs``, of the whole and of each modality, to one clinical table."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from omicsfuse.core.checks.arguments import sequence_of
from omicsfuse.core.checks.tables import did_you_mean
from omicsfuse.core.errors import CohortError
from omicsfuse.io.mudata.layers import Part


def clinical_table(
    data: Any, parts: Sequence[Part], chosen: Sequence[str] | None, skipped: set[str]
) -> pd.DataFrame | None:
    """Columns of ``obs`` by patient, those of the whole and of all modalities in one table."""
    tables = [(part.key, part.data.obs.set_axis(part.patients)) for part in parts]
    if hasattr(data, "mod"):
        tables = [("", table) for table in _of_the_whole(data, parts)] + tables
        # Older versions of mudata copy the columns of the modalities there.
        skipped |= {f"{part.key}:{column}" for part in parts for column in part.data.obs}
    found: dict[str, list[tuple[str, pd.Series]]] = {}
    for key, table in tables:
        for column in table:
            if column not in skipped:
                found.setdefault(str(column), []).append((key, table[column]))
    columns: dict[str, pd.Series] = {}
    for column, pieces in found.items():
        together = _agreed([piece for _, piece in pieces])
        if together is not None:
            columns[column] = together
            continue
        for key in dict.fromkeys(key for key, _ in pieces):
            own = _agreed([piece for other, piece in pieces if other == key])
            if own is None:
                raise CohortError(
                    f'obs: column "{column}" has different values for one patient in '
                    "different observations. Correct it, or choose columns with clinical=."
                )
            columns[f"{key}:{column}" if key else column] = own
    if chosen is not None:
        wanted = sequence_of(chosen, str, "clinical")
        for column in wanted:
            if column not in columns:
                raise CohortError(
                    f'obs has no column "{column}", which clinical names; '
                    f"{did_you_mean(column, columns) or 'it has none'}."
                )
        columns = {column: columns[column] for column in wanted}
    if not columns:
        return None
    patients = pd.Index(dict.fromkeys(patient for part in parts for patient in part.patients))
    return pd.DataFrame({column: each.reindex(patients) for column, each in columns.items()})


def _of_the_whole(data: Any, parts: Sequence[Part]) -> list[pd.DataFrame]:
    """``obs`` of the whole by patient: a second observation of a patient is in a second table."""
    patient_of = {
        name: patient
        for part in parts
        for name, patient in zip(part.data.obs_names, part.patients, strict=True)
    }
    obs = data.obs[data.obs_names.isin(list(patient_of))]
    obs = obs.set_axis([patient_of[name] for name in obs.index])
    turn = obs.groupby(level=0).cumcount()
    return [obs[turn == number] for number in sorted(turn.unique())]


def _agreed(pieces: Sequence[pd.Series]) -> pd.Series | None:
    """Put columns together that say the same of the same patient; None where they do not."""
    together, *others = pieces
    for piece in others:
        both = together.index.intersection(piece.index)
        one, other = together[both].astype(object), piece[both].astype(object)
        known = one.notna() & other.notna()
        if (one[known] != other[known]).any():
            return None
        known_here = together.dropna()
        more = piece.dropna().drop(known_here.index, errors="ignore")
        if len(more) and len(known_here):
            together = pd.concat([known_here, more])
        elif len(more):
            together = more
    return together
