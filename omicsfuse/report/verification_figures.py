"""Figures of signatures in other cohorts, and of the assignment of new patients."""

from collections.abc import Iterator
from functools import partial

import pandas as pd

from omicsfuse import plot
from omicsfuse.core.results import RunResults, Verification
from omicsfuse.plot.numbers import clean
from omicsfuse.report.plans import Plan, file_name
from omicsfuse.report.survival_figures import both_tests
from omicsfuse.report.verification import CONTROL, every_signature


def verification_plans(results: RunResults) -> Iterator[Plan]:
    """Figures of each signature: random sets first, hazard ratios, curves, means over cohorts."""
    every = every_signature(results)
    for number, (name, one) in enumerate(every.items()):
        if one.verification is None:
            continue
        own = f"signature {clean(name)}" if len(every) > 1 else "the signature"
        yield from _of(one.verification, "" if number == 0 else name, own)


def _of(verification: Verification, name: str, own: str) -> Iterator[Plan]:
    """Figures of one signature; ``name`` becomes part of the files, empty for the first."""
    table = verification.table
    if (verification.null["kind"] == "random").any():
        yield Plan(
            file_name("random_null", name) if name else "random_null",
            "verification",
            f"Random gene sets against {own}",
            "How strongly random gene sets of the same size, scored and tested in the same way, go "
            "with survival (histogram), and the signature (line). "
            + (
                "Ticks below: signatures derived in the same way from shuffled targets. "
                if (verification.null["kind"] == "permuted").any()
                else ""
            )
            + "A line within the histogram is what random genes would show.",
            "Histograms of the score test of random gene sets with that of the signature.",
            partial(plot.random_null_figure, verification),
        )
    if len(table) and table["hr"].notna().any():
        yield Plan(
            file_name("verification_forest", name) if name else "verification_forest",
            "verification",
            f"{own[0].upper()}{own[1:]} in other cohorts",
            _ratios(table[table["hr"].notna()]),
            "Forest plot of hazard ratios in external cohorts.",
            partial(plot.verification_forest, verification),
        )
    if len(verification.meta):
        yield Plan(
            file_name("meta_analysis", name) if name else "meta_analysis",
            "verification",
            f"{own[0].upper()}{own[1:]} across cohorts",
            "Hazard ratios of each cohort, larger squares weigh more, and their means of fixed and "
            "of random effects (diamonds).",
            "Forest plot of a meta-analysis across cohorts.",
            partial(plot.meta_forest, verification),
        )
        if (verification.meta["left_out"].astype(str) != "").any():
            yield Plan(
                file_name("leave_one_out", name) if name else "leave_one_out",
                "verification",
                "Without each cohort in turn",
                "Means over the cohorts, and without each of them: a mean that hangs on one cohort "
                "moves when that one is left out.",
                "Forest plot of means without each cohort in turn.",
                partial(plot.leave_one_out_forest, verification),
            )
    controls = set(table.loc[table["role"] == CONTROL, "cohort"]) if "role" in table else set()
    for number, (place, comparison) in enumerate(verification.survival.items(), start=1):
        if place.rpartition(": ")[0] in controls or not len(comparison.curves):
            continue
        groups = "assigned subtypes" if not name else f"high and low {clean(name)}"
        parts = ["verification", name, str(number), place] if name else [str(number), place]
        yield Plan(
            file_name(*(parts if name else ["verification", *parts])),
            "verification",
            f"Survival of the {groups}, {clean(place)}",
            f"Kaplan-Meier curves.{both_tests(comparison)}",
            f"Kaplan-Meier curves of {groups}, {clean(place)}.",
            partial(plot.kaplan_meier, comparison, title=place),
        )


def _ratios(table: pd.DataFrame) -> str:
    """Say which hazard ratios there are: alone, adjusted, above the cut-point."""
    table = table.reindex(columns=["adjusted_for", "cut_point"])
    adjusted = (table["adjusted_for"].fillna("") != "").any()
    text = "Hazard ratios of each score (per standard deviation)"
    text += ", alone and adjusted for the covariates of the cohort" if adjusted else ""
    cut = table["cut_point"].notna().any()
    return f"{text}{', and of patients above the locked cut-point' if cut else ''}."


def assignment_plans(results: RunResults) -> Iterator[Plan]:
    """Figures of how well new patients can be assigned."""
    evidence = results.assignment
    if evidence is None or not evidence.table["accuracy"].notna().any():
        return
    yield Plan(
        "assignment",
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
            "assignment",
            "Are its probabilities true?",
            "Share of held-out patients who have the subtype named, against the probability "
            "stated; on the diagonal probabilities are true. Larger dots are more patients.",
            "Calibration of assignment probabilities.",
            partial(plot.assignment_calibration_figure, evidence),
        )
