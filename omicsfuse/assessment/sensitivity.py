"""Do the subtypes hang on a setting? One setting at a time is moved, and all is done again."""

import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from omicsfuse.assessment.choose import cluster
from omicsfuse.core.checks.arguments import require, seed
from omicsfuse.core.checks.tables import did_you_mean
from omicsfuse.core.errors import OmicsfuseError, OmicsfuseWarning, StudyError
from omicsfuse.core.results import Fusion, Prepared, PreparedLayer, Subtypes
from omicsfuse.fusion import Method, fuse
from omicsfuse.fusion.methods import method_of
from omicsfuse.stats.tasks import Runner

#: So many patients are fused at most; of more, as many are drawn once.
MOST_MOVED = 1000

#: Settings that are moved whatever the method, after its own, and the values they take.
SETTINGS: Mapping[str, tuple[Any, ...]] = {
    "n_features": (0.25, 0.5, 1.0),
    "metric": (),
    "random_state": (1, 2, 3, 4, 5),
}

_METRICS = {
    "binary": ("jaccard", "hamming"),
    "gistic": ("manhattan", "euclidean", "hamming"),
}
_CONTINUOUS = ("euclidean", "correlation", "cosine")

# Scales on which all features vary alike by construction.
_UNIFORM = frozenset({"normal_score"})

_AS_REPORTED = "as reported"

Task = tuple[str, str, Any]
Outcome = tuple[float, int, float, str]


def sensitivity(
    prepared: Prepared,
    fusion: Fusion,
    subtypes: Subtypes,
    *,
    runner: Runner | None = None,
    random_state: int = 0,
    settings: Mapping[str, Sequence[Any]] | None = None,
) -> pd.DataFrame:
    """Move one setting at a time, fuse and cluster again, and compare with the reported subtypes.

    ``agreement`` is the adjusted Rand index with as many groups, ``agreement_auto`` that with as
    many as the automatic rule chooses there. ``n_features`` takes the most variable features; of
    normal scores, which all vary alike, a random draw. Of large cohorts 1,000 patients are drawn
    once.
    """
    require(prepared, Prepared, "prepared", "from of.preprocess")
    runner = Runner() if runner is None else runner
    random_state = seed(random_state)
    chance = np.random.default_rng([random_state, 3])
    labels = subtypes.labels
    if len(labels) > MOST_MOVED:
        labels = labels.iloc[np.sort(chance.choice(len(labels), MOST_MOVED, replace=False))]
    layers = {name: _of(prepared.layers[name], labels.index) for name in fusion.params["layers"]}
    part = Prepared(prepared.name, layers)
    order = {name: _most_variable(layer, chance) for name, layer in layers.items()}
    usual = settings_moved(fusion, len(labels))
    grid = _grid(fusion, subtypes, layers, usual, _checked(settings, usual))
    tasks: list[Task] = [("", "", None), *(task for task, reported in grid if not reported)]
    outcomes = runner.map(
        _one_setting, tasks, part, method_of(fusion).exact(), fusion.params["layer_weights"],
        dict(fusion.metrics), order, labels, dict(subtypes.params), label="sensitivity",
    )  # fmt: skip
    base, moved = outcomes[0], iter(outcomes[1:])
    rows = []
    for (setting, layer, value), reported in grid:
        agreement, n_clusters, agreement_auto, note = base if reported else next(moved)
        rows.append(
            {
                "setting": f"{setting} of {layer}" if layer else setting,
                "value": value if isinstance(value, str) else f"{value:.10g}",
                "agreement": agreement,
                "n_clusters": n_clusters or None,
                "agreement_auto": agreement_auto,
                "note": "; ".join(text for text in (_AS_REPORTED * reported, note) if text),
                "reported": reported,
            }
        )
    columns = ["setting", "value", "agreement", "n_clusters", "agreement_auto", "note", "reported"]
    return pd.DataFrame(rows, columns=columns).astype(
        {"agreement": float, "n_clusters": "Int64", "agreement_auto": float}
    )


def settings_moved(fusion: Fusion, n: int) -> Mapping[str, Sequence[Any]]:
    """Settings that are moved in a cohort of n patients, those of the method first, and values."""
    return {**method_of(fusion).moved(n), **SETTINGS}


def _checked(
    settings: Mapping[str, Sequence[Any]] | None, usual: Mapping[str, Sequence[Any]]
) -> Mapping[str, Sequence[Any]]:
    """Values to try; refuse settings that do not exist."""
    if settings is None:
        return {}
    require(settings, Mapping, "settings", "a dict from setting to the values to try")
    for name, values in settings.items():
        if name not in usual:
            raise StudyError(
                f"settings names {name!r}, which the sensitivity analysis does not vary; "
                f"{did_you_mean(str(name), usual)}."
            )
        if isinstance(values, str) or not isinstance(values, Sequence | np.ndarray):
            raise StudyError(f"settings: {name} is {values!r}; give a list of values to try.")
    return settings


