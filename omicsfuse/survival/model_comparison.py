"""Two Cox models of the same patients, measured as they are and in bootstrap samples."""

from typing import NamedTuple

import numpy as np
from scipy.special import chdtrc

from omicsfuse.core.time_to_event import PER_YEAR
from omicsfuse.stats.intervals import percentile_interval
from omicsfuse.stats.levels import Z
from omicsfuse.stats.p_values import permutation_p
from omicsfuse.survival._input import MINIMUM_EVENTS, YEARS
from omicsfuse.survival.cox_model import CoxData, fit_cox
from omicsfuse.survival.models import CoxModel, entries
from omicsfuse.survival.prediction import (
    THRESHOLDS,
    Outcome,
    area_under_curve_at,
    baseline_hazard,
    brier,
    decision_curve,
    harrell,
    integrated_brier,
    outcome,
    uno,
)

#: Names of the models compared.
CLINICAL, BOTH, DIFFERENCE = "clinical", "clinical + subtypes", "difference"
#: Fewest patients at risk at a time for which predictions are judged.
MINIMUM_AT_RISK = 10

# Times of the grid over which the Brier score is integrated.
_GRID = 50
# Fewest patients of each group of a calibration plot, and most groups.
_GROUP, _MOST_GROUPS = 15, 5


class Fitted(NamedTuple):
    """A model of a sample: its terms by column, and their coefficients."""

    data: CoxData
    columns: np.ndarray
    coefficients: np.ndarray


