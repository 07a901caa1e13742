"""Targets of a signature, made from subtypes, an image feature, a score, a group or survival."""

import re
from typing import Any, Literal

import numpy as np
import pandas as pd

from omicsfuse.core.checks.arguments import require
from omicsfuse.core.checks.tables import did_you_mean, names_as_text
from omicsfuse.core.errors import SignatureError, StudyError
from omicsfuse.core.labelled import require_subtypes
from omicsfuse.core.results import TARGET_KINDS, Prepared, Subtypes, Target

#: Fewest patients with a value of the target, and fewest of a group.
MINIMUM_PATIENTS = 10
MINIMUM_GROUP = 5
#: Fewest events of a survival target.
MINIMUM_EVENTS = 5


def subtype_target(subtypes: Subtypes) -> Target:
    """Take the subtypes as the target.

    Subtypes of any size are taken: one that is too small gets no score, and a warning says so.
    """
    require_subtypes(subtypes)
    labels, exclusions = _observed(subtypes.labels, "subtypes")
    return Target("subtypes", "groups", labels.map(str), "subtypes", exclusions)


def feature_target(prepared: Prepared, layer: str, feature: str) -> Target:
    """Use one feature of a layer as target, on its scale of analysis.

    Parameters
    ----------
    prepared : Prepared
        Result of ``of.preprocess``; ``PreparedLayer.values`` of the layer is used.
    layer, feature : str
        Layer, e.g. ``"radiomics"``, and feature.

    Returns
    -------
    Target
        Of kind ``"continuous"``, named after the feature.

    Raises
    ------
    StudyError
        If there is no such layer or feature; the message gives the nearest name.
    SignatureError
        If the feature is constant, or fewer than 10 patients have it.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from omicsfuse import feature_target
    >>> from omicsfuse.core.results import Prepared
    >>> from omicsfuse.core.results import PreparedLayer
    >>> table = pd.DataFrame({"Mean": np.arange(12.0)}, [f"P{i:02d}" for i in range(12)])
    >>> ready = Prepared("toy", {"ct": PreparedLayer("radiomics", table, table, "raw", None)})
    >>> feature_target(ready, "ct", "Mean").source
    'feature Mean of layer ct'
    """
    require(prepared, Prepared, "prepared", "from of.preprocess")
    if layer not in prepared.layers:
        raise StudyError(f"target: no layer {layer!r}: {did_you_mean(layer, prepared.layers)}.")
    table = prepared.layers[layer].values  # noqa: PD011 - a field of ours
    if feature not in table.columns:
        raise StudyError(
            f"target: layer {layer!r} has no feature {feature!r} after preprocessing: "
            f"{did_you_mean(feature, table.columns)}."
        )
    column = table[feature]
    if isinstance(column, pd.DataFrame):
        raise SignatureError(f"target: layer {layer!r} has feature {feature!r} more than once.")
    return _continuous(column, feature, f"feature {feature} of layer {layer}")


def score_target(
    values: pd.Series, name: str = "", *, kind: Literal["continuous", "groups"] | None = None
) -> Target:
    """Use a value of each patient as target: a number is a score, a word is a group.

    Parameters
    ----------
    values : pandas.Series
        Index patient. Missing values are counted and excluded.
    name : str
        Name of the target; by default that of the Series, or ``"score"``.
    kind : {"continuous", "groups"}, optional
        Kind of the values. By default numbers are continuous, even 0 and 1; text, categories and
        true/false are groups.

    Returns
    -------
    Target
        Of kind ``"continuous"`` or ``"groups"``.

    Raises
    ------
    StudyError
        If ``values`` is not a Series, or text is declared continuous.
    SignatureError
        If a patient occurs twice, fewer than 10 patients have a value, all values are equal, or a
        group has fewer than 5 patients.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse import score_target
    >>> from omicsfuse.signatures.target import group_names
    >>> flags = pd.Series([0, 1] * 6, [f"P{i:02d}" for i in range(12)], name="necrosis")
    >>> score_target(flags).kind, group_names(score_target(flags, kind="groups"))
    ('continuous', ['0', '1'])
    """
    require(values, pd.Series, "values", "one value per patient")
    name = str(name or values.name or "score")
    if kind not in (None, "continuous", "groups"):
        raise StudyError(f"target {name!r}: kind is {kind!r}; use 'continuous' or 'groups'.")
    numeric = is_number(values)
    source = "given by the user"
    if kind == "continuous" or (kind is None and numeric):
        return _continuous(values, name, source)
    labels, exclusions = _observed(values, name)
    if numeric:
        labels = labels.map(lambda value: f"{float(value):.15g}")
    target = Target(name, "groups", labels.map(str), source, exclusions)
    _enough(len(labels), name, exclusions)
    sizes = labels.map(str).value_counts()
    small = {group: int(sizes[group]) for group in sorted(sizes.index) if sizes[group] < 5}
    if len(sizes) < 2 or small:
        counted = ", ".join(f"{group} {n}" for group, n in list(small.items())[:5])
        raise SignatureError(
            f"target {name!r}: "
            + (
                f"{len(small)} of {len(sizes)} groups have fewer than {MINIMUM_GROUP} "
                f"patients ({counted}); merge them with others or exclude their patients."
                if len(sizes) > 1
                else f"all patients are in one group, {sizes.index[0]!r}."
            )
        )
    return target


def is_number(values: pd.Series) -> bool:
    """Whether values are a score, not groups: numbers other than true and false."""
    types = pd.api.types
    return types.is_numeric_dtype(values.dtype) and not types.is_bool_dtype(values.dtype)


