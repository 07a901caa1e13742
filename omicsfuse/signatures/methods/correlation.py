"""Genes that go with a target: correlation, plain or partial, with FDR and stability."""

import warnings
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from omicsfuse.core.checks.arguments import seed, whole_number
from omicsfuse.core.errors import OmicsfuseWarning, SignatureError, StudyError
from omicsfuse.core.results import Target
from omicsfuse.signatures.derived import Derived
from omicsfuse.signatures.methods import refuse_unfit
from omicsfuse.signatures.methods.remembered import remembered
from omicsfuse.signatures.methods.tables import chosen_weights, gene_table, strongest
from omicsfuse.signatures.target import MINIMUM_GROUP, group_names
from omicsfuse.stats.arrays import Array
from omicsfuse.stats.correlations import t_p_value
from omicsfuse.stats.levels import FDR
from omicsfuse.stats.multiple_testing import benjamini_hochberg


def correlation(
    values: pd.DataFrame,
    target: Target,
    *,
    covariates: pd.DataFrame | None = None,
    n_genes: int = 50,
    random_state: int = 0,
    coefficient: Literal["spearman", "pearson"] = "spearman",
    fdr: float = FDR,
    stability: float = 0.6,
    n_subsamples: int = 100,
    minimum_group: int = MINIMUM_GROUP,
    gate: bool = True,
) -> Derived:
    """Take the genes that are correlated with the target, and stay so in halves of the patients.

    By FDR, and among the ``n_genes`` strongest in enough random halves (Meinshausen and Buhlmann
    2010, J R Stat Soc B 72:417-473, section 2); given k covariates partial, p of t with n - 2 - k
    degrees of freedom. ``stability`` is NaN where no gene had an FDR small enough.
    """
    refuse_unfit("correlation", target.kind, target.name, covariates is not None)
    if coefficient not in ("spearman", "pearson"):
        raise StudyError(
            f"signature: coefficient is {coefficient!r}; use 'spearman' or 'pearson' (partial "
            "where covariates are given)."
        )
    for name, value in (("fdr", fdr), ("stability", stability)):
        if not 0 <= value <= 1:
            raise StudyError(f"signature: {name} is {value!r}; it must be from 0 to 1.")
    n_subsamples = whole_number(n_subsamples, "n_subsamples", 0)
    names, columns = _columns(target, minimum_group)
    if not names or not values.shape[1]:
        raise SignatureError(
            f"signature: no correlation possible: {values.shape[1]} usable genes, and "
            f"{len(names)} groups with at least {minimum_group} patients in and outside them."
        )
    adjust = np.zeros((len(values), 0)) if covariates is None else covariates.to_numpy(dtype=float)
    ranked = coefficient == "spearman"
    genes = remembered(values, f"correlation {coefficient}", lambda: _genes(values, ranked))
    r = _all_patients(genes, adjust, columns, ranked)
    df = genes.n[:, None] - 2.0 - adjust.shape[1]
    p = t_p_value(r, df)
    q = np.column_stack([benjamini_hochberg(p[:, j]) for j in range(len(names))])
    share = np.full(r.shape, np.nan)
    passed = q <= fdr
    needed = gate and n_subsamples > 0
    if needed and passed.any():
        draws = _halves(len(values), n_subsamples, random_state)
        share = _stability(genes, adjust, columns, ranked, draws, n_genes)
    weights = np.zeros(r.shape)
    for j in range(len(names)):
        eligible = np.isfinite(q[:, j]) if not gate else passed[:, j]
        if needed:
            eligible = eligible & (np.nan_to_num(share[:, j]) >= stability)
        chosen = strongest(np.abs(r[:, j]), eligible, n_genes)
        weights[chosen, j] = r[chosen, j]
    _refuse_or_warn(target, names, values.columns, weights, r, q, share, fdr, stability)
    return Derived(
        chosen_weights(values.columns, names, weights),
        gene_table(
            values.columns,
            names,
            weights,
            {
                "effect": r,
                "n": np.repeat(genes.n[:, None], len(names), axis=1),
                "p": p,
                "fdr": q,
                "stability": share,
            },
        ),
        {
            "method": f"{'partial ' if adjust.shape[1] else ''}{coefficient} correlation",
            "coefficient": coefficient,
            "n_genes": n_genes,
            "fdr": fdr,
            "stability": stability,
            "n_subsamples": n_subsamples,
            "gate": gate,
            "minimum_group": minimum_group,
            "random_state": random_state,
            "covariates": [] if covariates is None else list(covariates.columns),
        },
    )


class _Genes(NamedTuple):
    """Genes in rows: values (0 where missing), order, where values rise, and centred rows."""

    rows: Array
    order: Any
    starts: Any
    whole: Any
    n: Any
    centred: Array
    squared: Array


def _genes(values: pd.DataFrame, ranked: bool) -> _Genes:
    from omicsfuse.signatures.methods.correlation_kernel import centred_rows

    rows = np.ascontiguousarray(values.to_numpy(dtype=float).T)
    seen = ~np.isnan(rows)
    whole, n = seen.all(axis=1), seen.sum(axis=1)
    if not ranked:
        # About the mean of the gene, so that sums of squares keep their digits.
        rows = rows - (np.where(seen, rows, 0.0).sum(axis=1) / np.maximum(n, 1))[:, None]
    order, starts = _order(rows)
    rows = np.where(seen, rows, 0.0)
    centred = np.zeros(rows.shape)
    centred_rows(rows, order, starts, ranked, np.ones(rows.shape[1], dtype=bool), centred)
    return _Genes(rows, order, starts, whole, n, centred, np.einsum("pn,pn->p", centred, centred))


