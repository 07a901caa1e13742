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
from omicsfuse.assessment.refusion import Refusion
from omicsfuse.core.checks.arguments import seed, whole_number
from omicsfuse.core.results import Subtypes
from omicsfuse.stats.intervals import percentile_interval
from omicsfuse.stats.multiple_testing import benjamini_hochberg
from omicsfuse.stats.p_values import permutation_p
from omicsfuse.stats.tasks import Runner

#: What is measured on the real layer and on each permuted copy, in order.
EFFECTS = ("shared", "held_out", "stability", "silhouette")


def permuted_layers(
    repeat: Refusion,
    subtypes: Subtypes,
    *,
    n_permutations: int = 199,
    whole: bool = True,
    random_state: int = 0,
    runner: Runner | None = None,
) -> pd.DataFrame:
    r"""Compare each layer with copies of itself whose patients have changed places.

    A permuted copy keeps everything the layer is by itself, its own groups included, and loses what
    it shares with the other layers. Under the null hypothesis that the layer's patients are
    exchangeable given the other layers, the real layer is one such copy among others. Four things
    are measured:

    - ``shared``: agreement of the layer with the others, grouped apart: the mean silhouette in each
      other layer's network of the groups found from this layer alone, averaged with the mean
      silhouette in this layer's network of the groups found from all the others. Its p-value is the
      headline, ``p_adds``: whether the layer has anything that the others bear out.
    - ``held_out``: each other layer in turn is held out, the patients are grouped by all that are
      left, this layer among them, and the mean silhouette of these groups in the network of the
      layer held out is taken. A gain says that the layer helps to tell what it has not seen.
    - ``stability``: mean Jaccard index of the groups of all layers with those of three resamples
      of four fifths of the patients.
    - ``silhouette``: mean silhouette of the groups in the fused network.

    All four p-values belong to the same null. The first is the headline because it has the most
    power on planted data (it was chosen there, before any real data were looked at): groups of all
    layers but one may follow a single layer with strong groups of its own, which then drowns what
    the others share, and groups of one layer do not. Silhouettes in the network of a layer were
    preferred to the adjusted Rand index with its own groups, which loses power by cutting a network
    that need not have groups.

    How to read it. A layer with clear groups that no other layer has gains nothing here: it is *not
    shared*, which is not the same as useless. A layer that knows only what the others know already
    gains, as it agrees with them and its copies disturb; ``held_out_without``, the measure with the
    layer left out altogether, tells what the others reach without it. What is shared need not be
    biology: layers made from one measurement (genes and arms of copy number) share it by
    construction, and a hospital's scanner and its laboratory share their patients, so compare the
    subtypes with the technical columns. Stability and silhouette are judged on the network that the
    layer itself is a part of, and depend on how strong its own groups are as much as on what is
    shared: a layer may lower them and yet agree with the others. A gain below 0 there says that the
    real layer pulls the fused network apart more than a layer that has nothing to do with the rest.

    Gives index layer. ``p_adds``, the p-value of ``shared_gain``; ``fdr_adds``, Benjamini-Hochberg
    over the layers. For each of ``shared``, ``held_out``, ``stability`` and ``silhouette``:
    ``..._real``, the value with the real layer; ``..._permuted``, its mean over permuted copies;
    ``..._gain``, the difference; ``..._gain_low`` and ``..._gain_high``, differences from the
    copies at the 97.5th and the 2.5th percentile: an interval that tells what chance does, not how
    the gain would vary with other patients; ``..._gain_p``. Then ``held_out_without`` and
    ``n_permutations``. NaN with one layer or one subtype, and where no 10 patients have both the
    layer and another.

    Notes
    -----
    The p-value is :math:`(1 + \#\{b: T_b \ge T_0\}) / (B + 1)` with :math:`T_0` of the real layer
    and :math:`T_b` of copy b (Phipson and Smyth 2010). It is exact, for any number of patients and
    any statistic, if the real layer and its copies are treated alike: all go through one function
    with the same resampled patients and the same number of resamples, and are cut without
    chance (``discretised_labels``), so that T is a fixed function of the data, and under the null
    all orders of :math:`T_0, \ldots, T_B` are equally likely. More resamples for the real layer
    would make :math:`T_0` less variable than the others, and the p-value wrong; the labels
    reported, from k-means, are not used for the same reason.

    Patients who lack the layer keep lacking it, and only patients who brought the same layers
    change places, so that the null is one given who has which layers.

    References
    ----------
    Phipson B, Smyth GK. Permutation p-values should never be zero. Statistical Applications in
    Genetics and Molecular Biology 2010;9:39.
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
    found = np.array(runner.map(_one_copy, tasks, bench, whole, what="permuted layers"))
    found = found.reshape(len(permuted), n_permutations + 1, len(EFFECTS))
    without = runner.map(_without, permuted, bench, what="layers left out") if whole else []
    return _table(
        names,
        dict(zip(permuted, found, strict=True)),
        dict(zip(permuted, without, strict=False)),
        n_permutations,
    )


def gains(values: np.ndarray) -> dict[str, float]:
    """Compare the value of the real thing with those of permuted copies.

    ``values`` (B + 1,): that of the real thing, then those of the copies. Gives keys ``_real``,
    ``_permuted``, ``_gain``, ``_gain_low``, ``_gain_high`` and ``_gain_p``; NaN but for the first
    where any is missing.
    """
    keys = ("_real", "_permuted", "_gain", "_gain_low", "_gain_high", "_gain_p")
    real, copies = float(values[0]), values[1:]
    if np.isnan(values).any():
        return dict.fromkeys(keys, float("nan")) | {"_real": real}
    low, high = percentile_interval(copies)
    p = permutation_p((copies >= real).sum(), len(copies))
    found = (real, copies.mean(), real - copies.mean(), real - high, real - low, p)
    return dict(zip(keys, map(float, found), strict=True))


def _one_copy(
    bench: Bench, whole: bool, task: tuple[str, np.random.SeedSequence | None]
) -> np.ndarray:
    """The effects with one layer's patients permuted, or as they are where there is no seed."""
    name, own_seed = task
    order = np.arange(len(bench.repeat.positions[name]))
    if own_seed is not None:
        order = bench.repeat.order(name, np.random.default_rng(own_seed))
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
    found: Mapping[str, np.ndarray],
    without: Mapping[str, float],
    n_permutations: int,
) -> pd.DataFrame:
    """One row a layer."""
    nothing = np.full((n_permutations + 1, len(EFFECTS)), np.nan)
    table = []
    for name in names:
        row: dict[str, object] = {"layer": name}
        for effect, values in zip(EFFECTS, found.get(name, nothing).T, strict=True):
            row |= {effect + key: value for key, value in gains(values).items()}
        row["held_out_without"] = without.get(name, float("nan"))
        table.append(row)
    frame = pd.DataFrame(table).set_index("layer")
    p = frame["shared_gain_p"].to_numpy()
    frame.insert(0, "p_adds", p)
    frame.insert(1, "fdr_adds", benjamini_hochberg(p))
    frame["n_permutations"] = n_permutations
    return frame
