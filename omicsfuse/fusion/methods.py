"""Integration methods by name, and what is asked of one: to add one, write its file and list it."""

from collections.abc import Mapping, Sequence
from typing import Any

from omicsfuse.core.checks.arguments import positive_number, whole_number
from omicsfuse.core.checks.tables import did_you_mean
from omicsfuse.core.errors import StudyError
from omicsfuse.core.results import Fusion
from omicsfuse.fusion.distances_choice import Metric, check_metric
from omicsfuse.fusion.method import Method, with_settings
from omicsfuse.fusion.nemo import NEMO
from omicsfuse.fusion.snf import SNF

#: Methods that a study file and ``omicsfuse.fuse`` know by name; the first is the default.
METHODS: Mapping[str, type[Method]] = {method.name: method for method in (SNF, NEMO)}


def chosen_method(method: str | Method, settings: Mapping[str, Any]) -> Method:
    """Take a method by its name, with these settings, or as it is given."""
    if isinstance(method, Method):
        if settings:
            raise StudyError(
                f"settings ({', '.join(settings)}) are given beside a method of type "
                f"{type(method).__name__}, which has its own; give them to it."
            )
        return method
    if not isinstance(method, str):
        raise StudyError(
            f"method is of type {type(method).__name__}; expected one of {', '.join(METHODS)}, or "
            "an object made from omicsfuse.fusion.Method."
        )
    if method not in METHODS:
        raise StudyError(f"method is {method!r}; {did_you_mean(method, METHODS)}.")
    return with_settings(METHODS[method], settings)


def method_of(fusion: Fusion) -> Method:
    """Method that made a fusion, with the settings that were used."""
    if isinstance(fusion.method, Method):
        return fusion.method
    raise StudyError(
        "this fusion does not say which method made it, so that it cannot be repeated; give what "
        "of.fuse returned."
    )


#: Whom to fuse: all who brought any layer, or those who brought every one.
PATIENTS = ("all", "complete")


def check_fusion(
    layers: Sequence[str],
    *,
    method: str | Method = "snf",
    metrics: Mapping[str, Metric] | None = None,
    patients: str | None = None,
    min_layers: int = 1,
    layer_weights: Mapping[str, float] | None = None,
    **settings: Any,
) -> tuple[Method, str]:
    """Return the method with its settings and whom to fuse; refuse what does not go together."""
    chosen = chosen_method(method, settings)
    patients = patients or chosen.whom
    if patients not in PATIENTS:
        raise StudyError(f"patients is {patients!r}; choose from {', '.join(PATIENTS)}.")
    if whole_number(min_layers, "min_layers") > len(layers):
        raise StudyError(
            f"min_layers is {min_layers}, but {len(layers)} layers are fused; ask for at most that."
        )
    for setting, named in (("metrics", metrics), ("layer_weights", layer_weights)):
        for name in named or {}:
            if name not in layers:
                raise StudyError(
                    f"{setting} names {name}, which is not among the fused layers "
                    f"({', '.join(layers)})."
                )
    for name, metric in (metrics or {}).items():
        check_metric(metric, name)
    for name, weight in (layer_weights or {}).items():
        positive_number(weight, f"layer_weights of {name}")
    chosen.check(layers, metrics or {}, patients, layer_weights)
    return chosen, patients
