"""What the radiomic features are held against: layers and tables of scores; and covariates."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from omicsfuse.core.checks.tables import names_as_text
from omicsfuse.core.errors import StudyError
from omicsfuse.core.kinds import layers_that
from omicsfuse.core.layers import Exclusion
from omicsfuse.core.results import Prepared
from omicsfuse.imaging.redundancy import in_order
from omicsfuse.stats.arrays import Array
from omicsfuse.stats.covariates import Encoded, as_terms

#: Fewest patients that must have another value than the most common one, mutated or not among
#: them; as for alterations against subtypes.
MINIMUM_VARYING = 5
STEP = "radiogenomics"


class Design(NamedTuple):
    """Covariates as columns of numbers (NaN where missing), and their names as given."""

    numbers: Array
    names: tuple[str, ...]


def target_tables(
    prepared: Prepared,
    radiomics: str,
    layers: Iterable[str] | None,
    scores: Mapping[str, pd.DataFrame] | None,
) -> dict[str, pd.DataFrame]:
    """Gather the tables to hold against the images, sorted float64: each is a family of tests."""
    there = prepared.layers
    if layers is None:
        wanted = layers_that(there, lambda kind: not kind.image)
    else:
        wanted = [layers] if isinstance(layers, str) else list(layers)
    tables = {}
    for name in wanted:
        if name not in there or name == radiomics:
            others = ", ".join(other for other in there if other != radiomics) or "none"
            raise StudyError(
                f"there is no layer {name!r} to compare with the images; other layers: {others}."
            )
        tables[name] = in_order(there[name].values)
    for name, table in (scores or {}).items():
        if name in tables:
            raise StudyError(f"scores {name!r} have the name of a layer; rename them.")
        tables[name] = in_order(numeric_table(table, f"scores {name!r}"))
    return tables


def numeric_table(table: pd.DataFrame, argument: str) -> pd.DataFrame:
    """Check a table from outside a cohort: numbers, each patient and column once."""
    if not isinstance(table, pd.DataFrame):
        raise StudyError(f"{argument}: expected a table, patients x numbers; got {type(table)!r}.")
    for axis, kind in ((table.index, "patient"), (table.columns, "column")):
        if axis.has_duplicates:
            twice = axis[axis.duplicated()][0]
            raise StudyError(f"{argument}: {kind} {twice} occurs more than once; keep one.")
    for column, values in table.items():
        if not pd.api.types.is_numeric_dtype(values):
            raise StudyError(
                f"{argument}: column {column} does not hold numbers; give patients x numbers."
            )
    return table.astype("float64")


def design(
    covariates: pd.DataFrame | Encoded | None, volume: Array | None, patients: pd.Index
) -> Design | None:
    """Covariates and tumour volume (n,) of these patients as columns of numbers; None without."""
    columns: list[Array] = []
    names: list[str] = []
    encoded = as_terms(covariates, "radiogenomic map", patients)
    if encoded is not None:
        terms = encoded.terms.set_axis(names_as_text(encoded.terms.index)).reindex(patients)
        for term, name in encoded.columns.items():
            if terms[term].notna().sum() == 0:
                raise StudyError(
                    f"covariate {name} is known for none of the {len(patients)} patients with "
                    "images; remove it, or use the identifiers of the layers."
                )
        columns += [terms.to_numpy()]
        names += encoded.used
    if volume is not None:
        columns.append(volume[:, None])
        names.append("tumour volume")
    return Design(np.column_stack(columns), tuple(names)) if columns else None


def varying(values: Array) -> npt.NDArray[np.bool_]:
    """Say which columns are worth a test: enough patients differ from the most common value."""
    if not len(values):
        return np.zeros(values.shape[1], dtype=bool)
    ordered = np.sort(values, axis=0)  # missing values last
    present = ~np.isnan(ordered)
    # Length of the run of equal values that ends at each place.
    run = np.ones(values.shape[1])
    longest = run.copy()
    for i in range(1, len(ordered)):
        run = np.where(ordered[i] == ordered[i - 1], run + 1, 1.0)
        longest = np.maximum(longest, run)
    others: npt.NDArray[np.bool_] = present.sum(axis=0) - longest >= MINIMUM_VARYING
    return others


def testable(
    table: pd.DataFrame, layer: str, kind: str
) -> tuple[pd.DataFrame, tuple[Exclusion, ...]]:
    """Keep the columns that vary enough to be tested, and count the others."""
    keep = varying(table.to_numpy(dtype=float))
    if keep.all():
        return table, ()
    left = tuple(str(name) for name in table.columns[~keep][:5])
    reason = f"fewer than {MINIMUM_VARYING} patients differ from the most common value: not tested"
    return table.loc[:, keep], (Exclusion(STEP, layer, kind, int((~keep).sum()), reason, left),)
