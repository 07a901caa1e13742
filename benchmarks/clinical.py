"""Type I error of the tests of clinical columns and genes, and coverage of effect intervals.

Run with: python benchmarks/clinical.py; the figures stand in docs/clinical.md.
"""

import numpy as np
import pandas as pd
from scipy import stats

from omicsfuse.biology import alterations, associate
from omicsfuse.core.cohort import Cohort, Layer
from omicsfuse.core.results import Subtypes
from omicsfuse.stats.effect_sizes import cramer_interval, epsilon_interval

LEVELS = (0.05, 0.01)


def type_one_error(n: int, shares: list[float], rng: np.random.Generator, rounds: int) -> None:
    """Print the share of null tests with p at most 0.05 and 0.01."""
    found: dict[str, list[float]] = {}
    for _ in range(rounds):
        patients = pd.Index([f"P{i:04d}" for i in range(n)])
        labels = pd.Series(rng.choice(len(shares), n, p=shares), patients).map("S{}".format)
        clinical = pd.DataFrame(
            {f"number {i}": rng.normal(size=n) for i in range(20)}
            | {f"skewed {i}": rng.lognormal(0, 2, n) for i in range(10)}
            | {f"two {i}": rng.choice(["a", "b"], n, p=[0.8, 0.2]) for i in range(20)}
            | {
                f"four {i}": rng.choice(list("abcd"), n, p=[0.5, 0.3, 0.15, 0.05])
                for i in range(20)
            },
            patients,
        )
        genes = (rng.random((n, 150)) < rng.uniform(0.02, 0.5, 150)).astype(float)
        cohort = Cohort(
            "null",
            {"m": Layer("mutation", pd.DataFrame(genes, patients).rename(columns=str))},
            clinical,
        )
        subtypes = Subtypes(labels, {}, {})
        table = associate(subtypes, cohort, n_permutations=999)
        for test, rows in table.dropna(subset=["p"]).groupby("test"):
            found.setdefault(str(test), []).extend(rows["p"])
        table = alterations(subtypes, cohort, n_permutations=999)
        found.setdefault("genes", []).extend(table["p"].dropna())
    for test, values in sorted(found.items()):
        hits = [f"{np.mean(np.array(values) <= level):.3f}" for level in LEVELS]
        print(f"| {n} | {len(shares)} | {test} | {len(values):,} | {' | '.join(hits)} |")


def coverage(rng: np.random.Generator, draws: int = 2000) -> None:
    """Print how often the 95% intervals hold the true effect."""
    for odds in (1.0, 2.0, 4.0, 8.0):
        joint = np.array([[odds, 1.5, 1], [1, 1.5, odds]])
        joint /= joint.sum()
        expected = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0)
        true = float(np.sqrt(((joint - expected) ** 2 / expected).sum()))
        for n in (60, 200):
            held = 0
            for table in rng.multinomial(n, joint.ravel(), draws).reshape(-1, 2, 3):
                statistic = stats.chi2_contingency(table, correction=False).statistic
                low, high = cramer_interval(float(statistic), n, 2, 3)
                held += low <= true <= high
            print(f"| Cramer's V | {true:.2f} | {n} | {held / draws:.3f} |")
    for shift in (0.0, 0.3, 0.6, 1.0):
        groups = np.repeat(np.arange(3), 20_000)
        values = rng.normal(shift * groups)
        large = [values[groups == g] for g in range(3)]
        true = float(stats.kruskal(*large).statistic) / (len(values) - 1)
        for n in (60, 200):
            held = 0
            for _ in range(draws):
                parts = [rng.normal(shift * g, size=n // 3) for g in range(3)]
                size = 3 * (n // 3)
                low, high = epsilon_interval(float(stats.kruskal(*parts).statistic), size, 3)
                held += low <= true + 1e-4 and true - 1e-4 <= high
            print(f"| epsilon squared | {true:.2f} | {n} | {held / draws:.3f} |")


if __name__ == "__main__":
    generator = np.random.default_rng(0)
    for patients in (40, 100, 500):
        type_one_error(patients, [0.6, 0.4], generator, 40)
        type_one_error(patients, [0.4, 0.3, 0.2, 0.1], generator, 40)
    coverage(generator)
