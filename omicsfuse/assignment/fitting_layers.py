"""Which layers of a cohort fit those of a classifier."""

import warnings
from collections.abc import Sequence

import pandas as pd

from omicsfuse.assignment.multilayer import MultiLayerClassifier
from omicsfuse.assignment.transform import compatible
from omicsfuse.core.checks.arguments import sequence_of
from omicsfuse.core.checks.tables import did_you_mean, listed
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import OmicsfuseWarning, StudyError
from omicsfuse.core.layers import Exclusion


def wanted_layers(classifier: MultiLayerClassifier, layers: Sequence[str] | None) -> list[str]:
    """Layers of the classifier to use."""
    if layers is None:
        return list(classifier.layers)
    chosen = [layers] if isinstance(layers, str) else sequence_of(layers, str, "layers")
    for name in chosen:
        if name not in classifier.layers:
            raise StudyError(
                f"the classifier has no layer {name!r}; {did_you_mean(name, classifier.layers)}."
            )
    if not chosen:
        raise StudyError(f"no layer was chosen; the classifier has {', '.join(classifier.layers)}.")
    return [name for name in classifier.layers if name in chosen]


def meet(
    classifier: MultiLayerClassifier, cohort: Cohort, wanted: list[str]
) -> tuple[dict[str, str], list[str], dict[str, str]]:
    """Find the cohort's layer for each of the classifier's: by name, else by kind if there is one.

    By kind, neither side may have a second candidate.
    """
    used: dict[str, str] = {}
    missing: list[str] = []
    refused: dict[str, str] = {}
    taken = {name for name in classifier.layers if name in cohort.omics}
    for name in wanted:
        transform = classifier.layers[name].transform
        if name in cohort.omics:
            theirs = cohort.omics[name]
            if theirs.kind != transform.kind:
                refused[name] = (
                    f"the cohort's layer of that name is of kind {theirs.kind}, the "
                    f"classifier's layer of kind {transform.kind}"
                )
                continue
            other = name
        else:
            free = [
                key
                for key, layer in cohort.omics.items()
                if layer.kind == transform.kind and key not in taken
            ]
            rivals = [
                key
                for key, model in classifier.layers.items()
                if model.transform.kind == transform.kind and key not in cohort.omics
            ]
            if not free:
                missing.append(name)
                continue
            if len(free) != 1 or len(rivals) != 1:
                refused[name] = (
                    "the cohort has no layer of that name, and several layers of kind "
                    f"{transform.kind} are possible ({', '.join(free)} for "
                    f"{', '.join(rivals)}): give it that name in the cohort"
                )
                continue
            other = free[0]
            warnings.warn(
                f"cohort {cohort.name!r}: layer {other!r} is used as the classifier's "
                f"{name!r}, as both are the only layer of kind {transform.kind}.",
                OmicsfuseWarning,
                stacklevel=4,
            )
        scale = cohort.omics[other].scale
        if not compatible(transform.scale, scale):
            refused[name] = (
                f"the cohort's values are on scale {scale!r}, but the classifier was trained on "
                f"scale {transform.scale!r}"
            )
            continue
        if scale != transform.scale:
            warnings.warn(
                f"cohort {cohort.name!r}: layer {other!r} is on scale {scale!r}, and the "
                f"classifier was trained on {transform.scale!r}: both are converted to one "
                "scale, but a shift between them may remain.",
                OmicsfuseWarning,
                stacklevel=4,
            )
        used[name] = other
    return used, missing, refused


def described(cohort: Cohort) -> str:
    """Name the layers of a cohort with their kinds."""
    return ", ".join(f"{key} ({layer.kind})" for key, layer in cohort.omics.items()) or "none"


def too_few_features(
    classifier: MultiLayerClassifier,
    name: str,
    other: str,
    cohort: Cohort,
    exclusions: list[Exclusion],
) -> str:
    """Say why a layer has too few of the features that are used; count those it lacks."""
    features = pd.Index(classifier.layers[name].transform.features)
    absent = features[~features.isin(cohort.omics[other].table.columns)]
    if not len(absent):
        return ""
    first = tuple(str(feature) for feature in absent[:5])
    exclusions.append(
        Exclusion(
            "assign",
            name,
            "features",
            len(absent),
            "used by the classifier, missing from the cohort",
            first,
        )
    )
    share = 1 - len(absent) / len(features)
    if share >= classifier.least_features:
        return ""
    hint = (
        "; include genes without a mutation as columns of 0"
        if classifier.layers[name].transform.scale == "binary"
        else ""
    )
    return (
        f"{len(features) - len(absent)} of the {len(features)} features of the classifier are "
        f"in the cohort ({share:.0%}; at least {classifier.least_features:.0%} are needed); "
        f"missing: {listed(absent, 3)}{hint}"
    )
