"""Compiled inner loops of the log-rank statistic and of its permutations.

The statistic of a grouping is U' V^- U with U the sums of scores and V their covariance. Groups
come as the rows of a design: indicators of all groups but the last, or one row of numbers for the
test of trend. Imported only when survival is compared.
"""

from typing import Any

import numpy as np

from omicsfuse.stats.compiled import compiled


@compiled
def statistic(
    codes: Any,
    design: Any,
    first: Any,
    last: Any,
    score: Any,
    diagonal: Any,
    weight: Any,
    tolerance: float,
    counts: Any,
    difference: Any,
    covariance: Any,
) -> tuple[float, int]:
    """Chi-squared statistic and degrees of freedom of one grouping of the patients in order.

    ``counts`` (rows + 1, q), ``difference`` (q) and ``covariance`` (q, q) are room to work in.
    """
    n, q, rows = len(codes), design.shape[0], len(weight)
    counts[:] = 0.0
    difference[:] = 0.0
    covariance[:] = 0.0
    for i in range(n):
        g = codes[i]
        for a in range(q):
            value = design[a, g]
            if value != 0.0:
                difference[a] += value * score[i]
                counts[first[i], a] += value
                counts[last[i], a] -= value
                for b in range(a + 1):
                    covariance[a, b] += value * design[b, g] * diagonal[i]
    for j in range(rows):
        if j > 0:
            for a in range(q):
                counts[j, a] += counts[j - 1, a]
        w = weight[j]
        if w > 0.0:
            for a in range(q):
                share = w * counts[j, a]
                for b in range(a + 1):
                    covariance[a, b] -= share * counts[j, b]
    # Elimination that passes over directions without variance gives U' V^- U.
    chi2, rank = 0.0, 0
    for a in range(q):
        pivot = covariance[a, a]
        if pivot <= tolerance:
            continue
        rank += 1
        chi2 += difference[a] * difference[a] / pivot
        for b in range(a + 1, q):
            factor = covariance[b, a] / pivot
            difference[b] -= factor * difference[a]
            for c in range(a + 1, b + 1):
                covariance[b, c] -= factor * covariance[c, a]
    return chi2, rank


@compiled
def count_extreme(
    codes: Any,
    stratum_starts: Any,
    design: Any,
    first: Any,
    last: Any,
    score: Any,
    diagonal: Any,
    weight: Any,
    tolerance: float,
    threshold: float,
    n_permutations: int,
    state: Any,
) -> int:
    """Number of shuffles of the groups within strata whose statistic reaches the threshold.

    ``state`` (4,) is a xoshiro256++ generator's (Blackman and Vigna 2021), one a block.
    """
    shuffled = codes.copy()
    q = design.shape[0]
    counts = np.empty((len(weight) + 1, q))
    difference, covariance = np.empty(q), np.empty((q, q))
    s0, s1, s2, s3 = state[0], state[1], state[2], state[3]
    extreme = 0
    for _ in range(n_permutations):
        for stratum in range(len(stratum_starts) - 1):
            start = stratum_starts[stratum]
            for i in range(stratum_starts[stratum + 1] - 1, start, -1):
                total = s0 + s3
                number = ((total << np.uint64(23)) | (total >> np.uint64(41))) + s0
                t = s1 << np.uint64(17)
                s2 ^= s0
                s3 ^= s1
                s1 ^= s2
                s0 ^= s3
                s2 ^= t
                s3 = (s3 << np.uint64(45)) | (s3 >> np.uint64(19))
                # The upper 32 bits scaled to the range: a bias below 1e-6 for a million patients.
                span = np.uint64(i - start + 1)
                j = start + np.int64(((number >> np.uint64(32)) * span) >> np.uint64(32))
                shuffled[i], shuffled[j] = shuffled[j], shuffled[i]
        chi2, _ = statistic(
            shuffled, design, first, last, score, diagonal, weight, tolerance, counts, difference,
            covariance,
        )  # fmt: skip
        if chi2 >= threshold:
            extreme += 1
    return extreme