def _order(rows: Array) -> tuple[Any, Any]:
    """Patients from the lowest to the highest value of each row; -1 where it is missing."""
    order = np.argsort(rows, axis=1, kind="stable").astype(np.int32)
    ordered = np.take_along_axis(rows, order, axis=1)
    starts = np.ones(rows.shape, dtype=bool)
    starts[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    order[np.isnan(ordered)] = -1
    return order, starts


def _columns(target: Target, minimum: int) -> tuple[list[str], Array]:
    """Names and columns of numbers: the target itself, or one indicator a group."""
    if target.kind == "continuous":
        column = np.asarray(target.values, dtype=float)
        return [target.name], column[:, None]
    labels = target.values.to_numpy(dtype=object)  # noqa: PD011 - a field of ours
    inside = {name: labels == name for name in group_names(target)}
    names = [
        name for name, rows in inside.items() if min(rows.sum(), len(rows) - rows.sum()) >= minimum
    ]
    return names, np.array([inside[name] for name in names], dtype=float).T.reshape(len(labels), -1)


def _all_patients(genes: _Genes, adjust: Array, columns: Array, ranked: bool) -> Array:
    """Correlation of every gene with every column over all patients who have the gene."""
    from omicsfuse.signatures.methods.correlation_kernel import centred_rows, residualise

    others, order, starts = _others(adjust, columns)
    k, n = adjust.shape[1], len(columns)
    everybody = np.ones(n, dtype=bool)
    parts = np.zeros(others.shape)
    centred_rows(others, order, starts, ranked, everybody, parts)
    left = residualise(parts, k)
    along = np.einsum("pn,mn->pm", genes.centred, parts)
    squared = genes.squared.copy()
    for a in range(k):
        if left[a] > 0:
            squared -= along[:, a] ** 2 / left[a]
    squared = np.where(squared > 1e-12 * genes.squared, squared, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        r = np.clip(along[:, k:] / np.sqrt(squared[:, None] * left[k:]), -1.0, 1.0)
    r = np.where((genes.n[:, None] > k + 2) & np.isfinite(r), r, np.nan)
    if not genes.whole.all():
        some = np.flatnonzero(~genes.whole)
        r[some] = _subsampled(genes, some, adjust, columns, ranked, everybody[None])[0].T
    return r


def _others(adjust: Array, columns: Array) -> tuple[Array, Any, Any]:
    others = np.ascontiguousarray(np.column_stack([adjust, columns]).T)
    order, starts = _order(others)
    return others, order, starts


def _subsampled(
    genes: _Genes, rows: Any, adjust: Array, columns: Array, ranked: bool, draws: Any
) -> Array:
    """Correlations (draws, columns, genes) of some of the genes."""
    from omicsfuse.signatures.methods.correlation_kernel import correlations

    others, order, starts = _others(adjust, columns)
    out = np.empty((len(draws), columns.shape[1], len(rows)))
    correlations(
        genes.rows[rows],
        genes.order[rows],
        genes.starts[rows],
        others,
        order,
        starts,
        adjust.shape[1],
        ranked,
        genes.whole[rows],
        draws,
        out,
    )
    return out


def _halves(n: int, n_subsamples: int, random_state: int) -> Any:
    """Random halves of the patients, as rows of true and false."""
    rng = np.random.default_rng([seed(random_state), 1])
    draws = np.zeros((n_subsamples, n), dtype=bool)
    for row in draws:
        row[rng.permutation(n)[: n // 2]] = True
    return draws


def _stability(
    genes: _Genes, adjust: Array, columns: Array, ranked: bool, draws: Any, n_genes: int
) -> Array:
    """Share of the draws in which each gene is among the strongest for each column."""
    p, k = len(genes.rows), columns.shape[1]
    everything = np.arange(p)
    often = np.zeros((p, k))
    for start in range(0, len(draws), 10):
        part = _subsampled(genes, everything, adjust, columns, ranked, draws[start : start + 10])
        for strength in np.abs(part):
            for j in range(k):
                often[strongest(strength[j], np.ones(p, dtype=bool), n_genes), j] += 1
    return often / len(draws)


def _refuse_or_warn(
    target: Target,
    names: list[str],
    genes: pd.Index,
    weights: Array,
    r: Array,
    q: Array,
    share: Array,
    fdr: float,
    stability: float,
) -> None:
    """Refuse where no gene was taken, and name the groups that get no score."""
    reasons = {}
    for j, name in enumerate(names):
        if (weights[:, j] != 0).any():
            continue
        if not np.isfinite(q[:, j]).any():
            reasons[name] = "no correlation is defined"
            continue
        passed = int((q[:, j] <= fdr).sum())
        if passed:
            reasons[name] = (
                f"{passed} genes have an FDR of at most {fdr:g}, but none reaches a stability "
                f"of {stability:g}; the largest is {share[q[:, j] <= fdr, j].max():.2f}"
            )
        else:
            best = int(np.nanargmin(q[:, j]))
            reasons[name] = (
                f"none of {len(genes)} genes has an FDR of at most {fdr:g}; the smallest is "
                f"{q[best, j]:.2g} ({genes[best]}, coefficient {r[best, j]:.2f})"
            )
    if len(reasons) == len(names):
        raise SignatureError(
            f"signature: no gene set for {target.name!r}: "
            + "; ".join(f"{name}: {why}" for name, why in reasons.items())
            + ". These genes do not predict the target."
        )
    for name, why in reasons.items():
        warnings.warn(f"signature: {name} gets no score: {why}.", OmicsfuseWarning, stacklevel=3)
