"""Fitting the classifier of new patients: every layer, then what held-out patients say of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from omicsfuse.assignment.discriminant import Array
from omicsfuse.assignment.layer_model import LayerModel, fit_layer, in_order, kept_features
from omicsfuse.assignment.multilayer import MultiLayerClassifier
from omicsfuse.assignment.pooling import Calibration, calibrate, subsets
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import ClassifierError
from omicsfuse.core.layers import Layer
from omicsfuse.preprocessing.prepare import default_settings
from omicsfuse.signatures.training import patient_digest

#: Folds of every cross-validation.
N_FOLDS = 5
#: With more layers than this, weights are fitted for single layers, all but one, and all.
MOST_LAYERS = 6


@dataclass(frozen=True)
class Settings:
    """How a classifier is fitted.

    ``n_features``: most features of a layer; ``n_repeats``: repeats of the cross-validation that
    weights and distances are fitted on; ``options``: parameters of the layers' preprocessors.
    """

    n_features: int = 200
    n_repeats: int = 2
    options: Mapping[str, Mapping[str, Any]] | None = None

    def of(self, layer: str) -> dict[str, Any]:
        """Parameters of one layer's preprocessor."""
        return dict((self.options or {}).get(layer, {}))


def fit_classifier(
    layers: Mapping[str, Layer],
    labels: pd.Series,
    *,
    settings: Settings | None = None,
    subtypes: tuple[str, ...] | None = None,
    random_state: int = 0,
) -> MultiLayerClassifier:
    """Fit a classifier of new patients to labelled patients.

    Parameters
    ----------
    layers : mapping of str to Layer
        Layers; they may cover different patients. A layer without a scale is checked as in a
        ``Cohort``, which takes the first of its kind.
    labels : pandas.Series
        Patient -> subtype.
    settings : Settings, optional
    subtypes : tuple of str, optional
        All subtypes, if some may be absent from ``labels``.
    random_state : int
        Seed of the folds.

    Returns
    -------
    MultiLayerClassifier

    Raises
    ------
    ClassifierError
        If no layer can be used.
    CohortError
        If a layer without a scale is at fault.

    Examples
    --------
    >>> from omicsfuse.assignment import fit_classifier
    >>> from omicsfuse.datasets import simulate_cohort
    >>> made = simulate_cohort(60, n_external=0, n_genes=100, effect=2, random_state=1)
    >>> labels = ("S" + made.truth.astype(str)).loc[made.discovery.patients()]
    >>> layers = {"expression": made.discovery.omics["expression"]}
    >>> classifier = fit_classifier(layers, labels)
    >>> classifier.subtypes, classifier.calibrations["expression",].informative
    (('S1', 'S2', 'S3'), True)
    """
    settings = settings or Settings()
    if not all(layer.scale for layer in layers.values()):
        # Layers that no cohort's gate has seen: it says what an undeclared scale means.
        layers = Cohort("training patients", dict(layers)).omics
    labels = labels.sort_index()
    subtypes = subtypes or tuple(sorted(set(labels.astype(str))))
    counts = np.array([int((labels == name).sum()) for name in subtypes], dtype=float)
    prior = (counts + 0.5) / (len(labels) + 0.5 * len(subtypes))
    models: dict[str, LayerModel] = {}
    held: dict[str, tuple[Array, np.ndarray]] = {}
    notes = []
    rng = np.random.default_rng(random_state)
    folds = [stratified_folds(labels, rng) for _ in range(settings.n_repeats)]
    for name, given in layers.items():
        layer = in_order(given)
        try:
            model = fit_layer(
                layer, labels, n_features=settings.n_features, options=settings.of(name)
            )
        except ClassifierError as error:
            notes.append(f"layer {name} is not used: {error}")
            continue
        evidence, distances = _held_out(layer, labels, subtypes, folds, settings, name)
        models[name] = model.referenced(distances)
        held[name] = evidence, np.asarray(~np.isnan(evidence).any(axis=(0, 2)))
    if not models:
        raise ClassifierError("no layer separates the subtypes: " + "; ".join(notes) + ".")
    codes = np.array([subtypes.index(label) for label in labels.astype(str)])
    calibrations: dict[tuple[str, ...], Calibration] = {}
    for name in models:
        evidence, there = held[name]
        calibrated = calibrate(evidence[:, there], codes[there], prior, 1)
        models[name] = replace(models[name], weight=calibrated.weight)
        # Of a layer alone: its weight is in the model, and the set's is 1.
        calibrations[name,] = replace(calibrated, weight=1.0)
    for names in subsets(list(models), MOST_LAYERS):
        if len(names) > 1:
            there = np.all([held[name][1] for name in names], axis=0)
            total = sum(models[name].weight * held[name][0][:, there] for name in names)
            calibrations[names] = calibrate(np.asarray(total), codes[there], prior, len(names))
    return MultiLayerClassifier(
        subtypes=subtypes,
        prior=prior,
        layers=models,
        calibrations=calibrations,
        n=len(labels),
        trained_on={
            "n_patients": len(labels),
            "subtypes": {name: int(count) for name, count in zip(subtypes, counts, strict=True)},
            "patient_digests": sorted(patient_digest(str(patient)) for patient in labels.index),
        },
        notes=tuple(notes),
    )


def stratified_folds(labels: pd.Series, rng: np.random.Generator) -> np.ndarray:
    """Deal the patients of each subtype out to folds in turn.

    ``labels``: patient -> subtype. Gives (n_patients,): fold of each patient; sizes differ by one
    at most, overall and within a subtype.
    """
    order = np.concatenate(
        [
            rng.permutation(np.flatnonzero((labels == name).to_numpy()))
            for name in sorted(set(labels))
        ]
    )
    folds = np.empty(len(labels), dtype=int)
    folds[order] = np.arange(len(labels)) % N_FOLDS
    return folds


def _held_out(
    layer: Layer,
    labels: pd.Series,
    subtypes: tuple[str, ...],
    folds: list[np.ndarray],
    settings: Settings,
    name: str,
) -> tuple[Array, Array]:
    """Evidence and distances of each labelled patient from models that never saw them.

    What the preprocessor keeps is chosen once, without looking at labels; all that is learned
    with labels, and every scale, is learned anew in each fold.
    """
    options = settings.of(name)
    if layer.scale != "counts":
        layer = replace(layer, table=layer.table[kept_features(layer, labels, options)])
        # Features chosen once are all kept.
        every = {"n_features": None, "max_correlation": 1.0}
        options |= {key: every[key] for key in every.keys() & default_settings(layer.kind).keys()}
    evidence = np.full((len(folds), len(labels), len(subtypes)), np.nan)
    distances = np.full((len(folds), len(labels), 3), np.nan)
    has = labels.index.isin(layer.table.index)
    for repeat, fold in enumerate(folds):
        for i in range(N_FOLDS):
            test = has & (fold == i)
            if not test.any():
                continue
            patients = labels.index[test]
            try:
                model = fit_layer(
                    layer, labels[fold != i], n_features=settings.n_features, options=options
                )
            except ClassifierError:
                evidence[repeat, test] = 0.0  # too few are left to learn from: nothing is said
                continue
            told = model.tell(layer.table.loc[patients], subtypes)
            evidence[repeat, test] = told.evidence
            distances[repeat, test] = told.distances
    return evidence, distances
