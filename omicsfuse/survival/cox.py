"""Cox proportional hazards models: hazard ratios that say when they cannot be estimated."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from omicsfuse.core.errors import CohortError
from omicsfuse.core.results import COX_COLUMNS
from omicsfuse.survival.models import CoxModel, fit_model

#: Said beside the terms of a model whose likelihood has no maximum.
PENALTY_NOTE = (
    "Firth's penalised likelihood (for example, a group without events); "
    "profile-likelihood interval"
)


@dataclass(frozen=True)
class HazardRatio:
    """Hazard ratio per unit of one variable, with Wald's interval and p; or why there is none."""

    hr: float
    ci_low: float
    ci_high: float
    p: float
    n: int
    events: int
    note: str = ""


def cox_table(
    survival: pd.DataFrame,
    terms: pd.DataFrame,
    endpoint: str,
    model: str,
    strata: pd.Series | None = None,
) -> pd.DataFrame:
    """Fit one Cox model and list its hazard ratios, one row a term: ``SurvivalComparison.cox``.

    Efron's ties, Wald's intervals. Nothing is estimated below 10 events, or 5 a term (Vittinghoff
    and McCulloch 2007, Am J Epidemiol 165:710-718). Without a maximum of the likelihood, Firth's
    penalty and profile likelihood (Heinze and Schemper 2001, Biometrics 57:114-119), noted.
    """
    return model_table(fit_model(survival, terms, endpoint, model, strata))


def model_table(model: CoxModel) -> pd.DataFrame:
    """List the hazard ratio of each term of a fitted model; see `cox_table`."""
    estimates = np.full((len(model.terms), 4), np.nan)
    constant = "not estimated: the same value in all patients"
    notes = [f"not estimated: {model.reason}" if v else constant for v in model.varies]
    if model.fit is not None:
        used, fit = np.flatnonzero(model.varies), model.fit
        with np.errstate(over="ignore"):
            estimates[used, 0] = np.exp(fit.coefficients)
            estimates[used, 1] = np.exp(fit.ci_low)
            estimates[used, 2] = np.exp(fit.ci_high)
        estimates[used, 3] = fit.p
        for term in used:
            notes[term] = PENALTY_NOTE if fit.penalised else ""
    table = pd.DataFrame(estimates, columns=["hr", "hr_ci_low", "hr_ci_high", "p"])
    table.insert(0, "endpoint", model.endpoint)
    table.insert(1, "model", model.name)
    table.insert(2, "term", list(model.terms))
    table.insert(3, "n", model.n)
    table.insert(4, "events", model.events)
    table["note"] = ["; ".join(part for part in (note, model.note) if part) for note in notes]
    return table[COX_COLUMNS]


def hazard_ratio(
    time: np.ndarray, event: np.ndarray, x: np.ndarray, entry: np.ndarray | None = None
) -> HazardRatio:
    """Estimate the hazard ratio per unit of one variable (Cox model, Efron ties), or say why not.

    All arrays (n,): ``x`` is the variable, ``entry`` the times of entry (left truncation).
    """
    values = np.asarray(x, dtype=float)
    times = np.asarray(time, dtype=float)
    if values.shape != times.shape:
        raise CohortError(
            f"x has shape {values.shape} and time {times.shape}: give one value per patient"
        )
    known = ~np.isnan(values)
    survival = pd.DataFrame({"time": times[known], "event": np.asarray(event)[known]})
    if entry is not None:
        survival["entry"] = np.asarray(entry, dtype=float)[known]
    row = cox_table(survival, pd.DataFrame({"x": values[known]}), "", "").iloc[0]
    notes = [str(row["note"])] if row["note"] else []
    if not known.all():
        notes.append(f"{int((~known).sum())} of {len(known)} patients excluded: missing x")
    return HazardRatio(
        hr=float(row["hr"]),
        ci_low=float(row["hr_ci_low"]),
        ci_high=float(row["hr_ci_high"]),
        p=float(row["p"]),
        n=int(row["n"]),
        events=int(row["events"]),
        note="; ".join(notes),
    )
