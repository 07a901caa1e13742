"""The Cox model itself: its fit by Efron's approximation, with Firth's penalty where it is needed.

`cox_table` is the one to call; this is what it, and everything else that needs a model, rests on.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtrc, chdtri, erfc

from omicsfuse.stats.levels import SIGNIFICANCE, Z
from omicsfuse.survival._input import check_entry, check_groups, check_survival

#: Newton steps at most.
_MOST_STEPS = 200
# Where the likelihood has no maximum, the optimiser stops with a standard error in the hundreds
# over the range of the term; with 10 events an honest one stays below about 10.
_RUNAWAY = 20.0


@dataclass(frozen=True, eq=False)
class CoxFit:
    """A fitted Cox model: coefficients (p,), log hazard ratios per unit, and covariance.

    Limits are Wald's, or with Firth's penalty the profile likelihood's, infinite without an end.
    """

    coefficients: np.ndarray
    covariance: np.ndarray
    log_likelihood: float
    null_log_likelihood: float
    ci_low: np.ndarray
    ci_high: np.ndarray
    p: np.ndarray
    penalised: bool
    converged: bool


class CoxData:
    """Survival and complete terms x (n, p), sorted for fits, centred and scaled inside."""

    def __init__(
        self,
        time: np.ndarray,
        event: np.ndarray,
        x: np.ndarray,
        strata: np.ndarray | None = None,
        entry: np.ndarray | None = None,
    ) -> None:
        times, events = check_survival(time, event)
        entries = check_entry(entry, times)
        codes = np.zeros(len(times), dtype=np.int64)
        if strata is not None:
            codes = check_groups(strata, len(times))[1]
        values = np.asarray(x, dtype=float).reshape(len(times), -1)
        # Sorted by the terms as well, so that no sum depends on the order of the patients.
        self.order = np.lexsort((*values.T, entries, events, -times, codes))
        self.time, self.event, self.entry = (
            times[self.order],
            events[self.order],
            entries[self.order],
        )
        codes = codes[self.order]
        self.centre = np.sort(values, axis=0).mean(axis=0) if len(values) else np.zeros(0)
        spread = np.sqrt(np.sort((values - self.centre) ** 2, axis=0).mean(axis=0))
        self.spread = np.where(spread > 0, spread, 1.0)
        self.x = np.ascontiguousarray(((values - self.centre) / self.spread)[self.order])
        self.range = np.ptp(self.x, axis=0) if len(self.x) else np.zeros(self.x.shape[1])
        n_strata = int(codes[-1]) + 1 if len(codes) else 0
        self.starts = np.searchsorted(codes, np.arange(n_strata + 1))
        self.stratum = codes
        self.by_entry = np.lexsort((-self.entry, codes))

    @property
    def n_events(self) -> int:
        """Number of events."""
        return int(self.event.sum())

    def maximise(
        self, beta: np.ndarray, free: np.ndarray, firth: bool
    ) -> tuple[np.ndarray, float, bool, np.ndarray]:
        """Coefficients (of scaled terms), log likelihood, whether converged, information."""
        from omicsfuse.survival.cox_kernel import maximise

        moved = np.array(beta, dtype=float)
        value, converged, information = maximise(
            moved, free, self.x, self.time, self.event, self.entry, self.by_entry, self.starts,
            firth, _MOST_STEPS,
        )  # fmt: skip
        return moved, float(value), bool(converged), information

    def steps(
        self, coefficients: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Mean (events, p), variance, sum of each event's risk set, and the patient's row."""
        from omicsfuse.survival.cox_kernel import sweep

        p, events = self.x.shape[1], self.n_events
        means, variances = np.zeros((events, p)), np.zeros((events, p, p))
        sums = np.zeros(events)
        sweep(
            coefficients * self.spread, self.x, self.time, self.event, self.entry, self.by_entry,
            self.starts, False, np.zeros(p), np.zeros((p, p)), np.zeros((p, p, p)), means,
            variances, sums,
        )  # fmt: skip
        return means, variances, sums, np.flatnonzero(self.event)

    def separated(self, beta: np.ndarray) -> bool:
        """Whether each event fell on the patient of highest risk then: there is no maximum."""
        risk = self.x @ beta
        for start, stop in zip(self.starts[:-1], self.starts[1:], strict=True):
            time, entry, risks = self.time[start:stop], self.entry[start:stop], risk[start:stop]
            for i in np.flatnonzero(self.event[start:stop]):
                at_risk = (time >= time[i]) & (entry < time[i])
                if risks[i] < risks[at_risk].max() - 1e-9:
                    return False
        return True


