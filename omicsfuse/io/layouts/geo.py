"""Gene Expression Omnibus: a series matrix holds what is said of samples, then their table.

Format: https://www.ncbi.nlm.nih.gov/geo/info/soft.html (series matrix files are made by GEO).
"""

from dataclasses import replace
from pathlib import Path

import pandas as pd

from omicsfuse.core.errors import CohortError
from omicsfuse.io.files.delimited import Plan
from omicsfuse.io.files.text import Reading, Text
from omicsfuse.io.layouts import plain
from omicsfuse.io.layouts.base import ORIENTATIONS, Arranged, Layout, Wanted

_BEGIN, _END = b"!series_matrix_table_begin", "!series_matrix_table_end"
_SAMPLE = "!Sample_"
#: Lines on samples that may tell patients apart, beside their characteristics.
_TOLD = ("title", "source_name_ch1", "platform_id")


def _recognises(text: Text, wanted: Wanted) -> bool:
    return text.content.startswith((b"!Series_", _SAMPLE.encode(), _BEGIN))


def _plan(text: Text, reading: Reading, wanted: Wanted) -> Plan:
    place = text.content.find(b"\n" + _BEGIN)
    if wanted.label == "clinical":
        return _plan_of_samples(text, place)
    start = text.content.find(b"\n", place + 1) + 1
    rows = text.content[start:].split(b"\n", 2)
    if (place < 0 and not text.content.startswith(_BEGIN)) or rows[1:2] == [_END.encode()]:
        raise CohortError(
            f"{text.path} is a series matrix of GEO without a table: its values are in "
            "supplementary files of the series. Download those. (As the clinical table it can be "
            "read: it says what is known of the samples.)"
        )
    return Plan("\t", text.content.count(b"\n", 0, place + 1) + 1, end=_END)


def _plan_of_samples(text: Text, place: int) -> Plan:
    """Lines that begin with ``!Sample_``, the first of them as the header."""
    lines = text.content[: place if place >= 0 else None].decode("utf-8").split("\n")
    told = [i for i, line in enumerate(lines) if line.startswith(_SAMPLE)]
    if not told:
        raise CohortError(
            f"{text.path} is a series matrix of GEO without lines on its samples ({_SAMPLE}...): "
            "name another clinical table."
        )
    others = frozenset(range(told[0], len(lines))) - set(told)
    names = frozenset(cell.strip().strip('"') for cell in lines[told[0]].split("\t"))
    return Plan("\t", told[0], skipped=others, end=_BEGIN.decode(), text=names)


def _arrange(table: pd.DataFrame, wanted: Wanted, path: Path) -> Arranged:
    if wanted.label != "clinical":
        return plain.arrange(table, wanted, path)
    # The header is a line like the others.
    lines = [list(map(str, table.columns)), *table.astype(str).to_numpy().tolist()]
    samples: list[dict[str, str]] = [{} for _ in lines[0][1:]]
    accessions: list[str] = []
    for head, *cells in lines:
        kind = head.removeprefix(_SAMPLE)
        if kind == "geo_accession":
            accessions = cells
        for sample, cell in zip(samples, cells, strict=True):
            if kind.startswith("characteristics_ch") and ":" in cell:
                name, _, value = cell.partition(":")
                sample.setdefault(name.strip(), value.strip())
            elif kind in _TOLD and cell != "nan":
                sample.setdefault(kind, cell)
    if not accessions:
        raise CohortError(
            f"{path.name}: there is no line {_SAMPLE}geo_accession, which names samples."
        )
    wide = pd.DataFrame(samples)
    wide = wide.apply(plain.numbers_if_all)
    wide.insert(0, "geo_accession", accessions)
    rows = plain.arrange(wide, replace(wanted, orientation=ORIENTATIONS[0]), path)
    rows.notes.append(f"what is said of {len(wide)} samples")
    return rows


GEO = Layout("geo", "GEO series matrix", _recognises, _arrange, _plan, ORIENTATIONS[1])
