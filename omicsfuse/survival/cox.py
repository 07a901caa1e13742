"""Cox proportional hazards models: hazard ratios that say when they cannot be estimated."""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import erfc
from threadpoolctl import threadpool_limits

from omicsfuse.errors import CohortError
from omicsfuse.results import COX_COLUMNS
from omicsfuse.survival._input import (
    MINIMUM_EVENTS,
    MINIMUM_EVENTS_PER_TERM,
    check_survival,
    patients_in_common,
)

_Z95 = 1.959963984540054
# Where the likelihood has no maximum, the optimiser stops with a standard error in the hundreds
# over the range of the term; with 10 events an honest one stays below about 10.
_RUNAWAY = 20.0
# Full Newton steps: lifelines' default of 0.95 stops about 1e-6 short of the maximum.
_FIT_OPTIONS = {"step_size": 1.0, "precision": 1e-10}


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
    survival: pd.DataFrame, terms: pd.DataFrame, endpoint: str, model: str
) -> pd.DataFrame:
    """Fit one Cox model and list the hazard ratio of each of its terms.

    Ties are handled by Efron's approximation; intervals and p-values are Wald's. Patients with a
    missing term are left out and counted in ``note``. Nothing is estimated with fewer than 10
    events, or fewer than 5 a term; a term that never varies is left out of the model; a term whose
    hazard ratio runs off to 0 or infinity (a group without events) is reported without a number,
    while the others keep theirs, which are then those of the limit.

    Parameters
    ----------
    survival : pandas.DataFrame
        Index patient; columns ``time`` and ``event`` (0 or 1).
    terms : pandas.DataFrame
        Index patient; one numeric column a term, missing values NaN.
    endpoint, model : str
        Name of the endpoint and of the model, copied to each row.

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

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from omicsfuse.survival import cox_table
    >>> age = pd.DataFrame({"age": np.arange(40.0) % 17 + 50})
    >>> survival = pd.DataFrame({"time": 90 - age["age"] + np.arange(40) % 7, "event": 1})
    >>> table = cox_table(survival, age, "os", "univariable")
    >>> table[["term", "n", "events", "note"]].values.tolist()
    [['age', 40, 40, '']]
    >>> bool(table.loc[0, "hr_ci_low"] > 1)
    True
    """
    numeric = [bool(pd.api.types.is_numeric_dtype(terms[name])) for name in terms.columns]
    if not all(numeric):
        raise CohortError(
            f"term {str(terms.columns[numeric.index(False)])!r} of the Cox model is not numeric: "
            "encode categories first (encode_covariates)"
        )
    everyone, survival, _ = patients_in_common(
        pd.Series("all", index=terms.index, dtype=object), survival
    )
    values = terms.loc[everyone.index].to_numpy(dtype=float, na_value=np.nan)
    complete = ~np.isnan(values).any(axis=1)
    time, event = check_survival(
        survival["time"].to_numpy()[complete], survival["event"].to_numpy()[complete]
    )
    table = _fit(time, event, values[complete], [str(name) for name in terms.columns])
    left_out = int((~complete).sum())
    if left_out:
        lacking = [
            str(name)
            for name, lost in zip(terms.columns, np.isnan(values).any(axis=0), strict=True)
            if lost
        ]
        reason = f"{left_out} of {len(complete)} patients left out: missing {', '.join(lacking)}"
        table["note"] = [f"{note}; {reason}" if note else reason for note in table["note"]]
    table.insert(0, "endpoint", endpoint)
    table.insert(1, "model", model)
    return table[COX_COLUMNS]


