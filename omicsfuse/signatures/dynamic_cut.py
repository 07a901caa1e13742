"""Clusters of a dendrogram by the shape of its branches, not by one height.

Written from the published description of the dynamic hybrid method; labels are those of the
program of its authors on all made-up data compared (``tests/signatures/test_dynamic_cut.py``).
"""

from dataclasses import dataclass, field

import numpy as np

from omicsfuse.core.checks.arguments import whole_number
from omicsfuse.stats.arrays import Array

#: Widest core of a cluster at each depth of splitting, as a share of the way from the reference
#: height to the height of the cut.
CORE_SCATTER = (0.64, 0.73, 0.82, 0.91, 0.95)

#: Least gap between core and join, as a multiple of the room that the core leaves.
GAP = 0.75

#: Quantile of the heights of joining that stands for the lowest height.
REFERENCE_QUANTILE = 0.05

#: The cut, as a share of the way from the reference height to the top of the tree.
CUT = 0.99


@dataclass
class _Branch:
    """A branch while the tree is climbed: one candidate cluster, or several clusters and others."""

    members: list[int] = field(default_factory=list)  # in the order in which they joined
    clusters: list[list[int]] = field(default_factory=list)
    #: What is in no cluster, each with the clusters of the branch when it joined.
    rest: list[tuple[list[int], list[list[int]]]] = field(default_factory=list)

    @property
    def composite(self) -> bool:
        """Whether there are clusters in it already."""
        return bool(self.clusters)


def dynamic_cut(
    tree: Array,
    dissimilarity: Array,
    *,
    minimum_size: int = 20,
    depth: int = 2,
    assign_rest: bool = True,
    cut_height: float | None = None,
) -> np.ndarray:
    """Cut a dendrogram (p - 1, 4) by the dynamic hybrid method: (p,), 1 to k by size, 0 for none.

    A branch is a cluster if large, and its core (those joined first) tight, tighter than its join
    is high; two such stay apart. Others may at last go to the nearest cluster below. Langfelder,
    Zhang and Horvath 2008, Bioinformatics 24:719-720 (supplementary text).
    """
    minimum_size = whole_number(minimum_size, "minimum_size", 2)
    depth = whole_number(depth, "depth", 0, len(CORE_SCATTER) - 1)
    heights = tree[:, 2]
    reference = max(round(len(heights) * REFERENCE_QUANTILE), 1)
    low = float(np.sort(heights)[reference - 1])
    cut = low + CUT * (float(heights.max()) - low) if cut_height is None else float(cut_height)
    rules = _Rules(
        dissimilarity,
        minimum_size,
        low + CORE_SCATTER[depth] * (cut - low),
        (1 - CORE_SCATTER[depth]) * GAP * (cut - low),
    )
    tops = _climb(tree, cut, rules)
    clusters = [cluster for branch in tops for cluster in branch.clusters]
    labels = np.zeros(len(dissimilarity), dtype=int)
    for number, cluster in enumerate(clusters, start=1):
        labels[cluster] = number
    if assign_rest:
        rest = [
            (group, [labels[cluster[0]] for cluster in near])
            for branch in tops
            for group, near in branch.rest
        ]
        labels = _assign(labels, rest, dissimilarity, cut)
    return by_size(labels)


@dataclass
class _Rules:
    """What makes a branch a cluster."""

    dissimilarity: Array
    minimum_size: int
    widest: float
    gap: float

    def cluster(self, members: list[int], join: float) -> bool:
        """Say whether a branch that joins another at this height is a cluster."""
        return len(members) >= self.minimum_size and self.tight(members, join)

    def tight(self, members: list[int], join: float) -> bool:
        """Say whether it is one but for its size."""
        if len(members) < 2:
            return False
        scatter = self.scatter(members)
        return scatter <= self.widest and join - scatter >= self.gap

    def scatter(self, members: list[int]) -> float:
        """Mean dissimilarity within the core of a branch."""
        base = self.minimum_size // 2 + 1
        size = len(members)
        size = min(int(base + np.sqrt(size - base)), size) if base < size else size
        core = members[:size]
        within = self.dissimilarity[np.ix_(core, core)]
        return float(within.sum() - np.trace(within)) / (size * (size - 1))


def _climb(tree: Array, cut: float, rules: _Rules) -> list[_Branch]:
    """Branches at the height of the cut, each with its clusters; the rest are its members."""
    n = len(tree) + 1
    branches: dict[int, _Branch] = {}
    for step, (first, second, height, _) in enumerate(tree):
        if height > cut:
            break
        pair = []
        for node in (int(first), int(second)):
            pair.append(_Branch([node]) if node < n else branches.pop(node))
        branches[n + step] = _joined(pair[0], pair[1], float(height), rules)
    tops = [branches[node] for node in sorted(branches)]
    for branch in tops:
        if not branch.composite and rules.cluster(branch.members, cut):
            branch.clusters, branch.members = [branch.members], []
    return tops


def _joined(first: _Branch, other: _Branch, height: float, rules: _Rules) -> _Branch:
    if not first.composite and not other.composite:
        if rules.cluster(first.members, height) and rules.cluster(other.members, height):
            return _Branch(clusters=[first.members, other.members])
        if len(other.members) > len(first.members):
            first, other = other, first
        return _Branch(first.members + other.members)
    joined = _Branch()
    left: list[list[int]] = []
    for branch in (first, other):
        if branch.composite:
            joined.clusters += branch.clusters
            joined.rest += branch.rest
        elif rules.cluster(branch.members, height):
            joined.clusters.append(branch.members)
        elif rules.tight(branch.members, height):
            left.append(branch.members)  # too small only: stays together
        else:
            left += [[i] for i in branch.members]
    joined.rest += [(group, list(joined.clusters)) for group in left]
    return joined


def _assign(
    labels: np.ndarray,
    rest: list[tuple[list[int], list[int]]],
    dissimilarity: Array,
    cut: float,
) -> np.ndarray:
    """Give each object, or small cluster as a whole, to the nearest cluster of its branch."""
    assigned = labels.copy()
    means, radius = {}, {}
    for number in range(1, int(labels.max(initial=0)) + 1):
        members = np.flatnonzero(labels == number)
        total = np.einsum("ij->j", dissimilarity[members])
        means[number] = total / len(members)
        radius[number] = float((total[members] / (len(members) - 1)).max())
    for group, clusters in rest:
        away = {number: float(means[number][group].mean()) for number in clusters}
        nearest = min(clusters, key=lambda number: (away[number], number))
        if away[nearest] < max(radius[nearest], cut):
            assigned[group] = nearest
    return assigned


def by_size(labels: np.ndarray) -> np.ndarray:
    """Number clusters from 1 by size, ties by the first member; 0 stays 0."""
    names, first, count = np.unique(labels, return_index=True, return_counts=True)
    real = names != 0
    order = sorted(zip(-count[real], first[real], names[real], strict=True))
    numbered = np.zeros(len(labels), dtype=int)
    for number, (_, _, name) in enumerate(order, start=1):
        numbered[labels == name] = number
    return numbered
