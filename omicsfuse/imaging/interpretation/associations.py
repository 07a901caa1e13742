"""Features of one layer compared with a score or a class, plain and given covariates."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from omicsfuse.core.cohort import MINIMUM_PATIENTS
from omicsfuse.core.kinds import SCALES, Scale, analysis_of
from omicsfuse.core.results import PreparedLayer
from omicsfuse.imaging.interpretation.adjusted import adjusting_columns
from omicsfuse.imaging.interpretation.contrasts import Contrast
from omicsfuse.stats.arrays import Array, Counts
from omicsfuse.stats.correlations import rank_correlations
from omicsfuse.stats.least_squares import slopes
from omicsfuse.stats.rank_tests import rank_biserial, rank_sum
from omicsfuse.stats.shares import mutated_share

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
    """Name the comparison that fits a layer's scale."""
    scale = analysis_of(layer)
    if scale.test == "mutated_share":
        return CARRIERS
    return MODERATED if scale.slope else SPEARMAN


def compare_features(
    table: pd.DataFrame, method: str, scale: str, contrast: Contrast, design: pd.DataFrame
) -> tuple[pd.DataFrame, str]:
    """Compare every column of a table (patients x features) with a score or class.

    ``"moderated t"``: slope by limma; ``"Spearman"``: also partial; ``"carriers"``: Wilcoxon's test
    with the rank-biserial correlation, Fisher's of classes; adjusted, the partial rank correlation
    (Kendall 1942, Biometrika 32:277-283). Also a note where nothing is adjusted.
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
            note = "no variation remains after adjustment: the feature duplicates a covariate"
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
            return _of(enough, _shares(y, x) if binary else _carriers(y, x))
        return _of(enough, _correlated(y, x, columns))
    return _correlated(y, x, columns)


def linear_effects(y: Array, x: Array, columns: Array | None) -> Effects:
    """Slope of every feature (n, p) on x (n,) given columns (n, q), with limma's moderated t.

    NaN for features constant or seen in fewer than 10; for all where the columns explain x.
    """
    basis = np.ones((len(x), 1)) if columns is None else independent_basis(columns)
    left = x - _explained(x, basis)
    if not np.sum(left**2) > 1e-9 * np.sum((x - x.mean()) ** 2):
        return _nothing(y.shape[1])
    n = (~np.isnan(y)).sum(axis=0)
    slope = slopes(y, basis, x, n >= MINIMUM_PATIENTS)
    return Effects(slope.effect, slope.low, slope.high, slope.t, slope.p, n)


def independent_basis(columns: Array) -> Array:
    """Make an orthonormal basis of a constant and the columns, without what others explain."""
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
    correlation = rank_correlations(x[:, None], y, columns)
    r = correlation.correlation[0]
    usable = correlation.n[0] >= MINIMUM_PATIENTS
    effects = Effects(
        r, correlation.low[0], correlation.high[0], r, correlation.p[0], correlation.n[0]
    )
    return _of(usable, effects)


def _carriers(y: Array, x: Array) -> Effects:
    """Score of carriers against others, mutation by mutation."""
    inside, outside = (np.where(y == side, x[:, None], np.nan) for side in (1, 0))
    biserial, tested = rank_biserial(inside, outside), rank_sum(inside, outside)
    return Effects(tested.effect, biserial.low, biserial.high, tested.effect, tested.p, tested.n)


def _shares(y: Array, x: Array) -> Effects:
    """Mutated share in two classes."""
    share = mutated_share(y[x == 1], y[x == 0])
    return Effects(share.effect, share.low, share.high, share.effect, share.p, share.n)


def _of(usable: Mask, effects: Effects) -> Effects:
    """Effects of the usable features; NaN for the others."""
    effect, low, high, statistic, p = (np.where(usable, part, np.nan) for part in effects[:5])
    return Effects(effect, low, high, statistic, p, effects.n)


def _nothing(p: int) -> Effects:
    none = np.full(p, np.nan)
    return Effects(none, none, none, none, none, np.zeros(p, dtype=np.int64))
