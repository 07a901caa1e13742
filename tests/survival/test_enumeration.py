"""Permutation p-values against all arrangements of the groups, on tiny data with ties."""

from collections.abc import Iterator
from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest

from omicsfuse.survival.logrank import logrank_test, permutation_logrank
from omicsfuse.survival.restricted_mean import restricted_means
from omicsfuse.survival.restricted_mean_kernel import restricted_mean


def arrangements(codes: np.ndarray) -> Iterator[np.ndarray]:
    """All distinct orders of the group codes."""
    names, sizes = np.unique(codes, return_counts=True)
    everyone = range(len(codes))

    def fill(free: tuple[int, ...], group: int) -> Iterator[dict[int, int]]:
        if group == len(names):
            yield {}
            return
        for chosen in combinations(free, int(sizes[group])):
            rest = tuple(i for i in free if i not in chosen)
            for others in fill(rest, group + 1):
                yield {**dict.fromkeys(chosen, int(names[group])), **others}

    for found in fill(tuple(everyone), 0):
        yield np.array([found[i] for i in everyone])


def share_as_extreme(
    time: np.ndarray, event: np.ndarray, group: np.ndarray, strata: np.ndarray, **options: object
) -> float:
    """Share of all arrangements within strata that are as extreme as the one given."""
    observed = logrank_test(time, event, group, strata=strata, **options).chi2
    places = [np.flatnonzero(strata == stratum) for stratum in np.unique(strata)]
    extreme = total = 0
    for parts in product(*(list(arrangements(group[place])) for place in places)):
        labels = np.empty_like(group)
        for place, part in zip(places, parts, strict=True):
            labels[place] = part
        chi2 = logrank_test(time, event, labels, strata=strata, **options).chi2
        extreme += chi2 >= observed - 1e-9
        total += 1
    return extreme / total


TIME = np.array([2, 3, 3, 5, 6, 6, 8, 9, 9, 4.0])
EVENT = np.array([1, 1, 0, 1, 1, 1, 0, 1, 1, 1])
ENTRY = np.array([0, 0, 1, 4, 2, 0, 1, 5, 0, 0])
ONE = np.zeros(10, dtype=int)
TWO_SITES = np.array([0, 1, 0, 1, 0, 1, 0, 1, 0, 1])
CASES = {
    "two groups": (np.array([0, 0, 0, 0, 1, 1, 0, 1, 1, 1]), ONE, {}),
    "two unequal groups": (np.array([1, 0, 0, 0, 0, 1, 0, 0, 0, 0]), ONE, {}),
    "two strata": (np.array([0, 0, 0, 0, 1, 1, 0, 1, 1, 1]), TWO_SITES, {}),
    "three groups in two strata": (np.array([0, 0, 0, 1, 1, 1, 2, 2, 2, 0]), TWO_SITES, {}),
    "late entry": (np.array([0, 0, 0, 0, 1, 1, 0, 1, 1, 1]), ONE, {"entry": ENTRY}),
    "trend in two strata": (
        np.array([0, 0, 0, 1, 1, 1, 2, 2, 2, 0]), TWO_SITES, {"trend": [1.0, 2.0, 3.0]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_log_rank_permutation_equals_enumeration(case: str) -> None:
    group, strata, options = CASES[case]
    exact = share_as_extreme(TIME, EVENT, group, strata, **options)
    n = 100_000
    found = permutation_logrank(TIME, EVENT, group, n, 1, strata=strata, **options)
    # Five standard errors of a share; the interval itself may miss 1 in 20 times.
    assert found.p == pytest.approx(exact, abs=5 * np.sqrt(exact * (1 - exact) / n) + 1 / n)


def test_three_groups_of_nine_equal_enumeration() -> None:
    group = np.array([0, 0, 1, 1, 0, 1, 2, 2, 2])
    exact = share_as_extreme(TIME[:9], EVENT[:9], group, ONE[:9])
    found = permutation_logrank(TIME[:9], EVENT[:9], group, 100_000, 2)
    assert found.p == pytest.approx(exact, abs=5 * np.sqrt(exact / 100_000))


@pytest.mark.parametrize("seed", range(3))
def test_restricted_mean_permutation_equals_enumeration(seed: int) -> None:
    rng = np.random.default_rng(seed)
    # The last two patients, one of each group, reach tau.
    time = np.append(np.sort(rng.integers(1, 9, 11)), [9, 9]).astype(float)
    event = np.ones(13, dtype=bool)
    event[[3, 8]] = False
    codes = np.append(rng.permutation(np.repeat([0, 1], [7, 4])), [0, 1])
    labels = pd.Series(np.where(codes == 1, "S2", "S1"))
    survival = pd.DataFrame({"time": time, "event": event * 1})
    row = restricted_means(labels, survival, "os", 40_000, 0).iloc[-1]
    assert row["events"] == 11

    def studentised(second: np.ndarray) -> float:
        means = [restricted_mean(time, event, second == code, row["tau"]) for code in (0, 1)]
        variance = means[0][1] + means[1][1]
        difference = means[1][0] - means[0][0]
        if variance <= 0:
            return np.inf if difference else 0.0
        return difference**2 / variance

    observed = studentised(codes)
    exact = np.mean([studentised(order) >= observed * (1 - 1e-9) for order in arrangements(codes)])
    assert row["p_permutation"] == pytest.approx(exact, abs=5 * np.sqrt(exact / 40_000))
