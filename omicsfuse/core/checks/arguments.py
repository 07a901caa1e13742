"""Arguments of public functions: a wrong type is refused in plain words, not deep inside."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from omicsfuse.core.errors import StudyError

#: What those who call a function call it.
_PLAIN = {"Mapping": "dict", "Sequence": "list"}


def require(value: Any, kind: type | tuple[type, ...], name: str, hint: str = "") -> None:
    """Refuse an argument of the wrong type."""
    if not isinstance(value, kind):
        kinds = kind if isinstance(kind, tuple) else (kind,)
        names = [_PLAIN.get(each.__name__, each.__name__) for each in kinds]
        expected = " or ".join(names)
        more = f"{', ' if hint.startswith('from ') else ': '}{hint}" if hint else ""
        raise StudyError(f"{name} is of type {type(value).__name__}; expected {expected}{more}.")


def whole_number(value: Any, name: str, low: int = 1, high: int | None = None) -> int:
    """Return a whole number within bounds, or refuse it."""
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool | np.bool_)
    if not whole and isinstance(value, float | np.floating):
        whole = math.isfinite(value) and value == int(value)
    if not whole or value < low or (high is not None and value > high):
        bounds = f"of at least {low}" if high is None else f"from {low} to {high}"
        raise StudyError(f"{name} is {value!r}; it must be a whole number {bounds}.")
    return int(value)


def positive_number(value: Any, name: str) -> float:
    """Return a finite number above 0, or refuse it."""
    number = isinstance(value, int | float | np.integer | np.floating)
    if not number or isinstance(value, bool) or not (math.isfinite(value) and value > 0):
        raise StudyError(f"{name} is {value!r}; it must be a number above 0.")
    return float(value)


def seed(value: Any, name: str = "random_state") -> int:
    """Return a seed, a whole number from 0 to 2**32 - 1, or refuse it."""
    return whole_number(value, name, 0, 2**32 - 1)


def sequence_of(value: Any, kind: type, name: str, hint: str = "") -> list[Any]:
    """Return the members of a list, or one object as a list of itself; refuse other types."""
    if isinstance(value, kind):
        return [value]
    if isinstance(value, str | bytes | dict) or not isinstance(value, Iterable):
        require(value, list, name, hint or f"a list of {kind.__name__}")
    members = list(value)
    for member in members:
        require(member, kind, f"a member of {name}", hint)
    return members
