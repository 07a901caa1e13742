"""Two groups compared by the moderated t, adjusted for covariates, in a model of all groups."""

from typing import Any

import numpy as np
import numpy.typing as npt

from omicsfuse.stats.arrays import Array
from omicsfuse.stats.least_squares import Fit, effects, fit_genes, independent, unit_columns
from omicsfuse.stats.levels import MINIMUM_GROUP, SIGNIFICANCE
from omicsfuse.stats.moments import moments, welch_t
from omicsfuse.stats.tested import Tested, as_tested

#: What the name of a test ends with where covariates were adjusted for.
ADJUSTED = ", adjusted"
#: So many times the variance of the larger group in the smaller one, and so many times the p in
#: Welch's test, make p doubtful.
UNEQUAL, MUCH_LARGER = 2.0, 10.0
#: Note where groups and covariates say the same.
CONFOUNDED = "the covariates determine the groups completely: no effect can be estimated"


def moderated_difference(
    matrix: Array,
    groups: npt.NDArray[Any],
    inside: npt.NDArray[np.bool_],
    outside: npt.NDArray[np.bool_],
    effect_name: str,
    covariates: Array | None = None,
) -> Tested:
    """Compare two groups of patients (n,) on every feature of a matrix (n, p): limma's moderated t.

    Other groups and covariates (n, q) are in the model. A feature has one variance for all groups;
    ``note`` gives Welch's p where that matters. Checked against limma 3.54.1 in
    ``tests/reference/differential.R``.
    """
    seen = ~np.isnan(matrix)
    n1, n2 = seen[inside].sum(axis=0), seen[outside].sum(axis=0)
    moment = moments(matrix)
    varying = (moment.n >= 2) & (moment.variance > 0)
    fit, estimable = _fit(matrix, seen, moment.mean, varying, groups, inside, outside, covariates)
    tested = effects(fit)
    tellable = varying & (n1 >= MINIMUM_GROUP) & (n2 >= MINIMUM_GROUP)
    spread = _spread_notes(matrix, inside, outside, tested.p)
    adjusted = ADJUSTED if covariates is not None and covariates.shape[1] else ""
    return as_tested(
        tested.effect,
        tested.low,
        tested.high,
        np.where(tellable, tested.p, np.nan),
        n1 + n2,
        effect_name,
        tested.test + adjusted,
        np.where(tellable & ~estimable, CONFOUNDED, spread),
    )


def _spread_notes(
    matrix: Array, inside: npt.NDArray[np.bool_], outside: npt.NDArray[np.bool_], p: Array
) -> npt.NDArray[Any]:
    """Say where p may hang on the smaller group being the more spread one.

    One variance for both groups makes p too small there; Welch's t has one for each.
    """
    first, second = moments(matrix[inside]), moments(matrix[outside])
    smaller, larger = np.where(
        first.n <= second.n,
        [first.variance, second.variance],
        [second.variance, first.variance],
    )
    _, welch_p = welch_t(first, second)
    with np.errstate(invalid="ignore"):
        doubtful = (p <= SIGNIFICANCE) & (welch_p > MUCH_LARGER * p) & (smaller > UNEQUAL * larger)
    notes = np.full(len(p), "", dtype=object)
    for j in np.flatnonzero(doubtful):
        notes[j] = (
            "larger variance in the smaller group; Welch's t-test, unadjusted: p = "
            f"{welch_p[j]:.2g}"
        )
    return notes


def _fit(
    matrix: Array,
    seen: npt.NDArray[np.bool_],
    mean: Array,
    varying: npt.NDArray[np.bool_],
    groups: npt.NDArray[Any],
    inside: npt.NDArray[np.bool_],
    outside: npt.NDArray[np.bool_],
    covariates: Array | None,
) -> tuple[Fit, npt.NDArray[np.bool_]]:
    """Fit the features that vary, and say which have a difference that can be told."""
    named = np.unique(groups[~(inside | outside)])
    others = np.array([groups == name for name in named], dtype=bool)
    others = others.reshape(len(named), len(matrix))
    adjust = np.empty((len(matrix), 0)) if covariates is None else covariates
    parts = [np.full(matrix.shape[1], np.nan) for _ in range(4)]
    estimable = np.zeros(matrix.shape[1], dtype=bool)
    absent = np.array([~seen[rows].any(axis=0) for rows in others], dtype=bool)
    absent = absent.reshape(len(named), matrix.shape[1]).T
    # A group in which a feature is not measured at all has no mean there.
    for pattern in sorted({tuple(row) for row in absent[varying].tolist()}):
        without = np.array(pattern, dtype=bool)
        columns = varying & (absent == without).all(axis=1)
        rows = ~others[without].any(axis=0)
        nuisance = np.column_stack([np.ones(rows.sum()), others[~without][:, rows].T, adjust[rows]])
        nuisance = independent(nuisance)
        design = np.column_stack([nuisance, inside[rows].astype(float)])
        told = np.linalg.matrix_rank(unit_columns(design)) == design.shape[1]
        there = seen[np.ix_(rows, columns)]
        centred = np.where(there, matrix[np.ix_(rows, columns)] - mean[columns], 0.0)
        fit = fit_genes(
            centred, None if there.all() else there.astype(float), design if told else nuisance
        )
        estimable[columns] = told & np.isfinite(fit.effect)
        for part, values in zip(parts, fit, strict=True):
            part[columns] = values
        if not told:
            parts[0][columns] = parts[1][columns] = np.nan
    return Fit(*parts), estimable
