"""CGITA: features in rows, the matrix that each is computed from beside its name.

Names: https://github.com/baskentuni/cgita (settings/create_default_feature_settings.m)
"""

from pathlib import Path

import pandas as pd

from omicsfuse.core.radiomic_words import CGITA_MATRICES
from omicsfuse.io.files.delimited import plain_plan
from omicsfuse.io.files.dialect import fields
from omicsfuse.io.files.text import Reading, Text
from omicsfuse.io.layouts import plain
from omicsfuse.io.layouts.base import ORIENTATIONS, Arranged, Layout, Wanted

#: So many features of CGITA's matrices make a file of CGITA.
_FEWEST = 3


def _recognises(text: Text, wanted: Wanted) -> bool:
    found = plain_plan(text, Reading())
    cells = [fields(line, found.separator) for line in text.lines[found.header + 1 :] if line]
    named = [row for row in cells if plain.squeezed(row[0].strip(' "')) in CGITA_MATRICES]
    return len(named) >= _FEWEST and 2 * len(named) > len(cells)


def _arrange(table: pd.DataFrame, wanted: Wanted, path: Path) -> Arranged:
    """Name each feature by its matrix and itself: ``Entropy`` is in several."""
    matrices, features = (table.iloc[:, i].astype(str).str.strip() for i in (0, 1))
    joined = table.iloc[:, 2:].copy()
    joined.insert(0, "feature", matrices + "_" + features)
    return plain.arrange(joined, wanted, path)


CGITA = Layout("cgita", "CGITA", _recognises, _arrange, plain.plan, ORIENTATIONS[1])
