"""Cox score tests of many variables at once, for null distributions of thousands of signatures."""

import numpy as np

from omicsfuse.core.errors import CohortError
from omicsfuse.survival._input import check_survival

# Event rows x variables held at once: bounds memory (about 100 MB), not the result.
_BATCH_CELLS = 4_000_000


def score_z(time: np.ndarray, event: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Test each column of ``X`` (n, m) by itself in a Cox model, without fitting any: z (m,).

    The score test U / sqrt(I) at 0, Efron's ties; positive where higher values go with more events;
    NaN where values are missing or constant among those at risk, or nobody had the event.
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
