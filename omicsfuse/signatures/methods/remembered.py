"""What was computed of the last table, kept so that many targets of one table cost little."""

import weakref
from collections.abc import Callable
from typing import Any, TypeVar

import pandas as pd

Made = TypeVar("Made")

_last: tuple[Any, dict[str, Any]] = (lambda: None, {})


def remembered(values: pd.DataFrame, key: str, make: Callable[[], Made]) -> Made:
    """What ``make`` made of this very table last time, as long as somebody holds it unchanged."""
    global _last
    table, made = _last
    if table() is not values:
        made = {}
        _last = (weakref.ref(values), made)
    if key not in made:
        made[key] = make()
    result: Made = made[key]
    return result
