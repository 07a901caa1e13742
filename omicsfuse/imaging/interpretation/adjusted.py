"""What associations are adjusted for: clinical covariates, purity, the volume of the tumour."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from omicsfuse.biology.technical import VOLUME, automatic_technical
from omicsfuse.core.checks.tables import did_you_mean
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import StudyError
from omicsfuse.stats.arrays import Array
from omicsfuse.stats.covariates import encode_covariates

#: What is adjusted for where nobody says: each is taken where the cohort has it.
ADJUST_FOR = ("covariates", "stage", "purity", "volume")
#: A covariate known for a smaller share of the patients would cost too many of them.
LEAST_KNOWN = 0.5
#: Patients that must be left for each that a covariate's columns take up, and beyond them all.
PATIENTS_A_COLUMN = 5


@dataclass(frozen=True, eq=False)
class Covariates:
    """Covariates as a design (patients x terms), the covariate of each term, notes, tumour volume.

    Normal scores of numbers and steps; 0 and 1 for all categories but the most frequent.
    """

    names: tuple[str, ...]
    design: pd.DataFrame
    columns: dict[str, str]
    notes: tuple[str, ...]
    volume: pd.Series | None

    def without(self, name: str) -> pd.DataFrame:
        """The design without one covariate."""
        return self.design[[term for term in self.design if self.columns[str(term)] != name]]


def covariates(
    cohort: Cohort, patients: pd.Index, adjust_for: Sequence[str] = ADJUST_FOR
) -> Covariates:
    """Gather what associations of these patients are to be adjusted for; notes say what is not.

    Not what is absent, constant, known for fewer than half, or of too many categories.
    """
    if isinstance(adjust_for, str):
        raise StudyError(f'adjust_for = "{adjust_for}": expected a list, ["{adjust_for}"].')
    clinical = cohort.clinical
    columns = [] if clinical is None else [str(name) for name in clinical.columns]
    volume = _volume(cohort, patients)
    notes: list[str] = []
    wanted: dict[str, pd.Series] = {}
    for word in dict.fromkeys(adjust_for):
        named = _columns_of(word, cohort, columns)
        if named is None:
            valid = [*ADJUST_FOR, *columns]
            raise StudyError(f'adjust_for: "{word}" is unknown; {did_you_mean(word, valid)}.')
        if word == "volume" and word not in columns:
            if volume is None:
                notes.append("volume: no radiomics layer has the volume of the tumour")
            else:
                wanted[VOLUME] = volume
            continue
        if not named:
            why = "the cohort names none" if word == "covariates" else "no clinical column"
            notes.append(f"{word}: {why}")
        if clinical is not None:
            wanted |= {name: clinical[name].reindex(patients) for name in named}
    known = {name: int(values.notna().sum()) for name, values in wanted.items()}
    enough = [name for name, n in known.items() if n >= LEAST_KNOWN * len(patients)]
    encoded = encode_covariates(
        pd.DataFrame(wanted, index=patients), enough, cohort.variables, scores=True
    )
    covariate_of: dict[str, str] = {}
    for name, n in known.items():
        terms = [term for term, column in encoded.columns.items() if column == name]
        if name not in enough:
            notes.append(f"{name}: known for {n} of {len(patients)} patients only")
        elif not terms:
            notes.append(f"{name}: {encoded.notes[name]}")
        elif len(terms) > 1 and len(terms) * PATIENTS_A_COLUMN > n:
            notes.append(f"{name}: {len(terms) + 1} levels are too many for {n} patients")
        else:
            covariate_of |= dict.fromkeys(terms, name)
    names = tuple(dict.fromkeys(covariate_of.values()))
    return Covariates(names, encoded.terms[list(covariate_of)], covariate_of, tuple(notes), volume)


def _columns_of(word: str, cohort: Cohort, columns: list[str]) -> list[str] | None:
    """Clinical columns that a word stands for; None where it stands for nothing."""
    if word in columns:
        return [word]
    if word == "covariates":
        return [str(name) for name in cohort.covariates]
    if word in ("stage", "purity"):
        # What the cohort names itself comes before a column that only sounds like it.
        named = [*cohort.covariates, *cohort.technical, *columns]
        return [name for name in named if word in name.lower()][:1]
    return [] if word == "volume" else None


def _volume(cohort: Cohort, patients: pd.Index) -> pd.Series | None:
    technical = automatic_technical(cohort, patients).values()
    return next((column.amounts for column in technical if column.volume_of), None)


def adjusting_columns(design: pd.DataFrame, patients: pd.Index) -> tuple[Array | None, str]:
    """Columns (n, q) of the design that these patients tell apart, or None and a note why."""
    if not design.shape[1]:
        return None, "there are no covariates"
    columns = design.reindex(patients).to_numpy(dtype=float)
    whole = ~np.isnan(columns).any(axis=1)
    n = int(whole.sum())
    used = np.flatnonzero(np.ptp(columns[whole], axis=0) > 0) if n else np.array([], dtype=int)
    if n < 2 * PATIENTS_A_COLUMN + PATIENTS_A_COLUMN * max(1, len(used)):
        noun = "column" if design.shape[1] == 1 else "columns"
        return None, f"{n} patients have all covariates, too few for {design.shape[1]} {noun}"
    if not len(used):
        return None, "the covariates do not vary among these patients"
    return columns[:, used], ""
