"""Labels of patients from a file: a column with patients, and one with their labels."""

from pathlib import Path

from omicsfuse.core.checks.tables import listed
from omicsfuse.core.errors import CohortError
from omicsfuse.core.results import Subtypes
from omicsfuse.io.tables import read_table

#: Column with the labels, where there are several.
COLUMN = "subtype"


def read_labels(path: str | Path) -> Subtypes:
    """Read given labels: the column ``subtype``, or the only one beside that of the patients."""
    table = read_table(path, duplicates="keep", missing_words=("",))
    if COLUMN not in table and table.shape[1] != 1:
        raise CohortError(
            f"{path}: expected the patients in the first column and their labels in a column "
            f'"{COLUMN}"; found {listed(table.columns) or "no other column"}.'
        )
    column = table[COLUMN] if COLUMN in table else table.iloc[:, 0]
    try:
        return Subtypes.from_labels(column, source=Path(path).name)
    except CohortError as error:
        raise CohortError(f"{path}: {error}") from error
