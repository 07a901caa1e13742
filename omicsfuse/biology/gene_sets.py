"""Gene sets from GMT files or from memory, and how much of them a layer measures."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import pandas as pd

#: Gene sets in memory, a GMT file, or several of either.
GeneSets: TypeAlias = (
    str | Path | Mapping[str, Sequence[str]] | Sequence[str | Path | Mapping[str, Sequence[str]]]
)


def read_gene_sets(gene_sets: GeneSets) -> dict[str, list[str]]:
    """Gather sets from files and from memory under one name each.

    Parameters
    ----------
    gene_sets : str, Path, mapping, or list of these
        GMT files or sets in memory. Where a name comes again with other genes, the later set is
        kept as ``"<file>: <name>"``.

    Returns
    -------
    dict of str to list of str
        Genes of each set.

    Examples
    --------
    >>> sorted(read_gene_sets([{"A": ["x", "y"]}, {"A": ["z", "y"]}]))
    ['A', 'source 2: A']
    """
    sources = [gene_sets] if isinstance(gene_sets, str | Path | Mapping) else list(gene_sets)
    sets: dict[str, list[str]] = {}
    for position, source in enumerate(sources, start=1):
        if isinstance(source, Mapping):
            read, origin = source, f"source {position}"
        else:
            from omicsfuse.io.gmt import read_gmt

            read, origin = read_gmt(Path(source)), Path(source).stem
        for name, members in read.items():
            genes = [str(gene) for gene in members]
            if name in sets and set(sets[name]) != set(genes):
                name = f"{origin}: {name}"
            sets[name] = genes
    return sets


def gene_set_coverage(
    gene_sets: GeneSets, genes: Iterable[str], min_size: int = 10
) -> pd.DataFrame:
    """Count how much of each gene set a layer measures.

    Parameters
    ----------
    gene_sets : str, Path, mapping, or list of these
        GMT files or sets in memory.
    genes : iterable of str
        Genes of the layer.
    min_size : int
        Genes a set must have to be tested.

    Returns
    -------
    pandas.DataFrame
        Columns ``gene_set``, ``size`` (different genes in the set), ``found`` (of them in the
        layer), ``tested`` (whether ``found`` reaches ``min_size``); sorted by name.

    Examples
    --------
    >>> from omicsfuse.biology import gene_set_coverage
    >>> gene_set_coverage({"set": ["A", "B", "C"]}, ["A", "B"], min_size=2).values.tolist()
    [['set', 3, 2, True]]
    """
    available = {str(gene) for gene in genes}
    sets = sorted(read_gene_sets(gene_sets).items())
    found = [len(available.intersection(members)) for _, members in sets]
    return pd.DataFrame(
        {
            "gene_set": pd.Series([name for name, _ in sets], dtype=object),
            "size": pd.Series([len(set(members)) for _, members in sets], dtype="int64"),
            "found": pd.Series(found, dtype="int64"),
            "tested": pd.Series([count >= min_size for count in found], dtype=bool),
        }
    )
