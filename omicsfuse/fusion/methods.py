"""Integration methods by name, and what is asked of one: to add one, write its file and list it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from omicsfuse.core.checks.arguments import positive_number, whole_number
from omicsfuse.core.checks.tables import did_you_mean
from omicsfuse.core.errors import StudyError
from omicsfuse.core.faults import Faults
from omicsfuse.core.results import Fusion
from omicsfuse.fusion.distances_choice import Metric, check_metric
from omicsfuse.fusion.method import Method
from omicsfuse.fusion.nemo import NEMO
from omicsfuse.fusion.snf import SNF

#: Methods that a study file and ``omicsfuse.fuse`` know by name; the first is the default.
METHODS: Mapping[str, type[Method]] = {method.name: method for method in (SNF, NEMO)}


#: Settings of every fusion, whatever its method.
SHARED = ("method", "layers", "metrics", "patients", "min_layers", "layer_weights")


def chosen_method(
    method: str | Method, settings: Mapping[str, Any], shared: Iterable[str] = SHARED
) -> Method:
    """Take a method by its name, with these settings, or as it is given.

    ``shared``: settings that stand beside those of any method, for messages.
    """
    if isinstance(method, Method):
        if settings:
            raise StudyError(
                f"settings ({', '.join(settings)}) are given beside a method of type "
                f"{type(method).__name__}, which has its own settings; set them there."
            )
        if not isinstance(method.name, str) or not method.name.strip():
            raise StudyError(
                f'the method of type {type(method).__name__} has no name; add name = "..." to '
                "its class."
            )
        return method
    if not isinstance(method, str):
        raise StudyError(
            f"method is of type {type(method).__name__}; expected one of "
            f"{', '.join(METHODS)}, or an object of a subclass of omicsfuse.fusion.Method."
        )
    if method not in METHODS:
        raise StudyError(f"method is {method!r}; {did_you_mean(method, METHODS)}.")
    chosen = METHODS[method]
    known = [field.name for field in fields(chosen)]
    with Faults() as faults:
        for setting in settings:
            with faults.gathered():
                _refuse_unknown(setting, method, [*known, *shared])
        with faults.gathered():
            made = chosen(**{name: value for name, value in settings.items() if name in known})
    return made


def _refuse_unknown(setting: str, method: str, known: Sequence[str]) -> None:
    """Refuse a setting that a method does not have, and say whose it is."""
    if setting in known:
        return
    owners = [
        name
        for name, other in METHODS.items()
        if setting in {field.name for field in fields(other)}
    ]
    whose = f"it is a setting of {' and '.join(owners)}. Valid: {', '.join(known)}"
    raise StudyError(
        f"method {method!r} has no setting {setting!r}; "
        f"{whose if owners else did_you_mean(setting, known)}."
    )


def method_of(fusion: Fusion) -> Method:
    """Method that made a fusion, with the settings that were used."""
    if isinstance(fusion.method, Method):
        return fusion.method
    raise StudyError(
        "this fusion does not record its method and cannot be repeated; give the result of of.fuse."
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
    with Faults() as faults:
        with faults.gathered():
            if patients is not None and patients not in PATIENTS:
                raise StudyError(f"patients is {patients!r}; choose from {', '.join(PATIENTS)}.")
        with faults.gathered():
            if whole_number(min_layers, "min_layers") > len(layers):
                raise StudyError(
                    f"min_layers is {min_layers}, but {len(layers)} layers are fused; give at "
                    "most this number."
                )
        for setting, named in (("metrics", metrics), ("layer_weights", layer_weights)):
            for name in named or {}:
                with faults.gathered():
                    if name not in layers:
                        raise StudyError(
                            f"{setting} names {name}, which is not among the fused layers "
                            f"({', '.join(layers)})."
                        )
        for name, metric in (metrics or {}).items():
            with faults.gathered():
                check_metric(metric, name)
        for name, weight in (layer_weights or {}).items():
            with faults.gathered():
                positive_number(weight, f"layer_weights of {name}")
        with faults.gathered():
            chosen = chosen_method(method, settings)
            patients = patients or chosen.whom
            if not faults:
                chosen.check(layers, metrics or {}, patients, layer_weights)
    return chosen, str(patients)
