"""Ways to choose genes for a target, one in a file; `omicsfuse.signatures.derived` says how."""

import inspect
from importlib import import_module

from omicsfuse.core.checks.tables import did_you_mean
from omicsfuse.core.errors import StudyError
from omicsfuse.signatures.derived import Method

#: Where each method lives; it is the function of the same name there. Loaded when first used.
METHODS = {
    "templates": "omicsfuse.signatures.methods.templates",
    "moderated_t": "omicsfuse.signatures.methods.moderated_t",
    "correlation": "omicsfuse.signatures.methods.correlation",
    "modules": "omicsfuse.signatures.methods.modules",
    "elastic_net": "omicsfuse.signatures.methods.elastic_net",
}

#: Options that every method has, and what derives sets.
_COMMON = {"values", "target", "covariates", "n_genes", "random_state"}
_SET_BY_DERIVE = {"groups", "where", "gate"}


def find_method(name: str) -> Method:
    """Load a method by its name."""
    if not isinstance(name, str) or name not in METHODS:
        raise StudyError(f"signature: no method {name!r}: {did_you_mean(str(name), METHODS)}.")
    method: Method = getattr(import_module(METHODS[name]), name)
    return method


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
