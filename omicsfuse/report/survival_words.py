"""What survival shows, in sentences that the summary, the caveats and the section share."""

import math

import pandas as pd

from omicsfuse.core.results import SurvivalComparison
from omicsfuse.plot.numbers import clean, format_p
from omicsfuse.plot.rows import fullest_model, rows_with
from omicsfuse.plot.tested import is_void, overall_test, pipeline_test
from omicsfuse.report.words import plural
from omicsfuse.stats.levels import SIGNIFICANCE
from omicsfuse.stats.multiple_testing import benjamini_hochberg

#: Name of the joint test of proportional hazards.
ALL_TERMS = "all terms"


def best_p(test: pd.Series | None) -> float:
    """P-value that sentences rest on: the permutation test's where there is one; NaN if void.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.report.survival_words import best_p
    >>> best_p(pd.Series({"p_asymptotic": 0.01, "p_permutation": 0.02}))
    0.02
    """
    if test is None or is_void(test):
        return math.nan
    for name in ("p_permutation", "p_asymptotic"):
        value = float(test.get(name, math.nan))
        if math.isfinite(value):
            return value
    return math.nan


def deciding_test(comparison: SurvivalComparison) -> pd.Series | None:
    """Test over all subtypes that counts: with the whole pipeline permuted, where that was done.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.report.survival_words import deciding_test
    >>> from omicsfuse.core.results import SurvivalComparison
    >>> tests = pd.DataFrame({"comparison": ["overall", "overall, full pipeline"], "n": 90})
    >>> none = pd.DataFrame()
    >>> deciding_test(SurvivalComparison("os", "days", tests, none, none, none))["comparison"]
    'overall, full pipeline'
    """
    pipeline = pipeline_test(comparison)
    return overall_test(comparison) if pipeline is None else pipeline


def survival_sentence(comparison: SurvivalComparison, *, several: bool = False) -> str:
    """Say what the log-rank test of one endpoint shows, with patients and events.

    Where there are several endpoints, the false discovery rate over them is given as well.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.report.survival_words import survival_sentence
    >>> from omicsfuse.core.results import SurvivalComparison
    >>> tests = pd.DataFrame({"comparison": ["overall"], "n": [90], "events": [40],
    ...                       "p_asymptotic": [0.3], "p_permutation": [0.31]})
    >>> none = pd.DataFrame()
    >>> survival_sentence(SurvivalComparison("os", "days", tests, none, none, none))
    'For endpoint os, there is no evidence of a survival difference between subtypes (log-rank \
p = 0.30, permutation p = 0.31; 90 patients, 40 events).'
    """
    endpoint, test = clean(comparison.endpoint), deciding_test(comparison)
    if test is None:
        return f"For endpoint {endpoint}, no test over all subtypes was made."
    counts = f"{plural(int(test['n']), 'patient')}, {plural(int(test['events']), 'event')}"
    p = best_p(test)
    if math.isnan(p):
        note = clean(test.get("note", "") or "no p-value")
        return f"For endpoint {endpoint}, survival was not tested ({note}; {counts})."
    permuted = float(test.get("p_permutation", math.nan))
    if pipeline_test(comparison) is not None:
        parts = [format_p(p, "p with the whole pipeline permuted")]
    else:
        parts = [format_p(float(test["p_asymptotic"])), format_p(permuted, "permutation p")]
    parts.append(format_p(overall_fdr(test), "FDR over the endpoints") if several else "")
    values = ", ".join(part for part in parts if part)
    found = (
        "survival differs between subtypes"
        if p < SIGNIFICANCE
        else "there is no evidence of a survival difference between subtypes"
    )
    return f"For endpoint {endpoint}, {found} (log-rank {values}; {counts})."


