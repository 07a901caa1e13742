"""How good probabilities of subtypes are: accuracy with its interval, scores, calibration."""

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

Array = npt.NDArray[np.float64]

#: Bins of the calibration table, of equal width from 0 to 1.
N_BINS = 10


def p_above_rate(correct: float, n: int, rate: float) -> float:
    """One-sided binomial p-value: so many right or more, if each were right with that rate.

    Parameters
    ----------
    correct : float
        Patients told rightly; a mean over repeats is rounded down.
    n : int
        Patients.
    rate : float
        Share of the largest subtype: what always naming it would get right.

    Returns
    -------
    float

    Examples
    --------
    >>> round(p_above_rate(9, 10, 0.5), 5)
    0.01074
    """
    return float(stats.binom.sf(int(np.floor(correct + 1e-9)) - 1, n, rate))


def log_loss(p: Array, codes: np.ndarray) -> float:
    """Mean of minus the logarithm of the probability of the true subtype (natural logarithm).

    Parameters
    ----------
    p : ndarray, shape (n, k)
    codes : ndarray of int, shape (n,)

    Returns
    -------
    float

    Examples
    --------
    >>> import numpy as np
    >>> round(log_loss(np.array([[0.5, 0.5], [1.0, 0.0]]), np.array([0, 0])), 4)
    0.3466
    """
    own = p[np.arange(len(codes)), codes]
    return float(-np.log(np.maximum(own, 1e-300)).mean())


def brier_score(p: Array, codes: np.ndarray) -> float:
    """Mean over patients of the squared differences summed over subtypes, 0 to 2.

    Parameters
    ----------
    p : ndarray, shape (n, k)
    codes : ndarray of int, shape (n,)

    Returns
    -------
    float

    References
    ----------
    Brier GW (1950). Verification of forecasts expressed in terms of probability. Monthly Weather
    Review 78:1-3.

    Examples
    --------
    >>> import numpy as np
    >>> brier_score(np.array([[0.5, 0.5], [1.0, 0.0]]), np.array([0, 0]))
    0.25
    """
    truth = np.eye(p.shape[1])[codes]
    return float(((p - truth) ** 2).sum(axis=1).mean())


def balanced_accuracy(predicted: np.ndarray, codes: np.ndarray) -> float:
    """Mean over the subtypes there are of the share of their patients told rightly.

    Examples
    --------
    >>> import numpy as np
    >>> balanced_accuracy(np.array([0, 0, 0, 0]), np.array([0, 0, 0, 1]))
    0.5
    """
    right = predicted == codes
    return float(np.mean([right[codes == code].mean() for code in np.unique(codes)]))


def calibration_bins(p: Array, codes: np.ndarray) -> pd.DataFrame:
    """Mean probability of the most probable subtype, and how often it is the right one.

    Parameters
    ----------
    p : ndarray, shape (n, k)
    codes : ndarray of int, shape (n,)

    Returns
    -------
    pandas.DataFrame
        Columns ``bin`` (1 to 10, each a tenth wide), ``n``, ``predicted``, ``observed``; bins
        without anybody are left out.

    Examples
    --------
    >>> import numpy as np
    >>> p = np.array([[0.75, 0.25], [0.75, 0.25], [0.0, 1.0]])
    >>> calibration_bins(p, np.array([0, 1, 1])).to_dict("records")[0]
    {'bin': 8, 'n': 2, 'predicted': 0.75, 'observed': 0.5}
    """
    top, right = p.max(axis=1), p.argmax(axis=1) == codes
    places = np.minimum(np.floor(top * N_BINS + 1e-9).astype(int), N_BINS - 1)
    rows = [
        {
            "bin": int(place) + 1,
            "n": int((places == place).sum()),
            "predicted": float(top[places == place].mean()),
            "observed": float(right[places == place].mean()),
        }
        for place in np.unique(places)
    ]
    return pd.DataFrame(rows, columns=["bin", "n", "predicted", "observed"])


def calibration_error(bins: pd.DataFrame) -> float:
    """Expected calibration error: mean over patients of the difference within their bin.

    Parameters
    ----------
    bins : pandas.DataFrame
        What ``calibration_bins`` returned.

    Returns
    -------
    float

    References
    ----------
    Naeini MP, Cooper GF, Hauskrecht M (2015). Obtaining well calibrated probabilities using
    Bayesian binning. AAAI 29:2901-2907.

    Examples
    --------
    >>> bins = pd.DataFrame({"n": [1, 3], "predicted": [0.5, 0.75], "observed": [1, 0.75]})
    >>> calibration_error(bins)
    0.125
    """
    weights = bins["n"] / bins["n"].sum()
    return float((weights * (bins["predicted"] - bins["observed"]).abs()).sum())