def survival_target(table: pd.DataFrame, name: str = "survival") -> Target:
    """Use survival as target: genes are then selected by the outcome.

    Parameters
    ----------
    table : pandas.DataFrame
        Index patient; columns ``time`` (0 or more) and ``event`` (1 event, 0 censored), as in
        ``cohort.survival(endpoint)``. Patients without either are counted and excluded.
    name : str
        Name of the endpoint.

    Returns
    -------
    Target
        Of kind ``"survival"``.

    Raises
    ------
    StudyError
        If ``table`` is not a table with these columns.
    SignatureError
        If a patient occurs twice, an event is neither 0 nor 1, a time is negative, or there are
        fewer than 10 patients or 5 events.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from omicsfuse import survival_target
    >>> table = pd.DataFrame({"time": np.arange(1.0, 13), "event": [0, 1] * 6})
    >>> survival_target(table.rename(index="P{:02d}".format), "os").kind
    'survival'
    """
    require(table, pd.DataFrame, "table", "from cohort.survival")
    absent = [column for column in ("time", "event") if column not in table.columns]
    if absent:
        raise StudyError(
            f"target {name!r}: the table has no column {' and no '.join(absent)}; found "
            f"{', '.join(map(str, table.columns[:10]))}."
        )
    numbers = {column: _numbers(table[column], f"{name}: {column}") for column in ("time", "event")}
    known, exclusions = _observed(pd.DataFrame(numbers, index=table.index), name)
    _enough(len(known), name, exclusions)
    if not known["event"].isin([0.0, 1.0]).all() or (known["time"] < 0).any():
        raise SignatureError(
            f"target {name!r}: events must be 0 or 1, and times 0 or more; found events "
            f"{sorted(known['event'].unique())[:5]} and times from {known['time'].min():g}."
        )
    events = int(known["event"].sum())
    if events < MINIMUM_EVENTS:
        raise SignatureError(
            f"target {name!r}: {events} events among {len(known)} patients; at least "
            f"{MINIMUM_EVENTS} are needed."
        )
    return Target(name, "survival", known, "survival", exclusions)


def as_target(value: Any) -> Target:
    """Make a target of whatever is given."""
    require(value, (Subtypes, Target, pd.Series), "target", "the target of the signature")
    if isinstance(value, Subtypes):
        return subtype_target(value)
    if isinstance(value, pd.Series):
        return score_target(value)
    if value.kind not in TARGET_KINDS:
        known = ", ".join(TARGET_KINDS)
        raise StudyError(f"target {value.name!r}: kind is {value.kind!r}; expected one of {known}.")
    observed, exclusions = _observed(value.values, value.name)
    if value.kind == "groups":
        observed = observed.map(str)
    return Target(value.name, value.kind, observed, value.source, (*value.exclusions, *exclusions))


def group_names(target: Target) -> list[str]:
    """Names of the groups, numbers in them by size: S2 comes before S10."""
    names = {str(label) for label in target.values}  # noqa: PD011 - a field of ours
    return sorted(
        names, key=lambda n: ([f"{int(w):09d}" if w.isdigit() else w for w in _WORD.split(n)], n)
    )


_WORD = re.compile(r"([0-9]+)")


def _continuous(values: pd.Series, name: str, source: str) -> Target:
    """Check a number a patient."""
    known, exclusions = _observed(_numbers(values, name), name)
    _enough(len(known), name, exclusions)
    if known.nunique() < 2:
        raise SignatureError(
            f"target {name!r} is constant: all {len(known)} patients have {known.iloc[0]:g}."
        )
    return Target(name, "continuous", known, source, exclusions)


def _numbers(values: pd.Series, name: str) -> pd.Series:
    """Numbers as float, refusing words and infinities."""
    numbers = pd.to_numeric(values, errors="coerce").astype("float64")
    wrong = (numbers.isna() & values.notna()) | np.isinf(numbers)
    if wrong.any():
        raise StudyError(
            f"target {name!r}: {int(wrong.sum())} values are not finite numbers, for example "
            f"{values[wrong].iloc[0]!r} of patient {values.index[wrong][0]}. Correct them, leave "
            "them empty, or give kind='groups'."
        )
    return numbers


def _observed(values: Any, name: str) -> tuple[Any, tuple[str, ...]]:
    """Drop patients without a value, in words, and refuse those who are there twice."""
    values = values.set_axis(names_as_text(values.index).rename("patient"))
    if not values.index.is_unique:
        twice = sorted(set(values.index[values.index.duplicated()]))
        raise SignatureError(
            f"target {name!r}: {len(twice)} patients occur more than once: "
            f"{', '.join(twice[:5])}. Give each patient one value."
        )
    absent = values.isna()
    absent = absent.any(axis=1) if isinstance(values, pd.DataFrame) else absent
    known = values[~absent].sort_index()
    if not absent.any():
        return known, ()
    patients = sorted(values.index[absent])
    counted = f"{len(patients)} patient{'s have' if len(patients) > 1 else ' has'}"
    return known, (f"{counted} no value of {name}: {', '.join(patients[:5])}",)


def _enough(n: int, name: str, exclusions: tuple[str, ...]) -> None:
    """Refuse too few patients."""
    if n < MINIMUM_PATIENTS:
        more = f" ({'; '.join(exclusions)})" if exclusions else ""
        raise SignatureError(
            f"target {name!r}: {n} patients have a value{more}; at least {MINIMUM_PATIENTS} are "
            "needed."
        )
