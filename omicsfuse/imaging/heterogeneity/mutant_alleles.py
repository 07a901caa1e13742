"""MATH: how widely the mutant-allele fractions of a tumour are spread."""

from dataclasses import replace

import numpy as np
import pandas as pd

from omicsfuse.core.checks.arguments import require
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import CohortError, StudyError
from omicsfuse.core.results import HeterogeneityIndex

#: Makes the median absolute deviation of a normal distribution its standard deviation.
_CONSISTENT = 1.4826

#: What the score is called in tables.
MATH = "MATH (mutant-allele heterogeneity)"

#: Fewest mutations of a patient for a score.
FEWEST_MUTATIONS = 5


def math_score(mutations: pd.DataFrame, *, fewest: int = FEWEST_MUTATIONS) -> pd.Series:
    """Compute the mutant-allele tumour heterogeneity (MATH) of each patient.

    ``100 x 1.4826 x median absolute deviation / median`` of the mutant-allele fractions of a
    tumour's mutations: 0 if all have the same fraction, and large if many are subclonal.

    Parameters
    ----------
    mutations : pandas.DataFrame
        One row a mutation: column ``patient`` (or ``Tumor_Sample_Barcode``) and ``vaf``, a fraction
        from 0 to 1; or, in its place, ``t_alt_count`` and ``t_depth`` (or ``t_ref_count``), as in a
        MAF file. Rows without a fraction are excluded.
    fewest : int
        Smallest number of mutations of a patient for a score.

    Returns
    -------
    pandas.Series
        Index patient (sorted); NaN for patients with fewer mutations.

    Raises
    ------
    StudyError
        If columns are missing.
    CohortError
        If a fraction is not from 0 to 1.

    References
    ----------
    Mroz and Rocco 2013, Oral Oncol 49:211-215.

    Examples
    --------
    >>> from omicsfuse import math_score
    >>> import pandas as pd
    >>> table = pd.DataFrame({"patient": ["P1"] * 5, "vaf": [0.1, 0.2, 0.3, 0.4, 0.5]})
    >>> math_score(table).round(2).to_dict()
    {'P1': 49.42}
    """
    require(mutations, pd.DataFrame, "mutations", "one row per mutation")
    patient = next((c for c in ("patient", "Tumor_Sample_Barcode") if c in mutations), None)
    fraction = _fractions(mutations)
    if patient is None or fraction is None:
        raise StudyError(
            f"MATH needs a column patient and vaf (or t_alt_count with t_depth or t_ref_count); "
            f"found {', '.join(map(str, mutations.columns)) or 'none'}."
        )
    known = fraction.notna() & mutations[patient].notna()
    bad = known & ~fraction.between(0, 1)
    if bad.any():
        raise CohortError(
            f"{int(bad.sum())} mutant-allele fractions are not from 0 to 1 (first: "
            f"{float(fraction[bad].iloc[0]):g}, patient "
            f"{mutations.loc[bad, patient].iloc[0]}): give fractions, not percentages or "
            "counts."
        )
    scores: dict[str, float] = {}
    for name, fractions in fraction[known].groupby(mutations.loc[known, patient].astype(str)):
        values = fractions.to_numpy(dtype=float)
        middle = float(np.median(values))
        enough = len(values) >= fewest and middle > 0
        away = float(np.median(np.abs(values - middle)))
        scores[str(name)] = 100 * _CONSISTENT * away / middle if enough else float("nan")
    everyone = sorted(mutations[patient].dropna().astype(str).unique())
    return pd.Series(scores, dtype=float, name="MATH").reindex(pd.Index(everyone, name="patient"))


def cohort_variants(cohort: Cohort) -> pd.DataFrame | None:
    """Variants of the first mutation layer that brings read counts; None where none does."""
    tables = (layer.variants for layer in cohort.omics.values())
    return next((table for table in tables if table is not None), None)


def with_math(index: HeterogeneityIndex, cohort: Cohort) -> HeterogeneityIndex:
    """Put MATH beside the index of each patient, where mutations came with read counts."""
    variants = cohort_variants(cohort)
    if variants is None:
        return index
    math = math_score(variants).reindex(index.patients.index)
    return replace(index, patients=index.patients.assign(math=math))


def _fractions(table: pd.DataFrame) -> pd.Series | None:
    """Mutant-allele fractions, given or from read counts."""
    if "vaf" in table:
        return pd.to_numeric(table["vaf"], errors="coerce")
    if "t_alt_count" not in table:
        return None
    mutant = pd.to_numeric(table["t_alt_count"], errors="coerce")
    if "t_depth" in table:
        depth = pd.to_numeric(table["t_depth"], errors="coerce")
    elif "t_ref_count" in table:
        depth = mutant + pd.to_numeric(table["t_ref_count"], errors="coerce")
    else:
        return None
    return mutant / depth.where(depth > 0)
