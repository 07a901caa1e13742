"""Limits that keep one extreme value from deciding a distance."""

from dataclasses import dataclass

import numpy as np

from omicsfuse.preprocessing.filters import FeatureSummary

#: Interquartile range of a normal distribution in standard deviations.
IQR_PER_SD = 1.349


@dataclass(frozen=True, eq=False)
class RobustScale:
    """Median and spread of each feature (n_features,) that a few extreme values cannot move.

    ``spread`` is IQR / 1.349, or where that is 0 (not ``robust``) the standard deviation.
    """

    centre: np.ndarray
    spread: np.ndarray
    robust: np.ndarray

    def apply(self, values: np.ndarray) -> np.ndarray:
        """Values in spreads from the centre; NaN stays NaN."""
        with np.errstate(over="ignore"):  # an infinite score is limited like any other
            return (values - self.centre) / self.spread


def robust_scale(values: np.ndarray, summary: FeatureSummary) -> RobustScale:
    """Median and robust standard deviation of features that are not constant; NaN where missing."""
    spread = (summary.high - summary.low) / IQR_PER_SD
    robust = spread > 0
    if not robust.all():
        spread = np.where(robust, spread, 1.0)
        spread[~robust] = _standard_deviation(values[:, ~robust])
    return RobustScale(summary.median, spread, robust)


def _standard_deviation(values: np.ndarray) -> np.ndarray:
    """Return the standard deviation of the observed values, in sorted order, without overflow."""
    ordered = np.sort(values, axis=0)
    unit = np.nanmax(np.abs(ordered), axis=0)
    unit[unit == 0] = 1.0
    sd = np.nanstd(ordered / unit, axis=0, ddof=1) * unit
    return np.where(sd > 0, sd, 1.0)
