"""One variable against the subtypes: the test, its effect size, and where it stands out."""

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from omicsfuse.stats.effect_sizes import cramer_interval, epsilon_interval
from omicsfuse.stats.p_values import permutation_p
from omicsfuse.stats.shares import fisher_groups

Whole = npt.NDArray[np.int64]

#: Expected count below which the chi-square approximation is not relied on (Cochran 1954).
SMALLEST_EXPECTED = 5
#: Statistics that differ by less than this share are ties, whatever the rounding.
TIE = 1e-9


def kruskal(values: pd.Series, labels: pd.Series) -> dict[str, object]:
    """Kruskal-Wallis test with epsilon squared and its interval; the mean rank that stands out."""
    names = in_order(labels)
    groups = [values[(labels == name).to_numpy()].to_numpy(dtype=float) for name in names]
    statistic, p = (float(x) for x in stats.kruskal(*groups))
    n = len(values)
    low, high = epsilon_interval(statistic, n, len(groups))
    ranks = pd.Series(stats.rankdata(values.to_numpy(dtype=float)), labels.to_numpy())
    sizes = np.array([len(group) for group in groups])
    means = np.array([ranks[ranks.index == name].mean() for name in names])
    away = (means - (n + 1) / 2) / np.sqrt(1 / sizes - 1 / n)
    first = _furthest(away[None, :])[1]
    return {
        "test": "Kruskal-Wallis",
        "statistic": statistic,
        "p": p,
        "effect": statistic / (n - 1),
        "effect_name": "epsilon squared",
        "effect_ci_low": low,
        "effect_ci_high": high,
        **_stands_out(names[first], "higher" if away[first] > 0 else "lower"),
    }


def contingency(
    values: pd.Series, labels: pd.Series, n_permutations: int, random_state: int
) -> dict[str, object]:
    """Chi-square, Fisher's or a Monte Carlo test of categories, with Cramer's V and its interval.

    ``stands_out`` has the largest adjusted residual (Haberman 1973, Biometrics 29:205-220).
    """
    table = pd.crosstab(values.to_numpy(), labels.to_numpy())
    names, levels = in_order(labels), sorted(map(str, table.index))
    counts = table.reindex(index=levels, columns=names).to_numpy()
    statistic, p, expected = chi_square(counts)
    test = "chi-square"
    if (expected < SMALLEST_EXPECTED).any():
        if counts.shape == (2, 2):
            test, p = "Fisher exact", fisher_groups(tuple(counts[0]), tuple(counts.sum(axis=0)))
        else:
            test = "chi-square, Monte Carlo"
            p = monte_carlo(counts, n_permutations, random_state)
    n = int(counts.sum())
    low, high = cramer_interval(statistic, n, *counts.shape)
    spread = np.outer(1 - counts.sum(axis=1) / n, 1 - counts.sum(axis=0) / n)
    residual = (counts - expected) / np.sqrt(expected * spread)
    # Where less than one patient is expected, one by chance would stand out.
    usual = expected >= 1
    row, column = _furthest(np.where(usual, residual, 0.0) if usual.any() else residual)
    side = "more" if residual[row, column] > 0 else "fewer"
    return {
        "test": test,
        "statistic": statistic,
        "p": p,
        "effect": cramers_v(statistic, counts),
        "effect_name": "Cramer's V",
        "effect_ci_low": low,
        "effect_ci_high": high,
        **_stands_out(names[column], f"{side} {levels[row]}"),
    }


def _stands_out(subtype: str, how: str) -> dict[str, object]:
    return {"stands_out": f"{subtype}: {how}", "most_different": subtype, "how": how}


def chi_square(counts: Whole) -> tuple[float, float, npt.NDArray[np.float64]]:
    """Pearson's statistic without continuity correction, its asymptotic p, the expected counts."""
    result = stats.chi2_contingency(counts, correction=False)
    return float(result.statistic), float(result.pvalue), np.asarray(result.expected_freq)


def cramers_v(statistic: float, counts: Whole) -> float:
    """Cramer's V of a table, from its chi-square."""
    return float(np.sqrt(statistic / (counts.sum() * (min(counts.shape) - 1))))


def monte_carlo(counts: Whole, n_permutations: int, random_state: int) -> float:
    """Share of random tables with the same margins whose chi-square is as large, add one each."""
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
    statistic = float(((counts - expected) ** 2 / expected).sum())
    random = stats.random_table(counts.sum(axis=1), counts.sum(axis=0)).rvs(
        n_permutations, random_state=np.random.default_rng(random_state)
    )
    reached = ((random - expected) ** 2 / expected).sum(axis=(1, 2)) >= statistic * (1 - TIE)
    return permutation_p(reached.sum(), n_permutations)


def in_order(labels: pd.Series) -> list[str]:
    """Names of the subtypes there are, S2 before S10."""
    return sorted(map(str, labels.unique()), key=lambda name: (len(name), name))


def _furthest(away: npt.NDArray[np.float64]) -> tuple[int, int]:
    """Row and column of the largest absolute value; of ties a positive one, then the first."""
    largest = np.abs(away) >= np.abs(away).max() * (1 - TIE)
    if (largest & (away > 0)).any():
        largest &= away > 0
    # Column by column: the first subtype comes before the first category.
    column, row = np.argwhere(largest.T)[0]
    return int(row), int(column)
