"""The nearest distribution with a single mode, to draw from where groups are to be ruled out."""

import numpy as np

#: Points at which a density is looked at.
_GRID = 400

#: Steps of the search for the bandwidth.
_STEPS = 20


def critical_bandwidth(values: np.ndarray) -> float:
    """Smallest bandwidth at which a Gaussian kernel density of values (n,) has a single mode.

    Of values with SD 1 (Silverman 1981, J R Stat Soc B 43:97-99).
    """
    low, high = 0.0, 1.0
    while _modes(values, high) > 1:
        low, high = high, 2 * high
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if _modes(values, middle) > 1:
            low = middle
        else:
            high = middle
    return high


def drawn_from_one_mode(
    values: np.ndarray, bandwidth: float, chance: np.random.Generator
) -> np.ndarray:
    """Draw (n,) from the density of values (mean 0, SD 1) at a bandwidth, rescaled to SD 1."""
    n = len(values)
    smoothed = chance.choice(values, n) + bandwidth * chance.normal(size=n)
    return np.asarray(smoothed / np.sqrt(1 + bandwidth**2))


def _modes(values: np.ndarray, bandwidth: float) -> int:
    """Number of modes of a Gaussian kernel density."""
    grid = np.linspace(values.min() - bandwidth, values.max() + bandwidth, _GRID)
    away = (grid[:, None] - values[None, :]) / bandwidth
    density = np.exp(-(away**2) / 2).sum(axis=1)
    rises = np.sign(np.diff(density))
    rises = rises[rises != 0]
    return int((np.diff(rises) < 0).sum())
