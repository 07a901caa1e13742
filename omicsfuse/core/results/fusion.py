"""Layers made ready and the network they are fused into."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.linalg import LinearOperator

from omicsfuse.core.checks.tables import count
from omicsfuse.core.cohort import Exclusion
from omicsfuse.core.errors import StudyError
from omicsfuse.core.layers import exclusions_text
from omicsfuse.core.shown import Shown, joined, layer_facts, notes_text, short, some, table_size


@dataclass(frozen=True, eq=False, repr=False)
class PreparedLayer(Shown):
    """One preprocessed layer, in the two forms that later stages need.

    Attributes
    ----------
    kind : str
        Kind of the layer, one of ``omicsfuse.core.cohort.KINDS``.
    scaled : pandas.DataFrame
        Patients x kept features: filtered, imputed, scaled; complete and finite. Distances between
        patients are computed on it.
    values : pandas.DataFrame
        Patients x all usable features on the scale of analysis (log2, M-value, 0/1, copy-number
        level, normal score); missing values stay NaN. Markers, enrichment and signatures use it.
    scale : str
        Name of the scale of ``values``: ``"log2"``, ``"zscore"``, ``"m_value"``, ``"binary"``,
        ``"gistic"``, ``"normal_score"`` or ``"raw"``.
    transformer : object
        The fitted scikit-learn transformer, for new patients.
    """

    kind: str
    scaled: pd.DataFrame
    values: pd.DataFrame
    scale: str
    transformer: Any

    def _title(self) -> str:
        return f"{self.kind}, {self.scale}"

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "for distances", table_size(self.scaled, "patient", "feature")
        yield "for analysis", table_size(self.values, "patient", "feature")


@dataclass(frozen=True, eq=False, repr=False)
class Prepared(Shown):
    """Preprocessed layers of a cohort, and the exclusions.

    Attributes
    ----------
    name : str
        Name of the cohort.
    layers : mapping of str to PreparedLayer
        Layers by name, in the cohort's order.
    exclusions : tuple of Exclusion
        Exclusions by reading and preprocessing.
    study : str
        Study of the patients; empty if not stated.
    notes : tuple of str
        Guesses for tables without a manifest; those of the cohort.
    """

    name: str
    layers: Mapping[str, PreparedLayer]
    exclusions: tuple[Exclusion, ...] = ()
    study: str = ""
    notes: tuple[str, ...] = ()

    def _title(self) -> str:
        return joined(short(self.name), count(len(self.layers), "layer"))

    def _facts(self) -> Iterator[tuple[str, str]]:
        sizes = {
            name: f"{table_size(layer.scaled, 'patient', 'feature')} ({layer.scale})"
            for name, layer in self.layers.items()
        }
        yield from layer_facts(sizes)
        yield "excluded", exclusions_text(self.exclusions)
        yield "notes", notes_text(self.notes)


@dataclass(frozen=True, eq=False, repr=False)
class Fusion(Shown):
    """The fused network of patients.

    Attributes
    ----------
    affinity : pandas.DataFrame or scipy.sparse.csr_array
        Patients x patients, symmetric; the fused network. A table from the exact engines; from
        engine ``"sparse"`` a sparse array, rows and columns in the order of ``patients``.
    per_layer : mapping of str to pandas.DataFrame or scipy.sparse.csr_array
        Each layer's own affinity matrix before fusion, of the patients who have the layer, in the
        order of ``patients``.
    coverage : pandas.DataFrame
        Patients (all considered) x layers, bool: whether a patient has the layer.
    params : mapping of str to object
        Method and settings as used; for similarity network fusion the engine and its reason,
        variant, n_neighbors, mu, n_iterations; metrics and more.
    exclusions : tuple of Exclusion
        Patients excluded because they lack layers.
    convergence : pandas.DataFrame
        Index iteration (from 1); column ``change``: Frobenius norm of the change of the sum over
        layers as a share of its norm.
    metrics : mapping of str to metric
        Distance of each layer: a name, a function, or a table of distances; ``params`` has the
        names.
    patients : pandas.Index
        Fused patients, in order; those of ``affinity`` if that is a table.
    whole : scipy.sparse.linalg.LinearOperator, optional
        From engine ``"sparse"``: the whole network without its diagonal, the pairs of ``affinity``
        and a smooth rest for the others, as an operator that multiplies by it.
    prepared : Prepared, optional
        The layers that were fused, to repeat the fusion.
    method : omicsfuse.fusion.Method, optional
        The method with its settings, to repeat the fusion by the same method.
    """

    affinity: pd.DataFrame | sparse.csr_array
    per_layer: Mapping[str, pd.DataFrame | sparse.csr_array]
    coverage: pd.DataFrame
    params: Mapping[str, Any]
    exclusions: tuple[Exclusion, ...] = ()
    convergence: pd.DataFrame = field(default_factory=lambda: pd.DataFrame({"change": []}))
    metrics: Mapping[str, Any] = field(default_factory=dict)
    patients: pd.Index = field(default_factory=lambda: pd.Index([]))
    whole: LinearOperator | None = None
    prepared: Prepared | None = None
    method: Any = None

    def _title(self) -> str:
        return joined(count(len(self.patients), "patient"), count(len(self.per_layer), "layer"))

    def _facts(self) -> Iterator[tuple[str, str]]:
        known = ("variant", "n_neighbors", "n_iterations", "engine")
        settings = (f"{key} {self.params[key]}" for key in known if key in self.params)
        yield "method", joined(str(self.params.get("method", "")), *settings)
        brought = self.coverage.loc[self.patients].astype(bool)
        yield "layers", some(f"{name} {n}" for name, n in brought.sum().items())
        lacking = int((~brought).any(axis=1).sum())
        yield "lack a layer", count(lacking, "patient") if lacking else ""
        if len(self.convergence):
            yield "last change", f"{100 * self.convergence['change'].iloc[-1]:.2g}%"
        yield "excluded", exclusions_text(self.exclusions)
        yield (
            "notes",
            notes_text(self.prepared.notes, "prepared.notes") if self.prepared is not None else "",
        )

    def __post_init__(self) -> None:
        if isinstance(self.affinity, pd.DataFrame):
            object.__setattr__(self, "patients", self.affinity.index)
        elif len(self.patients) != self.affinity.shape[0]:
            raise StudyError(
                f"a sparse network of {self.affinity.shape[0]} patients has "
                f"{len(self.patients)} names; give patients= in the order of its rows."
            )

    def network(self) -> np.ndarray | sparse.csr_array | LinearOperator:
        """Fused network without names: an array, or an operator."""
        if isinstance(self.affinity, pd.DataFrame):
            return self.affinity.to_numpy()
        return self.affinity if self.whole is None else self.whole

    def evidence(self) -> pd.Series:
        """Return the share of layers that each fused patient has.

        Layers count by their weights. Clustering weights each pair by the product of both shares,
        so that patients with few layers do not form a subtype; it does not if the method weights no
        pairs.

        Returns
        -------
        pandas.Series
            Patient -> share, above 0 and at most 1.
        """
        if self.method is not None and not self.method.weighs_evidence:
            return pd.Series(1.0, self.patients, name="evidence")
        names = list(self.params.get("layers", self.coverage.columns))
        given = self.params.get("layer_weights", {})
        weights = np.array([given.get(name, 1.0) for name in names])
        has = self.coverage.loc[self.patients, names].to_numpy(dtype=float)
        return pd.Series(has @ weights / weights.sum(), self.patients, name="evidence")

    def common_layers(self) -> pd.DataFrame:
        """Count, for each pair of fused patients, the layers that both have.

        If it is 0, their similarity comes from neighbours only.

        Returns
        -------
        pandas.DataFrame
            Patients x patients, whole numbers; n x n, also for a sparse network.
        """
        has = self.coverage.loc[self.patients].to_numpy(dtype=np.int16)
        return pd.DataFrame(has @ has.T, self.patients, self.patients.rename(None))
