"""How well held-out scores agree with a target: one number, and its interval over patients."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import stats

from omicsfuse.core.results import Target
from omicsfuse.stats.arrays import Array

Positions = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

#: Resamples of the patients behind an interval, and its coverage.
N_BOOTSTRAP = 1000
COVERAGE = 0.95


def pair_wins(scores: Array, first: Positions, second: Positions) -> Array:
    """Say in which pairs the first patient has the larger score: 1, equal ones 0.5.

    ``scores`` (r, n): scores of n patients in r repeats; ``first``, ``second``: positions of
    patients. Gives (len(first), len(second)).

    Examples
    --------
    >>> pair_wins(np.array([[1.0, 2.0, 2.0]]), np.array([1]), np.array([0, 2])).tolist()
    [[1.0, 0.5]]
    """
    wins = np.zeros((len(first), len(second)))
    for row in scores:
        wins += (np.sign(row[first][:, None] - row[second][None]) + 1) / 2
    return wins / len(scores)


def area_under_curve(scores: Array, inside: Flags, counts: Array) -> Array:
    """Area under the ROC curve: how often a patient inside has a larger score than one outside.

    ``scores`` (r, n): scores in r repeats; ``inside`` (n,): who is in the group; ``counts`` (b, n):
    how often each patient is there, in each of b resamples. Gives (b,): NaN where all are on one
    side.
    """
    first, second = np.flatnonzero(inside), np.flatnonzero(~inside)
    wins = pair_wins(scores, first, second)
    return _weighted(wins, counts[:, first], counts[:, second], np.ones(wins.shape))


def concordance(scores: Array, time: Array, event: Array, counts: Array) -> Array:
    """Harrell's C: how often who had the event first has the larger score.

    A pair is comparable where one had the event and the other was observed longer, or as long
    without it.

    ``time``, ``event`` (n,): times, and whether the event happened. Gives (b,): NaN without a
    comparable pair.

    References
    ----------
    Harrell et al. 1982, JAMA 247:2543-2546.
    """
    first, everybody = np.flatnonzero(event > 0), np.arange(len(time))
    later = time[None] > time[first][:, None]
    tied = (time[None] == time[first][:, None]) & (event[None] == 0)
    comparable = (later | tied).astype(float)
    wins = pair_wins(scores, first, everybody)
    return _weighted(wins, counts[:, first], counts, comparable)


def balanced_accuracy(assigned: Positions, own: Positions, counts: Array) -> Array:
    """Mean over groups of the share of its patients who are assigned to it.

    ``assigned`` (r, n): group of each patient, by number, in r repeats; ``own`` (n,): true group of
    each patient; ``counts`` (b, n): as in `area_under_curve`. Gives (b,): NaN where a group is
    empty.
    """
    groups = np.unique(own[own >= 0])
    right = np.where(assigned < 0, 1 / len(groups), assigned == own[None]).mean(axis=0)
    shares = []
    for group in groups:
        inside = own == group
        with np.errstate(invalid="ignore", divide="ignore"):
            total = counts[:, inside].sum(axis=1)
            shares.append(np.einsum("bi,i->b", counts[:, inside], right[inside]) / total)
    return np.mean(shares, axis=0)


def rank_correlation(scores: Array, values: Array) -> float:
    """Spearman's rho, mean over repeats; 0 where all scores are equal.

    ``scores`` (r, n): scores in r repeats; ``values`` (n,): the target.
    """
    return float(np.mean(_rank_correlations(scores, np.tile(values, (len(scores), 1)))))


def resamples(n: int, random_state: int) -> Array:
    """Count how often each of n patients is drawn, in each bootstrap sample."""
    rng = np.random.default_rng([random_state, 3])
    return rng.multinomial(n, np.full(n, 1 / n), size=N_BOOTSTRAP).astype(float)


def interval(values: Array) -> tuple[float, float]:
    """Percentile interval of what the resamples gave."""
    found = values[np.isfinite(values)]
    if len(found) < len(values) / 2:
        return float("nan"), float("nan")
    tail = (1 - COVERAGE) / 2
    low, high = np.quantile(found, [tail, 1 - tail])
    return float(low), float(high)


def measured(
    target: Target, columns: Sequence[str], scores: Array, assigned: Positions | None, counts: Array
) -> dict[tuple[str, str], Array]:
    """Every measure of a target: in the patients as they are, or in resamples of them.

    ``scores`` (r, n, k): held-out scores in r repeats; ``assigned`` (r, n); ``counts`` (b, n): how
    often each patient is there. Gives from (score, measure) to an array of shape (b,); the score of
    a measure of all is ``""``.

    Examples
    --------
    >>> import pandas as pd
    >>> target = Target("y", "continuous", pd.Series([1.0, 2, 3]))
    >>> scores = np.array([[[1.0], [2.0], [3.0]]])
    >>> measured(target, ["y"], scores, None, np.ones((1, 3)))
    {('y', 'spearman'): array([1.])}
    """
    values = target.values
    found: dict[tuple[str, str], Array] = {}
    if target.kind == "groups":
        labels = values.to_numpy(dtype=object)
        if assigned is not None:
            own = np.full(len(labels), -1)
            for j, name in enumerate(columns):
                own[labels == name] = j
            found["", "balanced accuracy"] = balanced_accuracy(assigned, own, counts)
        for j, name in enumerate(columns):
            inside = labels == (name if name in labels else sorted(set(labels))[-1])
            found[name, "auc"] = area_under_curve(scores[:, :, j], inside, counts)
    elif target.kind == "survival":
        time, event = values["time"].to_numpy(float), values["event"].to_numpy(float)
        for j, name in enumerate(columns):
            found[name, "concordance"] = concordance(scores[:, :, j], time, event, counts)
    else:
        drawn = np.repeat(np.tile(np.arange(len(values)), len(counts)), counts.astype(int).ravel())
        rows = drawn.reshape(len(counts), -1)
        number = values.to_numpy(float)
        for j, name in enumerate(columns):
            each = [_rank_correlations(repeat[rows], number[rows]) for repeat in scores[:, :, j]]
            found[name, "spearman"] = np.mean(each, axis=0)
    return found


def _rank_correlations(first: Array, second: Array) -> Array:
    """Spearman's rho of each row; 0 where one of them is constant."""
    x, y = stats.rankdata(first, axis=1), stats.rankdata(second, axis=1)
    x, y = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
    lengths = np.sqrt(np.einsum("bi,bi->b", x, x) * np.einsum("bi,bi->b", y, y))
    along = np.einsum("bi,bi->b", x, y)
    return np.divide(along, lengths, out=np.zeros(len(x)), where=lengths > 0)


def _weighted(wins: Array, first: Array, second: Array, comparable: Array) -> Array:
    """Share of wins among comparable pairs, each pair counted as often as it was drawn."""
    won = np.einsum("bi,ij->bj", first, wins * comparable)
    pairs = np.einsum("bi,ij->bj", first, comparable)
    with np.errstate(invalid="ignore", divide="ignore"):
        share: Array = np.einsum("bj,bj->b", won, second) / np.einsum("bj,bj->b", pairs, second)
    return share
