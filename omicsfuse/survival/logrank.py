"""The log-rank test of two or more groups, with its asymptotic and its permutation p-value."""

from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv, chdtrc

from omicsfuse.errors import StudyError
from omicsfuse.survival._input import check_groups, check_survival

# Patients x groups x permutations held at once: bounds memory (about 100 MB), not the result.
_BATCH_CELLS = 4_000_000


@dataclass(frozen=True, eq=False)
class LogRank:
    """Result of a log-rank test.

    Attributes
    ----------
    chi2 : float
        Test statistic; 0 where nothing can be compared.
    dof : int
        Degrees of freedom: usually the number of groups less one, fewer where a group was no
        longer at risk at any event.
    p : float
        Upper tail of the chi-squared distribution; NaN with no degree of freedom.
    observed, expected : numpy.ndarray
        Events of each group, in sorted order of the groups, and those expected if all groups had
        the same hazard.
    """

    chi2: float
    dof: int
    p: float
    observed: np.ndarray
    expected: np.ndarray


@dataclass(frozen=True)
class PermutationP:
    """Permutation p-value of a log-rank test.

    Attributes
    ----------
    p : float
        ``(1 + number at least as extreme) / (1 + n_permutations)``.
    ci_low, ci_high : float
        95% Clopper-Pearson interval of the p-value that all permutations would give.
    n_permutations : int
        Permutations drawn.
    """

    p: float
    ci_low: float
    ci_high: float
    n_permutations: int


def logrank_test(time: np.ndarray, event: np.ndarray, group: np.ndarray) -> LogRank:
    """Test whether two or more groups of patients have the same hazard.

    At each event time the events of a group are compared with what its share of the patients at
    risk leads to expect. The differences, summed over time, are scaled by their hypergeometric
    covariance, so ties are treated exactly.

    Parameters
    ----------
    time : array of shape (n,)
        Time to event or censoring, finite and not negative, in any unit.
    event : array of shape (n,)
        1 (or true) for an event, 0 (or false) for censoring.
    group : array of shape (n,)
        Group of each patient.

    Returns
    -------
    LogRank
        Statistic, degrees of freedom, asymptotic p, observed and expected events.

    Raises
    ------
    CohortError
        If lengths differ or a value cannot be survival data.

    References
    ----------
    Mantel N. Evaluation of survival data and two new rank order statistics arising in its
    consideration. Cancer Chemother Rep 1966;50:163-170. Peto R, Peto J. J R Stat Soc A
    1972;135:185-207.

    Examples
    --------
    >>> import numpy as np
    >>> from omicsfuse.survival import logrank_test
    >>> time = np.array([6, 13, 21, 30, 37, 38, 49, 50, 63, 79])
    >>> event = np.array([1, 1, 1, 1, 0, 1, 0, 1, 1, 0])
    >>> group = np.array(["a", "a", "a", "b", "a", "a", "b", "b", "b", "b"])
    >>> result = logrank_test(time, event, group)
    >>> result.dof, round(result.chi2, 3), round(result.p, 3)
    (1, 4.398, 0.036)
    """
    times, events = check_survival(time, event)
    names, codes = check_groups(group, len(times))
    scores = _Scores(times, events)
    membership = codes[scores.order] == np.arange(len(names))[:, None]
    difference, covariance = scores.moments(membership[None, :-1])
    chi2, dof = scores.chi2(difference, covariance)
    observed = np.bincount(codes[events], minlength=len(names)).astype(float)
    excess = (membership * scores.score).sum(axis=1)
    p = float(chdtrc(dof[0], chi2[0])) if dof[0] else float("nan")
    return LogRank(float(chi2[0]), int(dof[0]), p, observed, observed - excess)


