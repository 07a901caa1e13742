"""Do the layers share anything, and are there groups? Two tests, and what they say together."""

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd

from omicsfuse.assessment.redraw import Continuum, continuum, why_not_redrawn
from omicsfuse.assessment.refit import Refit
from omicsfuse.clustering import laplacian_spectrum
from omicsfuse.clustering.criteria import affinity_silhouettes, eigengap, normalised_cut
from omicsfuse.clustering.discretise import discretised_labels
from omicsfuse.core.errors import OmicsfuseWarning
from omicsfuse.core.results import NOT_TESTED, VERDICTS
from omicsfuse.stats.levels import SIGNIFICANCE
from omicsfuse.stats.tasks import Runner

#: Criteria that are computed for each k in each draw; the first is the one that is tested.
CRITERIA = ("silhouette", "normalised_cut", "eigengap")


#: Of larger cohorts, so many patients are drawn for the tests.
MOST_TESTED = 1000

#: Kinds of draw: patients permuted within layers, and a continuum.
SHARED, STRUCTURE = "shared", "structure"


def structure_tests(
    repeat: Refit,
    ks: Sequence[int],
    *,
    n_draws: int,
    random_state: int = 0,
    runner: Runner | None = None,
) -> tuple[pd.DataFrame, float, float]:
    """Test whether layers share structure, and whether it comes in groups.

    *Shared structure:* patients of every layer are permuted among those who brought the same
    layers: exact. *Groups:* the cohort is redrawn as a continuum with the same shared variation:
    normal scores are rotated by one random orthogonal matrix (Langsrud 2005, Stat Comput 15:53-60)
    and each feature gets its values back by rank; coordinates on components larger than chance are
    smoothed until they have one mode (Silverman 1981, J R Stat Soc B 43:97-99). A strongly curved
    continuum can be taken for groups. *Statistic:* the mean silhouette at each k, standardised over
    the draws and the real network, at its maximum over k. Gives ``tests``, ``p_shared`` and
    ``p_structure``; NaN with a single layer, or where the cohort cannot be redrawn.
    """
    runner = runner or Runner()
    if len(repeat.patients) > MOST_TESTED:
        chosen = np.random.default_rng(random_state).choice(
            len(repeat.patients), MOST_TESTED, replace=False
        )
        repeat = repeat.among(np.sort(chosen))
    network = repeat.network()[0]
    ks = [k for k in ks if 2 <= k < len(network)]
    prepared = continuum(repeat, network)
    kinds = [SHARED] if len(repeat.positions) > 1 else []
    why = why_not_redrawn(prepared)
    if why:
        warnings.warn(
            f"the existence of groups was not tested: {why}", OmicsfuseWarning, stacklevel=2
        )
    else:
        kinds.append(STRUCTURE)
    if not kinds:
        return pd.DataFrame(), float("nan"), float("nan")
    seeds = np.random.SeedSequence(random_state).spawn(n_draws * len(kinds))
    tasks = [(kinds[i % len(kinds)], seed) for i, seed in enumerate(seeds)]
    drawn = runner.map(one_draw, tasks, prepared, ks, label="null draws")
    observed = network_criteria(network, ks)
    rows, p_values = [], {}
    for place, kind in enumerate(kinds):
        null = np.array(drawn[place :: len(kinds)])
        p_values[kind] = _p_value(observed[0], null[:, 0])
        mean, sd = null.mean(axis=0), null.std(axis=0, ddof=1)
        for c, criterion in enumerate(CRITERIA):
            for i, k in enumerate(ks):
                rows.append(
                    {
                        "test": kind,
                        "k": k,
                        "statistic": criterion,
                        "observed": observed[c, i] * _SIGN[c],
                        "null_mean": mean[c, i] * _SIGN[c],
                        "null_sd": sd[c, i],
                        "excess": (observed[c, i] - mean[c, i]) / sd[c, i] if sd[c, i] > 0 else 0.0,
                        "n_draws": n_draws,
                    }
                )
    p_shared, p_structure = (p_values.get(kind, float("nan")) for kind in (SHARED, STRUCTURE))
    return pd.DataFrame(rows), p_shared, p_structure


#: A lower normalised cut is a better one: it is compared by its negative.
_SIGN = np.array([1.0, -1.0, 1.0])


def network_criteria(network: np.ndarray, ks: Sequence[int]) -> np.ndarray:
    """Mean silhouette, negative normalised cut, eigengap at each k: (3, len(ks)), larger better."""
    values, vectors = laplacian_spectrum(network, max(ks) + 1)
    table = np.zeros((len(CRITERIA), len(ks)))
    for i, k in enumerate(ks):
        # Groups that nobody belongs to are left out.
        labels = np.unique(discretised_labels(vectors, k), return_inverse=True)[1].ravel()
        if labels.max() > 0:
            table[0, i] = affinity_silhouettes(network, labels).mean()
        table[1, i] = -normalised_cut(network, labels)
        table[2, i] = eigengap(values, k)
    # Where a network has no finite criterion, it is not group-like.
    return np.nan_to_num(table, nan=0.0, posinf=0.0, neginf=0.0)


def verdict(p_shared: float, p_structure: float) -> str:
    """Say what the two tests say together.

    Gives one of ``VERDICTS``, or ``"not tested"`` where it hangs on a p-value that is NaN.
    """
    if p_shared > SIGNIFICANCE:
        return VERDICTS[2]
    if np.isnan(p_structure):
        return NOT_TESTED
    return VERDICTS[0] if p_structure <= SIGNIFICANCE else VERDICTS[1]


def one_draw(
    prepared: Continuum, ks: Sequence[int], task: tuple[str, np.random.SeedSequence]
) -> np.ndarray:
    """Compute the criteria of one network that was drawn without groups.

    Gives (3, len(ks)): as from ``network_criteria``.
    """
    kind, seed = task
    chance = np.random.default_rng(seed)
    repeat = prepared.repeat
    if kind == SHARED:
        orders = {name: repeat.order(name, chance) for name in repeat.positions}
        network = repeat.network(shuffled=orders)[0]
    else:
        network = prepared.redrawn(chance).network()[0]
    return network_criteria(network, ks)


def _p_value(observed: np.ndarray, null: np.ndarray) -> float:
    """Share of the draws, the real network among them, with a maximum over k as large."""
    every = np.vstack([observed, null])
    sd = every.std(axis=0)
    standard = (every - every.mean(axis=0)) / np.where(sd > 0, sd, 1.0)
    most = standard.max(axis=1)
    return float((most >= most[0] - 1e-12).mean())
