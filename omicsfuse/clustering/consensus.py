"""Consensus of clusterings of resamples, and prediction strength: on arrays alone."""

from collections.abc import Sequence

import numpy as np

from omicsfuse.core.errors import StudyError

#: Consensus values at which the distribution is given: hundredths, exact as quotients.
CONSENSUS_GRID = np.arange(101) / 100

#: Resamples that are counted at once.
_AT_ONCE = 100


def consensus_matrix(
    labels: Sequence[np.ndarray], rows: Sequence[np.ndarray], n: int
) -> np.ndarray:
    """Share of the resamples with both patients in which they were in one group.

    Parameters
    ----------
    labels : sequence of arrays of shape (m_r,)
        Groups of each resample, whole numbers from 0; they need not mean the same in two resamples.
    rows : sequence of arrays of shape (m_r,)
        Which patients, 0 to n - 1, each once, were in each resample.
    n : int
        Number of patients.

    Returns
    -------
    array of shape (n, n)
        Symmetric, between 0 and 1, with 1 on the diagonal; NaN for patients who were never in one
        resample, on the diagonal for who was in none.

    Raises
    ------
    StudyError
        If a resample has not one label for each of its patients.

    References
    ----------
    Monti S, Tamayo P, Mesirov J, Golub T. Consensus clustering: a resampling-based method for class
    discovery and visualization of gene expression microarray data. Machine Learning
    2003;52:91-118, section 3.1.

    Examples
    --------
    >>> import numpy as np
    >>> first, second = np.array([0, 0, 1]), np.array([0, 1])
    >>> consensus_matrix([first, second], [np.array([0, 1, 2]), np.array([0, 1])], 3)
    array([[1. , 0.5, 0. ],
           [0.5, 1. , 0. ],
           [0. , 0. , 1. ]])
    """
    if len(labels) != len(rows):
        raise StudyError(f"there are labels of {len(labels)} resamples and rows of {len(rows)}.")
    together = np.zeros((n, n))
    both = np.zeros((n, n))
    for start in range(0, len(rows), _AT_ONCE):
        part = range(start, min(start + _AT_ONCE, len(rows)))
        member, drawn = [], np.zeros((n, len(part)), dtype=np.float32)
        for column, r in enumerate(part):
            if len(labels[r]) != len(rows[r]):
                raise StudyError(
                    f"resample {r} has {len(rows[r])} patients and {len(labels[r])} labels."
                )
            drawn[rows[r], column] = 1
            groups = np.zeros((n, int(labels[r].max(initial=-1)) + 1), dtype=np.float32)
            groups[rows[r], labels[r]] = 1
            member.append(groups)
        # Counts are whole numbers far below 2^24: exact in single precision, on any threads.
        whole = np.hstack(member)
        together += whole @ whole.T
        both += drawn @ drawn.T
    return np.divide(together, both, out=np.full((n, n), np.nan), where=both > 0)


def consensus_cdf(consensus: np.ndarray) -> np.ndarray:
    """Distribution of the consensus values: share of the pairs at or below each hundredth.

    A flat middle means pairs that are always or never together; a slope means ambiguity.

    Parameters
    ----------
    consensus : array of shape (n, n)
        From ``consensus_matrix``; pairs with NaN are left out.

    Returns
    -------
    array of shape (101,)
        Shares at 0, 0.01, ... 1 (``CONSENSUS_GRID``), rising to 1; NaN without any pair.

    References
    ----------
    Monti and others 2003 (see ``consensus_matrix``), section 3.3.1.

    Examples
    --------
    >>> import numpy as np
    >>> consensus_cdf(np.array([[1, 0.5, 0], [0.5, 1, 0], [0, 0, 1]]))[[0, 49, 50, 100]].round(3)
    array([0.667, 0.667, 1.   , 1.   ])
    """
    pairs = _pairs(consensus)
    if not len(pairs):
        return np.full(len(CONSENSUS_GRID), np.nan)
    return np.searchsorted(np.sort(pairs), CONSENSUS_GRID, side="right") / len(pairs)


