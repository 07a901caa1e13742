"""Gene sets that are made of the same genes, gathered so that one finding is told once."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from omicsfuse.core.errors import StudyError
from omicsfuse.stats.arrays import Array

#: Similarity from which gene sets count as saying the same, on average over a group.
SIMILARITY = 0.375


def overlap(sets: Mapping[str, Sequence[str]]) -> Array:
    """Similarity (k, k) of gene sets: mean of Jaccard index and overlap coefficient.

    Either alone misjudges a set and a part of it (Merico et al. 2010, PLoS One 5:e13984).
    """
    genes = {g: i for i, g in enumerate(sorted({g for members in sets.values() for g in members}))}
    member = np.zeros((len(sets), len(genes)), dtype=np.float32)
    for row, members in enumerate(sets.values()):
        member[row, [genes[g] for g in members]] = 1
    common = (member @ member.T).astype(float)  # Counts: exact in any order of summation.
    sizes = np.diag(common)
    smaller = np.minimum(sizes[:, None], sizes[None, :])
    with np.errstate(invalid="ignore"):
        both = common / (sizes[:, None] + sizes[None, :] - common) + common / smaller
    return np.nan_to_num(both / 2)


def group_gene_sets(
    sets: Mapping[str, Sequence[str]],
    order: Mapping[str, float] | None = None,
    *,
    similarity: float = SIMILARITY,
) -> pd.Series:
    """Gather gene sets that share most of their genes: set -> the set that represents its group.

    Average linkage of `overlap`, cut at 0.375 (Merico et al. 2010, PLoS One 5:e13984). The set with
    the smallest number in ``order`` represents; of ties the larger, then the first name.
    """
    from scipy.cluster import hierarchy
    from scipy.spatial.distance import squareform

    if not 0 < similarity <= 1:
        raise StudyError(
            f"group_gene_sets: similarity is {similarity!r}; it must lie above 0 and be at most 1."
        )
    members_of = {name: sorted(set(sets[name])) for name in sorted(sets)}
    names = list(members_of)
    if len(names) < 2:
        return pd.Series(names, index=pd.Index(names, dtype=object), dtype=object)
    # Rounded, so that equal similarities stay equal.
    distance = np.round(1 - overlap(members_of), 12)
    np.fill_diagonal(distance, 0.0)
    tree = hierarchy.linkage(squareform(distance, checks=False), "average")
    groups = hierarchy.fcluster(tree, 1 - similarity + 1e-9, "distance")
    given = order or {}

    def place(name: str) -> tuple[float, int, str]:
        number = float(given.get(name, np.inf))
        return (np.inf if np.isnan(number) else number, -len(members_of[name]), name)

    best: dict[int, str] = {}
    for name, group in zip(names, groups, strict=True):
        if group not in best or place(name) < place(best[group]):
            best[group] = name
    return pd.Series([best[group] for group in groups], pd.Index(names, dtype=object), dtype=object)
