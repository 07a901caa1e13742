"""Cut the fused network into subtypes, with a fixed, bounded or automatic number of them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from omicsfuse.clustering.criteria import (
    affinity_silhouettes,
    eigengap,
    eigengap_ratio,
    mean_affinity_to_groups,
    normalised_cut,
)
from omicsfuse.clustering.rotation import rotation_cost
from omicsfuse.clustering.spectral import (
    Network,
    laplacian_spectrum,
    spectral_labels,
    weighted_by_evidence,
)
from omicsfuse.core.errors import StudyError
from omicsfuse.core.results import Fusion, Subtypes

#: Range of k that "auto" looks at, cut where a subtype would have fewer than five patients.
AUTO_RANGE = (2, 6)
_MEAN_SIZE = 5

#: The rule for k where a cohort cannot be redrawn.
WITHOUT_REDRAWS = (
    "best of {low} to {high} by eigengap and mean silhouette, each scaled to 0 to 1 over the "
    "range and summed"
)

#: Of more patients the rotation cost is not computed.
_MOST_ROTATED = 20_000


def cut(
    fusion: Fusion,
    n_clusters: int | str | Sequence[int] = "auto",
    *,
    random_state: int = 0,
    gaps: pd.DataFrame | None = None,
) -> Subtypes:
    """Cut the fused network by spectral clustering, with criteria for each k.

    With ``gaps`` k is the smallest whose gap is at most one SD (of k + 1) below the gap at k + 1;
    else the best on eigengap and mean silhouette, each brought to 0 to 1 and added.
    """
    network = fusion.network()
    low, high, rule = cluster_range(n_clusters, len(fusion.patients))
    if low < high and gaps is None:
        rule = WITHOUT_REDRAWS.format(low=low, high=high)
    weighted = weighted_by_evidence(network, fusion.evidence().to_numpy())
    values, vectors = laplacian_spectrum(weighted, high + 1)
    table, labels_by_k = _criteria(network, values, vectors, low, high, random_state)
    for name in ("gap", "gap_sd", "chosen_share"):
        table.insert(
            len(table.columns) - 1,
            name,
            np.nan if gaps is None else gaps[name].reindex(table.index),
        )
    best = _best_by_score(table) if gaps is None else _best_by_gap(table)
    table["chosen"] = table.index == best
    codes = labels_by_k[best]
    n_groups = int(codes.max()) + 1
    labels = pd.Series([f"S{code + 1}" for code in codes], fusion.patients, name="subtype")
    params: dict[str, Any] = {
        "asked": n_clusters if isinstance(n_clusters, str) else [low, high],
        "n_clusters": n_groups,
        "range": [low, high],
        "rule": rule,
        "random_state": random_state,
    }
    patients = _patients(network, codes, labels, fusion.coverage)
    evidence = {"n_clusters": table, "patients": patients, "subtypes": _subtypes(patients)}
    return Subtypes(labels, evidence, params)


def in_network(fusion: Fusion, subtypes: Subtypes, random_state: int = 0) -> Subtypes:
    """Measure given labels of all fused patients in the network; k is not chosen.

    ``evidence`` is that of ``cut``, with the criteria of the network's own cuts, none ``chosen``;
    ``own_cut`` is the group of each patient where the network is cut into as many.
    """
    network, labels = fusion.network(), subtypes.labels
    codes = labels.map({name: i for i, name in enumerate(subtypes.names)}).to_numpy()
    k, n = len(subtypes.names), len(labels)
    low, high = AUTO_RANGE[0], max(AUTO_RANGE[0], k, min(AUTO_RANGE[1], n // _MEAN_SIZE))
    weighted = weighted_by_evidence(network, fusion.evidence().to_numpy())
    values, vectors = laplacian_spectrum(weighted, high + 1)
    table, labels_by_k = _criteria(network, values, vectors, low, high, random_state)
    table = table.assign(gap=np.nan, gap_sd=np.nan, chosen=False)
    own_cut = labels_by_k.get(k, np.zeros(n, dtype=int))
    patients = _patients(network, codes, labels, fusion.coverage)
    patients["own_cut"] = [f"S{code + 1}" for code in own_cut]
    evidence = {"n_clusters": table, "patients": patients, "subtypes": _subtypes(patients)}
    params = {**subtypes.params, "random_state": random_state}
    return Subtypes(labels, evidence, params)


def cluster_range(n_clusters: int | str | Sequence[int], n: int) -> tuple[int, int, str]:
    """Turn what a user asks for into smallest and largest k and the rule in words, or refuse it."""
    if isinstance(n_clusters, str):
        if n_clusters != "auto":
            raise StudyError(
                f'n_clusters is {n_clusters!r}; give "auto", a whole number such as 3, or a range '
                "such as [2, 6]."
            )
        low, high = AUTO_RANGE[0], max(AUTO_RANGE[0], min(AUTO_RANGE[1], n // _MEAN_SIZE))
    elif isinstance(n_clusters, Sequence | np.ndarray):
        if len(n_clusters) != 2 or not all(_is_whole(k) for k in n_clusters):
            raise StudyError(
                f"n_clusters is {list(n_clusters)}; a range is two whole numbers such as [2, 6]."
            )
        low, high = int(n_clusters[0]), int(n_clusters[1])
    elif _is_whole(n_clusters):
        low = high = int(n_clusters)
    else:
        raise StudyError(f"n_clusters is {n_clusters!r}; it must be a whole number.")
    if not 1 <= low <= high:
        raise StudyError(f"n_clusters is {low} to {high}; give the smaller number first, from 1.")
    if high > n // 2:
        raise StudyError(
            f"n_clusters asks for up to {high} subtypes of {n} patients; at most {n // 2} are "
            "possible with two patients in each."
        )
    if low == high:
        return low, high, f"{low}, as requested"
    rule = (
        f"the smallest k from {low} to {high} whose gap statistic (normalised cut, compared "
        "with cohorts redrawn without groups) is at most one standard deviation below that "
        "of k + 1"
    )
    return low, high, rule


def _is_whole(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _criteria(
    network: Network,
    values: np.ndarray,
    vectors: np.ndarray,
    low: int,
    high: int,
    random_state: int,
) -> tuple[pd.DataFrame, dict[int, np.ndarray]]:
    """Criteria and labels for every k of the range."""
    rows, labels_by_k = [], {}
    rotated = len(vectors) <= _MOST_ROTATED
    for k in range(low, high + 1):
        codes = spectral_labels(vectors, k, random_state)
        labels_by_k[k] = codes
        rows.append(
            {
                "k": k,
                "eigengap": eigengap(values, k),
                "eigengap_ratio": eigengap_ratio(values, k),
                "rotation_cost": rotation_cost(vectors, k) if rotated else np.nan,
                "silhouette": float(affinity_silhouettes(network, codes).mean()),
                "normalised_cut": normalised_cut(network, codes),
                "smallest": int(np.bincount(codes).min()),
            }
        )
    return pd.DataFrame(rows).set_index("k"), labels_by_k


def _best_by_score(table: pd.DataFrame) -> int:
    """K with the largest sum of eigengap and silhouette; ties go to the smaller."""
    score = _unit(table["eigengap"]) + _unit(table["silhouette"])
    return int(table.index[int(score.to_numpy().argmax())])


def _best_by_gap(table: pd.DataFrame) -> int:
    """Smallest k whose gap is at most one standard deviation (of k + 1) below that of k + 1."""
    gaps, sds = (table[name].fillna(0.0).to_numpy() for name in ("gap", "gap_sd"))
    return int(table.index[int(place_by_gap(gaps, sds))])


def place_by_gap(gaps: np.ndarray, sds: np.ndarray) -> np.ndarray:
    """Apply the rule of the gap along the last axis (k, ascending) and give the place chosen.

    One group is cut nowhere, in the cohort as in the redraws: its gap and deviation are 0.
    """
    last = np.ones((*gaps.shape[:-1], 1), dtype=bool)
    enough = gaps[..., :-1] >= gaps[..., 1:] - sds[..., 1:]
    return np.concatenate([enough, last], axis=-1).argmax(axis=-1)


def _unit(column: pd.Series) -> pd.Series:
    """Bring a criterion to 0 to 1 over the range; a k without it (one group) scores 0."""
    width = column.max() - column.min()
    if not width > 0:
        return pd.Series(0.0, column.index)
    return ((column - column.min()) / width).fillna(0.0)


def _patients(
    network: Network,
    codes: np.ndarray,
    labels: pd.Series,
    coverage: pd.DataFrame,
) -> pd.DataFrame:
    """How well each patient sits in its subtype."""
    means = np.nan_to_num(mean_affinity_to_groups(network, codes))
    total = means.sum(axis=1)
    within = means[np.arange(len(codes)), codes]
    return pd.DataFrame(
        {
            "subtype": labels,
            "silhouette": affinity_silhouettes(network, codes),
            "confidence": np.divide(within, total, out=np.zeros_like(within), where=total > 0),
            "n_layers": coverage.loc[labels.index].sum(axis=1).astype(int),
        },
        index=labels.index,
    )


def _subtypes(patients: pd.DataFrame) -> pd.DataFrame:
    """Size and mean silhouette of each subtype."""
    grouped = patients.groupby("subtype")["silhouette"]
    table = pd.DataFrame({"n": grouped.size(), "silhouette": grouped.mean()})
    # S10 comes after S9, not after S1.
    return table.loc[sorted(table.index, key=lambda name: int(name[1:]))]
