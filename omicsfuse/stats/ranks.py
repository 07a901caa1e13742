"""Values replaced by ranks or limited by quantiles, so that no extreme one decides alone."""

import numpy as np
from scipy import stats
from scipy.special import ndtri

from omicsfuse.stats.arrays import Array


def blom(ranks: Array, n: int) -> Array:
    """Quantiles of the normal distribution that stand for ranks among n, (r - 3/8) / (n + 1/4).

    Source: Blom 1958, Statistical Estimates and Transformed Beta-Variables.
    """
    quantiles: Array = ndtri((ranks - 0.375) / (n + 0.25))
    return quantiles


def blom_scores(values: Array) -> Array:
    """Give each value (n,) the normal quantile of its rank; ties share it, missing stay missing."""
    scores = np.full(len(values), np.nan)
    there = ~np.isnan(values)
    scores[there] = blom(stats.rankdata(values[there]), int(there.sum()))
    return scores


def normal_scores(values: Array) -> Array:
    """Blom's scores (n,) at mean 0 and SD 1, whatever the scale; NaN without two values."""
    there = np.isfinite(values)
    if there.sum() < 2 or np.ptp(values[there]) == 0:
        return np.full(len(values), np.nan)
    scores = blom_scores(np.where(there, values, np.nan))
    # Ties are symmetric nowhere, so the mean need not be 0 by itself.
    scores -= np.sort(scores[there]).mean()
    return scores / np.sqrt(np.sort(scores[there] ** 2).sum() / (there.sum() - 1))


def winsorise(values: Array, share: float) -> Array:
    """Set the lowest and highest share of each column (n, p) to the quantiles; missing stay."""
    if not len(values):
        return values
    ordered = np.sort(values, axis=0)  # missing values last
    n = (~np.isnan(values)).sum(axis=0)
    last, column = np.maximum(n - 1, 0), np.arange(values.shape[1])
    ends = []
    for quantile in (share, 1 - share):
        place = last * quantile
        below = np.floor(place).astype(int)
        above = np.minimum(below + 1, last)
        low, high = ordered[below, column], ordered[above, column]
        ends.append(low + (place - below) * (high - low))
    limited: Array = np.clip(values, ends[0], ends[1])
    return limited
