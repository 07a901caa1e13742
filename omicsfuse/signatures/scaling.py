"""Genes brought to one scale before scoring: by the cohort itself, or by the training cohort."""

from typing import Literal

import numpy as np
import pandas as pd

from omicsfuse.core.errors import SignatureError
from omicsfuse.core.results import Signature
from omicsfuse.stats.moments import moments, varies
from omicsfuse.stats.ranks import winsorise

#: Share of patients at either end whose values are set to those of the next one inside.
WINSORISED = 0.025
#: Standardised values beyond this are set to it, so that no gene decides a patient alone.
Z_LIMIT = 4.0
#: Fewest patients whose own mean and spread can stand for a cohort.
MINIMUM_PATIENTS = 10


def standardise(
    signature: Signature | None,
    table: pd.DataFrame,
    *,
    scaling: Literal["cohort", "reference"] = "cohort",
) -> pd.DataFrame:
    """Standardise genes (patients x genes) robustly, within +-4; a missing value becomes 0.

    Constant genes, and by the cohort's own scaling those that most patients lack, are left out.
    """
    if scaling not in ("cohort", "reference"):
        raise SignatureError(f"scaling is {scaling!r}; it must be 'cohort' or 'reference'.")
    if scaling == "cohort" and len(table) < MINIMUM_PATIENTS:
        raise SignatureError(
            f"{len(table)} patients are too few to scale genes by their mean and SD (at least "
            f"{MINIMUM_PATIENTS}); use scaling='reference' if values were measured and "
            "processed as in the training cohort."
        )
    if signature is not None:
        table = table[[gene for gene in signature.templates.index if gene in table.columns]]
    values = table.to_numpy(dtype=float)
    if scaling == "cohort":
        values = winsorise(values, WINSORISED)
        scale = moments(values)
        mean, sd = scale.mean, scale.sd
    elif signature is None:
        raise SignatureError("scaling='reference' needs a signature with the reference.")
    else:
        reference = signature.reference.loc[table.columns]
        mean, sd = reference["mean"].to_numpy(float), reference["sd"].to_numpy(float)
    usable = varies(mean, sd)
    present = (~np.isnan(values)).mean(axis=0) if len(values) else np.zeros(values.shape[1])
    usable &= present >= 0.5 if scaling == "cohort" else present > 0
    z = np.clip((values[:, usable] - mean[usable]) / sd[usable], -Z_LIMIT, Z_LIMIT)
    return pd.DataFrame(np.nan_to_num(z), index=table.index, columns=table.columns[usable])


def scaled_genes(
    signature: Signature | None, table: pd.DataFrame, scaling: Literal["cohort", "reference"]
) -> pd.DataFrame:
    """Standardise all genes of a cohort, sorted, those of a signature by its reference where asked.

    Others are then scaled by the cohort, for random sets, or left out below 10 patients.
    """
    if scaling == "cohort" or signature is None:
        z = standardise(None, table, scaling=scaling)
    else:
        z = standardise(signature, table, scaling="reference")
        others = table.loc[:, ~table.columns.isin(signature.templates.index)]
        if len(table) >= MINIMUM_PATIENTS and others.shape[1]:
            z = pd.concat([z, standardise(None, others)], axis=1)
    order = np.argsort(z.columns.to_numpy(dtype=object).astype(str), kind="stable")
    return z.iloc[:, order]
