"""NEMO: the mean over layers of similarities relative to each patient's neighbours."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from omicsfuse.core.checks.arguments import whole_number
from omicsfuse.core.errors import StudyError
from omicsfuse.core.results import Fusion
from omicsfuse.fusion.affinity import affinities_of
from omicsfuse.fusion.method import (
    Cite,
    Description,
    Joined,
    Method,
    enough_patients,
    neighbors_to_try,
)

#: Neighbours where none are asked for: patients of the layer divided by this.
PATIENTS_PER_NEIGHBOR = 6

#: Width of the kernel, which NEMO takes on squared distances.
_MU = 0.5


@dataclass(frozen=True)
class NEMO(Method):
    r"""Neighbourhood based multi-omics clustering (NEMO).

    In each layer a kernel W of the distances, scaled to each neighbourhood, is expressed relative
    to the neighbours of both patients; only neighbours count:

    .. math::
        R_{ij} = \frac{W_{ij} [j \in N_i]}{\sum_{r \in N_i} W_{ir}}
            + \frac{W_{ij} [i \in N_j]}{\sum_{r \in N_j} W_{jr}}

    The network is the mean of R over the layers that both patients have, without imputation and
    without iterations. A pair without a common layer gets the mean of all other pairs.

    The network agrees with the authors' program (NEMO 0.1.0 in R), to the last digits. Its kernel
    is that of ``affinity_matrix`` on squared distances with ``mu = 0.5``. A patient is among its
    own K neighbours, and all neighbours tied with the last are included. The formulas of the paper
    have the distance in place of its square in the exponent.

    Parameters
    ----------
    n_neighbors : int or "auto"
        Neighbours in each layer, the patient included (K), at least 2, at most all other patients
        of the layer. ``"auto"`` is a sixth of the layer's patients, as in the paper for an unknown
        number of groups.

    Raises
    ------
    StudyError
        If ``n_neighbors`` is out of range.

    References
    ----------
    Rappoport N, Shamir R. NEMO: cancer subtyping by integration of partial multi-omic data.
    Bioinformatics 2019;35:3348-3356, section 2.1.

    Examples
    --------
    >>> import omicsfuse as of
    >>> ready = of.preprocess(of.simulate_cohort(60, n_external=0).discovery)
    >>> fusion = of.fuse(ready, method="nemo")
    >>> fusion.params["n_neighbors_per_layer"]["expression"]
    10
    """

    n_neighbors: int | str = "auto"

    name: ClassVar[str] = "nemo"
    title: ClassVar[str] = "NEMO"
    references: ClassVar[Mapping[str, str]] = {
        "nemo": "Rappoport N, Shamir R. NEMO: cancer subtyping by integration of partial "
        "multi-omic data. Bioinformatics 2019;35:3348-3356. doi:10.1093/bioinformatics/btz058",
    }

    def __post_init__(self) -> None:
        if isinstance(self.n_neighbors, str):
            if self.n_neighbors != "auto":
                raise StudyError(
                    f'n_neighbors is {self.n_neighbors!r}; give a whole number or "auto".'
                )
            return
        object.__setattr__(self, "n_neighbors", whole_number(self.n_neighbors, "n_neighbors", 2))

    def neighbors(self, n_members: int) -> int:
        """Neighbours in a layer of so many patients."""
        if isinstance(self.n_neighbors, str):
            asked = max(2, round(n_members / PATIENTS_PER_NEIGHBOR))
        else:
            asked = self.n_neighbors
        return min(asked, n_members - 1)

    def derived(self, sizes: Mapping[str, int], n: int) -> dict[str, Any]:
        """Neighbours of each layer."""
        each = {name: self.neighbors(size) for name, size in sizes.items()}
        return {"n_neighbors_per_layer": each}

    def affinity(self, distances: np.ndarray, n: int, n_threads: int = 1) -> np.ndarray:
        """Kernel of the squared distances, before it is made relative."""
        return affinities_of(distances**2, self.neighbors(len(distances)), _MU, n_threads)

    def network(
        self,
        distances: Iterable[np.ndarray],
        members: Sequence[np.ndarray] | None,
        n: int,
        weights: np.ndarray,
        n_threads: int = 1,
    ) -> Joined:
        """Mean of the layers' relative similarities, layers weighted."""
        kernels = [self.affinity(array, n, n_threads) for array in distances]
        everyone = [np.arange(n)] * len(kernels) if members is None else members
        total, seen = np.zeros((n, n)), np.zeros((n, n))
        for kernel, inside, weight in zip(kernels, everyone, weights, strict=True):
            block = np.ix_(inside, inside)
            total[block] += weight * relative_similarity(kernel, self.neighbors(len(inside)))
            seen[block] += weight
        network = np.divide(total, seen, out=np.zeros_like(total), where=seen > 0)
        if not seen.all():
            pairs = np.tril(seen > 0, -1)
            network[seen == 0] = network[pairs].mean() if pairs.any() else 0.0
        return Joined(network, kernels)

    def describe(self, fusion: Fusion, cite: Cite) -> Description:
        """Describe the neighbours, and the pairs that are not in every layer."""
        each = fusion.params.get("n_neighbors_per_layer", {})
        used = ", ".join(f"{number} in {name}" for name, number in each.items())
        if fusion.params.get("n_neighbors", "auto") == "auto":
            used = f"a sixth of the patients of a layer: {used}"
        elif len(set(each.values())) == 1:
            used = f"{next(iter(each.values()))}"
        clause = (
            f"{self.title} {cite('nemo')}, the mean over layers of similarities relative to the "
            f"neighbours of both patients (K = {used})"
        )
        pairs = fusion.params.get("pairs", {})
        partial = (
            "Patients with missing layers were fused by their other layers: the similarity "
            "of a pair is the mean over the layers of both patients "
            f"({pairs.get('in_every_layer', math.nan):.0%} of the pairs have every layer in "
            f"common; {pairs.get('in_no_layer', math.nan):.0%} have none and get the mean of "
            "the others)."
        )
        return Description(clause, partial)

    def of_part(self, share: float) -> Self:
        """Neighbours in proportion to the patients, two at least."""
        if isinstance(self.n_neighbors, str):
            return self
        return replace(self, n_neighbors=max(round(share * self.n_neighbors), 2))

    def moved(self, n: int) -> Mapping[str, Sequence[Any]]:
        """Neighbours."""
        return {"n_neighbors": ["auto", *neighbors_to_try(n)]}

    def changed(self, setting: str, value: Any, n: int) -> Self:
        """Another number of neighbours."""
        enough_patients(value, n)
        return replace(self, **{setting: value})


def relative_similarity(kernel: np.ndarray, k: int) -> np.ndarray:
    """Make a kernel, (n, n), relative to the k nearest of both patients, each their own nearest."""
    last = np.partition(kernel, -k, axis=1)[:, -k]
    near = np.where(kernel >= last[:, None], kernel, 0.0)
    near /= near.sum(axis=1, keepdims=True)
    return np.asarray(near + near.T)