def added_value_sentence(comparison: SurvivalComparison) -> str:
    """Say whether the subtypes add to the clinical covariates; empty where it was not asked.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.report.survival_words import added_value_sentence
    >>> from omicsfuse.core.results import SurvivalComparison
    >>> value = pd.DataFrame({"measure": ["likelihood ratio", "concordance (Harrell)"],
    ...                       "model": "difference", "p": [0.01, None],
    ...                       "estimate": [9.1, 0.05], "corrected": [None, 0.03]})
    >>> none = pd.DataFrame()
    >>> added_value_sentence(
    ...     SurvivalComparison("os", "days", none, none, none, none, added_value=value))
    'For endpoint os, the subtypes add to the clinical covariates (likelihood ratio p = 0.010; \
change of the concordance index +0.030 when corrected for optimism).'
    """
    table, endpoint = comparison.added_value, clean(comparison.endpoint)
    if table.empty:
        return ""
    differences = table[table["model"] == "difference"]
    tested = differences[differences["measure"] == "likelihood ratio"]
    asymptotic = float(tested["p"].iloc[0]) if len(tested) else math.nan
    permuted = math.nan
    if len(tested) and "p_permutation" in tested:
        permuted = float(tested["p_permutation"].iloc[0])
    p = permuted if math.isfinite(permuted) else asymptotic
    if math.isnan(p):
        notes = tested["note"] if "note" in tested else table.get("note", pd.Series(dtype=str))
        known = [clean(note) for note in notes.dropna() if note]
        why = f" ({known[0]})" if known else ""
        return (
            f"For endpoint {endpoint}, whether the subtypes add to the clinical covariates was not "
            f"tested{why}."
        )
    change = _corrected(differences, "concordance (Harrell)")
    shown = [format_p(asymptotic), format_p(permuted, "permutation p")]
    tests = f"likelihood ratio {', '.join(text for text in shown if text)}"
    parts = [tests]
    if math.isfinite(change):
        parts.append(
            f"change of the concordance index {_signed(change)} when corrected for optimism"
        )
    evidence = "; ".join(parts)
    if p >= SIGNIFICANCE:
        return (
            f"For endpoint {endpoint}, there is no evidence that the subtypes add to the clinical "
            f"covariates ({evidence})."
        )
    if change <= 0:
        return (
            f"For endpoint {endpoint}, the subtypes add to the clinical covariates by the "
            f"likelihood ratio test ({tests}), but corrected for optimism they do not help to "
            f"rank patients (change of the concordance index {_signed(change)})."
        )
    return f"For endpoint {endpoint}, the subtypes add to the clinical covariates ({evidence})."


def _corrected(differences: pd.DataFrame, measure: str) -> float:
    """Difference between the models in a measure, corrected for optimism; NaN where unknown."""
    rows = rows_with(differences[differences["measure"] == measure], "corrected")
    return float(rows["corrected"].iloc[0]) if len(rows) else math.nan


def _signed(value: float) -> str:
    """Write a small difference with its sign and three decimals; zero without a sign.

    Examples
    --------
    >>> from omicsfuse.report.survival_words import _signed
    >>> _signed(0.03), _signed(-0.0001)
    ('+0.030', '0.000')
    """
    text = f"{value:+.3f}"
    return "0.000" if text in ("+0.000", "-0.000") else text


def not_proportional(
    comparison: SurvivalComparison, *, corrected: bool = False
) -> tuple[pd.DataFrame, int]:
    """Terms of the fullest model whose hazards are not proportional, and how many were tested.

    Where only the test of all terms together is significant, its row is given. ``corrected`` takes
    the false discovery rate over the terms of the model in place of each p-value.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.report.survival_words import not_proportional
    >>> from omicsfuse.core.results import SurvivalComparison
    >>> tests = pd.DataFrame({"model": "univariable", "term": ["S2 vs S1", "S3 vs S1"],
    ...                       "p": [0.01, 0.4]})
    >>> none = pd.DataFrame()
    >>> rows, tested = not_proportional(
    ...     SurvivalComparison("os", "days", none, none, none, none, proportional=tests))
    >>> rows["term"].tolist(), tested
    (['S2 vs S1'], 2)
    """
    table = rows_with(comparison.proportional, "p")
    if table.empty:
        return table, 0
    table = table[table["model"].astype(str) == fullest_model(table["model"])]
    together = table["term"] == ALL_TERMS
    p = table["p"].astype(float).where(~together)
    found = table[(benjamini_hochberg(p) if corrected else p.to_numpy()) < SIGNIFICANCE]
    if found.empty:
        found = table[(table["p"] < SIGNIFICANCE) & together]
    return found, int((~together).sum())


def overall_fdr(test: pd.Series | None) -> float:
    """Tell the false discovery rate of a test over all subtypes; NaN where there is none.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.report.survival_words import overall_fdr
    >>> overall_fdr(pd.Series({"fdr": 0.04})), overall_fdr(pd.Series({"p_asymptotic": 0.04}))
    (0.04, nan)
    """
    return math.nan if test is None else float(test.get("fdr", math.nan))


def log_rank_name(comparison: SurvivalComparison | None) -> str:
    """Name the log-rank test whose p a table of verification gives: permuted, where it could be.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.report.survival_words import log_rank_name
    >>> from omicsfuse.core.results import SurvivalComparison
    >>> none = pd.DataFrame()
    >>> tests = pd.DataFrame({"comparison": ["overall"], "p_asymptotic": [0.3]})
    >>> log_rank_name(SurvivalComparison("os", "days", tests, none, none, none))
    'asymptotic log-rank test'
    >>> tests["p_permutation"] = 0.31
    >>> log_rank_name(SurvivalComparison("os", "days", tests, none, none, none))
    'log-rank test by permutation'
    """
    test = overall_test(comparison) if comparison is not None else None
    asymptotic = test is not None and math.isfinite(float(test.get("p_asymptotic", math.nan)))
    permuted = test is not None and math.isfinite(float(test.get("p_permutation", math.nan)))
    return (
        "asymptotic log-rank test"
        if asymptotic and not permuted
        else "log-rank test by permutation"
    )
