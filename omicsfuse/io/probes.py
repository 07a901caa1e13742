"""Methylation probes brought to genes, with the annotation of the array that the user supplies."""

import csv
import re
from collections import defaultdict
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from omicsfuse.core.checks.tables import did_you_mean, listed, refuse_duplicates
from omicsfuse.core.errors import CohortError
from omicsfuse.core.layers import Exclusion, Layer
from omicsfuse.io.files.text import read_bytes
from omicsfuse.io.tables import MISSING_WORDS

#: What a gene's value is the mean of: all its probes, or those of its promoter.
LEVELS = ("gene", "promoter")

#: Regions of Illumina's manifests that make up a promoter.
PROMOTER = ("TSS1500", "TSS200", "5'UTR", "1stExon")

#: Names of the columns of an annotation, in small letters without signs; the first is that of a
#: plain table, the others those of Illumina's manifests and of tables made from them.
PROBE_COLUMNS = ("probe", "ilmnid", "name", "probeid", "id", "cpg", "cg", "compositeelementref")
GENE_COLUMNS = (
    "gene",
    "genes",
    "ucscrefgenename",
    "genename",
    "genesymbol",
    "symbol",
    "hugosymbol",
)
REGION_COLUMNS = ("region", "regions", "ucscrefgenegroup", "genegroup", "feature", "refgenegroup")


#: Between the genes of a probe; Xena's maps have commas.
_BETWEEN = re.compile("[;,]")


#: What the second EPIC array adds to a probe: strand, chemistry, copy.
_SUFFIX = re.compile(r"_[TB][CO]\d+$")


class Annotation(NamedTuple):
    """For each probe its genes, each once, with the regions it lies in, in small letters."""

    genes: dict[str, list[tuple[str, frozenset[str]]]]
    has_regions: bool


def gene_methylation(
    layer: Layer | pd.DataFrame,
    annotation: str | Path | pd.DataFrame,
    *,
    level: str = "gene",
    name: str = "methylation",
) -> tuple[pd.DataFrame, tuple[Exclusion, ...]]:
    """Bring probes to genes: the mean of the probes of each gene, or of its promoter.

    A probe counts for each of its genes; NaN where a patient lacks more than half of a gene's,
    because probes differ more from each other than patients do. ``annotation``: ``probe``,
    ``gene``, ``region`` or Illumina's, with ``;`` between genes. Exclusions are counted.
    """
    if level not in LEVELS:
        raise CohortError(f"level = {level!r} is not known; {did_you_mean(level, LEVELS)}.")
    table = layer.table if isinstance(layer, Layer) else layer
    probes = [str(probe) for probe in table.columns]
    refuse_duplicates(pd.Index(probes), "probe", f"layer {name}")
    known = read_annotation(annotation, probes)
    if level == "promoter" and not known.has_regions:
        raise CohortError(
            'level = "promoter" needs the region of each probe, but the annotation has no such '
            f"column; expected one named {', '.join(REGION_COLUMNS[:3])} or the like."
        )
    places, exclusions = _places(probes, known, level, name)
    values, too_few = _means(table.to_numpy(dtype=float), places)
    if too_few.any():
        genes = sorted(places)
        examples = tuple(genes[j] for j in np.flatnonzero(too_few.any(axis=0))[:5])
        reason = "more than half of a gene's probes missing in the patient: no value"
        exclusions.append(Exclusion("read", name, "values", int(too_few.sum()), reason, examples))
    return pd.DataFrame(values, table.index, pd.Index(sorted(places), dtype=object)), tuple(
        exclusions
    )


def read_annotation(
    annotation: str | Path | pd.DataFrame, probes: Collection[str] = ()
) -> Annotation:
    """Read which genes each probe belongs to, and where in them it lies.

    ``annotation``: as for `gene_methylation`.
    """
    if isinstance(annotation, pd.DataFrame):
        where, header = "the annotation", [str(name) for name in annotation.columns]
        rows = annotation.to_numpy(dtype=object).tolist()
    else:
        where = f"the annotation {Path(annotation).name}"
        header, rows = _annotation_rows(Path(annotation), where)
    wanted = set(probes)
    probe = max(
        _columns(header, PROBE_COLUMNS, "the probe", where),
        key=lambda column: sum(_text(row[column]) in wanted for row in rows) if wanted else 0,
    )
    gene = _columns(header, GENE_COLUMNS, "its genes", where)[0]
    region = next(iter(_columns(header, REGION_COLUMNS, "", where)), None)
    genes: dict[str, list[tuple[str, frozenset[str]]]] = {}
    for row in rows:
        key = _text(row[probe])
        if not key:
            continue
        groups = _text(row[region]) if region is not None else ""
        genes_of_probe = _of_probe(key, _text(row[gene]), groups, where)
        if genes.setdefault(key, genes_of_probe) != genes_of_probe:
            raise CohortError(
                f"{where} has probe {key!r} more than once, with different genes; keep one row of "
                "each probe, its genes separated by semicolons."
            )
    return Annotation(genes, region is not None)


