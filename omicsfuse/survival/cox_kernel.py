"""Compiled inner loops of the Cox model: partial likelihood, its derivatives, and its maximum.

Efron's ties: the l-th of d events (from 0) is set against the d counting 1 - l / d each. Patients
come by stratum, times descending; imported only when survival is compared.
"""

from typing import Any

import numpy as np

from omicsfuse.stats.compiled import compiled


@compiled
def sweep(
    beta: Any,
    x: Any,
    time: Any,
    event: Any,
    entry: Any,
    by_entry: Any,
    starts: Any,
    third: bool,
    score: Any,
    information: Any,
    skew: Any,
    means: Any,
    variances: Any,
    sums: Any,
) -> float:
    """Log partial likelihood at ``beta``; fills score (p), information (p, p), skew (p, p, p).

    And for each event ``means`` (events, p), ``variances`` and ``sums``, unless given empty.
    """
    n, p = x.shape
    score[:] = 0.0
    information[:] = 0.0
    skew[:] = 0.0
    keep = len(means) > 0
    eta = x @ beta
    largest = eta[0] if n else 0.0
    for i in range(1, n):
        largest = max(largest, eta[i])
    likelihood, done = 0.0, 0
    s1, s2, s3 = np.empty(p), np.empty((p, p)), np.empty((p, p, p))
    e1, e2, e3 = np.empty(p), np.empty((p, p)), np.empty((p, p, p))
    mean = np.empty(p)
    for stratum in range(len(starts) - 1):
        start, stop = starts[stratum], starts[stratum + 1]
        s0 = 0.0
        s1[:] = 0.0
        s2[:] = 0.0
        s3[:] = 0.0
        i, leaving = start, start
        while i < stop:
            now = time[i]
            deaths, e0, sum_eta = 0, 0.0, 0.0
            e1[:] = 0.0
            e2[:] = 0.0
            e3[:] = 0.0
            while i < stop and time[i] == now:
                r = np.exp(eta[i] - largest)
                s0 += r
                dead = event[i]
                if dead:
                    deaths += 1
                    e0 += r
                    sum_eta += eta[i] - largest
                for a in range(p):
                    ra = r * x[i, a]
                    s1[a] += ra
                    if dead:
                        e1[a] += ra
                        score[a] += x[i, a]
                    for b in range(a + 1):
                        rab = ra * x[i, b]
                        s2[a, b] += rab
                        if dead:
                            e2[a, b] += rab
                        if third:
                            for c in range(b + 1):
                                s3[a, b, c] += rab * x[i, c]
                                if dead:
                                    e3[a, b, c] += rab * x[i, c]
                i += 1
            if deaths == 0:
                continue
            # Whoever enters at or after this time is not yet at risk.
            while leaving < stop and entry[by_entry[leaving]] >= now:
                k = by_entry[leaving]
                r = np.exp(eta[k] - largest)
                s0 -= r
                for a in range(p):
                    ra = r * x[k, a]
                    s1[a] -= ra
                    for b in range(a + 1):
                        s2[a, b] -= ra * x[k, b]
                        if third:
                            for c in range(b + 1):
                                s3[a, b, c] -= ra * x[k, b] * x[k, c]
                leaving += 1
            likelihood += sum_eta
            for step in range(deaths):
                share = step / deaths
                f0 = s0 - share * e0
                if not f0 > 0.0:
                    # Coefficients so large that relative hazards vanish: far from any maximum.
                    return -np.inf
                likelihood -= np.log(f0)
                for a in range(p):
                    mean[a] = (s1[a] - share * e1[a]) / f0
                    score[a] -= mean[a]
                if keep:
                    sums[done] = f0 * np.exp(largest)
                for a in range(p):
                    if keep:
                        means[done, a] = mean[a]
                    for b in range(a + 1):
                        second = (s2[a, b] - share * e2[a, b]) / f0
                        information[a, b] += second - mean[a] * mean[b]
                        if keep:
                            variances[done, a, b] = second - mean[a] * mean[b]
                            variances[done, b, a] = variances[done, a, b]
                        if third:
                            for c in range(b + 1):
                                bc = (s2[b, c] - share * e2[b, c]) / f0
                                ac = (s2[a, c] - share * e2[a, c]) / f0
                                skew[a, b, c] += (
                                    (s3[a, b, c] - share * e3[a, b, c]) / f0
                                    - second * mean[c]
                                    - ac * mean[b]
                                    - bc * mean[a]
                                    + 2 * mean[a] * mean[b] * mean[c]
                                )
                done += 1
    for a in range(p):
        for b in range(a):
            information[b, a] = information[a, b]
    if third:
        for a in range(p):
            for b in range(a + 1):
                for c in range(b + 1):
                    value = skew[a, b, c]
                    skew[a, c, b] = value
                    skew[b, a, c] = value
                    skew[b, c, a] = value
                    skew[c, a, b] = value
                    skew[c, b, a] = value
    return likelihood


