"""Radiomic clusters against gene modules: level, power and time. Prints the tables of the docs.

Run with ``python benchmarks/module_pairs.py``; about a minute on one core.
"""

import time

import numpy as np

from omicsfuse.imaging.modules.canonical import correlate_pairs, make_splits
from omicsfuse.stats.multiple_testing import benjamini_hochberg

CLUSTERS, MODULES = 10, 6


def blocks(n: int, count: int, sizes: tuple[int, int], random: np.random.Generator) -> list:
    """Blocks with a common factor each, all of them correlated through one more, heavy tails."""
    common = random.standard_normal((n, 1))
    found = []
    for _ in range(count):
        size = int(random.integers(*sizes))
        factor = random.standard_normal((n, 1)) + 0.7 * common
        found.append(factor + random.standard_t(4, size=(n, size)))
    return found


def data_set(n: int, strength: float, seed: int) -> tuple[list, list]:
    random = np.random.default_rng(seed)
    first = blocks(n, CLUSTERS, (1, 40), random)
    second = blocks(n, MODULES, (20, 200), random)
    if strength:
        driver = first[0].mean(axis=1, keepdims=True)
        driver = (driver - driver.mean()) / driver.std()
        second[0] = second[0] + strength * driver
    return first, second


def level(n: int, trials: int) -> None:
    small, any_found = [], 0
    for seed in range(trials):
        found = correlate_pairs(
            *data_set(n, 0.0, seed), make_splits(n, 5, 3, seed), n_permutations=1999
        )
        small.append((found.p <= 0.05).mean())
        any_found += bool((benjamini_hochberg(found.p.ravel()) <= 0.05).any())
    print(f"| {n} | none | {trials} | {np.mean(small):.3f} | {any_found / trials:.3f} | |")


def power(n: int, strength: float, trials: int) -> None:
    hit, false, r = 0, [], []
    for seed in range(trials):
        found = correlate_pairs(
            *data_set(n, strength, 1000 + seed), make_splits(n, 5, 3, seed), n_permutations=1999
        )
        called = benjamini_hochberg(found.p.ravel()).reshape(found.p.shape) <= 0.05
        hit += bool(called[0, 0])
        # Clusters and modules of one side are correlated: others of the same row or column may go
        # with the planted one in truth, so that only pairs of neither count as false.
        others = called.copy()
        others[0, :] = others[:, 0] = False
        false.append(others.sum() / max(1, called.sum()))
        r.append(found.correlation[0, 0])
    print(
        f"| {n} | {strength:g} | {trials} | | {np.mean(false):.3f} | {hit / trials:.2f} "
        f"({np.mean(r):.2f}) |"
    )


def timing() -> None:
    random = np.random.default_rng(0)
    first, second = (
        [random.standard_normal((106, int(size))) for size in random.integers(2, 100, count)]
        for count in (40, 20)
    )
    for permutations, enough in ((500, 10**9), (9_999, 20)):
        started = time.perf_counter()
        correlate_pairs(
            first, second, make_splits(106, 5, 3, 0), n_permutations=permutations, enough=enough
        )
        how = "all for every pair" if enough > 20 else "until decided"
        print(f"40 x 20 pairs, n = 106, {permutations:,} permutations ({how}): "
              f"{time.perf_counter() - started:.1f} s")  # fmt: skip


if __name__ == "__main__":
    print("| n | planted | data sets | p <= 0.05 | any or false discovery | power (correlation) |")
    print("| --- | --- | --- | --- | --- | --- |")
    for n in (44, 106):
        level(n, 50)
    for n in (44, 106):
        power(n, 0.6, 15)
    timing()
