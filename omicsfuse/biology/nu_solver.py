"""nu-support-vector regression with a linear kernel, many mixtures at once, by interior points."""

import numpy as np

from omicsfuse.stats.arrays import Array
from omicsfuse.stats.one_thread import one_thread

#: Most steps of the solver; some twenty are usual.
MOST_STEPS = 80
#: Mean complementarity at which the solution stands.
TOLERANCE = 1e-11
#: Mixtures that are solved together.
BLOCK = 64


def nu_weights(reference: Array, mixtures: Array, nu: float) -> Array:
    """Weights (m, d) of the columns of a matrix (n, d) in each of many mixtures (m, n).

    With X the matrix and y a mixture, minimise |X'(a - b)|^2 / 2 - y'(a - b) with 0 <= a, b <= 1,
    sum(a - b) = 0, sum(a + b) = nu n (Schoelkopf et al. 2000, Neural Comput 12:1207-1245); the
    weights are X'(a - b). Mehrotra 1992, SIAM J Optim 2:575-601, in systems of d + 2 equations
    (Fine and Scheinberg 2001, J Mach Learn Res 2:243-264).
    """
    reference = np.ascontiguousarray(reference, dtype=float)
    # One thread: the order of sums, and so the last bits, must not depend on how many there are.
    with one_thread():
        parts = [
            _solve(reference, np.ascontiguousarray(mixtures[start : start + BLOCK]), nu)
            for start in range(0, len(mixtures), BLOCK)
        ]
    return np.vstack(parts) if parts else np.empty((0, reference.shape[1]))


def _solve(x: Array, y: Array, nu: float) -> Array:
    """Weights of one block; a mixture that is solved is left alone from then on."""
    m, n = y.shape
    # Side 0 is a, side 1 is b; all of them start half way, where both sums are as they must be.
    z = np.full((m, 2, n), nu / 2)
    low, high = np.ones((m, 2, n)), np.ones((m, 2, n))
    v = np.zeros((m, 2))
    left = np.arange(m)
    for _ in range(MOST_STEPS):
        *moved, gap = _step(x, y[left], nu, z[left], low[left], high[left], v[left])
        # At the last digits a system can become singular: what was there before stands.
        whole = np.isfinite(gap)
        for new in moved:
            whole &= np.isfinite(new).reshape(len(left), -1).all(axis=1)
        for state, new in zip((z, low, high, v), moved, strict=True):
            state[left[whole]] = new[whole]
        left = left[whole & (gap > TOLERANCE)]
        if not len(left):
            break
    weights: Array = np.matmul((z[:, 0] - z[:, 1])[:, None, :], x)[:, 0]
    return weights


def _step(
    x: Array, y: Array, nu: float, z: Array, low: Array, high: Array, v: Array
) -> tuple[Array, Array, Array, Array, Array]:
    """One step of predictor and corrector; also how far each mixture is from its solution."""
    n = x.shape[0]
    room = 1 - z
    weights = np.matmul((z[:, 0] - z[:, 1])[:, None, :], x)
    error = np.matmul(weights, x.T)[:, 0] - y
    gradient = np.stack([error, -error], axis=1)
    ones = np.stack([v[:, 0] + v[:, 1], v[:, 1] - v[:, 0]], axis=1)[:, :, None]
    dual = gradient + ones - low + high
    primal = np.stack(
        [(z[:, 0] - z[:, 1]).sum(axis=1), (z[:, 0] + z[:, 1]).sum(axis=1) - nu * n], axis=1
    )
    centre = ((z * low).sum(axis=(1, 2)) + (room * high).sum(axis=(1, 2))) / (4 * n)

    inverse = 1 / (low / z + high / room)
    total, difference = inverse.sum(axis=1), inverse[:, 0] - inverse[:, 1]
    d = x.shape[1]
    system = np.zeros((len(y), d + 2, d + 2))
    system[:, :d, :d] = np.matmul(x.T[None] * total[:, None, :], x) + np.eye(d)
    system[:, :d, d] = system[:, d, :d] = np.matmul(total[:, None, :], x)[:, 0]
    system[:, :d, d + 1] = system[:, d + 1, :d] = np.matmul(difference[:, None, :], x)[:, 0]
    system[:, d, d] = system[:, d + 1, d + 1] = total.sum(axis=1)
    system[:, d, d + 1] = system[:, d + 1, d] = difference.sum(axis=1)

    def direction(toward_low: Array, toward_high: Array) -> tuple[Array, Array, Array, Array]:
        """Newton's direction towards the wanted products of variables and multipliers."""
        right = -dual + (toward_low / z - low) - (toward_high / room - high)
        scaled = inverse * right
        apart, along = scaled[:, 0] - scaled[:, 1], scaled[:, 0] + scaled[:, 1]
        wanted = np.concatenate(
            [
                np.matmul(apart[:, None, :], x)[:, 0],
                (apart.sum(axis=1) + primal[:, 0])[:, None],
                (along.sum(axis=1) + primal[:, 1])[:, None],
            ],
            axis=1,
        )
        solution = _solved(system, wanted)
        dv = solution[:, d:]
        fitted = np.matmul(solution[:, None, :d], x.T)[:, 0]
        pull = np.stack(
            [fitted + (dv[:, 0] + dv[:, 1])[:, None], -fitted + (dv[:, 1] - dv[:, 0])[:, None]],
            axis=1,
        )
        dz = inverse * (right - pull)
        return dz, toward_low / z - low - low / z * dz, (
            toward_high / room - high + high / room * dz
        ), dv  # fmt: skip

    nothing = np.zeros_like(z)
    dz, dlow, dhigh, dv = direction(nothing, nothing)
    size = _length(z, room, low, high, dz, dlow, dhigh)[:, None, None]
    ahead = ((z + size * dz) * (low + size * dlow)).sum(axis=(1, 2)) + (
        (room - size * dz) * (high + size * dhigh)
    ).sum(axis=(1, 2))
    target = ((ahead / (4 * n) / centre) ** 3 * centre)[:, None, None]
    dz, dlow, dhigh, dv = direction(target - dz * dlow, target + dz * dhigh)
    size = 0.995 * _length(z, room, low, high, dz, dlow, dhigh)
    along = size[:, None, None]
    z, low, high = z + along * dz, low + along * dlow, high + along * dhigh
    v = v + size[:, None] * dv
    gap = ((z * low).sum(axis=(1, 2)) + ((1 - z) * high).sum(axis=(1, 2))) / (4 * n)
    off = np.maximum(np.abs(dual).max(axis=(1, 2)) * (1 - size), np.abs(primal).max(axis=1) * 1e-6)
    return z, low, high, v, np.maximum(gap, off * 1e-2)


def _solved(system: Array, wanted: Array) -> Array:
    """Solve one system of equations a mixture; NaN where it is singular."""
    try:
        solution = np.asarray(np.linalg.solve(system, wanted[:, :, None])[:, :, 0], dtype=float)
    except np.linalg.LinAlgError:
        solution = np.full(wanted.shape, np.nan)
        if len(system) > 1:
            for i in range(len(system)):
                solution[i] = _solved(system[i : i + 1], wanted[i : i + 1])[0]
    return solution


def _length(
    z: Array, room: Array, low: Array, high: Array, dz: Array, dlow: Array, dhigh: Array
) -> Array:
    """Longest step, at most 1, that keeps everything above zero."""
    longest = np.ones(len(z))
    for value, change in ((z, dz), (room, -dz), (low, dlow), (high, dhigh)):
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = np.where(change < 0, -value / change, np.inf)
        longest = np.minimum(longest, reach.min(axis=(1, 2)))
    return longest
