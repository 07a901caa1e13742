"""How strongly each module goes with each side of a target."""

import warnings

import numpy as np
import pandas as pd
from scipy import stats

from omicsfuse.core.errors import OmicsfuseWarning, SignatureError
from omicsfuse.core.results import Target
from omicsfuse.signatures.coexpression import CoexpressionModules
from omicsfuse.stats.arrays import Array
from omicsfuse.stats.correlations import t_p_value
from omicsfuse.stats.moments import moments
from omicsfuse.stats.multiple_testing import benjamini_hochberg

#: How eigengenes are correlated with the target.
MEASURES = ("pearson", "spearman")

#: Fewest patients of a group, and fewest others, for the group to be compared.
MINIMUM_GROUP = 5


def score_columns(target: Target, minimum_group: int = MINIMUM_GROUP) -> pd.DataFrame:
    """One column of numbers a score: the target itself, or 1 in a group and 0 in the others.

    Gives patients x scores.
    """
    given = target.values  # noqa: PD011 - a field of ours
    if target.kind == "continuous":
        number = pd.Series(given.to_numpy(dtype=float), given.index)
        if not number.std() > 0:
            raise SignatureError(
                f"modules: target {target.name} is the same in all {len(number)} patients."
            )
        return number.to_frame(target.name)
    groups = given.astype(str)
    sizes = groups.value_counts().sort_index()
    good = [g for g, n in sizes.items() if min(n, len(groups) - n) >= minimum_group]
    small = [f"{group} ({sizes[group]} of {len(groups)})" for group in sizes.index.difference(good)]
    if not good:
        raise SignatureError(
            f"modules: no group of target {target.name} has {minimum_group} patients, and as many "
            f"others, with expression: {', '.join(small)}."
        )
    if small:
        warnings.warn(
            f"modules: too few patients in, or outside, {', '.join(small)} of target "
            f"{target.name}, at least {minimum_group} are needed: no score for it.",
            OmicsfuseWarning,
            stacklevel=3,
        )
    return pd.DataFrame({group: (groups == group).astype(float) for group in good})


def correlations(
    values: Array, sides: Array, covariates: pd.DataFrame | None, measure: str = "pearson"
) -> tuple[Array, Array]:
    """Adjusted correlations of columns (n, p) with sides (n, s), and p of Student's t: (p, s)."""
    x = np.where(np.isnan(values), np.nan_to_num(moments(values).mean), values)
    y = np.asarray(sides, dtype=float)
    c = np.empty((len(x), 0)) if covariates is None else covariates.to_numpy(dtype=float)
    if measure == "spearman":
        x, y, c = (stats.rankdata(part, axis=0) if part.size else part for part in (x, y, c))
    x, y, c = x - x.mean(axis=0), y - y.mean(axis=0), c - c.mean(axis=0)
    rank = 0
    before = [np.einsum("ij,ij->j", part, part) for part in (x, y)]
    if c.shape[1]:
        c = c / np.maximum(np.sqrt(np.einsum("ij,ij->j", c, c)), 1e-300)
        left, singular, _ = np.linalg.svd(c, full_matrices=False)
        rank = int((singular > 1e-10 * max(singular[0], 1e-300)).sum())
        basis = left[:, :rank]
        x, y = (part - basis @ np.einsum("ij,ik->jk", basis, part) for part in (x, y))
    xx, yy = (np.einsum("ij,ij->j", part, part) for part in (x, y))
    left_over = np.outer(xx > 1e-18 * before[0], yy > 1e-18 * before[1])
    freedom = len(x) - 2 - rank
    with np.errstate(invalid="ignore", divide="ignore"):
        r = np.clip(np.einsum("ij,ik->jk", x, y) / np.sqrt(np.outer(xx, yy)), -1.0, 1.0)
        r = np.where(left_over, r, np.nan)
    return r, t_p_value(r, freedom)


def module_target(
    modules: CoexpressionModules,
    sides: pd.DataFrame,
    covariates: pd.DataFrame | None,
    measure: str = "pearson",
) -> pd.DataFrame:
    """Correlate eigengenes with sides: a row a score and module, ``fdr`` over all rows, ``hub``."""
    r, p = correlations(modules.eigengenes.to_numpy(), sides.to_numpy(), covariates, measure)
    sizes = modules.labels.value_counts()
    rows = [
        (score, module, sizes[module], modules.explained[module], r[j, s], p[j, s])
        for s, score in enumerate(sides.columns)
        for j, module in enumerate(modules.eigengenes.columns)
    ]
    names = ["score", "module", "n_genes", "explained", "correlation", "p"]
    table = pd.DataFrame(rows, columns=names)
    table["fdr"] = benjamini_hochberg(table["p"].to_numpy())
    table["hub"] = [modules.hubs(module, 1).index[0] for module in table["module"]]
    return table
