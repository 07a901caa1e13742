"""Genes that differ between a group and the others, by moderated t."""

import warnings
from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from omicsfuse.core.errors import OmicsfuseWarning, SignatureError, StudyError
from omicsfuse.core.results import Target
from omicsfuse.signatures.derived import Derived
from omicsfuse.signatures.methods import refuse_unfit
from omicsfuse.signatures.methods.remembered import remembered
from omicsfuse.signatures.methods.tables import chosen_weights, gene_table, strongest
from omicsfuse.signatures.target import MINIMUM_GROUP, group_names
from omicsfuse.stats.arrays import Array
from omicsfuse.stats.least_squares import fit_genes, moderate
from omicsfuse.stats.levels import FDR
from omicsfuse.stats.multiple_testing import benjamini_hochberg


def moderated_t(
    values: pd.DataFrame,
    target: Target,
    *,
    covariates: pd.DataFrame | None = None,
    n_genes: int = 50,
    random_state: int = 0,
    fdr: float = FDR,
    weights: Literal["sign", "t"] = "sign",
    groups: Sequence[str] | None = None,
    where: str = "the values",
    minimum_group: int = MINIMUM_GROUP,
    gate: bool = True,
) -> Derived:
    """Take for each group the genes with the largest moderated t against all other patients.

    Higher or, with negative weight, lower; adjusted for covariates (Smyth 2004, Stat Appl Genet Mol
    Biol 3:3). ``details["prior"]``: ``df_prior``, ``variance_prior`` by group.
    """
    refuse_unfit("moderated_t", target.kind, target.name, covariates is not None)
    if weights not in ("sign", "t"):
        raise StudyError(f"signature: weights is {weights!r}; use 'sign' or 't'.")
    if not 0 < fdr <= 1:
        raise StudyError(f"signature: fdr is {fdr!r}; it must be above 0 and at most 1.")
    labels = target.values.to_numpy(dtype=object)  # noqa: PD011 - a field of ours
    names = group_names(target) if groups is None else list(groups)
    sizes = {name: int(np.sum(labels == name)) for name in names}
    used = [n for n in names if min(sizes[n], len(labels) - sizes[n]) >= minimum_group]
    if not used or values.shape[1] == 0:
        raise SignatureError(
            f"signature: no group of {where} can be compared with the others over "
            f"{values.shape[1]} usable genes; at least {minimum_group} patients in and outside it "
            f"are needed. Patients: {', '.join(f'{s} {n}' for s, n in sizes.items())}."
        )
    shape = values.shape[1], len(used)
    effect, t, p, q, weight = (np.zeros(shape) for _ in range(5))
    centred, observed = remembered(values, "centred", lambda: centre(values))
    prior = {}
    adjust = np.zeros((len(values), 0)) if covariates is None else covariates.to_numpy(dtype=float)
    for j, name in enumerate(used):
        inside = (labels == name).astype(float)
        design = np.column_stack([np.ones(len(labels)), adjust, inside])
        if np.linalg.matrix_rank(design) < design.shape[1]:
            raise SignatureError(
                f"signature: the covariates separate {name} from the others completely. "
                "Remove the covariate."
            )
        if len(labels) <= design.shape[1]:
            raise SignatureError(
                f"signature: {len(labels)} patients are too few for {adjust.shape[1]} covariates."
            )
        fit = fit_genes(centred, observed, design)
        test = moderate(fit)
        effect[:, j], t[:, j], p[:, j] = fit.effect, test.t, test.p
        q[:, j] = benjamini_hochberg(test.p)
        eligible = q[:, j] <= fdr if gate else np.isfinite(q[:, j])
        chosen = strongest(np.abs(test.t), eligible, n_genes)
        if len(chosen):
            largest = np.abs(test.t[chosen]).max()
            gene_weight = np.sign(test.t) if weights == "sign" else test.t / largest
            weight[chosen, j] = gene_weight[chosen]
        prior[name] = {
            "df_prior": test.df_prior,
            "variance_prior": test.variance_prior,
        }
    _warn(names, sizes, used, weight, q, fdr, minimum_group)
    if not (weight != 0).any():
        best = ", ".join(f"{name} {_smallest(q[:, j])}" for j, name in enumerate(used))
        raise SignatureError(
            f"signature: no gene of {values.shape[1]} differs between a group and the others "
            f"at FDR {fdr:g}; the smallest FDR: {best}. These genes do not separate the "
            "groups."
        )
    return Derived(
        chosen_weights(values.columns, used, weight),
        gene_table(values.columns, used, weight, {"effect": effect, "t": t, "p": p, "fdr": q}),
        {
            "method": "moderated t of each group against the others, both directions",
            "n_genes": n_genes,
            "fdr": fdr,
            "weights": weights,
            "gate": gate,
            "minimum_group": minimum_group,
            "covariates": [] if covariates is None else list(covariates.columns),
        },
        {"prior": pd.DataFrame(prior).T.rename_axis("score")},
    )


def centre(values: pd.DataFrame) -> tuple[Array, Array | None]:
    """Values about the mean of each gene, 0 where missing, and who has them (None: everybody)."""
    matrix = values.to_numpy(dtype=float)
    seen = ~np.isnan(matrix)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(seen, matrix, 0.0).sum(axis=0) / seen.sum(axis=0)
    centred = np.ascontiguousarray(np.where(seen, matrix - mean, 0.0))
    return centred, None if seen.all() else np.ascontiguousarray(seen.astype(float))


def _smallest(fdr: Array) -> str:
    return f"{np.nanmin(fdr):.2g}" if np.isfinite(fdr).any() else "none"


def _warn(
    names: list[str],
    sizes: dict[str, int],
    used: list[str],
    weight: Array,
    fdr: Array,
    level: float,
    minimum: int,
) -> None:
    """Name the groups that get no score, where others do."""
    if not (weight != 0).any():
        return
    for name in names:
        if name in used and (weight[:, used.index(name)] != 0).any():
            continue
        why = (
            f"its smallest FDR is {_smallest(fdr[:, used.index(name)])}, above {level:g}"
            if name in used
            else f"{sizes[name]} of its patients have expression; {minimum} in and outside "
            "the group are needed"
        )
        warnings.warn(
            f"signature: {name} gets no score: {why}.",
            OmicsfuseWarning,
            stacklevel=3,
        )
