"""Log hazard ratios of several cohorts taken together: fixed and random effects."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from omicsfuse.core.errors import StudyError
from omicsfuse.core.results import ASSIGNED, META_COLUMNS
from omicsfuse.stats.arrays import Array
from omicsfuse.stats.levels import TAILS, Z

Model = Literal["fixed", "dersimonian_laird", "reml"]
Interval = Literal["normal", "hartung_knapp", "hartung_knapp_modified"]

#: Names of the models in tables, and what they are.
FIXED = "fixed effect"
RANDOM = "random effects, DerSimonian-Laird"
REML = "random effects, REML"
HARTUNG_KNAPP = "random effects, REML, Hartung-Knapp"
MODELS: dict[str, tuple[Model, Interval]] = {
    FIXED: ("fixed", "normal"),
    RANDOM: ("dersimonian_laird", "normal"),
    REML: ("reml", "normal"),
    HARTUNG_KNAPP: ("reml", "hartung_knapp_modified"),
}

#: Which cohorts are taken together.
INDEPENDENT = "independent cohorts"
NO_CONTROLS = "all but negative controls"


@dataclass(frozen=True, eq=False)
class MetaAnalysis:
    """A mean log hazard ratio over cohorts, and the heterogeneity of the cohorts.

    Attributes
    ----------
    log_hr, se, ci_low, ci_high : float
        Mean, its standard error and 95% interval.
    statistic, p : float
        Mean divided by standard error, and its two-sided p-value (normal; with Hartung and Knapp's
        variance, Student's t with k - 1 degrees of freedom).
    q, q_df, q_p : float
        Cochran's Q with weights of the fixed effect, its degrees of freedom and p-value.
    i2 : float
        Percentage of the variation between cohorts beyond chance: ``100 max(0, (Q - df) / Q)``.
    tau2 : float
        Variance between cohorts; 0 for the fixed effect.
    weights : ndarray of float, shape (k,)
        Weight of each cohort in the mean; they sum to 1.
    """

    log_hr: float
    se: float
    ci_low: float
    ci_high: float
    statistic: float
    p: float
    q: float
    q_df: int
    q_p: float
    i2: float
    tau2: float
    weights: Array

    def one_sided(self, direction: float) -> float:
        """Return the one-sided p-value of a mean in this direction.

        Parameters
        ----------
        direction : float
            Above 0: higher scores, higher hazard; below 0: the contrary.

        Returns
        -------
        float
            NaN without a direction.
        """
        if not np.isfinite(direction) or direction == 0:
            return float("nan")
        return self.p / 2 if self.log_hr * direction > 0 else 1 - self.p / 2


def meta_analysis(
    log_hr: npt.ArrayLike,
    se: npt.ArrayLike,
    *,
    model: Model = "fixed",
    interval: Interval = "normal",
) -> MetaAnalysis:
    """Combine the log hazard ratios of several cohorts.

    With weights ``w(i) = 1 / (se(i)^2 + tau2)`` the mean is ``sum w y / sum w`` and its variance
    ``1 / sum w``. The fixed effect (inverse variance) has ``tau2 = 0`` and refers to these cohorts.
    Random effects estimate the variance between cohorts: by moments (DerSimonian and Laird) ``(Q -
    df) / (sum w - sum w^2 / sum w)``, or by restricted maximum likelihood. With few cohorts the
    normal interval of random effects is too short; Hartung and Knapp multiply the variance by ``sum
    w (y - mean)^2 / (k - 1)`` and take Student's t. This factor can be below 1 if cohorts agree by
    chance; the modified form sets it to at least 1.

    Parameters
    ----------
    log_hr, se : array_like of float, shape (k,)
        Estimate and standard error of each cohort, at least two.
    model : {"fixed", "dersimonian_laird", "reml"}
        Estimator of tau2.
    interval : {"normal", "hartung_knapp", "hartung_knapp_modified"}
        Interval and p-value of the mean.

    Returns
    -------
    MetaAnalysis

    Raises
    ------
    StudyError
        If there are fewer than two cohorts, shapes differ, a number is not finite or a standard
        error not above 0, or model or interval is unknown.

    References
    ----------
    DerSimonian R, Laird N. Control Clin Trials 1986;7:177-188. Viechtbauer W. J Educ Behav Stat
    2005;30:261-293 (restricted maximum likelihood). Hartung J, Knapp G. Stat Med
    2001;20:3875-3889; Roever C, Knapp G, Friede T. BMC Med Res Methodol 2015;15:99 (the modified
    form). Higgins JPT, Thompson SG. Stat Med 2002;21:1539-1558 (I2).

    Examples
    --------
    >>> from omicsfuse import meta_analysis
    >>> found = meta_analysis([0.5, 0.3, 0.6], [0.2, 0.1, 0.3])
    >>> round(found.log_hr, 3), round(found.i2), found.weights.round(2).tolist()
    (0.361, 0, [0.18, 0.73, 0.08])
    """
    y, error = np.asarray(log_hr, dtype=float), np.asarray(se, dtype=float)
    if y.ndim != 1 or y.shape != error.shape or len(y) < 2:
        raise StudyError(
            f"meta_analysis: log_hr has shape {y.shape} and se {error.shape}; give one estimate "
            "and one standard error for each of at least two cohorts."
        )
    if not (np.isfinite(y).all() and np.isfinite(error).all() and (error > 0).all()):
        raise StudyError(
            "meta_analysis: estimates must be finite, and standard errors finite and above "
            "0; exclude cohorts without an estimate."
        )
    if model not in ("fixed", "dersimonian_laird", "reml"):
        raise StudyError(f"meta_analysis: model is {model!r}; it must be one of {Model}.")
    if interval not in ("normal", "hartung_knapp", "hartung_knapp_modified"):
        raise StudyError(f"meta_analysis: interval is {interval!r}; it must be one of {Interval}.")
    # Sums are taken in one order, whatever the order of the cohorts.
    order = np.lexsort((error, y))
    values, variance = y[order], error[order] ** 2
    k = len(values)
    fixed = 1 / variance
    q = float((fixed * (values - (fixed * values).sum() / fixed.sum()) ** 2).sum())
    if model == "fixed":
        tau2 = 0.0
    elif model == "dersimonian_laird":
        tau2 = max(0.0, (q - (k - 1)) / (fixed.sum() - (fixed**2).sum() / fixed.sum()))
    else:
        tau2 = _reml(values, variance)
    weights = 1 / (variance + tau2)
    mean = float((weights * values).sum() / weights.sum())
    factor, quantile = 1.0, Z
    if interval != "normal":
        factor = float((weights * (values - mean) ** 2).sum() / (k - 1))
        factor = max(1.0, factor) if interval == "hartung_knapp_modified" else factor
        quantile = float(stats.t.ppf(TAILS[1], k - 1))
    deviation = float(np.sqrt(factor / weights.sum()))
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = float(np.divide(mean, deviation))
    tail = stats.norm.sf if interval == "normal" else stats.t(k - 1).sf
    shares = np.empty(k)
    shares[order] = weights / weights.sum()
    return MetaAnalysis(
        mean,
        deviation,
        mean - quantile * deviation,
        mean + quantile * deviation,
        statistic,
        float(2 * tail(abs(statistic))),
        q,
        k - 1,
        float(stats.chi2.sf(q, k - 1)),
        100 * max(0.0, (q - (k - 1)) / q) if q > 0 else 0.0,
        tau2,
        shares,
    )


def _reml(y: Array, variance: Array) -> float:
    """Variance between cohorts at the largest restricted likelihood, by the sign of its slope."""
    from scipy.optimize import brentq

    def slope(tau2: float) -> float:
        w = 1 / (variance + tau2)
        mean = (w * y).sum() / w.sum()
        return float((w**2 * (y - mean) ** 2).sum() - w.sum() + (w**2).sum() / w.sum())

    def likelihood(tau2: float) -> float:
        w = 1 / (variance + tau2)
        mean = (w * y).sum() / w.sum()
        return float(np.log(w).sum() - np.log(w.sum()) - (w * (y - mean) ** 2).sum())

    # Beyond the total sum of squares the likelihood falls.
    top = float(((y - y.mean()) ** 2).sum()) + float(variance.max())
    grid = np.r_[0.0, np.geomspace(1e-8 * top, top, 200)]
    w = 1 / (variance + grid[:, None])
    mean = (w * y).sum(axis=1) / w.sum(axis=1)
    slopes = (w**2 * (y - mean[:, None]) ** 2).sum(axis=1)
    slopes += (w**2).sum(axis=1) / w.sum(axis=1) - w.sum(axis=1)
    candidates = [0.0] + [
        float(brentq(slope, grid[i], grid[i + 1], xtol=1e-14, rtol=1e-13))
        for i in range(len(grid) - 1)
        if slopes[i] > 0 >= slopes[i + 1]
    ]
    return max(candidates, key=likelihood)


def across_cohorts(table: pd.DataFrame) -> pd.DataFrame:
    """Take the hazard ratios of a verification together over its cohorts: ``META_COLUMNS``.

    Two or more of the same endpoint, signature and comparison: independent cohorts, and, with any
    of the training study, all but controls. ``p_one_sided`` has the direction of discovery;
    ``left_out`` from three cohorts; Hartung-Knapp intervals are never shorter than REML's.
    """
    rows: list[dict[str, object]] = []
    if len(table):
        tested = table[~table["contrast"].isin(["", ASSIGNED])]
        keys = ["endpoint", "signature", "comparison"]
        for key, part in tested.groupby(keys, sort=False):
            named = dict(zip(keys, key, strict=True))
            external = part[part["role"] == "external"]
            others = part[part["role"] != "negative control"]
            scopes = [(INDEPENDENT, external)]
            if len(others) > len(external):
                scopes.append((NO_CONTROLS, others))
            for scope, cohorts in scopes:
                rows += [named | {"scope": scope} | row for row in _together(cohorts)]
    means = pd.DataFrame(rows).reindex(columns=META_COLUMNS)
    text = {"endpoint", "signature", "comparison", "scope", "model", "left_out", "note"}
    whole = {"cohorts", "n", "events", "q_df"}
    return means.astype(
        {c: object if c in text else "int64" if c in whole else "float64" for c in META_COLUMNS}
    )


def log_ratios(part: pd.DataFrame) -> tuple[Array, Array, float]:
    """Log hazard ratios, standard errors, and the sign fixed by discovery (NaN without one)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        y = np.log(part["hr"].to_numpy(dtype=float))
        low = np.log(part["hr_ci_low"].to_numpy(dtype=float))
        high = np.log(part["hr_ci_high"].to_numpy(dtype=float))
    se = (high - low) / (2 * Z)
    sign = np.nan
    known = part["p_one_sided"].notna().to_numpy() & np.isfinite(y) & (y != 0)
    if known.any():
        i = int(np.flatnonzero(known)[0])
        sign = float(np.sign(y[i])) * (1.0 if part["p_one_sided"].iloc[i] < 0.5 else -1.0)
    return y, se, sign


def _together(part: pd.DataFrame) -> list[dict[str, object]]:
    """All models of one comparison, and those without each cohort in turn."""
    y, se, sign = log_ratios(part)
    usable = np.isfinite(y) & np.isfinite(se) & (se > 0)
    if usable.sum() < 2:
        return []
    lost = part["cohort"][~usable].astype(str).tolist()
    note = f"no usable estimate in {', '.join(lost)}" if lost else ""
    part, y, se = part[usable], y[usable], se[usable]
    rows = [_row(part, y, se, sign, name) | {"note": note} for name in MODELS]
    for i, cohort in enumerate(part["cohort"] if len(part) > 2 else []):
        rest = np.arange(len(part)) != i
        rows += [
            _row(part[rest], y[rest], se[rest], sign, name)
            | {"left_out": str(cohort), "note": note}
            for name in (FIXED, REML)
        ]
    return rows


def _row(part: pd.DataFrame, y: Array, se: Array, sign: float, name: str) -> dict[str, object]:
    """One row of the table."""
    model, interval = MODELS[name]
    mean = meta_analysis(y, se, model=model, interval=interval)
    with np.errstate(over="ignore"):
        ratios = np.exp([mean.log_hr, mean.ci_low, mean.ci_high])
    return {
        "model": name,
        "left_out": "",
        "cohorts": len(part),
        "n": int(part["n"].sum()),
        "events": int(part["events"].sum()),
        "hr": float(ratios[0]),
        "hr_ci_low": float(ratios[1]),
        "hr_ci_high": float(ratios[2]),
        "p": mean.p,
        "p_one_sided": mean.one_sided(sign),
        "q": mean.q,
        "q_df": mean.q_df,
        "q_p": mean.q_p,
        "i2": mean.i2,
        "tau2": mean.tau2,
    }
