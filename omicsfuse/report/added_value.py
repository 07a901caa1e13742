"""Tables of what the subtypes add to the clinical covariates."""

import math
from typing import Any

import pandas as pd

from omicsfuse.plot.numbers import clean, years_text
from omicsfuse.plot.rows import rows_with
from omicsfuse.report.tables import Table, make_table, with_interval

_WITHOUT, _WITH, _DIFFERENCE = "clinical", "clinical + subtypes", "difference"
#: Of these measures, a smaller value is the better one.
_SMALLER_IS_BETTER = ("Brier score", "integrated Brier score")


def added_value_tables(table: pd.DataFrame) -> tuple[Table | None, Table | None]:
    """Both models side by side in a short table, and everything in a long one.

    Parameters
    ----------
    table : pandas.DataFrame
        ``SurvivalComparison.added_value`` of all endpoints; may be empty, or without a number.

    Returns
    -------
    short, full : Table or None
        One row a measure and time; one row an estimate, with its optimism.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.report.added_value import added_value_tables
    >>> added_value_tables(pd.DataFrame())
    (None, None)
    """
    if rows_with(table, "estimate").empty:
        return None, None
    short = make_table(
        _side_by_side(table),
        [
            "endpoint", "measure", "n", "events", _WITHOUT, _WITH, _DIFFERENCE, "interval",
            "corrected difference", "chi2", "p", "p_permutation", "note",
        ],
        "What the subtypes add to the clinical covariates. The models were made from the patients "
        "on whom they are judged, which flatters them: the corrected difference has this optimism "
        "taken off by bootstrap. Larger is better, but for the Brier score (mean squared error of "
        "predicted risks) smaller is.",
    )  # fmt: skip
    # The likelihood ratio has one number only, which is in the short table.
    rows = table[table["measure"] != "likelihood ratio"].rename(columns={"estimate": "apparent"})
    full = with_interval(rows, "ci_low", "ci_high", "interval", _decimals)
    columns = ["endpoint", "measure", "model", "years", "n", "events", "apparent", "interval"]
    return short, make_table(
        full,
        [*columns, "optimism", "corrected", "note"],
        "Measures of both models. Apparent: in the patients from whom the models were made, with "
        "95% confidence intervals; corrected: less the optimism.",
        folded=True,
    )


def _side_by_side(table: pd.DataFrame) -> pd.DataFrame:
    """One row for each endpoint, measure and time, with the models in columns."""
    rows = []
    keys = table[["endpoint", "measure", "years"]].astype(object)
    keys = keys.where(keys.notna(), -1.0)
    for key in dict.fromkeys(keys.itertuples(index=False, name=None)):
        endpoint, measure, years = key
        own = table[(keys == key).all(axis=1)]
        by_model = {str(row["model"]): row for _, row in own.iterrows()}
        difference = by_model.get(_DIFFERENCE)
        last = own.iloc[-1] if difference is None else difference
        row: dict[str, Any] = {
            "endpoint": endpoint,
            "measure": _name(str(measure), float(years)),
            "n": last.get("n"),
            "events": last.get("events"),
            "p": last.get("p", math.nan),
            "p_permutation": last.get("p_permutation", math.nan),
            "note": _note(own),
        }
        for model in (_WITHOUT, _WITH):
            known = model in by_model
            row[model] = float(by_model[model]["estimate"]) if known else math.nan
        if difference is not None and measure == "likelihood ratio":
            row["chi2"] = float(difference["estimate"])
        elif difference is not None:
            low, high = float(difference["ci_low"]), float(difference["ci_high"])
            known = math.isfinite(low) and math.isfinite(high)
            row[_DIFFERENCE] = float(difference["estimate"])
            row["interval"] = f"{_decimals(low)} to {_decimals(high)}" if known else ""
            row["corrected difference"] = float(difference.get("corrected", math.nan))
        rows.append(row)
    return pd.DataFrame(rows)


def _name(measure: str, years: float) -> str:
    """Measure with its time, and which way is better where it is not the usual one."""
    better = " (smaller is better)" if measure in _SMALLER_IS_BETTER else ""
    return f"{clean(measure)}{f', {years_text(years)}' if years >= 0 else ''}{better}"


def _note(rows: pd.DataFrame) -> str:
    """Notes of the rows, each once."""
    if "note" not in rows:
        return ""
    texts = [clean(note) for note in rows["note"] if isinstance(note, str) and note]
    return "; ".join(dict.fromkeys(texts))


def _decimals(value: float) -> str:
    """Three decimals, never minus zero; empty where there is no number."""
    return "" if not math.isfinite(value) else f"{value:.3f}".replace("-0.000", "0.000")
