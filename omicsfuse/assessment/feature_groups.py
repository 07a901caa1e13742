"""What does each group of a layer's features bring: shape, texture, PET, CT, an MR sequence?"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from omicsfuse.assessment.between_layers import (
    FEWEST_COMMON,
    Bench,
    mean_silhouette,
    prepared_bench,
    shared_agreement,
)
from omicsfuse.assessment.permuted import gains
from omicsfuse.assessment.refit import NO_GROUP, Refit
from omicsfuse.core.checks.arguments import require, seed, whole_number
from omicsfuse.core.checks.tables import count, did_you_mean, listed
from omicsfuse.core.errors import OmicsfuseError, StudyError
from omicsfuse.core.kinds import kind_of
from omicsfuse.core.radiomic_names import radiomics_features
from omicsfuse.core.results import Fusion, Prepared, Subtypes
from omicsfuse.fusion import patient_distances
from omicsfuse.fusion.distances_choice import distance_table
from omicsfuse.stats.multiple_testing import benjamini_hochberg
from omicsfuse.stats.tasks import Runner

#: With fewer features a group is not looked at.
FEWEST_FEATURES = 5

#: Group of a feature whose name does not tell.
OTHER = "other"
_FILTERS = {
    *("original", "wavelet", "log", "lbp", "gradient", "square", "squareroot", "logarithm"),
    *("exponential", "laws", "gabor"),
}

#: Groups of a layer: feature -> group, or a table with features in rows and one or more groupings.
Groups = Mapping[str, str] | pd.Series | pd.DataFrame


@dataclass(frozen=True, eq=False)
class _Part:
    """One group of features of a layer."""

    layer: str
    grouping: str
    group: str
    columns: np.ndarray


def feature_group_contributions(
    prepared: Prepared,
    fusion: Fusion,
    repeat: Refit,
    subtypes: Subtypes,
    groups: Mapping[str, Groups] | None = None,
    *,
    n_permutations: int = 199,
    random_state: int = 0,
    runner: Runner | None = None,
) -> pd.DataFrame:
    """Compare the subtypes with those of a group of features, and of a layer without the group.

    A permuted copy keeps the rest of the layer and moves all values of the group together, so that
    p is small also for a group that repeats the others. Gives index (layer, group), for groups of
    at least 5 features; columns as in ``permuted_layers``; ``fdr`` over the table.
    """
    runner = Runner() if runner is None else runner
    n_permutations = whole_number(n_permutations, "n_permutations")
    codes = subtypes.labels.str[1:].astype(int).to_numpy() - 1
    k = int(codes.max()) + 1
    bench = prepared_bench(repeat, k, seed(random_state))
    tables = {
        name: distance_table(prepared.layers[name], metric).loc[
            bench.repeat.patients[bench.repeat.positions[name]]
        ]
        for name, metric in fusion.metrics.items()
        if not isinstance(metric, pd.DataFrame)
    }
    parts = _parts(prepared, tables, groups)
    arrays = {part.layer: tables[part.layer].to_numpy(dtype=np.float64) for part in parts}
    metrics = {name: fusion.metrics[name] for name in arrays}
    seeds = iter(np.random.SeedSequence([random_state, 2]).spawn(len(parts) * n_permutations))
    tested = k > 1 and len(repeat.positions) > 1
    tasks: list[tuple[int, np.random.SeedSequence | None]] = [
        (i, next(seeds) if b else None)
        for i in range(len(parts))
        for b in range(n_permutations + 1 if tested else 0)
    ]
    effects = np.reshape(
        runner.map(
            _one_copy, tasks, bench, arrays, metrics, parts, label="permuted feature groups"
        ),
        (-1, n_permutations + 1),
    )
    rows = runner.map(
        _agreements, range(len(parts)), bench, arrays, metrics, parts, codes, label="feature groups"
    )
    for i, row in enumerate(rows):
        copies = effects[i] if tested else np.full(2, np.nan)
        row |= {f"shared{key}": value for key, value in gains(copies).items()}
        row["n_permutations"] = n_permutations
    frame = pd.DataFrame(rows, columns=_COLUMNS).set_index(["layer", "group"])
    frame["fdr"] = benjamini_hochberg(frame["shared_gain_p"].to_numpy(dtype=float))
    return frame


_COLUMNS = [
    "layer",
    "group",
    "grouping",
    "n_features",
    "agreement_alone",
    "agreement_without",
    "silhouette",
    "shared_real",
    "shared_permuted",
    "shared_gain",
    "shared_gain_low",
    "shared_gain_high",
    "shared_gain_p",
    "fdr",
    "n_permutations",
    "note",
]


def _parts(
    prepared: Prepared, tables: Mapping[str, pd.DataFrame], groups: Mapping[str, Groups] | None
) -> list[_Part]:
    """Groups that are large enough, of layers that have at least two."""
    if groups is not None:
        require(groups, Mapping, "groups", "a dict from layer to the groups of its features")
    given = dict(groups or {})
    for name in given:
        if name not in prepared.layers:
            raise StudyError(
                f"groups of features are given for layer {name!r}, which does not exist; "
                f"{did_you_mean(str(name), prepared.layers)}."
            )
    parts = []
    for name, table in tables.items():
        if name in given:
            groupings = _given_groups(name, table.columns, given[name])
        elif kind_of(prepared.layers[name]).radiomic:
            groupings = groups_by_name(table.columns)
        else:
            continue
        values = [set(groupings[column]) for column in groupings.columns]
        for column in groupings.columns:
            level_of = groupings[column].to_numpy()
            levels = sorted(set(level_of), key=str)
            if len(levels) < 2 or len(table) < FEWEST_COMMON:
                continue
            for group in levels:
                at = np.flatnonzero(level_of == group)
                if len(at) >= FEWEST_FEATURES:
                    once = sum(group in others for others in values) == 1
                    label = str(group) if once else f"{column}: {group}"
                    parts.append(_Part(name, str(column), label, at))
    return parts


def groups_by_name(names: Iterable[str]) -> pd.DataFrame:
    """Group radiomic features by what their names tell: ``class``, ``image`` and ``modality``."""
    told = radiomics_features(names)
    image = told["image_type"].map(_filter)
    # What tells a class and no filter is of the image as it was.
    image = image.where(image.ne("") | told["family"].eq(""), "original")
    groups = {"class": told["family"], "image": image, "modality": told["modality"]}
    return pd.DataFrame(groups, index=told.index).replace("", OTHER)


def _filter(image_type: str) -> str:
    """Filter of an image, without its settings."""
    word = re.split(r"[-_. ]", image_type.lower())[0]
    return {"log": "LoG"}.get(word, word) if word in _FILTERS else ""


def _given_groups(layer: str, features: pd.Index, given: Groups) -> pd.DataFrame:
    """The user's groups, for the features of a layer in their order."""
    table = given if isinstance(given, pd.DataFrame) else pd.Series(given).to_frame("group")
    if "feature" in table.columns:
        table = table.set_index("feature")
    table = table.astype(object).set_axis(table.index.map(str), axis=0)
    if table.shape[1] == 0 or not table.columns.is_unique:
        raise StudyError(
            f"layer {layer!r}: expected one or more columns of groups with unique names, "
            f"found {listed(table.columns) or 'none'}."
        )
    if not table.index.is_unique:
        twice = table.index[table.index.duplicated()].unique()
        raise StudyError(
            f"layer {layer!r}: {count(len(twice), 'feature')} with more than one group "
            f"({listed(twice[:5])}); give each feature once."
        )
    if not features.astype(str).isin(table.index).any():
        raise StudyError(
            f"layer {layer!r}: none of its {count(len(features), 'feature')} has a group. The "
            f"groups name {listed(table.index[:5])}; the features are {listed(features[:5])}. "
            "Use the same names in both."
        )
    return table.reindex(features.astype(str)).fillna(OTHER).astype(str)


