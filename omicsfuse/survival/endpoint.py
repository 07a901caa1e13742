"""Everything that is said of one endpoint of labelled patients, in one object."""

from collections.abc import Collection, Mapping, Sequence
from typing import Literal

import pandas as pd

from omicsfuse.core.cohort import Exclusion
from omicsfuse.core.results import (
    ADJUSTED_MODELS,
    COX_COLUMNS,
    COX_FACTS,
    STRATIFIED_MODELS,
    SurvivalComparison,
)
from omicsfuse.stats.covariates import Encoded, encode_covariates
from omicsfuse.survival._input import patients_in_common
from omicsfuse.survival.added_value import (
    ADDED_VALUE_COLUMNS,
    CALIBRATION_COLUMNS,
    DECISION_COLUMNS,
    N_PERMUTATIONS,
    AddedValue,
    added_value,
)
from omicsfuse.survival.comparisons import logrank_table
from omicsfuse.survival.competing import INCIDENCE_COLUMNS, cumulative_incidence
from omicsfuse.survival.cox import model_table
from omicsfuse.survival.curves import kaplan_meier, survival_at_times
from omicsfuse.survival.logrank import FIRST_PERMUTATIONS
from omicsfuse.survival.models import DIAGNOSTIC_COLUMNS, CoxModel, fit_model, model_diagnostics
from omicsfuse.survival.proportional import (
    PROPORTIONAL_COLUMNS,
    RESIDUAL_COLUMNS,
    TIME_VARYING_COLUMNS,
    proportional_hazards,
    time_varying_effects,
)
from omicsfuse.survival.restricted_mean import restricted_means


def compare_labels(
    labels: pd.Series,
    survival: pd.DataFrame,
    endpoint: str,
    unit: str,
    covariates: pd.DataFrame | Encoded | None = None,
    *,
    strata: pd.Series | None = None,
    order_by: pd.Series | None = None,
    causes: Mapping[int, str] | None = None,
    n_permutations: int | Literal["adaptive"] = "adaptive",
    n_bootstrap: int = 200,
    random_state: int = 0,
    n_jobs: int = 1,
    exclusions: Sequence[Exclusion] = (),
    counted: Collection[str] = (),
) -> SurvivalComparison:
    """Compare the survival of labelled patients: of subtypes found, or assigned in another cohort.

    Subtypes are set against the first one; Cox ``"univariable"``, with covariates
    ``"multivariable"``, with strata both stratified. Competing events censor, and predicted risks
    are then not judged. ``order_by`` orders for the trend; ``exclusions`` stand in front, and
    patients in ``counted`` are not counted again.
    """
    matched, known, names = patients_in_common(labels, survival)
    curves, medians = kaplan_meier(matched, known)
    subtypes = pd.DataFrame(
        {f"{name} vs {names[0]}": (matched == name).astype(float) for name in names[1:]},
        index=matched.index,
    )
    given = Encoded(pd.DataFrame(index=matched.index), {}, {})
    if isinstance(covariates, Encoded):
        given = covariates
    elif covariates is not None:
        # Reference categories and rare ones are judged on the patients of this analysis.
        given = encode_covariates(covariates.reindex(matched.index))
    terms = given.terms.reindex(matched.index)
    models = _models(known, subtypes, terms, endpoint, strata)
    tested = [proportional_hazards(model) for model, _ in models]
    value = None
    if len(names) > 1 and terms.shape[1]:
        value = added_value(
            known, subtypes, terms, endpoint, unit, n_bootstrap, random_state,
            competing="cause" in known,
            n_permutations=0 if n_permutations == 0 else N_PERMUTATIONS,
        )  # fmt: skip
    stratified = "" if strata is None else str(strata.name)
    permuted = 0 if n_permutations == 0 else FIRST_PERMUTATIONS
    return SurvivalComparison(
        endpoint=endpoint,
        unit=unit,
        tests=logrank_table(
            matched, known, endpoint, n_permutations, random_state, strata=strata,
            order_by=order_by, n_jobs=n_jobs,
        ),
        cox=_cox_table([model for model, _ in models], given),
        curves=curves,
        medians=medians,
        exclusions=(*exclusions, *_unmatched(labels, survival, matched, endpoint, counted)),
        times=survival_at_times(curves, endpoint, unit),
        restricted_means=restricted_means(matched, known, endpoint, permuted, random_state),
        proportional=_stacked([tests for tests, _ in tested], PROPORTIONAL_COLUMNS),
        residuals=_stacked([residuals for _, residuals in tested], RESIDUAL_COLUMNS),
        time_varying=_stacked(
            [time_varying_effects(model, used) for model, used in models], TIME_VARYING_COLUMNS
        ),
        diagnostics=_stacked(
            [
                model_diagnostics(model, stratified if model.strata is not None else "")
                for model, _ in models
            ],
            DIAGNOSTIC_COLUMNS,
        ),
        incidence=(
            cumulative_incidence(matched, known, endpoint, causes)
            if causes is not None and len(causes) > 1 and "cause" in known
            else pd.DataFrame(columns=INCIDENCE_COLUMNS)
        ),
        added_value=_table(value, "measures", ADDED_VALUE_COLUMNS),
        calibration=_table(value, "calibration", CALIBRATION_COLUMNS),
        decision=_table(value, "decision", DECISION_COLUMNS),
    )  # fmt: skip


