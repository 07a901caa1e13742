"""Who is at risk at each event: sorted once, used by log-rank tests of any grouping."""

import numpy as np

from omicsfuse.survival._input import check_entry, check_groups, check_survival


class RiskSets:
    """Event times within strata (rows), and the run through which each patient is at risk.

    ``first`` (n,) up to, not including, ``last`` (n,); ``order`` (n,) sorts by stratum, time,
    event, entry, and all is in it. ``score`` (n,): event minus cumulative hazard; ``diagonal``
    (n,): share of the covariance's diagonal; ``weight`` (rows,): factor of n_g n_h in it.
    """

    def __init__(
        self,
        time: np.ndarray,
        event: np.ndarray,
        strata: np.ndarray | None = None,
        entry: np.ndarray | None = None,
    ) -> None:
        times, events = check_survival(time, event)
        entries = check_entry(entry, times)
        stratum = (
            np.zeros(len(times), dtype=np.int64)
            if strata is None
            else check_groups(strata, len(times))[1]
        )
        self.order = np.lexsort((entries, events, times, stratum))
        times, events = times[self.order], events[self.order]
        entries, stratum = entries[self.order], stratum[self.order]
        n_strata = int(stratum[-1]) + 1 if len(stratum) else 0
        self.stratum_starts = np.searchsorted(stratum, np.arange(n_strata + 1))
        self.first = np.zeros(len(times), dtype=np.int64)
        self.last = np.zeros(len(times), dtype=np.int64)
        deaths, rows = [], 0
        for start, stop in zip(self.stratum_starts[:-1], self.stratum_starts[1:], strict=True):
            inside = slice(start, stop)
            at, count = np.unique(times[inside][events[inside]], return_counts=True)
            self.first[inside] = rows + np.searchsorted(at, entries[inside], side="right")
            self.last[inside] = rows + np.searchsorted(at, times[inside], side="right")
            deaths.append(count)
            rows += len(at)
        self.deaths = np.concatenate([*deaths, np.empty(0)]).astype(float)
        change = np.bincount(self.first, minlength=rows + 1) - np.bincount(
            self.last, minlength=rows + 1
        )
        self.at_risk = np.cumsum(change)[:rows].astype(float)
        hazard = np.r_[0.0, np.cumsum(self.deaths / self.at_risk)]
        spread = self.deaths * (self.at_risk - self.deaths) / np.maximum(self.at_risk - 1, 1)
        diagonal = np.r_[0.0, np.cumsum(spread / self.at_risk)]
        self.score = events - (hazard[self.last] - hazard[self.first])
        self.diagonal = diagonal[self.last] - diagonal[self.first]
        self.weight = spread / self.at_risk**2
        #: Variances up to this are rounding.
        self.tolerance = 1e-10 * max(float(spread.sum()), 1e-300)
