"""The part of a layer that has labels, as plain arrays."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from omicsfuse.results import PreparedLayer, Subtypes

#: Values of z-scored layers beyond this many standard deviations are set to it.
Z_LIMIT = 10.0


class Labelled(NamedTuple):
    """Values of the labelled patients of one layer, each patient's subtype, and the features."""

    matrix: npt.NDArray[np.float64]
    subtype: npt.NDArray[Any]
    features: list[str]


def labelled(layer: PreparedLayer, subtypes: Subtypes) -> Labelled:
    """Take the patients of a layer that have a label; z-scores are limited to +-``Z_LIMIT``.

    Parameters
    ----------
    layer : PreparedLayer
        Layer; its ``values`` are taken.
    subtypes : Subtypes
        Labels.

    Returns
    -------
    Labelled
        Patients x features, the subtype of each patient, names of the features.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.results import PreparedLayer, Subtypes
    >>> table = pd.DataFrame({"A": [1.0, 7377.0]}, index=["P1", "P2"])
    >>> layer = PreparedLayer("expression", table, table, "zscore", None)
    >>> part = labelled(layer, Subtypes(pd.Series({"P2": "S1", "P3": "S1"}), {}, {}))
    >>> part.matrix.tolist(), part.subtype.tolist(), part.features
    ([[10.0]], ['S1'], ['A'])
    """
    table = layer.values
    table = table.loc[table.index.isin(subtypes.labels.index)]
    matrix = table.to_numpy(dtype=float)
    if layer.scale == "zscore":
        matrix = np.clip(matrix, -Z_LIMIT, Z_LIMIT)
    own = subtypes.labels.reindex(table.index).to_numpy()
    return Labelled(matrix, own, [str(name) for name in table.columns])
