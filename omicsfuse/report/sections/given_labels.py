"""The section on given labels: what they were called, and how they lie in the network."""

from collections.abc import Iterator

import pandas as pd

from omicsfuse.core.results import RunResults
from omicsfuse.plot.numbers import clean, format_p
from omicsfuse.report.references import Citations
from omicsfuse.report.section import Content, Section
from omicsfuse.report.tables import make_table
from omicsfuse.report.words import level_of_tests, listing, plural


def named(results: RunResults) -> str:
    """Say which label each subtype is, and of how many patients."""
    subtypes = results.subtypes
    sizes = subtypes.labels.value_counts()
    each = [
        f"{name} = {clean(label)} ({plural(int(sizes[name]), 'patient')})"
        for name, label in subtypes.label_names.items()
    ]
    source = clean(subtypes.params.get("source", ""))
    given = f"given labels ({source})" if source else "given labels"
    return f"The subtypes are {len(each)} {given}: {listing(each)}."


def _whole(results: RunResults) -> pd.Series | None:
    """The row of all labels together; None where the labels were not measured, or there is one."""
    table = results.assessment.given_labels
    return None if table.empty or pd.isna(table["p"].iloc[0]) else table.iloc[0]


def shown_by_network(results: RunResults) -> bool | None:
    """Whether patients of one label lie closer together than of shuffled ones; None if unknown."""
    row = _whole(results)
    return None if row is None else bool(row["p"] <= level_of_tests(results.assessment))


def closer_to_others(results: RunResults) -> list[str]:
    """Name the labels whose patients lie closer to another label than to one another."""
    table = results.assessment.given_labels
    if _whole(results) is None or len(results.subtypes.names) == 1:
        return []
    own = table[table["subtype"].isin(results.subtypes.names)]
    return [str(name) for name in own["label"][own["silhouette"] < 0]]


def in_network(results: RunResults) -> list[str]:
    """Say how the labels lie in the network, and how its own cut agrees with them."""
    row = _whole(results)
    if row is None:
        return []
    said = (
        "Patients of one label are closer to one another in the fused network than patients of "
        "shuffled labels"
        if shown_by_network(results)
        else "No evidence that patients of one label are closer to one another in the fused "
        "network than patients of shuffled labels"
    )
    return [
        f"{said} (mean silhouette {row['silhouette']:.2f}, shuffled "
        f"{row['silhouette_shuffled']:.2f}; {format_p(float(row['p']))}).",
        f"The network cut into {len(results.subtypes.names)} groups has a mean silhouette of "
        f"{row['own_cut_silhouette']:.2f} and agrees with the labels at an adjusted Rand index of "
        f"{row['own_cut_agreement']:.2f} (1: the same groups; 0: no more alike than by chance).",
    ]


def summary(results: RunResults) -> list[str]:
    """Say how given labels lie in the network."""
    return in_network(results) if results.subtypes.given else []


def content(results: RunResults) -> Content | None:
    """Show what each label was called and how it lies in the network; nothing if none was given."""
    if not results.subtypes.given:
        return None
    table = make_table(
        results.assessment.given_labels,
        ["subtype", "label", "n", "silhouette", "silhouette_shuffled", "p", "fdr"],
        "The given labels in the fused network. Silhouette: how much closer patients are to their "
        "own label than to the nearest other one. Shuffled: the same labels shuffled among "
        "patients who brought the same layers.",
        file="given_labels.tsv",
    )
    return Content(
        "Do the given labels show in the network?",
        (
            "Labels that were made from these layers show in them by construction, and labels that "
            "were made from an outcome differ in it by construction: where the labels come from is "
            "not known to this program.",
        ),
        tables=[table],
    )


def methods(results: RunResults, cite: Citations) -> Iterator[str]:
    """Say how given labels were measured."""
    row = _whole(results)
    if row is None:
        return
    yield (
        f"Given labels were measured in the fused network by their mean silhouette "
        f"{cite('silhouette')}, against the same labels shuffled {int(row['n_permutations']):,} "
        "times among patients who brought the same layers, and compared by the adjusted Rand index "
        "with the network cut into as many groups by spectral clustering."
    )


SECTION = Section("labels", content, methods=methods, summary=summary)
