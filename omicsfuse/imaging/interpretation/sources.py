"""What a score is compared with: tables of layers and of immune scores, in order."""

from collections.abc import Sequence

import pandas as pd

from omicsfuse.core.checks.arguments import require
from omicsfuse.core.checks.tables import did_you_mean
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import StudyError
from omicsfuse.core.kinds import layers_that
from omicsfuse.core.labelled import Z_LIMIT
from omicsfuse.core.results import ImmuneContext, Prepared, PreparedLayer
from omicsfuse.imaging.interpretation.associations import SPEARMAN


def chosen_layers(prepared: Prepared, names: Sequence[str] | None) -> dict[str, PreparedLayer]:
    """Take the layers asked for, or all of them."""
    if names is None:
        return dict(prepared.layers)
    for name in names:
        if name not in prepared.layers:
            raise StudyError(
                f'interpret: there is no layer "{name}"; {did_you_mean(name, prepared.layers)}.'
            )
    return {name: prepared.layers[name] for name in dict.fromkeys(names)}


def known_patients(cohort: Cohort, prepared: Prepared) -> pd.Index:
    """Everybody of whom anything is known."""
    every = set() if cohort.clinical is None else set(cohort.clinical.index)
    for layer in prepared.layers.values():
        every |= set(layer.values.index)  # noqa: PD011 - a field of ours
    return pd.Index(sorted(map(str, every)))


def ordered_values(layer: PreparedLayer) -> pd.DataFrame:
    """Values of a layer, patients and features in order, z-scores limited."""
    table = layer.values.sort_index().sort_index(axis=1)  # noqa: PD011 - a field of ours
    return table.clip(-Z_LIMIT, Z_LIMIT) if layer.scale == "zscore" else table


def first_of_genes(layers: dict[str, PreparedLayer]) -> str | None:
    """Name the first layer of a transcriptome."""
    return next(iter(layers_that(layers, lambda kind: kind.transcriptome)), None)


def immune_tables(
    immune: ImmuneContext | pd.DataFrame | None,
) -> dict[str, tuple[pd.DataFrame, str, str, str]]:
    """Immune scores by collection, each a family of its own; shares of a reference matrix too."""
    if immune is None:
        return {}
    context = isinstance(immune, ImmuneContext)
    scores = immune.scores if isinstance(immune, ImmuneContext) else immune
    require(scores, pd.DataFrame, "immune", "patients x scores")
    names = pd.Series([str(name) for name in scores.columns])
    if isinstance(immune, ImmuneContext):
        collections = names.map(immune.coverage.set_index("score")["collection"])
    else:  # names are all that tells of collections
        collections = names.str.partition(": ")[0].where(names.str.contains(": "), "immune scores")
    tables = {}
    for collection in dict.fromkeys(collections):
        table = scores.loc[:, (collections == collection).to_numpy()].sort_index()
        tables[str(collection)] = (table.astype("float64"), "immune score", "raw", SPEARMAN)
    if context and len(immune.fractions.columns):
        tables["immune fractions"] = (
            immune.fractions.sort_index().astype("float64"),
            "immune score",
            "raw",
            SPEARMAN,
        )
    return tables
