"""One mixture explained by a reference matrix: nu-support-vector regression, least squares."""

from typing import NamedTuple

import numpy as np

from omicsfuse.statistics import Array

#: Shares of support vectors that are tried; the one with the smallest error is kept.
NU = (0.25, 0.5, 0.75)


class Explained(NamedTuple):
    """Shares of cell types in one mixture, and how well they explain it.

    Attributes
    ----------
    fractions : ndarray of float, shape (c,)
        Shares that add up to 1; NaN where no cell type has a positive weight.
    correlation : float
        Pearson correlation of the mixture and the sum of the reference columns so weighted.
    error : float
        Root mean square of their difference, in standard deviations of the mixture.
    """

    fractions: Array
    correlation: float
    error: float


def standardised(values: Array) -> Array:
    """Subtract the mean of all values and divide by their standard deviation (n - 1).

    Examples
    --------
    >>> import numpy as np
    >>> standardised(np.array([1.0, 2.0, 3.0])).tolist()
    [-1.0, 0.0, 1.0]
    """
    spread = values.std(ddof=1)
    scaled: Array = (values - values.mean()) / (spread if spread > 0 else 1.0)
    return scaled


def nu_svr(reference: Array, mixture: Array) -> Explained:
    """Explain a mixture by nu-support-vector regression, in the way of CIBERSORT.

    Regression with a linear kernel (C = 1) for each nu of ``NU``; negative weights are set to 0 and
    the others divided by their sum. Of the three, the one is taken whose weighted sum of reference
    columns lies closest to the mixture.

    Parameters
    ----------
    reference : ndarray of float, shape (g, c)
        Genes x cell types, standardised as a whole.
    mixture : ndarray of float, shape (g,)
        Standardised.

    Returns
    -------
    Explained

    References
    ----------
    Newman et al. 2015, Nat Methods 12:453-457; Schoelkopf et al. 2000, Neural Comput 12:1207-1245.

    Examples
    --------
    >>> import numpy as np
    >>> reference = standardised(np.random.default_rng(0).lognormal(5, 1, (80, 3)))
    >>> mixture = standardised(reference @ np.array([0.6, 0.4, 0.0]))
    >>> nu_svr(reference, mixture).fractions.round(2).tolist()
    [0.6, 0.4, 0.0]
    """
    from sklearn.svm import NuSVR

    best = nothing(reference.shape[1])
    for nu in NU:
        model = NuSVR(kernel="linear", nu=nu, C=1.0).fit(reference, mixture)
        weights = np.maximum(np.asarray(model.coef_, dtype=float).ravel(), 0.0)
        if not weights.sum() > 0:
            continue
        found = explained(reference, mixture, weights / weights.sum())
        if np.isnan(best.error) or found.error < best.error:
            best = found
    return best


def least_squares(reference: Array, mixture: Array) -> Explained:
    """Explain a mixture by least squares with weights of 0 or more, divided by their sum.

    Parameters
    ----------
    reference : ndarray of float, shape (g, c)
        Genes x cell types, on the linear scale.
    mixture : ndarray of float, shape (g,)
        On the linear scale.

    Returns
    -------
    Explained
        The error is that of the weights before they are divided by their sum.

    References
    ----------
    Lawson and Hanson 1974, Solving Least Squares Problems, chapter 23; Abbas et al. 2009, PLoS ONE
    4:e6098 (cell types from expression by least squares).

    Examples
    --------
    >>> import numpy as np
    >>> reference = np.array([[8.0, 1.0], [2.0, 9.0], [1.0, 1.0]])
    >>> least_squares(reference, reference @ np.array([3.0, 1.0])).fractions.round(6).tolist()
    [0.75, 0.25]
    """
    from scipy.optimize import nnls

    weights, _ = nnls(reference, mixture)
    if not weights.sum() > 0:
        return nothing(reference.shape[1])
    spread = mixture.std(ddof=1)
    found = explained(reference, mixture, weights)
    return Explained(
        weights / weights.sum(), found.correlation, found.error / (spread if spread > 0 else 1.0)
    )


def explained(reference: Array, mixture: Array, weights: Array) -> Explained:
    """Compare a mixture with the weighted sum of the reference columns.

    Examples
    --------
    >>> import numpy as np
    >>> explained(np.eye(3), np.array([1.0, 2.0, 4.0]), np.array([1.0, 2.0, 3.0])).error
    0.5773502691896257
    """
    fitted = np.einsum("gc,c->g", reference, weights)
    flat = fitted.std() == 0 or mixture.std() == 0
    correlation = float("nan") if flat else float(np.corrcoef(fitted, mixture)[0, 1])
    return Explained(weights, correlation, float(np.sqrt(np.mean((fitted - mixture) ** 2))))


def nothing(n_types: int) -> Explained:
    """No cell type explains the mixture.

    Examples
    --------
    >>> nothing(2).fractions.tolist()
    [nan, nan]
    """
    return Explained(np.full(n_types, np.nan), float("nan"), float("nan"))
