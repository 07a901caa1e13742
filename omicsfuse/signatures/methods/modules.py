"""The genes at the centre of the co-expression module that goes most strongly with the target."""

import hashlib
import warnings
from collections import OrderedDict
from typing import Any

import numpy as np
import pandas as pd

from omicsfuse.core.checks.arguments import whole_number
from omicsfuse.core.errors import OmicsfuseWarning, SignatureError, StudyError
from omicsfuse.core.results import Target
from omicsfuse.signatures.coexpression import (
    MAXIMUM_GENES,
    CoexpressionModules,
    coexpression_modules,
)
from omicsfuse.signatures.derived import Derived
from omicsfuse.signatures.methods import refuse_unfit
from omicsfuse.signatures.methods.module_target import (
    MEASURES,
    MINIMUM_GROUP,
    correlations,
    module_target,
    score_columns,
)
from omicsfuse.stats.levels import FDR

#: The last modules found, by content: one network serves many targets, shuffled ones among them.
_RECENT: OrderedDict[str, CoexpressionModules] = OrderedDict()
_MOST_RECENT = 2


def modules(
    values: pd.DataFrame,
    target: Target,
    *,
    covariates: pd.DataFrame | None = None,
    n_genes: int = 50,
    random_state: int = 0,
    measure: str = "pearson",
    power: float | None = None,
    enough_fit: float = 0.85,
    network: str = "signed",
    correlation: str = "pearson",
    minimum_size: int = 20,
    depth: int = 2,
    merge_height: float = 0.25,
    minimum_membership: float = 0.3,
    maximum_genes: int = MAXIMUM_GENES,
    minimum_group: int = MINIMUM_GROUP,
    gate: bool = True,
) -> Derived:
    """Choose the hub genes of the co-expression module that goes most strongly with the target.

    Modules are found without the target; false discovery rates are over all modules and scores. For
    each score the module of largest absolute correlation (partial) gives its most central genes,
    weighted by membership (kME) times the sign. ``gate``: refuse above 0.05. A survival target is
    refused; nothing is random. Langfelder and Horvath 2008, BMC Bioinformatics 9:559.
    """
    refuse_unfit("modules", target.kind, target.name, covariates is not None)
    if measure not in MEASURES:
        raise StudyError(f"modules: measure is {measure!r}; it must be one of pearson, spearman.")
    n_genes = whole_number(n_genes, "n_genes")
    sides = score_columns(target, whole_number(minimum_group, "minimum_group", 2))
    coexpressed = _remembered_modules(
        values,
        {
            "power": power,
            "enough_fit": enough_fit,
            "network": network,
            "correlation": correlation,
            "minimum_size": minimum_size,
            "depth": depth,
            "merge_height": merge_height,
            "minimum_membership": minimum_membership,
            "maximum_genes": maximum_genes,
        },
    )
    if coexpressed.eigengenes.empty:
        raise SignatureError(
            f"modules: no module of {coexpressed.settings['minimum_size']} or more genes was "
            f"found among {len(coexpressed.labels)} genes of {len(values)} patients. Reduce "
            "minimum_size, or use another method."
        )
    table = module_target(coexpressed, sides, covariates, measure)
    good = _chosen(table, sides, target, gate)
    table["chosen"] = [(score, module) in good for score, module in _pairs(table)]
    related = correlations(values.to_numpy(float), sides.to_numpy(), covariates, measure)[0]
    weights, genes = {}, []
    for position, (score, module) in enumerate(good):
        chosen = table[(table["score"] == score) & (table["module"] == module)].iloc[0]
        sign = 1.0 if chosen["correlation"] >= 0 else -1.0
        weights[score] = coexpressed.hubs(module, n_genes) * sign
        column = sides.columns.get_loc(score)
        hubs = _looked_at(coexpressed, module, weights[score], position)
        hubs["score"] = score
        at = pd.Series(related[:, column], values.columns)
        hubs["correlation"] = at.reindex(hubs["gene"]).to_numpy()
        genes.append(hubs)
    columns = ["score", "gene", "weight", "module", "kme", "correlation"]
    return Derived(
        weights=pd.DataFrame(weights).fillna(0.0).sort_index().rename_axis(index="gene"),
        genes=pd.concat(genes, ignore_index=True)[columns],
        settings={
            **coexpressed.settings,
            "n_genes": n_genes,
            "measure": measure,
            "gate": bool(gate),
            "fdr": FDR,
            "covariates": [] if covariates is None else [str(c) for c in covariates.columns],
        },
        details={
            "modules": _membership(coexpressed),
            "module_target": table,
            "scale_free_fit": coexpressed.fit.copy(),
            "left_out": pd.DataFrame(
                [
                    (exclusion.what, exclusion.count, exclusion.reason)
                    for exclusion in coexpressed.exclusions
                ],
                columns=["what", "count", "reason"],
            ),
        },
    )


