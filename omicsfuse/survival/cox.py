"""Cox proportional hazards models: hazard ratios that say when they cannot be estimated."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from omicsfuse.core.errors import CohortError
from omicsfuse.core.results import COX_COLUMNS
from omicsfuse.survival.models import CoxModel, fit_model

#: Said beside the terms of a model whose likelihood has no maximum.
PENALTY_NOTE = "Firth's penalty (a group without events, or the like): profile likelihood"


@dataclass(frozen=True)
class HazardRatio:
    """Hazard ratio of one variable.

    Attributes
    ----------
    hr, ci_low, ci_high : float
        Hazard ratio per unit and its 95% confidence interval (Wald); NaN where not estimable.
    p : float
        Wald test.
    n, events : int
        Patients and events in the model.
    note : str
        Why there is no estimate, or how many patients were left out; empty otherwise.
    """

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
    """Fit one Cox model and list the hazard ratio of each of its terms.

    Ties are handled by Efron's approximation; intervals and p-values are Wald's. Patients with a
    missing term are left out and counted in ``note``. Nothing is estimated with fewer than 10
    events, or fewer than 5 a term; a term that never varies is left out of the model. Where the
    likelihood has no maximum (a group without events), the model is fitted with Firth's penalty,
    with intervals and p-values of the profile likelihood, and ``note`` says so.

    Parameters
    ----------
    survival : pandas.DataFrame
        Index patient; columns ``time``, ``event`` (0 or 1) and, for left truncation, ``entry``.
    terms : pandas.DataFrame
        Index patient; one numeric column a term, missing values NaN.
    endpoint, model : str
        Name of the endpoint and of the model, copied to each row.
    strata : pandas.Series, optional
        Index patient: stratum, each with a baseline hazard of its own.

    Returns
    -------
    pandas.DataFrame
        One row a term; columns as in ``SurvivalComparison.cox``.

    Raises
    ------
    CohortError
        If a term is not numeric or is infinite, or values cannot be survival data.

    References
    ----------
    Cox DR. J R Stat Soc B 1972;34:187-220. Efron B. J Am Stat Assoc 1977;72:557-565. Vittinghoff
    E, McCulloch CE. Relaxing the rule of ten events per variable. Am J Epidemiol 2007;165:710-718.
    Heinze G, Schemper M. Biometrics 2001;57:114-119 (Firth's penalty).

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from omicsfuse.survival.cox import cox_table
    >>> age = pd.DataFrame({"age": np.arange(40.0) % 17 + 50})
    >>> survival = pd.DataFrame({"time": 90 - age["age"] + np.arange(40) % 7, "event": 1})
    >>> table = cox_table(survival, age, "os", "univariable")
    >>> table[["term", "n", "events", "note"]].values.tolist()
    [['age', 40, 40, '']]
    >>> bool(table.loc[0, "hr_ci_low"] > 1)
    True
    """
    return model_table(fit_model(survival, terms, endpoint, model, strata))


def model_table(model: CoxModel) -> pd.DataFrame:
    """List the hazard ratio of each term of a fitted model; see `cox_table`."""
    estimates = np.full((len(model.terms), 4), np.nan)
    constant = "left out: the same value in all patients"
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
    """Estimate the hazard ratio per unit of one variable (Cox model, Efron ties).

    Parameters
    ----------
    time, event : arrays of shape (n,)
        Times, finite and not negative, and events (0 or 1).
    x : array of shape (n,)
        The variable; patients in whom it is NaN are left out.
    entry : array of shape (n,), optional
        Times of entry (left truncation).

    Returns
    -------
    HazardRatio
        Estimate, or NaN and a note saying why there is none.

    Raises
    ------
    CohortError
        If lengths differ or values cannot be survival data.

    Examples
    --------
    >>> import numpy as np
    >>> from omicsfuse.survival.cox import hazard_ratio
    >>> result = hazard_ratio(np.arange(1.0, 31), np.ones(30), np.arange(30) % 4)
    >>> result.n, result.events, result.ci_low < result.hr < result.ci_high
    (30, 30, True)
    """
    values = np.asarray(x, dtype=float)
    times = np.asarray(time, dtype=float)
    if values.shape != times.shape:
        raise CohortError(
            f"x has shape {values.shape} and time {times.shape}: give one value a patient"
        )
    known = ~np.isnan(values)
    survival = pd.DataFrame({"time": times[known], "event": np.asarray(event)[known]})
    if entry is not None:
        survival["entry"] = np.asarray(entry, dtype=float)[known]
    row = cox_table(survival, pd.DataFrame({"x": values[known]}), "", "").iloc[0]
    notes = [str(row["note"])] if row["note"] else []
    if not known.all():
        notes.append(f"{int((~known).sum())} of {len(known)} patients left out: missing x")
    return HazardRatio(
        hr=float(row["hr"]),
        ci_low=float(row["hr_ci_low"]),
        ci_high=float(row["hr_ci_high"]),
        p=float(row["p"]),
        n=int(row["n"]),
        events=int(row["events"]),
        note="; ".join(notes),
    )
