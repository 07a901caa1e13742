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
    without an event; equal scores count half. The variance is that of the infinitesimal jackknife:
    with c(i) the concordant and t(i) the comparable pairs that patient i is part of, T all
    comparable pairs and C the index, it is sum_i ((c(i) - C t(i)) / T)^2.

    Parameters
    ----------
    time, event : arrays of shape (n,)
        Times, finite and not negative, and events (0 or 1).
    risk : array of shape (n,)
        Score, finite; higher for shorter survival.

    Returns
    -------
    Concordance
        The interval is symmetric, cut at 0 and 1. NaN where no pair is comparable.

    Raises
    ------
    CohortError
        If lengths differ, a score is not finite, or values cannot be survival data.

    References
    ----------
    Harrell FE et al. JAMA 1982;247:2543-2546. Therneau T, Atkinson E. Concordance (vignette of the
    R package survival): the infinitesimal jackknife.

    Examples
    --------
    >>> import numpy as np
    >>> from omicsfuse.survival.concordance import concordance_index
    >>> found = concordance_index(np.arange(1, 6), np.ones(5), np.array([5.0, 3, 4, 2, 1]))
    >>> round(found.estimate, 3), round(found.se, 3)
    (0.9, 0.11)
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
