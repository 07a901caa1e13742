"""What does each layer bring to the subtypes?"""

import numpy as np
import pandas as pd

from omicsfuse.assessment.refusion import Refusion
from omicsfuse.clustering import affinity_silhouettes
from omicsfuse.results import Fusion, Prepared, Subtypes


def layer_contributions(
    prepared: Prepared,
    fusion: Fusion,
    repeat: Refusion,
    subtypes: Subtypes,
    *,
    random_state: int = 0,
) -> pd.DataFrame:
    """Compare the subtypes with those of each layer alone, and of all layers but that one.

    Parameters
    ----------
    prepared : Prepared
        The layers that were fused.
    fusion : Fusion
        Their fusion.
    repeat : Refusion
        The same fusion, ready to be repeated.
    subtypes : Subtypes
        Subtypes of the fusion.
    random_state : int
        Seed of k-means.

    Returns
    -------
    pandas.DataFrame
        Index layer; columns ``n_patients`` and ``n_features`` (fused); ``agreement_alone``:
        adjusted Rand index of the layer's own clusters with the subtypes, high where the layer on
        its own tells the subtypes; ``normalised_mutual_information_alone``;
        ``agreement_without``: adjusted Rand index of the subtypes found without the layer with the
        subtypes, low where the subtypes hang on it; ``silhouette``: mean silhouette of the subtypes
        in the layer's own network. NaN where a comparison does not exist: one layer, one subtype.

    Examples
    --------
    >>> import omicsfuse as of
    >>> ready = of.preprocess(of.simulate_cohort(45, n_external=0, effect=3.0).discovery)
    >>> fusion = of.fuse(ready, n_neighbors=8)
    >>> table = of.assess(ready, fusion, of.cluster(fusion, 3)).layers
    >>> bool((table["agreement_without"] > 0.9).all())
    True
    """
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    codes = subtypes.labels.str[1:].astype(int).to_numpy() - 1
    k = int(codes.max()) + 1
    names = list(repeat.distances)
    rows = []
    for name in names:
        row = {
            "layer": name,
            "n_patients": len(codes),
            "n_features": prepared.layers[name].scaled.shape[1],
            "agreement_alone": np.nan,
            "normalised_mutual_information_alone": np.nan,
            "agreement_without": np.nan,
            "silhouette": np.nan,
        }
        if k > 1:
            alone = repeat.labels(k, layers=[name], random_state=random_state)
            row["agreement_alone"] = adjusted_rand_score(codes, alone)
            row["normalised_mutual_information_alone"] = normalized_mutual_info_score(codes, alone)
            network = fusion.per_layer[name].to_numpy()
            row["silhouette"] = float(affinity_silhouettes(network, codes).mean())
        if k > 1 and len(names) > 1:
            rest = [other for other in names if other != name]
            without = repeat.labels(k, layers=rest, random_state=random_state)
            row["agreement_without"] = adjusted_rand_score(codes, without)
        rows.append(row)
    return pd.DataFrame(rows).set_index("layer")
