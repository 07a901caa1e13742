"""Who is fused: the patients of each layer, who is left out, and how pairs of them were seen."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from omicsfuse.core.cohort import MINIMUM_PATIENTS, Exclusion
from omicsfuse.core.errors import CohortError, OmicsfuseWarning


@dataclass(frozen=True, eq=False)
class Members:
    """The fused patients, and of each layer the positions of its patients among them, rising."""

    patients: pd.Index
    positions: Mapping[str, np.ndarray]

    @property
    def complete(self) -> bool:
        """Whether every layer covers every patient."""
        return all(len(rows) == len(self.patients) for rows in self.positions.values())

    def sizes(self) -> dict[str, int]:
        """Patients of each layer."""
        return {name: len(rows) for name, rows in self.positions.items()}

    def names(self, layer: str) -> pd.Index:
        """Names of a layer's patients, in order."""
        return self.patients[self.positions[layer]]


def fused_patients(
    layers: Mapping[str, pd.Index], patients: str, min_layers: int
) -> tuple[Members, pd.DataFrame, tuple[Exclusion, ...]]:
    """Decide who is fused; return them, the coverage (patients x layers), and who is left out."""
    coverage = _coverage(layers)
    enough = coverage.shape[1] if patients == "complete" else min_layers
    brought = coverage.sum(axis=1)
    names = coverage.index[brought >= enough]
    if len(names) < MINIMUM_PATIENTS:
        _refuse_few(coverage, len(names), enough)
    has = coverage.loc[names]
    _check_links(has)
    positions = {str(name): np.flatnonzero(column.to_numpy()) for name, column in has.items()}
    return Members(names, positions), coverage, _patients_lost(coverage, enough)


def pairs_by_coverage(coverage: pd.DataFrame) -> dict[str, float]:
    """Share of the pairs of patients that every layer sees, that some see, and that none does."""
    patterns, counts = np.unique(coverage.to_numpy(), axis=0, return_counts=True)
    common = patterns.astype(int) @ patterns.T.astype(int)
    pairs = np.outer(counts, counts).astype(float)
    np.fill_diagonal(pairs, counts * (counts - 1.0))
    total = max(pairs.sum(), 1.0)
    every = pairs[common == coverage.shape[1]].sum()
    none = pairs[common == 0].sum()
    some = pairs.sum() - every - none
    shares = {"in_every_layer": every, "in_some_layers": some, "in_no_layer": none}
    return {name: float(count / total) for name, count in shares.items()}


def _coverage(layers: Mapping[str, pd.Index]) -> pd.DataFrame:
    """Patients x layers: who brought what; in the tables' order, or by name where it differs."""
    first, *others = layers.values()
    if all(rows.equals(first) for rows in others):
        patients = first.rename("patient")
    else:
        # By name, so that the order of layers does not decide how ties are broken.
        patients = pd.Index(sorted(set(first).union(*others)), name="patient")
    return pd.DataFrame(
        {name: patients.isin(rows) for name, rows in layers.items()}, index=patients
    )


def _refuse_few(coverage: pd.DataFrame, n: int, enough: int) -> None:
    """Say how many patients each layer has where too few are left."""
    counts = ", ".join(f"{name} {int(has.sum())}" for name, has in coverage.items())
    everybody = len(coverage)
    if everybody < MINIMUM_PATIENTS:
        raise CohortError(
            f"{everybody} patient{'s' * (everybody != 1)} ({counts}); at least {MINIMUM_PATIENTS} "
            "are needed to fuse layers. Add patients."
        )
    every = enough == coverage.shape[1]
    layers = "every layer" if every else f"at least {enough} of the layers"
    raise CohortError(
        f"only {n} patients are present in {layers} ({counts}); at least {MINIMUM_PATIENTS} "
        "are needed. Remove the layer with few patients, or check that all tables use the "
        "same identifiers."
    )


def _check_links(has: pd.DataFrame) -> None:
    """Refuse layers that ten patients do not link to the others; warn where few do.

    Where a link is less than a third of the smaller layer, subtypes tend to follow the layers that
    patients have (measured in benchmarks/partial.py).
    """
    numbers = has.to_numpy(dtype=int)
    common = numbers.T @ numbers
    sizes = np.diagonal(common)
    linked = common >= MINIMUM_PATIENTS
    few = np.flatnonzero(sizes < MINIMUM_PATIENTS)
    strangers = few if len(few) else np.flatnonzero(~_reached(linked, sizes))
    if len(strangers):
        raise CohortError(
            f"layer {has.columns[strangers[0]]!r} has "
            f"{_in_common(has, common, strangers[0])}. Layers are linked by patients with "
            f"both: at least {MINIMUM_PATIENTS} in common with a linked layer are needed. "
            "Remove the layer, or check that all tables use the same identifiers."
        )
    strong = linked & (3 * common >= np.minimum(sizes[:, None], sizes[None, :]))
    weak = np.flatnonzero(~_reached(strong, sizes))
    if len(weak):
        warnings.warn(
            f"layer {has.columns[weak[0]]!r} has {_in_common(has, common, weak[0])}: less "
            "than a third of the smaller layer. Subtypes may reflect the pattern of missing "
            "layers; check their association with it, and compare with a run without the "
            "layer.",
            OmicsfuseWarning,
            stacklevel=4,
        )


def _reached(linked: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Which layers can be reached from the largest over links."""
    reached = np.zeros(len(linked), dtype=bool)
    reached[np.argmax(sizes)] = True
    for _ in range(len(linked)):
        reached |= linked[reached].any(axis=0)
    return reached


def _in_common(has: pd.DataFrame, common: np.ndarray, layer: int) -> str:
    """Patients of a layer, and how many of them it shares with each other layer."""
    shared = ", ".join(
        f"{common[layer, i]} with {other}" for i, other in enumerate(has.columns) if i != layer
    )
    return f"{common[layer, layer]} patients, in common {shared or 'none, as it is the only layer'}"


def _patients_lost(coverage: pd.DataFrame, enough: int) -> tuple[Exclusion, ...]:
    """Count the patients who brought too few layers."""
    lost = coverage.index[coverage.sum(axis=1) < enough]
    if not len(lost):
        return ()
    if enough == coverage.shape[1]:
        # One count of patients; what each layer lacks is in the coverage, not counted again.
        lacking = ", ".join(f"{name} lacks {int((~has).sum())}" for name, has in coverage.items())
        reason = f"not in every fused layer ({lacking})"
    else:
        reason = f"in fewer than {enough} of the {coverage.shape[1]} fused layers"
    return (Exclusion("fuse", "", "patients", len(lost), reason, tuple(map(str, lost[:5]))),)
