"""Compiled coordinate descent of penalised Gaussian, logistic and Cox regression.

The loss is replaced by a weighted sum of squares at the present coefficients, descended one at a
time and halved where it goes too far. One thread, one order; imported only when needed.
"""

from typing import Any

import numpy as np

from omicsfuse.stats.compiled import compiled

#: Families of loss, as the loops know them.
GAUSSIAN, BINOMIAL, COX = 0, 1, 2


@compiled
def dot(a: Any, b: Any) -> float:
    """Sum of products, in four running sums: a fixed order that the processor can overlap."""
    n = a.shape[0]
    whole = n - n % 4
    s0, s1, s2, s3 = 0.0, 0.0, 0.0, 0.0
    for i in range(0, whole, 4):
        s0 += a[i] * b[i]
        s1 += a[i + 1] * b[i + 1]
        s2 += a[i + 2] * b[i + 2]
        s3 += a[i + 3] * b[i + 3]
    for i in range(whole, n):
        s0 += a[i] * b[i]
    return (s0 + s1) + (s2 + s3)


@compiled
def loss_and_score(
    family: int, eta: Any, y: Any, event: Any, last: Any, score: Any, weight: Any
) -> float:
    """Mean loss at ``eta``; fills its negative derivative and the weights.

    Cox: Breslow's; patients by time, ``last[i]`` the position behind the last of equal time.
    """
    n = eta.shape[0]
    total = 0.0
    if family == GAUSSIAN:
        for i in range(n):
            residual = y[i] - eta[i]
            score[i] = residual / n
            weight[i] = 1.0 / n
            total += 0.5 * residual * residual
        return total / n
    if family == BINOMIAL:
        for i in range(n):
            e = eta[i]
            if e >= 0:
                small = np.exp(-e)
                p = 1.0 / (1.0 + small)
                total += np.log1p(small) + (1.0 - y[i]) * e
            else:
                small = np.exp(e)
                p = small / (1.0 + small)
                total += np.log1p(small) - y[i] * e
            score[i] = (y[i] - p) / n
            weight[i] = max(p * (1.0 - p), 1e-9) / n
        return total / n
    top = eta[0]
    for i in range(n):
        top = max(top, eta[i])
    # Sums over risk sets, from the last time backwards; kept in ``score`` for the first of a time.
    risk = 0.0
    i = n - 1
    while i >= 0:
        risk += np.exp(eta[i] - top)
        score[i] = risk
        i -= 1
    hazard, squared = 0.0, 0.0
    i = 0
    while i < n:
        end = last[i]
        at_risk = max(score[i], 1e-300)  # of a far step; it is taken back
        for j in range(i, end):
            if event[j] > 0:
                hazard += 1.0 / at_risk
                squared += 1.0 / (at_risk * at_risk)
                total -= eta[j] - top - np.log(at_risk)
        for j in range(i, end):
            relative = np.exp(eta[j] - top)
            expected = relative * hazard
            score[j] = (event[j] - expected) / n
            weight[j] = max(expected - relative * relative * squared, 1e-9 * expected) / n
        i = end
    return total / n


@compiled
def penalty_of(b: Any, factor: Any, strength: float, l1_ratio: float) -> float:
    """Elastic net penalty of the coefficients."""
    total = 0.0
    for j in range(b.shape[0]):
        total += factor[j] * (l1_ratio * abs(b[j]) + 0.5 * (1.0 - l1_ratio) * b[j] * b[j])
    return strength * total


@compiled
def descend(
    x: Any,
    among: Any,
    n_among: int,
    weight: Any,
    score: Any,
    curvature: Any,
    b: Any,
    factor: Any,
    strength: float,
    l1_ratio: float,
    tolerance: float,
    max_sweeps: int,
) -> int:
    """Minimise over the columns ``among`` of x (columns, patients); returns the sweeps made."""
    n = x.shape[1]
    everything = True
    sweeps = 0
    while sweeps < max_sweeps:
        sweeps += 1
        largest = 0.0
        for place in range(n_among):
            j = among[place]
            old = b[j]
            if not everything and old == 0.0:
                continue
            column = x[j]
            v = curvature[j]
            if v <= 0.0:
                continue
            raw = dot(column, score) + v * old
            bound = strength * l1_ratio * factor[j]
            new = 0.0
            if raw > bound:
                new = (raw - bound) / (v + strength * (1.0 - l1_ratio) * factor[j])
            elif raw < -bound:
                new = (raw + bound) / (v + strength * (1.0 - l1_ratio) * factor[j])
            change = new - old
            if change != 0.0:
                b[j] = new
                for i in range(n):
                    score[i] -= change * weight[i] * column[i]
                largest = max(largest, v * change * change)
        if largest <= tolerance:
            if everything:
                break
            everything = True
        else:
            everything = False
    return sweeps


