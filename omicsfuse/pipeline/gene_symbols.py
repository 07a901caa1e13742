"""Layers whose genes are Ensembl or Entrez numbers, under the symbols of a table of gene names."""

import warnings
from dataclasses import replace
from pathlib import Path

import pandas as pd

from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import OmicsfuseWarning
from omicsfuse.core.kinds import kind_of
from omicsfuse.core.layers import Layer
from omicsfuse.io.gene_names import read_gene_table
from omicsfuse.signatures.identifiers import guess_namespace, match_genes, rename_genes


def with_symbols(cohort: Cohort, gene_names: Path | None) -> Cohort:
    """Name genes by their symbols where a layer names them by numbers, and say how many.

    Gene sets, immune sets, markers and signatures then find them. Symbols are left as they are, and
    a number of no gene, or of several, keeps its name.
    """
    if gene_names is None:
        return cohort
    numbered = {
        name: layer
        for name, layer in cohort.omics.items()
        if kind_of(layer).names_genes
        and guess_namespace(layer.table.columns[:2000]) in ("ensembl", "entrez")
    }
    if not numbered:
        return cohort
    names = read_gene_table(gene_names)
    layers, notes = dict(cohort.omics), list(cohort.notes)
    for name, layer in numbered.items():
        layers[name], found = _renamed(layer, names)
        notes.append(
            f'layer "{name}": {found:,} of {layer.table.shape[1]:,} genes named by their symbol '
            f"({gene_names.name})"
        )
    with warnings.catch_warnings():
        # All was told when the cohort was read.
        warnings.simplefilter("ignore", OmicsfuseWarning)
        return replace(cohort, omics=layers, notes=tuple(notes))


def _renamed(layer: Layer, names: pd.DataFrame) -> tuple[Layer, int]:
    """Name the genes of a layer by symbol; also how many were found."""
    matches = match_genes(names["symbol"], layer.table.columns, aliases=names)
    table = rename_genes(layer.table, matches)
    features = layer.features
    if features is not None:
        to = dict(zip(layer.table.columns, table.columns, strict=True))
        features = features.rename(index=to)
    return replace(layer, table=table, features=features), int((matches["found_as"] != "").sum())
