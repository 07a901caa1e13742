"""Cohorts without groups, but with the shared variation of a real one."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import ndtri
from scipy.stats import rankdata

from omicsfuse.assessment.refusion import Refusion
from omicsfuse.assessment.unimodal import critical_bandwidth, drawn_from_one_mode
from omicsfuse.errors import StudyError
from omicsfuse.fusion import distance_table, patient_distances

#: Redraws tried until a distance that is undefined for some values (cosine of zeros) is defined.
_TRIES = 20

#: Components whose own distribution is kept at most.
_MOST_SHAPED = 30

#: A feature whose normal scores vary less than this has so many ties that correlations suffer.
_COARSE = 0.95

#: Share of a feature's variance that components explain at most.
_MOST_EXPLAINED = 0.95

#: Standard errors of a loading that count as chance, and are taken from its square.
_SURE = 1.5

#: Permutations to find how large a component is by chance.
_SHUFFLES = 3


@dataclass(frozen=True, eq=False)
class Continuum:
    """A cohort, ready to be redrawn without groups.

    Attributes
    ----------
    repeat : Refusion
        The fusion that is repeated.
    scores : mapping of str to array of shape (n, p_v)
        Normal scores of each feature, for all patients: those who lack a layer have the scores of
        the patient most similar to them in the fused network who has it.
    ranked : mapping of str to array of shape (n_v, p_v)
        Values of each feature in rising order; empty for a layer of precomputed distances.
    components : array of shape (n, m)
        Principal components of the patients over all layers, each layer counting the same: columns
        orthonormal, the largest first.
    bandwidths : array of shape (s,)
        For each of the first s components, those larger than chance would make them, the critical
        bandwidth of its coordinates.
    """

    repeat: Refusion
    scores: Mapping[str, np.ndarray]
    ranked: Mapping[str, np.ndarray]
    components: np.ndarray
    bandwidths: np.ndarray

    def redrawn(self, chance: np.random.Generator) -> Refusion:
        """Draw the cohort anew, without groups.

        Parameters
        ----------
        chance : numpy.random.Generator
            Source of randomness.

        Returns
        -------
        Refusion
            The fusion of the redrawn cohort, ready to be made.

        Raises
        ------
        StudyError
            If a distance is undefined for some patient in every one of twenty redraws.
        """
        for attempt in range(_TRIES):
            mixing = self._mixing(chance)
            try:
                distances = {name: self._distances(name, mixing) for name in self.repeat.positions}
            except StudyError:
                if attempt == _TRIES - 1:
                    raise
                continue
            return replace(self.repeat, distances=distances)
        raise AssertionError  # pragma: no cover

    def _mixing(self, chance: np.random.Generator) -> np.ndarray:
        """Orthogonal matrix that gives every component new, random coordinates of patients."""
        n, m = self.components.shape
        drawn = chance.normal(size=(n, m))
        for c, bandwidth in enumerate(self.bandwidths):
            own = self.components[:, c] * np.sqrt(n)
            drawn[:, c] = drawn_from_one_mode(own, bandwidth, chance)
        drawn -= drawn.mean(axis=0)
        new, triangle = np.linalg.qr(drawn)
        new *= np.where(np.diag(triangle) < 0, -1.0, 1.0)
        return np.asarray(new @ self.components.T)

    def _distances(self, name: str, mixing: np.ndarray) -> np.ndarray:
        """Distances between a layer's patients after the mixing."""
        rows = self.repeat.positions[name]
        mixed = mixing[rows] @ self.scores[name]
        metric = self.repeat.metrics[name]
        if isinstance(metric, pd.DataFrame):
            return patient_distances(mixed, "euclidean")
        values = np.empty_like(mixed)
        order = np.argsort(mixed, axis=0, kind="stable")
        np.put_along_axis(values, order, self.ranked[name], axis=0)
        return patient_distances(values, metric)


def continuum(repeat: Refusion, network: np.ndarray) -> Continuum:
    """Make a cohort ready to be redrawn.

    Parameters
    ----------
    repeat : Refusion
        Its fusion, with the distances of every layer.
    network : array of shape (n, n)
        Fused network, to find stand-ins for patients who lack a layer.

    Returns
    -------
    Continuum
    """
    n = len(repeat.patients)
    scores, ranked = {}, {}
    for name, rows in repeat.positions.items():
        metric = repeat.metrics[name]
        if isinstance(metric, pd.DataFrame):
            own = principal_coordinates(repeat.distances[name])
            ranked[name] = np.empty((0, 0))
        else:
            layer = repeat.prepared.layers[name]
            table = distance_table(layer, metric).loc[repeat.patients[rows]].to_numpy(np.float64)
            ranked[name] = np.sort(table, axis=0)
            own = normal_scores(table)
        whole = own[_stand_ins(network, rows)]
        scores[name] = whole - whole.mean(axis=0)
    values, vectors = _components(scores)
    coarse = {
        name: (scores[name] ** 2).mean(axis=0) < _COARSE if ranked[name].size else np.array([])
        for name in scores
    }
    large = values > _largest_by_chance(scores)
    if any(columns.any() for columns in coarse.values()):
        signal = vectors[:, large]
        scores = {
            name: latent_scores(table, coarse[name], signal) for name, table in scores.items()
        }
        vectors = _components(scores)[1]
    shaped = min(int(large.sum()), _MOST_SHAPED, n - 1)
    bandwidths = [critical_bandwidth(vectors[:, c] * np.sqrt(n)) for c in range(shaped)]
    return Continuum(repeat, scores, ranked, vectors[:, : n - 1], np.array(bandwidths))