def area_under_cdf(cdf: np.ndarray) -> float:
    """Area under the distribution of consensus values.

    It grows with k; the k after which it hardly grows any more is what Monti and others look for.
    The sum is that of ConsensusClusterPlus: each hundredth counts with the value at its upper end,
    so that it is above 1 less the mean consensus by at most 0.01.

    Parameters
    ----------
    cdf : array of shape (101,)
        From ``consensus_cdf``.

    Returns
    -------
    float
        Between 0.01 and 1.

    References
    ----------
    Monti and others 2003 (see ``consensus_matrix``), section 3.3.1.
    Wilkerson MD, Hayes DN. ConsensusClusterPlus: a class discovery tool with confidence assessments
    and item tracking. Bioinformatics 2010;26:1572-1573.

    Examples
    --------
    >>> import numpy as np
    >>> round(area_under_cdf(consensus_cdf(np.array([[1, 0.25], [0.25, 1]]))), 6)
    0.76
    """
    return float(np.mean(cdf[1:]))


def proportion_ambiguous(consensus: np.ndarray, low: float = 0.1, high: float = 0.9) -> float:
    """Proportion of ambiguous clustering: share of the pairs neither mostly apart nor together.

    The difference of the distribution at ``high`` and at ``low``: pairs with a consensus above
    ``low`` and up to ``high``. The best k has the smallest; but it falls as k grows, also in data
    without any groups, as fewer pairs are together at all; and a k below the true one can be as
    unambiguous, where the same groups are joined each time. Read it beside other criteria.

    Parameters
    ----------
    consensus : array of shape (n, n)
        From ``consensus_matrix``; pairs with NaN are left out.
    low, high : float
        Bounds of ambiguity.

    Returns
    -------
    float
        Between 0 (every pair always or never together) and 1; NaN without any pair.

    References
    ----------
    Senbabaoglu Y, Michailidis G, Li JZ. Critical limitations of consensus clustering in class
    discovery. Scientific Reports 2014;4:6207.

    Examples
    --------
    >>> import numpy as np
    >>> consensus = np.array([[1, 0.95, 0.2], [0.95, 1, 0.05], [0.2, 0.05, 1]])
    >>> round(proportion_ambiguous(consensus), 3)
    0.333
    """
    pairs = _pairs(consensus)
    return float(((pairs > low) & (pairs <= high)).mean()) if len(pairs) else float("nan")


def prediction_strength(test_labels: np.ndarray, assigned: np.ndarray) -> float:
    """How well the groups of training patients predict which test patients belong together.

    For each group found among the test patients: the share of its pairs of patients whom the
    training groups put together too. The smallest share over the groups is the prediction strength.
    The source takes the largest k with 0.8 to 0.9 or more.

    Parameters
    ----------
    test_labels : array of shape (n,)
        Groups found among the test patients themselves.
    assigned : array of shape (n,)
        Training group that each of them falls into.

    Returns
    -------
    float
        Between 0 and 1; 1 with a single group on both sides. A group of one patient has no pairs
        and counts as 0: it has shown nothing, and groups that break into single patients must not
        look strong. NaN without patients.

    References
    ----------
    Tibshirani R, Walther G. Cluster validation by prediction strength. Journal of Computational and
    Graphical Statistics 2005;14:511-528, equation 2.1.

    Examples
    --------
    >>> import numpy as np
    >>> round(prediction_strength(np.array([0, 0, 0, 1, 1]), np.array([1, 1, 0, 0, 0])), 3)
    0.333
    """
    if not len(test_labels):
        return float("nan")
    own = np.unique(test_labels, return_inverse=True)[1]
    training = np.unique(assigned, return_inverse=True)[1]
    counts = np.zeros((own.max() + 1, training.max() + 1))
    np.add.at(counts, (own, training), 1)
    sizes = counts.sum(axis=1)
    same = (counts * (counts - 1)).sum(axis=1)
    pairs = sizes * (sizes - 1)
    return float(np.divide(same, pairs, out=np.zeros_like(same), where=pairs > 0).min())


def _pairs(consensus: np.ndarray) -> np.ndarray:
    """Consensus of each pair that was ever in one resample."""
    above = consensus[np.triu_indices(len(consensus), 1)]
    return above[~np.isnan(above)]
