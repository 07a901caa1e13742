"""Figures of the clinical section: known labels against subtypes, and altered genes."""

from collections.abc import Callable, Iterator
from functools import partial

from omicsfuse import plot
from omicsfuse.core.results import RunResults
from omicsfuse.plot.alterations_grid import MOST_PATIENTS, ONE_LEVEL, SAME_PATIENTS
from omicsfuse.plot.numbers import clean
from omicsfuse.report.plans import Plan
from omicsfuse.report.words import plural


def clinical_plans(results: RunResults, file_name: Callable[..., str]) -> Iterator[Plan]:
    """List the figures of the clinical section.

    Parameters
    ----------
    results : RunResults
        The run.
    file_name : callable
        Makes the name of a file out of words.

    Yields
    ------
    Plan
        One for each known label that some patient has, and the oncoprint if genes are altered.
    """
    clinical, subtypes = results.cohort.clinical, results.subtypes
    for number, name in enumerate(results.cohort.known_labels, start=1):
        if clinical is None or name not in clinical or len(subtypes.names) == 1:
            continue
        known = clinical[name].reindex(subtypes.labels.index)
        if not known.notna().any():
            continue
        yield Plan(
            file_name("known_label", str(number), name),
            "clinical",
            f"{clean(name)} and the subtypes",
            "Known groups at the left, subtypes at the right, as high as their number of patients; "
            f"ribbons are the patients in common.{_agreement(results, name)}",
            f"Flow of {plural(int(known.notna().sum()), 'patient')} from the groups of "
            f"{clean(name)} to the subtypes.",
            partial(plot.alluvial, subtypes, known, clean(name)),
        )
    table = results.alterations
    if len(table):
        n = len(subtypes.labels)
        most = f" Of {n:,} patients {MOST_PATIENTS:,} are drawn." if n > MOST_PATIENTS else ""
        yield Plan(
            "oncoprint",
            "clinical",
            "Altered genes",
            "Each column is a patient, by subtype. Rows: genes that differ between subtypes by "
            "mutations, amplifications or deletions (*: false discovery rate of at most 0.05), and "
            "those most often altered in these ways; last, up to a quarter, genes and arms that "
            f"differ only by gains or losses of one level ({ONE_LEVEL}). Of genes altered in "
            f"nearly the same patients ({SAME_PATIENTS:.0%} or more in common) one is shown. "
            "Percentages: patients with a mutation, amplification or deletion, in rows with "
            f"{ONE_LEVEL} with any change, of those with any layer that measures the gene. White: "
            f"not measured.{most}",
            "Grid of altered genes over patients by subtype.",
            partial(plot.oncoprint, results.cohort, subtypes, table),
        )


def _agreement(results: RunResults, name: str) -> str:
    """Adjusted Rand index and normalised mutual information, as a sentence."""
    table = results.clinical
    if name not in table.index or "adjusted_rand_index" not in table:
        return ""
    rand, mutual = (
        float(table[column][name])
        for column in ("adjusted_rand_index", "normalised_mutual_information")
    )
    if rand != rand:
        return ""
    return (
        f" Adjusted Rand index {rand:.2f}, normalised mutual information {mutual:.2f} (patients "
        "whose group is known)."
    )
