"""How far a ranking of features holds in other patients: subsamples and halves of the cohort."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from omicsfuse.core.cohort import MINIMUM_PATIENTS
from omicsfuse.imaging.interpretation.adjusted import adjusting_columns
from omicsfuse.imaging.interpretation.associations import MODERATED, linear_effects
from omicsfuse.imaging.interpretation.contrasts import Contrast
from omicsfuse.stats.arrays import Array
from omicsfuse.stats.correlations import spearman
from omicsfuse.stats.levels import TAILS
from omicsfuse.stats.tasks import Runner

#: Share of the patients in each subsample.
SHARE = 0.8
#: The strongest features are this share of them, but at most and at least so many.
STRONGEST, MOST_STRONGEST, LEAST_STRONGEST = 0.05, 50, 5
#: Fewer features have no ranking worth the name.
FEWEST_FEATURES = 20


class Resampled(NamedTuple):
    """Statistics in all patients (p,), in 80% subsamples (r, p) and in both halves (r, 2, p)."""

    whole: Array
    subsamples: Array
    halves: Array


def resampled_statistics(
    table: pd.DataFrame,
    method: str,
    contrast: Contrast,
    design: pd.DataFrame | None,
    n_resamples: int,
    random_state: int,
    n_jobs: int = 1,
) -> Resampled | None:
    """Statistic of every feature in all patients and in resamples; None below 20 patients."""
    x = contrast.numbers.reindex(table.index).to_numpy(dtype=float)
    there = np.isfinite(x)
    columns = None
    if design is not None:
        columns, _ = adjusting_columns(design, table.index)
        if columns is None:
            return None
        there &= ~np.isnan(columns).any(axis=1)
        columns = columns[there]
    y, x = table.to_numpy(dtype=float)[there], x[there]
    if len(x) < 2 * MINIMUM_PATIENTS or y.shape[1] < FEWEST_FEATURES:
        return None
    if method != MODERATED:
        y = stats.rankdata(y, axis=0, nan_policy="omit")
    strata = x if contrast.binary else np.zeros(len(x))
    chunks = np.array_split(np.arange(n_resamples), max(1, min(n_jobs, n_resamples)))
    shared = (y, x, columns, strata, method, random_state)
    done = Runner(n_jobs).map(
        _resampled, [list(numbers) for numbers in chunks], *shared, label="resamples"
    )
    parts = [part for chunk in done for part in chunk]
    whole = _statistic(y, x, columns, method)
    if not parts:
        return Resampled(whole, np.empty((0, y.shape[1])), np.empty((0, 2, y.shape[1])))
    subsamples, halves = (np.array([part[i] for part in parts]) for i in (0, 1))
    return Resampled(whole, subsamples, halves)


def _resampled(
    y: Array,
    x: Array,
    columns: Array | None,
    strata: Array,
    method: str,
    random_state: int,
    numbers: list[int],
) -> list[tuple[Array, Array]]:
    statistics = []
    for number in numbers:
        rng = np.random.default_rng([random_state, 1, int(number)])
        order = rng.permutation(len(x))
        # The same share of every class: positions within each, counted in a random order.
        place = np.empty(len(x))
        for value in np.unique(strata):
            members = order[strata[order] == value]
            place[members] = (np.arange(len(members)) + 0.5) / len(members)
        groups = [place < SHARE, place < 0.5, place >= 0.5]
        parts = [
            _statistic(y[rows], x[rows], None if columns is None else columns[rows], method)
            for rows in groups
        ]
        statistics.append((parts[0], np.array(parts[1:])))
    return statistics


def _statistic(y: Array, x: Array, columns: Array | None, method: str) -> Array:
    if method == MODERATED:
        return linear_effects(y, x, columns).statistic
    observed = ~np.isnan(y)
    n = observed.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        y = np.where(observed, y - np.where(observed, y, 0.0).sum(axis=0) / n, 0.0)
        ranks = stats.rankdata(x)
        centred = ranks - ranks.mean()
        return np.einsum("n,np->p", centred, y) / np.sqrt(
            np.einsum("np,np->p", y, y) * np.sum(centred**2)
        )


def among_strongest(resampled: Resampled) -> Array:
    """Share of the subsamples in which each feature is among the strongest.

    Gives (p,): NaN for features without a statistic in all patients.
    """
    p = int(np.isfinite(resampled.whole).sum())
    most = min(MOST_STRONGEST, max(LEAST_STRONGEST, round(STRONGEST * p)))
    strength = np.nan_to_num(np.abs(resampled.subsamples), nan=-1.0)
    order = np.argsort(-strength, axis=1, kind="stable")[:, :most]
    counts = np.zeros(len(resampled.whole))
    np.add.at(counts, order.ravel(), 1.0)
    shares = counts / max(1, len(strength))
    return np.where(np.isfinite(resampled.whole) & (len(strength) > 0), shares, np.nan)


def ranking_stability(resampled: Resampled) -> dict[str, float]:
    """Rank correlation of subsamples with all patients, and of halves with one another.

    Even without any truth a subsample has about 0.9; between halves, which share nobody, about 0.
    """
    whole = _over([(resampled.whole, part) for part in resampled.subsamples])
    halves = _over([(first, second) for first, second in resampled.halves])
    names = ("rank_correlation", "low", "high", "split_half", "split_half_low", "split_half_high")
    return dict(zip(names, (*whole, *halves), strict=True))


def _over(pairs: list[tuple[Array, Array]]) -> tuple[float, float, float]:
    """Median, 2.5% and 97.5% of the rank correlations of pairs."""
    values = []
    for first, second in pairs:
        both = np.isfinite(first) & np.isfinite(second)
        if both.sum() >= FEWEST_FEATURES:
            values.append(float(spearman(first[None, both], second[None, both])[0]))
    values = [value for value in values if np.isfinite(value)]
    if not values:
        return np.nan, np.nan, np.nan
    low, middle, high = np.round(np.quantile(values, (TAILS[0], 0.5, TAILS[1])), 12)
    return float(middle), float(low), float(high)
