"""GISTIC 2: tables of genes, arms and lesions.

Format: https://broadinstitute.github.io/gistic2/
"""

from pathlib import Path

import pandas as pd

from omicsfuse.io.files.delimited import Plan
from omicsfuse.io.files.text import Reading, Text
from omicsfuse.io.layouts import plain
from omicsfuse.io.layouts.base import ORIENTATIONS, Arranged, Layout, Wanted

#: Columns before the samples, by the first two of them.
_BESIDE = {("Gene Symbol", "Locus ID"): 3, ("Unique Name", "Descriptor"): 9}
_ARM = "Chromosome Arm"
_VALUES = " - CN values"


def _columns(text: Text) -> int:
    header = [name.strip() for name in text.lines[0].split("\t")]
    if header[0] == _ARM and len(header) > 1:
        return 1
    return _BESIDE.get((header[0], header[1] if len(header) > 1 else ""), 0)


def _recognises(text: Text, wanted: Wanted) -> bool:
    return bool(_columns(text)) and not wanted.patient


def _plan(text: Text, reading: Reading, wanted: Wanted) -> Plan:
    return Plan("\t", beside=frozenset(range(1, _columns(text))))


def _arrange(table: pd.DataFrame, wanted: Wanted, path: Path) -> Arranged:
    """Read levels of lesions, losses negative; ``column = "values"``: their copy number."""
    names = table.iloc[:, 0].astype(str).str.strip()
    if table.columns[0] != "Unique Name":
        return plain.arrange(table, wanted, path)
    are_values = names.str.endswith(_VALUES)
    asked = wanted.column == "values"
    table, names = table[are_values == asked], names[are_values == asked]
    if not asked:
        numbers = table.iloc[:, 1:].where(~names.str.startswith("Deletion"), -table.iloc[:, 1:])
        table = pd.concat([table.iloc[:, :1], numbers], axis=1)
    words = names.str.removesuffix(_VALUES).str.replace(r"\s+", " ", regex=True)
    table = table.assign(**{str(table.columns[0]): words})
    arranged = plain.arrange(table, wanted, path)
    if asked:
        arranged.notes.append("copy number of each lesion")
    else:
        arranged.notes.append('levels of lesions, losses negative (copy number: column = "values")')
    return arranged


GISTIC = Layout("gistic", "GISTIC", _recognises, _arrange, _plan, ORIENTATIONS[1])
