"""All log-rank tests of one endpoint: the subtypes together, and each pair of them."""

from itertools import combinations

import numpy as np
import pandas as pd

from omicsfuse.results import SURVIVAL_COLUMNS
from omicsfuse.statistics import benjamini_hochberg
from omicsfuse.survival._input import MINIMUM_EVENTS, patients_in_common
from omicsfuse.survival.logrank import logrank_test, permutation_logrank


def logrank_table(
    labels: pd.Series,
    survival: pd.DataFrame,
    endpoint: str,
    n_permutations: int = 2000,
    random_state: int = 0,
) -> pd.DataFrame:
    """Compare the survival of all subtypes, then of each pair.

    A row with fewer than ``MINIMUM_EVENTS`` (10) events gives its statistic but no p-value, and
    says so. The false discovery rate is Benjamini and Hochberg's over the asymptotic p-values of
    the pairs of this endpoint; the overall test stands outside that family.

    Parameters
    ----------
    labels : pandas.Series
        Patient -> subtype. Patients without survival are left aside.
    survival : pandas.DataFrame
        Index patient; columns ``time`` and ``event`` (0 or 1). Patients without a subtype are left
        aside.
    endpoint : str
        Name of the endpoint, copied to each row.
    n_permutations : int
        Permutations for ``p_permutation``; 0 leaves it out.
    random_state : int
        Seed; each row starts from it, so a row does not depend on the others.

    Returns
    -------
    pandas.DataFrame
        Columns as in ``SurvivalComparison.tests``.

    Raises
    ------
    CohortError
        If no patient has both a subtype and survival, or values cannot be survival data.
    StudyError
        If ``n_permutations`` is not a whole number.

    References
    ----------
    Benjamini Y, Hochberg Y. J R Stat Soc B 1995;57:289-300.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.survival import logrank_table
    >>> patients = [f"P{i}" for i in range(24)]
    >>> labels = pd.Series(["S1", "S2"] * 12, index=patients)
    >>> survival = pd.DataFrame({"time": range(1, 25), "event": [1, 1, 0] * 8}, index=patients)
    >>> table = logrank_table(labels, survival, "os", n_permutations=99)
    >>> table[["comparison", "n", "events"]].values.tolist()
    [['overall', 24, 16], ['S1 vs S2', 24, 16]]
    """
    matched, survival, names = patients_in_common(labels, survival)
    time = survival["time"].to_numpy(dtype=float)
    event = survival["event"].to_numpy()
    # Codes in natural order, so that nothing below depends on how the subtypes are called.
    codes = pd.Categorical(matched, categories=names).codes
    seeded = {"n_permutations": n_permutations, "random_state": random_state}
    rows = [_row("overall", time, event, codes, names, **seeded)]
    for pair in combinations(range(len(names)), 2):
        inside = np.isin(codes, pair)
        comparison = " vs ".join(names[code] for code in pair)
        rows.append(_row(comparison, time[inside], event[inside], codes[inside], names, **seeded))
    table = pd.DataFrame(rows)
    table.insert(0, "endpoint", endpoint)
    pairs = table["p_asymptotic"].where(np.arange(len(table)) > 0)
    table["fdr"] = benjamini_hochberg(pairs.to_numpy(dtype=float))
    return table[SURVIVAL_COLUMNS]


def _row(
    comparison: str,
    time: np.ndarray,
    event: np.ndarray,
    codes: np.ndarray,
    names: list[str],
    n_permutations: int,
    random_state: int,
) -> dict[str, object]:
    result = logrank_test(time, event, codes)
    present = np.unique(codes)
    events = int(result.observed.sum())
    row: dict[str, object] = {
        "comparison": comparison,
        "n": len(time),
        "events": events,
        "chi2": result.chi2 if result.dof else np.nan,
        **dict.fromkeys(("p_asymptotic", "p_permutation", "p_ci_low", "p_ci_high"), np.nan),
        "note": "",
    }
    if len(present) < 2:
        row["note"] = "only one subtype: nothing to compare"
    elif events < MINIMUM_EVENTS:
        row["note"] = f"no p-value: {events} events, fewer than {MINIMUM_EVENTS}"
    elif not result.dof:
        row["note"] = "no p-value: the subtypes are never at risk together at an event"
    else:
        row["p_asymptotic"] = result.p
        if n_permutations != 0:
            permuted = permutation_logrank(time, event, codes, n_permutations, random_state)
            row["p_permutation"] = permuted.p
            row["p_ci_low"], row["p_ci_high"] = permuted.ci_low, permuted.ci_high
        without = [names[code] for code, n in zip(present, result.observed, strict=True) if not n]
        if without:
            row["note"] = f"no events in {', '.join(without)}"
    return row
