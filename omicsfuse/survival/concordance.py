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
    """Share of comparable pairs in which who had the event first has the higher score; ties half.

    Harrell et al. 1982, JAMA 247:2543-2546; infinitesimal jackknife as in R's survival, sum_i
    ((c(i) - C t(i)) / T)^2; the interval is cut at 0 and 1. NaN without a comparable pair.
    """
    times, events = check_survival(time, event)
    values = np.asarray(risk, dtype=float)
    if values.shape != times.shape or not np.isfinite(values).all():
        raise CohortError(
            f"risk has shape {values.shape} and time {times.shape}: give one finite score per "
            "patient"
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
