"""Gene Expression Omnibus: the table of a series matrix lies between two marks.

Format: https://www.ncbi.nlm.nih.gov/geo/info/soft.html (series matrix files are made by GEO).
"""

from omicsfuse.core.errors import CohortError
from omicsfuse.io.files.delimited import Plan
from omicsfuse.io.files.text import Reading, Text
from omicsfuse.io.layouts import plain
from omicsfuse.io.layouts.base import ORIENTATIONS, Layout, Wanted

_BEGIN, _END = b"!series_matrix_table_begin", "!series_matrix_table_end"


def _recognises(text: Text, wanted: Wanted) -> bool:
    return text.content.startswith(b"!Series_") or text.content.startswith(_BEGIN)


def _plan(text: Text, reading: Reading, wanted: Wanted) -> Plan:
    place = text.content.find(b"\n" + _BEGIN)
    if place < 0 and not text.content.startswith(_BEGIN):
        raise CohortError(
            f"{text.path} is a series matrix of GEO without a table: its values are in "
            "supplementary files of the series. Download those."
        )
    return Plan("\t", text.content.count(b"\n", 0, place + 1) + 1, end=_END)


GEO = Layout("geo", "GEO series matrix", _recognises, plain.arrange, _plan, ORIENTATIONS[1])
