"""How good probabilities of subtypes are: accuracy with its interval, scores, calibration."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from omicsfuse.assignment.training import N_FOLDS
from omicsfuse.stats.intervals import wilson_interval

Array = npt.NDArray[np.float64]

#: Bins of the calibration table, of equal width from 0 to 1.
N_BINS = 10
#: With fewer patients of a subtype than this, some folds hardly have any of them.
MINIMUM_SUBTYPE = 3 * N_FOLDS


def p_above_rate(correct: float, n: int, rate: float) -> float:
    """One-sided binomial p-value: so many right or more, if each were right with that rate."""
    return float(stats.binom.sf(int(np.floor(correct + 1e-9)) - 1, n, rate))


def log_loss(p: Array, codes: np.ndarray) -> float:
    """Mean of minus the logarithm of the probability of the true subtype (natural logarithm).

    ``p`` (n, k); ``codes`` (n,).
    """
    of_truth = p[np.arange(len(codes)), codes]
    return float(-np.log(np.maximum(of_truth, 1e-300)).mean())


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


def measured(
    subtypes: Sequence[str],
    codes: np.ndarray,
    p: Array,
    abstains: np.ndarray,
    patients: np.ndarray,
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Measure one set of layers over the held-out patients of all repeats."""
    predicted = p.argmax(axis=1)
    right = predicted == codes
    n = len(np.unique(patients))
    accuracy = float(right.mean())
    low, high = wilson_interval(accuracy, n)
    rate = float(np.bincount(codes).max() / len(codes))
    bins = calibration_bins(p, codes)
    counts = pd.Series(codes[np.unique(patients, return_index=True)[1]]).value_counts()
    notes = []
    small = [
        f"{name} {counts.get(code, 0)}"
        for code, name in enumerate(subtypes)
        if counts.get(code, 0) < MINIMUM_SUBTYPE
    ]
    if small:
        notes.append(f"fewer than {MINIMUM_SUBTYPE} patients: {', '.join(small)}")
    row = {
        "n": n,
        "accuracy": accuracy,
        "accuracy_ci_low": low,
        "accuracy_ci_high": high,
        "balanced_accuracy": balanced_accuracy(predicted, codes),
        "no_information_rate": rate,
        "p": p_above_rate(accuracy * n, n, rate),
        "log_loss": log_loss(p, codes),
        "brier_score": brier_score(p, codes),
        "calibration_error": calibration_error(bins),
        "share_assigned": float((~abstains).mean()),
        "accuracy_of_assigned": float(right[~abstains].mean()) if (~abstains).any() else np.nan,
        "note": "; ".join(notes),
    }
    return row, bins