def _annotation_rows(path: Path, where: str) -> tuple[list[str], list[list[str]]]:
    """Header and rows of an annotation file, without what Illumina puts before and after them."""
    separator = "," if path.name.removesuffix(".gz").lower().endswith(".csv") else "\t"
    lines = read_bytes(path).decode("utf-8").split("\n")
    start = next((i + 1 for i, line in enumerate(lines) if line.startswith("[Assay]")), 0)
    end = next((i for i, line in enumerate(lines) if line.startswith("[Controls]")), len(lines))
    body = [line for line in lines[start:end] if line.strip() and not line.startswith("##")]
    header, *rows = list(csv.reader(body, delimiter=separator))
    header = [name.strip() for name in header]
    for number, row in enumerate(rows, 2):
        if len(row) != len(header):
            raise CohortError(
                f"{where}: row {number} has {len(row)} fields and the header {len(header)}. "
                "The file may be truncated or have another separator (.csv: commas; others: "
                "tabs)."
            )
    if not rows:
        raise CohortError(f"{where} has no rows.")
    return header, rows


def _of_probe(probe: str, names: str, groups: str, where: str) -> list[tuple[str, frozenset[str]]]:
    """Genes of one probe with their regions: a gene is listed once for each of its transcripts."""
    genes = [part.strip() for part in _BETWEEN.split(names)] if names else []
    regions = [part.strip().lower() for part in _BETWEEN.split(groups)] if groups else []
    if genes and regions and len(genes) != len(regions):
        raise CohortError(
            f"{where}: probe {probe!r} has {len(genes)} genes ({names}) and {len(regions)} regions "
            f"({groups}); expected one region for each gene, in the same order."
        )
    regions_of: dict[str, set[str]] = defaultdict(set)
    for i, gene in enumerate(genes):
        if gene:
            regions_of[gene].update(regions[i : i + 1])
    return [(gene, frozenset(regions_of[gene])) for gene in regions_of]


def _places(
    probes: list[str], known: Annotation, level: str, name: str
) -> tuple[dict[str, list[int]], list[Exclusion]]:
    """Columns of each gene's probes, and the probes that have no place."""
    promoter = {region.lower() for region in PROMOTER}
    places: dict[str, list[int]] = defaultdict(list)
    unknown, outside, elsewhere = [], [], []
    for position, probe in enumerate(probes):
        genes = known.genes.get(probe, known.genes.get(_SUFFIX.sub("", probe)))
        if genes is None:
            unknown.append(probe)
            continue
        if not genes:
            outside.append(probe)
            continue
        wanted = [g for g, regions in genes if level == "gene" or regions & promoter]
        if not wanted:
            elsewhere.append(probe)
        for gene in wanted:
            places[gene].append(position)
    if not places:
        raise CohortError(
            f"none of the {len(probes)} probes is assigned to a gene by the annotation: the "
            f"layer has {listed(probes, 3)}, the annotation {listed(known.genes, 3)}. The "
            "annotation may be for another array, or the features may be genes already."
        )
    exclusions = [
        Exclusion("read", name, "features", len(lost), reason, tuple(lost[:5]))
        for lost, reason in (
            (unknown, "probes missing from the annotation"),
            (outside, "probes in no gene"),
            (elsewhere, "probes in no promoter"),
        )
        if lost
    ]
    # Probes by name, so that sums do not depend on the order of the columns.
    return {gene: sorted(at, key=lambda i: probes[i]) for gene, at in places.items()}, exclusions


def _means(values: np.ndarray, places: dict[str, list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Means of the observed probes of each gene, genes by name; where too few are observed."""
    means = np.full((len(values), len(places)), np.nan)
    too_few = np.zeros(means.shape, dtype=bool)
    for j, gene in enumerate(sorted(places)):
        total, n = np.zeros(len(values)), np.zeros(len(values))
        for place in places[gene]:
            observed = ~np.isnan(values[:, place])
            total += np.where(observed, values[:, place], 0.0)
            n += observed
        usable = (n > 0) & (2 * n >= len(places[gene]))
        means[usable, j] = total[usable] / n[usable]
        too_few[:, j] = ~usable & (n > 0)
    return means, too_few


def _columns(header: list[str], names: tuple[str, ...], data: str, where: str) -> list[int]:
    """Places of the columns that have one of these names; refused where one is needed."""
    plain = ["".join(c for c in name.lower() if c.isalnum()) for name in header]
    places = [plain.index(name) for name in names if name in plain]
    if places or not data:
        return places
    raise CohortError(
        f"{where} has no column for {data}; expected one named {', '.join(names[:3])} or the like, "
        f"found: {listed(header, 8)}."
    )


def _text(cell: object) -> str:
    """Text of a cell; empty where it is missing."""
    if cell is None or cell is pd.NA or (isinstance(cell, float) and np.isnan(cell)):
        return ""
    text = str(cell).strip()
    return "" if text in MISSING_WORDS else text