@compiled
def invert(matrix: Any, inverse: Any) -> float:
    """Inverse of a symmetric positive definite matrix; returns the log of its determinant.

    Minus infinity where it is not positive definite to rounding; ``inverse`` is then not filled.
    """
    p = len(matrix)
    lower = np.empty((p, p))
    determinant = 0.0
    for a in range(p):
        for b in range(a + 1):
            value = matrix[a, b]
            for c in range(b):
                value -= lower[a, c] * lower[b, c]
            if a == b:
                if not value > 1e-12 * max(matrix[a, a], 1e-300):
                    return -np.inf
                lower[a, a] = np.sqrt(value)
                determinant += np.log(value)
            else:
                lower[a, b] = value / lower[b, b]
    for column in range(p):
        for a in range(p):
            value = 1.0 if a == column else 0.0
            for c in range(a):
                value -= lower[a, c] * inverse[c, column]
            inverse[a, column] = value / lower[a, a]
        for a in range(p - 1, -1, -1):
            value = inverse[a, column]
            for c in range(a + 1, p):
                value -= lower[c, a] * inverse[c, column]
            inverse[a, column] = value / lower[a, a]
    return determinant


@compiled
def maximise(
    beta: Any,
    free: Any,
    x: Any,
    time: Any,
    event: Any,
    entry: Any,
    by_entry: Any,
    starts: Any,
    firth: bool,
    most: int,
) -> tuple[float, bool, Any]:
    """Newton steps, halved where they go down, move ``beta`` to the maximum, with Firth's penalty.

    Coefficients not ``free`` stay. Returns log likelihood, whether converged, and information.
    """
    p = x.shape[1]
    score, information, skew = np.empty(p), np.empty((p, p)), np.empty((p, p, p))
    none1, none2, none3 = np.empty((0, p)), np.empty((0, p, p)), np.empty(0)
    inverse = np.empty((p, p))
    chosen = np.flatnonzero(free)
    q = len(chosen)
    step, reduced, inverted = np.empty(p), np.empty((q, q)), np.empty((q, q))
    step[:] = 0.0
    trial = beta.copy()
    best, halvings, converged = -np.inf, 0, False
    for _ in range(most):
        value = sweep(
            trial, x, time, event, entry, by_entry, starts, firth, score, information, skew,
            none1, none2, none3,
        )  # fmt: skip
        if firth:
            determinant = invert(information, inverse)
            value += 0.5 * determinant
            if np.isfinite(determinant):
                for k in range(p):
                    for a in range(p):
                        for b in range(p):
                            score[k] += 0.5 * inverse[a, b] * skew[a, b, k]
        # Rounding of the sums counts as no change.
        if not value >= best - 1e-10 * (1.0 + abs(best)):
            halvings += 1
            if halvings > 30:
                break
            for a in range(p):
                step[a] *= 0.5
                trial[a] = beta[a] + step[a]
            continue
        halvings = 0
        improved = value - best
        best = value
        for a in range(p):
            beta[a] = trial[a]
        for a in range(q):
            for b in range(q):
                reduced[a, b] = information[chosen[a], chosen[b]]
        if q and not np.isfinite(invert(reduced, inverted)):
            break
        step[:] = 0.0
        decrement = 0.0
        for a in range(q):
            for b in range(q):
                step[chosen[a]] += inverted[a, b] * score[chosen[b]]
            decrement += step[chosen[a]] * score[chosen[a]]
        if decrement < 1e-18 * (1.0 + abs(best)) or (decrement < 1e-9 and improved == 0.0):
            converged = True
            break
        widest = 0.0
        for a in range(p):
            widest = max(widest, abs(step[a]))
        if widest > 5.0:
            shorter = 5.0 / widest
            for a in range(p):
                step[a] *= shorter
        for a in range(p):
            trial[a] = beta[a] + step[a]
    return best, converged, information
