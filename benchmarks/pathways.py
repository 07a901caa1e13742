"""False discoveries of gene-set methods in null data, and their time.

Run with ``python benchmarks/pathways.py``; a few minutes. Prints the tables of
docs/pathways.md; the rows on real tumours need OMICSFUSE_DATA, a folder of cohorts and GMT
files.
"""

import os
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from omicsfuse.biology import (
    compare_scores,
    differential_features,
    enrich,
    gene_set_scores,
    over_representation,
)
from omicsfuse.biology.redundant_sets import group_gene_sets
from omicsfuse.core.results import Prepared, PreparedLayer, Subtypes

#: Null data sets without correlation, and with.
N_NULL = {False: 100, True: 60}
N_GENES, N_SETS, SIZE = 1000, 40, 20


def data(n: int, correlation: float, rng: np.random.Generator) -> pd.DataFrame:
    """Expression without subtypes; genes of a set share a factor."""
    values = rng.standard_normal((n, N_GENES))
    for i in range(N_SETS):
        own = slice(i * SIZE, (i + 1) * SIZE)
        factor = rng.standard_normal((n, 1))
        values[:, own] = np.sqrt(correlation) * factor + np.sqrt(1 - correlation) * values[:, own]
    return pd.DataFrame(values, [f"P{i:04d}" for i in range(n)], [f"G{i}" for i in range(N_GENES)])


def cohort(table: pd.DataFrame, rng: np.random.Generator) -> tuple[Subtypes, Prepared]:
    """Three subtypes that have nothing to do with the table."""
    names = rng.permutation(np.repeat(["S1", "S2", "S3"], -(-len(table) // 3))[: len(table)])
    layer = PreparedLayer("expression", table, table, "log2", None)
    return Subtypes(pd.Series(names, table.index), {}, {}), Prepared("null", {"rna": layer})


def nulls(correlations: tuple[float, ...] = (0.0, 0.1, 0.3)) -> None:
    """Share of null data sets with any discovery, and share of sets found."""
    sets = {f"set {i}": [f"G{j}" for j in range(i * SIZE, (i + 1) * SIZE)] for i in range(N_SETS)}
    print("| correlation in a set | method | any discovery | sets found | p below 0.05 |")
    print("| --- | --- | --- | --- | --- |")
    for correlation in correlations:
        rng = np.random.default_rng(1)
        found: dict[str, list[tuple[float, float, float]]] = {}
        for _ in range(N_NULL[correlation > 0]):
            subtypes, ready = cohort(data(90, correlation, rng), rng)
            collect(found, subtypes, ready, sets)
        show(str(correlation), found)


def collect(
    found: dict[str, list[tuple[float, float, float]]],
    subtypes: Subtypes,
    ready: Prepared,
    sets: Any,
    methods: tuple[str, ...] = ("ssgsea", "gsva", "zscore"),
) -> None:
    """Put every method's discoveries in one null data set into ``found``."""
    tables = {"enrichment (genes permuted)": enrich(subtypes, ready, sets, n_permutations=1000)}
    markers = differential_features(subtypes, ready)
    # Markers at an unadjusted p of 0.05: at an FDR of 0.05 there are none in null data.
    loose = markers.assign(fdr=markers["p"])
    tables["over-representation, markers at p <= 0.05"] = over_representation(loose, ready, sets)
    for method in methods:
        scores = gene_set_scores(ready, sets, method=method)
        tables[f"patients compared ({method})"] = compare_scores(subtypes, scores)
    for name, table in tables.items():
        tested = table.dropna(subset=["p"])
        hits = tested["fdr"] <= 0.05
        shares = (float(hits.any()), float(hits.mean()), float((tested["p"] < 0.05).mean()))
        found.setdefault(name, []).append(shares)


def show(what: str, found: dict[str, list[tuple[float, float, float]]]) -> None:
    """Print one row a method."""
    for name, rows in found.items():
        any_, share, low = np.mean(rows, axis=0)
        print(f"| {what} | {name} | {any_:.2f} | {share:.3f} | {low:.3f} |", flush=True)


def real(folder: Path, rounds: int = 40) -> None:
    """Genes of real tumours, labels shuffled; Hallmark, KEGG and Reactome sets of 10 genes on."""
    table = pd.read_csv(
        folder / "tcga_hnsc_radiogenomic" / "expression.tsv.gz", sep="\t", index_col=0
    )
    table = np.log2(table.clip(lower=0) + 1)
    sets = sorted((folder / "genesets").glob("[ch][2a]*.symbols.gmt"))
    rng = np.random.default_rng(2)
    found: dict[str, list[tuple[float, float, float]]] = {}
    for _ in range(rounds):
        collect(found, *cohort(table, rng), sets, ("ssgsea", "gsva"))
    show(f"head and neck tumours, n = {len(table)}", found)


def times() -> None:
    """Seconds for a Reactome of 674 sets on 5,000 genes of 300 patients in four subtypes."""
    rng = np.random.default_rng(0)
    genes = [f"G{i}" for i in range(5000)]
    values = pd.DataFrame(rng.standard_normal((300, 5000)), [f"P{i}" for i in range(300)], genes)
    layer = PreparedLayer("expression", values, values, "log2", None)
    labels = pd.Series(rng.choice(["S1", "S2", "S3", "S4"], 300), values.index)
    subtypes, ready = Subtypes(labels, {}, {}), Prepared("big", {"rna": layer})
    sizes = np.clip(np.exp(rng.normal(3.6, 0.9, 674)).astype(int), 10, 450)
    sets = {
        f"set {i}": list(rng.choice(genes, size, replace=False)) for i, size in enumerate(sizes)
    }
    markers = differential_features(subtypes, ready)
    markers["fdr"] = markers["p"]
    scores = gene_set_scores(ready, sets)
    print("\n| step | seconds |\n| --- | --- |")
    for name, step in {
        "enrichment, 5,000 random sets a size": lambda: enrich(subtypes, ready, sets),
        "over-representation": lambda: over_representation(markers, ready, sets),
        "ssGSEA": lambda: gene_set_scores(ready, sets),
        "GSVA": lambda: gene_set_scores(ready, sets, method="gsva"),
        "combined z": lambda: gene_set_scores(ready, sets, method="zscore"),
        "patients compared": lambda: compare_scores(subtypes, scores),
        "groups of sets": lambda: group_gene_sets(sets),
    }.items():
        start = time.perf_counter()
        step()
        print(f"| {name} | {time.perf_counter() - start:.1f} |", flush=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    times()
    nulls()
    if "OMICSFUSE_DATA" in os.environ:
        real(Path(os.environ["OMICSFUSE_DATA"]))
