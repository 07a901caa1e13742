"""Radiomic features, as PyRadiomics and others write them."""

from pathlib import Path

import pandas as pd

from omicsfuse.core.cohort import Exclusion
from omicsfuse.core.no_features import without_descriptions
from omicsfuse.io.tables import read_table


def read_radiomics(
    path: str | Path,
    orientation: str = "patients_by_features",
    patient: str = "",
    *,
    duplicates: str = "refuse",
    exclusions: list[Exclusion] | None = None,
    layer: str = "radiomics",
) -> pd.DataFrame:
    r"""Read radiomic features, without the columns that describe the images.

    The columns ``diagnostics_*`` of PyRadiomics, the names of image, mask and label, and other
    columns of words are excluded and counted. A column of numbers with words in some cells stays,
    and the checks of ``Cohort`` refuse it.

    Parameters
    ----------
    path, orientation, patient, duplicates
        As in ``read_table``.
    exclusions : list of Exclusion, optional
        Exclusions are appended to it.
    layer : str
        Name of the layer, for the exclusions.

    Returns
    -------
    pandas.DataFrame
        Patients x features; ``radiomics_features`` parses their names.

    Raises
    ------
    CohortError
        As in ``read_table``.

    References
    ----------
    van Griethuysen et al. 2017, Cancer Research 77:e104.

    Examples
    --------
    >>> from pathlib import Path
    >>> from omicsfuse import read_radiomics
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "features.csv"
    ...     header = "patient,Mask,diagnostics_Versions_PyRadiomics,original_shape_Flatness"
    ...     _ = file.write_text(header + "\nP1,a.nrrd,v3,0.5\n")
    ...     list(read_radiomics(file).columns)
    ['original_shape_Flatness']
    """
    noted: list[Exclusion] = []
    table = read_table(
        path, orientation, patient, duplicates=duplicates, exclusions=noted, layer=layer
    )
    table, descriptions = without_descriptions(table, layer)
    if exclusions is not None:
        exclusions += noted + descriptions
    return table
