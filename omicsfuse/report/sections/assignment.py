"""The section on new patients: how well each set of layers predicts their subtype."""

from collections.abc import Iterator
from functools import partial

import pandas as pd

from omicsfuse import plot
from omicsfuse.core.results import RunResults
from omicsfuse.plot.assignment import assignment_calibration_figure
from omicsfuse.plot.numbers import clean, format_number, format_p
from omicsfuse.report.section import Content, Plan, Points, Section
from omicsfuse.report.tables import make_table, with_interval
from omicsfuse.report.words import plural
from omicsfuse.stats.levels import SIGNIFICANCE


def _rows(results: RunResults) -> pd.DataFrame:
    """Sets of layers with an accuracy; empty where there are none."""
    evidence = results.assignment
    return pd.DataFrame() if evidence is None else evidence.table.dropna(subset=["accuracy"])


def summary(results: RunResults) -> Iterator[str]:
    """Name the best set of layers, with its accuracy and the no-information rate."""
    rows = _rows(results)
    if rows.empty:
        return
    best = rows.sort_values("accuracy", ascending=False, kind="stable").iloc[0]
    lead = "Yes" if float(best["p"]) <= SIGNIFICANCE else "There is no evidence of it"
    compared = f" (best of {len(rows)} sets of layers)" if len(rows) > 1 else ""
    said = (
        f"{lead}: with {clean(best['layers'])}{compared}, the most probable subtype is right for "
        f"{_percent(best['accuracy'])} of {plural(int(best['n']), 'held-out patient')} (largest "
        f"subtype: {_percent(best['no_information_rate'])}, {format_p(float(best['p']))})"
    )
    assigned = float(best["share_assigned"])
    if assigned < 1:
        right = float(best["accuracy_of_assigned"])
        rightly = f", {_percent(right)} of them rightly" if right == right else ""
        said += (
            f"; it is certain enough to be assigned for {_percent(assigned)} of the patients"
            f"{rightly}, and the classifier abstains for the others"
        )
    yield f"{said}."


def caveats(results: RunResults) -> Iterator[str]:
    """Say that the best set was selected, and that accuracy does not validate the subtypes."""
    rows = _rows(results)
    if rows.empty:
        return
    said = (
        "The subtypes were found with these patients: accuracy measures how well a subtype can be "
        "predicted, not whether it exists."
    )
    if len(rows) > 1:
        said += " The best of several sets is selected after the fact, which favours its accuracy."
    yield said


def _percent(share: float) -> str:
    return f"{format_number(100 * float(share), 2)}%"


def content(results: RunResults) -> Content | None:
    """Say how well each set of layers predicts the subtype of held-out patients."""
    evidence = results.assignment
    if evidence is None:
        return None
    table = with_interval(evidence.table, "accuracy", format_number)
    columns = ["layers", "n", "accuracy", "interval", "balanced_accuracy", "no_information_rate"]
    columns += ["p", "calibration_error", "share_assigned", "accuracy_of_assigned", "note"]
    confusion = evidence.confusion
    wide = pd.DataFrame()
    if len(confusion):
        wide = confusion.pivot_table(
            index=["layers", "subtype"], columns="assigned", values="n", aggfunc="sum", sort=False
        )
        wide = wide.fillna(0).astype(int).reset_index()
    return Content(
        "Can new patients be assigned?",
        (
            Points("Predicted subtype correct in held-out patients:", assignment_sentences(results))
            if len(_rows(results))
            else " ".join(assignment_sentences(results)),
            "classifier.json assigns new patients one at a time (omicsfuse assign).",
        ),
        tables=[
            make_table(
                table,
                columns,
                "Held-out patients by the layers available. No-information rate: share of the "
                "largest subtype; p: one-sided binomial test of the accuracy against it. "
                "Calibration error: mean difference between the stated probability and the share "
                "of correct predictions. Share assigned: the classifier may abstain.",
                file="assignment.tsv",
            )
        ],
        details=[
            make_table(
                wide,
                list(wide.columns),
                "True subtype (rows) and assigned subtype (columns).",
                file="assignment_confusion.tsv",
            )
            if len(wide)
            else None
        ],
    )


def assignment_sentences(results: RunResults) -> list[str]:
    """Say how well each single layer, the best set, and all together predict the subtype."""
    if results.assignment is None:
        return []
    rows = _rows(results)
    if rows.empty:
        table = results.assignment.table
        notes = list(dict.fromkeys(clean(note) for note in table["note"].dropna() if note))
        return [f"Not tested: {'; '.join(notes) or 'no set of layers has enough patients'}."]
    single = rows[rows["n_layers"] == 1]
    most = rows.loc[[rows["n_layers"].idxmax()]]
    sentences = []
    best = rows.sort_values("accuracy", ascending=False, kind="stable").head(1)
    for _, row in pd.concat([single, best, most]).drop_duplicates("layers").iterrows():
        p = float(row["p"])
        verdict = "" if p <= SIGNIFICANCE else ", no evidence of prediction"
        sentences.append(
            f"{clean(row['layers'])}: {_percent(row['accuracy'])} of {int(row['n'])} "
            f"(no-information rate {_percent(row['no_information_rate'])}; "
            f"{format_p(p)}{verdict})."
        )
    return sentences


def figures(results: RunResults) -> Iterator[Plan]:
    """Accuracy by set of layers, and calibration."""
    evidence = results.assignment
    if evidence is None or not evidence.table["accuracy"].notna().any():
        return
    yield Plan(
        "assignment",
        "Accuracy of assignment by set of layers",
        "Share of held-out patients whose predicted subtype is correct, with 95% interval. The "
        "short line is the share of the largest subtype."
        + (
            " Open diamonds: accuracy among the patients whom the classifier assigns."
            if evidence.table["accuracy_of_assigned"].notna().any()
            else ""
        ),
        "Accuracy of held-out patients by set of layers.",
        partial(plot.assignment_figure, evidence),
    )
    if len(evidence.calibration):
        yield Plan(
            "assignment_calibration",
            "Calibration of the assignment probabilities",
            "Share of held-out patients whose predicted subtype is correct, by stated probability. "
            "On the diagonal both agree. Larger dots are more patients.",
            "Calibration of assignment probabilities.",
            partial(assignment_calibration_figure, evidence),
        )


SECTION = Section(
    "assignment", content, figures, summary=summary, caveats=caveats, on_subtypes=True
)
