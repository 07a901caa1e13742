"""How far layers agree that were grouped apart from one another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from omicsfuse.assessment.consensus import RESAMPLED_SHARE
from omicsfuse.assessment.refit import NO_GROUP, Refit
from omicsfuse.assessment.stability import best_jaccard
from omicsfuse.clustering import laplacian_spectrum
from omicsfuse.clustering.criteria import affinity_silhouettes
from omicsfuse.clustering.discretise import discretised_labels
from omicsfuse.core.results import Prepared

#: So many patients are fused with a permuted layer at most; of more, as many are drawn once.
MOST_PERMUTED = 500

#: Resamples that the stability of each copy is measured on.
N_RESAMPLES = 3

#: With fewer patients in common, groups of one layer say nothing about another.
FEWEST_COMMON = 10


@dataclass(frozen=True, eq=False)
class Bench:
    """What is the same for the real layers and for every permuted copy of them.

    ``repeat`` has at most ``MOST_PERMUTED`` patients, ``rows`` (n,) their positions; ``networks``
    are (n_v, n_v); ``others`` (n,): groups from all layers but that one, or ``NO_GROUP``.
    """

    repeat: Refit
    rows: np.ndarray
    k: int
    random_state: int
    networks: Mapping[str, np.ndarray]
    others: Mapping[str, np.ndarray]
    draws: tuple[np.ndarray, ...]

    def but(self, *without: str) -> list[str]:
        """Names of all layers but these."""
        return [name for name in self.repeat.positions if name not in without]

    def groups(
        self,
        layers: Sequence[str] | None = None,
        *,
        rows: np.ndarray | None = None,
        shuffled: Mapping[str, np.ndarray] | None = None,
        repeat: Refit | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Network (m, m) of patients with these layers, and groups (n,) of all, or ``NO_GROUP``."""
        network, there = (repeat or self.repeat).network(rows, layers, shuffled=shuffled)
        groups = np.full(len(there), NO_GROUP)
        if len(network) > self.k:
            vectors = laplacian_spectrum(network, self.k)[1]
            groups[there] = discretised_labels(vectors, self.k)
        return network, groups


def prepared_bench(repeat: Refit, k: int, random_state: int) -> Bench:
    """Draw the patients, compute what all copies share, and leave behind what they do not need."""
    chance = np.random.default_rng([random_state, 0])
    rows = np.arange(len(repeat.patients))
    if len(rows) > MOST_PERMUTED:
        rows = np.sort(chance.choice(rows, MOST_PERMUTED, replace=False))
    n = len(rows)
    positions, distances, networks = {}, {}, {}
    for name, positions_of in repeat.positions.items():
        rows_there = np.flatnonzero(np.isin(rows, positions_of))
        positions[name] = rows_there
        distances[name] = networks[name] = np.zeros((len(rows_there), len(rows_there)))
        if len(rows_there) > 2:
            distances[name] = repeat._distances(name, rows[rows_there])
            networks[name] = repeat.method.affinity(distances[name], n)
    small = replace(
        repeat,
        prepared=Prepared(repeat.prepared.name, {}),
        patients=repeat.patients[rows],
        positions=positions,
        distances=distances,
        metrics={},
    )
    size = max(round(RESAMPLED_SHARE * n), min(n, 2 * k))
    draws = tuple(np.sort(chance.choice(n, size, replace=False)) for _ in range(N_RESAMPLES))
    bench = Bench(small, rows, k, random_state, networks, {}, draws)
    nobody = np.full(n, NO_GROUP)
    others = {
        name: bench.groups(bench.but(name))[1] if len(positions) > 1 else nobody
        for name in positions
    }
    return replace(bench, others=others)


def shared_agreement(bench: Bench, name: str, alone: np.ndarray, network: np.ndarray) -> float:
    """How far a layer agrees with the others, with neither having had a part in the other's groups.

    Mean silhouette of its own groups ``alone`` (n,) in the other layers' networks, averaged with
    that of the others' groups in its ``network`` (n_v, n_v); NaN below 10 shared patients.
    """
    forth = [_silhouette_in(bench.networks[w], alone[bench.repeat.positions[w]])
             for w in bench.but(name)]  # fmt: skip
    back = _silhouette_in(network, bench.others[name][bench.repeat.positions[name]])
    return mean_present([mean_present(forth), back])


def held_out_agreement(
    bench: Bench,
    held: Sequence[str],
    without: Sequence[str] = (),
    shuffled: Mapping[str, np.ndarray] | None = None,
) -> float:
    """Mean silhouette, in each layer held out, of the others' groups; NaN below 10 patients."""
    silhouettes = []
    for name in held:
        left = bench.but(name, *without)
        if left:
            groups = bench.groups(left, shuffled=shuffled)[1]
            silhouettes.append(
                _silhouette_in(bench.networks[name], groups[bench.repeat.positions[name]])
            )
    return mean_present(silhouettes)


def whole_agreement(
    bench: Bench, shuffled: Mapping[str, np.ndarray] | None = None
) -> tuple[float, float]:
    """Stability (mean Jaccard over resamples) and mean silhouette of the groups of all layers."""
    network, groups = bench.groups(shuffled=shuffled)
    jaccards = []
    for rows in bench.draws:
        again = bench.groups(rows=rows, shuffled=shuffled)[1]
        both = (again != NO_GROUP) & (groups[rows] != NO_GROUP)
        jaccards.append(mean_present(best_jaccard(groups[rows][both], again[both], bench.k)))
    return mean_present(jaccards), mean_silhouette(network, groups[groups != NO_GROUP])


def mean_silhouette(network: np.ndarray, groups: np.ndarray) -> float:
    """Mean silhouette of groups in a network; 0 if there is only one."""
    present, codes = np.unique(groups, return_inverse=True)
    return float(affinity_silhouettes(network, codes).mean()) if len(present) > 1 else 0.0


def mean_present(values: Sequence[float] | np.ndarray) -> float:
    """Mean of what is there; NaN if nothing is."""
    array = np.asarray(values, dtype=float)
    present = array[~np.isnan(array)]
    return float(present.mean()) if len(present) else float("nan")


def _silhouette_in(network: np.ndarray, groups: np.ndarray) -> float:
    """Mean silhouette, in a layer's network, of those of its patients who have a group."""
    grouped = np.flatnonzero(groups != NO_GROUP)
    if len(grouped) < FEWEST_COMMON:
        return float("nan")
    return mean_silhouette(network[np.ix_(grouped, grouped)], groups[grouped])
