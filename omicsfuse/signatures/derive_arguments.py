"""What deriving is asked for, checked before anything is computed."""

import inspect
import numbers
from typing import Any

import numpy as np

from omicsfuse.core.checks.arguments import whole_number
from omicsfuse.core.checks.tables import did_you_mean
from omicsfuse.core.errors import SignatureError, StudyError
from omicsfuse.core.faults import Faults, said_of
from omicsfuse.core.results import SCALINGS, SCORERS, Target
from omicsfuse.signatures.derived import Method
from omicsfuse.signatures.methods import (
    accepts,
    find_method,
    options_of,
    refuse_unfit,
    takes_any,
)
from omicsfuse.signatures.score import MINIMUM_GENES
from omicsfuse.signatures.scorer import SCALINGS_OF, check_scaling
from omicsfuse.signatures.target import MINIMUM_PATIENTS, group_names
from omicsfuse.signatures.training_data import TrainingData


def fitting(
    method: str,
    kind: str,
    target: str,
    *,
    adjusted: bool,
    scorer: str | None,
    scaling: str | None,
    options: dict[str, Any],
    where: str = "signature: ",
) -> tuple[Method, str, str]:
    """Method, scorer and scaling for a target of a kind; all that does not fit is told at once."""
    with said_of(where), Faults() as faults:
        function = find_method(method)
        with faults.gathered():
            refuse_unfit(method, kind, target, adjusted)
        with faults.gathered():
            refuse_unknown_options(function, method, options)
        with faults.gathered():
            scorer, scaling = scoring(scorer, scaling, method, kind, target)
    return function, str(scorer), str(scaling)


def refuse_unknown_options(function: Method, method: str, options: dict[str, Any]) -> None:
    """Refuse options that a method does not have, naming the nearest, or of another type."""
    known = options_of(function)
    for option, value in options.items():
        taken = option in known or (option == "gate" and accepts(function, option))
        if not taken and not (takes_any(function) and not accepts(function, option)):
            raise StudyError(
                f"method {method!r} has no option {option!r}: "
                f"{did_you_mean(option, known) or 'it has none'}."
            )
        default = inspect.signature(function).parameters.get(option)
        if default is not None and (wanted := _other_type(value, default.default)):
            raise StudyError(f"option {option} is {value!r}; it must be {wanted}.")


def _other_type(value: Any, default: Any) -> str:
    """What an option has to be, judged by its default; empty where it is."""
    number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if isinstance(default, bool):
        return "" if isinstance(value, bool) else "true or false"
    if isinstance(default, int | float):
        return "" if number else "a number"
    if isinstance(default, str):
        return "" if isinstance(value, str) else "text"
    if isinstance(default, tuple):
        listed = isinstance(value, list | tuple | np.ndarray) and len(value) > 0
        same = listed and not any(_other_type(item, default[0]) for item in value)
        return "" if same else "a non-empty list of items such as " + repr(default[0])
    return "" if default is not None or value is None or number else "a number"


def names_for(function: Method, target: Target, layer: str) -> dict[str, Any]:
    """What a method is told for its messages: all groups, also those without the layer."""
    told: dict[str, Any] = {}
    if target.kind == "groups" and accepts(function, "groups"):
        told["groups"] = group_names(target)
    if accepts(function, "where"):
        told["where"] = f"layer {layer}"
    return told


def require_patients(data: TrainingData) -> None:
    """Refuse too few patients; groups are for the methods to judge, one by one."""
    if data.target.kind != "groups" and len(data.values) < MINIMUM_PATIENTS:
        raise SignatureError(
            f"signature: {len(data.values)} patients have both {data.target.name!r} and layer "
            f"{data.layer}; at least {MINIMUM_PATIENTS} are needed."
            + "".join(f" {exclusion}." for exclusion in data.exclusions)
        )


def least_genes(n_genes: int) -> int:
    """Refuse fewer genes than a signature can be scored by."""
    n_genes = whole_number(n_genes, "n_genes", 1)
    if n_genes < MINIMUM_GENES:
        raise StudyError(f"signature: n_genes is {n_genes}; it must be {MINIMUM_GENES} or more.")
    return n_genes


def scoring(
    scorer: str | None, scaling: str | None, method: str, kind: str, target: str
) -> tuple[str, str]:
    """Choose how the signature is to be scored, and refuse what does not fit."""
    given, usual = scorer, "nearest_template" if method == "templates" else "weighted_z"
    scorer = scorer or usual
    scaling = scaling or SCALINGS_OF.get(scorer, ("cohort",))[0]
    for setting, value, known in (("scorer", scorer, SCORERS), ("scaling", scaling, SCALINGS)):
        if value not in known:
            raise StudyError(f"no {setting} {value!r}: {did_you_mean(value, known)}.")
    try:
        check_scaling(scorer, scaling)
    except SignatureError as error:
        raise StudyError(str(error)) from None  # asked for, not found in a signature
    if given == "nearest_template" and kind != "groups":
        raise StudyError(
            f"scorer 'nearest_template' assigns groups; {target!r} is of kind {kind}. Use "
            "'weighted_z'."
        )
    return scorer, scaling
