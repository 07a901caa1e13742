"""What an integration method is: one interface, behind which fusion, nulls and resamples stand."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from omicsfuse.core.errors import StudyError
from omicsfuse.core.results import Fusion
from omicsfuse.fusion.distances_choice import Metric
from omicsfuse.fusion.layers import Layers
from omicsfuse.stats.memory import require_memory

#: Numbers of the references with these keys, in brackets: how a report cites.
Cite = Callable[..., str]


class Joined(NamedTuple):
    """Layers joined into one network."""

    #: Network of all patients, (n, n).
    network: np.ndarray
    #: Each layer's own network, (n_v, n_v).
    per_layer: Sequence[np.ndarray]
    #: Relative change of the network in each iteration; empty where there is none.
    changes: np.ndarray = np.empty(0)


class Description(NamedTuple):
    """A fusion described for a methods section."""

    #: What the layers were combined by, to end "the layers were combined by ...".
    clause: str
    #: How patients without some layer were treated; said where there are any.
    partial: str
    #: What else is to be said of this fusion.
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True)
class Method(ABC):
    """Base class of integration methods: layers joined into one network of patients.

    A method is a frozen dataclass whose fields are its settings. A subclass has a ``name``, a
    ``title`` and its ``references``, and implements ``affinity``, ``network`` and ``describe``.
    ``omicsfuse.fuse`` takes an object of it as ``method``; a row in ``omicsfuse.fusion.METHODS``
    gives it a name in study files. Null draws, the choice of k, resamples, permuted layers and
    sensitivity call ``affinity`` and ``network``, so that they test this method.

    Examples
    --------
    The mean of the layers' kernels, for patients who have every layer.

    >>> import numpy as np
    >>> import omicsfuse as of
    >>> from omicsfuse.fusion import Description, Joined, Method
    >>> class MeanKernel(Method):
    ...     name, title = "mean kernel", "the mean of Gaussian kernels"
    ...     takes_partial = False
    ...
    ...     def affinity(self, distances, n, n_threads=1):
    ...         return np.exp(-((distances / np.median(distances)) ** 2))
    ...
    ...     def network(self, distances, members, n, weights, n_threads=1):
    ...         layers = [self.affinity(each, n) for each in distances]
    ...         return Joined(np.average(layers, axis=0, weights=weights), layers)
    ...
    ...     def describe(self, fusion, cite):
    ...         return Description(self.title, "")
    >>> ready = of.preprocess(of.simulate_cohort(40, n_external=0).discovery)
    >>> of.fuse(ready, method=MeanKernel()).params["method"]
    'mean kernel'
    """

    #: Name in study files, results and messages.
    name: ClassVar[str] = ""
    #: Name in sentences.
    title: ClassVar[str] = ""
    #: References by the key that ``describe`` cites them by.
    references: ClassVar[Mapping[str, str]] = {}
    #: Whether pairs of patients are weighted by the layers both brought, before the network is cut.
    weighs_evidence: ClassVar[bool] = False
    #: Whether it fuses patients who lack layers, and whether it takes weights of layers.
    takes_partial: ClassVar[bool] = True
    takes_weights: ClassVar[bool] = True
    #: Settings that are listed last: they say how it is computed more than what.
    technical: ClassVar[tuple[str, ...]] = ()
    #: Most patients that are fused; more only where the method has an engine for them.
    most_patients: ClassVar[int] = 20_000

    @property
    def settings(self) -> dict[str, Any]:
        """Settings by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def whom(self) -> str:
        """Whom to fuse where nothing is said: ``"all"`` with any layer, or ``"complete"``."""
        return "all" if self.takes_partial else "complete"

    @property
    def repeats_whole(self) -> bool:
        """Whether the whole cohort can be fused again hundreds of times, as it was."""
        return True

    def check(
        self,
        layers: Sequence[str],
        metrics: Mapping[str, Metric],
        patients: str,
        layer_weights: Mapping[str, float] | None,
    ) -> None:
        """Refuse layers or settings that the method does not support."""
        if patients == "all" and not self.takes_partial:
            raise StudyError(
                f"method {self.name!r} fuses only patients with every layer; set patients = "
                '"complete", or remove the setting.'
            )
        if layer_weights and not self.takes_weights:
            raise StudyError(f"method {self.name!r} takes no layer_weights; remove them.")

    @abstractmethod
    def affinity(self, distances: np.ndarray, n: int, n_threads: int = 1) -> np.ndarray:
        """One layer's own network, (n_v, n_v), from the distances between its patients.

        ``n`` is the number of patients of all layers together.
        """

    @abstractmethod
    def network(
        self,
        distances: Iterable[np.ndarray],
        members: Sequence[np.ndarray] | None,
        n: int,
        weights: np.ndarray,
        n_threads: int = 1,
    ) -> Joined:
        """Join layers into one network of n patients: symmetric, not negative.

        Distances come one layer at a time, so that they need not all be held; ``members`` are the
        positions of each layer's patients among all, rising, or None where each layer has all.
        ``weights`` has one number a layer. No result may depend on ``n_threads``.
        """

    @abstractmethod
    def describe(self, fusion: Fusion, cite: Cite) -> Description:
        """Describe the fusion for a methods section, citing by ``cite("key")``."""

    def fuse(self, layers: Layers) -> Fusion:
        """Fuse the layers, every pair of patients kept."""
        n, sizes = layers.n, layers.members.sizes()
        if n > self.most_patients:
            raise StudyError(
                f"method {self.name!r} fuses {self.most_patients:,} patients at most, and there "
                f'are {n:,}; method "snf" has an engine for large cohorts.'
            )
        # Each layer's own network, its distances and some working room; the sum over layers.
        squares = sum(size**2 for size in sizes.values())
        needed = 8 * (squares + 3 * max(sizes.values()) ** 2 + 3 * n**2)
        task = f"fusing {n:,} patients in {len(sizes)} layers with method {self.name!r}"
        require_memory(needed, task, "use fewer layers or patients")
        joined = self.network(
            layers.distances(), layers.positions, n, layers.weights, layers.n_threads
        )
        self._check_network(joined.network, n, "the network")
        if len(joined.per_layer) != len(sizes):
            raise StudyError(
                f"method {self.name!r} gave {len(joined.per_layer)} networks of {len(sizes)} "
                "layers; expected one per layer."
            )
        for (layer, size), layer_network in zip(sizes.items(), joined.per_layer, strict=True):
            self._check_network(layer_network, size, f"the network of layer {layer!r}")
        params = layers.params(self.name, self.settings | self.derived(sizes, n))
        return layers.fusion(self, params, joined.network, joined.per_layer, joined.changes)

    def _check_network(self, network: np.ndarray, n: int, name: str) -> None:
        """Refuse what no step after this one can work with."""
        shape = np.shape(network)
        if shape != (n, n):
            problem = f"has the shape {shape} with {n} patients"
        elif np.asarray(network).dtype.kind not in "fiu":
            problem = f"has values of type {np.asarray(network).dtype}"
        elif not np.isfinite(network).all():
            problem = "has values that are missing or infinite"
        elif (low := np.min(network)) < 0:
            problem = f"has values below 0, down to {low:.3g}"
        elif not np.allclose(network, np.transpose(network), atol=1e-12):
            problem = "is not symmetric"
        else:
            return
        raise StudyError(
            f"method {self.name!r}: {name} {problem}; expected finite numbers of 0 or more, "
            "patients x patients, symmetric. Correct its network()."
        )

    def derived(self, sizes: Mapping[str, int], n: int) -> dict[str, Any]:
        """Values derived from the settings for layers of these sizes, for the record."""
        return {}

    def exact(self) -> Self:
        """The same method with every pair of patients kept, to fuse parts of a cohort."""
        return self

    def of_part(self, share: float) -> Self:
        """The same method for a share of the patients, where settings are numbers of patients."""
        return self

    def moved(self, n: int) -> Mapping[str, Sequence[Any]]:
        """Settings to move in a cohort of n patients, and the values to try."""
        return {}

    def changed(self, setting: str, value: Any, n: int) -> Self:
        """The same method with another value of a setting, in a cohort of n patients."""
        return replace(self, **{setting: value})


def neighbors_to_try(n: int) -> Sequence[int]:
    """Numbers of neighbours to move through: 10 to 30, in small cohorts a tenth to a third."""
    if n < 90:
        return [int(k) for k in np.unique(np.linspace(max(n / 10, 3), max(n / 3, 3), 5).round())]
    return [k for k in (10, 15, 20, 25, 30) if 3 * k <= n]


def enough_patients(n_neighbors: Any, n: int) -> None:
    """Refuse to try more neighbours than there are other patients."""
    if isinstance(n_neighbors, int) and n_neighbors >= n:
        raise StudyError(
            f"{n_neighbors} neighbours need more than {n_neighbors} patients; found {n}"
        )
