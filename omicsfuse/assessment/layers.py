"""What does each layer bring to the subtypes?"""

import numpy as np
import pandas as pd
from scipy import sparse

from omicsfuse.assessment.refit import MOST_REFITTED, NO_GROUP, Refit
from omicsfuse.clustering.criteria import affinity_silhouettes, mean_affinity_to_groups
from omicsfuse.core.results import Fusion, Prepared, Subtypes

#: With fewer patients an agreement says nothing, and none is given.
_FEWEST_COMPARED = 10


def layer_contributions(
    prepared: Prepared,
    fusion: Fusion,
    repeat: Refit,
    subtypes: Subtypes,
    *,
    random_state: int = 0,
    n_threads: int = 1,
) -> pd.DataFrame:
    """Compare the subtypes with those of each layer alone, and of all layers but that one.

    Each comparison is made over the patients who have the layers in question; of large cohorts,
    over 2,000 patients drawn at random.

    Gives index layer; columns ``n_patients`` and ``n_features`` (fused); ``agreement_alone``:
    adjusted Rand index of the layer's own clusters with the subtypes, high where the layer on its
    own tells the subtypes; ``normalised_mutual_information_alone``; ``agreement_without``: adjusted
    Rand index of the subtypes found without the layer with the subtypes, low where the subtypes
    hang on it; ``silhouette``: mean silhouette of the subtypes in the layer's own network. NaN
    where a comparison does not exist: one layer, one subtype.
    """
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    codes = subtypes.labels.str[1:].astype(int).to_numpy() - 1
    k = int(codes.max()) + 1
    names = list(repeat.positions)
    n = len(codes)

    def again(layers: list[str], among: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
        """Subtypes and new groups of the patients who have any of these layers, if not too few."""
        rows = among
        if len(among) > MOST_REFITTED:
            chance = np.random.default_rng(random_state)
            rows = np.sort(chance.choice(among, MOST_REFITTED, replace=False))
        groups = repeat.labels(k, rows, layers, random_state, n_threads)
        grouped = groups != NO_GROUP
        if grouped.sum() < _FEWEST_COMPARED:
            return None
        return codes[rows][grouped], groups[grouped]

    table = []
    for name in names:
        row = {
            "layer": name,
            "n_patients": len(repeat.positions[name]),
            "n_features": prepared.layers[name].scaled.shape[1],
            "agreement_alone": np.nan,
            "normalised_mutual_information_alone": np.nan,
            "agreement_without": np.nan,
            "silhouette": np.nan,
        }
        if k > 1:
            both = again([name], repeat.positions[name])
            if both is not None:
                row["agreement_alone"] = adjusted_rand_score(*both)
                row["normalised_mutual_information_alone"] = normalized_mutual_info_score(*both)
            row["silhouette"] = _silhouette(fusion, name, codes[repeat.positions[name]])
        if k > 1 and len(names) > 1:
            both = again([other for other in names if other != name], np.arange(n))
            if both is not None:
                row["agreement_without"] = adjusted_rand_score(*both)
        table.append(row)
    return pd.DataFrame(table).set_index("layer")


def subtype_layers(fusion: Fusion, repeat: Refit, subtypes: Subtypes) -> pd.DataFrame:
    """Which layers hold each subtype together: affinity among its members against to others.

    Taken in each layer's own network, before fusion, over the patients who have the layer. Ratios
    are to be compared within a layer, and between layers with care: a narrow kernel makes all of
    them larger. In a network of engine ``"sparse"`` pairs that it does not hold count as 0.

    A row for each subtype and layer; columns ``subtype``, ``layer``, ``n`` (members who have
    the layer), ``within`` (mean affinity between two members), ``between`` (mean affinity
    between a member and another patient) and ``ratio``, within over between: 1 where the layer
    knows nothing of the subtype. NaN with fewer than two members, or nobody else.
    """
    codes = subtypes.labels.str[1:].astype(int).to_numpy() - 1
    table = []
    for name, positions in repeat.positions.items():
        present, group_of = np.unique(codes[positions], return_inverse=True)
        means = mean_affinity_to_groups(_network(fusion, name), group_of)
        sizes = np.bincount(group_of)
        for i, subtype in enumerate(subtypes.names):
            n, within, between = 0, np.nan, np.nan
            if i in present:
                at = int(np.searchsorted(present, i))
                members, others = group_of == at, np.arange(len(present)) != at
                n = int(sizes[at])
                if n > 1:
                    within = float(means[members, at].mean())
                if others.any():
                    to_others = means[np.ix_(members, others)].mean(axis=0)
                    between = float(np.average(to_others, weights=sizes[others]))
            ratio = within / between if between > 0 else np.nan
            table.append((subtype, name, n, within, between, ratio))
    columns = ["subtype", "layer", "n", "within", "between", "ratio"]
    by_subtype = pd.DataFrame(table, columns=columns)
    order = by_subtype["subtype"].str[1:].astype(int)
    return by_subtype.iloc[np.argsort(order.to_numpy(), kind="stable")].reset_index(drop=True)


def missingness_agreement(fusion: Fusion, subtypes: Subtypes) -> float:
    """Adjusted mutual information of the subtypes and who brought which layers, or NaN.

    Subtypes that only tell who was scanned are none. Vinh, Epps and Bailey 2010, J Mach Learn Res
    11:2837-2854.
    """
    from sklearn.metrics import adjusted_mutual_info_score

    brought = fusion.coverage.loc[subtypes.labels.index].to_numpy()
    pattern = np.unique(brought, axis=0, return_inverse=True)[1].ravel()
    if len(np.unique(pattern)) < 2 or subtypes.labels.nunique() < 2:
        return float("nan")
    return float(adjusted_mutual_info_score(pattern, subtypes.labels))


def _silhouette(fusion: Fusion, name: str, codes: np.ndarray) -> float:
    """Mean silhouette of the subtypes in one layer's own network."""
    present, codes = np.unique(codes, return_inverse=True)
    if len(present) < 2:
        return np.nan
    return float(affinity_silhouettes(_network(fusion, name), codes).mean())


def _network(fusion: Fusion, name: str) -> np.ndarray | sparse.csr_array:
    """A layer's own network without names."""
    network = fusion.per_layer[name]
    return network.to_numpy() if isinstance(network, pd.DataFrame) else network
