"""Ways to choose genes for a target, one in a file; `omicsfuse.signatures.derived` says how."""

import inspect
from importlib import import_module
from typing import NamedTuple

from omicsfuse.core.checks.tables import did_you_mean
from omicsfuse.core.errors import StudyError
from omicsfuse.core.faults import Faults
from omicsfuse.core.results import TARGET_KINDS
from omicsfuse.signatures.derived import Method


class Row(NamedTuple):
    """Kinds of targets that a method takes, and whether it adjusts for covariates."""

    targets: tuple[str, ...]
    adjusts: bool = True


#: Each method is the function of its name in the module of its name, loaded when first used.
METHODS = {
    "templates": Row(("groups",), adjusts=False),
    "moderated_t": Row(("groups",)),
    "correlation": Row(("continuous", "groups")),
    "modules": Row(("continuous", "groups")),
    "elastic_net": Row(TARGET_KINDS),
}

#: Method of each kind of target where none is named.
AUTOMATIC = {"groups": "templates", "continuous": "correlation", "survival": "elastic_net"}

#: Options that every method has, and what derives sets.
_COMMON = {"values", "target", "covariates", "n_genes", "random_state"}
_SET_BY_DERIVE = {"groups", "where", "gate"}


def find_method(name: str) -> Method:
    """Load a method by its name."""
    if not isinstance(name, str) or name not in METHODS:
        raise StudyError(f"no method {name!r}: {did_you_mean(str(name), METHODS)}.")
    method: Method = getattr(import_module(f"{__name__}.{name}"), name)
    return method


def method_for(name: str, kind: str) -> str:
    """Name of a method for a kind of target; ``"auto"`` stands for the usual one."""
    return AUTOMATIC[kind] if name == "auto" else name


def refuse_unfit(method: str, kind: str, target: str, adjusted: bool) -> None:
    """Refuse a kind of target, or an adjustment, that a method cannot take."""
    row = METHODS[method]
    fit = [name for name, other in METHODS.items() if kind in other.targets]
    adjusting = ", ".join(name for name in fit if METHODS[name].adjusts)
    with Faults() as faults:
        with faults.gathered():
            if kind not in row.targets:
                raise StudyError(
                    f"method {method!r} takes targets of kind {' or '.join(row.targets)}; "
                    f"{target!r} is of kind {kind}. Use method {' or '.join(fit)}."
                )
        with faults.gathered():
            if adjusted and not row.adjusts:
                raise StudyError(
                    f"method {method!r} cannot adjust for covariates. Remove them, or use one "
                    f"of: {adjusting}."
                )


def options_of(method: Method) -> list[str]:
    """Names of the options that a method itself has; empty where it takes any."""
    parameters = inspect.signature(method).parameters
    named = [name for name in parameters if name not in _COMMON | _SET_BY_DERIVE]
    return [name for name in named if parameters[name].kind is not inspect.Parameter.VAR_KEYWORD]


def accepts(method: Method, option: str) -> bool:
    """Say whether a method has an option by name."""
    return option in inspect.signature(method).parameters


def takes_any(method: Method) -> bool:
    """Say whether a method takes options that it does not name."""
    parameters = inspect.signature(method).parameters.values()
    return any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters)
