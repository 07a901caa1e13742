"""Does a layer share anything with the others? The real one against patient-permuted copies."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from omicsfuse.assessment.between_layers import (
    FEWEST_COMMON,
    Bench,
    held_out_agreement,
    prepared_bench,
    shared_agreement,
    whole_agreement,
)
from omicsfuse.assessment.refit import Refit
from omicsfuse.core.checks.arguments import seed, whole_number
from omicsfuse.core.results import Subtypes
from omicsfuse.stats.intervals import percentile_interval
from omicsfuse.stats.multiple_testing import benjamini_hochberg
from omicsfuse.stats.p_values import permutation_p
from omicsfuse.stats.tasks import Runner

#: What is measured on the real layer and on each permuted copy, in order.
EFFECTS = ("shared", "held_out", "stability", "silhouette")


def permuted_layers(
    repeat: Refit,
    subtypes: Subtypes,
    *,
    n_permutations: int = 199,
    whole: bool = True,
    random_state: int = 0,
    runner: Runner | None = None,
) -> pd.DataFrame:
    """Compare each layer with copies of itself whose patients have changed places.

    A copy loses what the layer shares with the others; patients move among those who brought the
    same layers, so that the null is one given who has which. ``shared`` is that of
    `shared_agreement`, with the headline p-value; ``held_out`` judges the groups of all other
    layers in each layer's network in turn; ``..._without`` does so without the layer. Gives index
    layer; for each measure ``..._real``, ``..._permuted``, ``..._gain`` with limits over the copies
    (what chance does) and ``..._gain_p`` (Phipson and Smyth 2010, Stat Appl Genet Mol Biol 9:39);
    ``fdr_adds`` over the layers. NaN where no 10 patients have the layer and another.
    """
    runner = Runner() if runner is None else runner
    n_permutations, random_state = (
        whole_number(n_permutations, "n_permutations"),
        seed(random_state),
    )
    names = list(repeat.positions)
    k = subtypes.labels.nunique()
    if k < 2 or len(names) < 2:
        return _table(names, {}, {}, n_permutations)
    bench = prepared_bench(repeat, k, random_state)
    permuted = [name for name in names if len(bench.repeat.positions[name]) >= FEWEST_COMMON]
    seeds = iter(np.random.SeedSequence([random_state, 1]).spawn(len(permuted) * n_permutations))
    tasks = [
        (name, next(seeds) if b else None) for name in permuted for b in range(n_permutations + 1)
    ]
    effects = np.array(runner.map(_one_copy, tasks, bench, whole, label="permuted layers"))
    effects = effects.reshape(len(permuted), n_permutations + 1, len(EFFECTS))
    without = runner.map(_without, permuted, bench, label="without each layer") if whole else []
    return _table(
        names,
        dict(zip(permuted, effects, strict=True)),
        dict(zip(permuted, without, strict=False)),
        n_permutations,
    )


def gains(values: np.ndarray) -> dict[str, float]:
    """Compare the real value with permuted copies: ``values`` (B + 1,), the real one first."""
    keys = ("_real", "_permuted", "_gain", "_gain_low", "_gain_high", "_gain_p")
    real, copies = float(values[0]), values[1:]
    if np.isnan(values).any():
        return dict.fromkeys(keys, float("nan")) | {"_real": real}
    low, high = percentile_interval(copies)
    p = permutation_p((copies >= real).sum(), len(copies))
    estimates = (real, copies.mean(), real - copies.mean(), real - high, real - low, p)
    return dict(zip(keys, map(float, estimates), strict=True))


def _one_copy(
    bench: Bench, whole: bool, task: tuple[str, np.random.SeedSequence | None]
) -> np.ndarray:
    """The effects with one layer's patients permuted, or as they are where there is no seed."""
    name, task_seed = task
    order = np.arange(len(bench.repeat.positions[name]))
    if task_seed is not None:
        order = bench.repeat.order(name, np.random.default_rng(task_seed))
    shuffled = {name: order}
    alone = bench.groups([name], shuffled=shuffled)[1]
    shared = shared_agreement(bench, name, alone, bench.networks[name][np.ix_(order, order)])
    if not whole:
        return np.array([shared, np.nan, np.nan, np.nan])
    held_out = held_out_agreement(bench, bench.but(name), shuffled=shuffled)
    return np.array([shared, held_out, *whole_agreement(bench, shuffled)])


def _without(bench: Bench, name: str) -> float:
    """What the other layers tell of one another with this one left out."""
    return held_out_agreement(bench, bench.but(name), without=[name])


def _table(
    names: list[str],
    effects: Mapping[str, np.ndarray],
    without: Mapping[str, float],
    n_permutations: int,
) -> pd.DataFrame:
    """One row a layer."""
    nothing = np.full((n_permutations + 1, len(EFFECTS)), np.nan)
    table = []
    for name in names:
        row: dict[str, object] = {"layer": name}
        for effect, values in zip(EFFECTS, effects.get(name, nothing).T, strict=True):
            row |= {effect + key: value for key, value in gains(values).items()}
        row["held_out_without"] = without.get(name, float("nan"))
        table.append(row)
    frame = pd.DataFrame(table).set_index("layer")
    p = frame["shared_gain_p"].to_numpy()
    frame.insert(0, "p_adds", p)
    frame.insert(1, "fdr_adds", benjamini_hochberg(p))
    frame["n_permutations"] = n_permutations
    return frame
