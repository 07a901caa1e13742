"""Distances that a user brings: a table of patients x patients, or what a function returned."""

import numpy as np
import pandas as pd

from omicsfuse.core.checks.tables import count, listed
from omicsfuse.core.errors import StudyError

#: Differences below this share of the largest distance are rounding.
TOLERANCE = 1e-8


def precomputed_distances(
    frame: pd.DataFrame, patients: pd.Index, layer: str = "precomputed"
) -> np.ndarray:
    """Take checked distances (n, n) from a table of patients x patients; rounding is put right."""
    name = f"precomputed distances of layer {layer!r}"
    if not isinstance(frame, pd.DataFrame):
        raise StudyError(
            f"{name}: found a {type(frame).__name__}; expected a pandas.DataFrame with the same "
            "patients in rows and columns."
        )
    wanted = [str(patient) for patient in patients]
    places = []
    for labels, side in ((frame.index, "rows"), (frame.columns, "columns")):
        names = pd.Index([str(label) for label in labels])
        if not names.is_unique:
            repeated = names[names.duplicated()].unique()
            raise StudyError(
                f"{name}: {count(len(repeated), 'patient')} named more than once in the {side}: "
                f"{listed(repeated)}. Keep one of each."
            )
        at = names.get_indexer(pd.Index(wanted))
        missing = [patient for patient, place in zip(wanted, at, strict=True) if place < 0]
        if missing:
            raise StudyError(
                f"{name}: {count(len(missing), 'patient')} of the layer not in the {side}: "
                f"{listed(missing)} (the {side} begin with {listed(names, 3)}). Give "
                "distances for every patient of the layer, named as in its table."
            )
        places.append(at)
    part = frame.iloc[places[0], places[1]]
    return checked_distances(part, len(wanted), name, pd.Index(wanted))


def checked_distances(
    given: object, n: int, name: str, patients: pd.Index | None = None
) -> np.ndarray:
    """Distances as a new float64 array (n, n), exactly symmetric, or say what is wrong."""
    distances = _numbers(given, name)
    if distances.shape != (n, n):
        raise StudyError(
            f"{name}: expected {n} x {n} distances, patients x patients, found shape "
            f"{distances.shape}."
        )

    def row(i: int) -> str:
        return f"row {i}" if patients is None else f'patient "{patients[i]}"'

    def first(wrong: np.ndarray) -> tuple[int, int]:
        i, j = np.unravel_index(int(np.argmax(wrong)), wrong.shape)
        return int(i), int(j)

    bad = ~np.isfinite(distances)
    if bad.any():
        i, j = first(bad)
        raise StudyError(
            f"{name}: distances must be finite, found {count(int(bad.sum()), 'value')} missing or "
            f"infinite, the first from {row(i)} to {row(j)}."
        )
    rounding = TOLERANCE * np.abs(distances).max(initial=0.0)
    diagonal = distances.diagonal()
    if (np.abs(diagonal) > rounding).any():
        i = int(np.argmax(np.abs(diagonal) > rounding))
        similar = (distances <= diagonal[:, None] + rounding).all() and (diagonal > 0).all()
        hint = (
            "These look like similarities: give distances, for example 1 - similarity."
            if similar
            else "Give distances, with 0 from each patient to themselves."
        )
        raise StudyError(
            f"{name}: the distance from a patient to themselves must be 0, found {diagonal[i]:g} "
            f"at {row(i)}. {hint}"
        )
    bad = distances < -rounding
    if bad.any():
        i, j = first(bad)
        raise StudyError(
            f"{name}: distances must not be negative, found {distances[i, j]:g} from {row(i)} to "
            f"{row(j)}. A correlation r becomes a distance by 1 - r."
        )
    bad = np.abs(distances - distances.T) > rounding
    if bad.any():
        i, j = first(bad)
        raise StudyError(
            f"{name}: distances must be symmetric, found {distances[i, j]:g} from {row(i)} to "
            f"{row(j)} but {distances[j, i]:g} back; average the two if that is meant, (d + "
            "d.T) / 2."
        )
    symmetric = np.maximum((distances + distances.T) / 2, 0.0)
    np.fill_diagonal(symmetric, 0.0)
    return symmetric


def _numbers(given: object, name: str) -> np.ndarray:
    """Take anything that looks like a table of real numbers as float64."""
    try:
        if isinstance(given, pd.DataFrame):
            given = given.to_numpy(dtype=np.float64, na_value=np.nan)
        numbers = np.asarray(given)
        if numbers.dtype == object or np.iscomplexobj(numbers):
            raise TypeError("not real numbers")
        return numbers.astype(np.float64)
    except (TypeError, ValueError):
        raise StudyError(
            f"{name}: expected a square array of numbers, found a {type(given).__name__} that is "
            "not one."
        ) from None
