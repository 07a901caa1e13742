"""The log-rank test of two or more groups, with its asymptotic and its permutation p-value."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import chdtrc
from scipy.stats import rankdata

from omicsfuse.core.errors import StudyError
from omicsfuse.stats.intervals import clopper_pearson
from omicsfuse.stats.levels import SIGNIFICANCE
from omicsfuse.stats.p_values import permutation_p
from omicsfuse.survival._input import check_groups
from omicsfuse.survival.risk_sets import RiskSets

#: Permutations of an adaptive test: at first, and at most.
FIRST_PERMUTATIONS, MOST_PERMUTATIONS = 5_000, 10_000_000
#: An adaptive test stops where an interval of coverage ``STOPPING``, wider than the one reported,
#: since it is looked at more than once, excludes the level of significance ...
STOPPING = 0.99
#: ... or where half the 95% interval is at most this share of the p-value.
PRECISION = 0.05

# Permutations of a block, which has its own random numbers: the same for any number of threads.
_BLOCK = 1_000


@dataclass(frozen=True, eq=False)
class LogRank:
    """Log-rank test; events ``observed`` and ``expected`` by group in order; ``p`` or NaN."""

    chi2: float
    dof: int
    p: float
    observed: np.ndarray
    expected: np.ndarray


@dataclass(frozen=True)
class PermutationP:
    """Permutation p-value, ``(1 + number as extreme) / (1 + n_permutations)``, with its limits.

    The 95% Clopper-Pearson interval of the p-value of all permutations (Phipson and Smyth 2010).
    """

    p: float
    ci_low: float
    ci_high: float
    n_permutations: int


def logrank_test(
    time: np.ndarray,
    event: np.ndarray,
    group: np.ndarray,
    *,
    strata: np.ndarray | None = None,
    entry: np.ndarray | None = None,
    trend: Sequence[float] | None = None,
) -> LogRank:
    """Test whether two or more groups of patients have the same hazard; all arrays (n,).

    Hypergeometric covariance, exact in ties; ``entry`` is left truncation; ``trend`` places each
    group, in sorted order, and must not be chosen by the outcome. Mantel 1966, Cancer Chemother Rep
    50:163-170; Peto and Peto 1972, J R Stat Soc A 135:185-207; Tarone 1975, Biometrika 62:679-682.
    """
    sets = RiskSets(time, event, strata, entry)
    names, codes = check_groups(group, len(sets.order))
    codes = codes[sets.order].astype(np.int64)
    chi2, dof = chi2_of(sets, codes, design_of(len(names), trend))
    events = np.asarray(event, dtype=bool)[sets.order]
    observed = np.bincount(codes[events], minlength=len(names)).astype(float)
    excess = np.bincount(codes, weights=sets.score, minlength=len(names))
    p = float(chdtrc(dof, chi2)) if dof else float("nan")
    return LogRank(chi2, dof, p, observed, observed - excess)


def permutation_logrank(
    time: np.ndarray,
    event: np.ndarray,
    group: np.ndarray,
    n_permutations: int | Literal["adaptive"] = "adaptive",
    random_state: int = 0,
    *,
    strata: np.ndarray | None = None,
    entry: np.ndarray | None = None,
    trend: Sequence[float] | None = None,
    n_jobs: int = 1,
) -> PermutationP:
    """Compare the log-rank statistic with its values after shuffling the group labels.

    Exact for small groups (Vandin et al. 2015, PLoS Comput Biol 11:e1004071) if neither censoring
    nor entry depends on the group; within strata. Adaptive: 5,000, then twice as many, until a 99%
    interval of p excludes 0.05, the 95% one is narrow (half at most 5% of p), or ten million are
    drawn (Besag and Clifford 1991, Biometrika 78:301-304).
    """
    adaptive = isinstance(n_permutations, str) and n_permutations == "adaptive"
    whole = isinstance(n_permutations, int | np.integer) and not isinstance(n_permutations, bool)
    if not adaptive and (not whole or int(n_permutations) < 1):
        raise StudyError(
            f"n_permutations is {n_permutations!r}: give a whole number of at least 1, or "
            '"adaptive"'
        )
    sets = RiskSets(time, event, strata, entry)
    names, codes = check_groups(group, len(sets.order))
    codes = codes[sets.order].astype(np.int64)
    design = design_of(len(names), trend)
    observed, _ = chi2_of(sets, codes, design)
    # Tied statistics differ by rounding only: they count as at least as extreme.
    threshold = observed - 1e-9 * max(1.0, observed)
    # From sorted labels on, shuffles depend on group sizes only, not on the order of the patients.
    for start, stop in zip(sets.stratum_starts[:-1], sets.stratum_starts[1:], strict=True):
        codes[start:stop].sort()
    limit = MOST_PERMUTATIONS if adaptive else int(n_permutations)
    wanted = min(FIRST_PERMUTATIONS, limit) if adaptive else limit
    drawn = extreme = 0
    while drawn < limit:
        extreme += _count(sets, codes, design, threshold, drawn, wanted, random_state, n_jobs)
        drawn += wanted
        low, high = clopper_pearson(extreme, drawn)
        p = permutation_p(extreme, drawn)
        outer = clopper_pearson(extreme, drawn, STOPPING)
        clear = not outer[0] <= SIGNIFICANCE <= outer[1]
        if adaptive and (clear or (high - low) / 2 <= PRECISION * p):
            break
        wanted = min(drawn, limit - drawn)
    return PermutationP(permutation_p(extreme, drawn), low, high, drawn)


def design_of(n_groups: int, trend: Sequence[float] | None = None) -> np.ndarray:
    """Rows whose sums are compared: indicators of all groups but the last, or places."""
    if trend is None:
        return np.eye(n_groups)[: max(n_groups - 1, 0)]
    places = np.asarray(trend, dtype=float)
    if places.shape != (n_groups,) or not np.isfinite(places).all():
        raise StudyError(
            f"trend is {list(trend)}: give a finite number for each of the {n_groups} groups, in "
            "sorted order of the groups"
        )
    return (places - places.mean())[None, :]


def chi2_of(sets: RiskSets, codes: np.ndarray, design: np.ndarray) -> tuple[float, int]:
    """Chi-squared statistic and degrees of freedom of a grouping, patients in order of ``sets``."""
    from omicsfuse.survival.logrank_kernel import statistic

    q = len(design)
    room = (np.empty((len(sets.weight) + 1, q)), np.empty(q), np.empty((q, q)))
    chi2, dof = statistic(
        codes, design, sets.first, sets.last, sets.score, sets.diagonal, sets.weight,
        sets.tolerance, *room,
    )  # fmt: skip
    return float(chi2), int(dof)


def _count(
    sets: RiskSets,
    codes: np.ndarray,
    design: np.ndarray,
    threshold: float,
    begin: int,
    number: int,
    seed: int,
    n_jobs: int,
) -> int:
    """Shuffles from ``begin`` on, ``number`` of them, whose statistic reaches the threshold."""
    from omicsfuse.survival.logrank_kernel import count_extreme

    def of_block(start: int) -> int:
        # Blocks are numbered by their first permutation, whatever the round they are drawn in.
        state = np.random.SeedSequence((seed, start)).generate_state(4, np.uint64)
        return int(
            count_extreme(
                codes, sets.stratum_starts, design, sets.first, sets.last, sets.score,
                sets.diagonal, sets.weight, sets.tolerance, threshold,
                min(_BLOCK, begin + number - start), state,
            )
        )  # fmt: skip

    starts = range(begin, begin + number, _BLOCK)
    if n_jobs == 1 or len(starts) == 1:
        return sum(map(of_block, starts))
    with ThreadPoolExecutor(n_jobs) as pool:
        return sum(pool.map(of_block, starts))


def permutation_trend(
    time: np.ndarray,
    event: np.ndarray,
    group: np.ndarray,
    order_by: np.ndarray,
    n_permutations: int = FIRST_PERMUTATIONS,
    random_state: int = 0,
    *,
    entry: np.ndarray | None = None,
) -> PermutationP:
    """Test of trend over groups in the order of the mean of ``order_by`` (n,), which may have NaN.

    A variable that goes with survival orders any groups so: with a fixed order 10 to 30% of tests
    are below 0.05. So the groups are put in order anew in each permutation.
    """
    values = np.asarray(order_by, dtype=float)
    # Ties of time are then in the order of the variable, not in that of the patients.
    first = np.lexsort((values,))
    late = None if entry is None else np.asarray(entry)[first]
    sets = RiskSets(np.asarray(time)[first], np.asarray(event)[first], None, late)
    names, codes = check_groups(np.asarray(group)[first], len(first))
    codes, values = codes[sets.order].astype(np.int64), values[first][sets.order]
    known = np.isfinite(values)
    filled = np.where(known, values, 0.0)
    overall = float(values[known].mean()) if known.any() else 0.0

    def chi2(labels: np.ndarray) -> float:
        counts = np.bincount(labels, weights=known, minlength=len(names))
        sums = np.bincount(labels, weights=filled, minlength=len(names))
        means = np.where(counts > 0, sums / np.maximum(counts, 1), overall)
        return chi2_of(sets, labels, design_of(len(names), rankdata(means.round(12))))[0]

    observed = chi2(codes)
    threshold = observed - 1e-9 * max(1.0, observed)
    codes.sort()
    chance = np.random.default_rng([random_state, 5])
    extreme = sum(chi2(chance.permutation(codes)) >= threshold for _ in range(n_permutations))
    low, high = clopper_pearson(int(extreme), n_permutations)
    return PermutationP(permutation_p(extreme, n_permutations), low, high, n_permutations)
