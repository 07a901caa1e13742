"""The test that fits a layer, by its kind and the scale its values are on."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from omicsfuse.biology.count_data import count_comparisons
from omicsfuse.biology.moderated_comparison import moderated_difference
from omicsfuse.biology.ordinal import proportional_odds
from omicsfuse.core.kinds import analysis_of
from omicsfuse.core.labelled import labelled
from omicsfuse.core.layers import Exclusion
from omicsfuse.core.results import Prepared, PreparedLayer, Subtypes
from omicsfuse.stats.arrays import Array
from omicsfuse.stats.rank_tests import brunner_munzel
from omicsfuse.stats.shares import mutated_share
from omicsfuse.stats.tested import Tested

#: Tests between subtypes by name, as kinds of layers name them in ``core/kinds.py``; None is the
#: moderated t, which sees all groups and covariates, where the others see two groups.
TESTS: Mapping[str, Callable[[Array, Array], Tested] | None] = {
    "moderated_t": None,
    "mutated_share": mutated_share,
    "proportional_odds": proportional_odds,
    "brunner_munzel": brunner_munzel,
}
#: Note of rows whose test takes no covariates.
NOT_ADJUSTED = "not adjusted for covariates"


class Contrast(NamedTuple):
    """Subtypes to compare, and the name of the comparison."""

    name: str
    inside: tuple[str, ...]
    outside: tuple[str, ...]


def takes_covariates(layer: PreparedLayer) -> bool:
    """Say whether the test of a layer can adjust for covariates."""
    return TESTS[analysis_of(layer).test] is None


def compare_layer(
    layer: PreparedLayer,
    subtypes: Subtypes,
    contrasts: list[Contrast],
    covariates: pd.DataFrame | None = None,
) -> tuple[list[str], list[Tested]]:
    """Compare subtypes on every feature of a layer with the test that fits it, by contrast."""
    # Sums have the same bits whatever the order of patients and features.
    table = layer.values.sort_index(axis=0).sort_index(axis=1)  # noqa: PD011 - a field of ours
    matrix, labels, features = labelled(replace(layer, values=table), subtypes)
    compare = TESTS[analysis_of(layer).test]
    if compare is not None:
        tested = [
            compare(matrix[_among(labels, c.inside)], matrix[_among(labels, c.outside)])
            for c in contrasts
        ]
        if covariates is not None:
            tested = [test._replace(note=_joined(test.note)) for test in tested]
        return features, tested
    adjust = None
    if covariates is not None:
        patients = table.index[table.index.isin(subtypes.labels.index)]
        terms = covariates.reindex(patients).to_numpy(dtype=float)
        rows = ~np.isnan(terms).any(axis=1)
        matrix, labels, adjust = matrix[rows], labels[rows], terms[rows]
    name = analysis_of(layer).difference
    return features, [
        moderated_difference(
            matrix, labels, _among(labels, c.inside), _among(labels, c.outside), name, adjust
        )
        for c in contrasts
    ]


def compare_counts(
    counts: pd.DataFrame,
    subtypes: Subtypes,
    contrasts: list[Contrast],
    covariates: pd.DataFrame | None = None,
) -> tuple[list[str], list[Tested]]:
    """Compare subtypes on raw counts; arguments and results as of `compare_layer`.

    Each subtype against the rest is a model of two groups; pairs share one model.
    """
    table = counts.loc[counts.index.isin(subtypes.labels.index)]
    adjust = None
    if covariates is not None:
        terms = covariates.reindex(table.index).to_numpy(dtype=float)
        rows = ~np.isnan(terms).any(axis=1)
        table, adjust = table.loc[rows], terms[rows]
    subtype_of = subtypes.labels.reindex(table.index).astype(str)
    features = [str(name) for name in table.columns]
    if all(len(c.outside) == 1 for c in contrasts) and len(contrasts) > 2:
        pairs = [(c.inside[0], c.outside[0]) for c in contrasts]
        return features, count_comparisons(table, subtype_of, pairs, adjust)
    tested = []
    for contrast in contrasts:
        halves = subtype_of.isin(contrast.inside).map({True: "inside", False: "outside"})
        tested += count_comparisons(table, halves, [("inside", "outside")], adjust)
    return features, tested


def covariate_exclusions(
    subtypes: Subtypes,
    prepared: Prepared,
    covariates: pd.DataFrame | None,
    counts: Iterable[str] = (),
) -> tuple[Exclusion, ...]:
    """Count, for each layer that is adjusted, the patients with a subtype who lack a covariate."""
    if covariates is None:
        return ()
    exclusions = []
    for name, layer in prepared.layers.items():
        if not (takes_covariates(layer) or name in counts):
            continue
        table = layer.values  # noqa: PD011 - a field of ours, not the pandas attribute
        there = table.index[table.index.isin(subtypes.labels.index)].sort_values()
        lacking = there[covariates.reindex(there).isna().any(axis=1)]
        if len(lacking):
            examples = tuple(str(patient) for patient in lacking[:5])
            reason = "missing covariate for adjustment"
            exclusions.append(
                Exclusion("markers", name, "patients", len(lacking), reason, examples)
            )
    return tuple(exclusions)


def _among(labels: npt.NDArray, names: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    return np.isin(labels.astype(str), names)


def _joined(notes: np.ndarray) -> np.ndarray:
    """Add to each note that covariates were not adjusted for."""
    return np.array([f"{note}; {NOT_ADJUSTED}" if note else NOT_ADJUSTED for note in notes], object)
