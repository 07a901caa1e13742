"""Result files on what subtypes and images mean: one table a file, its key in the first column."""

from collections.abc import Iterator, Mapping

import pandas as pd

from omicsfuse.core.results import (
    Biology,
    HeterogeneityIndex,
    ImmuneContext,
    Interpretation,
    RadiogenomicMap,
    RunResults,
)

#: Matrices of correlations with more cells than this stay in Python: nobody reads such a file.
MOST_CELLS = 2_000_000


def biology_tables(results: RunResults) -> dict[str, pd.DataFrame]:
    """Lay out what is known of subtypes and images; no file where there is nothing.

    Gives file name -> table.
    """
    parts = (
        _of_biology(results.biology),
        _of_immune(results.immune),
        _of_map(results.radiogenomics),
        _of_heterogeneity(results.heterogeneity),
        interpretation_tables(results.interpretations),
    )
    return {name: table for part in parts for name, table in part.items() if len(table)}


def interpretation_tables(found: Mapping[str, Interpretation]) -> dict[str, pd.DataFrame]:
    """Lay out interpreted models, one under another; column ``model`` says which.

    Gives file name -> table; empty tables are left out.
    """
    tables = {
        "interpretation.tsv": {name: one.associations for name, one in found.items()},
        "interpretation_families.tsv": {name: one.families for name, one in found.items()},
        "interpretation_gene_sets.tsv": {name: one.enrichment for name, one in found.items()},
        "interpretation_stability.tsv": {name: one.stability for name, one in found.items()},
    }
    tables["interpretation_scores.tsv"] = {
        name: pd.DataFrame({"patient": one.scores.index, one.kind: one.scores.to_numpy()})
        for name, one in found.items()
    }
    filled = {file: {n: t for n, t in by.items() if len(t)} for file, by in tables.items()}
    return {file: _stacked(by, "model") for file, by in filled.items() if by}


def _stacked(tables: Mapping[str, pd.DataFrame], key: str) -> pd.DataFrame:
    parts = []
    for name, table in tables.items():
        part = table.copy()
        part.insert(0, key, name)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _of_biology(found: Biology | None) -> dict[str, pd.DataFrame]:
    if found is None:
        return {}
    return {
        "pairwise_markers.tsv": found.pairwise,
        "drivers.tsv": found.drivers,
        "label_markers.tsv": found.label_markers,
        "gene_sets.tsv": found.gene_sets,
        "over_representation.tsv": found.over_representation,
        "running_sums.tsv": found.running_sums,
        "gene_set_scores.tsv": _patients(found.scores),
        "gene_set_tests.tsv": found.score_tests,
        "expression_methylation.tsv": found.methylation_pairs,
    }


def _of_immune(found: ImmuneContext | None) -> dict[str, pd.DataFrame]:
    if found is None:
        return {}
    fractions = found.fractions.join(found.fit) if len(found.fractions) else found.fractions
    return {
        "immune_coverage.tsv": found.coverage,
        "immune_scores.tsv": _patients(found.scores),
        "immune_tests.tsv": found.tests,
        "cell_fractions.tsv": _patients(fractions),
        "cell_fraction_tests.tsv": found.fraction_tests,
    }


def _of_map(found: RadiogenomicMap | None) -> dict[str, pd.DataFrame]:
    if found is None:
        return {}
    return {
        "radiomic_clusters.tsv": found.clusters,
        "radiogenomic_families.tsv": found.families,
        "radiogenomic_associations.tsv": found.associations,
        "radiomic_modules.tsv": found.radiomic_modules,
        "radiogenomic_modules.tsv": found.modules,
        "gene_modules.tsv": found.gene_modules,
        **dict(_matrices(found.correlations, "correlations")),
        **dict(_matrices(found.adjusted, "adjusted")),
    }


def _matrices(
    matrices: Mapping[str, pd.DataFrame], what: str
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Whole matrices of correlations, targets in rows, with as many digits as mean anything."""
    taken: set[str] = set()
    for layer, matrix in matrices.items():
        name = plain = "".join(
            c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in layer
        )
        # Names may differ only in what no file name should hold, or in case, which some disks
        # do not tell apart.
        number = 2
        while name.lower() in taken:
            name, number = f"{plain}_{number}", number + 1
        taken.add(name.lower())
        if 0 < matrix.size <= MOST_CELLS:
            table = matrix.T.astype(float).round(4)
            yield f"radiogenomic_{what}_{name}.tsv", table.reset_index(names="target")


def _of_heterogeneity(found: HeterogeneityIndex | None) -> dict[str, pd.DataFrame]:
    if found is None:
        return {}
    return {
        "heterogeneity.tsv": _patients(found.patients),
        "heterogeneity_groups.tsv": found.groups.reset_index(names="group"),
        "heterogeneity_features.tsv": found.features,
        "heterogeneity_tests.tsv": found.tests,
    }


def _patients(table: pd.DataFrame) -> pd.DataFrame:
    """Put the patients in the first column; nothing without columns."""
    if not len(table.columns):
        return table.iloc[:0]
    return table.rename(columns={"patient": "score patient"}).reset_index(names="patient")
