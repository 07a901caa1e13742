"""The log-rank test over all subtypes, as a figure and a sentence say it."""

import numpy as np
import pandas as pd

from omicsfuse.core.results import FULL_PIPELINE, OVERALL, SurvivalComparison
from omicsfuse.plot.numbers import clean, format_p


def overall_test(comparison: SurvivalComparison) -> pd.Series | None:
    """Row of the test over all subtypes, if there is one."""
    return _first_of(comparison, OVERALL)


def pipeline_test(comparison: SurvivalComparison) -> pd.Series | None:
    """Row of the test in which each permutation repeats the whole pipeline, if there is one."""
    return _first_of(comparison, FULL_PIPELINE)


def _first_of(comparison: SurvivalComparison, kind: str) -> pd.Series | None:
    """First test of a kind."""
    if "kind" not in comparison.tests:
        return None
    rows = comparison.tests[comparison.tests["kind"] == kind]
    return rows.iloc[0] if len(rows) else None


def is_void(test: pd.Series | None) -> bool:
    """Tell whether the p-value of a test is void."""
    return test is not None and bool(test.get("void", False))


def log_rank_text(test: pd.Series | None, pipeline: pd.Series | None = None) -> str:
    """Write the log-rank test as two lines: p-values, then patients and events.

    Where each permutation repeated the whole pipeline, only that p-value counts.
    """
    if test is None:
        return ""
    first = format_p(test.get("p_asymptotic", np.nan))
    second = format_p(test.get("p_permutation", np.nan))
    if pipeline is not None:
        whole = format_p(pipeline.get("p_permutation", np.nan))
        line = "log-rank not tested (see the table of tests)"
        line = f"log-rank {whole}, whole pipeline permuted" if whole else line
    elif is_void(test):
        line = "log-rank p is invalid (see the table of tests)"
    elif first and second:
        line = f"log-rank {first} (permutation {second})"
    elif first or second:
        line = f"log-rank {first}" if first else f"log-rank, permutation {second}"
    else:
        note = test.get("note", "")
        line = f"log-rank not tested: {clean(note)}" if note else "log-rank not tested"
        if len(line) > 60:
            line = "log-rank not tested (see the table of tests)"
    n, events = int(test.get("n", 0)), int(test.get("events", 0))
    counts = f"{n} patient{'' if n == 1 else 's'}, {events} event{'' if events == 1 else 's'}"
    return f"{line}\n{counts}"
