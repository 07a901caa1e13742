"""The fitted numbers of one layer's classifier, and what they say of one patient at a time."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Discriminant:
    """A linear discriminant of subtypes, and how far out a patient may lie: numbers only.

    Every patient is computed alone, with the same operations on the same shapes, so that nothing
    said of one patient depends on who else is asked about, to the last bit.

    ``classes``: subtypes that were learned, sorted; ``prior`` (n_classes,): their shares of the
    training patients; ``mean``, ``sd`` (n_features,): of the training patients; features are
    standardised with them; ``weights`` (n_classes, n_features): of the standardised features, in
    the log density of each subtype; ``offsets`` (n_classes,): constants of those log densities;
    what all subtypes share is left out; ``components`` (n_components, n_features): leading
    principal components of the training patients; ``variances`` (n_components,): variance of the
    training patients along each; ``residual``: mean squared distance of the training patients from
    the space of the components.
    """

    classes: tuple[str, ...]
    prior: Array
    mean: Array
    sd: Array
    weights: Array
    offsets: Array
    components: Array
    variances: Array
    residual: float

    def standardised(self, values: Array) -> Array:
        """Values in training standard deviations from the training mean."""
        return (np.ascontiguousarray(values) - self.mean) / self.sd

    def evidence(self, values: Array) -> Array:
        """How much more (or less) probable each subtype is for what was measured.

        ``values`` (n_patients, n_features): complete. Gives (n_patients, n_classes): ``log p(s | x)
        - log prior(s)``: 0 where the layer says nothing.
        """
        density = row_products(self.weights, self.standardised(values)) + self.offsets
        joint = density + np.log(self.prior)
        return density - log_sum(joint)[:, None]

    def distances(self, values: Array) -> Array:
        """Two distances to the training patients: along the components, and away from them.

        ``values`` (n_patients, n_features): complete. Gives (n_patients, 2): squared Mahalanobis
        distance along the components as a share of what is expected (their number), and squared
        distance from their space as a share of ``residual``.
        """
        z = self.standardised(values)
        scores = row_products(self.components, z)
        along = (scores**2 / self.variances).sum(axis=1) / len(self.variances)
        total = np.array([(row * row).sum() for row in z])
        away = np.maximum(total - np.array([(row * row).sum() for row in scores]), 0.0)
        return np.column_stack([along, away / self.residual])


def row_products(matrix: Array, rows: Array) -> Array:
    """``rows @ matrix.T``, each row by itself and in the same order of sums.

    A matrix product of a library may add up one row differently depending on how many there are.
    ``matrix`` (m, p); ``rows`` (n, p). Gives (n, m).
    """
    result = np.empty((len(rows), len(matrix)))
    for i, row in enumerate(np.ascontiguousarray(rows)):
        result[i] = (matrix * row).sum(axis=1)
    return result


def log_sum(values: Array) -> Array:
    """Logarithm of the sum of exponentials of each row, each row by itself.

    ``values`` (n, k). Gives (n,).
    """
    top = values.max(axis=1, initial=-np.inf)
    return top + np.array(
        [np.log(np.exp(row - high).sum()) for row, high in zip(values, top, strict=True)]
    )


def by_row(function: Callable[[Array], Array], values: Array) -> Array:
    """Apply a function of the mathematics library to each row by itself.

    Its last bit may depend on where in a longer array a number stands. ``values`` (n, p). Gives (n,
    p).
    """
    result = np.empty(values.shape)
    for i, row in enumerate(np.ascontiguousarray(values)):
        result[i] = function(row)
    return result
