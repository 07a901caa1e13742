"""The log-rank test of trend over subtypes whose order comes from the same patients."""

import numpy as np
from scipy.stats import rankdata

from omicsfuse.stats.intervals import clopper_pearson
from omicsfuse.stats.p_values import permutation_p
from omicsfuse.survival._input import check_groups
from omicsfuse.survival.logrank import (
    FIRST_PERMUTATIONS,
    PermutationP,
    chi2_of,
    design_of,
)
from omicsfuse.survival.risk_sets import RiskSets


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
    """Test of trend over groups put in order by the mean of a variable of the patients.

    Where the variable itself goes with survival, so does the order it gives to groups that have
    nothing to do with either: with an order taken for given, 10 to 30% of such tests are below
    0.05. So the groups are put in order anew in each permutation. The hypothesis tested is that
    they have to do with neither survival nor the variable. ``order_by`` (n,) may have NaN.
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
