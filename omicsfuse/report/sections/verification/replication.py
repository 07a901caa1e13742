"""Replication of scores, their means across cohorts, and the shares of the subtypes."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from omicsfuse.core.results import ASSIGNED, DerivedSignature
from omicsfuse.plot.numbers import clean, format_interval, format_number, format_p, format_ratio
from omicsfuse.report.sections.verification.cohorts import is_control
from omicsfuse.report.sections.verification.signatures import Signatures, stacked, verified
from omicsfuse.report.tables import Table, make_table, with_interval
from omicsfuse.report.words import listing, plural
from omicsfuse.stats.levels import FDR, SIGNIFICANCE, Z


def answers(every: Signatures) -> list[str]:
    """Say how many scores replicate, in independent cohorts and in those of the same study.

    What is significant against the direction of discovery follows: no one-sided test shows it.
    """
    frame = _judged(every)
    said = [
        _answer(str(scope), rows)
        for scope, rows in (frame.groupby("scope", sort=False) if len(frame) else ())
    ]
    return [*said, *_against_discovery(every)] if said else said


def _against_discovery(every: Signatures) -> Iterator[str]:
    """Name results of other cohorts that are significant against the direction of discovery."""
    tests = verified(every, "table")
    if tests.empty:
        return
    judged = tests[~is_control(tests) & (tests["contrast"] != ASSIGNED)]
    found = judged[(judged["fdr"] <= FDR) & judged["hr"].notna()]
    named = []
    for _, row in found.iterrows():
        recorded = _recorded(every[row["signature"]], str(row["endpoint"]), str(row["score"]))
        if (float(row["hr"]) - 1) * recorded < 0:
            ratio = format_interval(row["hr"], row["hr_ci_low"], row["hr_ci_high"])
            named.append(
                f"{clean(row['comparison'])} in {clean(row['cohort'])} ({clean(row['endpoint'])}: "
                f"HR {ratio}, {format_p(float(row['fdr']), 'FDR')})"
            )
    if named:
        yield f"Significant against the direction of the discovery cohort: {listing(named)}."


def _recorded(derived: DerivedSignature, endpoint: str, score: str) -> float:
    """Log hazard ratio of a score in the discovery cohort; NaN where there is none."""
    rows = derived.signature.discovery
    rows = rows[(rows["endpoint"] == endpoint) & (rows["score"] == score)]
    return float(rows["log_hr"].iloc[0]) if len(rows) else float("nan")


def caveats(every: Signatures) -> Iterator[str]:
    """Name the scores whose direction the discovery cohort does not settle.

    The sign of its log hazard ratio is the direction of the one-sided tests, however uncertain.
    """
    frame, clauses = _judged(every), []
    for (name, endpoint), rows in (
        frame.groupby(["signature", "endpoint"], sort=False) if len(frame) else ()
    ):
        known = every[str(name)].signature.discovery
        known = known[(known["endpoint"] == endpoint) & known["score"].isin(rows["score"])]
        unsettled = known[known["log_hr"].abs() <= Z * known["se"]]
        if unsettled.empty:
            continue
        named = []
        for _, row in unsettled.iterrows():
            bounds = row["log_hr"] + row["se"] * np.array([0, -Z, Z])
            named.append(f"{clean(row['score'])} {format_interval(*np.exp(bounds))}")
        of = f"{clean(name)}, " if len(every) > 1 else ""
        first = unsettled.iloc[0]
        clauses.append(
            f"{of}{clean(endpoint)}, {plural(int(first['n']), 'discovery patient')}, "
            f"{plural(int(first['events']), 'event')}: {listing(named)}"
        )
    if clauses:
        yield (
            "Direction uncertain, because the 95% interval of the HR per standard deviation in the "
            f"discovery cohort includes 1 ({'; '.join(clauses)}). One-sided tests take the "
            "direction of this HR and cannot show an effect in the other direction."
        )


def counted(every: Signatures) -> list[dict[str, Any]]:
    """Count by scope: cohorts, scores (with each endpoint), and those that replicate."""
    frame = _judged(every)
    return [
        {
            "scope": str(scope),
            "cohorts": len(_names(rows)),
            "scores": len(rows),
            "replicate": int((rows["verdict"] == "replicates").sum()),
        }
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
    """Names of the cohorts that were judged, as a list in words."""
    names = _names(rows)
    return listing(names) if names else ""


def _names(rows: pd.DataFrame) -> list[str]:
    """Names of the cohorts that were judged."""
    texts = rows["cohort_names"].dropna().astype(str) if "cohort_names" in rows else ()
    return list(dict.fromkeys(name for text in texts for name in text.split(", ") if name))


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
