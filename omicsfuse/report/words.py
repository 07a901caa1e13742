"""Words that several parts of the report share: lists, counts, stability in one number."""

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from omicsfuse.core.results import RunResults
from omicsfuse.plot.numbers import clean

#: What was not repeated in the resamples.
NOT_REPEATED = (
    "the number of subtypes was fixed and preprocessing was not fitted again in the resamples"
)


def listing(names: Sequence[object]) -> str:
    """Join names as in a sentence.

    Examples
    --------
    >>> from omicsfuse.report.words import listing
    >>> listing(["a"]), listing(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    texts = [clean(name) for name in names]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"


def chosen_with_outcome(results: RunResults) -> str:
    """Say what was chosen with the outcome: features, the number of subtypes; empty if neither.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from omicsfuse.report.words import chosen_with_outcome
    >>> chosen_with_outcome(SimpleNamespace(settings={"preprocess": {"select": "survival"}}))
    'features'
    """
    asked = (("preprocess", "select", "features"), ("subtypes", "choose", "the number of subtypes"))
    tables = {name: results.settings.get(name) for name, _, _ in asked}
    found = [
        what
        for name, key, what in asked
        if isinstance(table := tables[name], Mapping) and table.get(key) == "survival"
    ]
    return " and ".join(found)


def plural(count: int, one: str, many: str | None = None) -> str:
    """Write a count with its noun.

    Examples
    --------
    >>> from omicsfuse.report.words import plural
    >>> plural(1, "patient"), plural(1200, "patient")
    ('1 patient', '1,200 patients')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def mean_jaccard(results: RunResults) -> float:
    """Mean stability over subtypes; NaN where it was not assessed."""
    table = results.assessment.stability
    values = table["jaccard_mean"].dropna() if "jaccard_mean" in table else pd.Series(dtype=float)
    return float(values.mean()) if len(values) else math.nan
