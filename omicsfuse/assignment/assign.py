"""New patients to existing subtypes: what each patient has, and what it says."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from omicsfuse.assignment.discriminant import Array
from omicsfuse.assignment.fitting_layers import described, meet, too_few_features, wanted_layers
from omicsfuse.assignment.layer_model import LayerModel
from omicsfuse.assignment.multilayer import NONE, UNTOLD, MultiLayerClassifier
from omicsfuse.assignment.saved import load_classifier
from omicsfuse.core.checks.arguments import require
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import ClassifierError, OmicsfuseWarning
from omicsfuse.core.layers import Exclusion, Layer
from omicsfuse.signatures.training import patient_digest


@dataclass(frozen=True, eq=False)
class Assignment:
    """New patients assigned to subtypes.

    Attributes
    ----------
    table : pandas.DataFrame
        The table that ``assign`` returns.
    used : mapping of str to str
        Layer of the classifier -> layer of the cohort.
    missing : tuple of str
        Layers of the classifier that the cohort does not have.
    refused : mapping of str to str
        Layers of the classifier that do not fit those of the cohort, with the reason.
    exclusions : tuple of Exclusion
        Features missing in the cohort, and patients with too few features in a layer.
    unassigned : mapping of str to int
        Reason for no subtype, the most frequent first -> number of patients.
    """

    table: pd.DataFrame
    used: Mapping[str, str]
    missing: tuple[str, ...]
    refused: Mapping[str, str]
    exclusions: tuple[Exclusion, ...]
    unassigned: Mapping[str, int]


def assign(
    classifier: MultiLayerClassifier | str | Path,
    cohort: Cohort,
    *,
    layers: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Assign new patients to existing subtypes, from the layers that they have.

    Each patient is assigned alone: the result does not depend on the other patients. A patient gets
    no subtype (``"none"``) in three cases: the largest probability is below the classifier's
    threshold; in some layer, fewer than 1% of held-out training patients lie as far out; or the
    layers do not distinguish the subtypes in cross-validation.

    Parameters
    ----------
    classifier : MultiLayerClassifier, str or Path
        A classifier, or the file it was saved in.
    cohort : Cohort
        New patients. Layers are matched by name, or by kind if the kind is unique.
    layers : sequence of str, optional
        Use these layers of the classifier only.

    Returns
    -------
    pandas.DataFrame
        One row a patient: ``patient``; ``subtype``; ``probability`` of the most probable subtype;
        ``p_S1`` and so on; ``layers`` used; ``distance`` to the training patients in the layer
        where it is largest (1: the outermost 5% of held-out training patients begin);
        ``distance_percentile``: percentage of held-out training patients at a smaller distance;
        ``training_patient``: whether the patient is one; ``reason`` for no subtype, or for doubt.

    Raises
    ------
    ClassifierError
        If the file is at fault, or no layer of the cohort fits.
    StudyError
        If an argument is of the wrong type, or a layer is not one of the classifier's.

    Warns
    -----
    OmicsfuseWarning
        If a layer is refused, matched by kind, or on another scale; or if training patients are
        found.

    Examples
    --------
    >>> from omicsfuse.assignment import assign, fit_classifier
    >>> from omicsfuse.datasets import simulate_cohort
    >>> made = simulate_cohort(60, n_external=30, n_genes=100, effect=2, random_state=1)
    >>> labels = ("S" + made.truth.astype(str)).loc[made.discovery.patients()]
    >>> classifier = fit_classifier({"expression": made.discovery.omics["expression"]}, labels)
    >>> table = assign(classifier, made.external)
    >>> len(table), list(table.columns)[:3]
    (30, ['patient', 'subtype', 'probability'])
    """
    return assignment(classifier, cohort, layers=layers).table


def assignment(
    classifier: MultiLayerClassifier | str | Path,
    cohort: Cohort,
    *,
    layers: Sequence[str] | None = None,
) -> Assignment:
    """Assign new patients as ``assign`` does, and keep account of layers and exclusions."""
    require(classifier, (MultiLayerClassifier, str, Path), "classifier", "a run's classifier.json")
    require(cohort, Cohort, "cohort", "from of.read_cohort")
    if not isinstance(classifier, MultiLayerClassifier):
        classifier = load_classifier(classifier)
    wanted = wanted_layers(classifier, layers)
    used, missing, refused = meet(classifier, cohort, wanted)
    exclusions: list[Exclusion] = []
    for name in list(used):
        why = too_few_features(classifier, name, used[name], cohort, exclusions)
        if why:
            refused[name] = why
            del used[name]
    if not used:
        reasons = [f"{name}: {why}" for name, why in refused.items()]
        if missing:
            reasons.append(f"the cohort lacks {', '.join(missing)}")
        raise ClassifierError(
            f"cohort {cohort.name!r}: no layer fits the classifier: no patient can be "
            f"assigned. {'; '.join(reasons)}. The cohort's layers: {described(cohort)}."
        )
    asked = [] if layers is None else missing
    for name in asked:
        refused[name] = "the cohort lacks it"
    for name, why in refused.items():
        warnings.warn(
            f"cohort {cohort.name!r}: layer {name!r} of the classifier is not used: {why}.",
            OmicsfuseWarning,
            stacklevel=3,
        )
    table, every = _table(classifier, cohort, used, exclusions)
    known = int(table["training_patient"].sum())
    if known:
        warnings.warn(
            f"cohort {cohort.name!r}: {known} of {len(table)} patients are training patients "
            "of the classifier, not new patients; see the column training_patient.",
            OmicsfuseWarning,
            stacklevel=3,
        )
    without = pd.Series(every, table.index)[table["subtype"] == NONE].explode()
    return Assignment(
        table, used, tuple(missing), refused, tuple(exclusions), dict(without.value_counts())
    )