def fit_cox(data: CoxData, *, firth: bool | None = None, limits: bool = True) -> CoxFit:
    """Fit a Cox model; with Firth's penalty where the likelihood has no maximum.

    Efron 1977, J Am Stat Assoc 72:557-565; Firth 1993, Biometrika 80:27-38; Heinze and Schemper
    2001, Biometrics 57:114-119 (profile likelihood limits with it).
    """
    p = data.x.shape[1]
    free = np.ones(p, dtype=bool)
    start = np.zeros(p)
    if not firth:
        beta, value, converged, information = data.maximise(start, free, False)
        covariance = _inverse(information)
        # Terms are scaled: errors are held against their range.
        error = np.sqrt(np.maximum(np.diag(covariance), 0))
        runs_off = not (error * data.range < _RUNAWAY).all() or data.separated(beta)
        if firth is False or (converged and not runs_off):
            null = data.maximise(start, ~free, False)[1] if p else value
            with np.errstate(divide="ignore", invalid="ignore"):
                wald = np.abs(beta) / error
            return CoxFit(
                beta / data.spread,
                covariance / np.outer(data.spread, data.spread),
                value,
                null,
                (beta - Z * error) / data.spread,
                (beta + Z * error) / data.spread,
                erfc(wald / np.sqrt(2)),
                False,
                converged and not runs_off,
            )
    beta, value, converged, information = data.maximise(start, free, True)
    covariance = _inverse(information)
    null = data.maximise(start, ~free, True)[1] if p else value
    low, high, p_values = np.full(p, -np.inf), np.full(p, np.inf), np.full(p, np.nan)
    for term in range(p if converged and limits else 0):
        step = float(np.sqrt(max(covariance[term, term], 0)))
        low[term] = _profile_limit(data, beta, value, term, -step)
        high[term] = _profile_limit(data, beta, value, term, step)
        p_values[term] = chdtrc(1, max(0.0, 2 * (value - _profile(data, beta, term, 0.0))))
    return CoxFit(
        beta / data.spread,
        covariance / np.outer(data.spread, data.spread),
        value,
        null,
        low / data.spread,
        high / data.spread,
        p_values,
        True,
        converged,
    )


def _profile(data: CoxData, beta: np.ndarray, term: int, value: float) -> float:
    """Highest penalised log likelihood with one coefficient held."""
    free = np.ones(len(beta), dtype=bool)
    free[term] = False
    start = beta.copy()
    start[term] = value
    return data.maximise(start, free, True)[1]


def _profile_limit(
    data: CoxData, beta: np.ndarray, highest: float, term: int, step: float
) -> float:
    """Coefficient at which twice the log likelihood has fallen by the 95% point; else infinite."""
    drop = float(chdtri(1, SIGNIFICANCE)) / 2

    def above(value: float) -> float:
        return _profile(data, beta, term, value) - (highest - drop)

    inside, outside = beta[term], beta[term] + 2 * step
    for _ in range(12):
        if not step or not above(outside) > 0:
            break
        inside, outside = outside, outside + (outside - beta[term])
    else:
        return float(np.sign(step) * np.inf)
    if not step or not np.isfinite(above(outside)):
        return float(np.sign(step) * np.inf)
    return float(brentq(above, inside, outside, xtol=1e-8))


def _inverse(information: np.ndarray) -> np.ndarray:
    """Inverse of the information; NaN where it has none."""
    from omicsfuse.survival.cox_kernel import invert

    inverse = np.full_like(information, np.nan)
    if not np.isfinite(invert(np.ascontiguousarray(information), inverse)):
        return np.full_like(information, np.nan)
    return inverse
