"""Compare survival between the subtypes, endpoint by endpoint."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from omicsfuse.assessment.outcome_aware import full_pipeline_permutation, voided
from omicsfuse.core.cohort import Cohort, Exclusion
from omicsfuse.core.errors import CohortError, OmicsfuseWarning, StudyError
from omicsfuse.core.faults import Faults, said_of
from omicsfuse.core.results import (
    CHOSEN_WITH,
    COX_COLUMNS,
    FULL_PIPELINE,
    OVERALL,
    SURVIVAL_COLUMNS,
    Subtypes,
    SurvivalComparison,
)
from omicsfuse.io.results import stacked
from omicsfuse.pipeline.asked import endpoints, looks_at_outcome, patients_to_fuse, survival_tables
from omicsfuse.pipeline.keys import Count, PositiveInt, Table
from omicsfuse.pipeline.stage import Context, Stage
from omicsfuse.pipeline.stages.fuse import FUSE
from omicsfuse.pipeline.stages.preprocess import PREPROCESS
from omicsfuse.report.sections import survival
from omicsfuse.stats.levels import SIGNIFICANCE
from omicsfuse.stats.multiple_testing import benjamini_hochberg
from omicsfuse.survival.compare import adjusting_terms, compare_each, trend_order
from omicsfuse.survival.comparisons import best_p_values
from omicsfuse.survival.doubts import doubtful_survival

if TYPE_CHECKING:
    from omicsfuse.pipeline.study import Study


class SurvivalSettings(Table):
    """``[survival]``: endpoints to compare; all of the cohort's if none is named."""

    endpoints: tuple[str, ...] | None = None
    n_permutations: PositiveInt | Literal["adaptive"] = "adaptive"
    n_bootstrap: Count = 200
    trend: str | None = None
    full_pipeline_permutations: Annotated[int, Field(ge=39, strict=True)] | None = None


class Survival(Stage[SurvivalSettings, dict[str, SurvivalComparison]]):
    """Test, model and draw the survival of the subtypes for each endpoint."""

    name = "survival"
    table = "survival"
    settings = SurvivalSettings
    sections = (survival.SECTION,)
    holds = {
        "survival.tsv": "Log-rank tests of survival between the subtypes, for each endpoint",
        "cox.tsv": "Cox models: hazard ratios of the subtypes, alone and adjusted for the "
        "covariates",
        "survival_medians.tsv": "Median survival and median follow-up of each subtype",
        "survival_at_times.tsv": "Survival of each subtype at 1, 3 and 5 years",
        "restricted_means.tsv": "Restricted mean survival time of each subtype, and the "
        "differences",
        "proportional_hazards.tsv": "Tests of the proportional-hazards assumption of the Cox "
        "models",
        "time_varying.tsv": "Hazard ratios early and late in follow-up",
        "cox_diagnostics.tsv": "Collinearity, events per variable and fitting method of the Cox "
        "models",
        "cumulative_incidence.tsv": "Cumulative incidence of competing events in each subtype",
        "added_value.tsv": "Added value of the subtypes over a clinical model of survival, "
        "corrected for optimism",
        "calibration.tsv": "Predicted against observed risk, in groups of patients from low to "
        "high risk",
        "decision_curves.tsv": "Decision curves: net benefit of each model by threshold of risk",
    }

    def adjusts_for(self, study: "Study") -> dict[str, Sequence[str]]:
        trend = study.survival.trend
        return {"[survival] trend": () if trend is None else (trend,)}

    def check(self, study: "Study", cohort: Cohort, layers: Sequence[str]) -> None:
        with Faults() as faults:
            with faults.gathered(), said_of(f"{study.where}: [survival] trend: "):
                if study.survival.trend is not None:
                    trend_order(cohort, study.survival.trend)
            with faults.gathered():
                _check_outcome_aware(study, cohort)
            for endpoint in endpoints(study, cohort):
                with faults.gathered():
                    _check_endpoint(study, cohort, endpoint)

    def run(self, context: Context) -> dict[str, SurvivalComparison]:
        study, cohort = context.study, context.cohort
        compared = compare_endpoints(study, cohort, context.subtypes, context.n_jobs)
        aware = context.of(FUSE).aware
        if aware is None:
            return compared
        full = context.remembered(
            full_pipeline_permutation,
            context.of(PREPROCESS),
            survival_tables(study, cohort),
            aware,
            study.survival.full_pipeline_permutations,
            n_jobs=context.n_jobs,
            how={"how": context.tasks},
        )
        return void_comparisons(compared, full)

    def tables(self, result: dict[str, SurvivalComparison]) -> dict[str, pd.DataFrame]:
        compared = result.values()
        medians = [
            comparison.medians.reset_index(names="subtype").assign(endpoint=endpoint)
            for endpoint, comparison in result.items()
        ]
        parts = {
            "survival_medians.tsv": [table[["endpoint", *table.columns[:-1]]] for table in medians],
            "survival_at_times.tsv": [comparison.times for comparison in compared],
            "restricted_means.tsv": [comparison.restricted_means for comparison in compared],
            "proportional_hazards.tsv": [comparison.proportional for comparison in compared],
            "time_varying.tsv": [comparison.time_varying for comparison in compared],
            "cox_diagnostics.tsv": [comparison.diagnostics for comparison in compared],
            "cumulative_incidence.tsv": [comparison.incidence for comparison in compared],
            "added_value.tsv": [comparison.added_value for comparison in compared],
            "calibration.tsv": [comparison.calibration for comparison in compared],
            "decision_curves.tsv": [comparison.decision for comparison in compared],
        }
        filled = {name: [table for table in of if len(table)] for name, of in parts.items()}
        return {
            "survival.tsv": stacked(
                [comparison.tests for comparison in compared], SURVIVAL_COLUMNS
            ),
            "cox.tsv": stacked([comparison.cox for comparison in compared], COX_COLUMNS),
            **{name: pd.concat(of, ignore_index=True) for name, of in filled.items() if of},
        }

    def exclusions(self, result: dict[str, SurvivalComparison]) -> list[Exclusion]:
        return [each for comparison in result.values() for each in comparison.exclusions]

    def fields(self, result: dict[str, SurvivalComparison]) -> dict[str, Any]:
        return {"survival": result}


