"""Tables of the report: data frames to rows of plain text, numbers rounded for a reader."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from omicsfuse.core.cohort import Exclusion
from omicsfuse.plot.numbers import clean, format_number, format_ratio
from omicsfuse.stats.p_values import p_text

#: Columns of results in words; others are shown with spaces for underscores.
HEADINGS = {
    "chi2": "chi-square",
    "p_asymptotic": "p",
    "p_permutation": "p, permutation",
    "p_interval": "95% CI of p",
    "fdr": "FDR",
    "smallest_fdr": "smallest FDR",
    "adjusted_fdr": "adjusted FDR",
    "effect_interval": "95% CI",
    "n_altered": "patients altered",
    "hr": "HR",
    "hr_interval": "95% CI",
    "interval": "95% CI",
    "by_chance": "gain, 95% range over copies",
    "nes": "NES",
    "jaccard_mean": "Jaccard, mean",
    "jaccard_sd": "SD",
    "dissolved": "share dissolved",
    "n_resamples": "resamples",
    "effect_name": "effect measure",
    "adjusted_rand_index": "ARI",
    "normalised_mutual_information": "NMI",
    "normalised_mutual_information_alone": "NMI alone",
    "random_null_percentile": "percentile among random sets",
    "permuted_null_percentile": "percentile among shuffled targets",
    "p_one_sided": "p, one-sided",
    "p_holm": "p, Holm",
    "random_null_p": "p, random sets",
    "permuted_null_p": "p, shuffled targets",
    "concordance": "C-index",
    "discovery_share": "share in discovery",
    "left_out": "cohort left out",
    "no_information_rate": "no-information rate",
    "q": "Q",
    "q_p": "p (Q)",
    "i2": "I2",
    "genes": "genes found",
    "n_patients": "patients",
    "n_features": "features",
    "leading_edge": "leading-edge genes",
    "co_clustering": "co-clustering",
    "n_draws": "draws",
    "null_mean": "mean of draws",
    "null_sd": "SD of draws",
    "n_clusters": "k chosen by the rule",
    "agreement_auto": "agreement at k chosen by the rule",
    "agreement_alone": "ARI alone",
    "agreement_without": "ARI without",
    "share borderline": "share",
    "n_permutations": "permutations",
    "dof": "df",
    "tau": "truncation time",
    "follow_up": "median follow-up",
    "follow_up_interval": "95% CI of follow-up",
    "label_effect": "effect of the level",
    "label_fdr": "FDR of the level",
    "subtype_effect": "effect of the subtype",
    "subtype_fdr": "FDR of the subtype",
    "subtype_against_others": "subtype vs others",
    "stands_out": "largest difference",
    "n_marked": "markers",
    "split": "split at",
    "same_study": "same study as discovery",
}

_RATIOS = {"hr", "hr_ci_low", "hr_ci_high"}
_P_VALUES = {
    *("p", "fdr", "p_asymptotic", "p_permutation", "p_ci_low", "p_ci_high", "p_one_sided", "q_p"),
    *("label_fdr", "subtype_fdr"),
}
_SHARES = {"dissolved", "share", "discovery_share", "share_assigned"}
_TWO_DECIMALS = {
    *("jaccard_mean", "jaccard_sd", "silhouette", "agreement_alone", "agreement_without"),
    *("adjusted_rand_index", "normalised_mutual_information", "co_clustering", "confidence"),
    *("normalised_mutual_information_alone", "excess", "nes", "effect", "label_effect"),
    "subtype_effect",
}
_THREE_DECIMALS = {
    *("real", "permuted", "gain", "observed", "null_mean", "null_sd"),
    *("clinical", "clinical + subtypes", "difference", "corrected difference"),
    *("apparent", "optimism", "corrected"),
}

#: Notes up to this many characters stay in their row.
_SHORT_NOTE = 24


@dataclass(frozen=True)
class Cell:
    """One cell: its text, and how it is shown.

    A number is set right, a subtype is a coloured chip, and the label of a level is indented.
    """

    text: str
    number: bool = False
    subtype: bool = False
    indented: bool = False


@dataclass(frozen=True)
class Table:
    """A table of the report: caption, headings, rows; the first cell of a row is its header.

    Notes stand below the table, each once; the column ``note`` refers to them by a letter.
    ``file`` names the result file that the table is from.
    """

    caption: str
    headings: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    file: str = ""

    @property
    def title(self) -> str:
        """First sentence of the caption, without its full stop."""
        return self.caption.partition(". ")[0].rstrip(".")

    @property
    def remark(self) -> str:
        """What the caption says after its first sentence."""
        return self.caption.partition(". ")[2]


def make_table(
    frame: pd.DataFrame,
    columns: Sequence[str],
    caption: str,
    *,
    most: int | None = None,
    file: str = "",
) -> Table | None:
    """Turn columns of a data frame into a table of text; None where there are no rows."""
    if frame.empty:
        return None
    frame, notes = _footnotes(frame if most is None else frame.head(most), len(frame))
    shown = [name for name in columns if name in frame and not _vacant(frame[name])]
    writers = [_writer(name, frame[name]) for name in shown]
    headings = tuple(
        Cell(HEADINGS.get(name, name.replace("_", " ")), number)
        for name, (_, number) in zip(shown, writers, strict=True)
    )
    body = tuple(
        tuple(
            Cell(write(value), number, name == "subtype")
            for name, (write, number), value in zip(shown, writers, values, strict=True)
        )
        for values in frame[shown].itertuples(index=False, name=None)
    )
    return Table(caption, headings, body, notes, file)


def _footnotes(frame: pd.DataFrame, total: int) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Put long notes below the table, each once, and letters in their place."""
    below = [] if len(frame) == total else [f"The first {len(frame)} of {total} rows."]
    if "note" not in frame or _vacant(frame["note"]):
        return frame, tuple(below)
    texts = ["" if _missing(text) else clean(text) for text in frame["note"]]
    distinct = [text for text in dict.fromkeys(texts) if text]
    if max(map(len, distinct)) <= _SHORT_NOTE:
        return frame, tuple(below)
    if distinct == list(dict.fromkeys(texts)) and len(distinct) == 1:
        return frame.drop(columns="note"), (*below, f"All rows: {distinct[0]}.")
    marks = {text: _letters(i) for i, text in enumerate(distinct)}
    below += [f"{mark}: {text}" for text, mark in marks.items()]
    return frame.assign(note=[marks.get(text, "") for text in texts]), tuple(below)


