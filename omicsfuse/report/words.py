"""Words that several parts of the report share: lists, counts, rules, settings."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from omicsfuse.core.results import Assessment, RunResults
from omicsfuse.plot.numbers import clean
from omicsfuse.stats.levels import SIGNIFICANCE


def listing(names: Sequence[object]) -> str:
    """Join names as in a sentence."""
    texts = [clean(name) for name in names]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"


def sentence_case(text: str) -> str:
    """Begin a text with a capital letter."""
    return f"{text[:1].upper()}{text[1:]}"


def plural(count: int, one: str, many: str | None = None) -> str:
    """Write a count with its noun."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def two_decimals(value: float) -> str:
    """Two decimals; empty where there is no number."""
    return "" if math.isnan(value) else f"{value:.2f}"


def told_apart(names: Sequence[str]) -> list[str]:
    """Subtypes to tell from the others; of two, which mirror each other, the first."""
    return list(names[:1] if len(names) == 2 else names)


def drawn_of(n: int, most: int) -> str:
    """Say that only some of the patients are drawn, as a sentence with a space before it."""
    return f" {most:,} of {n:,} patients are drawn." if n > most else ""


def first_genes(genes: Sequence[str]) -> str:
    """Write the first six genes of a list."""
    return ", ".join(genes[:6]) + (f" and {len(genes) - 6} more" if len(genes) > 6 else "")


def names_of_tests(table: pd.DataFrame) -> list[str]:
    """Names in the column ``test`` of a table, each once, in order."""
    return sorted({clean(test) for test in table["test"].dropna() if test})


def rule_of_k(results: RunResults) -> str:
    """How the number of subtypes was chosen, without a full stop."""
    return clean(results.subtypes.params.get("rule", "not stated")).rstrip(".")


def chosen_with_outcome(results: RunResults) -> str:
    """Name the choices made with the outcome: features, number of subtypes; empty if neither."""
    asked = (("preprocess", "select", "features"), ("subtypes", "choose", "the number of subtypes"))
    return " and ".join(
        choice for table, key, choice in asked if settings_of(results, table).get(key) == "survival"
    )


def settings_of(results: RunResults, table: str) -> Mapping[str, Any]:
    """Settings of one table of the study file; empty where there is none."""
    settings = results.settings.get(table)
    return settings if isinstance(settings, Mapping) else {}


def mean_jaccard(results: RunResults) -> float:
    """Mean stability over subtypes; NaN where it was not assessed."""
    table = results.assessment.stability
    values = table["jaccard_mean"].dropna() if "jaccard_mean" in table else pd.Series(dtype=float)
    return float(values.mean()) if len(values) else math.nan


def level_of_tests(assessment: Assessment) -> float:
    """Level at which the tests are significant."""
    return float(assessment.params.get("level", SIGNIFICANCE))


def n_draws(assessment: Assessment) -> int:
    """Draws of each kind in the tests; 0 where it is not known."""
    if "n_draws" in assessment.tests and len(assessment.tests):
        return int(assessment.tests["n_draws"].max())
    return int(assessment.params.get("n_draws", 0))