def normal_scores(table: np.ndarray) -> np.ndarray:
    """Replace the values of each feature by what a normal variable of the same ranks would be.

    A value is replaced by the mean of a standard normal variable between the quantiles of its
    rank; equal values share one wider interval. So the scores of a feature with few values are
    those of a normal variable that was cut into as many classes, and vary less than it.

    Parameters
    ----------
    table : array of shape (n, p)
        Complete values.

    Returns
    -------
    array of shape (n, p)
        Scores; their variance is near 1 for a feature without ties and smaller with ties.

    Examples
    --------
    >>> import numpy as np
    >>> normal_scores(np.array([[0.0], [0.0], [1.0], [1.0]])).ravel().round(2).tolist()
    [-0.8, -0.8, 0.8, 0.8]
    """
    n = len(table)
    low = (rankdata(table, method="min", axis=0) - 1) / n
    high = rankdata(table, method="max", axis=0) / n
    return np.asarray((_density(ndtri(low)) - _density(ndtri(high))) / (high - low))


def latent_scores(scores: np.ndarray, coarse: np.ndarray, signal: np.ndarray) -> np.ndarray:
    r"""Undo what cutting into few classes has taken from the correlations of features.

    A normal feature with loading :math:`\lambda` on a component, cut into classes, has covariance
    :math:`\lambda \kappa^2` with it, where :math:`\kappa^2` is the variance of its scores. Redrawn
    and cut again it would lose the same share once more, and the redrawn cohort would hold
    together less than the real one. So the part of a feature along the components is divided by
    :math:`\kappa^2`, and the rest brought to the variance that is left to 1. Only what is surely
    there counts: the square of a loading less what it would be by chance.

    Parameters
    ----------
    scores : array of shape (n, p)
        Centred scores from ``normal_scores``.
    coarse : array of bool, shape (p,)
        Features to treat; empty for none.
    signal : array of shape (n, m)
        Orthonormal components that hold more than chance would.

    Returns
    -------
    array of shape (n, p)
        Scores of the features before they were cut.

    Examples
    --------
    >>> import numpy as np
    >>> halves = normal_scores(np.repeat([[0.0], [1.0]], 50, axis=0))
    >>> latent_scores(halves, np.array([True]), np.empty((100, 0))).var().round(6)
    np.float64(1.0)
    """
    if not coarse.any():
        return scores
    n = len(scores)
    own = scores[:, coarse]
    kept = (own**2).mean(axis=0)
    loadings = signal.T @ own
    by_chance = _SURE**2 * kept
    sure = np.clip(1 - by_chance / np.maximum(loadings**2, 1e-12 * n), 0.0, 1.0)
    along = signal @ (loadings * sure)
    rest = own - along
    along /= kept
    explained = (along**2).mean(axis=0)
    along *= np.sqrt(np.minimum(1.0, _MOST_EXPLAINED / np.maximum(explained, 1e-12)))
    explained = np.minimum(explained, _MOST_EXPLAINED)
    left = (rest**2).mean(axis=0)
    rest *= np.sqrt((1 - explained) / np.where(left > 0, left, 1.0))
    found = scores.copy()
    found[:, coarse] = along + rest
    return found


def _components(scores: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Principal components of the patients over all layers, each layer counting the same."""
    gram = sum(
        table @ table.T / size for table in scores.values() if (size := float((table**2).sum())) > 0
    )
    values, vectors = np.linalg.eigh(gram)
    return values[::-1], vectors[:, ::-1]


def _largest_by_chance(scores: Mapping[str, np.ndarray]) -> float:
    """Largest variance of a component where every feature has its patients permuted by itself."""
    chance = np.random.default_rng(0)
    return max(
        float(_components({k: chance.permuted(t, axis=0) for k, t in scores.items()})[0][0])
        for _ in range(_SHUFFLES)
    )


def _density(x: np.ndarray) -> np.ndarray:
    """Density of the standard normal distribution; 0 at both infinities."""
    return np.asarray(np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi))


def principal_coordinates(distances: np.ndarray) -> np.ndarray:
    """Coordinates of patients whose Euclidean distances are as given, as far as there are any.

    Parameters
    ----------
    distances : array of shape (n, n)
        Distances.

    Returns
    -------
    array of shape (n, m)
        Coordinates, classical scaling (Torgerson 1952); what no coordinates can show is left out.

    Examples
    --------
    >>> import numpy as np
    >>> points = principal_coordinates(np.array([[0.0, 2.0], [2.0, 0.0]]))
    >>> np.abs(points).round(6).ravel().tolist()
    [1.0, 1.0]
    """
    squared = distances**2
    centred = squared - squared.mean(axis=0) - squared.mean(axis=1, keepdims=True) + squared.mean()
    values, vectors = np.linalg.eigh(-centred / 2)
    real = values > 1e-9 * values.max()
    return np.asarray(vectors[:, real] * np.sqrt(values[real]))


def _stand_ins(network: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """For each patient, the position in a layer of himself, or of his most similar member."""
    nearest = network[:, rows].argmax(axis=1)
    nearest[rows] = np.arange(len(rows))
    return nearest
