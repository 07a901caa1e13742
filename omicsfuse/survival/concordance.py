"""Harrell's concordance index of one score, with an interval that needs no resampling."""

from typing import NamedTuple

import numpy as np

from omicsfuse.core.errors import CohortError
from omicsfuse.stats.concordance import pairs_of_each
from omicsfuse.stats.levels import Z
from omicsfuse.survival._input import check_survival


class Concordance(NamedTuple):
    """Harrell's concordance index, its standard error and 95% interval."""

    estimate: float
    se: float
    ci_low: float
    ci_high: float


def concordance_index(time: np.ndarray, event: np.ndarray, risk: np.ndarray) -> Concordance:
    """Share of comparable pairs in which who had the event first has the higher score.

    A pair is comparable where one had the event and the other was observed longer, or as long
    without an event; equal scores count half (Harrell et al. 1982, JAMA 247:2543-2546). The
    variance is the infinitesimal jackknife of R's package survival: with c(i) the concordant and
    t(i) the comparable pairs of patient i, T all comparable pairs and C the index, sum_i ((c(i) - C
    t(i)) / T)^2. The interval is cut at 0 and 1; NaN where no pair is comparable.
    """
    times, events = check_survival(time, event)
    values = np.asarray(risk, dtype=float)
    if values.shape != times.shape or not np.isfinite(values).all():
        raise CohortError(
            f"risk has shape {values.shape} and time {times.shape}: give one finite score a patient"
        )
    # In one order, so that no sum depends on the order given.
    order = np.lexsort((values, ~events, times))
    times, events, values = times[order], events[order], values[order]
    agree, pairs = pairs_of_each(values, times, events)
    total = pairs.sum() / 2
    if not total:
        return Concordance(np.nan, np.nan, np.nan, np.nan)
    estimate = float(agree.sum() / 2 / total)
    se = float(np.sqrt(np.sum(((agree - estimate * pairs) / total) ** 2)))
    low, high = max(0.0, estimate - Z * se), min(1.0, estimate + Z * se)
    return Concordance(estimate, se, low, high)