def _check_endpoint(study: "Study", cohort: Cohort, endpoint: str) -> None:
    """Refuse an endpoint that is not there, or that is known of nobody who is fused."""
    if endpoint not in cohort.endpoints:
        there = ", ".join(cohort.endpoints) or "none"
        raise StudyError(
            f"{study.where}: [survival] endpoints names {endpoint!r}, which the manifest of "
            f"cohort {cohort.name!r} does not describe (it describes: {there}). Add\n  "
            f'[clinical.endpoints.{endpoint}]\n  time = "..."\n  event = "..."\nto '
            f"{study.discovery}, or remove it."
        )
    patients, known = patients_to_fuse(study, cohort), cohort.survival(endpoint).index
    if not known.isin(patients).any():
        raise CohortError(
            f"{study.where}: endpoint {endpoint!r}: none of the {len(patients)} fused "
            f"patients has a time and an event ({len(known)} patients of the clinical table "
            "have). Check its columns, or remove the endpoint."
        )
    if cohort.clinical is not None:
        clinical = cohort.clinical.reindex(known[known.isin(patients)])
        adjusting_terms(clinical, cohort, endpoint, cohort.covariates)


def _check_outcome_aware(study: "Study", cohort: Cohort) -> None:
    """Refuse choices made with the outcome unless the whole pipeline is permuted."""
    asked = study.survival.full_pipeline_permutations
    if not looks_at_outcome(study):
        if asked is not None:
            raise StudyError(
                f"{study.where}: [survival] full_pipeline_permutations applies only where "
                "features or k are chosen with the outcome; here they are not, and the "
                "log-rank test and its permutation are valid. Remove it."
            )
        return
    chosen = (
        '[preprocess] select = "survival" chooses features'
        if study.preprocess.select == "survival"
        else '[subtypes] choose = "survival" chooses the number of subtypes'
    )
    if not endpoints(study, cohort):
        raise StudyError(
            f"{study.where}: {chosen} by survival, but no endpoint is given. Add "
            "[survival] endpoints."
        )
    if asked is None:
        raise StudyError(
            f"{study.where}: {chosen} with the outcome, so that tests of the subtypes against "
            "that outcome are invalid: without any true association, features chosen in this "
            f"way give p < {SIGNIFICANCE:g} in most data sets. Remove it, or add\n  "
            "[survival]\n  full_pipeline_permutations = 199\nto permute the outcome, repeat "
            "selection, fusion and clustering each time, and report that p-value in place of "
            "all others."
        )
    if not study.fusion.chosen().repeats_whole:
        raise StudyError(
            f"{study.where}: {chosen} with the outcome; the sparse engine does not support this."
        )