def permutation_logrank(
    time: np.ndarray,
    event: np.ndarray,
    group: np.ndarray,
    n_permutations: int = 2000,
    random_state: int | np.random.Generator = 0,
) -> PermutationP:
    """Compare the log-rank statistic with its values after shuffling the group labels.

    Exact for small and unequal groups, where the chi-squared approximation is not, provided that
    censoring does not depend on the group. The whole statistic, covariance included, is computed
    anew for each permutation. The order of the patients does not matter.

    Parameters
    ----------
    time, event, group : arrays of shape (n,)
        As in `logrank_test`.
    n_permutations : int
        Permutations to draw, at least 1.
    random_state : int or numpy.random.Generator
        Seed.

    Returns
    -------
    PermutationP
        p-value and the interval that says how well the permutations determine it.

    Raises
    ------
    StudyError
        If ``n_permutations`` is not a positive whole number.
    CohortError
        As `logrank_test`.

    References
    ----------
    Vandin F, Papoutsaki A, Raphael BJ, Upfal E. Accurate computation of survival statistics in
    genome-wide studies. PLoS Comput Biol 2015;11:e1004071. Phipson B, Smyth GK. Permutation
    p-values should never be zero. Stat Appl Genet Mol Biol 2010;9:39.

    Examples
    --------
    >>> import numpy as np
    >>> from omicsfuse.survival import permutation_logrank
    >>> time = np.array([6, 13, 21, 30, 37, 38, 49, 50, 63, 79])
    >>> event = np.array([1, 1, 1, 1, 0, 1, 0, 1, 1, 0])
    >>> group = np.array(["a", "a", "a", "b", "a", "a", "b", "b", "b", "b"])
    >>> result = permutation_logrank(time, event, group, 999, random_state=0)
    >>> result.ci_low < result.p < result.ci_high
    True
    """
    whole = isinstance(n_permutations, int | np.integer) and not isinstance(n_permutations, bool)
    if not whole or n_permutations < 1:
        raise StudyError(f"n_permutations is {n_permutations!r}: give a whole number of at least 1")
    times, events = check_survival(time, event)
    names, codes = check_groups(group, len(times))
    rng = np.random.default_rng(random_state)
    scores = _Scores(times, events)
    wanted = np.arange(len(names) - 1)[None, :, None]
    observed = scores.chi2(*scores.moments(codes[scores.order][None, None, :] == wanted))[0][0]
    # Tied statistics differ by rounding only: they count as at least as extreme.
    threshold = observed - 1e-9 * max(1.0, observed)
    # From sorted labels on, shuffles depend on group sizes only, not on the order of the patients.
    labels = np.sort(codes).astype(np.int32)
    batch = max(1, _BATCH_CELLS // max(1, len(times) * len(names)))
    extreme = 0
    for start in range(0, n_permutations, batch):
        rows = min(batch, n_permutations - start)
        shuffled = rng.permuted(np.tile(labels, (rows, 1)), axis=1)
        chi2, _ = scores.chi2(*scores.moments(shuffled[:, None, :] == wanted))
        extreme += int((chi2 >= threshold).sum())
    low, high = _clopper_pearson(extreme, n_permutations)
    return PermutationP((1 + extreme) / (1 + n_permutations), low, high, int(n_permutations))


class _Scores:
    """What of a log-rank test does not depend on the groups.

    With d_j events among n_j patients at risk at event time j, the log-rank difference of a group
    is the sum over its patients of event_i - sum_{t_j <= t_i} d_j / n_j, and its covariance is
    sum_j w_j (diag(n_gj / n_j) - n_gj n_hj / n_j^2) with w_j = d_j (n_j - d_j) / (n_j - 1).
    """

    def __init__(self, times: np.ndarray, events: np.ndarray) -> None:
        self.order = np.lexsort((events, times))
        times, events = times[self.order], events[self.order]
        event_times, deaths = np.unique(times[events], return_counts=True)
        self.first_at_risk = np.searchsorted(times, event_times, side="left")
        at_risk = len(times) - self.first_at_risk
        weight = deaths * (at_risk - deaths) / np.maximum(at_risk - 1, 1)
        until = np.searchsorted(event_times, times, side="right")
        self.score = events - np.r_[0.0, np.cumsum(deaths / at_risk)][until]
        self.diagonal = np.r_[0.0, np.cumsum(weight / at_risk)][until]
        self.root_weight = np.sqrt(weight) / at_risk
        self.tolerance = 1e-10 * max(float(weight.sum()), 1e-300)

    def moments(self, membership: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Differences (b, g) and covariances (b, g, g) of memberships (b, g, patients in order)."""
        # einsum without BLAS: the same bits for any number of threads.
        difference = np.einsum("bgn,n->bg", membership, self.score)
        later = np.cumsum(membership[:, :, ::-1], axis=2, dtype=np.int32)[:, :, ::-1]
        share = later[:, :, self.first_at_risk] * self.root_weight
        covariance = -np.einsum("bgj,bhj->bgh", share, share)
        g = np.arange(membership.shape[1])
        covariance[:, g, g] += np.einsum("bgn,n->bg", membership, self.diagonal)
        return difference, covariance

    def chi2(self, difference: np.ndarray, covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Statistics (b,) and degrees of freedom (b,), by the pseudo-inverse of the covariance."""
        if difference.shape[1] == 0:
            return np.zeros(len(difference)), np.zeros(len(difference), dtype=int)
        if difference.shape[1] == 1:
            values, projected = covariance[:, :, 0], difference
        else:
            values, vectors = np.linalg.eigh(covariance)
            projected = np.einsum("bgh,bg->bh", vectors, difference)
        used = values > self.tolerance
        terms = np.where(used, projected**2 / np.where(used, values, 1.0), 0.0)
        return terms.sum(axis=1), used.sum(axis=1)


def _clopper_pearson(successes: int, n: int, level: float = 0.95) -> tuple[float, float]:
    tail = (1 - level) / 2
    low = float(betaincinv(successes, n - successes + 1, tail)) if successes else 0.0
    high = float(betaincinv(successes + 1, n - successes, 1 - tail)) if successes < n else 1.0
    return low, high
