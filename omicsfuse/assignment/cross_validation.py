"""How well the subtype of a held-out patient can be told, from every set of layers."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from omicsfuse.assignment.discriminant import Array
from omicsfuse.assignment.measures import measured
from omicsfuse.assignment.multilayer import NONE, MultiLayerClassifier
from omicsfuse.assignment.pooling import subsets
from omicsfuse.assignment.training import N_FOLDS, Settings, fit_classifier, stratified_folds
from omicsfuse.core.checks.arguments import seed as checked_seed
from omicsfuse.core.checks.arguments import whole_number
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import ClassifierError, StudyError
from omicsfuse.core.labelled import require_labelled
from omicsfuse.core.layers import Layer
from omicsfuse.core.results import (
    ASSIGNMENT_COLUMNS,
    CHOSEN_WITH,
    AssignmentEvidence,
    Prepared,
    Subtypes,
)
from omicsfuse.stats.one_thread import one_thread
from omicsfuse.stats.tasks import Runner

#: Repeats of the outer cross-validation.
N_REPEATS = 3

#: Note where a set of layers says no more than chance.
NOBODY = (
    "accuracy in held-out patients not above chance: patients with these layers only are not "
    "assigned"
)


#: One fold: for each set of layers the patients (places), probabilities and abstentions.
Fold = dict[tuple[str, ...], tuple[np.ndarray, Array, np.ndarray]]


def cross_validate_assignment(
    subtypes: Subtypes,
    cohort: Cohort,
    prepared: Prepared | None = None,
    *,
    layers: Sequence[str] | None = None,
    n_repeats: int = N_REPEATS,
    random_state: int = 0,
    n_jobs: int = 1,
) -> AssignmentEvidence:
    """Fit the classifier of new patients, and measure its accuracy by repeated cross-validation.

    Preprocessing, selection of features, discriminants, weights and reference distances are fitted
    to the training part of 5 stratified folds, ``n_repeats`` times. Held-out patients are assigned
    from every set of up to 4 layers; with more layers, from each alone, all but one, and all.

    ``p`` is one-sided and binomial: the probability of so many correct patients if each were
    correct with the share of the largest subtype. It is approximate, because the predictions of a
    cross-validation are not independent; the mean over repeats is rounded down.

    Parameters
    ----------
    subtypes : Subtypes
        Labels.
    cohort : Cohort
        The cohort in which the subtypes were found.
    prepared : Prepared, optional
        Its preprocessed layers: they give the layers to use and the settings of their
        preprocessors.
    layers : sequence of str, optional
        Layers; by default the layers of ``prepared``, or all of the cohort.
    n_repeats : int
        Repeats.
    random_state : int
        Seed of the folds.
    n_jobs : int
        Processes; results do not depend on it.

    Returns
    -------
    AssignmentEvidence
        ``classifier`` is fitted to all labelled patients. In ``confusion`` and ``calibration``,
        ``n`` is a mean over the repeats, and sums to the number of patients. With one subtype, or
        with subtypes chosen by an outcome, the classifier is None, and one row of the table gives
        the reason.

    Raises
    ------
    StudyError
        If an argument is of the wrong type or a layer does not exist.

    Examples
    --------
    >>> from omicsfuse.assignment import cross_validate_assignment
    >>> from omicsfuse.datasets import simulate_cohort
    >>> from omicsfuse.core.results import Subtypes
    >>> made = simulate_cohort(60, n_external=0, n_genes=100, effect=2, random_state=1)
    >>> labels = ("S" + made.truth.astype(str)).loc[made.discovery.patients()]
    >>> evidence = cross_validate_assignment(
    ...     Subtypes(labels, {}, {}), made.discovery, layers=["expression"], n_repeats=1
    ... )
    >>> bool(evidence.table.loc[0, "accuracy"] > 0.9)
    True
    """
    require_labelled(subtypes, cohort, Cohort)
    n_repeats = whole_number(n_repeats, "n_repeats")
    random_state = checked_seed(random_state)
    chosen = _chosen(cohort, prepared, layers)
    labels = subtypes.labels.astype(str).sort_index()
    why_not = _nothing_to_tell(subtypes, labels)
    if why_not:
        return _empty(list(chosen), len(labels), why_not)
    settings = Settings(options=_options(prepared, chosen))
    with one_thread():
        try:
            classifier = fit_classifier(
                chosen, labels, settings=settings, random_state=random_state
            )
        except ClassifierError as error:
            return _empty(list(chosen), len(labels), str(error))
        usable = {name: chosen[name] for name in classifier.layers}
        repeats = _repeats(
            usable, labels, replace(settings, n_repeats=1), n_repeats, random_state, n_jobs
        )
    where = {"cohort": cohort.name, "study": cohort.study}
    classifier = replace(classifier, trained_on={**where, **classifier.trained_on})
    sets = subsets(list(classifier.layers))
    return _evidence(classifier, labels, sets, repeats)


def _repeats(
    layers: Mapping[str, Layer],
    labels: pd.Series,
    settings: Settings,
    n_repeats: int,
    random_state: int,
    n_jobs: int,
) -> list[list[Fold]]:
    """Hold out every fold of every repeat, each task with its own seed."""
    rng = np.random.default_rng([random_state, 1])
    folds = [stratified_folds(labels, rng) for _ in range(n_repeats)]
    tasks = [
        (folds[repeat] == fold, int(rng.integers(2**31)))
        for repeat in range(n_repeats)
        for fold in range(N_FOLDS)
    ]
    done = Runner(n_jobs).map(_one_fold, tasks, layers, labels, settings, label="assignment")
    return [done[i * N_FOLDS : (i + 1) * N_FOLDS] for i in range(n_repeats)]


def _one_fold(
    layers: Mapping[str, Layer],
    labels: pd.Series,
    settings: Settings,
    held_out: tuple[np.ndarray, int],
) -> Fold:
    """Learn from the others, and tell the subtypes of those held out from each set of layers."""
    test, random_state = held_out
    names = tuple(sorted(set(labels)))
    places = np.flatnonzero(test)
    try:
        classifier = fit_classifier(
            layers,
            labels[~test],
            settings=settings,
            subtypes=names,
            random_state=random_state,
        )
    except ClassifierError:
        return {}
    told, shares, has = {}, {}, {}
    for name, model in classifier.layers.items():
        table = layers[name].table
        there = labels.index[places].isin(table.index)
        rows = model.tell(table.reindex(labels.index[places]), names)
        told[name] = rows.evidence
        shares[name] = model.share_farther(model.distance(rows.distances))
        has[name] = there & (rows.observed >= classifier.least_features)
    predicted: Fold = {}
    for chosen in subsets(list(classifier.layers)):
        rows_in = np.all([has[name] for name in chosen], axis=0)
        if not rows_in.any():
            continue
        p = classifier.pooled({name: told[name][rows_in] for name in chosen})
        abstains = classifier.abstains(p, {name: shares[name][rows_in] for name in chosen})
        predicted[chosen] = places[rows_in], p, abstains
    return predicted


def _evidence(
    classifier: MultiLayerClassifier,
    labels: pd.Series,
    sets: list[tuple[str, ...]],
    repeats: list[list[Fold]],
) -> AssignmentEvidence:
    """Lay out the tables."""
    codes = np.array([classifier.subtypes.index(label) for label in labels])
    rows, confusion, calibration = [], [], []
    calibrations = dict(classifier.calibrations)
    for chosen in sets:
        parts = [fold[chosen] for folds in repeats for fold in folds if chosen in fold]
        title = " + ".join(chosen)
        if not parts:
            why = "no held-out patient has these layers"
            rows.append({"layers": title, "n": 0, "note": why, "n_layers": len(chosen)})
            continue
        patients = np.concatenate([part[0] for part in parts])
        p = np.concatenate([part[1] for part in parts])
        abstains = np.concatenate([part[2] for part in parts])
        row, bins = measured(classifier.subtypes, codes[patients], p, abstains, patients)
        calibrated = calibrations.get(chosen)
        if calibrated is not None:
            # What the patients held out here say counts too: they had no part in the weights.
            prior = classifier.prior[codes[patients]]
            gain = 2 * row["n"] * (float(-np.log(prior).mean()) - row["log_loss"])
            calibrated = calibrations[chosen] = replace(calibrated, gain=min(calibrated.gain, gain))
            if not calibrated.informative:
                abstains = np.ones(len(abstains), dtype=bool)
                row |= {"share_assigned": 0.0, "accuracy_of_assigned": np.nan}
                row["note"] = "; ".join(filter(None, [row["note"], NOBODY]))
        rows.append({"layers": title, **row, "n_layers": len(chosen)})
        calibration.append(
            bins.assign(n=bins["n"] / len(repeats)).assign(layers=title)[
                ["layers", "bin", "n", "predicted", "observed"]
            ]
        )
        assigned = np.where(abstains, len(classifier.subtypes), p.argmax(axis=1))
        for i, name in enumerate(classifier.subtypes):
            for j, other in enumerate((*classifier.subtypes, NONE)):
                count = int(((codes[patients] == i) & (assigned == j)).sum())
                confusion.append(
                    {
                        "layers": title,
                        "subtype": name,
                        "assigned": other,
                        "n": count / len(repeats),
                    }
                )
    table = pd.DataFrame(rows).reindex(columns=[*ASSIGNMENT_COLUMNS, "n_layers"])
    return AssignmentEvidence(
        classifier=replace(classifier, calibrations=calibrations),
        table=table,
        confusion=pd.DataFrame(confusion, columns=["layers", "subtype", "assigned", "n"]),
        calibration=pd.concat(calibration, ignore_index=True),
    )


def _chosen(
    cohort: Cohort, prepared: Prepared | None, layers: Sequence[str] | None
) -> dict[str, Layer]:
    """Layers to learn from, in the cohort's order."""
    if layers is None:
        wanted = list(prepared.layers) if prepared is not None else list(cohort.omics)
    else:
        wanted = [layers] if isinstance(layers, str) else list(layers)
    absent = [name for name in wanted if name not in cohort.omics]
    if absent or not wanted:
        raise StudyError(
            f"assign: cohort {cohort.name!r} has no layer {absent[0]!r}; it has "
            f"{', '.join(cohort.omics)}."
            if absent
            else "assign: no layer was chosen."
        )
    return {name: cohort.omics[name] for name in cohort.omics if name in wanted}


