"""One linear model of every gene at once, and variances moderated across genes."""

from typing import NamedTuple

import numpy as np
from scipy import optimize, special, stats

from omicsfuse.stats.arrays import Array, Mask
from omicsfuse.stats.levels import TAILS
from omicsfuse.stats.moments import moments

MODERATED = "moderated t"
#: Where one feature only has a variance, there is nothing to moderate it with.
STUDENT = "Student t"


class Fit(NamedTuple):
    """One coefficient of each gene (p,), its standard error for a variance of 1, and variance."""

    effect: Array
    unscaled: Array
    variance: Array
    df: Array


class Moderated(NamedTuple):
    """Moderated t (p,), p, SD and degrees of freedom, and the genes' common prior d0, s0^2."""

    t: Array
    p: Array
    df_prior: float
    variance_prior: float
    sd: Array
    df: Array


class Effects(NamedTuple):
    """Coefficient of each feature, its 95% interval, t and p, all (p,); and the test's name."""

    effect: Array
    low: Array
    high: Array
    t: Array
    p: Array
    test: str


def slopes(matrix: Array, nuisance: Array, x: Array, usable: Mask) -> Effects:
    """Coefficient of x (n,) given ``nuisance`` (n, q), of full rank, of usable features (n, p).

    By the moderated t; NaN for features that do not vary, which take no part in the prior either.
    """
    spread = moments(matrix)
    usable = usable & (spread.variance > 0)
    if not usable.any():
        nothing = np.full(matrix.shape[1], np.nan)
        return Effects(nothing, nothing, nothing, nothing, nothing, MODERATED)
    usable_matrix = np.ascontiguousarray(matrix[:, usable])
    observed = ~np.isnan(usable_matrix)
    centred = np.where(observed, usable_matrix - spread.mean[usable], 0.0)
    design = np.column_stack([nuisance, x])
    fit = fit_genes(centred, None if observed.all() else observed.astype(float), design)
    of_usable = effects(fit)
    effect, low, high, t, p = np.full((5, matrix.shape[1]), np.nan)
    for whole, part in zip((effect, low, high, t, p), of_usable[:5], strict=True):
        whole[usable] = part
    return Effects(effect, low, high, t, p, of_usable.test)


def effects(fit: Fit) -> Effects:
    """Test a coefficient by the moderated t; by Student's where there is one variance only."""
    if ((fit.df > 0) & np.isfinite(fit.variance)).sum() >= 2:
        moderated = moderate(fit)
        t, p, sd, df, test = moderated.t, moderated.p, moderated.sd, moderated.df, MODERATED
    else:
        sd, df, test = np.sqrt(fit.variance), fit.df, STUDENT
        with np.errstate(divide="ignore", invalid="ignore"):
            t = fit.effect / fit.unscaled / sd
            p = 2 * stats.t.sf(np.abs(t), df)
    with np.errstate(invalid="ignore"):
        half = stats.t.ppf(TAILS[1], df) * sd * fit.unscaled
    return Effects(fit.effect, fit.effect - half, fit.effect + half, t, p, test)


