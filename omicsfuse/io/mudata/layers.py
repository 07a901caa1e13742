"""From a modality to a layer: observations brought to patients, one matrix, names of features."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse

from omicsfuse.core.checks.tables import count, did_you_mean, listed
from omicsfuse.core.cohort import Exclusion, Layer
from omicsfuse.core.errors import CohortError
from omicsfuse.core.identifiers import resolve_identifiers
from omicsfuse.io.mudata.optional import UNS, quiet
from omicsfuse.stats.memory import require_memory

if TYPE_CHECKING:
    from anndata import AnnData


class Part(NamedTuple):
    """A modality, of the observations that were kept, and the patient of each."""

    key: str
    data: "AnnData"
    patients: list[str]

    @property
    def where(self) -> str:
        """Name of the modality in messages."""
        return f'modality "{self.key}"'


def part_of(key: str, modality: Any, whole: Any, column: str, exclusions: list[Exclusion]) -> Part:
    """Bring the observations of a modality to patients, one of each."""
    part = Part(key, modality, [])
    if not column:
        names = modality.obs_names
    elif column in modality.obs:
        names = modality.obs[column]
    elif column in whole.obs and whole.obs_names.is_unique:
        names = whole.obs[column].reindex(modality.obs_names)
    else:
        columns = dict.fromkeys([*modality.obs.columns, *whole.obs.columns])
        raise CohortError(
            f'{part.where}: obs has no column "{column}" with the patients; '
            f"{did_you_mean(column, columns)}."
        )
    if unnamed := int(pd.isna(names).sum()):
        raise CohortError(
            f"{part.where}: {count(unnamed, 'observation')} of {len(names)} have no patient in "
            f'obs["{column}"]. Fill the column, or exclude these observations: '
            f'adata[adata.obs["{column}"].notna()].'
        )
    with quiet():  # the same is said when the tables are read
        resolved = resolve_identifiers([str(name) for name in names], key)
    exclusions += resolved.exclusions
    patients = pd.Series(resolved.patients, dtype=object)
    if patients.duplicated().any():
        often = patients.value_counts(sort=False)
        often = often[often > 1]
        shown = ", ".join(f'"{name}" ({n})' for name, n in often.iloc[:3].items())
        have = "has" if len(often) == 1 else "have"
        raise CohortError(
            f"{part.where}: {count(len(often), 'patient')} of {patients.nunique()} {have} "
            f"more than one observation, e.g. {shown}. A cohort has one row per patient: keep "
            "one observation of each, or sum or average cells or spots per patient."
        )
    kept = modality
    if len(resolved.positions) < modality.n_obs:
        kept = modality[np.array(resolved.positions, dtype=int)]
    return Part(key, kept, list(resolved.patients))


def layer_of(part: Part, chosen: Mapping[str, str], source: str) -> Layer:
    """Make a layer of a modality: values from the matrix asked for, features by their names."""
    stored = part.data.uns.get(UNS, {})
    values, var = _matrix(part, chosen["matrix"] or "X")
    names = _features(part, var, chosen["gene_symbol"])
    table = pd.DataFrame(values, part.patients, names)
    kind, scale = chosen["kinds"], chosen["scales"]
    if not kind:
        kind = str(stored.get("kind", ""))
        if not scale and chosen["matrix"] in ("", "X"):
            scale = str(stored.get("scale", ""))
    # Files hold text as categories.
    known = var.set_axis(names).astype(dict.fromkeys(var.select_dtypes("category"), object))
    megabases, variants = stored.get("megabases"), stored.get("variants")
    return Layer(
        kind,
        table,
        scale,
        known if known.shape[1] else None,
        source,
        None if megabases is None else float(megabases),
        None if variants is None else variants.reset_index(drop=True),
    )


def _matrix(part: Part, which: str) -> tuple[np.ndarray, pd.DataFrame]:
    """Values of a matrix, dense, and what is known of its features."""
    data = part.data
    there = [*(["X"] if data.X is not None else []), *(["raw"] if data.raw is not None else [])]
    there += list(data.layers)
    if which not in there:
        raise CohortError(
            f'{part.where}: there is no matrix "{which}"; '
            f"{did_you_mean(which, there) or 'it has none'}."
        )
    var = data.var
    if which == "X":
        values = data.X
    elif which == "raw":
        values, var = data.raw.X, data.raw.var
    else:
        values = data.layers[which]
    # Twice: the matrix itself, and what is made of it.
    require_memory(
        2 * 8 * data.n_obs * len(var),
        f"{part.where}: a dense matrix of {data.n_obs:,} x {len(var):,} values",
        'keep fewer features, e.g. adata[:, adata.var["highly_variable"]]',
    )
    if hasattr(values, "to_memory"):
        values = values.to_memory()
    # A copy, as scanpy changes values in place.
    return values.toarray() if sparse.issparse(values) else np.array(values), var


def _features(part: Part, var: pd.DataFrame, column: str) -> pd.Index:
    """Names of the features: those of a column, and where it says nothing their own."""
    if column and column not in var:
        raise CohortError(
            f'{part.where}: var has no column "{column}" with gene symbols; '
            f"{did_you_mean(column, var.columns) or 'it has none'}."
        )
    told = var[column].astype(object) if column else var.index
    names = pd.Index(
        [
            str(own) if pd.isna(symbol) or not str(symbol).strip() else str(symbol).strip()
            for own, symbol in zip(var.index, told, strict=True)
        ]
    )
    if not names.is_unique:
        twice = names[names.duplicated()].unique()
        here = f'var["{column}"]' if column else "var_names"
        kept = f'adata.var["{column}"]' if column else "adata.var_names"
        raise CohortError(
            f"{part.where}: {count(len(twice), 'name')} in {here} "
            f"{'occurs' if len(twice) == 1 else 'occur'} for more than one feature, e.g. "
            f"{listed(twice, 3)}. Keep one feature of each, e.g. the first: adata[:, "
            f"~{kept}.duplicated()]."
        )
    return names
