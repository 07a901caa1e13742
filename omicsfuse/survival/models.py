"""A Cox model of one endpoint: which patients and terms it has, its fit, and why there is none."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from omicsfuse.core.errors import CohortError
from omicsfuse.core.results import PENALISED
from omicsfuse.survival._input import (
    MINIMUM_EVENTS,
    MINIMUM_EVENTS_PER_TERM,
    check_survival,
    events_text,
    patients_in_common,
)
from omicsfuse.survival.cox_model import CoxData, CoxFit, fit_cox

DIAGNOSTIC_COLUMNS = [
    "endpoint", "model", "term", "variance_inflation", "n", "events", "events_per_variable",
    "method", "strata",
]  # fmt: skip


@dataclass(frozen=True, eq=False)
class CoxModel:
    """A Cox model of the patients who have all terms, or a reason why there is no fit; a note."""

    endpoint: str
    name: str
    terms: tuple[str, ...]
    varies: np.ndarray
    survival: pd.DataFrame
    design: np.ndarray
    strata: np.ndarray | None
    data: CoxData | None
    fit: CoxFit | None
    reason: str
    note: str

    @property
    def fitted_terms(self) -> list[str]:
        """Terms in the fit, in order."""
        return [name for name, used in zip(self.terms, self.varies, strict=True) if used]

    @property
    def n(self) -> int:
        """Patients in the model."""
        return len(self.survival)

    @property
    def events(self) -> int:
        """Events among them."""
        return int(self.survival["event"].sum())


def entries(survival: pd.DataFrame) -> np.ndarray | None:
    """Times of entry of a survival table; None where nobody enters late."""
    return survival["entry"].to_numpy(dtype=float) if "entry" in survival else None


def fit_model(
    survival: pd.DataFrame,
    terms: pd.DataFrame,
    endpoint: str,
    name: str,
    strata: pd.Series | None = None,
) -> CoxModel:
    """Fit one Cox model to the patients who have all its terms; see ``cox_table``."""
    numeric = [bool(pd.api.types.is_numeric_dtype(terms[term])) for term in terms.columns]
    if not all(numeric):
        raise CohortError(
            f"term {str(terms.columns[numeric.index(False)])!r} of the Cox model is not numeric: "
            "encode categories first (encode_covariates)"
        )
    everyone, survival, _ = patients_in_common(
        pd.Series("all", index=terms.index, dtype=object), survival
    )
    values = terms.loc[everyone.index].to_numpy(dtype=float, na_value=np.nan)
    lacking = [
        str(term)
        for term, lost in zip(terms.columns, np.isnan(values).any(axis=0), strict=True)
        if lost
    ]
    complete = ~np.isnan(values).any(axis=1)
    groups: np.ndarray | None = None
    if strata is not None:
        column = strata.reindex(everyone.index)
        if column.isna().any():
            lacking.append(str(strata.name))
        complete &= column.notna().to_numpy()
        groups = np.asarray(column[complete].astype(str), dtype=object)
    survival, values = survival[complete], values[complete]
    check_survival(survival["time"].to_numpy(), survival["event"].to_numpy())
    if np.isinf(values).any():
        term = str(terms.columns[int(np.flatnonzero(np.isinf(values).any(axis=0))[0])])
        raise CohortError(f"term {term!r} of the Cox model has infinite values: correct them")
    left_out = int((~complete).sum())
    note = (
        f"{left_out} of {len(complete)} patients excluded: missing {', '.join(lacking)}"
        if left_out
        else ""
    )
    varies = np.ptp(values, axis=0) > 0 if len(values) else np.zeros(values.shape[1], dtype=bool)
    names = tuple(str(term) for term in terms.columns)
    data, fit, reason = _fit(survival, values[:, varies], groups)
    return CoxModel(
        endpoint, name, names, varies, survival, values, groups, data, fit, reason, note
    )


def too_few_events(events: int, n_terms: int) -> str:
    """Say why a model of so many terms is not fitted to so few events; empty where it can be."""
    needed = max(MINIMUM_EVENTS, MINIMUM_EVENTS_PER_TERM * n_terms)
    if events >= needed:
        return ""
    plural = "s" if n_terms != 1 else ""
    return f"{events_text(events)}, fewer than the {needed} for {n_terms} term{plural}"


def _fit(
    survival: pd.DataFrame, values: np.ndarray, strata: np.ndarray | None
) -> tuple[CoxData | None, CoxFit | None, str]:
    """Fit the terms that vary, or say why not."""
    n_terms, events = values.shape[1], int(survival["event"].sum())
    if reason := too_few_events(events, n_terms):
        return None, None, reason
    if not n_terms:
        return None, None, "no term varies"
    standard = (values - values.mean(axis=0)) / values.std(axis=0)
    if np.linalg.matrix_rank(standard) < n_terms:
        return None, None, "the terms are collinear"
    data = CoxData(
        survival["time"].to_numpy(),
        survival["event"].to_numpy(),
        values,
        strata,
        entries(survival),
    )
    fit = fit_cox(data)
    if not fit.converged or not np.isfinite(fit.coefficients).all():
        return None, None, "the model did not converge"
    return data, fit, ""


def model_diagnostics(model: CoxModel, strata: str = "") -> pd.DataFrame:
    """Variance inflation 1 / (1 - R2) of each term of a model, and events per term.

    Belsley, Kuh and Welsch 1980, chapter 3; Peduzzi et al. 1995, J Clin Epidemiol 48:1503-1510.
    """
    used = model.design[:, model.varies]
    inflation = np.full(len(model.terms), np.nan)
    if used.shape[1] and len(used) > 1:
        correlation = np.atleast_2d(np.corrcoef(used, rowvar=False))
        singular = np.linalg.matrix_rank(correlation, hermitian=True) < len(correlation)
        inflation[model.varies] = np.inf if singular else np.diag(np.linalg.inv(correlation))
    method = "not fitted"
    if model.fit is not None:
        method = PENALISED if model.fit.penalised else "Efron"
    table = pd.DataFrame({"term": list(model.terms), "variance_inflation": inflation})
    n_terms = int(model.varies.sum())
    return table.assign(
        endpoint=model.endpoint,
        model=model.name,
        n=model.n,
        events=model.events,
        events_per_variable=model.events / n_terms if n_terms else np.nan,
        method=method,
        strata=strata,
    )[DIAGNOSTIC_COLUMNS]
