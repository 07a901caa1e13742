"""Features of one layer compared with a score or a class, plain and given covariates."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from omicsfuse.biology.two_groups import fisher_exact, rank_sum
from omicsfuse.core.cohort import MINIMUM_PATIENTS
from omicsfuse.core.kinds import SCALES, Scale, analysis_of
from omicsfuse.core.results import PreparedLayer
from omicsfuse.imaging.interpretation.adjusted import adjusting_columns
from omicsfuse.imaging.interpretation.contrasts import Contrast
from omicsfuse.stats.arrays import Array, Counts
from omicsfuse.stats.correlations import rank_correlations
from omicsfuse.stats.least_squares import fit_genes, moderate
from omicsfuse.stats.levels import TAILS, Z
from omicsfuse.stats.moments import varies

#: Fewest patients with a mutation, and fewest without, for it to be compared.
MINIMUM_CARRIERS = 5
MODERATED, SPEARMAN, CARRIERS = "moderated t", "Spearman", "carriers"

Mask = npt.NDArray[np.bool_]


class Effects(NamedTuple):
    """Effect of each feature, its 95% interval, statistic, p, and patients."""

    effect: Array
    low: Array
    high: Array
    statistic: Array
    p: Array
    n: Counts


def method_of(layer: PreparedLayer) -> str:
    """Name the comparison that fits a layer's scale.

    Examples
    --------
    >>> none = pd.DataFrame()
    >>> method_of(PreparedLayer("protein", none, none, "log2", None))
    'moderated t'
    >>> method_of(PreparedLayer("mutation", none, none, "binary", None))
    'carriers'
    """
    scale = analysis_of(layer)
    if scale.test == "mutated_share":
        return CARRIERS
    return MODERATED if scale.slope else SPEARMAN


def compare_features(
    table: pd.DataFrame, method: str, scale: str, contrast: Contrast, design: pd.DataFrame
) -> tuple[pd.DataFrame, str]:
    """Compare every column of a table with a score or class.

    - ``"moderated t"``: value = a + b score + covariates by least squares, with b tested by
      limma's moderated t. The effect is b: the change per standard deviation of the score, or
      between the classes, in units of the layer.
    - ``"Spearman"``: Spearman's correlation, and the partial one given the covariates.
    - ``"carriers"``: Wilcoxon's rank-sum test of the score between carriers of a mutation and
      others, with the rank-biserial correlation (2 AUC - 1) and DeLong's interval on Fisher's
      scale; of classes Fisher's exact test. Adjusted: the partial rank correlation.

    Parameters
    ----------
    table : pandas.DataFrame
        Patients x features; NaN where missing.
    method : str
        As `method_of` names it.
    scale : str
        Scale of the values, for the name of the effect.
    contrast : Contrast
        What to compare with.
    design : pandas.DataFrame
        Covariates; see ``adjusted.Covariates``.

    Returns
    -------
    table : pandas.DataFrame
        Columns ``feature``, ``n``, ``effect``, ``effect_ci_low``, ``effect_ci_high``,
        ``effect_name``, ``test``, ``p``, ``adjusted_effect``, ``adjusted_ci_low``,
        ``adjusted_ci_high``, ``adjusted_p``, ``adjusted_n``, ``statistic``,
        ``adjusted_statistic``; a row a feature, p missing where it cannot be compared.
    note : str
        Why nothing is adjusted; empty where it is.

    References
    ----------
    Smyth 2004, Stat Appl Genet Mol Biol 3:3; Kendall 1942, Biometrika 32:277-283; DeLong, DeLong
    and Clarke-Pearson 1988, Biometrics 44:837-845.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> patients = [f"P{i:02}" for i in range(30)]
    >>> table = pd.DataFrame(rng.standard_normal((30, 40)), patients).add_prefix("g")
    >>> score = Contrast("score", (table["g0"] - table["g0"].mean()) / table["g0"].std(), False)
    >>> found, _ = compare_features(table, "moderated t", "log2", score, pd.DataFrame())
    >>> found.loc[0, "feature"], found.loc[0, "effect_name"], bool(found.loc[0, "p"] < 1e-6)
    ('g0', 'log2 change per SD of the score', True)
    """
    x = contrast.numbers.reindex(table.index).to_numpy(dtype=float)
    there = np.isfinite(x)
    x, table = x[there], table.loc[there]
    y = table.to_numpy(dtype=float)
    columns, note = adjusting_columns(design, table.index)
    raw = _effects(y, x, method, contrast.binary, None)
    adjusted = _nothing(y.shape[1])
    if columns is not None:
        adjusted = _effects(y, x, method, contrast.binary, columns)
        if not np.isfinite(adjusted.p).any() and np.isfinite(raw.p).any():
            note = "the covariates leave nothing of it: it is one of them in other words"
    name, test = _names(method, scale, contrast)
    return (
        pd.DataFrame(
            {
                "feature": [str(name) for name in table.columns],
                "n": raw.n.astype("int64"),
                "effect": raw.effect,
                "effect_ci_low": raw.low,
                "effect_ci_high": raw.high,
                "effect_name": name,
                "test": test,
                "p": raw.p,
                "adjusted_effect": adjusted.effect,
                "adjusted_ci_low": adjusted.low,
                "adjusted_ci_high": adjusted.high,
                "adjusted_p": adjusted.p,
                "adjusted_n": adjusted.n.astype("int64"),
                "statistic": raw.statistic,
                "adjusted_statistic": adjusted.statistic,
            }
        ),
        note,
    )


def _names(method: str, scale: str, contrast: Contrast) -> tuple[str, str]:
    """Name of the effect and of the test."""
    if method == MODERATED:
        joint = ", " if contrast.binary else " "
        return (
            f"{SCALES.get(scale, Scale()).slope or 'change'}{joint}{contrast.unit}",
            "moderated t",
        )
    if method == SPEARMAN:
        return "Spearman correlation", "Spearman"
    if contrast.binary:
        return "difference in mutated share", "Fisher exact; adjusted: partial rank correlation"
    return "rank-biserial correlation", "Wilcoxon rank-sum; adjusted: partial rank correlation"


def _effects(y: Array, x: Array, method: str, binary: bool, columns: Array | None) -> Effects:
    if columns is not None:
        whole = ~np.isnan(columns).any(axis=1)
        y, x, columns = y[whole], x[whole], columns[whole]
    if len(x) < MINIMUM_PATIENTS:
        return _nothing(y.shape[1])
    if method == MODERATED:
        return linear_effects(y, x, columns)
    if method == CARRIERS:
        ones = np.nansum(y, axis=0)
        enough = (ones >= MINIMUM_CARRIERS) & (np.nansum(1 - y, axis=0) >= MINIMUM_CARRIERS)
        if columns is None:
            return _of(enough, _fisher(y, x) if binary else _carriers(y, x))
        return _of(enough, _correlated(y, x, columns))
    return _correlated(y, x, columns)


def linear_effects(y: Array, x: Array, columns: Array | None) -> Effects:
    """Slope of every feature on x given columns, with limma's moderated t.

    Parameters
    ----------
    y : ndarray of float, shape (n, p)
        NaN where missing.
    x : ndarray of float, shape (n,)
    columns : ndarray of float, shape (n, q), or None
        Complete.

    Returns
    -------
    Effects
        NaN for features that do not vary, are observed in fewer than 10 patients, and for all where
        the columns explain x.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> found = linear_effects(rng.standard_normal((20, 50)), np.arange(20.0), None)
    >>> bool((found.low < found.effect).all())
    True
    """
    basis = np.ones((len(x), 1)) if columns is None else independent_basis(columns)
    left = x - _explained(x, basis)
    if not np.sum(left**2) > 1e-9 * np.sum((x - x.mean()) ** 2):
        return _nothing(y.shape[1])
    y = np.ascontiguousarray(y)
    observed = ~np.isnan(y)
    n = observed.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(observed, y, 0.0).sum(axis=0) / n
        centred = np.where(observed, y - mean, 0.0)
        sd = np.sqrt((centred**2).sum(axis=0) / (n - 1))
    usable = varies(mean, sd) & (n >= MINIMUM_PATIENTS)
    mask = None if observed[:, usable].all() else observed[:, usable].astype(float)
    fit = fit_genes(centred[:, usable], mask, np.column_stack([basis, x]))
    fitted = moderate(fit)
    prior = fitted.df_prior
    with np.errstate(invalid="ignore"):
        spread = (
            np.full(len(fit.df), fitted.variance_prior)
            if np.isinf(prior)
            else (fit.df * fit.variance + prior * fitted.variance_prior) / (fit.df + prior)
        )
        half = fit.unscaled * np.sqrt(spread)
        half = half * stats.t.ppf(TAILS[1], np.minimum(fit.df + prior, np.nansum(fit.df)))
    parts = (fit.effect, fit.effect - half, fit.effect + half, fitted.t, fitted.p)
    effect, low, high, t, p = (_scattered(part, usable) for part in parts)
    return Effects(effect, low, high, t, p, n)


def independent_basis(columns: Array) -> Array:
    """Make an orthonormal basis of a constant and the columns, without what others explain.

    Examples
    --------
    >>> independent_basis(np.array([[1.0, 2.0], [2.0, 4.0], [4.0, 8.0]])).shape
    (3, 2)
    """
    kept = [np.ones(len(columns))]
    for column in columns.T:
        left = column - _explained(column, np.column_stack(kept))
        if np.sum(left**2) > 1e-9 * max(np.sum((column - column.mean()) ** 2), 1e-300):
            kept.append(column)
    return np.linalg.qr(np.column_stack(kept))[0]


def _explained(x: Array, basis: Array) -> Array:
    orthonormal = np.linalg.qr(basis)[0]
    return np.einsum("nq,q->n", orthonormal, np.einsum("nq,n->q", orthonormal, x))


def _correlated(y: Array, x: Array, columns: Array | None) -> Effects:
    found = rank_correlations(x[:, None], y, columns)
    r = found.correlation[0]
    usable = found.n[0] >= MINIMUM_PATIENTS
    effects = Effects(r, found.low[0], found.high[0], r, found.p[0], found.n[0])
    return _of(usable, effects)


def _carriers(y: Array, x: Array) -> Effects:
    """Score of carriers against others, mutation by mutation."""
    rows = [_one_mutation(y[:, j], x) for j in range(y.shape[1])]
    effect, low, high, statistic, p, n = np.array(rows, dtype=float).reshape(-1, 6).T
    return Effects(effect, low, high, statistic, p, n.astype(np.int64))


def _one_mutation(mutated: Array, x: Array) -> tuple[float, ...]:
    inside, outside = x[mutated == 1], x[mutated == 0]
    n = len(inside) + len(outside)
    if min(len(inside), len(outside)) < 2:
        return (*[np.nan] * 5, n)
    tested = rank_sum(inside[:, None], outside[:, None])
    effect, p = float(tested.effect[0]), float(tested.p[0])
    # Share of the other group that each patient lies above: its variances are DeLong's.
    above = (inside[:, None] > outside) + 0.5 * (inside[:, None] == outside)
    variance = above.mean(axis=1).var(ddof=1) / len(inside)
    variance += above.mean(axis=0).var(ddof=1) / len(outside)
    low = high = np.nan
    if abs(effect) < 1:
        half = Z * 2 * np.sqrt(variance) / (1 - effect**2)
        low, high = np.tanh(np.arctanh(effect) - half), np.tanh(np.arctanh(effect) + half)
    return effect, low, high, effect, p, n


def _fisher(y: Array, x: Array) -> Effects:
    """Mutated share in two classes, with Newcombe's interval of the difference."""
    inside, outside = y[x == 1], y[x == 0]
    tested = fisher_exact(inside, outside)
    counts = [
        (np.nansum(part, axis=0), (~np.isnan(part)).sum(axis=0)) for part in (inside, outside)
    ]
    with np.errstate(divide="ignore", invalid="ignore"):
        (p1, low1, high1), (p2, low2, high2) = (_wilson(ones, n) for ones, n in counts)
        low = p1 - p2 - np.sqrt((p1 - low1) ** 2 + (high2 - p2) ** 2)
        high = p1 - p2 + np.sqrt((high1 - p1) ** 2 + (p2 - low2) ** 2)
    usable = np.isfinite(tested.p)
    return _of(usable, Effects(tested.effect, low, high, tested.effect, tested.p, tested.n))


def _wilson(ones: Array, n: Array) -> tuple[Array, Array, Array]:
    share, z2 = ones / n, Z**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z / (1 + z2 / n) * np.sqrt(share * (1 - share) / n + z2 / (4 * n**2))
    return share, middle - half, middle + half


def _scattered(part: Array, usable: Mask) -> Array:
    whole = np.full(len(usable), np.nan)
    whole[usable] = part
    return whole


def _of(usable: Mask, effects: Effects) -> Effects:
    """Effects of the usable features; NaN for the others."""
    effect, low, high, statistic, p = (np.where(usable, part, np.nan) for part in effects[:5])
    return Effects(effect, low, high, statistic, p, effects.n)


def _nothing(p: int) -> Effects:
    none = np.full(p, np.nan)
    return Effects(none, none, none, none, none, np.zeros(p, dtype=np.int64))
