"""Radiomic features that say the same, gathered into clusters with one representative each."""

import numpy as np
import pandas as pd

from omicsfuse.core.checks.arguments import require
from omicsfuse.core.checks.tables import names_as_text
from omicsfuse.core.errors import StudyError
from omicsfuse.core.kinds import kinds_that, layers_that
from omicsfuse.core.results import Prepared
from omicsfuse.imaging.volume import tumour_volume
from omicsfuse.stats.arrays import Array
from omicsfuse.stats.correlations import rank_coefficients

#: Features of which every two have at least this absolute rank correlation are one cluster.
THRESHOLD = 0.9

CLUSTER_COLUMNS = [
    "feature",
    "cluster",
    "size",
    "representative",
    "correlation_with_representative",
    "correlation_with_volume",
]


def cluster_radiomic_features(
    prepared: Prepared,
    layer: str | None = None,
    *,
    threshold: float = THRESHOLD,
    volume: pd.Series | None = None,
) -> pd.DataFrame:
    """Cluster redundant radiomic features.

    Complete linkage on ``1 - |rho|`` (Spearman), cut at ``1 - threshold``: every two features of a
    cluster have an absolute correlation of at least ``threshold``, which average linkage does not
    guarantee. The representative is the feature with the largest mean absolute correlation with the
    others of its cluster; ties are broken by name. Outcome and molecular layers are not used.

    Parameters
    ----------
    prepared : Prepared
        Layers, with one of kind radiomics.
    layer : str, optional
        Layer of the images; by default the first of kind radiomics.
    threshold : float
        Between 0 and 1. The default of 0.9 is common in radiomics: 81% of the variance of the ranks
        is shared.
    volume : pandas.Series, optional
        Patient -> tumour volume; by default the volume among the shape features.

    Returns
    -------
    pandas.DataFrame
        Columns ``feature``, ``cluster`` (``"R1"`` the largest; of equal size by the name of the
        representative), ``size``, ``representative`` (bool), ``correlation_with_representative``
        and ``correlation_with_volume`` (NaN if no volume is known); by cluster, representative
        first. Constant features are excluded.

    Raises
    ------
    StudyError
        If there is no such layer, or the threshold is not between 0 and 1.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse import cluster_radiomic_features
    >>> from omicsfuse.core.results import Prepared
    >>> import numpy as np
    >>> from omicsfuse.core.results import PreparedLayer
    >>> a, b = np.arange(12.0), np.tile([1.0, 3.0, 2.0], 4)
    >>> patients = [f"P{i:02d}" for i in range(12)]
    >>> table = pd.DataFrame({"a": a, "a2": a**2, "minus_a": -a, "b": b}, patients)
    >>> images = PreparedLayer("radiomics", table, table, "raw", None)
    >>> found = cluster_radiomic_features(Prepared("toy", {"ct": images}))
    >>> found[["feature", "cluster", "representative"]].to_numpy().tolist()
    [['a', 'R1', True], ['a2', 'R1', False], ['minus_a', 'R1', False], ['b', 'R2', True]]
    """
    require(prepared, Prepared, "prepared", "from of.preprocess")
    if not isinstance(threshold, int | float) or not 0 < threshold < 1:
        raise StudyError(
            f"threshold is {threshold!r}; expected a number between 0 and 1, such as 0.9."
        )
    name = radiomics_layer(prepared, layer)
    table = in_order(prepared.layers[name].values)
    tumour = tumour_volume(table, volume)
    return cluster_columns(table, float(threshold), None if tumour is None else tumour.amounts)


def layer_of_images(prepared: Prepared, named: str | None = None) -> str | None:
    """Name the layer of the images: the one named, or the first made of images; None without."""
    if named is not None:
        return named if named in prepared.layers else None
    return next(iter(layers_that(prepared.layers, lambda kind: kind.image)), None)


def radiomics_layer(prepared: Prepared, layer: str | None) -> str:
    """Name the layer of the images, as `layer_of_images` does; refuse where there is none."""
    images = layer_of_images(prepared, layer)
    if images is None:
        named = (f"{name} ({each.kind})" for name, each in prepared.layers.items())
        listed = ", ".join(named) or "none"
        fault = (
            f"a layer of kind {' or '.join(kinds_that(lambda kind: kind.image))} is needed"
            if layer is None
            else f"there is no layer {layer!r}"
        )
        raise StudyError(f"{fault}; the layers are {listed}.")
    return images


def in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Patients and features sorted by name as text: no result depends on the order of a file."""
    named = table.set_axis(names_as_text(table.index), axis=0)
    named = named.set_axis(named.columns.astype(str), axis=1)
    return named.sort_index(axis=0).sort_index(axis=1)


def cluster_columns(table: pd.DataFrame, threshold: float, volume: Array | None) -> pd.DataFrame:
    """Cluster the columns of a table as `cluster_radiomic_features` says."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    matrix = table.to_numpy(dtype=float)
    r = rank_coefficients(matrix, matrix).correlation
    varying = np.isfinite(np.diagonal(r))
    names = table.columns.astype(str).to_numpy(dtype=object)[varying]
    r = r[np.ix_(varying, varying)]
    # Pairs without enough common patients are not known to say the same.
    strength = np.nan_to_num(np.abs(r))
    if len(names) > 1:
        distance = np.round(np.maximum(1 - strength, 0.0), 10)
        np.fill_diagonal(distance, 0.0)
        tree = linkage(squareform(distance, checks=False), method="complete")
        group = fcluster(tree, t=round(1 - threshold, 10) + 1e-9, criterion="distance")
    else:
        group = np.ones(len(names), dtype=int)
    clusters = []
    for number in np.unique(group):
        members = np.flatnonzero(group == number)
        mean = np.round(strength[np.ix_(members, members)].sum(axis=1), 8)
        clusters.append((members, members[int(np.argmax(mean))]))
    clusters.sort(key=lambda cluster: (-len(cluster[0]), names[cluster[1]]))
    with_volume = np.full(len(names), np.nan)
    if volume is not None and len(names):
        against = rank_coefficients(matrix[:, varying], volume[:, None])
        with_volume = against.correlation[:, 0]
    rows = []
    for number, (members, centre) in enumerate(clusters, start=1):
        for j in sorted(members, key=lambda j: (j != centre, names[j])):
            rows.append(
                (names[j], f"R{number}", len(members), j == centre, r[j, centre], with_volume[j])
            )
    clustered = pd.DataFrame(rows, columns=CLUSTER_COLUMNS)
    return clustered.astype(
        {
            "size": "int64",
            "representative": bool,
            "correlation_with_representative": "float64",
            "correlation_with_volume": "float64",
        }
    )
