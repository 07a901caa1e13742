"""Expression of the patients who have the target, made ready for choosing genes."""

from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from omicsfuse.core.checks.arguments import require
from omicsfuse.core.checks.tables import names_as_text
from omicsfuse.core.errors import SignatureError, StudyError
from omicsfuse.core.labelled import Z_LIMIT, expression_layer
from omicsfuse.core.results import Prepared, Target
from omicsfuse.signatures.scaling import WINSORISED
from omicsfuse.stats.covariates import Encoded, as_terms
from omicsfuse.stats.moments import moments, varies
from omicsfuse.stats.ranks import winsorise

#: Share of patients that must have a gene; with fewer it could not be scored elsewhere either.
OBSERVED = 0.5


@dataclass(frozen=True, eq=False)
class TrainingData:
    """Patients with target and covariates; values (patients x genes) sorted, not winsorised."""

    values: pd.DataFrame
    target: Target
    covariates: pd.DataFrame | None
    layer: str
    scale: str
    exclusions: tuple[str, ...]

    @cached_property
    def usable(self) -> pd.DataFrame:
        """The values as every method takes them, made once for all targets of the patients."""
        return usable_values(self.values)


def training_data(
    target: Target,
    prepared: Prepared,
    layer: str | None,
    covariates: pd.DataFrame | Encoded | None,
) -> TrainingData:
    """Bring target, expression and covariates together.

    ``covariates``: patients x columns, or their terms. They may be nobody.
    """
    require(prepared, Prepared, "prepared", "from of.preprocess")
    name = chosen_layer(prepared, layer)
    ready = prepared.layers[name]
    table = ready.values  # noqa: PD011 - a field of ours, not the pandas attribute
    table = table.set_axis(names_as_text(table.index))
    table = table.set_axis([str(gene) for gene in table.columns], axis=1)
    for labels, unit in ((table.index, "patient"), (table.columns, "gene")):
        if not labels.is_unique:
            twice = sorted(set(labels[labels.duplicated()]))
            raise SignatureError(
                f"signature: layer {name}: {len(twice)} {unit}s occur more than once: "
                f"{', '.join(twice[:5])}. Keep one of each, or average them."
            )
    known = target.values.sort_index()  # noqa: PD011 - a field of ours
    exclusions = list(target.exclusions)
    patients = known.index[known.index.isin(table.index)]
    exclusions += _lost(known.index.difference(patients), f"no layer {name}")
    encoded, adjust = _in_order(covariates, patients), None
    if encoded is not None:
        complete = encoded.terms.index[encoded.terms.notna().all(axis=1)]
        without = patients.difference(complete)
        exclusions += _lost(without, f"incomplete covariates ({', '.join(encoded.terms.columns)})")
        patients = patients[patients.isin(complete)]
        adjust, said = _independent(encoded, patients)
        exclusions += said
    values = table.loc[patients].sort_index(axis=1).astype("float64")
    if ready.scale == "zscore":
        values = values.clip(-Z_LIMIT, Z_LIMIT)
    matched = replace(target, values=known.loc[patients])
    return TrainingData(values, matched, adjust, name, ready.scale, tuple(exclusions))


def usable_values(values: pd.DataFrame) -> pd.DataFrame:
    """Winsorise genes by 2.5% on both sides, without those constant or that most patients lack."""
    matrix = winsorise(values.to_numpy(dtype=float), WINSORISED)
    spread = moments(matrix)
    usable = varies(spread.mean, spread.sd) & (spread.n >= OBSERVED * len(matrix))
    return pd.DataFrame(
        np.ascontiguousarray(matrix[:, usable]), index=values.index, columns=values.columns[usable]
    )


def take(target: Target, rows: npt.NDArray[np.int64]) -> Target:
    """Take some of the patients of a target, by position."""
    return replace(target, values=target.values.iloc[rows])  # noqa: PD011 - a field of ours


def shuffled(target: Target, rows: npt.NDArray[np.int64]) -> Target:
    """Give the patients one another's values: the first gets that at ``rows[0]``."""
    values = target.values  # noqa: PD011 - a field of ours
    return replace(target, values=values.iloc[rows].set_axis(values.index))


def chosen_layer(prepared: Prepared, layer: str | None) -> str:
    """Choose the layer; one that preprocessing found nothing usable in is the data's fault."""
    try:
        return expression_layer(prepared.layers, layer, "signature")
    except StudyError as error:
        there = {
            exclusion.layer for exclusion in prepared.exclusions if exclusion.step == "preprocess"
        }
        left_out = sorted(there - set(prepared.layers))
        if left_out and (layer is None or layer in left_out):
            raise SignatureError(
                f"{error} Preprocessing found no usable feature in: {', '.join(left_out)}."
            ) from error
        raise


def _lost(patients: pd.Index, lack: str) -> list[str]:
    """Say who lacks something; nothing where nobody does."""
    if patients.empty:
        return []
    have = "patients have" if len(patients) > 1 else "patient has"
    return [f"{len(patients)} {have} {lack}: {', '.join(map(str, patients[:5]))}"]


def _in_order(covariates: pd.DataFrame | Encoded | None, patients: pd.Index) -> Encoded | None:
    """Covariates as terms, patients and terms named by text; terms in order."""
    encoded = as_terms(covariates, "signature", patients)
    if encoded is None:
        return None
    terms = encoded.terms.set_axis(names_as_text(encoded.terms.index))
    return encoded._replace(terms=terms.sort_index(axis=1))


def _independent(covariates: Encoded, patients: pd.Index) -> tuple[pd.DataFrame, list[str]]:
    """Terms of the patients used; of several of one column, without those that say nothing."""
    terms, lost = covariates.terms.loc[patients], list[str]()
    if len(terms) < 2:
        return terms, lost
    siblings = Counter(covariates.columns.values())
    centred = terms.to_numpy() - terms.to_numpy().mean(axis=0)
    independent: list[int] = []
    for last, name in enumerate(terms.columns):
        if np.linalg.matrix_rank(centred[:, [*independent, last]]) > len(independent):
            independent.append(last)
        elif siblings[covariates.columns[name]] > 1:
            siblings[covariates.columns[name]] -= 1
            lost.append(
                f"covariate {name}: the same in all {len(terms)} patients, or determined by "
                "others: excluded"
            )
        else:
            raise SignatureError(
                f"signature: covariate {name!r} is constant, or determined by earlier "
                f"covariates ({', '.join(terms.columns[:last]) or 'none'}), among the "
                f"{len(terms)} patients used. Remove it."
            )
    return terms.iloc[:, independent], lost
