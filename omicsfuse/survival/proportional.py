"""Are the hazards proportional? Score tests, Schoenfeld residuals, and ratios early and late."""

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from omicsfuse.stats.levels import Z
from omicsfuse.survival.cox import model_table
from omicsfuse.survival.models import CoxModel, entries, fit_model

PROPORTIONAL_COLUMNS = ["endpoint", "model", "term", "chi2", "dof", "p", "note"]
RESIDUAL_COLUMNS = [
    "model", "term", "time", "residual", "fit", "fit_low", "fit_high", "coefficient",
]  # fmt: skip
TIME_VARYING_COLUMNS = [
    "endpoint", "model", "term", "period", "split", "n", "events", "hr", "hr_ci_low",
    "hr_ci_high", "p", "note",
]  # fmt: skip

# Fewest events for a smooth curve through the residuals.
_ENOUGH_TO_SMOOTH = 10


def proportional_hazards(model: CoxModel) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Test whether each log hazard ratio is constant over time; tests, and residuals to draw.

    Score test of c in b + c g(t) (R's ``cox.zph``; Grambsch and Therneau 1994, Biometrika
    81:515-526), g one minus the Kaplan-Meier estimate just before t. ``residual`` is scaled, plus
    the coefficient; ``fit`` a natural cubic spline, 4 degrees of freedom, NaN below 10 events.
    """
    if model.fit is None or model.data is None or model.fit.penalised:
        note = model.reason or "not tested: the model has Firth's penalty"
        row = {"endpoint": model.endpoint, "model": model.name, "term": "all terms", "note": note}
        nothing = pd.DataFrame(columns=RESIDUAL_COLUMNS)
        return pd.DataFrame([row]).reindex(columns=PROPORTIONAL_COLUMNS), nothing
    data, fit = model.data, model.fit
    means, variances, _, rows = data.steps(fit.coefficients)
    # Patients who had the event at one time share a mean: which of them came first is not known.
    ties = np.unique(np.column_stack([data.stratum, data.time])[rows], axis=0, return_inverse=True)
    tied = ties[1].reshape(-1)
    shared = np.zeros((int(tied.max()) + 1, means.shape[1]))
    np.add.at(shared, tied, means)
    means = (shared / np.bincount(tied)[:, None])[tied]
    residuals = data.x[rows] - means
    g = _km_before(data.time, data.event, data.entry)[rows]
    g = g - g.mean()
    information = variances.sum(axis=0)
    mixed = np.einsum("e,eab->ab", g, variances)
    squared = np.einsum("e,eab->ab", g**2, variances)
    score = g @ residuals
    covariance = squared - mixed @ np.linalg.solve(information, mixed)
    names = model.fitted_terms
    tested = []
    for term, name in enumerate(names):
        variance = covariance[term, term]
        chi2 = score[term] ** 2 / variance if variance > 0 else np.nan
        tested.append((name, chi2, 1))
    joint = float(score @ np.linalg.pinv(covariance, hermitian=True) @ score)
    tested.append(("all terms", joint, int(np.linalg.matrix_rank(covariance, hermitian=True))))
    tests = pd.DataFrame(tested, columns=["term", "chi2", "dof"])
    tests["p"] = [float(chdtrc(dof, chi2)) for _, chi2, dof in tested]
    tests = tests.assign(endpoint=model.endpoint, model=model.name, note="")
    scale = data.spread
    scaled = len(rows) * residuals @ np.linalg.inv(information) / scale + fit.coefficients
    smooth = _Smooth(g)
    errors = np.sqrt(len(rows) * np.diag(np.linalg.inv(information))) / scale
    tables = []
    by_time = np.lexsort((g, data.time[rows]))
    for term, name in enumerate(names):
        curve, width = smooth(scaled[:, term])
        tables.append(
            pd.DataFrame(
                {
                    "model": model.name,
                    "term": name,
                    "time": data.time[rows],
                    "residual": scaled[:, term],
                    "fit": curve,
                    "fit_low": curve - Z * errors[term] * width,
                    "fit_high": curve + Z * errors[term] * width,
                    "coefficient": fit.coefficients[term],
                }
            ).iloc[by_time]
        )
    return tests[PROPORTIONAL_COLUMNS], pd.concat(tables, ignore_index=True)[RESIDUAL_COLUMNS]


def time_varying_effects(model: CoxModel, terms: pd.DataFrame) -> pd.DataFrame:
    """Estimate each hazard ratio before and after the median event time; Wald's p of no change.

    A Cox model each: censored at the split, and those still at risk then (Therneau and Grambsch
    2000, section 6.5). No rows where the model could not be fitted.
    """
    if model.fit is None:
        return pd.DataFrame(columns=TIME_VARYING_COLUMNS)
    survival = model.survival
    time, event = survival["time"].to_numpy(dtype=float), survival["event"].to_numpy()
    split = float(np.median(time[event == 1]))
    entry = entries(survival)
    began = np.full(len(time), -np.inf) if entry is None else entry
    strata = None if model.strata is None else pd.Series(model.strata, survival.index)
    early = survival.assign(time=np.minimum(time, split), event=np.where(time <= split, event, 0))
    late = survival.assign(entry=np.maximum(began, split))
    tables, estimates = [], []
    for period, part, inside in (("early", early, began < split), ("late", late, time > split)):
        chosen = None if strata is None else strata[inside]
        fitted = (
            fit_model(part[inside], terms, model.endpoint, model.name, chosen)
            if inside.any()
            else _nobody(model)
        )
        tables.append(model_table(fitted).assign(period=period, split=split))
        estimates.append(_by_term(fitted))
    shared = estimates[0].join(estimates[1], lsuffix="_early", rsuffix="_late")
    chi2 = (shared["b_early"] - shared["b_late"]) ** 2 / (shared["v_early"] + shared["v_late"])
    p = pd.Series(chdtrc(1, chi2.to_numpy(dtype=float)), shared.index)
    table = pd.concat(tables, ignore_index=True)
    table["p"] = p.reindex(table["term"]).to_numpy()
    order = {term: i for i, term in enumerate(model.terms)}
    table = table.sort_values("term", key=lambda names: names.map(order), kind="stable")
    return table[TIME_VARYING_COLUMNS].reset_index(drop=True)


def _nobody(model: CoxModel) -> CoxModel:
    """Stand in for a period in which nobody is followed."""
    return replace(
        model, survival=model.survival.iloc[:0], design=model.design[:0], strata=None, data=None,
        fit=None, reason="no patient is at risk in this period", note="",
    )  # fmt: skip


def _by_term(model: CoxModel) -> pd.DataFrame:
    """Coefficient and variance of each term; NaN where there is none."""
    empty = pd.DataFrame(np.nan, index=list(model.terms), columns=["b", "v"])
    if model.fit is not None and not model.fit.penalised:
        empty.loc[model.fitted_terms, "b"] = model.fit.coefficients
        empty.loc[model.fitted_terms, "v"] = np.diag(model.fit.covariance)
    return empty


def _km_before(time: np.ndarray, event: np.ndarray, entry: np.ndarray) -> np.ndarray:
    """One minus the Kaplan-Meier estimate of all patients just before each time."""
    at = np.unique(time[event])
    at_risk = (time[:, None] >= at) & (entry[:, None] < at)
    deaths = ((time[:, None] == at) & event[:, None]).sum(axis=0)
    survival = np.r_[1.0, np.cumprod(1 - deaths / np.maximum(at_risk.sum(axis=0), 1))]
    before: np.ndarray = 1 - survival[np.searchsorted(at, time, side="left")]
    return before


class _Smooth:
    """Least-squares natural cubic spline with 4 degrees of freedom in one variable."""

    def __init__(self, x: np.ndarray) -> None:
        knots = np.unique(np.quantile(x, [0, 1 / 3, 2 / 3, 1])) if len(x) else np.empty(0)
        self.basis: np.ndarray | None = None
        if len(x) < _ENOUGH_TO_SMOOTH or len(knots) < 4:
            return
        # Natural cubic splines from truncated powers (Hastie et al. 2009, equations 5.4 and 5.5).
        last = knots[-1]

        def power(knot: float) -> np.ndarray:
            cubes = np.maximum(x - knot, 0) ** 3 - np.maximum(x - last, 0) ** 3
            slope: np.ndarray = cubes / (last - knot)
            return slope

        final = power(knots[-2])
        columns = [np.ones_like(x), x, *(power(knot) - final for knot in knots[:-2])]
        self.basis = np.linalg.qr(np.column_stack(columns))[0]

    def __call__(self, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Fitted curve, and its standard error for residuals of variance one."""
        if self.basis is None:
            return np.full(len(y), np.nan), np.full(len(y), np.nan)
        return self.basis @ (self.basis.T @ y), np.sqrt((self.basis**2).sum(axis=1))
