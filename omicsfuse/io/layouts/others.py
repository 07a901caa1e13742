"""Tables that lie beside those of a cohort, and are none: segments, timelines, maps of probes."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from omicsfuse.core.errors import CohortError
from omicsfuse.io.files.delimited import Plan
from omicsfuse.io.files.text import Reading, Text
from omicsfuse.io.layouts.base import Arranged, Layout, Wanted
from omicsfuse.io.layouts.plain import squeezed


@dataclass(frozen=True)
class _Other:
    """Columns by which a table is known, written without signs, what it is, and the way out."""

    columns: frozenset[str]
    title: str
    way: str


_SEGMENTS = (
    "segments of copy number, several rows a sample",
    "Name a table of genes: all_data_by_genes.txt of GISTIC, data_log2_cna.txt or data_cna.txt of "
    "cBioPortal.",
)
_OTHERS = (
    _Other(frozenset({"chrom", "locstart", "locend", "segmean"}), *_SEGMENTS),
    _Other(frozenset({"chromosome", "start", "end", "segmentmean"}), *_SEGMENTS),
    _Other(
        frozenset({"startdate", "stopdate", "eventtype"}),
        "a timeline of cBioPortal, several rows a patient",
        "Name the table of patients: data_clinical_patient.txt.",
    ),
    _Other(
        frozenset({"site1hugosymbol", "site2hugosymbol"}),
        "a table of structural variants, a row a variant",
        "Bring it to patients x genes with 0 and 1.",
    ),
    _Other(
        frozenset({"id", "gene", "chrom", "chromstart", "chromend", "strand"}),
        "a map of probes or genes, without patients",
        "Name the matrix itself; a study takes such a map as gene_names.",
    ),
)
_PLATFORM = ("^Annotation", "^PLATFORM", "!Annotation")


def _other(text: Text) -> tuple[str, str]:
    """What a text is that is no table of a cohort, and the way out; empty where it may be one."""
    first = text.lines[0]
    if first.startswith(_PLATFORM):
        return (
            "an annotation of a platform of GEO, without patients",
            "Name the series matrix (GSE..._series_matrix.txt.gz).",
        )
    if first.startswith(("^DATABASE", "^SERIES", "^SAMPLE")):
        return (
            "a SOFT file of GEO",
            "Download the series matrix (GSE..._series_matrix.txt.gz) in its place.",
        )
    header = next((line for line in text.lines if not line.startswith("#")), "")
    names = {squeezed(name.strip().strip('"')) for name in header.split("\t")}
    found = next((other for other in _OTHERS if other.columns <= names), None)
    return (found.title, found.way) if found is not None else ("", "")


def _recognises(text: Text, wanted: Wanted) -> bool:
    return bool(_other(text)[0])


def _refused(text: Text, reading: Reading, wanted: Wanted) -> Plan:
    title, way = _other(text)
    raise CohortError(
        f'{text.path} is {title}. {way} If it is a table all the same: format = "table".'
    )


def _unreached(table: pd.DataFrame, wanted: Wanted, path: Path) -> Arranged:
    raise AssertionError("refused before it is read")


OTHER = Layout("other", "no table of patients", _recognises, _unreached, _refused)
