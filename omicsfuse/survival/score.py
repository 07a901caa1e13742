"""Cox score tests of many variables at once, for null distributions of thousands of signatures."""

import numpy as np

from omicsfuse.core.errors import CohortError
from omicsfuse.survival._input import check_survival

# Event rows x variables held at once: bounds memory (about 100 MB), not the result.
_BATCH_CELLS = 4_000_000


def score_z(time: np.ndarray, event: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Test each variable by itself in a Cox model, without fitting any.

    The score test compares, at each event, the patient who had it with the mean of those at risk:
    z = U / sqrt(I) with U the derivative of the log partial likelihood at a coefficient of zero
    and I its information. Ties by Efron's approximation: of d tied events, the l-th (l = 0 to
    d - 1) is set against a risk set in which each of the d patients counts 1 - l / d. z is
    standard normal without an effect, and positive where higher values go with more events.

    Parameters
    ----------
    time, event : arrays of shape (n,)
        Times, finite and not negative, and events (0 or 1).
    X : array of shape (n, m)
        One column a variable.

    Returns
    -------
    numpy.ndarray of shape (m,)
        z of each variable; NaN where it has missing values, does not vary among those at risk, or
        nobody had the event.

    Raises
    ------
    CohortError
        If shapes do not fit or values cannot be survival data.

    References
    ----------
    Cox DR. J R Stat Soc B 1972;34:187-220. Efron B. J Am Stat Assoc 1977;72:557-565.

    Examples
    --------
    >>> import numpy as np
    >>> from omicsfuse.survival.score import score_z
    >>> x = np.array([5.0, 3.0, 4.0, 2.0, 1.0])
    >>> z = score_z(np.arange(1, 6), np.ones(5), np.column_stack([x, -x, np.ones(5)]))
    >>> z.round(3).tolist()
    [2.075, -2.075, nan]
    """
    times, events = check_survival(time, event)
    values = np.asarray(X, dtype=float)
    if values.ndim != 2 or len(values) != len(times):
        raise CohortError(
            f"X has shape {values.shape} but there are {len(times)} patients: give an array of "
            "patients x variables"
        )
    order = np.lexsort((events, times))
    times, events = times[order], events[order]
    event_times, deaths = np.unique(times[events], return_counts=True)
    first = np.searchsorted(times, event_times, side="left")
    # One row for each event: its time, and how many of the events tied with it came before it.
    row = np.repeat(np.arange(len(event_times)), deaths)
    before = np.arange(len(row)) - np.repeat(np.cumsum(deaths) - deaths, deaths)
    share = before / deaths[row]
    size = (len(times) - first)[row] - before
    z = np.full(values.shape[1], np.nan)
    batch = max(1, _BATCH_CELLS // max(1, len(times)))
    for start in range(0, values.shape[1] if len(row) else 0, batch):
        columns = slice(start, start + batch)
        z[columns] = _batch_z(values[order, columns], events, first, deaths, row, share, size)
    return z


def _batch_z(
    x: np.ndarray,
    events: np.ndarray,
    first: np.ndarray,
    deaths: np.ndarray,
    row: np.ndarray,
    share: np.ndarray,
    size: np.ndarray,
) -> np.ndarray:
    """Score z of columns whose patients are ordered by time."""
    # Standardised, since z does not change with location and scale but rounding does.
    spread = np.ptp(x, axis=0)
    x = (x - x.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    starts = np.cumsum(deaths) - deaths

    def moment(power: np.ndarray) -> np.ndarray:
        at_risk = np.cumsum(power[::-1], axis=0)[::-1][first]
        tied = np.add.reduceat(power[events], starts, axis=0)
        return (at_risk[row] - share[:, None] * tied[row]) / size[:, None]

    mean = moment(x)
    score = x[events].sum(axis=0) - mean.sum(axis=0)
    information = (moment(x**2) - mean**2).sum(axis=0)
    usable = information > 1e-10 * len(row)
    return np.where(usable, score, np.nan) / np.sqrt(np.where(usable, information, 1.0))