def fit_genes(centred: Array, observed: Array | None, design: Array) -> Fit:
    """Fit every gene (n, p), centred, 0 where not ``observed``, on a design (n, q): last effect."""
    n, q = design.shape
    # Orthonormal columns keep the normal equations as exact as the values.
    basis, triangle = np.linalg.qr(design)
    scale = float(triangle[-1, -1])
    along = np.einsum("np,nq->pq", centred, basis)
    squared = np.einsum("np,np->p", centred, centred)
    if observed is None:
        residual = np.maximum(squared - np.einsum("pq,pq->p", along, along), 0.0)
        df = np.full(len(squared), float(n - q))
        effect, unscaled = along[:, -1] / scale, np.full(len(squared), 1 / abs(scale))
    else:
        products = np.einsum("nq,nr->nqr", basis, basis).reshape(n, -1)
        gram = np.einsum("np,nk->pk", observed, products).reshape(-1, q, q)
        smallest, largest = np.linalg.eigvalsh(gram)[:, [0, -1]].T
        whole = smallest > 1e-10 * largest
        df, effect, unscaled, residual = (np.full(len(squared), np.nan) for _ in range(4))
        inverse = np.linalg.inv(gram[whole])
        solved = np.einsum("pqr,pr->pq", inverse, along[whole])
        residual[whole] = squared[whole] - np.einsum("pq,pq->p", solved, along[whole])
        effect[whole] = solved[:, -1] / scale
        unscaled[whole] = np.sqrt(inverse[:, -1, -1]) / abs(scale)
        df[whole] = observed[:, whole].sum(axis=0) - q
        # Few genes: those that a whole group, or a value of a covariate, is missing for.
        for j in np.flatnonzero(~whole):
            rows = observed[:, j] > 0
            coefficients, _, rank, _ = np.linalg.lstsq(basis[rows], centred[rows, j], rcond=1e-8)
            residual[j] = float(np.sum((centred[rows, j] - basis[rows] @ coefficients) ** 2))
            df[j] = rows.sum() - rank
        residual = np.maximum(residual, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = np.where(df > 0, residual / df, np.nan)
    return Fit(effect, unscaled, variance, df)


def moderate(fit: Fit) -> Moderated:
    """Shrink residual variances towards what all genes have in common, and test effects.

    s2 is s0^2 times F with d and d0 degrees of freedom, as mean and variance of log(s2) have them;
    t divides by the root of (d0 s0^2 + d s2) / (d0 + d). Smyth 2004, Stat Appl Genet Mol Biol 3:3,
    section 6.2 and equation 3. All NaN where fewer than two genes have a variance.
    """
    usable = (fit.df > 0) & np.isfinite(fit.variance)
    if usable.sum() < 2:
        nothing = np.full(len(fit.df), np.nan)
        return Moderated(nothing, nothing, float("nan"), float("nan"), nothing, nothing)
    d, s2 = fit.df[usable], fit.variance[usable]
    # A variance of zero has no logarithm; it counts as very small against the typical one.
    typical = float(np.median(s2)) or 1.0
    s2 = np.maximum(s2, 1e-5 * typical)
    log_variance = np.log(s2) - special.digamma(d / 2) + np.log(d / 2)
    centre = float(np.mean(log_variance))
    excess = float(np.var(log_variance, ddof=1) - np.mean(special.polygamma(1, d / 2)))
    if excess > 0:
        half = _inverse_trigamma(excess)
        d0 = 2 * half
        s02 = float(np.exp(centre + special.digamma(half) - np.log(half)))
    else:  # No more spread than chance gives: all genes have one variance.
        d0, s02 = float("inf"), float(np.mean(s2))
    sum_of_squares = np.where(fit.df > 0, np.nan_to_num(fit.df * fit.variance), 0.0)
    df = np.nan_to_num(fit.df)
    posterior = np.full(len(df), s02) if np.isinf(d0) else (sum_of_squares + d0 * s02) / (df + d0)
    with np.errstate(invalid="ignore", divide="ignore"):
        t = fit.effect / fit.unscaled / np.sqrt(posterior)
    total = np.minimum(df + d0, df.sum())
    p = 2 * stats.t.sf(np.abs(t), total)
    return Moderated(t, p, d0, s02, np.sqrt(posterior), total)


def _inverse_trigamma(value: float) -> float:
    """Solve trigamma(x) = value, which falls from infinity to 0."""

    def gap(log_x: float) -> float:
        return float(np.log(special.polygamma(1, np.exp(log_x))) - np.log(value))

    # 1/x < trigamma(x) < 1/x + 1/x^2 encloses the root.
    low = np.log(1 / value)
    high = np.log(0.5 / value + np.sqrt(0.25 / value**2 + 1 / value))
    return float(np.exp(optimize.brentq(gap, low - 1e-6, high + 1e-6, xtol=1e-14, rtol=1e-14)))


def independent(columns: Array) -> Array:
    """Leave out every column that those before it already say."""
    kept: list[int] = []
    for j in range(columns.shape[1]):
        if np.linalg.matrix_rank(unit_columns(columns[:, [*kept, j]])) == len(kept) + 1:
            kept.append(j)
    return columns[:, kept]


def unit_columns(columns: Array) -> Array:
    """Columns of length 1, so that rank does not hang on units."""
    length = np.sqrt((columns**2).sum(axis=0))
    return columns / np.where(length > 0, length, 1.0)