def _remembered_modules(values: pd.DataFrame, options: dict[str, Any]) -> CoexpressionModules:
    """Modules of these values, remembered: targets differ more often than tables do."""
    content = hashlib.sha256(np.ascontiguousarray(values.to_numpy(dtype=float)).tobytes())
    for axis in (values.index, values.columns):
        content.update("\x1f".join(map(str, axis)).encode() + b"\x1e")
    content.update(repr(sorted(options.items())).encode())
    key = content.hexdigest()
    modules_of_values = _RECENT.get(key)
    if modules_of_values is None:
        modules_of_values = coexpression_modules(values, **options)
        _RECENT[key] = modules_of_values
        while len(_RECENT) > _MOST_RECENT:
            _RECENT.popitem(last=False)
    return modules_of_values


def _pairs(table: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(table["score"], table["module"], strict=True))


def _chosen(
    table: pd.DataFrame, sides: pd.DataFrame, target: Target, gate: bool
) -> list[tuple[str, str]]:
    """Score and module of each score that has one."""
    strength = table["correlation"].abs().to_numpy()
    if np.isnan(strength).all():
        raise SignatureError(
            f"modules: no variation of target {target.name} remains after adjustment for the "
            "covariates. Remove some covariates."
        )
    good, without = [], []
    for score in sides.columns:
        strengths = np.where(table["score"] == score, strength, np.nan)
        if not np.isnan(strengths).all():
            best = table.iloc[int(np.nanargmax(strengths))]
            if not gate or best["fdr"] <= FDR:
                good.append((score, str(best["module"])))
                continue
        without.append(score)
    if not good:
        best = table.iloc[int(np.nanargmax(strength))]
        raise SignatureError(
            f"modules: none of {table['module'].nunique()} modules is associated with target "
            f"{target.name}: the strongest is {best['module']} with {best['score']}, "
            f"correlation {best['correlation']:.2f}, false discovery rate {best['fdr']:.2g}; "
            f"at most {FDR} is needed."
        )
    if without:
        warnings.warn(
            f"modules: no module is associated with {', '.join(map(str, without))} of target "
            f"{target.name} (false discovery rate at most {FDR}): no score for it.",
            OmicsfuseWarning,
            stacklevel=3,
        )
    return good


def _looked_at(
    modules: CoexpressionModules, module: str, weights: pd.Series, position: int
) -> pd.DataFrame:
    """All genes of the network, with their weight in one score."""
    genes = modules.labels.index
    return pd.DataFrame(
        {
            "gene": genes,
            "weight": weights.reindex(genes).fillna(0.0).to_numpy(),
            "module": modules.labels.to_numpy(),
            "kme": modules.membership[module].to_numpy(),
        },
        index=range(position * len(genes), (position + 1) * len(genes)),
    )


def _membership(modules: CoexpressionModules) -> pd.DataFrame:
    """Each gene's module and its membership there."""
    place = modules.membership.columns.get_indexer(pd.Index(modules.labels))
    kme = modules.membership.to_numpy()[np.arange(len(place)), place]
    return pd.DataFrame(
        {
            "gene": modules.labels.index,
            "module": modules.labels.to_numpy(),
            "kme": np.where(place >= 0, kme, np.nan),
        }
    )