def _letters(i: int) -> str:
    """Count a, b, ..., z, aa, ab, ..."""
    return ("" if i < 26 else _letters(i // 26 - 1)) + chr(ord("a") + i % 26)


def _vacant(column: pd.Series) -> bool:
    """Tell whether a column holds nothing to show."""
    return bool((column.isna() | (column.astype(str) == "")).all())


def _writer(name: str, column: pd.Series) -> tuple[Callable[[Any], str], bool]:
    """How to write the values of a column, and whether they are numbers."""
    numeric = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    if not numeric:
        return (lambda value: "" if _missing(value) else clean(value)), name.endswith(
            ("interval", "by_chance", "median")
        )
    if name in _P_VALUES:
        return _number(p_text), True
    if name in _RATIOS:
        return _number(format_ratio), True
    if name in _SHARES:
        return _number(lambda value: f"{100 * value:.0f}%"), True
    if name in _TWO_DECIMALS:
        return _number(lambda value: f"{value:.2f}" if np.isfinite(value) else ""), True
    if name in _THREE_DECIMALS:
        return _number(lambda value: f"{value:.3f}".replace("-0.000", "0.000")), True
    return _number(format_number), True


def _number(write: Callable[[float], str]) -> Callable[[Any], str]:
    """Writer of numbers that leaves missing ones empty."""

    def written(value: Any) -> str:
        return "" if _missing(value) else write(float(value))

    return written


def _missing(value: object) -> bool:
    """Tell whether a single value is missing."""
    return value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value))


def with_interval(
    frame: pd.DataFrame, stem: str, write: Callable[[float], str], name: str = ""
) -> pd.DataFrame:
    """Add a column with both bounds of an estimate written as one interval.

    Bounds are ``{stem}_ci_low`` and ``{stem}_ci_high``, or ``{stem}_low`` and ``{stem}_high``.
    """
    middle = "_ci_" if f"{stem}_ci_low".strip("_") in frame else "_"
    low, high = (frame[f"{stem}{middle}{end}".strip("_")] for end in ("low", "high"))
    texts = [
        "" if pd.isna(a) or pd.isna(b) else f"{write(float(a))} to {write(float(b))}"
        for a, b in zip(low, high, strict=True)
    ]
    known = f"{stem}_interval"
    return frame.assign(**{name or (known if known in HEADINGS else "interval"): texts})


def exclusions_table(exclusions: Sequence[Exclusion]) -> Table | None:
    """List everything that did not go on to the next step."""
    rows = [
        {
            "step": exclusion.step,
            "where": exclusion.layer,
            "what": exclusion.what,
            "count": exclusion.count,
            "reason": exclusion.reason,
            "examples": ", ".join(exclusion.examples),
        }
        for exclusion in exclusions
    ]
    columns = ["step", "where", "what", "count", "reason", "examples"]
    return make_table(
        pd.DataFrame(rows, columns=columns),
        columns,
        "All exclusions, in order of steps.",
        file="run.json",
    )


def flatten(settings: object, prefix: str = "") -> list[tuple[str, str]]:
    """Write nested settings as pairs of a dotted name and a value."""
    if isinstance(settings, dict) and settings:
        return [
            pair
            for key, value in settings.items()
            for pair in flatten(value, f"{prefix}.{key}" if prefix else str(key))
        ]
    if settings is None:
        text = "not set"
    elif isinstance(settings, list | tuple | dict):
        text = ", ".join(clean(value) for value in settings) or "none"
    else:
        text = clean(settings)
    return [(clean(prefix), text)]
