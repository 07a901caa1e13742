"""How well held-out scores agree with a target: one number, and its interval over patients."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from omicsfuse.core.results import Target
from omicsfuse.stats.arrays import Array
from omicsfuse.stats.concordance import area_under_curve, concordance
from omicsfuse.stats.correlations import spearman

Positions = npt.NDArray[np.int64]

#: Resamples of the patients behind an interval.
N_BOOTSTRAP = 1000


def balanced_accuracy(assigned: Positions, group_of: Positions, counts: Array) -> Array:
    """Mean share in their group (b,): ``assigned`` (r, n), truth (n,), ``counts`` (b, n) drawn."""
    groups = np.unique(group_of[group_of >= 0])
    right = np.where(assigned < 0, 1 / len(groups), assigned == group_of[None]).mean(axis=0)
    shares = []
    for group in groups:
        inside = group_of == group
        with np.errstate(invalid="ignore", divide="ignore"):
            total = counts[:, inside].sum(axis=1)
            shares.append(np.einsum("bi,i->b", counts[:, inside], right[inside]) / total)
    return np.mean(shares, axis=0)


def rank_correlation(scores: Array, values: Array) -> float:
    """Spearman's rho, mean over repeats; 0 where all scores are equal.

    ``scores`` (r, n): scores in r repeats; ``values`` (n,): the target.
    """
    correlation = spearman(scores, np.tile(values, (len(scores), 1)))
    return float(np.nan_to_num(correlation).mean())


def resamples(n: int, random_state: int) -> Array:
    """Count how often each of n patients is drawn, in each bootstrap sample."""
    rng = np.random.default_rng([random_state, 3])
    return rng.multinomial(n, np.full(n, 1 / n), size=N_BOOTSTRAP).astype(float)


def measured(
    target: Target, columns: Sequence[str], scores: Array, assigned: Positions | None, counts: Array
) -> dict[tuple[str, str], Array]:
    """Measures (b,) of a target by (score, measure): scores (r, n, k), ``counts`` (b, n)."""
    values = target.values
    values_of: dict[tuple[str, str], Array] = {}
    if target.kind == "groups":
        labels = values.to_numpy(dtype=object)
        if assigned is not None:
            group_of = np.full(len(labels), -1)
            for j, name in enumerate(columns):
                group_of[labels == name] = j
            values_of["", "balanced accuracy"] = balanced_accuracy(assigned, group_of, counts)
        for j, name in enumerate(columns):
            inside = labels == (name if name in labels else sorted(set(labels))[-1])
            values_of[name, "auc"] = area_under_curve(scores[:, :, j], inside, counts, counts)
    elif target.kind == "survival":
        time, event = values["time"].to_numpy(float), values["event"].to_numpy(float)
        for j, name in enumerate(columns):
            values_of[name, "concordance"] = concordance(
                scores[:, :, j], time, event, counts, counts
            )
    else:
        drawn = np.repeat(np.tile(np.arange(len(values)), len(counts)), counts.astype(int).ravel())
        rows = drawn.reshape(len(counts), -1)
        number = values.to_numpy(float)
        for j, name in enumerate(columns):
            each = [spearman(repeat[rows], number[rows]) for repeat in scores[:, :, j]]
            # Where all scores are equal they say nothing of the target.
            values_of[name, "spearman"] = np.nan_to_num(each).mean(axis=0)
    return values_of
