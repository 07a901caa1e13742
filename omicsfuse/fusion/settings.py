"""Settings that every fusion has, whatever its method: which exist, and which go together."""

from collections.abc import Mapping, Sequence
from typing import Any

from omicsfuse.core.checks.arguments import positive_number, whole_number
from omicsfuse.core.errors import StudyError
from omicsfuse.fusion.distances_choice import Metric, check_metric
from omicsfuse.fusion.method import Method
from omicsfuse.fusion.methods import chosen_method

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
