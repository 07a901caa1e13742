"""Mixtures explained by a reference matrix: nu-support-vector regression, least squares."""

from typing import NamedTuple

import numpy as np

from omicsfuse.biology.nu_solver import nu_weights
from omicsfuse.stats.arrays import Array

#: Shares of support vectors that are tried; the one with the smallest error is kept.
NU = (0.25, 0.5, 0.75)
#: Weights that add up to less are what the solver leaves of zero.
NO_WEIGHT = 1e-8


class Explained(NamedTuple):
    """Shares of cell types (m, c), adding up to 1 or NaN; ``correlation`` and ``error`` (m,)."""

    fractions: Array
    correlation: Array
    error: Array


def standardised(values: Array) -> Array:
    """Subtract the mean of all values and divide by their standard deviation (n - 1)."""
    spread = values.std(ddof=1)
    scaled: Array = (values - values.mean()) / (spread if spread > 0 else 1.0)
    return scaled


def nu_svr(reference: Array, mixtures: Array) -> Explained:
    """Explain mixtures (m, g) by a reference (g, c) with nu-support-vector regression.

    As CIBERSORT: linear kernel, C = 1, negative weights set to 0, of ``NU`` the closest fit. Newman
    et al. 2015, Nat Methods 12:453-457.
    """
    scaled = standardised(reference)
    scaled_mixtures = np.array([standardised(mixture) for mixture in mixtures])
    scaled_mixtures = scaled_mixtures.reshape(len(mixtures), len(reference))
    best = _nothing(len(scaled_mixtures), reference.shape[1])
    for nu in NU:
        weights = np.maximum(nu_weights(scaled, scaled_mixtures, nu), 0.0)
        total = weights.sum(axis=1, keepdims=True)
        usable = total[:, 0] > NO_WEIGHT
        shares = weights / np.where(total > 0, total, 1.0)
        correlation, error = _compared(scaled, scaled_mixtures, shares)
        better = usable & (np.isnan(best.error) | (error < best.error))
        best.fractions[better] = shares[better]
        best.correlation[better], best.error[better] = correlation[better], error[better]
    return best


def least_squares(reference: Array, mixtures: Array) -> Explained:
    """Explain mixtures by least squares with weights of 0 or more, divided by their sum.

    Lawson and Hanson 1974, Solving Least Squares Problems, chapter 23; Abbas et al. 2009, PLoS ONE
    4:e6098. The error is that of the weights before they are divided.
    """
    from scipy.optimize import nnls

    solution = _nothing(len(mixtures), reference.shape[1])
    weights = np.array([nnls(reference, mixture)[0] for mixture in mixtures])
    weights = weights.reshape(solution.fractions.shape)
    usable = weights.sum(axis=1) > 0
    correlation, error = _compared(reference, mixtures, weights)
    spread = mixtures.std(axis=1, ddof=1)
    error = error / np.where(spread > 0, spread, 1.0)
    solution.fractions[usable] = weights[usable] / weights[usable].sum(axis=1, keepdims=True)
    solution.correlation[usable], solution.error[usable] = correlation[usable], error[usable]
    return solution


def _compared(reference: Array, mixtures: Array, weights: Array) -> tuple[Array, Array]:
    """Compare mixtures with the weighted sums of the reference columns: correlation and error."""
    fitted = np.einsum("gc,mc->mg", reference, weights)
    error = np.sqrt(np.mean((fitted - mixtures) ** 2, axis=1))
    a, b = (x - x.mean(axis=1, keepdims=True) for x in (fitted, mixtures))
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = (a * b).sum(axis=1) / np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    return np.clip(correlation, -1.0, 1.0), error


def _nothing(n: int, n_types: int) -> Explained:
    """No cell type explains any mixture."""
    return Explained(np.full((n, n_types), np.nan), np.full(n, np.nan), np.full(n, np.nan))
