"""How good probabilities of subtypes are: accuracy with its interval, scores, calibration."""

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

Array = npt.NDArray[np.float64]

#: Bins of the calibration table, of equal width from 0 to 1.
N_BINS = 10


def p_above_rate(correct: float, n: int, rate: float) -> float:
    """One-sided binomial p-value: so many right or more, if each were right with that rate."""
    return float(stats.binom.sf(int(np.floor(correct + 1e-9)) - 1, n, rate))


def log_loss(p: Array, codes: np.ndarray) -> float:
    """Mean of minus the logarithm of the probability of the true subtype (natural logarithm).

    ``p`` (n, k); ``codes`` (n,).
    """
    own = p[np.arange(len(codes)), codes]
    return float(-np.log(np.maximum(own, 1e-300)).mean())


def brier_score(p: Array, codes: np.ndarray) -> float:
    """Mean over patients of the squared differences summed over subtypes, 0 to 2.

    ``p`` (n, k); ``codes`` (n,).

    Reference: Brier GW (1950). Verification of forecasts expressed in terms of probability. Monthly
    Weather Review 78:1-3.
    """
    truth = np.eye(p.shape[1])[codes]
    return float(((p - truth) ** 2).sum(axis=1).mean())


def balanced_accuracy(predicted: np.ndarray, codes: np.ndarray) -> float:
    """Mean over the subtypes there are of the share of their patients told rightly."""
    right = predicted == codes
    return float(np.mean([right[codes == code].mean() for code in np.unique(codes)]))


def calibration_bins(p: Array, codes: np.ndarray) -> pd.DataFrame:
    """Mean probability of the most probable subtype, and how often it is the right one.

    ``p`` (n, k); ``codes`` (n,). Gives columns ``bin`` (1 to 10, each a tenth wide), ``n``,
    ``predicted``, ``observed``; bins without anybody are left out.
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

    Reference: Naeini MP, Cooper GF, Hauskrecht M (2015). Obtaining well calibrated probabilities
    using Bayesian binning. AAAI 29:2901-2907.
    """
    weights = bins["n"] / bins["n"].sum()
    return float((weights * (bins["predicted"] - bins["observed"]).abs()).sum())
