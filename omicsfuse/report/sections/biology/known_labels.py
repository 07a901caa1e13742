"""Known labels beside the subtypes: patients in common, and features that mark both."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from omicsfuse.core.missing import level_text
from omicsfuse.core.results import RunResults
from omicsfuse.plot.numbers import clean, format_p, shorten
from omicsfuse.report.section import Points
from omicsfuse.report.sections.biology.features import layers_to_tell
from omicsfuse.report.tables import Table, make_table
from omicsfuse.report.words import listing, plural
from omicsfuse.stats.levels import FDR, MINIMUM_GROUP

#: Features of a label in a layer that the table shows, and that a sentence names.
_MOST, _NAMED = 10, 2
_COLUMNS = ["level", "subtype", "layer", "feature", "label_effect", "label_fdr"]
_COLUMNS += ["subtype_effect", "subtype_fdr", "agrees", "effect_name"]


class Held(NamedTuple):
    """A level of a known label that a subtype holds: a sentence, counts, and times its share."""

    said: str
    detail: str
    lift: float


def held_levels(results: RunResults, name: str) -> list[Held]:
    """Say of which levels of the known labels most patients are in this subtype, and in detail.

    Only labels that go with the subtypes at all (FDR in the clinical table), and levels of at least
    3 patients.
    """
    clinical, labels = results.cohort.clinical, results.subtypes.labels.astype(str)
    if clinical is None:
        return []
    said = []
    for label in results.cohort.known_labels:
        if label not in clinical or not _goes_with_subtypes(results, label):
            continue
        column = clinical[label].reindex(labels.index).dropna().map(level_text)
        inside = labels.loc[column.index] == name
        for level in sorted(column.unique()):
            has = column == level
            n, both = int(has.sum()), int((has & inside).sum())
            rest = int((~has).sum())
            if min(n, rest) < MINIMUM_GROUP or both * 2 <= n:
                continue
            if both * len(inside) <= n * int(inside.sum()):
                continue
            here, there, known = int(inside.sum()), int((~inside).sum()), clean(label)
            said.append(
                Held(
                    f"{both} of {n} patients with {known} = {clean(level)} are in {name}",
                    f"{both} of {plural(here, 'patient')} of {name} with known {known}; "
                    f"{n - both} of {plural(there, 'other patient')}",
                    both * len(inside) / (n * here),
                )
            )
    return said


def _goes_with_subtypes(results: RunResults, label: str) -> bool:
    table = results.clinical
    if label not in table.index or "fdr" not in table:
        return False
    fdr = float(pd.to_numeric(table["fdr"], errors="coerce")[label])
    return fdr <= FDR


def label_table(results: RunResults) -> Table | None:
    """Show the markers of a known label in the subtype that has most of its patients."""
    table = _label_markers(results)
    if table.empty:
        return None
    shown = table[table["rank"] <= _MOST]
    shown = shown.assign(
        level=[f"{a} = {b}" for a, b in zip(shown["label"], shown["level"], strict=True)],
        agrees=["yes" if value else "no" for value in shown["agrees"]],
    )
    return make_table(
        shown,
        _COLUMNS,
        "Markers of known labels in the subtype with most patients of the label. Up to "
        f"{_MOST} features of a layer, smallest p first. Effect of the level: against all other "
        "patients with a known label. Effect of the subtype: against all other patients. Agrees: "
        f"FDR of the subtype at most {FDR:g}, in the same direction.",
        file="label_markers.tsv",
    )


def label_marker_sentences(results: RunResults) -> list[str]:
    """Say how many markers of each known label also mark the subtype with most of its patients."""
    table = _label_markers(results)
    if table.empty:
        return []
    sentences: list[str] = []
    for (label, level, subtype), rows in table.groupby(["label", "level", "subtype"], sort=False):
        n, both = int(rows["n_level"].iloc[0]), int(rows["n_both"].iloc[0])
        parts = []
        for layer in [name for name in layers_to_tell(results) if name in set(rows["layer"])]:
            marked = rows[rows["layer"] == layer]
            agreeing = marked[marked["agrees"]]
            text = f"{clean(layer)} {len(agreeing)} of {len(marked)}"
            if len(agreeing):
                text += f" ({'; '.join(_both(row) for _, row in _largest(agreeing).iterrows())})"
            parts.append(text)
        missing = [x for x in layers_to_tell(results) if x not in set(rows["layer"])]
        none = [f"In {listing(missing)}, no feature marks the label."] if missing else []
        top, here = int(rows["rank"].max()), clean(subtype)
        lead = (
            f"{clean(label)} = {clean(level)} ({plural(n, 'patient')}, {both} in {here}): features "
            f"of the label (up to {top} per layer, FDR at most {FDR:g}) that mark {here} in the "
            f"same direction; in brackets, largest effects of the label and of {here}:"
        )
        sentences.append(Points(lead, [*(f"{part}." for part in parts), *none]))
    sentences.append(
        "Label and subtype share most of their patients: agreement is expected and is no test of "
        "the subtypes. It shows which biology of the known group the subtype shares. A label "
        "that was derived from the same data agrees even more."
    )
    return sentences


def _largest(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with the largest effects of each direction: raised, then lowered."""
    ordered = rows.assign(_size=-rows["label_effect"].abs(), _lower=rows["label_effect"] < 0)
    ordered = ordered.sort_values(["_lower", "_size", "feature"], kind="stable")
    return ordered.groupby("_lower", sort=False).head(_NAMED)


def _both(row: pd.Series) -> str:
    """A feature with both effects: of the label, and of the subtype."""
    # An odds ratio without end: a group in which all, or none, have it.
    label, subtype = (
        f"{row[key]:+.2f}"
        if np.isfinite(row[key])
        else ("raised" if row[key] > 0 else "lowered") + " without limit"
        for key in ("label_effect", "subtype_effect")
    )
    return (
        f"{shorten(row['feature'], 32)} {label} and "
        f"{subtype}, {format_p(float(row['subtype_fdr']), 'FDR')}"
    )


def _label_markers(results: RunResults) -> pd.DataFrame:
    return pd.DataFrame() if results.biology is None else results.biology.label_markers
