"""A template for each group: the genes that are highest in it."""

import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from omicsfuse.core.errors import OmicsfuseWarning, SignatureError
from omicsfuse.core.results import Target
from omicsfuse.signatures.derived import Derived
from omicsfuse.signatures.methods import refuse_unfit
from omicsfuse.signatures.methods.remembered import remembered
from omicsfuse.signatures.methods.tables import chosen_weights, gene_table, strongest
from omicsfuse.signatures.score import MINIMUM_GENES
from omicsfuse.signatures.target import MINIMUM_GROUP, group_names
from omicsfuse.stats.arrays import Array, Counts
from omicsfuse.stats.moments import Moments, welch_t
from omicsfuse.stats.multiple_testing import benjamini_hochberg

#: Variance of a group below this share of that of all patients is rounding.
_ROUNDING = 1e-13


def templates(
    values: pd.DataFrame,
    target: Target,
    *,
    covariates: pd.DataFrame | None = None,
    n_genes: int = 50,
    random_state: int = 0,
    groups: Sequence[str] | None = None,
    where: str = "the values",
    minimum_group: int = MINIMUM_GROUP,
    gate: bool = True,
) -> Derived:
    """Genes of each group with the largest positive Welch t; none shared, the larger t wins.

    Each has weight 1 (Hoshida 2010, PLoS ONE 5:e15543).
    """
    refuse_unfit("templates", target.kind, target.name, covariates is not None)
    labels = target.values.to_numpy(dtype=object)  # noqa: PD011 - a field of ours
    names = group_names(target) if groups is None else list(groups)
    sizes = {name: int(np.sum(labels == name)) for name in names}
    used = [n for n in names if min(sizes[n], len(labels) - sizes[n]) >= minimum_group]
    shape = values.shape[1], len(used)
    effect, t, p = np.empty(shape), np.empty(shape), np.empty(shape)
    if used:
        sums = remembered(values, "templates", lambda: _sums(values.to_numpy(dtype=float)))
        for j, name in enumerate(used):
            inside, outside = _two_groups(sums, labels == name)
            t[:, j], p[:, j] = welch_t(inside, outside)
            effect[:, j] = inside.mean - outside.mean
    weights = np.zeros(shape)
    reachable = np.where(np.isnan(t), -np.inf, t)
    best = reachable.argmax(axis=1) if used else np.zeros(shape[0])
    chosen = [
        strongest(reachable[:, j], (best == j) & (reachable[:, j] > 0), n_genes)
        for j in range(len(used))
    ]
    for j, positions in enumerate(chosen):
        if len(positions) >= MINIMUM_GENES:
            weights[positions, j] = 1.0
    templated = [n for n, column in zip(used, chosen, strict=True) if len(column) >= MINIMUM_GENES]
    for name in names:
        if name not in templated:
            size = f"{len(chosen[used.index(name)])} genes" if name in used else "no genes"
            warnings.warn(
                f"signature: {name} gets no template: {sizes[name]} of its patients and "
                f"{len(labels) - sizes[name]} others have {where} (at least {minimum_group} "
                f"each are needed), and its template has {size} genes (at least "
                f"{MINIMUM_GENES}). No patient of another cohort can be assigned to it.",
                OmicsfuseWarning,
                stacklevel=2,
            )
    if len(templated) < 2:
        kind = "subtypes" if target.source == "subtypes" else "groups"
        raise SignatureError(
            f"signature: {len(templated)} of {len(names)} {kind} get a template from {where}; "
            "at least 2 are needed. Patients: "
            f"{', '.join(f'{s} {n}' for s, n in sizes.items())}."
        )
    fdr = np.column_stack([benjamini_hochberg(p[:, j]) for j in range(len(used))])
    return Derived(
        chosen_weights(values.columns, used, weights),
        gene_table(values.columns, used, weights, {"effect": effect, "t": t, "p": p, "fdr": fdr}),
        {
            "method": "nearest template: genes with the largest positive Welch t, weight 1",
            "n_genes": n_genes,
            "minimum_group": minimum_group,
        },
    )


class _Sums(NamedTuple):
    """Values about their means with 0 where missing, who has them, and sums over all patients."""

    centre: Array
    centred: Array
    squared: Array
    observed: Array | None
    n: Counts
    total: Array
    total_squared: Array


def _sums(matrix: Array) -> _Sums:
    """Prepare a table so that moments within any group are sums over its rows."""
    seen = ~np.isnan(matrix)
    n = seen.sum(axis=0).astype(np.int64)
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = np.where(seen, matrix, 0.0).sum(axis=0) / n
    centred = np.where(seen, matrix - centre, 0.0)
    squared = centred**2
    observed = None if seen.all() else seen.astype(float)
    return _Sums(centre, centred, squared, observed, n, centred.sum(axis=0), squared.sum(axis=0))


def _two_groups(sums: _Sums, inside: np.ndarray) -> tuple[Moments, Moments]:
    """Moments of the patients inside a group and of those outside, from sums alone."""
    rows = np.flatnonzero(inside)
    first, first_squared = sums.centred[rows].sum(axis=0), sums.squared[rows].sum(axis=0)
    if sums.observed is None:
        n = np.full(len(first), len(rows), dtype=np.int64)
    else:
        n = sums.observed[rows].sum(axis=0).astype(np.int64)
    moments_of = []
    for count, total, squared in (
        (n, first, first_squared),
        (sums.n - n, sums.total - first, sums.total_squared - first_squared),
    ):
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = total / count
            variance = (squared - total * mean) / (count - 1)
            variance = np.where(variance > _ROUNDING * sums.total_squared / sums.n, variance, 0.0)
        moments_of.append(Moments(count, sums.centre + mean, np.where(count < 2, np.nan, variance)))
    return moments_of[0], moments_of[1]