def _models(
    survival: pd.DataFrame,
    subtypes: pd.DataFrame,
    covariates: pd.DataFrame,
    endpoint: str,
    strata: pd.Series | None,
) -> list[tuple[CoxModel, pd.DataFrame]]:
    """All models, and their terms; none where there is one subtype only."""
    if not subtypes.shape[1]:
        return []
    models = [(fit_model(survival, subtypes, endpoint, "univariable"), subtypes)]
    terms = subtypes.join(covariates)
    if covariates.shape[1]:
        models.append((fit_model(survival, terms, endpoint, ADJUSTED_MODELS[0]), terms))
    if strata is not None:
        name = STRATIFIED_MODELS[bool(covariates.shape[1])]
        models.append((fit_model(survival, terms, endpoint, name, strata), terms))
    return models


def _stacked(tables: Sequence[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    """Tables under one another; with these columns also where there is none."""
    filled = [table for table in tables if len(table)]
    if not filled:
        return pd.DataFrame(columns=columns)
    return pd.concat(filled, ignore_index=True)


def _table(value: AddedValue | None, name: str, columns: list[str]) -> pd.DataFrame:
    table = pd.DataFrame(columns=columns) if value is None else getattr(value, name)
    return table if isinstance(table, pd.DataFrame) else pd.DataFrame(columns=columns)


def _cox_table(models: Sequence[CoxModel], given: Encoded) -> pd.DataFrame:
    """Terms of the models; rows that say so in place of one whose covariates are all left out."""
    tables = [
        model_table(model).assign(
            covariate=[given.columns.get(term, "") for term in model.terms], reason=model.reason
        )
        for model in models
    ]
    if given.used:
        tables = [
            _with_notes(table, given) if model.name in ADJUSTED_MODELS else table
            for model, table in zip(models, tables, strict=True)
        ]
    elif tables:
        tables.insert(1, _left_out(tables[0], given, ADJUSTED_MODELS[0]))
    return _stacked(tables, [*COX_COLUMNS, *COX_FACTS])


def _with_notes(table: pd.DataFrame, given: Encoded) -> pd.DataFrame:
    """Say beside each covariate's terms what encoding changed; a row for those left out."""
    for name in given.used:
        rows, note = table["covariate"] == name, given.notes.get(name, "")
        table.loc[rows, "note"] = [
            "; ".join(filter(None, [before, note])) for before in table.loc[rows, "note"]
        ]
    left_out = _left_out(table, given, str(table["model"].iloc[0]))
    return _stacked([table, left_out], list(table.columns))


def _left_out(table: pd.DataFrame, given: Encoded, model: str) -> pd.DataFrame:
    """A row for each covariate without a term, with the reason; patients are those of the table."""
    first = table.iloc[0][["endpoint", "n", "events"]]
    rows = [
        {
            **first,
            "model": model,
            "term": name,
            "note": f"not adjusted: {note}",
            "covariate": name,
            "reason": "",
        }
        for name, note in given.left_out.items()
    ]
    return pd.DataFrame(rows).reindex(columns=table.columns)


def _unmatched(
    labels: pd.Series,
    survival: pd.DataFrame,
    matched: pd.Series,
    endpoint: str,
    counted: Collection[str],
) -> list[Exclusion]:
    """Patients who have a subtype but not the endpoint, and the other way round, each once."""
    known = labels.dropna().index
    without_endpoint = known[~(known.isin(matched.index) | known.isin(list(counted)))]
    without_subtype = survival.index[~survival.index.isin(matched.index)]
    reasons = (
        (without_endpoint, f"with a subtype, without usable time and event for {endpoint!r}"),
        (without_subtype, f"with {endpoint!r}, without a subtype"),
    )
    return [
        Exclusion("survival", endpoint, "patients", len(lost), reason, tuple(map(str, lost[:5])))
        for lost, reason in reasons
        if len(lost)
    ]
