"""Cohorts without groups, but with the shared variation of a real one."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import ndtri
from scipy.stats import rankdata

from omicsfuse.assessment.refit import Refit
from omicsfuse.assessment.unimodal import critical_bandwidth, drawn_from_one_mode
from omicsfuse.core.errors import StudyError
from omicsfuse.fusion import patient_distances
from omicsfuse.fusion.distances_choice import distance_table, metric_name

#: Redraws tried until a distance that is undefined for some values (cosine of zeros) is defined.
_TRIES = 20

#: Components whose own distribution is kept at most.
_MOST_SHAPED = 30

#: A feature whose normal scores vary less than this has so many ties that correlations suffer.
_COARSE = 0.95

#: Share of a feature's variance that components explain at most.
_MOST_EXPLAINED = 0.95

#: Strongest factor that the shared part of coarse features is multiplied with, steps of the search
#: for it, and redraws that it is judged by.
_STRONGEST, _HALVINGS, _PILOTS = 4.0, 8, 3

#: Permutations to find how large a component is by chance.
_SHUFFLES = 3


@dataclass(frozen=True, eq=False)
class Continuum:
    """A cohort, ready to be redrawn without groups.

    ``scores`` (n, p_v): normal scores, from the most similar patient where a layer is lacking;
    ``ranked`` (n_v, p_v): values in rising order; ``components`` (n, m): orthonormal, the largest
    first, each layer counting the same; ``bandwidths`` (s,): critical ones of the first s.
    """

    repeat: Refit
    scores: Mapping[str, np.ndarray]
    ranked: Mapping[str, np.ndarray]
    components: np.ndarray
    bandwidths: np.ndarray

    def redrawn(self, chance: np.random.Generator) -> Refit:
        """Draw the cohort anew, without groups.

        Gives the fusion of the redrawn cohort, ready to be made.
        """
        for _ in range(_TRIES - 1):
            try:
                return self._redrawn_once(chance)
            except StudyError:
                continue
        return self._redrawn_once(chance)

    def _redrawn_once(self, chance: np.random.Generator) -> Refit:
        """One draw; a distance may be undefined for what it gives."""
        mixing = self._mixing(chance)
        distances = {name: self._distances(name, mixing) for name in self.repeat.positions}
        return replace(self.repeat, distances=distances)

    def _mixing(self, chance: np.random.Generator) -> np.ndarray:
        """Orthogonal matrix that gives every component new, random coordinates of patients."""
        n, m = self.components.shape
        drawn = chance.normal(size=(n, m))
        for c, bandwidth in enumerate(self.bandwidths):
            component = self.components[:, c] * np.sqrt(n)
            drawn[:, c] = drawn_from_one_mode(component, bandwidth, chance)
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
        values = _by_rank(mixed, self.ranked[name])
        try:
            return patient_distances(values, metric)
        except StudyError as error:
            raise StudyError(
                f"layer {name!r}: in cohorts redrawn without groups, {metric_name(metric)} "
                "is undefined for some patients; choose another metric for the layer."
            ) from error


def continuum(repeat: Refit, network: np.ndarray) -> Continuum:
    """Make a cohort ready to be redrawn.

    ``network`` (n, n).
    """
    n = len(repeat.patients)
    scores, ranked = {}, {}
    for name, rows in repeat.positions.items():
        metric = repeat.metrics[name]
        if isinstance(metric, pd.DataFrame):
            coordinates = principal_coordinates(repeat.distances[name])
            ranked[name] = np.empty((0, 0))
        else:
            layer = repeat.prepared.layers[name]
            table = distance_table(layer, metric).loc[repeat.patients[rows]].to_numpy(np.float64)
            ranked[name] = np.sort(table, axis=0)
            coordinates = normal_scores(table)
        whole = coordinates[_stand_ins(network, rows)]
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


def why_not_redrawn(prepared: Continuum) -> str:
    """Say why a cohort cannot be redrawn; empty where it can.

    Gives the layer whose distance is undefined for redrawn patients.
    """
    try:
        prepared.redrawn(np.random.default_rng(0))
    except StudyError as error:
        return str(error)
    return ""


def normal_scores(table: np.ndarray) -> np.ndarray:
    """Scores (n, p) of a normal variable with the ranks of a complete table, feature by feature.

    Each is the mean between the quantiles of its rank; ties share one interval, and so vary less.
    """
    n = len(table)
    low = (rankdata(table, method="min", axis=0) - 1) / n
    high = rankdata(table, method="max", axis=0) / n
    return np.asarray((_density(ndtri(low)) - _density(ndtri(high))) / (high - low))


def latent_scores(scores: np.ndarray, coarse: np.ndarray, signal: np.ndarray) -> np.ndarray:
    """Undo what cutting into few classes has taken from the correlations of features.

    A feature of few values is taken for a normal one cut into classes; redrawn and cut again it
    would lose correlation twice. So the part of the ``coarse`` (p,) features of ``scores`` (n, p)
    that lies along ``signal`` (n, m) is made stronger by the one factor at which a redrawn layer
    has the real sum of squared correlations between patients. Gives (n, p).
    """
    if not coarse.any():
        return scores
    treated = scores[:, coarse]
    along = signal @ (signal.T @ treated)
    rest = treated - along
    classes = np.sort(treated, axis=0)
    chance = np.random.default_rng(0)
    turns = [
        np.linalg.qr(chance.normal(size=(len(treated), len(treated))))[0] for _ in range(_PILOTS)
    ]
    target = _holding_together(treated)
    low, high = 0.0, _STRONGEST
    for _ in range(_HALVINGS if along.any() else 0):
        factor = (low + high) / 2
        latent = _strengthened(along, rest, factor)
        held = np.mean([_holding_together(_by_rank(turn @ latent, classes)) for turn in turns])
        low, high = (factor, high) if held < target else (low, factor)
    latent = scores.copy()
    latent[:, coarse] = _strengthened(along, rest, (low + high) / 2)
    return latent


def _strengthened(along: np.ndarray, rest: np.ndarray, factor: float) -> np.ndarray:
    """Features of variance 1, of which the part along the components is made stronger."""
    explained = factor**2 * (along**2).mean(axis=0)
    limited = np.minimum(explained, _MOST_EXPLAINED)
    left = (rest**2).mean(axis=0)
    return np.asarray(
        factor * along * np.sqrt(limited / np.where(explained > 0, explained, 1.0))
        + rest * np.sqrt((1 - limited) / np.where(left > 0, left, 1.0))
    )


def _by_rank(mixed: np.ndarray, ranked: np.ndarray) -> np.ndarray:
    """Give the values of each feature, in rising order, to the patients by rank."""
    values = np.empty_like(mixed)
    np.put_along_axis(values, mixed.argsort(axis=0, kind="stable"), ranked, axis=0)
    return values


def _holding_together(table: np.ndarray) -> float:
    """Squared products of patients over all pairs, as a share of the largest possible."""
    centred = table - table.mean(axis=0)
    gram = centred @ centred.T
    total = float(np.trace(gram)) ** 2
    return float((gram**2).sum()) / total if total > 0 else 0.0


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
    """Coordinates (n, m) of patients from distances, by classical scaling (Torgerson 1952)."""
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
