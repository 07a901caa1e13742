"""The classifier of new patients from any of its layers: what it holds and how it decides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from omicsfuse.assignment.discriminant import Array
from omicsfuse.assignment.layer_model import LayerModel
from omicsfuse.assignment.pooling import Calibration, probabilities

#: Word for no subtype.
NONE = "none"
#: Least probability of a subtype for a patient to be assigned to it.
THRESHOLD = 0.6
#: Least share of a layer's features that a cohort, and each patient, must have.
LEAST_FEATURES = 0.7
#: Patients farther out than all but this share of the training patients are assigned to nothing.
LEAST_SHARE_FARTHER = 0.01

UNTOLD = "these layers do not separate the subtypes in cross-validation"


@dataclass(frozen=True, eq=False)
class MultiLayerClassifier:
    """Classifier of new patients from any of its layers.

    Each layer has its own preprocessing and discriminant, and gives evidence ``log p(s | layer) -
    log prior(s)``. The evidence of a patient's layers is summed. Each layer and each set of layers
    has a weight, fitted to held-out training patients::

        log p(s | layers) = log prior(s) + w_set * sum over l of w_l * evidence_l(s) + constant

    Uninformative layers get the weight 0, and layers that agree share their weight, so that a
    further layer does not make the classifier overconfident.

    Attributes
    ----------
    subtypes : tuple of str
    prior : ndarray, shape (n_subtypes,)
        Shares of the subtypes in training, half a patient added to each.
    layers : mapping of str to LayerModel
    calibrations : mapping of tuple of str to Calibration
        By set of layers, in the order of ``layers``.
    n : int
        Labelled training patients.
    threshold : float
        No subtype is assigned below this probability.
    least_features : float
        A layer is refused if a cohort or a patient has less than this share of its features.
    least_share_farther : float
        No subtype is assigned if, in any layer used, a smaller share of held-out training patients
        lies farther out.
    trained_on : mapping of str to object
        Cohort, study, sizes of the subtypes, digests of the training patients.
    notes : tuple of str
        Layers that could not be used, with the reason.
    hash : str
        SHA-256 of the content; empty until it is saved.
    """

    subtypes: tuple[str, ...]
    prior: Array
    layers: Mapping[str, LayerModel]
    calibrations: Mapping[tuple[str, ...], Calibration]
    n: int
    threshold: float = THRESHOLD
    least_features: float = LEAST_FEATURES
    least_share_farther: float = LEAST_SHARE_FARTHER
    trained_on: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    hash: str = ""

    @property
    def caution(self) -> float:
        """Share of the prior in every probability: n patients cannot show rarer errors."""
        return 1.0 / (self.n + 2)

    def calibration(self, names: Sequence[str]) -> Calibration:
        """Weight of a set of layers; one over their number where none was fitted.

        Parameters
        ----------
        names : sequence of str
            In any order.

        Returns
        -------
        Calibration
        """
        wanted = tuple(name for name in self.layers if name in names)
        fitted = self.calibrations.get(wanted)
        if fitted is not None and fitted.n:
            return fitted
        gain = max((self.calibrations[name,].gain for name in wanted), default=0.0)
        return Calibration(1.0 / max(len(wanted), 1), self.n, gain)

    def pooled(self, evidence: Mapping[str, Array]) -> Array:
        """Calibrated probabilities of patients from the evidence of their layers.

        Parameters
        ----------
        evidence : mapping of str to ndarray, shape (n_patients, n_subtypes)
            Of the layers to use, all of the same patients.

        Returns
        -------
        ndarray, shape (n_patients, n_subtypes)
            Rows sum to 1.
        """
        names = [name for name in self.layers if name in evidence]
        total = np.zeros_like(evidence[names[0]])
        for name in names:
            total = total + self.layers[name].weight * evidence[name]
        return probabilities(total, self.prior, self.calibration(names).weight, self.caution)

    def unlike(self, share_farther: Mapping[str, Array]) -> dict[str, np.ndarray]:
        """Mark the patients unlike the training patients, for each layer."""
        with np.errstate(invalid="ignore"):
            return {name: share < self.least_share_farther for name, share in share_farther.items()}

    def abstains(self, p: Array, share_farther: Mapping[str, Array]) -> np.ndarray:
        """Whether no subtype is assigned, for patients with the same layers.

        Parameters
        ----------
        p : ndarray, shape (n_patients, n_subtypes)
            Result of ``pooled``.
        share_farther : mapping of str to ndarray, shape (n_patients,)
            Of each layer used.

        Returns
        -------
        ndarray of bool, shape (n_patients,)
        """
        without = p.max(axis=1) < self.threshold
        for mark in self.unlike(share_farther).values():
            without = without | mark
        if not self.calibration(list(share_farther)).informative:
            without = np.ones(len(p), dtype=bool)
        return without
