"""One layer of the classifier: its preprocessing, its discriminant, and who counts as unlike it."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from omicsfuse.assignment.classifier import SubtypeClassifier
from omicsfuse.assignment.discriminant import Array, Discriminant
from omicsfuse.assignment.transform import LayerTransform, fixed_transform
from omicsfuse.core.errors import ClassifierError, OmicsfuseWarning
from omicsfuse.core.layers import Layer
from omicsfuse.preprocessing import PreprocessError
from omicsfuse.preprocessing.prepare import make_preprocessor

#: Fewest labelled patients that a layer's classifier is learned from.
MINIMUM_TRAINED = 10
#: Quantile of the held-out training patients that a distance of 1 stands for.
REFERENCE_QUANTILE = 0.95
#: Least share of values outside the training range that a distance of 1 stands for.
LEAST_OUTSIDE = 0.05


class Told(NamedTuple):
    """What one layer says of new patients."""

    #: Patients x subtypes: ``log p(s | layer) - log prior(s)``.
    evidence: Array
    #: Patients x 3: along the components, away from them, share of values outside the range.
    distances: Array
    #: Share of the features used that each patient has.
    observed: Array


@dataclass(frozen=True, eq=False)
class LayerModel:
    """What was learned from one layer.

    ``transform``: preprocessing of the features that the discriminant uses; ``discriminant``:
    trained on the labelled patients who have the layer; ``n``: how many these are; ``weight``: how
    far the layer's evidence is to be believed, fitted on held-out patients; ``scales`` (3,): the
    three distances of the outermost 5% of held-out training patients; ``reference`` (n,): distances
    of the training patients when they were held out, sorted.
    """

    transform: LayerTransform
    discriminant: Discriminant
    n: int
    weight: float = 1.0
    scales: Array = field(default_factory=lambda: np.ones(3))
    reference: Array = field(default_factory=lambda: np.zeros(0))

    def tell(self, table: pd.DataFrame, subtypes: tuple[str, ...], scale: str = "") -> Told:
        """Evidence and distances of patients, each alone.

        ``table`` (n_patients, n_columns): the layer of new patients.
        """
        seen = self.transform.apply(table, scale)
        evidence = np.zeros((len(table), len(subtypes)))
        places = [subtypes.index(name) for name in self.discriminant.classes]
        evidence[:, places] = self.discriminant.evidence(seen.ready)
        distances = np.column_stack([self.discriminant.distances(seen.ready), seen.outside])
        return Told(evidence, distances, seen.observed)

    def distance(self, distances: Array) -> Array:
        """Put the three distances into one: the largest, 1 where the outermost 5% begin."""
        return (distances / self.scales).max(axis=1)

    def share_farther(self, distance: Array) -> Array:
        """Share of the training patients, when held out, who lie at least as far out."""
        if not len(self.reference):
            return np.full(len(distance), np.nan)
        below = np.searchsorted(self.reference, distance, side="left")
        return 1 - below / len(self.reference)

    def referenced(self, distances: Array) -> "LayerModel":
        """The same, with the distances of held-out training patients to compare with.

        ``distances`` (n_repeats, n, 3): NaN where a patient could not be held out.
        """
        flat = distances.reshape(-1, 3)
        flat = flat[~np.isnan(flat).any(axis=1)]
        if not len(flat):
            return self
        floors = np.array([1e-9, 1e-9, LEAST_OUTSIDE])
        scales = np.maximum(np.quantile(flat, REFERENCE_QUANTILE, axis=0), floors)
        farthest = (distances / scales).max(axis=2)
        farthest = farthest[:, ~np.isnan(farthest).any(axis=0)]
        return replace(self, scales=scales, reference=np.sort(farthest.mean(axis=0)))


def in_order(layer: Layer) -> Layer:
    """A layer with its features sorted by name, so that their order in the file plays no part."""
    return replace(layer, table=layer.table.sort_index(axis=1))


def fit_layer(
    layer: Layer,
    labels: pd.Series,
    *,
    n_features: int = 200,
    options: Mapping[str, Any] | None = None,
) -> LayerModel:
    """Learn from the labelled patients of one layer.

    ``labels``: patient -> subtype. It is not calibrated yet.
    """
    table = layer.table.loc[layer.table.index.isin(labels.index)]
    preprocessor = make_preprocessor(layer, **(options or {}))
    if len(table):
        table = table.loc[~preprocessor.without_data(table.to_numpy(dtype=float))]
    known = labels.reindex(table.index)
    if len(table) < MINIMUM_TRAINED or known.nunique() < 2:
        raise ClassifierError(
            f"{len(table)} labelled patients of {known.nunique()} subtypes; at least "
            f"{MINIMUM_TRAINED} of 2 are needed"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", OmicsfuseWarning)  # said when the layer was prepared
            preprocessor.fit(table)
    except PreprocessError as error:
        raise ClassifierError(str(error).rstrip(".")) from error
    transform = fixed_transform(preprocessor, layer.kind, layer.scale, table)
    ready = transform.apply(table).ready
    classifier = SubtypeClassifier(n_features=n_features).fit(ready, known.to_numpy(dtype=object))
    return LayerModel(
        transform=transform.restricted(classifier.selected_),
        discriminant=classifier.model_,
        n=len(table),
    )


def kept_features(layer: Layer, labels: pd.Series, options: Mapping[str, Any]) -> list[str]:
    """Features that the preprocessor keeps, to repeat a fit on fewer patients in less time."""
    table = layer.table.loc[layer.table.index.isin(labels.index)]
    preprocessor = make_preprocessor(layer, **options)
    table = table.loc[~preprocessor.without_data(table.to_numpy(dtype=float))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OmicsfuseWarning)
        preprocessor.fit(table)
    return [str(name) for name in table.columns[preprocessor.kept_]]
