"""Whether scores replicate, what they show across cohorts, and who is assigned to which subtype."""

import pandas as pd

from omicsfuse.plot.numbers import clean, format_number, format_ratio
from omicsfuse.report.sections.verification.signatures import Signatures, stacked, verified
from omicsfuse.report.tables import Table, make_table, with_interval
from omicsfuse.report.words import listing, plural
from omicsfuse.stats.levels import SIGNIFICANCE


def sentences(every: Signatures) -> list[str]:
    """Say of each signature which of its scores replicate, and in which cohorts."""
    frame = _replication(every)
    if frame.empty:
        return []
    frame = frame[(frame["verdict"] != "not tested") & (frame["scope"] != "negative controls")]
    said = []
    for (signature, scope), rows in frame.groupby(["signature", "scope"], sort=False):
        held = rows[rows["verdict"] == "replicates"]
        tried = plural(len(rows), "score and endpoint", "scores and endpoints")
        names = [f"{row['score']} for {row['endpoint']}" for _, row in held.iterrows()]
        only = ", which is not independent" if scope == "cohorts of the same study" else ""
        said.append(
            f"In {scope}{only}, of {tried} of signature {clean(signature)} "
            + (
                f"{listing(names)} {'replicates' if len(names) == 1 else 'replicate'}"
                if names
                else "none replicates"
            )
            + " (one-sided test, random gene sets and shuffled targets together)."
        )
    return said


def _replication(every: Signatures) -> pd.DataFrame:
    """Verdicts of all signatures."""
    return stacked(
        {
            name: derived.details["replication"]
            for name, derived in every.items()
            if "replication" in derived.details
        }
    )


def replication_table(every: Signatures) -> Table | None:
    """Lay out whether each score replicates, in one verdict."""
    frame = _replication(every)
    if frame.empty:
        return None
    columns = ["score", "endpoint", "scope", "verdict", "hr", "p_one_sided", "p_holm"]
    columns += ["random_null_p", "permuted_null_p", "direction", "n", "events", "note"]
    return make_table(
        frame,
        ["signature", *columns] if len(every) > 1 else columns,
        "Does it replicate? One-sided test in the direction that the discovery cohort fixed, "
        f"corrected by Holm over the scores. A score replicates where this p is at most "
        f"{SIGNIFICANCE:g}, and so are those among random gene sets and among signatures of "
        "shuffled targets.",
        file="replication.tsv",
    )


def meta_table(every: Signatures) -> Table | None:
    """Lay out means over the cohorts, and without each in turn."""
    frame = verified(every, "meta")
    if frame.empty:
        return None
    frame = with_interval(frame, "hr", format_ratio)
    columns = ["signature", "endpoint", "comparison", "scope", "model", "left_out", "cohorts"]
    columns += ["n", "events", "hr", "hr_interval", "p", "p_one_sided", "q", "q_p", "i2", "tau2"]
    return make_table(
        frame,
        [*columns, "note"],
        "Across cohorts: means of the log hazard ratios, and without each cohort in turn. Q, I2 "
        "and tau2 tell how much the cohorts differ beyond chance.",
        file="meta_analysis.tsv",
    )


def proportions_table(every: Signatures) -> Table | None:
    """Lay out the share of each subtype elsewhere."""
    frame = verified(every, "proportions")
    if frame.empty:
        return None
    frame = with_interval(frame, "share", format_number)
    return make_table(
        frame,
        ["signature", "cohort", "subtype", "n", "share", "interval", "discovery_share"],
        "Share of each subtype among those assigned elsewhere, beside the discovery cohort. None: "
        "patients whom the signature leaves unassigned.",
        file="subtype_proportions.tsv",
    )
