"""Survival of the subtypes of a cohort: what the cohort declares, handed to the comparison."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import pandas as pd

from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import OmicsfuseWarning, StudyError
from omicsfuse.core.labelled import require_labelled
from omicsfuse.core.results import CHOSEN_WITH, Subtypes, SurvivalComparison
from omicsfuse.core.variables import CATEGORICAL
from omicsfuse.stats.covariates import Encoded, combined_strata, encode_covariates
from omicsfuse.stats.tasks import Runner
from omicsfuse.survival._input import patients_in_common
from omicsfuse.survival.endpoint import compare_labels


def compare_survival(
    subtypes: Subtypes,
    cohort: Cohort,
    endpoint: str = "os",
    *,
    covariates: Sequence[str] | None = None,
    strata: Sequence[str] | None = None,
    trend: str | None = None,
    n_permutations: int | Literal["adaptive"] = "adaptive",
    n_bootstrap: int = 200,
    random_state: int = 0,
    n_jobs: int = 1,
) -> SurvivalComparison:
    """Compare survival between subtypes.

    Parameters
    ----------
    subtypes : Subtypes
        Subtypes found without survival.
    cohort : Cohort
        Cohort with clinical table and endpoints.
    endpoint : str
        One of the cohort's endpoints.
    covariates : sequence of str, optional
        Clinical columns to adjust for; by default the cohort's. An empty sequence omits the
        multivariable model.
    strata : sequence of str, optional
        Clinical columns to stratify by; by default the cohort's.
    trend : str, optional
        Numeric clinical column that orders the subtypes, by their means, for a test of trend.
    n_permutations : int or "adaptive"
        Permutations for each log-rank test; 0 for none. See `permutation_logrank`.
    n_bootstrap : int
        Bootstrap samples for the added value of the subtypes; 0 for none.
    random_state : int
        Seed of the permutations and samples.
    n_jobs : int
        Threads for the permutations; results do not depend on them.

    Returns
    -------
    SurvivalComparison
        See `compare_labels`.

    Raises
    ------
    CohortError
        If the cohort lacks a clinical table or this endpoint, or no patient with a subtype has the
        endpoint.
    StudyError
        If no patient with a subtype is in the cohort, a covariate is not a clinical column,
        ``n_permutations`` is not a whole number, or the subtypes were chosen by the outcome.

    Examples
    --------
    >>> from omicsfuse.datasets import simulate_cohort
    >>> from omicsfuse.core.results import Subtypes
    >>> from omicsfuse.survival import compare_survival
    >>> simulated = simulate_cohort(80, n_external=0, random_state=0)
    >>> labels = "S" + simulated.truth.astype(str)
    >>> comparison = compare_survival(
    ...     Subtypes(labels, {}, {}), simulated.discovery, "os", n_permutations=99
    ... )
    >>> comparison.tests["comparison"].tolist()
    ['overall', 'S1 vs S2', 'S1 vs S3', 'S2 vs S3']
    >>> comparison.cox["term"].tolist()
    ['S2 vs S1', 'S3 vs S1', 'S2 vs S1', 'S3 vs S1', 'age', 'stage (per step)']
    """
    require_labelled(subtypes, cohort, Cohort)
    if CHOSEN_WITH in subtypes.params:
        raise StudyError(
            f"these subtypes were found with the outcome {subtypes.params[CHOSEN_WITH]!r}, and "
            "tests of their survival are invalid: use the p-value of "
            "full_pipeline_permutation, or verify a signature in other patients"
        )
    survival = cohort.survival(endpoint)
    chosen = list(cohort.covariates if covariates is None else covariates)
    terms, groups, order_by = None, None, None
    if cohort.clinical is not None:
        patients = patients_in_common(subtypes.labels, survival)[0].index
        # Reference categories and rare ones are judged on the patients of this analysis.
        clinical = cohort.clinical.reindex(patients)
        terms = adjusting_terms(clinical, cohort, endpoint, chosen) if chosen else None
        columns = list(cohort.strata if strata is None else strata)
        groups = combined_strata(clinical, columns, cohort.variables) if columns else None
        order_by = None if trend is None else trend_order(cohort, trend)
    compared = compare_labels(
        subtypes.labels,
        survival,
        endpoint,
        cohort.endpoints[endpoint].unit,
        terms,
        strata=groups,
        order_by=order_by,
        causes=cohort.causes(endpoint),
        n_permutations=n_permutations,
        n_bootstrap=n_bootstrap,
        random_state=random_state,
        n_jobs=n_jobs,
        exclusions=cohort.survival_exclusions(endpoint),
        counted=() if cohort.clinical is None else cohort.clinical.index,
    )
    return replace(compared, label_names=subtypes.label_names)


def adjusting_terms(
    clinical: pd.DataFrame, cohort: Cohort, endpoint: str, names: Sequence[str]
) -> Encoded:
    """Terms of clinical columns of these patients; warns of a column that gives none."""
    encoded = encode_covariates(clinical, names, cohort.variables)
    for name, why in encoded.left_out.items():
        warnings.warn(
            f"survival of {endpoint}: not adjusted for {name}: {why}.",
            OmicsfuseWarning,
            stacklevel=3,
        )
    return encoded


def compare_each(
    subtypes: Subtypes,
    cohort: Cohort,
    endpoints: Sequence[str],
    *,
    n_jobs: int = 1,
    **options: Any,
) -> list[SurvivalComparison]:
    """Do as `compare_survival` for several endpoints, each in a task of its own."""
    # A single one stays in this process, whose threads it has for itself.
    runner = Runner(n_jobs if len(endpoints) > 1 else 1)
    given = (subtypes, cohort, {**options, "n_jobs": n_jobs})
    return runner.map(_compared, endpoints, *given, label="endpoints")


def _compared(
    subtypes: Subtypes, cohort: Cohort, options: Mapping[str, Any], endpoint: str
) -> SurvivalComparison:
    return compare_survival(subtypes, cohort, endpoint, **options)


def trend_order(cohort: Cohort, trend: str) -> pd.Series:
    """Read the column by which subtypes are ordered as one number a patient."""
    if cohort.clinical is None:
        raise StudyError(f'trend = "{trend}": cohort {cohort.name!r} has no clinical table.')
    for name, endpoint in cohort.endpoints.items():
        if trend in (*endpoint.times, endpoint.event, endpoint.competing):
            raise StudyError(
                f'trend = "{trend}": the column is part of endpoint "{name}", and ordering by '
                "the outcome makes the test invalid. Name another column."
            )
    terms = encode_covariates(cohort.clinical, [trend], cohort.variables).terms
    if terms.shape[1] != 1 or cohort.variables["type"][trend] == CATEGORICAL:
        raise StudyError(
            f'trend = "{trend}": expected a clinical column of numbers or stages that varies '
            "between patients."
        )
    return terms.iloc[:, 0].rename(trend)
