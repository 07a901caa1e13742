"""Files of AnnData and MuData as the table of a layer; several layers at once: ``read_mudata``."""

from pathlib import Path
from typing import Any

import pandas as pd

from omicsfuse.core.checks.tables import did_you_mean, listed
from omicsfuse.core.errors import CohortError
from omicsfuse.io.layouts.base import Wanted
from omicsfuse.io.mudata.optional import quiet, read_file


def read_annotated(path: Path, wanted: Wanted) -> pd.DataFrame:
    """Read a matrix as a table with the observations in its first column.

    ``wanted.column`` names a modality of MuData; ``wanted.patient`` a column of ``obs``.
    """
    data: Any = read_file(path)
    if hasattr(data, "mod"):
        names = list(data.mod)
        if wanted.column not in names and (wanted.column or len(names) != 1):
            asked = f'"{wanted.column}" is not one of them; ' if wanted.column else ""
            raise CohortError(
                f"{path.name} holds the modalities {listed(names)}: {asked}name the one that is "
                f'meant: column = "{names[0] if names else ""}".'
            )
        data = data.mod[wanted.column or names[0]]
    with quiet():
        table = pd.DataFrame(data.to_df())
    observations = pd.Index(map(str, table.index))
    if wanted.patient:
        if wanted.patient not in data.obs:
            raise CohortError(
                f'{path.name}: obs has no column "{wanted.patient}", which is named as the one '
                f"with the patients; {did_you_mean(wanted.patient, data.obs.columns)}."
            )
        observations = pd.Index(data.obs[wanted.patient].astype(str))
    table.columns = pd.Index([str(name) for name in table.columns])
    table.insert(0, wanted.patient or "patient", observations.to_numpy(), allow_duplicates=True)
    return table.reset_index(drop=True)