def _table(
    classifier: MultiLayerClassifier,
    cohort: Cohort,
    used: Mapping[str, str],
    exclusions: list[Exclusion],
) -> tuple[pd.DataFrame, list[list[str]]]:
    """Judge every patient from the layers they have; with the reasons for each, apart."""
    patients = sorted({str(p) for layer in cohort.omics.values() for p in layer.table.index})
    index = pd.Index(patients, name="patient")
    n, k = len(index), len(classifier.subtypes)
    told = {
        name: _tell(
            classifier.layers[name], cohort.omics[other], index, classifier, name, exclusions
        )
        for name, other in used.items()
    }
    p = np.full((n, k), np.nan)
    distance, percentile = np.full(n, np.nan), np.full(n, np.nan)
    subtype = np.full(n, NONE, dtype=object)
    layers = np.full(n, "", dtype=object)
    reasons = [["in none of the layers used, or with too many features missing"]] * n
    has = np.column_stack([told[name][2] for name in used])
    for pattern in np.unique(has, axis=0):
        if not pattern.any():
            continue
        rows = np.flatnonzero((has == pattern).all(axis=1))
        names = [name for name, there in zip(used, pattern, strict=True) if there]
        p[rows] = classifier.pooled({name: told[name][0][rows] for name in names})
        far = np.column_stack([told[name][1][rows] for name in names])
        farther = {
            name: classifier.layers[name].share_farther(told[name][1][rows]) for name in names
        }
        abstains = classifier.abstains(p[rows], farther)
        best = np.array(classifier.subtypes, dtype=object)[p[rows].argmax(axis=1)]
        subtype[rows] = np.where(abstains, NONE, best)
        layers[rows] = " + ".join(names)
        distance[rows] = far.max(axis=1)
        shares = np.column_stack(list(farther.values()))
        percentile[rows] = 100 * (1 - shares.min(axis=1))
        for row, doubts in zip(rows, _doubts(classifier, names, p[rows], farther), strict=True):
            reasons[row] = doubts
    trained = set(classifier.trained_on.get("patient_digests", ()))
    columns = {
        "patient": index,
        "subtype": subtype,
        "probability": np.where(np.isnan(p).any(axis=1), np.nan, p.max(axis=1)),
        **{f"p_{name}": p[:, i] for i, name in enumerate(classifier.subtypes)},
        "layers": layers,
        "distance": distance,
        "distance_percentile": percentile,
        "training_patient": [patient_digest(patient) in trained for patient in patients],
        "reason": ["; ".join(doubts) for doubts in reasons],
    }
    return pd.DataFrame(columns), reasons


def _tell(
    model: LayerModel,
    layer: Layer,
    patients: pd.Index,
    classifier: MultiLayerClassifier,
    name: str,
    exclusions: list[Exclusion],
) -> tuple[Array, Array, np.ndarray]:
    """Evidence and distance of all patients, and who has enough of the layer."""
    told = model.tell(layer.table.reindex(patients), classifier.subtypes, layer.scale)
    there = patients.isin(layer.table.index)
    enough = there & (told.observed >= classifier.least_features)
    short = patients[there & ~enough]
    if len(short):
        least = f"fewer than {classifier.least_features:.0%} of the features used have a value"
        first = tuple(str(patient) for patient in short[:5])
        exclusions.append(Exclusion("assign", name, "patients", len(short), least, first))
    return told.evidence, model.distance(told.distances), enough


def _doubts(
    classifier: MultiLayerClassifier,
    names: list[str],
    p: Array,
    farther: Mapping[str, Array],
) -> list[list[str]]:
    """Why each patient gets no subtype; empty for those who get one."""
    marks = classifier.unlike(farther)
    told = classifier.calibration(names).informative
    every = []
    for i, row in enumerate(p):
        doubts = [f"unlike the training patients in {name}" for name in names if marks[name][i]]
        if not told:
            doubts.append(UNTOLD)
        elif row.max() < classifier.threshold:
            doubts.append(f"no subtype reaches the probability {classifier.threshold:g}")
        every.append(doubts)
    return every
