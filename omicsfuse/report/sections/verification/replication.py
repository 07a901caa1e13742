"""Replication of scores, their means across cohorts, and the shares of the subtypes."""

import pandas as pd

from omicsfuse.plot.numbers import clean, format_number, format_ratio
from omicsfuse.report.sections.verification.signatures import Signatures, stacked, verified
from omicsfuse.report.tables import Table, make_table, with_interval
from omicsfuse.report.words import listing, plural
from omicsfuse.stats.levels import SIGNIFICANCE


def answers(every: Signatures) -> list[str]:
    """Say how many scores replicate, in independent cohorts and in those of the same study."""
    frame = _judged(every)
    return [
        _answer(str(scope), rows)
        for scope, rows in (frame.groupby("scope", sort=False) if len(frame) else ())
    ]


def _answer(scope: str, rows: pd.DataFrame) -> str:
    """Say how many scores replicate in the cohorts of one scope."""
    held, tried = int((rows["verdict"] == "replicates").sum()), len(rows)
    what = "score" if rows["endpoint"].nunique() == 1 else "score-endpoint pair"
    many = rows["signature"].nunique()
    of = f" of {many} signatures" if many > 1 else ""
    lead = "No" if not held else "Yes" if held == tried else "In part"
    if held and scope == "cohorts of the same study":
        lead = "In the same study only"
    if tried == 1:
        said = f"the {what} {'replicates' if held else 'does not replicate'}"
    elif held:
        said = f"{held} of {tried} {what}s{of} {'replicates' if held == 1 else 'replicate'}"
    else:
        said = f"none of {tried} {what}s{of} replicates"
    return f"{lead}: {said} in {_cohorts(rows) or scope} ({_counts(rows)})."


def _cohorts(rows: pd.DataFrame) -> str:
    """Names of the cohorts that were judged."""
    texts = rows["cohort_names"].dropna().astype(str) if "cohort_names" in rows else ()
    names = dict.fromkeys(name for text in texts for name in text.split(", ") if name)
    return listing(list(names)) if names else ""


def _counts(rows: pd.DataFrame) -> str:
    """Patients and events, at most where scores differ."""
    n, events = int(rows["n"].max()), int(rows["events"].max())
    if len(rows[["n", "events"]].drop_duplicates()) == 1:
        return f"{plural(n, 'patient')}, {plural(events, 'event')}"
    return f"up to {plural(n, 'patient')} and {plural(events, 'event')}"


def _judged(every: Signatures) -> pd.DataFrame:
    """Verdicts that answer the question: of scores that were tested, controls apart."""
    frame = _replication(every)
    if frame.empty:
        return frame
    kept = (frame["verdict"] != "not tested") & (frame["scope"] != "negative controls")
    return frame[kept]


def sentences(every: Signatures) -> list[str]:
    """Say of each signature which of its scores replicate, and in which cohorts."""
    frame = _judged(every)
    said = []
    for (signature, scope), rows in (
        frame.groupby(["signature", "scope"], sort=False) if len(frame) else ()
    ):
        held = rows[rows["verdict"] == "replicates"]
        names = [f"{row['score']} for {row['endpoint']}" for _, row in held.iterrows()]
        verb = "replicates" if len(names) == 1 else "replicate"
        said.append(
            f"Signature {clean(signature)}, {scope}: "
            f"{f'{listing(names)} {verb}' if names else 'no score replicates'} "
            f"({plural(len(rows), 'score-endpoint pair')})."
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
        "Replication of each score. One-sided test in the direction fixed in the discovery "
        "cohort, corrected by Holm over the scores. A score replicates where this p, the p among "
        "random gene sets and the p among signatures of shuffled targets are all at most "
        f"{SIGNIFICANCE:g}.",
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
        "Means of the log hazard ratios across cohorts, and without each cohort in turn. Q, I2 "
        "and tau2 measure how much the cohorts differ beyond chance.",
        file="meta_analysis.tsv",
    )


def proportions_table(every: Signatures) -> Table | None:
    """Lay out the share of each subtype in other cohorts."""
    frame = verified(every, "proportions")
    if frame.empty:
        return None
    frame = with_interval(frame, "share", format_number)
    return make_table(
        frame,
        ["signature", "cohort", "subtype", "n", "share", "interval", "discovery_share"],
        "Share of each subtype among the patients assigned in other cohorts, and in the discovery "
        "cohort. None: patients whom the signature does not assign.",
        file="subtype_proportions.tsv",
    )