def _grid(
    fusion: Fusion,
    subtypes: Subtypes,
    layers: Mapping[str, PreparedLayer],
    usual: Mapping[str, Sequence[Any]],
    settings: Mapping[str, Sequence[Any]],
) -> list[tuple[Task, bool]]:
    """Every (setting, layer, value) in order, and whether it is the one reported."""
    reported = method_of(fusion).settings | {
        "n_features": 1.0,
        "random_state": subtypes.params.get("random_state", 0),
    }
    grid: list[tuple[Task, bool]] = []
    for name, values in usual.items():
        if name == "metric":
            grid += _metric_grid(fusion, layers, settings.get("metric"))
            continue
        used = reported[name]
        if name == "random_state":
            values = [used + step for step in (0, *values)]
        if name in settings:
            values = list(settings[name])
        elif used not in values:
            # Words stand before numbers.
            values = sorted([*values, used], key=lambda value: (not isinstance(value, str), value))
        grid += [((name, "", _plain(value)), bool(value == used)) for value in values]
    return grid


def _metric_grid(
    fusion: Fusion, layers: Mapping[str, PreparedLayer], given: Sequence[Any] | None
) -> list[tuple[Task, bool]]:
    """Distances to try in each layer that has features."""
    grid: list[tuple[Task, bool]] = []
    for name, layer in layers.items():
        used = fusion.metrics[name]
        if isinstance(used, pd.DataFrame):
            continue
        values = list(_METRICS.get(layer.scale, _CONTINUOUS) if given is None else given)
        if given is None and isinstance(used, str) and used not in values:
            values = [used, *values]
        for value in values:
            same = isinstance(used, str) and value == used
            grid.append((("metric", name, _plain(value)), same))
    return grid


def _plain(value: Any) -> Any:
    """A number or text of Python itself, whole where it is whole."""
    value = value.item() if isinstance(value, np.generic) else value
    return int(value) if isinstance(value, float) and value.is_integer() and value > 1 else value


def _of(layer: PreparedLayer, patients: pd.Index) -> PreparedLayer:
    """A layer of some patients, with the features that were fused, in both forms."""
    scaled = layer.scaled[layer.scaled.index.isin(patients)]
    values = layer.values  # noqa: PD011 - a field of ours, not the pandas attribute
    values = values.loc[scaled.index, [name for name in scaled.columns if name in values.columns]]
    return replace(layer, scaled=scaled, values=values, transformer=None)


def _most_variable(layer: PreparedLayer, chance: np.random.Generator) -> np.ndarray:
    """Positions of the features of a layer, most variable first."""
    p = layer.scaled.shape[1]
    values = layer.values  # noqa: PD011 - a field of ours, not the pandas attribute
    variances = values.var().reindex(layer.scaled.columns).to_numpy(dtype=float)
    drawn = chance.permutation(p)
    if layer.scale in _UNIFORM:
        return drawn
    return np.argsort(-np.nan_to_num(variances), kind="stable")


def _one_setting(
    prepared: Prepared,
    method: Method,
    layer_weights: Mapping[str, float],
    metrics: Mapping[str, Any],
    order: Mapping[str, np.ndarray],
    labels: pd.Series,
    clustering: Mapping[str, Any],
    task: Task,
) -> Outcome:
    """Agreement, number of groups, agreement with that number, and why something is missing."""
    setting, layer, value = task
    metrics, cut_seed = dict(metrics), clustering.get("random_state", 0)
    n, k = len(labels), int(labels.nunique())
    try:
        if setting == "metric":
            metrics[layer] = value
        elif setting == "random_state":
            cut_seed = value
        elif setting == "n_features":
            prepared = _fewer_features(prepared, order, metrics, value)
        elif setting:
            method = method.changed(setting, value, n)
        with _quiet():
            weights = layer_weights if method.takes_weights else None
            again = fuse(
                prepared, method=method, metrics=metrics, layer_weights=weights, n_threads=1
            )
            return _compared(again, labels, k, clustering.get("asked", "auto"), cut_seed)
    except (OmicsfuseError, np.linalg.LinAlgError) as error:
        return float("nan"), 0, float("nan"), str(error)


def _compared(again: Fusion, labels: pd.Series, k: int, asked: Any, cut_seed: int) -> Outcome:
    """Cut the network into as many groups, and into as many as the rule says."""
    from sklearn.metrics import adjusted_rand_score

    note = "" if k > 1 else "one subtype: agreement is not defined"
    fixed = not isinstance(asked, str) and asked[0] == asked[1]
    try:
        ruled = cluster(again, "auto" if fixed else asked, random_state=cut_seed).labels
        n_clusters = int(ruled.nunique())
        automatic = adjusted_rand_score(labels, ruled[labels.index]) if k > 1 else float("nan")
    except OmicsfuseError as error:
        n_clusters, automatic, note = 0, float("nan"), note or str(error)
    if k == 1 or n_clusters == k:
        return float(automatic), n_clusters, float(automatic), note
    same = cluster(again, k, random_state=cut_seed).labels
    return float(adjusted_rand_score(labels, same[labels.index])), n_clusters, automatic, note


def _fewer_features(
    prepared: Prepared, order: Mapping[str, np.ndarray], metrics: Mapping[str, Any], share: float
) -> Prepared:
    """A share of the features of every layer that has features."""
    if isinstance(share, str) or not 0 < share <= 1:
        raise StudyError(f"n_features is {share!r}; a share is above 0 and at most 1")
    layers = dict(prepared.layers)
    for name, layer in layers.items():
        if not isinstance(metrics[name], pd.DataFrame):
            columns = np.sort(order[name][: int(np.ceil(share * len(order[name])))])
            layers[name] = replace(layer, scaled=layer.scaled.iloc[:, columns])
    return replace(prepared, layers=layers)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without warnings, which were given when the cohort was fused.

    Filters belong to the whole process, and are left alone in a thread beside others.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OmicsfuseWarning)
        yield
