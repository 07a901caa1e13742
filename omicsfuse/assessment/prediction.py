"""Do groups found in one half of the patients hold in the other half?"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from omicsfuse.assessment.consensus import cut_network
from omicsfuse.assessment.refit import MOST_REFITTED, NO_GROUP, Refit
from omicsfuse.clustering.consensus import prediction_strength
from omicsfuse.clustering.spectral import Network
from omicsfuse.core.checks.arguments import seed, whole_number
from omicsfuse.core.errors import StudyError
from omicsfuse.stats.tasks import Runner


def prediction_strengths(
    repeat: Refit,
    network: Network,
    ks: Sequence[int],
    *,
    n_splits: int = 25,
    random_state: int = 0,
    runner: Runner | None = None,
) -> pd.DataFrame:
    """Do groups found in one half of the patients tell who belongs together in the other half?

    Each half is fused by itself with half the neighbours; a patient of the other half goes to the
    group of largest mean affinity in ``network`` (n, n). Gives mean and SD over the splits by k.
    Tibshirani and Walther 2005, J Comput Graph Stat 14:511-528, take the largest k with 0.8 or
    more.
    """
    n = len(repeat.patients)
    if network.shape[0] != n:
        raise StudyError(
            f"the network has {network.shape[0]} patients and the fusion {n}; give "
            "fusion.network() of the same fusion."
        )
    wanted = sorted({whole_number(k, "a member of ks") for k in ks})
    n_splits = whole_number(n_splits, "n_splits")
    seeds = np.random.SeedSequence(seed(random_state)).spawn(n_splits)
    strengths = np.array(
        (runner or Runner()).map(
            _one_split, seeds, repeat, network, tuple(wanted), label="splits into halves"
        )
    )
    table = pd.DataFrame(index=pd.Index(wanted, name="k"))
    table["prediction_strength"] = strengths.mean(axis=0)
    table["prediction_strength_sd"] = strengths.std(axis=0, ddof=1) if n_splits > 1 else np.nan
    return table


def _one_split(
    repeat: Refit,
    network: Network,
    ks: tuple[int, ...],
    task: np.random.SeedSequence,
) -> list[float]:
    """Prediction strength at each k of one split, over both directions."""
    rng = np.random.default_rng(task)
    n = len(repeat.patients)
    size = min(n // 2, MOST_REFITTED)
    order = rng.permutation(n)
    halves = [
        np.sort(order[:size]),
        np.sort(order[size : min(2 * size + n % 2, 2 * MOST_REFITTED)]),
    ]
    start = int(rng.integers(2**31))
    half = replace(repeat, method=repeat.method.of_part(0.5))
    labels = [cut_network(*half.network(rows), ks, start) for rows in halves]
    strengths = []
    for k in ks:
        grouped = [codes[k] != NO_GROUP for codes in labels]
        rows = [half_rows[inside] for half_rows, inside in zip(halves, grouped, strict=True)]
        codes = [half_codes[k][inside] for half_codes, inside in zip(labels, grouped, strict=True)]
        both = [
            _tested(network, rows[test], codes[test], rows[1 - test], codes[1 - test])
            for test in (0, 1)
        ]
        strengths.append(float(np.mean(both)))
    return strengths


def _tested(
    network: Network,
    test: np.ndarray,
    labels: np.ndarray,
    training: np.ndarray,
    groups: np.ndarray,
) -> float:
    """Prediction strength of the groups of some patients for the groups of others."""
    if not len(test) or not len(training):
        return float("nan")
    member = np.zeros((network.shape[0], int(groups.max()) + 1))
    member[training, groups] = 1 / np.bincount(groups)[groups]
    return prediction_strength(labels, (network @ member)[test].argmax(axis=1))