def hazard_ratio(time: np.ndarray, event: np.ndarray, x: np.ndarray) -> HazardRatio:
    """Estimate the hazard ratio per unit of one variable (Cox model, Efron ties).

    Parameters
    ----------
    time, event : arrays of shape (n,)
        Times, finite and not negative, and events (0 or 1).
    x : array of shape (n,)
        The variable; patients in whom it is NaN are left out.

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
    >>> from omicsfuse.survival import hazard_ratio
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
    times, events = check_survival(times[known], np.asarray(event)[known])
    row = _fit(times, events, values[known][:, None], ["x"]).iloc[0]
    notes = [str(row["note"])] if row["note"] else []
    if not known.all():
        notes.append(f"{int((~known).sum())} of {len(known)} patients left out: missing x")
    return HazardRatio(
        hr=float(row["hr"]),
        ci_low=float(row["hr_ci_low"]),
        ci_high=float(row["hr_ci_high"]),
        p=float(row["p"]),
        n=len(times),
        events=int(events.sum()),
        note="; ".join(notes),
    )


def _fit(time: np.ndarray, event: np.ndarray, values: np.ndarray, names: list[str]) -> pd.DataFrame:
    """Fit the terms together; columns term, n, events, hr, hr_ci_low, hr_ci_high, p, note."""
    if np.isinf(values).any():
        term = names[int(np.flatnonzero(np.isinf(values).any(axis=0))[0])]
        raise CohortError(f"term {term!r} of the Cox model holds infinite values: mend them")
    estimates, notes = _estimates(time, event, values)
    table = pd.DataFrame(estimates, columns=["hr", "hr_ci_low", "hr_ci_high", "p"])
    table.insert(0, "term", names)
    table.insert(1, "n", len(time))
    table.insert(2, "events", int(event.sum()))
    return table.assign(note=notes)


def _estimates(
    time: np.ndarray, event: np.ndarray, values: np.ndarray
) -> tuple[np.ndarray, list[str]]:
    """Hazard ratio, limits and p of each term (terms x 4, NaN where there is none), and notes."""
    estimates = np.full((values.shape[1], 4), np.nan)
    span = np.ptp(values, axis=0) if len(values) else np.zeros(values.shape[1])
    varies = span > 0
    n_terms, events = int(varies.sum()), int(event.sum())

    def nothing(reason: str) -> tuple[np.ndarray, list[str]]:
        constant = "left out: the same value in all patients"
        return estimates, [f"not estimated: {reason}" if v else constant for v in varies]

    needed = max(MINIMUM_EVENTS, MINIMUM_EVENTS_PER_TERM * n_terms)
    if events < needed:
        plural = "s" if n_terms != 1 else ""
        return nothing(f"{events} events, fewer than the {needed} for {n_terms} term{plural}")
    if not n_terms:
        return nothing("")
    spread = values[:, varies].std(axis=0)
    standard = (values[:, varies] - values[:, varies].mean(axis=0)) / spread
    if np.linalg.matrix_rank(standard) < n_terms:
        return nothing("the terms determine one another")
    fitted = _lifelines_fit(time, event, standard)
    if fitted is None:
        return nothing("the model did not converge")

    beta, error = fitted[0] / spread, fitted[1] / spread
    estimable = np.isfinite(beta) & np.isfinite(error)
    estimable &= error * span[varies] < _RUNAWAY
    estimable &= not _orders_all_events(time, event, standard @ fitted[0])
    kept = np.flatnonzero(varies)[estimable]
    beta, error = beta[estimable], error[estimable]
    estimates[kept, 0] = np.exp(beta)
    estimates[kept, 1] = np.exp(beta - _Z95 * error)
    estimates[kept, 2] = np.exp(beta + _Z95 * error)
    estimates[kept, 3] = erfc(np.abs(beta / error) / np.sqrt(2))
    _, notes = nothing("the hazard ratio runs off to 0 or infinity (a group without events?)")
    for term in kept:
        notes[term] = ""
    return estimates, notes


def _orders_all_events(time: np.ndarray, event: np.ndarray, risk: np.ndarray) -> bool:
    """Whether each event fell on the patient of highest risk then: the likelihood has no maximum.

    Multiplying such a risk by any number above 1 makes the events more likely still, so wherever
    the optimiser stopped, the number is its own.
    """
    order = np.lexsort((event, time))
    time, event, risk = time[order], event[order], risk[order]
    highest = np.maximum.accumulate(risk[::-1])[::-1]
    first_at_risk = np.searchsorted(time, time, side="left")
    return bool((risk[event] >= highest[first_at_risk][event] - 1e-9).all())


def _lifelines_fit(
    time: np.ndarray, event: np.ndarray, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    """Coefficients and standard errors, or None where the optimiser gives up."""
    from lifelines import CoxPHFitter
    from lifelines.exceptions import ConvergenceError

    names = [f"x{i}" for i in range(values.shape[1])]
    data = pd.DataFrame(values, columns=names).assign(time=time, event=event.astype(int))
    # One BLAS thread: the same bits on any machine setting. Their warnings become notes on rows.
    with threadpool_limits(1, "blas"), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            fitted = CoxPHFitter().fit(
                data, duration_col="time", event_col="event", fit_options=_FIT_OPTIONS
            )
        except (ConvergenceError, np.linalg.LinAlgError):
            return None
    if any("failed to converge" in str(warning.message) for warning in caught):
        return None
    errors = fitted.standard_errors_[names].to_numpy(dtype=float)
    return fitted.params_[names].to_numpy(dtype=float), errors
