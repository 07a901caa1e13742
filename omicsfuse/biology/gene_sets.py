"""Gene sets from GMT files or from memory, and how much of them a layer measures."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import pandas as pd

from omicsfuse.core.checks.arguments import require

#: Gene sets in memory, a GMT file, or several of either.
GeneSets: TypeAlias = (
    str | Path | Mapping[str, Sequence[str]] | Sequence[str | Path | Mapping[str, Sequence[str]]]
)


def read_gene_sets(gene_sets: GeneSets) -> dict[str, list[str]]:
    """Gather sets from GMT files and from memory under one name each."""
    hint = "a GMT file, a dict (name -> genes), or a list of these"
    require(gene_sets, (str, Path, Mapping, Sequence), "gene_sets", hint)
    sources = [gene_sets] if isinstance(gene_sets, str | Path | Mapping) else list(gene_sets)
    for source in sources:
        require(source, (str, Path, Mapping), "a member of gene_sets", hint)
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
                name = _new_name(f"{origin}: {name}", sets)
            sets[name] = genes
    return sets


def _new_name(name: str, taken: Mapping[str, list[str]]) -> str:
    """A name that no set has yet: two folders may hold files of one name."""
    number, free = 2, name
    while free in taken:
        free, number = f"{name} ({number})", number + 1
    return free


def measured_sets(sets: Mapping[str, Sequence[str]], genes: Iterable[str]) -> dict[str, list[str]]:
    """Keep of each set the genes that were measured, each once; sets sorted by name."""
    measured = set(genes)
    return {
        name: [gene for gene in dict.fromkeys(members) if gene in measured]
        for name, members in sorted(sets.items())
    }


def gene_set_coverage(
    gene_sets: GeneSets,
    genes: Iterable[str],
    min_size: int = 10,
    max_size: int | None = None,
    *,
    enrichment: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Count how much of each gene set a layer measures: ``size``, ``found``, ``tested``; by name.

    With the result of `enrich` also ``group`` and ``representative``.
    """
    available = {str(gene) for gene in genes}
    sets = sorted(read_gene_sets(gene_sets).items())
    measured = [len(available.intersection(members)) for _, members in sets]
    most = len(available) if max_size is None else max_size
    table = pd.DataFrame(
        {
            "gene_set": pd.Series([name for name, _ in sets], dtype=object),
            "size": pd.Series([len(set(members)) for _, members in sets], dtype="int64"),
            "found": pd.Series(measured, dtype="int64"),
            "tested": pd.Series(
                [min_size <= count <= most and count < len(available) for count in measured],
                dtype=bool,
            ),
        }
    )
    if enrichment is None:
        return table
    groups = dict(zip(enrichment["gene_set"], enrichment["group"], strict=True))
    table["group"] = pd.Series([groups.get(name, "") for name in table["gene_set"]], dtype=object)
    return table.assign(representative=table["group"] == table["gene_set"])
