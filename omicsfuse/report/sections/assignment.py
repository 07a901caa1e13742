"""The section on new patients: from which layers can the subtype be told, and how well."""

from collections.abc import Iterator
from functools import partial

import pandas as pd

from omicsfuse import plot
from omicsfuse.core.results import RunResults
from omicsfuse.plot.assignment import assignment_calibration_figure
from omicsfuse.plot.numbers import clean, format_number, format_p
from omicsfuse.report.section import Content, Plan, Section
from omicsfuse.report.tables import make_table, with_interval
from omicsfuse.stats.levels import SIGNIFICANCE


def content(results: RunResults) -> Content | None:
    """Say how well the subtype of a held-out patient is told from each set of layers."""
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
            " ".join(assignment_sentences(results)),
            "The subtypes themselves were found with these patients in the network: the figures "
            "say how well a subtype can be told, not whether it exists. classifier.json assigns "
            "new patients one at a time (omicsfuse assign).",
        ),
        tables=[
            make_table(
                table,
                columns,
                "Held-out patients by the layers that are at hand. Accuracy stands against the "
                "no-information rate, the share of the largest subtype; p: one-sided binomial "
                "test against it. Calibration error: mean difference of stated probability and "
                "share that is right. The classifier may abstain.",
                file="assignment.tsv",
            )
        ],
        details=[
            make_table(
                wide,
                list(wide.columns),
                "True subtype (rows) and the one assigned.",
                file="assignment_confusion.tsv",
            )
            if len(wide)
            else None
        ],
    )


def assignment_sentences(results: RunResults) -> list[str]:
    """Say of each single layer, and of all together, whether the subtype can be told from it."""
    evidence = results.assignment
    if evidence is None:
        return []
    rows = evidence.table.dropna(subset=["accuracy"])
    if rows.empty:
        return ["No set of layers has enough patients to say how well subtypes can be told."]
    single = rows[rows["n_layers"] == 1]
    most = rows.loc[[rows["n_layers"].idxmax()]]
    sentences = []
    for _, row in pd.concat([single, most]).drop_duplicates("layers").iterrows():
        p, n = float(row["p"]), int(row["n"])
        said = f"{format_number(100 * float(row['accuracy']), 2)}%"
        rate = f"{format_number(100 * float(row['no_information_rate']), 2)}%"
        verdict = "" if p <= SIGNIFICANCE else ", which is no evidence that it can be told"
        sentences.append(
            f"From {clean(row['layers'])}: {said} of {n} held-out patients get their subtype "
            f"({rate} would by naming the largest; {format_p(p)}{verdict})."
        )
    return sentences


def figures(results: RunResults) -> Iterator[Plan]:
    """Figures of how well new patients can be assigned."""
    evidence = results.assignment
    if evidence is None or not evidence.table["accuracy"].notna().any():
        return
    yield Plan(
        "assignment",
        "How well the subtype is told from each set of layers",
        "Share of held-out patients who get their subtype, with 95% interval; the short line is "
        "the share of the largest subtype."
        + (
            " Open diamonds: those for whom the classifier does not abstain."
            if evidence.table["accuracy_of_assigned"].notna().any()
            else ""
        ),
        "Accuracy of held-out patients by set of layers.",
        partial(plot.assignment_figure, evidence),
    )
    if len(evidence.calibration):
        yield Plan(
            "assignment_calibration",
            "Are its probabilities true?",
            "Share of held-out patients who have the subtype named, against the probability "
            "stated; on the diagonal probabilities are true. Larger dots are more patients.",
            "Calibration of assignment probabilities.",
            partial(assignment_calibration_figure, evidence),
        )


SECTION = Section("assignment", content, figures, on_subtypes=True)
