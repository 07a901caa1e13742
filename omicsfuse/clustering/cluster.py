"""Cut the fused network into subtypes, with a fixed, bounded or automatic number of them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from omicsfuse.checks.arguments import require, seed
from omicsfuse.clustering.criteria import (
    affinity_silhouettes,
    eigengap,
    mean_affinity_to_groups,
)
from omicsfuse.clustering.evidence import weighted_by_evidence
from omicsfuse.clustering.spectral import Network, laplacian_spectrum, spectral_labels
from omicsfuse.errors import StudyError
from omicsfuse.results import Fusion, Subtypes

#: Range of k that "auto" looks at, cut where a subtype would have fewer than five patients.
AUTO_RANGE = (2, 6)
_MEAN_SIZE = 5


def cluster(
    fusion: Fusion,
    n_clusters: int | str | Sequence[int] = "auto",
    *,
    random_state: int = 0,
) -> Subtypes:
    """Cut the fused network into subtypes by spectral clustering.

    Where patients lack layers, each pair counts by the evidence on both (``Fusion.evidence``).
    With a range of k, or ``"auto"``, the number is the k that scores best on two criteria, each
    brought to 0 to 1 over the range and added: the eigengap of the normalised Laplacian and the
    mean silhouette on the fused network. Ties go to the smaller k. The outcome is never looked at.
    A number always comes back, also from noise: see the stability of the subtypes before
    believing in them.

    Parameters
    ----------
    fusion : Fusion
        What ``fuse`` returned.
    n_clusters : int, "auto" or (int, int)
        Number of subtypes, 1 or more; or the smallest and largest to choose from; ``"auto"`` is
        ``(2, 6)``.
    random_state : int
        Seed of k-means.

    Returns
    -------
    Subtypes
        Labels ``S1`` to ``Sk`` ordered by size, and in ``evidence``: ``"n_clusters"`` (index k:
        ``eigengap``, ``silhouette``, ``score``, ``smallest``, ``chosen``), ``"patients"`` (index
        patient: ``subtype``, ``silhouette``, ``confidence``, ``n_layers``) and ``"subtypes"``
        (index subtype: ``n``, ``silhouette``). Confidence is a patient's mean affinity to its own
        subtype as a share of its mean affinities to all of them, 0 to 1.

    Raises
    ------
    StudyError
        If the number of subtypes cannot be had from this many patients.

    References
    ----------
    Ng AY, Jordan MI, Weiss Y. On spectral clustering: analysis and an algorithm. NIPS 2002.

    Examples
    --------
    >>> import omicsfuse as of
    >>> cohort = of.simulate_cohort(60, n_external=0, effect=2.0).discovery
    >>> subtypes = of.cluster(of.fuse(of.preprocess(cohort)), n_clusters=3)
    >>> subtypes.labels.value_counts().sort_index().to_dict()
    {'S1': 25, 'S2': 20, 'S3': 15}
    """
    require(fusion, Fusion, "fusion", "what of.fuse returns")
    random_state = seed(random_state)
    network = fusion.network()
    low, high, rule = cluster_range(n_clusters, len(fusion.patients))
    weighted = weighted_by_evidence(network, fusion.evidence().to_numpy())
    values, vectors = laplacian_spectrum(weighted, high + 1)
    table, labels_by_k = _criteria(network, values, vectors, low, high, random_state)
    best = low + int(table["score"].to_numpy().argmax())
    table["chosen"] = table.index == best
    codes = labels_by_k[best]
    found = int(codes.max()) + 1
    labels = pd.Series([f"S{code + 1}" for code in codes], fusion.patients, name="subtype")
    params: dict[str, Any] = {
        "asked": n_clusters if isinstance(n_clusters, str) else [low, high],
        "n_clusters": found,
        "rule": rule,
        "random_state": random_state,
    }
    patients = _patients(network, codes, labels, fusion.coverage)
    evidence = {"n_clusters": table, "patients": patients, "subtypes": _subtypes(patients)}
    return Subtypes(labels, evidence, params)


def cluster_range(n_clusters: int | str | Sequence[int], n: int) -> tuple[int, int, str]:
    """Turn what a user asks for into a range of k, or refuse it.

    Parameters
    ----------
    n_clusters : int, "auto" or (int, int)
        As in ``cluster``.
    n : int
        Number of patients.

    Returns
    -------
    low, high : int
        Smallest and largest k to try.
    rule : str
        The rule in words.

    Raises
    ------
    StudyError
        If it is none of these, or cannot be had from this many patients.

    Examples
    --------
    >>> cluster_range([2, 4], 60)[:2]
    (2, 4)
    """
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
        raise StudyError(f"n_clusters asks for {low} to {high}; the smallest comes first, from 1.")
    if high > n // 2:
        raise StudyError(
            f"n_clusters asks for up to {high} subtypes of {n} patients; at most {n // 2} leave "
            "two patients in each."
        )
    if low == high:
        return low, high, f"{low}, as asked"
    rule = (
        f"best of {low} to {high} by eigengap and mean silhouette, each scaled to 0 to 1 over "
        "the range and added"
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
    for k in range(low, high + 1):
        codes = spectral_labels(vectors, k, random_state)
        labels_by_k[k] = codes
        rows.append(
            {
                "k": k,
                "eigengap": eigengap(values, k),
                "silhouette": float(affinity_silhouettes(network, codes).mean()),
                "smallest": int(np.bincount(codes).min()),
            }
        )
    table = pd.DataFrame(rows).set_index("k")
    table.insert(2, "score", _unit(table["eigengap"]) + _unit(table["silhouette"]))
    return table, labels_by_k


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
    own = means[np.arange(len(codes)), codes]
    return pd.DataFrame(
        {
            "subtype": labels,
            "silhouette": affinity_silhouettes(network, codes),
            "confidence": np.divide(own, total, out=np.zeros_like(own), where=total > 0),
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