def _options(prepared: Prepared | None, layers: Mapping[str, Layer]) -> dict[str, dict[str, Any]]:
    """Parameters of the preprocessors that were used, where they can be had."""
    options = {}
    for name in layers:
        if prepared is None or name not in prepared.layers:
            continue
        given = prepared.layers[name].transformer
        settings = dict(given.get_params(deep=False)) if hasattr(given, "get_params") else {}
        settings.pop("scale", None)
        if "method" in settings:
            settings["method"] = "rank"  # power transforms have no fixed form
        options[name] = settings
    return options


def _nothing_to_tell(subtypes: Subtypes, labels: pd.Series) -> str:
    if subtypes.params.get(CHOSEN_WITH):
        return (
            "the subtypes were chosen with an outcome: no classifier is made, as it would "
            "apply that choice to new patients"
        )
    if labels.nunique() < 2:
        return "there is one subtype"
    return ""


def _empty(layers: list[str], n: int, why: str) -> AssignmentEvidence:
    """Nothing but the reason."""
    row = {"layers": " + ".join(layers), "n": n, "note": why, "n_layers": len(layers)}
    return AssignmentEvidence(
        classifier=None,
        table=pd.DataFrame([row]).reindex(columns=[*ASSIGNMENT_COLUMNS, "n_layers"]),
    )