def warn_of_doubtful_survival(
    study: "Study", cohort: Cohort, patients: pd.Index
) -> dict[str, tuple[str, ...]]:
    """Warn of what in the endpoints of these patients looks like a mistake, and return it.

    Doubts of two endpoints together stand with the last endpoint.
    """
    tables = {
        name: table[table.index.isin(patients)]
        for name, table in survival_tables(study, cohort).items()
    }
    units = {name: cohort.endpoints[name].unit for name in tables}
    left = doubtful_survival(tables, units)
    for doubt in left:
        warnings.warn(doubt, OmicsfuseWarning, stacklevel=3)
    doubts = {}
    for name in tables:
        alone = doubtful_survival({name: tables[name]}, units)
        left = [doubt for doubt in left if doubt not in alone]
        doubts[name] = tuple(alone)
    return doubts | {name: (*doubts[name], *left) for name in list(tables)[-1:]}


def compare_endpoints(
    study: "Study", cohort: Cohort, subtypes: Subtypes, n_jobs: int = 1
) -> dict[str, SurvivalComparison]:
    """Compare survival for each endpoint asked for; a cohort without any has no comparison."""
    doubts = warn_of_doubtful_survival(study, cohort, subtypes.labels.index)
    # Of subtypes found with the outcome, `void_comparisons` leaves what still stands.
    params = {key: value for key, value in subtypes.params.items() if key != CHOSEN_WITH}
    subtypes = replace(subtypes, params=params)
    options: dict[str, Any] = {
        "trend": study.survival.trend,
        "n_permutations": study.survival.n_permutations,
        "n_bootstrap": study.survival.n_bootstrap,
        "random_state": study.seed,
        "n_jobs": n_jobs,
    }
    names = endpoints(study, cohort)
    comparisons = compare_each(subtypes, cohort, names, **options)
    compared = {
        name: replace(comparison, doubts=doubts[name])
        for name, comparison in zip(names, comparisons, strict=True)
    }
    # The family of the overall tests is the study's endpoints; pairs have theirs in the endpoint.
    tests = [comparison.tests for comparison in compared.values()]
    p = [best_p_values(table[table["kind"] == OVERALL]) for table in tests]
    return _corrected(compared, OVERALL, np.concatenate(p) if p else np.empty(0))


def void_comparisons(
    survival: Mapping[str, SurvivalComparison], full: pd.DataFrame
) -> dict[str, SurvivalComparison]:
    """Leave of comparisons what the full-pipeline permutation leaves standing."""
    rows = {str(name): row for name, row in full.iterrows()}
    left = {name: voided(comparison, rows[name]) for name, comparison in survival.items()}
    p = [
        float(
            comparison.tests.loc[comparison.tests["kind"] == FULL_PIPELINE, "p_permutation"].iloc[0]
        )
        for comparison in left.values()
    ]
    # Endpoints with too few events have no p-value, and no part in the family.
    return _corrected(left, FULL_PIPELINE, np.array(p))


def _corrected(
    survival: Mapping[str, SurvivalComparison], kind: str, p: np.ndarray
) -> dict[str, SurvivalComparison]:
    """Return the comparisons with one test of each endpoint corrected for their number."""
    corrected = {}
    for (name, comparison), fdr in zip(survival.items(), benjamini_hochberg(p), strict=True):
        tests = comparison.tests.copy()
        tests.loc[tests["kind"] == kind, "fdr"] = fdr
        corrected[name] = replace(comparison, tests=tests)
    return corrected


SURVIVAL = Survival()
