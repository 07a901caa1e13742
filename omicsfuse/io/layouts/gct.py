"""GCT 1.2 and 1.3 of the Broad Institute: sizes first, then the header.

Format: https://software.broadinstitute.org/cancer/software/gsea/wiki/index.php/Data_formats
(1.3: https://clue.io/connectopedia/gct_format)
"""

from omicsfuse.core.errors import CohortError
from omicsfuse.io.files.delimited import Plan
from omicsfuse.io.files.text import Reading, Text
from omicsfuse.io.layouts import plain
from omicsfuse.io.layouts.base import ORIENTATIONS, Layout, Wanted


def _recognises(text: Text, wanted: Wanted) -> bool:
    return text.lines[0].strip() in ("#1.2", "#1.3")


def _sizes(text: Text) -> tuple[int, int]:
    """Columns that describe rows, and rows that describe columns; 1.2 has a description each."""
    line = text.lines[1] if len(text.lines) > 1 else ""
    cells = line.split()
    if len(cells) < 2 or not all(cell.isdigit() for cell in cells):
        raise CohortError(
            f"{text.path}: line 2 of a GCT file gives its sizes in whole numbers, and holds "
            f'"{line[:60]}".'
        )
    return (int(cells[2]), int(cells[3])) if len(cells) > 3 else (1, 0)


def _plan(text: Text, reading: Reading, wanted: Wanted) -> Plan:
    beside, above = _sizes(text)
    skipped = frozenset(range(3, 3 + above))
    return Plan("\t", 2, skipped=skipped, beside=frozenset(range(1, 1 + beside)))


GCT = Layout("gct", "GCT", _recognises, plain.arrange, _plan, ORIENTATIONS[1])
