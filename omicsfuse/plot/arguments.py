"""Arguments of plot functions, checked against their annotations: one rule for all functions."""

import functools
import inspect
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import UnionType
from typing import Any, Union

import numpy as np
import pandas as pd

from omicsfuse.core.checks.arguments import require, whole_number
from omicsfuse.core.checks.tables import did_you_mean
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import StudyError
from omicsfuse.core.labelled import tell_strangers
from omicsfuse.core.results import Fusion, Prepared, Subtypes

#: Where a user has objects of a class from.
_FROM = {
    "Assessment": "from of.assess",
    "AssignmentEvidence": "from of.cross_validate_assignment",
    "Cohort": "from of.read_cohort",
    "Fusion": "from of.fuse",
    "HeterogeneityIndex": "from of.heterogeneity_index",
    "Interpretation": "from of.interpret",
    "Prepared": "from of.preprocess",
    "RadiogenomicMap": "from of.radiogenomic_map",
    "Subtypes": "from of.cluster or of.Subtypes.from_labels",
    "SurvivalComparison": "from of.compare_survival",
    "Verification": "from of.verify",
}


def check_arguments(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Refuse arguments of other types than annotated, and subtypes of nobody in the data.

    Gives the arguments, with the subtypes of those patients only that the data have.
    """
    signature, kinds = _annotations(function)
    try:
        given = signature.bind(*args, **kwargs).arguments
    except TypeError:
        return args, dict(kwargs)  # Python says what is missing, or too much
    for name, value in given.items():
        if name not in kinds:
            continue
        allowed = kinds[name]
        if allowed == (int,):
            whole_number(value, name)
            continue
        hint = " or ".join(_FROM[kind.__name__] for kind in allowed if kind.__name__ in _FROM)
        # A whole number is a number; text is a sequence of characters, which nobody means here.
        wider = (*allowed, int, np.floating, np.integer) if float in allowed else allowed
        word = isinstance(value, str) and Sequence in allowed and str not in allowed
        if word or not isinstance(value, wider):
            hint = f'["{value}"]' if word else hint
            allowed = (list,) if word else allowed
            require(value, allowed, name, hint)
    subtypes = [value for value in given.values() if isinstance(value, Subtypes)]
    data = [value for value in given.values() if isinstance(value, Fusion | Prepared | Cohort)]
    if subtypes and data:
        there = tell_strangers(subtypes[0], data[0], stacklevel=4)
        if there.names == subtypes[0].names:
            args = tuple(there if one is subtypes[0] else one for one in args)
            kwargs = {key: there if one is subtypes[0] else one for key, one in kwargs.items()}
    return args, dict(kwargs)


@functools.cache
def _annotations(
    function: Callable[..., Any],
) -> tuple[inspect.Signature, dict[str, tuple[type, ...]]]:
    """Signature of a function, and the classes that each of its arguments may be of."""
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    hints = typing.get_type_hints(function, localns={"Axes": Axes, "Figure": Figure})
    kinds = {name: _classes(hint) for name, hint in hints.items() if name != "return"}
    return inspect.signature(function), {name: kind for name, kind in kinds.items() if kind}


def _classes(hint: Any) -> tuple[type, ...]:
    """Classes of an annotation; none where it says more than classes do."""
    origin = typing.get_origin(hint)
    if origin in (Union, UnionType):
        parts = [_classes(part) for part in typing.get_args(hint)]
        return tuple(kind for part in parts for kind in part) if all(parts) else ()
    if origin is Sequence:
        return Sequence, pd.Index, np.ndarray, pd.Series
    if isinstance(origin, type):
        return (origin,)
    return (hint,) if isinstance(hint, type) else ()


def require_columns(table: pd.DataFrame, columns: Iterable[str], name: str, of: str) -> None:
    """Refuse a table that lacks columns, naming the nearest it has; ``of``: what makes it."""
    if table.empty:
        return
    for column in columns:
        if column not in table:
            there = [str(one) for one in table.columns]
            raise StudyError(
                f'{name} has no column "{column}"; {did_you_mean(column, there)}. Expected: {of}.'
            )


def names_of(subtypes: Subtypes | Sequence[str] | None) -> list[str]:
    """Names of the subtypes: of the subtypes themselves, or given."""
    if isinstance(subtypes, Subtypes):
        return list(subtypes.names)
    return [] if subtypes is None else [str(name) for name in subtypes]
