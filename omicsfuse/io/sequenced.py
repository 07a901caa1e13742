"""Who was sequenced: a list in the manifest, a file of names, or a case list of cBioPortal."""

import re
from collections.abc import Sequence
from pathlib import Path

from omicsfuse.core.errors import CohortError
from omicsfuse.io.files.text import read_bytes

#: Beginning of the line of a case list that names its samples.
_CASE_LIST = "case_list_ids:"


def sequenced_list(sequenced: Sequence[str] | Path | None) -> list[str]:
    """Identifiers of sequenced patients, given as such or as a file.

    A file holds a case list of cBioPortal, or names between lines, tabs, commas, semicolons or
    spaces, as a table would in its first column.
    """
    if sequenced is None:
        return []
    if not isinstance(sequenced, (Path, str)):
        return [str(name).strip() for name in sequenced]
    lines = read_bytes(Path(sequenced)).decode("utf-8").split("\n")
    lines = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    listed_ids = [line.partition(":")[2] for line in lines if line.startswith(_CASE_LIST)]
    if listed_ids:
        lines = listed_ids
    elif any(re.match(r"(stable_id|cancer_study_identifier)\s*:", line) for line in lines):
        raise CohortError(
            f"{Path(sequenced).name} is a case list without its line {_CASE_LIST}, which names "
            "the sequenced samples."
        )
    names = [name for line in lines for name in re.split(r"[\s,;]+", line) if name]
    if not names:
        raise CohortError(
            f"{Path(sequenced).name} names nobody: expected the identifiers of those sequenced."
        )
    return list(dict.fromkeys(names))
