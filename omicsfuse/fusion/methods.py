"""Integration methods by name: to add one, write its file and list it here."""

from collections.abc import Mapping
from typing import Any

from omicsfuse.core.checks.tables import did_you_mean
from omicsfuse.core.errors import StudyError
from omicsfuse.core.results import Fusion
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
