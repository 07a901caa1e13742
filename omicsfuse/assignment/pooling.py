"""Layers put together: evidence summed, and tempered until held-out probabilities come true."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from omicsfuse.assignment.discriminant import Array, by_row, log_sum

#: Largest weight of evidence that a fit may give.
LARGEST_WEIGHT = 5.0
#: Twice the gain in log likelihood of one weight above 0, at 1% one-sided (chi-squared 5.41): to
#: assign patients by chance is worse than to assign nobody.
LEAST_GAIN = 5.411894431054341
#: Fewest held-out patients that a weight is fitted on.
MINIMUM_FITTED = 10


@dataclass(frozen=True)
class Calibration:
    """How far the evidence of a set of layers is to be believed.

    ``weight``: the evidence is multiplied by it (one over the temperature): 1 takes it at its word,
    0 not at all; ``n``: held-out patients it was fitted on; 0 where there were too few, and the
    weight is one over the number of layers; ``gain``: twice the log likelihood of the held-out
    patients over that of the prior alone.
    """

    weight: float
    n: int
    gain: float

    @property
    def informative(self) -> bool:
        """Whether the layers tell the subtypes apart: the gain is not what chance gives."""
        return self.n > 0 and self.gain > LEAST_GAIN


def subsets(layers: Sequence[str], most: int = 4) -> list[tuple[str, ...]]:
    """List the sets of layers: all of them for up to ``most`` layers.

    Small sets come first, layers in the order given.
    """
    sizes = list(range(1, len(layers) + 1))
    if len(layers) > most:
        sizes = sorted({1, len(layers) - 1, len(layers)})
    return [chosen for size in sizes for chosen in combinations(layers, size)]


def probabilities(evidence: Array, prior: Array, weight: float, caution: float) -> Array:
    """Turn evidence into probabilities.

    ``p(s) ~ prior(s) exp(weight * evidence(s))``, mixed with the prior by the share ``caution``:
    n patients cannot show that an error is rarer than about one in n.

    ``evidence`` (n, k): sum over layers of ``log p(s | layer) - log prior(s)``; ``prior`` (k,).
    Gives (n, k): rows sum to 1.
    """
    joint = np.log(prior) + weight * evidence
    p = by_row(np.exp, joint - log_sum(joint)[:, None])
    return (1 - caution) * p + caution * prior


def fit_weight(evidence: Array, codes: np.ndarray, prior: Array) -> float:
    """Weight of evidence with the largest likelihood of the held-out patients: temperature scaling.

    The log likelihood is concave in the weight, so that halving an interval finds its top. Only the
    evidence is tempered, not the prior: where layers say nothing what is left is the prior.

    ``evidence`` (n, k): of held-out patients; ``codes`` (n,): their subtypes; ``prior`` (k,).

    Reference: Guo et al. 2017, ICML.
    """
    of_truth = evidence[np.arange(len(codes)), codes]

    def slope(weight: float) -> float:
        joint = np.log(prior) + weight * evidence
        p = np.exp(joint - joint.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        return float(np.sort(of_truth - (p * evidence).sum(axis=1)).sum())

    low, high = 0.0, LARGEST_WEIGHT
    if slope(low) <= 0:
        return low
    if slope(high) >= 0:
        return high
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) > 0 else (low, middle)
    # Twelve digits: more than the data can mean, and the same in every order of patients.
    return float(f"{(low + high) / 2:.12g}")


def calibrate(evidence: Array, codes: np.ndarray, prior: Array, n_layers: int) -> Calibration:
    """Fit the weight of a set of layers, and say what it gains over the prior.

    ``evidence`` (n_repeats, n, k); ``codes`` (n,): their subtypes; ``prior`` (k,).
    """
    repeats, n, k = evidence.shape
    if n < MINIMUM_FITTED or len(np.unique(codes)) < 2:
        return Calibration(1.0 / n_layers, 0, 0.0)
    flat = evidence.reshape(repeats * n, k)
    tiled = np.tile(codes, repeats)
    weight = fit_weight(flat, tiled, prior)
    joint = np.log(prior) + weight * flat
    gained = (joint - log_sum(joint)[:, None] - np.log(prior))[np.arange(len(tiled)), tiled]
    return Calibration(weight, n, float(2 * np.sort(gained).sum() / repeats))