@compiled
def path(
    family: int,
    x: Any,
    y: Any,
    event: Any,
    last: Any,
    factor: Any,
    strengths: Any,
    l1_ratio: float,
    tolerance: float,
    max_steps: int,
    max_sweeps: int,
    saturated: float,
    most: int,
    b: Any,
    coefficients: Any,
    losses: Any,
) -> int:
    """Fit a falling series of penalties, each from the fit before; returns how many were fitted.

    Sequential strong rule, with the optimum checked for all others. Ends above ``saturated`` or
    ``most``; negative: the fit after so many (minus 1) did not converge. ``b`` ends as the last.
    """
    q, n = x.shape
    eta = np.zeros(n)
    for j in range(q):
        if b[j] != 0.0:
            for i in range(n):
                eta[i] += b[j] * x[j, i]
    score, weight = np.empty(n), np.empty(n)
    curvature, before = np.empty(q), np.empty(q)
    inside = np.zeros(q, dtype=np.bool_)
    among = np.empty(q, dtype=np.int64)
    gradient = np.empty(q)
    now = loss_and_score(family, eta, y, event, last, score, weight)
    null = now
    for j in range(q):
        gradient[j] = abs(dot(x[j], score))
        inside[j] = factor[j] == 0.0 or b[j] != 0.0
    previous = strengths[0]
    for k in range(strengths.shape[0]):
        strength = strengths[k]
        for j in range(q):
            if gradient[j] >= l1_ratio * factor[j] * (2.0 * strength - previous):
                inside[j] = True
        while True:
            n_among = 0
            for j in range(q):
                if inside[j]:
                    among[n_among] = j
                    n_among += 1
            done = False
            for _ in range(max_steps):
                if family == GAUSSIAN:
                    for place in range(n_among):
                        j = among[place]
                        curvature[j] = dot(x[j], x[j]) / n
                else:
                    for place in range(n_among):
                        j = among[place]
                        total = 0.0
                        for i in range(n):
                            total += weight[i] * x[j, i] * x[j, i]
                        curvature[j] = total
                before[:] = b
                goal = now + penalty_of(b, factor, strength, l1_ratio)
                sweeps = descend(
                    x,
                    among,
                    n_among,
                    weight,
                    score,
                    curvature,
                    b,
                    factor,
                    strength,
                    l1_ratio,
                    tolerance,
                    max_sweeps,
                )
                change = 0.0
                for place in range(n_among):
                    j = among[place]
                    step = b[j] - before[j]
                    change = max(change, curvature[j] * step * step)
                # A quadratic that was too flat overshoots: go back half of the way until it helps.
                for _ in range(30):
                    eta[:] = 0.0
                    for place in range(n_among):
                        j = among[place]
                        if b[j] != 0.0:
                            for i in range(n):
                                eta[i] += b[j] * x[j, i]
                    now = loss_and_score(family, eta, y, event, last, score, weight)
                    reached = now + penalty_of(b, factor, strength, l1_ratio)
                    if reached <= goal + 1e-12 * (1.0 + abs(goal)):
                        break
                    for place in range(n_among):
                        j = among[place]
                        b[j] = 0.5 * (b[j] + before[j])
                if change <= tolerance or (family == GAUSSIAN and sweeps < max_sweeps):
                    done = True
                    break
            if not done:
                return -(k + 1)
            worse = False
            for j in range(q):
                gradient[j] = abs(dot(x[j], score))
                if not inside[j] and gradient[j] > l1_ratio * factor[j] * strength * (1.0 + 1e-9):
                    inside[j] = True
                    worse = True
            if not worse:
                break
        coefficients[k] = b
        losses[k] = now
        previous = strength
        count = 0
        for j in range(q):
            if b[j] != 0.0 and factor[j] > 0.0:
                count += 1
        if count > most or (null > 0.0 and 1.0 - now / null > saturated):
            return k + 1
    return strengths.shape[0]