class ModelComparison:
    """The two models on the same patients, with all that is measured on them."""

    def __init__(self, model: CoxModel, n_clinical: int, unit: str) -> None:
        self.model = model
        self.survival = model.survival
        time = self.survival["time"].to_numpy(dtype=float)
        event = self.survival["event"].to_numpy(dtype=bool)
        # Ties in time are put in order by the terms: samples do not depend on the order given.
        by_terms = np.lexsort(model.design.T)
        self.outcome, order = outcome(time[by_terms], event[by_terms])
        order = by_terms[order]
        self.columns = {
            CLINICAL: np.flatnonzero(model.varies[:n_clinical]),
            BOTH: np.flatnonzero(model.varies),
        }
        self.x = model.design[order]
        entry = entries(self.survival)
        self.entry = None if entry is None else entry[order]
        self.horizon = float(np.sort(time)[-min(MINIMUM_AT_RISK, len(time))])
        year = PER_YEAR[unit]
        self.years = [
            years
            for years in YEARS
            if (time[event] <= years * year).sum() >= MINIMUM_EVENTS
            and (time > years * year).sum() >= MINIMUM_AT_RISK
        ]
        self.at = np.array([years * year for years in self.years])
        self.grid = np.linspace(0, self.horizon, _GRID + 1)
        self.decision_optimism: dict[str, np.ndarray] = {}
        self.whole = np.arange(len(time))
        fits = {name: self._fit(name, self.whole) for name in self.columns}
        self.fitted = {name: fit for name, fit in fits.items() if fit is not None}

    def likelihood_ratio(self, n_permutations: int, seed: int) -> dict[str, object]:
        """Twice the difference of log likelihoods; p also of permuted residuals (Potter 2005)."""
        row: dict[str, object] = {"measure": "likelihood ratio", "model": DIFFERENCE, "note": ""}
        if self.model.fit is not None and self.model.fit.penalised:
            # Likelihoods with different penalties are not nested: there is no test.
            row["note"] = "a group has no events; see the penalised Cox model"
            return row
        added = np.setdiff1d(self.columns[BOTH], self.columns[CLINICAL])
        covariates, subtypes = self.x[:, self.columns[CLINICAL]], self.x[:, added]
        base = self._log_likelihood(covariates)
        chi2 = max(0.0, 2 * (self._log_likelihood(self.x[:, self.columns[BOTH]]) - base))
        row |= {"estimate": chi2, "p": float(chdtrc(len(added), chi2))}
        if n_permutations:
            known = np.column_stack([np.ones(len(self.x)), covariates])
            residuals = subtypes - known @ np.linalg.lstsq(known, subtypes, rcond=None)[0]
            chance, reached = np.random.default_rng([seed, 4]), 0
            for _ in range(n_permutations):
                moved = residuals[chance.permutation(len(residuals))]
                drawn = 2 * (self._log_likelihood(np.column_stack([covariates, moved])) - base)
                reached += bool(drawn >= chi2 * (1 - 1e-9))
            row["p_permutation"] = permutation_p(reached, n_permutations)
        return row

    def _log_likelihood(self, x: np.ndarray) -> float:
        data = CoxData(self.outcome.time, self.outcome.event, x, None, self.entry)
        return fit_cox(data, firth=False, limits=False).log_likelihood

    def measures(self, n_bootstrap: int, seed: int) -> list[dict[str, object]]:
        """Every measure of both models and of their difference."""
        apparent = {name: self._measured(self.whole, fit) for name, fit in self.fitted.items()}
        samples: dict[str, list[np.ndarray]] = {name: [] for name in self.columns}
        optimism: dict[str, list[np.ndarray]] = {name: [] for name in self.columns}
        curves: dict[str, list[np.ndarray]] = {name: [] for name in self.columns}
        for child in np.random.SeedSequence(seed).spawn(n_bootstrap):
            # In order of time, as everything that measures expects.
            rows = np.sort(np.random.default_rng(child).integers(0, len(self.x), len(self.x)))
            fits = {name: self._fit(name, rows) for name in self.columns}
            for name, fit in fits.items():
                if None in fits.values() or fit is None:
                    break
                measured = self._measured(rows, fit)
                samples[name].append(measured)
                optimism[name].append(measured - self._measured(self.whole, fit))
                gain = self._benefit(rows, fit) - self._benefit(self.whole, fit)
                curves[name].append(gain)
        rows_out: list[dict[str, object]] = []
        enough = len(samples[BOTH]) >= max(2, n_bootstrap // 2)
        self.decision_optimism = (
            {name: np.mean(curve, axis=0) for name, curve in curves.items()} if enough else {}
        )
        for place, (measure, years) in enumerate(self._names()):
            for name in (CLINICAL, BOTH, DIFFERENCE):
                if name == DIFFERENCE and measure == "calibration slope":
                    continue
                row: dict[str, object] = {"measure": measure, "model": name, "years": years}
                row["note"] = (
                    "" if enough or not n_bootstrap else ("bootstrap samples did not converge")
                )
                row["estimate"] = _pick(apparent, name)[place]
                drawn = np.array(_paired(samples, name))[:, place] if enough else np.empty(0)
                # A measure that no sample has (nobody comparable) has no correction either.
                if np.isfinite(drawn).any():
                    gain = float(np.nanmean(np.array(_paired(optimism, name))[:, place]))
                    row["optimism"], row["corrected"] = gain, _pick(apparent, name)[place] - gain
                    low, high = percentile_interval(drawn)
                    if measure != "calibration slope":  # which is 1 in every sample
                        row["ci_low"], row["ci_high"] = low - gain, high - gain
                rows_out.append(row)
        return rows_out

    def calibration(self) -> list[tuple[object, ...]]:
        """Predicted and observed risk in groups of patients, of the models as fitted."""
        from omicsfuse.survival.prediction_kernel import kaplan_meier_at

        n = len(self.x)
        groups = min(_MOST_GROUPS, n // _GROUP)
        rows: list[tuple[object, ...]] = []
        time, event = self.outcome.time, self.outcome.event
        for name in self.columns if groups >= 2 else ():
            for years, at in zip(self.years, self.at, strict=True):
                risk = 1 - self._survival(self.whole, np.array([at]), self.fitted[name])[:, 0]
                ranks = np.argsort(np.argsort(risk, kind="stable"), kind="stable")
                for group in range(groups):
                    inside = ranks * groups // n == group
                    survival = float(kaplan_meier_at(time, event, inside, at))
                    low, high = _km_limits(time[inside], event[inside], at, survival)
                    rows.append(
                        (name, years, group + 1, int(inside.sum()), float(risk[inside].mean()),
                         1 - survival, 1 - high, 1 - low)
                    )  # fmt: skip
        return rows

    def decisions(self) -> list[tuple[object, ...]]:
        """Net benefit of both models, of treating all, and none."""
        rows: list[tuple[object, ...]] = []
        everyone = np.ones(len(self.x))
        for place, (years, at) in enumerate(zip(self.years, self.at, strict=True)):
            curves = {}
            for name in self.columns:
                benefit = self._benefit(self.whole, self.fitted[name])
                correction = self.decision_optimism.get(name)
                curves[name] = (benefit if correction is None else benefit - correction)[place]
            curves["treat all"] = decision_curve(self.outcome, everyone, at)
            curves["treat none"] = np.zeros(len(THRESHOLDS))
            for name, curve in curves.items():
                rows += [
                    (name, years, float(threshold), float(value))
                    for threshold, value in zip(THRESHOLDS, curve, strict=True)
                ]
        return rows

    def _names(self) -> list[tuple[str, float]]:
        names: list[tuple[str, float]] = [
            ("concordance (Harrell)", np.nan),
            ("concordance (Uno)", np.nan),
        ]
        names += [("area under the ROC curve", float(years)) for years in self.years]
        names += [("Brier score", float(years)) for years in self.years]
        return [*names, ("integrated Brier score", np.nan), ("calibration slope", np.nan)]

    def _fit(self, name: str, rows: np.ndarray) -> Fitted | None:
        """Fit one model to a sample, by the terms that vary in it; None if it does not converge."""
        x, columns = self.x[rows], self.columns[name]
        columns = columns[np.ptp(x[:, columns], axis=0) > 0]
        data = CoxData(self.outcome.time[rows], self.outcome.event[rows], x[:, columns])
        fit = fit_cox(data, limits=False)
        if not (fit.converged and np.isfinite(fit.coefficients).all()):
            return None
        return Fitted(data, columns, fit.coefficients)

    def _linear(self, rows: np.ndarray, fit: Fitted) -> np.ndarray:
        """Log relative hazard of patients against the mean of the sample that was fitted."""
        # Summed row by row: a matrix product rounds equal patients differently, and they must tie.
        terms = (self.x[rows][:, fit.columns] - fit.data.centre) * fit.coefficients
        linear: np.ndarray = terms.sum(axis=1)
        return linear

    def _survival(self, rows: np.ndarray, at: np.ndarray, fit: Fitted) -> np.ndarray:
        """Predicted survival of patients at times."""
        hazard = baseline_hazard(fit.data, fit.coefficients, at)
        # Beyond this no survival differs from 0, and the exponential would not be a number.
        linear = np.minimum(self._linear(rows, fit), 500.0)
        predicted: np.ndarray = np.exp(-np.outer(np.exp(linear), hazard))
        return predicted

    def _sample(self, rows: np.ndarray) -> Outcome:
        """Survival of a bootstrap sample, whose rows are in order of time."""
        if rows is self.whole:
            return self.outcome
        return outcome(self.outcome.time[rows], self.outcome.event[rows])[0]

    def _measured(self, rows: np.ndarray, fit: Fitted) -> np.ndarray:
        """All measures, in the order of ``_names``, of a model in a sample."""
        known, risk = self._sample(rows), self._linear(rows, fit)
        values = [harrell(known, risk), uno(known, risk, self.horizon)]
        values += [area_under_curve_at(known, risk, at) for at in self.at]
        grid = self._survival(rows, np.r_[self.at, self.grid], fit)
        values += list(brier(known, grid[:, : len(self.at)], self.at))
        values.append(integrated_brier(known, grid[:, len(self.at) :], self.grid))
        slope = np.nan
        if np.ptp(risk) > 0:
            recalibration = CoxData(known.time, known.event, risk[:, None])
            slope = float(fit_cox(recalibration, limits=False).coefficients[0])
        return np.array([*values, slope])

    def _benefit(self, rows: np.ndarray, fit: Fitted) -> np.ndarray:
        """Net benefit, years x thresholds, of a model in a sample."""
        known, survival = self._sample(rows), self._survival(rows, self.at, fit)
        curves = [decision_curve(known, 1 - survival[:, i], at) for i, at in enumerate(self.at)]
        return np.array(curves).reshape(len(self.at), len(THRESHOLDS))


def _pick(values: dict[str, np.ndarray], name: str) -> np.ndarray:
    return values[BOTH] - values[CLINICAL] if name == DIFFERENCE else values[name]


def _paired(values: dict[str, list[np.ndarray]], name: str) -> list[np.ndarray]:
    """Bootstrap values of a model, or of the difference in the same samples."""
    if name != DIFFERENCE:
        return values[name]
    return [both - clinical for both, clinical in zip(values[BOTH], values[CLINICAL], strict=True)]


def _km_limits(
    time: np.ndarray, event: np.ndarray, at: float, survival: float
) -> tuple[float, float]:
    """95% limits of a Kaplan-Meier estimate, log(-log) scale; NaN at 0 and 1."""
    if not 0 < survival < 1:
        return np.nan, np.nan
    when, deaths = np.unique(time[event & (time <= at)], return_counts=True)
    at_risk = len(time) - np.searchsorted(time, when, side="left")
    variance = (deaths / (at_risk * (at_risk - deaths))).sum()
    half = Z * np.sqrt(variance) / abs(np.log(survival))
    return float(survival ** np.exp(half)), float(survival ** np.exp(-half))