def _agreements(
    bench: Bench,
    arrays: Mapping[str, np.ndarray],
    metrics: Mapping[str, Any],
    parts: list[_Part],
    codes: np.ndarray,
    index: int,
) -> dict[str, Any]:
    """The group alone, and its layer without it, against the subtypes."""
    from sklearn.metrics import adjusted_rand_score

    part = parts[index]
    table, metric = arrays[part.layer], metrics[part.layer]
    row: dict[str, Any] = {
        "layer": part.layer,
        "group": part.group,
        "grouping": part.grouping,
        "n_features": len(part.columns),
        "note": "",
    }
    codes = codes[bench.rows]
    rest = np.setdiff1d(np.arange(table.shape[1]), part.columns)
    positions = bench.repeat.positions[part.layer]
    if bench.k < 2:
        return row | {"note": "one subtype"}
    for key, columns, layers in (
        ("agreement_alone", part.columns, [part.layer]),
        ("agreement_without", rest, None),
    ):
        try:
            distances = _distances(table[:, columns], metric)
        except OmicsfuseError as error:
            row["note"] = row["note"] or f"{key}: {error}"
            continue
        again = _with(bench.repeat, part.layer, distances).labels(
            bench.k, layers=layers, random_state=bench.random_state
        )
        grouped = again != NO_GROUP
        if grouped.sum() >= FEWEST_COMMON:
            row[key] = float(adjusted_rand_score(codes[grouped], again[grouped]))
        if key == "agreement_alone":
            network = bench.repeat.method.affinity(distances, len(codes))
            if len(np.unique(codes[positions])) > 1:
                row["silhouette"] = mean_silhouette(network, codes[positions])
    return row


def _distances(table: np.ndarray, metric: Any) -> np.ndarray:
    """Distances by some features, refusing those by which nobody differs."""
    distances = patient_distances(np.ascontiguousarray(table), metric)
    if not distances.any():
        raise StudyError("all patients have the same values in these features.")
    return distances


def _with(repeat: Refit, layer: str, distances: np.ndarray) -> Refit:
    """The same fusion with other distances in one layer."""
    return replace(repeat, distances={**repeat.distances, layer: distances})


def _one_copy(
    bench: Bench,
    arrays: Mapping[str, np.ndarray],
    metrics: Mapping[str, Any],
    parts: list[_Part],
    task: tuple[int, np.random.SeedSequence | None],
) -> float:
    """How far a layer agrees with the others, with a group of features permuted or as it is."""
    index, task_seed = task
    part = parts[index]
    table = arrays[part.layer]
    if task_seed is not None:
        order = bench.repeat.order(part.layer, np.random.default_rng(task_seed))
        table = table.copy()
        table[:, part.columns] = table[np.ix_(order, part.columns)]
    try:
        repeat = _with(bench.repeat, part.layer, _distances(table, metrics[part.layer]))
    except OmicsfuseError:
        return float("nan")
    alone = bench.groups([part.layer], repeat=repeat)[1]
    network = repeat.method.affinity(repeat.distances[part.layer], len(bench.rows))
    return shared_agreement(bench, part.layer, alone, network)
