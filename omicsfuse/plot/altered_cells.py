"""Which genes are altered in whom: the genes of an oncoprint, and the order of its patients."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from omicsfuse.biology.altered import altered
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.kinds import kind_of
from omicsfuse.core.results import Subtypes
from omicsfuse.stats.levels import FDR

#: Whether each patient has something.
Cells = npt.NDArray[np.bool_]

#: Two genes altered in nearly the same patients, as neighbours of an amplicon are, are drawn once:
#: from this share on of the patients who have either altered.
SAME_PATIENTS = 0.8
#: Marks of genes that differ between subtypes: by strong alterations, or by one level only.
STAR, ONE_LEVEL = "*", "\N{DAGGER}"
#: All ways of being altered, the weaker ones first.
WAYS = ("gained", "lost", "amplified", "deleted", "mutated")
#: Alterations that count where genes are chosen by how often they are altered.
STRONG = ("mutated", "amplified", "deleted")


def oncoprint_genes(
    cohort: Cohort, subtypes: Subtypes, alterations: pd.DataFrame, n_genes: int = 20
) -> dict[str, str]:
    """Choose the genes of an oncoprint, each with its mark; see ``oncoprint`` for the rule."""
    if alterations.empty:
        return {}
    significant = alterations[alterations["fdr"] <= FDR].sort_values(
        ["p", "n_altered", "gene"], ascending=[True, False, True], kind="stable"
    )
    sharp = significant["alteration"].isin(STRONG)
    strong = alterations[alterations["alteration"].isin(STRONG)]
    often = strong.groupby("gene")["n_altered"].sum().reset_index()
    often = often.sort_values(["n_altered", "gene"], ascending=[False, True], kind="stable")
    candidates = [
        *((gene, STAR) for gene in significant.loc[sharp, "gene"].astype(str)),
        *((gene, ONE_LEVEL) for gene in significant.loc[~sharp, "gene"].astype(str)),
        *((gene, "") for gene in often["gene"].astype(str)),
    ]
    sharp_ones = sharp_layers(cohort)
    chosen: dict[str, str] = {}
    taken: list[tuple[Cells, Cells]] = []
    for gene, mark in candidates:
        full = mark == ONE_LEVEL and list(chosen.values()).count(mark) >= n_genes // 4
        if full or gene in chosen:
            continue
        cells = cells_of(cohort, subtypes, gene, sharp_ones)
        pattern = (strongly(cells), in_any_way(cells))
        if any(_alike(pattern[0], a) or _alike(pattern[1], b) for a, b in taken):
            continue
        chosen[gene] = mark
        taken.append(pattern)
        if len(chosen) == n_genes:
            break
    return chosen


def _alike(first: Cells, second: Cells) -> bool:
    either = int((first | second).sum())
    return either > 0 and int((first & second).sum()) >= SAME_PATIENTS * either


def sharp_layers(cohort: Cohort) -> set[str]:
    """Layers with mutations, amplifications or deletions; chromosome arms have none."""
    sharp = set()
    for name, layer in cohort.omics.items():
        calls = altered(layer)
        if any((calls[way] == 1).any(axis=None) for way in STRONG if way in calls):
            sharp.add(name)
    return sharp


def cells_of(cohort: Cohort, subtypes: Subtypes, gene: str, sharp: set[str]) -> dict[str, Cells]:
    """For each patient, whether the gene is altered in each way, and whether it was measured."""
    patients = subtypes.labels.index
    cells: dict[str, Cells] = {"measured": np.zeros(len(patients), dtype=bool)}
    for key, layer in cohort.omics.items():
        if not kind_of(layer).alterations or gene not in layer.table:
            continue
        of_gene = type(layer)(layer.kind, layer.table[[gene]], layer.scale)
        for name, calls in altered(of_gene).items():
            if name in STRONG and key not in sharp:
                continue
            values = calls[gene].reindex(patients).to_numpy(dtype=float)
            cells[name] = cells.get(name, np.zeros(len(patients), dtype=bool)) | (values == 1)
            cells["measured"] = cells["measured"] | ~np.isnan(values)
    return cells


def strongly(cells: dict[str, Cells]) -> Cells:
    """Patients with a strong alteration; of layers that have none (arms), with any."""
    ways = [name for name in STRONG if name in cells] or ["gained", "lost"]
    strong: Cells = np.logical_or.reduce([cells[name] for name in ways if name in cells])
    return strong


def in_any_way(cells: dict[str, Cells]) -> Cells:
    """Patients with an alteration of any kind."""
    altered: Cells = np.logical_or.reduce([cells[name] for name in WAYS if name in cells])
    return altered


def share(altered_cells: Cells, measured: Cells) -> float:
    """Share of the measured patients who have it altered."""
    return float(altered_cells.sum() / measured.sum()) if measured.any() else 0.0


def memo_sort(
    subtypes: Subtypes, strong: Sequence[Cells], cells: Sequence[dict[str, Cells]]
) -> npt.NDArray[np.int64]:
    """Positions of the patients: by subtype, then those with the first gene altered, and so on."""
    keys: list[Any] = []
    for altered_cells, cell in zip(strong, cells, strict=True):
        mutated = cell.get("mutated", np.zeros_like(altered_cells))
        # Mutated before only copy number, both before nothing.
        keys.append(-(2 * altered_cells.astype(int) + mutated.astype(int)))
    number = subtypes.labels.astype(str).str[1:].astype(int).to_numpy()
    order: npt.NDArray[np.int64] = np.lexsort([*keys[::-1], number])
    return order


def counted_ways(cell: dict[str, Cells]) -> dict[str, int]:
    """Patients with each alteration; those gained do not count amplified ones again."""
    counts = {name: cell[name] for name in WAYS if name in cell}
    for level, stronger in (("gained", "amplified"), ("lost", "deleted")):
        if level in counts and stronger in counts:
            counts[level] = counts[level] & ~counts[stronger]
    return {name: int(found.sum()) for name, found in counts.items()}


def burden_of(cohort: Cohort, patients: pd.Index) -> tuple[npt.NDArray[np.float64], str]:
    """Mutated genes of each patient; without a mutation layer, genes with any change of copies."""
    for which, ways, label in (
        ("mutations", ("mutated",), "genes\nmutated"),
        ("copies", ("gained", "lost"), "genes gained\nor lost"),
    ):
        tables = [
            altered(layer)[way].sum(axis=1, min_count=1)
            for layer in cohort.omics.values()
            for way in ways
            if kind_of(layer).alterations == which
        ]
        if tables:
            total = pd.concat(tables, axis=1).sum(axis=1, min_count=1)
            return total.reindex(patients).to_numpy(dtype=float), label
    return np.full(len(patients), np.nan), ""
