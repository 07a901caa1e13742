"""Restricted mean survival time: a comparison that needs no proportional hazards."""

from itertools import combinations

import numpy as np
import pandas as pd
from scipy.special import erfc

from omicsfuse.stats.levels import Z
from omicsfuse.stats.multiple_testing import benjamini_hochberg
from omicsfuse.stats.p_values import permutation_p
from omicsfuse.survival._input import MINIMUM_EVENTS, events_text, patients_in_common
from omicsfuse.survival.logrank import FIRST_PERMUTATIONS

RESTRICTED_MEAN_COLUMNS = [
    "endpoint", "comparison", "n", "events", "tau", "estimate", "ci_low", "ci_high",
    "p_asymptotic", "p_permutation", "fdr", "note",
]  # fmt: skip


def restricted_means(
    labels: pd.Series,
    survival: pd.DataFrame,
    endpoint: str,
    n_permutations: int = FIRST_PERMUTATIONS,
    random_state: int = 0,
) -> pd.DataFrame:
    """Estimate the mean survival time of each subtype up to a time tau, and the differences.

    The area under the Kaplan-Meier curve to the longest time to which the curves compared are
    known, of all or of the pair: a rule that sees no difference. Greenwood's variances; p also by
    studentised permutation, as the asymptotic one is too small with few patients. Empty with left
    truncation or competing events. Royston and Parmar 2011, Stat Med 30:2409-2421; Ditzhaus, Yu and
    Xu 2023, Stat Med 42:2226-2240.
    """
    from omicsfuse.survival.restricted_mean_kernel import restricted_mean

    if "entry" in survival or "cause" in survival:
        return pd.DataFrame(columns=RESTRICTED_MEAN_COLUMNS)
    matched, survival, names = patients_in_common(labels, survival)
    time, event = survival["time"].to_numpy(dtype=float), survival["event"].to_numpy(dtype=bool)
    codes = pd.Categorical(matched, categories=names).codes
    order = np.lexsort((event, time, codes))
    order = order[np.argsort(time[order], kind="stable")]
    time, event, codes = time[order], event[order], codes[order]
    known = [_known_until(time[codes == code], event[codes == code]) for code in range(len(names))]
    tau = min(min(known), float(time.max()))
    rows = []
    for code, name in enumerate(names):
        inside = codes == code
        mean, variance = restricted_mean(time, event, inside, tau)
        rows.append(_row(name, inside, time, event, tau, mean, variance))
    for first, second in combinations(range(len(names)), 2):
        inside = np.isin(codes, (first, second))
        tau = min(known[first], known[second], float(time[inside].max()))
        mean_of = {
            code: restricted_mean(time, event, codes == code, tau) for code in (first, second)
        }
        difference = mean_of[second][0] - mean_of[first][0]
        variance = mean_of[second][1] + mean_of[first][1]
        comparison = f"{names[second]} minus {names[first]}"
        row = _row(comparison, inside, time, event, tau, difference, variance)
        if not min(mean_of[first][1], mean_of[second][1]) > 0:
            row["ci_low"] = row["ci_high"] = np.nan
        events = int((event & inside & (time <= tau)).sum())
        if events < MINIMUM_EVENTS:
            told = events_text(events)
            row["note"] = f"no p-value: {told} up to tau, fewer than {MINIMUM_EVENTS}"
        elif not variance > 0:
            row["note"] = "no p-value: no variance up to tau"
        else:
            certain = [names[code] for code in (first, second) if not mean_of[code][1] > 0]
            if certain:
                row["note"] = f"no asymptotic p-value: no variance in {', '.join(certain)}"
            else:
                row["p_asymptotic"] = float(erfc(abs(difference) / np.sqrt(2 * variance)))
            if n_permutations:
                row["p_permutation"] = _permuted(
                    time[inside],
                    event[inside],
                    (codes[inside] == second).astype(np.int64),
                    tau,
                    difference**2 / variance,
                    n_permutations,
                    random_state,
                )
        rows.append(row)
    table = pd.DataFrame(rows).assign(endpoint=endpoint)
    best = table["p_permutation"].fillna(table["p_asymptotic"])
    table["fdr"] = benjamini_hochberg(best.to_numpy(dtype=float))
    return table[RESTRICTED_MEAN_COLUMNS]


def _known_until(time: np.ndarray, event: np.ndarray) -> float:
    """Time up to which a Kaplan-Meier curve is known; infinite where it ends at 0."""
    last = float(time.max())
    return float("inf") if event[time == last].all() else last


def _row(
    comparison: str,
    inside: np.ndarray,
    time: np.ndarray,
    event: np.ndarray,
    tau: float,
    estimate: float,
    variance: float,
) -> dict[str, object]:
    # Without variance (nobody had the event) an interval of no width would claim certainty.
    half = Z * np.sqrt(variance) if variance > 0 else np.nan
    return {
        "comparison": comparison,
        "n": int(inside.sum()),
        "events": int((event & inside & (time <= tau)).sum()),
        "tau": tau,
        "estimate": estimate,
        "ci_low": estimate - half,
        "ci_high": estimate + half,
        "p_asymptotic": np.nan,
        "p_permutation": np.nan,
        "note": "",
    }


def _permuted(
    time: np.ndarray,
    event: np.ndarray,
    codes: np.ndarray,
    tau: float,
    observed: float,
    n_permutations: int,
    seed: int,
) -> float:
    from omicsfuse.survival.restricted_mean_kernel import count_extreme_differences

    # Ties differ by rounding only: they count as at least as extreme.
    threshold = observed * (1 - 1e-9)
    state = int(np.random.SeedSequence(seed).generate_state(1)[0])
    extreme = count_extreme_differences(
        time, event, np.sort(codes), tau, threshold, n_permutations, state
    )
    return permutation_p(extreme, n_permutations)
