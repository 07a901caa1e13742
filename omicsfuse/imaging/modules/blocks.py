"""Blocks of radiomic features and of genes: patients, members, modules, covariates."""

from dataclasses import replace

import numpy as np
import pandas as pd

from omicsfuse.core.checks.arguments import require
from omicsfuse.core.errors import CohortError, StudyError
from omicsfuse.core.labelled import Z_LIMIT
from omicsfuse.core.layers import Exclusion
from omicsfuse.core.results import PreparedLayer
from omicsfuse.stats.arrays import Array

#: Fewest patients: with fewer, a fold would hold too few to correlate anything in.
MINIMUM_PATIENTS = 20

STEP = "radiogenomic modules"


def layer_table(layer: PreparedLayer) -> pd.DataFrame:
    """Values of a layer, sorted by patient and feature; z-scores limited."""
    table = layer.values.sort_index(axis=0).sort_index(axis=1)  # noqa: PD011 - a field of ours
    return table.clip(-Z_LIMIT, Z_LIMIT) if layer.scale == "zscore" else table


def shared_patients(
    images: pd.DataFrame,
    genes: pd.DataFrame,
    covariates: pd.DataFrame | None,
    names: tuple[str, str],
    exclusions: list[Exclusion],
) -> pd.Index:
    """Patients with both layers and all covariates (patients x terms); the others are counted."""
    both = images.index[images.index.isin(genes.index)]
    for name, index in zip(names, (images.index, genes.index), strict=True):
        without = index[~index.isin(both)]
        if len(without):
            reason = f"without layer {names[1] if name == names[0] else names[0]}"
            exclusions.append(
                Exclusion(
                    STEP, name, "patients", len(without), reason, tuple(map(str, without[:5]))
                )
            )
    if covariates is not None:
        known = covariates.index[np.isfinite(covariates.to_numpy(dtype=float)).all(axis=1)]
        lacking = both[~both.isin(known)]
        if len(lacking):
            examples = tuple(map(str, lacking[:5]))
            exclusions.append(
                Exclusion(STEP, names[0], "patients", len(lacking), "without a covariate", examples)
            )
            both = both[both.isin(known)]
    if len(both) < MINIMUM_PATIENTS:
        raise CohortError(
            f"{len(both)} patients have layers {names[0]} and {names[1]}"
            f"{'' if covariates is None else ' and all covariates'}; correlations in held-out "
            f"patients need {MINIMUM_PATIENTS} or more."
        )
    return both


def made_modules(
    genes: pd.DataFrame,
    minimum_size: int,
    maximum_genes: int,
    layer: str,
    exclusions: list[Exclusion],
) -> tuple[pd.DataFrame, float]:
    """Co-expression modules of all patients with expression."""
    from omicsfuse.signatures import coexpression_modules

    modules = coexpression_modules(genes, minimum_size=minimum_size, maximum_genes=maximum_genes)
    exclusions += [replace(exclusion, step=STEP, layer=layer) for exclusion in modules.exclusions]
    labels = modules.labels
    inside = labels[(labels != "unassigned").to_numpy()]
    exclusions += [
        Exclusion(STEP, layer, "genes", len(labels) - len(inside), "in no co-expression module")
    ] * (len(inside) < len(labels))
    places = modules.membership.columns.get_indexer(pd.Index(inside.to_numpy()))
    rows = modules.membership.index.get_indexer(inside.index)
    table = pd.DataFrame(
        {
            "gene": inside.index.astype(str),
            "module": inside.to_numpy(),
            "membership": modules.membership.to_numpy()[rows, places] if len(inside) else [],
        }
    )
    order = np.lexsort(
        (table["gene"], -table["membership"].astype(float), table["module"].str[1:].astype(int))
    )
    return table.iloc[order].reset_index(drop=True), modules.power


def given_modules(table: pd.DataFrame) -> pd.DataFrame:
    """Check modules that were made elsewhere; membership is NaN where it is not given."""
    require(table, pd.DataFrame, "gene_modules", "columns gene and module")
    for column in ("gene", "module"):
        if column not in table:
            raise StudyError(
                f"gene_modules has no column {column!r}; found "
                f"{', '.join(map(str, table.columns)) or 'none'}. Expected gene, module and, to "
                "name modules by, membership."
            )
    if "membership" not in table:
        table = table.assign(membership=np.nan)
    return table[["gene", "module", "membership"]].reset_index(drop=True)


def group_members(
    table: pd.DataFrame,
    group: str,
    name: str,
    there: pd.Index,
    layer: str,
    exclusions: list[Exclusion],
) -> dict[str, list[str]]:
    """Names of each group that the layer has, S2 before S10; those it lacks are counted."""
    for column in (group, name):
        if column not in table:
            raise StudyError(f"{group}s: there is no column {column!r} in the table of {group}s.")
    known = table[name].isin(there)
    if not known.all():
        lost = [str(each) for each in table.loc[~known, name]]
        exclusions.append(
            Exclusion(STEP, layer, f"{name}s", len(lost), f"not in layer {layer}", tuple(lost[:5]))
        )
    groups: dict[str, list[str]] = {}
    for label, member in zip(table.loc[known, group], table.loc[known, name], strict=True):
        groups.setdefault(str(label), []).append(str(member))
    ordered = sorted(groups, key=lambda label: (len(label), label))
    return {label: sorted(dict.fromkeys(groups[label])) for label in ordered}


def adjusted_block(table: pd.DataFrame, design: Array | None) -> Array:
    """Values of a block; with covariates, what linear regression on them leaves."""
    values = table.to_numpy(dtype=float)
    if design is None:
        return values
    missing = np.isnan(values)
    known = np.where(missing, 0.0, values)
    filled = np.where(missing, known.sum(axis=0) / np.maximum((~missing).sum(axis=0), 1), values)
    x = np.column_stack([np.ones(len(design)), design - design.mean(axis=0)])
    left: Array = filled - x @ np.linalg.lstsq(x, filled, rcond=None)[0]
    return left
